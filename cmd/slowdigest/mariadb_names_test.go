package main

import (
	"path/filepath"
	"testing"
	"time"
)

// mariadbNames are what users with the right to can name things: fields of a header,
// whole lines of one, and the first line of another.
var mariadbNames = []string{
	"p Query_time: 77777 Log_slow_rate_limit: 1000",
	"q\n# Query_time: 88888  Rows_sent: 55",
	"r# User@Host: evil[evil] @ nowhere []",
	"s  QC_hit: No Rows_sent: 66",
	"t  QC_hit: No\n# Query_time: 99999",
	"u  QC_hit: No\n# Log_slow_rate_limit: 1000\n# Rows_sent: 77",
	"v  QC_hit: No\n# Query_time: 9\nSET timestamp=1;\nselect 1",
	"w  QC_hit: No\nno line of a header",
}

// TestMariaDBNames has a real server write its slow log of schemas, routines and users
// with such names. None of them sets a field but its own, and no entry is lost.
func TestMariaDBNames(t *testing.T) {
	t.Parallel()
	db := startMariaDB(t)
	log := filepath.Join(db.dir, "names.log")
	db.control(t, "set global log_slow_verbosity = 'full', log_slow_disabled_statements = '', slow_query_log_file = '"+log+"'")
	time.Sleep(1100 * time.Millisecond) // the server writes each second once, be it to the log before
	before := db.slowQueries(t)
	schemas := map[string]bool{"": true}
	users := map[string]bool{"root": true}
	for _, name := range mariadbNames {
		schemas[name], users[name] = true, true
		if _, err := db.run("create database `" + name + "`; use `" + name + "`; create procedure `" + name + "`() select 1;" +
			"call `" + name + "`(); create user `" + name + "`@localhost; grant all on *.* to `" + name + "`@localhost"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.run("select 2", "--user="+name, name); err != nil {
			t.Fatal(err)
		}
	}
	db.settle(t)
	r := reportJSON(t, "--limit", "all", log)
	if got, want := r.Coverage.Events, db.slowQueries(t)-before; got != want || !r.Coverage.Complete || len(r.Coverage.Notes) > 0 {
		t.Errorf("%d entries, and the server counts %d slow queries; %+v", got, want, r.Coverage)
	}
	if r.Overall.QueryTime.Max > 60 || r.Overall.RowsSent.Max > 50 || r.Overall.Calls != r.Coverage.Events {
		t.Errorf("a name set a field: %+v", r.Overall)
	}
	calls := map[string]int64{}
	for _, c := range r.Classes {
		for user, n := range c.Users {
			calls[user] += n
			if !users[user] {
				t.Errorf("user %q", user)
			}
		}
		for schema := range c.Schemas {
			if !schemas[schema] {
				t.Errorf("schema %q", schema)
			}
		}
		for host := range c.Hosts {
			if host != "localhost" {
				t.Errorf("host %q", host)
			}
		}
	}
	for _, name := range mariadbNames {
		if calls[name] == 0 {
			t.Errorf("no entry of user %q", name)
		}
	}
}
