package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slowdigest/digest"
)

// planned holds statements, and what each plan is there to show.
var planned = []struct{ sql, shows string }{
	{"select count(*) from orders where note like '%secret{n}%'", "ALL"},
	{"select * from orders where customer_id = {n}", "idx_customer"},
	{"select * from orders where id = {n}", "const PRIMARY"},
	{"select o.total from orders o join customers c on c.id = o.customer_id where c.city = 'city {n}'", "→"},
	{"select c.name from customers c join orders o on c.name = o.note where c.name = 'secret{n}'", "Using join buffer"},
	{"select * from orders order by note limit {n}", "Using filesort"},
	{"select note, count(*) from orders where id > {n} group by note order by 2", "Using temporary, Using filesort"},
	{"select * from orders where customer_id = {n} or total = {n}", "Using union"},
	{"select * from orders o where total > (select avg(i.total) from orders i where i.customer_id = o.customer_id and i.id > {n})", "DEPENDENT SUBQUERY"},
	{"select d.n from (select customer_id, count(*) n from orders where id > {n} group by customer_id) d where d.n > 2", "DERIVED"},
	{"select id from customers where city = 'city {n}' union select id from orders where id = {n}", "UNION"},
	{"select 1 from orders where total < {n} and 1 = 0", "Impossible WHERE"},
	{"select count(*) from parts_{n} where y = {n}", "parts_?"},
	{"update orders set note = 'secret{n}' where customer_id = {n}", "range"},
	{"delete from orders where id = 99999{n}", "PRIMARY"},
	{"select count(*) from `we ird 'secret'` w where id = {n}", "w ref k"},
}

// Statements in which names hold what would break a line, or look like one; none of it may be shown.
const plannedHostile = "select * from `tab\tsecret`;\nselect * from `tab\tsecret` where id = 1;\nselect * from `we ird 'secret'` where id = 1;\n" +
	"select * from orders `a\n# explain: 1\tSIMPLE\tforged\tALL\tNULL\tNULL\tNULL\tNULL\t1\t1.00\t100.00\t100.00\tsecret` where id = 1;\n" +
	"select * from orders `a\tALL\tNULL\tNULL\tNULL\tNULL\t9\t9.00\t9.00\t9.00\t\n# explain: 1\tSIMPLE\tforged` where id = 1;\n" +
	"select '\n#\n# explain: id\tselect_type\ttable\ttype\tkey\n# explain: 1\tSIMPLE\tforged\tALL\tNULL\n#\n' from orders where id = 1;\n" +
	"prepare p from 'select total from orders where customer_id = ? and note <> ?'; set @a = 3, @b = 'secret'; execute p using @a, @b;\n"

// checkPlans compares the plan that is shown of each statement with what EXPLAIN says of it.
func checkPlans(t *testing.T, db *mariadb) {
	t.Helper()
	log := filepath.Join(db.dir, "plans.log")
	setup := "use shop; create table customers (id int primary key, name varchar(40), city varchar(40), key idx_city (city)) stats_persistent=0;" +
		"insert into customers select seq, concat('n', seq), concat('city ', seq % 20) from seq_1_to_300;" +
		"alter table orders add customer_id int, add key idx_customer (customer_id), add key idx_total (total);" +
		"insert into orders (customer_id, total, note) select seq % 300 + 1, seq % 1000, repeat('x', 60) from seq_1_to_6000;" +
		"create table parts_1 (id int, y int) partition by range (y) (partition p0 values less than (10), partition p1 values less than maxvalue);" +
		"create table parts_2 like parts_1; create table parts_3 like parts_1; insert into parts_1 select seq, seq % 20 from seq_1_to_500;" +
		"insert into parts_2 select * from parts_1; insert into parts_3 select * from parts_1;" +
		"create table `we ird 'secret'` (id int, key k (id)); insert into `we ird 'secret'` select seq % 5 from seq_1_to_50;" +
		"create table `tab\tsecret` (id int, key `k\tk` (id)); insert into `tab\tsecret` values (1), (2), (3);" +
		"analyze table orders, customers, parts_1, parts_2, parts_3, `we ird 'secret'`;"
	db.control(t, setup)
	db.control(t, "set global log_slow_verbosity = 'query_plan,explain', slow_query_log_file = '"+log+"'")
	var script strings.Builder
	for n := range 3 {
		for _, p := range planned {
			script.WriteString(strings.ReplaceAll(p.sql, "{n}", string(rune('1'+n))) + ";\n")
		}
	}
	if _, err := db.run(script.String()+plannedHostile, "shop"); err != nil {
		t.Fatal(err)
	}
	db.settle(t)
	r := reportJSON(t, "--limit", "all", log)
	byID := map[string]*digest.Class{}
	for i := range r.Classes {
		byID[r.Classes[i].ID] = &r.Classes[i]
	}
	for _, p := range planned {
		sql := strings.ReplaceAll(p.sql, "{n}", "1")
		c := byID[queryID(t, sql)]
		if c == nil || c.Plans == nil {
			t.Errorf("no plan of %s", p.sql)
			continue
		}
		if c.Calls != 3 || c.Plans.Usual.Calls != 3 {
			t.Errorf("%d of %d calls with %+v: %s", c.Plans.Usual.Calls, c.Calls, c.Plans, p.sql)
		}
		got, want := rowsShown(&c.Plans.Usual), askedPlan(t, db, sql)
		if !slices.Equal(got, want) {
			t.Errorf("%s\n%q, and EXPLAIN has\n%q", sql, got, want)
		}
		text, stderr, code := call(t, "", []string{"report", "--id", c.ID, "--format", "markdown", log})
		if line := planLineOf(text); code != 0 || !strings.Contains(line, p.shows) {
			t.Errorf("%q does not say %s of %s%s", line, p.shows, sql, stderr)
		}
	}
	for _, c := range r.Classes {
		plans, _ := json.Marshal(c.Plans)
		if s := string(plans); strings.Contains(s, "secret") || strings.Contains(s, "forged") {
			t.Errorf("%s: %s", c.Fingerprint, s)
		}
	}
	if c := byID[queryID(t, "select total from orders where customer_id = 3 and note <> 'secret'")]; c == nil || c.Plans == nil || c.Plans.Usual.Rows[0].Key != "idx_customer" {
		t.Error("no plan of the prepared statement")
	}
	if c := byID[queryID(t, "select * from `we ird 'secret'` where id = 1")]; c == nil || c.Plans == nil || c.Plans.Usual.Rows[0].Table != "?" {
		t.Error("the plan of a table with a strange name is not there without it")
	}
}

// planLineOf returns the line of a report that is of a plan.
func planLineOf(text string) string {
	for line := range strings.Lines(text) {
		if s, ok := strings.CutPrefix(line, "- Plan: "); ok {
			return strings.ReplaceAll(strings.TrimSpace(s), `\`, "")
		}
	}
	return ""
}

// rowsShown writes the rows of a plan as askedPlan does.
func rowsShown(p *digest.Plan) (out []string) {
	for _, r := range p.Rows {
		out = append(out, strings.Join([]string{r.Select, r.Table, r.Type, r.Key, strings.Join(r.Extra, "; ")}, " | "))
	}
	return out
}

// What is left out: the numbers of results, and keys that are in a column of their own.
var (
	resultNumbers = regexp.MustCompile(`^<([a-z]+)[\d,.]+>$`)
	mergedKeys    = regexp.MustCompile(`(Using union)\([^)]*\)`)
)

// askedPlan asks the server for the plan of a statement.
func askedPlan(t *testing.T, db *mariadb, sql string) (out []string) {
	t.Helper()
	for line := range strings.Lines(db.control(t, "use shop; explain "+sql)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t") // id, select_type, table, type, possible_keys, key, key_len, ref, rows, Extra
		for i := range f {
			if f[i] == "NULL" {
				f[i] = ""
			}
		}
		table := resultNumbers.ReplaceAllString(f[2], "<$1>")
		if table == f[2] {
			table = regexp.MustCompile(`\d+`).ReplaceAllString(table, "?")
		}
		out = append(out, strings.Join([]string{f[1], table, f[3], f[5], mergedKeys.ReplaceAllString(f[9], "$1")}, " | "))
	}
	return out
}
