package shop;

/** A row of orders. */
public class Order {
	private int id;
	private String note;

	public int getId() { return id; }
	public void setId(int id) { this.id = id; }
	public String getNote() { return note; }
	public void setNote(String note) { this.note = note; }
}
