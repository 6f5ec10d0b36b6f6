import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;

/**
 * Has Hibernate write comments. The argument is the port of a server with the table shop.orders. Each
 * statement compares id with a number of its own; what its call site says of itself is printed.
 */
public class Fixture {
	static void site(String name, int marker, String tags) {
		System.out.println("{\"site\":\"" + name + "\",\"marker\":" + marker + ",\"tags\":{" + tags + "}}");
	}

	public static void main(String[] args) {
		SessionFactory factory = new Configuration()
			.setProperty("hibernate.connection.driver_class", "org.mariadb.jdbc.Driver")
			.setProperty("hibernate.connection.url", "jdbc:mariadb://127.0.0.1:" + args[0] + "/shop?user=fixture&useServerPrepStmts=true")
			.setProperty("hibernate.dialect", "org.hibernate.dialect.MySQLDialect")
			.setProperty("hibernate.use_sql_comments", "true")
			.setProperty("hibernate.bytecode.use_reflection_optimizer", "false")
			.addFile(args[1]).buildSessionFactory();
		Session session = factory.openSession();
		session.beginTransaction();
		session.getNamedQuery("Order.findById").setInteger("id", 4001).setString("note", "it's").list();
		site("Hibernate, named HQL query", 4001, "\"name\":\"Order.findById\"");
		session.getNamedQuery("Order.native").setInteger("id", 4002).list();
		site("Hibernate, named native query", 4002, "\"name\":\"Order.native\"");
		session.createQuery("select o.note from Order o where o.id = 4003").list();
		site("Hibernate, HQL", 4003, "");
		session.createQuery("select o.note from Order o where o.id = 4004").setComment("OrderDao.notes").list();
		site("Hibernate, setComment", 4004, "\"name\":\"OrderDao.notes\"");
		session.get("shop.Order", 4005);
		site("Hibernate, load", 4005, "\"name\":\"shop.Order\"");
		session.getTransaction().commit();
		session.close();
		factory.close();
	}
}
