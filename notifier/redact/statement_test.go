package redact

import (
	"strings"
	"testing"
)

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
		"select 192.168.10.20":                            "an IP address",
		"load data from https://u:pw@h/":                  "a secret URL",
		"select wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "an encoded secret",
	} {
		if got := Statement(in); !strings.HasSuffix(got, "[withheld: may hold "+hold+"]") {
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
		if got := Statement(in); got != in {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// What is after the part that is looked at is not shown either.
func TestStatementIsBounded(t *testing.T) {
	in := "select " + strings.Repeat("a, ", 1<<20) + "alice@example.com"
	if got := Statement(in); len(got) > maxStatement+10 || strings.Contains(got, "alice") {
		t.Errorf("%d bytes", len(got))
	}
}

// In a terminal a report shows what its reader can read in the log; in a chat it
// does not. Statements about passwords show nowhere.
func TestForCLIAndForOthers(t *testing.T) {
	for in, cli := range map[string]bool{"select * from t where a = 'bob@example.org'": true, "alter user x identified by ?": false, "select a from t": true} {
		if got := ForCLI(in); (got == in) != cli {
			t.Errorf("terminal: %q is %q", in, got)
		}
		if got := Statement(in); (got == in) != (in == "select a from t") {
			t.Errorf("chat: %q is %q", in, got)
		}
	}
}
