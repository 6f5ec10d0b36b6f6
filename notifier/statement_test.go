package notifier

import (
	"strings"
	"testing"
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
		if got := summary(publicStatement(in)); got != want {
			t.Errorf("%s\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestClauses(t *testing.T) {
	in := "select a from b left outer join c on x = y where d = ? group by e order by f limit ? union select ? from (select ? from g)"
	want := "select a\nfrom b\nleft outer join c on x = y\nwhere d = ?\ngroup by e\norder by f\nlimit ?\nunion select ?\nfrom (select ?\nfrom g)"
	if got := clauses(in); got != want {
		t.Errorf("got %q", got)
	}
	if got := clauses("delete from t where a = ?"); got != "delete from t\nwhere a = ?" {
		t.Errorf("got %q", got)
	}
}

func TestStatementWithheld(t *testing.T) {
	for in, hold := range map[string]string{
		"create user ?@? identified by ?":                 "a password",
		"ALTER USER root IDENTIFIED WITH x":               "a password",
		"set password for x = ?":                          "a password",
		"select password(?)":                              "a password",
		"update users set password = ? where id = ?":      "a password",
		"change master to master_password = ?":            "a password",
		"select 'bob@example.org'":                        "an e-mail address",
		"select eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0": "a web token",
		"select AKIAIOSFODNN7EXAMPLE":                     "an access key",
		"select x from t where u = 4111 1111 1111 1111":   "a card number",
		"select deadbeefdeadbeefdeadbeefdeadbeef":         "a long hexadecimal number",
		"select 192.168.10.20":                            "an address of a network",
		"load data from https://u:pw@h/":                  "a secret address",
		"select wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "an encoded secret",
	} {
		if got := publicStatement(in); !strings.HasSuffix(got, "[withheld: may hold "+hold+"]") {
			t.Errorf("%s: %s, want it withheld for %s", in, got, hold)
		}
	}
	for _, in := range []string{
		"select id, email, password_hash from users where email = ? and card_number = ?",
		"select * from events_20261123 where at > ? and version = ?",
		"select `a`.`very_long_column_name_that_goes_on_and_on_for_ever_and_ever_2` from `a`",
		"select count(*) from t where id in (?+) and x between ? and ?",
		"select 1234567890123456",
	} {
		if got := publicStatement(in); got != in {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// What is after the part that is looked at is not shown either.
func TestStatementIsBounded(t *testing.T) {
	in := "select " + strings.Repeat("a, ", 1<<20) + "alice@example.com"
	if got := publicStatement(in); len(got) > maxStatement+10 || strings.Contains(got, "alice") {
		t.Errorf("%d bytes", len(got))
	}
}
