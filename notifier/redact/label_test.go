package redact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

func TestShort(t *testing.T) {
	for in, want := range map[string]string{
		"select o.id from orders o join customers c on c.id = o.customer_id where o.x > ?":           "SELECT orders, customers by x",
		"select a from (select b from `shop`.`t 1` where x = ?) as y":                                "SELECT shop.t 1 by x",
		"update inventory set stock = stock - ? where sku = ?":                                       "UPDATE inventory set stock by sku",
		"update stock set qty = ?, `at` = now() where id in (?+) and not a between ? and ?":          "UPDATE stock set qty, at by id, a",
		"insert into t values(?+) on duplicate key update x = ?":                                     "INSERT t set x",
		"insert ignore into t (a, b) values(?+)":                                                     "INSERT t",
		"insert into a (b, c) select d, e from f where g = ?":                                        "INSERT a, f by g",
		"delete from sessions where at < ? limit ?":                                                  "DELETE sessions by at",
		"create table if not exists t (a int)":                                                       "CREATE t",
		"call nightly":                                                                               "CALL nightly",
		"call nightly(?, ?)":                                                                         "CALL nightly",
		"select * from a where b = ? for update":                                                     "SELECT a by b",
		"select substring(a from ?) from t":                                                          "SELECT t",
		"select country, count(*) from sessions group by country, date(at) order by count(*)":        "SELECT sessions per country, at",
		"select * from sessions where country = ? and email like ?":                                  "SELECT sessions by country, email",
		"select * from sessions where (country = ? or (email is null)) and exists (select ? from x)": "SELECT sessions, x by country, email",
		"select a, b from t1, t2 as x, t3 where x.c = ? and lower(d) = ?":                            "SELECT t1, t2, t3 by c",
		"select `from` from `a ``b` where `where` = ?":                                               "SELECT a b by where",
		"select sleep(?)":                "select sleep(?)",
		"administrator command: Prepare": "administrator command: Prepare",
		"":                               "(no statement)",
		"update users set password = ?":  "update [withheld: may hold a password]",
	} {
		if got := Short(Statement(in), 60); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

// A label loses whole names, the least telling ones first, and never the first table.
func TestShortFits(t *testing.T) {
	const sql = "select a from customer_orders, order_items where status = ? and created_at > ? and region = ? group by month"
	for columns, want := range map[int]string{
		90: "SELECT customer_orders, order_items by status, created_at, region per month",
		75: "SELECT customer_orders, order_items by status, created_at, region per month",
		74: "SELECT customer_orders, order_items by status, created_at, region",
		64: "SELECT customer_orders, order_items by status, created_at +1",
		50: "SELECT customer_orders, order_items by status +2",
		40: "SELECT customer_orders, order_items",
		30: "SELECT customer_orders +1",
		20: "SELECT customer_ord…",
	} {
		if got := Short(sql, columns); got != want || ansi.StringWidth(got) > columns {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
}

// No two classes of a report are called the same, not even in another case, and what a
// class is called does not depend on the order.
func TestLabelsAreUnique(t *testing.T) {
	var classes []digest.Class
	for i := range 300 {
		classes = append(classes, digest.Class{ID: fmt.Sprintf("%016X%08X%08X", 0, i%3, i), Fingerprint: fmt.Sprintf("select a%d from t where b = ?", i%250)})
	}
	classes = append(classes, digest.Class{ID: "FF", Fingerprint: "select a from T where B = ?"}, digest.Class{ID: "AA", Fingerprint: "select a from other"})
	Label(classes)
	seen := map[string]string{}
	for _, c := range classes {
		key := strings.ToLower(c.Label)
		if other, twice := seen[key]; twice {
			t.Fatalf("%s and %s are both %q", c.ID, other, c.Label)
		}
		seen[key] = c.ID
	}
	if last := classes[len(classes)-1]; last.Label != "SELECT other" {
		t.Errorf("alone, it is %q", last.Label)
	}
	if l := classes[100].Label; l != "SELECT t by b: a100" {
		t.Errorf("among its like, it is %q", l)
	}
	first := classes[0].Label
	classes[0], classes[200] = classes[200], classes[0]
	if Label(classes); classes[200].Label != first {
		t.Errorf("%q, and in another order %q", first, classes[200].Label)
	}
}
