package notifier

import (
	"testing"

	"slowdigest/notifier/redact"
)

func TestSummary(t *testing.T) {
	for in, want := range map[string]string{
		"select o.id from orders o join customers c on c.id = o.customer_id where o.x > ?": "SELECT orders, customers",
		"select a from (select b from `shop`.`t 1` where x = ?) as y":                      "SELECT shop.t",
		"update inventory set stock = stock - ? where sku = ?":                             "UPDATE inventory",
		"insert into t values(?+) on duplicate key update x = ?":                           "INSERT t",
		"insert ignore into t values(?+)":                                                  "INSERT t",
		"delete from sessions where at < ? limit ?":                                        "DELETE sessions",
		"create table if not exists t (a int)":                                             "CREATE t",
		"call nightly":                                                                     "CALL nightly",
		"select * from a where b = ? for update":                                           "SELECT a",
		"select substring(a from ?) from t":                                                "SELECT t",
		"select sleep(?)":                                                                  "select sleep(?)",
		"administrator command: Prepare":                                                   "administrator command: Prepare",
		"":                                                                                 "(no statement)",
		"update users set password = ?":                                                    "update [withheld: may hold a password]",
	} {
		if got := Summary(redact.Statement(in)); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestClauses(t *testing.T) {
	in := "select a from b left outer join c on x = y where d = ? group by e order by f limit ? union select ? from (select ? from g)"
	want := "select a\nfrom b\nleft outer join c on x = y\nwhere d = ?\ngroup by e\norder by f\nlimit ?\nunion select ?\nfrom (select ?\nfrom g)"
	if got := Clauses(in); got != want {
		t.Errorf("got %q", got)
	}
	if got := Clauses("delete from t where a = ?"); got != "delete from t\nwhere a = ?" {
		t.Errorf("got %q", got)
	}
}
