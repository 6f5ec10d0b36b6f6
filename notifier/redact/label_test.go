package redact

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
)

func TestShort(t *testing.T) {
	for in, want := range map[string]string{
		"select o.id from orders o join customers c on c.id = o.customer_id where o.x > ?":                                           "SELECT orders, customers by x",
		"select a from (select b from `shop`.`t 1` where x = ?) as y":                                                                "SELECT shop.t 1 by x",
		"update inventory set stock = stock - ? where sku = ?":                                                                       "UPDATE inventory set stock by sku",
		"update stock set qty = ?, `at` = now() where id in (?+) and not a between ? and ?":                                          "UPDATE stock set qty, at by id, a",
		"insert into t values(?+) on duplicate key update x = ?":                                                                     "INSERT t set x",
		"insert ignore into t (a, b) values(?+)":                                                                                     "INSERT t",
		"insert into a (b, c) select d, e from f where g = ?":                                                                        "INSERT a, f by g",
		"delete from sessions where at < ? limit ?":                                                                                  "DELETE sessions by at",
		"create table if not exists t (a int)":                                                                                       "CREATE t",
		"call nightly":                                                                                                               "CALL nightly",
		"call nightly(?, ?)":                                                                                                         "CALL nightly",
		"select * from a where b = ? for update":                                                                                     "SELECT a by b",
		"select substring(a from ?) from t":                                                                                          "SELECT t",
		"select country, count(*) from sessions group by country, date(at) order by count(*)":                                        "SELECT sessions per country, at",
		"select * from sessions where country = ? and email like ?":                                                                  "SELECT sessions by country, email",
		"select * from sessions where (country = ? or (email is null)) and exists (select ? from x)":                                 "SELECT sessions, x by country, email",
		"select a, b from t1, t2 as x, t3 where x.c = ? and lower(d) = ?":                                                            "SELECT t1, t2, t3 by c, d",
		"select `from` from `a ``b` where `where` = ?":                                                                               "SELECT a b by where",
		"update t set a = case when id = ? and b = ? then ? else a end, c = c + ? where id in(?+)":                                   "UPDATE t set a, c by id",
		"update t set a = (case when id = ? then ? end), b = if(d = ?, ?, e), f = (select g from u where h = ?) where (i, j) in(?+)": "UPDATE t, u set a, b, f by h, i, j",
		"insert into t (a, b) values(?+) on duplicate key update a = values(a), b = b + values(b)":                                   "INSERT t set a, b",
		"delete from t where (t.a, t.b) in(?+)":                                                                                      "DELETE t by a, b",
		"select a from t where json_unquote(json_extract(meta, ?+)) in(?+)":                                                          "SELECT t by meta",
		"select a from t where match(title, body) against(?)":                                                                        "SELECT t by title, body",
		"delete from t where active and not hidden":                                                                                  "DELETE t by active, hidden",
		"delete from t where json_contains(meta, ?) or ? < a":                                                                        "DELETE t by meta, a",
		"delete from t where rand() < ?":                                                                                             "DELETE t by rand()",
		"update users_of set active_of = ?, role_of = ?, updated_at = ? where identity in(?+) and deleted_at is null":                "UPDATE users_of set active_of, role_of +1 by identity +1",
		"select sleep(?)":                "select sleep(?)",
		"administrator command: Prepare": "administrator command: Prepare",
		"":                               "(no statement)",
		"(select a from t where b = ?) union (select c from u where d = ?)": "SELECT t, u by b, d",
		"((select a from t))":                      "SELECT t",
		"sql_no_cache select a from t where b = ?": "SELECT t by b",
		"(select a from t)/*repeat union all*/":    "SELECT t",
		"select skip from t where skip = ?":        "SELECT t by skip",
		"update users set password = ?":            "update [withheld: may hold a password]",
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
		40: "SELECT customer_orders +1 by status +2",
		30: "SELECT customer_orders +1 by …",
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

// What tells two classes apart is what their labels say of it.
func TestLabelsSayWhatDiffers(t *testing.T) {
	for _, test := range []struct{ first, later, want string }{
		{"select a from t where b = ?", "select a from t where b = ? for update", "SELECT t by b: for update"},
		{"select a from t where b = ?", "select a from t where b = ? for update skip locked", "SELECT t by b: for update, skip locked"},
		{"select a from t where b = ?", "select a from t where b = ? lock in share mode", "SELECT t by b: lock in share mode"},
		{"select a from t where b = ?", "select a from t where b = ? order by c desc, d", "SELECT t by b: order by c desc, order by d"},
		{"select a from t where b = ? order by c", "select a from t where b = ? order by rand()", "SELECT t by b: order by rand()"},
		{"select a from t where b = ?", "select distinct a from t where b = ?", "SELECT t by b: distinct"},
		{"select a from t where b = ?", "select a from t where b = ? limit ?", "SELECT t by b: limit"},
		{"select a from t where b = ?", "select a from t where b > ?", "SELECT t by b: b >"},
		{"select a from t where b > ?", "select a from t where b = ?", "SELECT t by b: b ="},
		{"select a from t where b = ?", "select a from t where b >= ?", "SELECT t by b: b >="},
		{"select a from t where b = ?", "select a from t where b in (?+)", "SELECT t by b: b in"},
		{"select a from t where b is null", "select a from t where b is not null", "SELECT t by b: b is not null"},
		{"select a from t where b = ?", "select * from t where b = ?", "SELECT t by b: *"},
		{"select a from t where b = ?", "select count(*) from t where b = ?", "SELECT t by b: count()"},
		{"select max(a) from t where b = ?", "select min(a) from t where b = ?", "SELECT t by b: min(), a"},
		{"select a from t where b = ?", "select sql_no_cache b from t where b = ?", "SELECT t by b: b"},
		{"select a from t where b = ?", "select c as total, count(*) cnt, cast(d as char(?)) e, case when f then g end h, i + j from t where b = ?", "SELECT t by b: c, count(), cast(), d, f, g, i, j"},
		{"select a from t where b = ?", "select customer_name, customer_address, customer_city, customer_zip, note from t where b = ?", "SELECT t by b: 5 columns"},
		{"select id from t where a = ?", "select id from t where lower(a) = ?", "SELECT t by a: lower(a) ="},
		{"select a from t where b = ? for update", "select a from t where b = ?", "SELECT t by b: no lock"}, // it has nothing else to be named by
		{"select a from t where b = ? limit ?", "select a from t where b = ?", "SELECT t by b: no limit"},
		{"select a from customer_billing_events where customer_subscription_id = ?", "select a from customer_billing_events where customer_organisation_id = ?", "SELECT customer_billing_events by customer_organisation_id"},
		{"update customer_subscription_events set last_processed_at = ? where id = ?", "update customer_subscription_events set processing_state = ? where id = ?", "UPDATE customer_subscription_events: set processing_state"},
		{"select a from order_items join orders on orders.id = order_items.order_id where orders.customer_id = ? and orders.state = ?",
			"select a from order_items join orders on orders.id = order_items.order_id where orders.customer_id = ? and orders.kind = ?", "SELECT order_items, orders by customer_id +1: kind ="},
		{"select * from comments where commentable_type = ? and comments.commentable_id in(?+)", "select * from comments where commentable_type = ? and comments.commentable_id = ?", "SELECT comments by commentable_type +1: commentable_id ="},
		{"insert into events (kind) values(?+)", "insert into events (kind, user_id) values(?+)", "INSERT events: kind, user_id"},
		{"insert into events (kind, user_id) values(?+)", "insert into events (kind) values(?+)", "INSERT events: kind"},
		{"insert into t (a1_long_name, a2_long_name, a3_long_name, a4_long_name, b) values(?+)", "insert into t (a1_long_name, a2_long_name, a3_long_name, a4_long_name, c) values(?+)", "INSERT t: with c"}, // a list is never cut
		{"insert into t (a) values(?+) returning a", "insert into t (a) values(?+) returning a, b", "INSERT t: b"},
		{"update counters set hits = ? where id = ?", "update counters set hits = hits + ? where id = ?", "UPDATE counters set hits by id: set hits = hits + ?"},
		{"select a from t join u on t.i = u.i where x > ?", "select a from t left join u on t.i = u.i where x > ?", "SELECT t, u by x: left join u"},
		{"select a from t left join u on t.i = u.i where x > ?", "select a from t join u on t.i = u.i where x > ?", "SELECT t, u by x: join u"},
		{"select a from t where b = ? and c = ?", "select a from t where b = ? or c = ?", "SELECT t by b, c: or c = ?"},
		{"select a from t where (b = ? or c = ?) and d = ?", "select a from t where (b = ? or c = ? and d = ?)", "SELECT t by b, c, d: and d = ?"},
		{"select a from t where b = ?", "select a from t where b = ? and b = ?", "SELECT t by b: and b = ?"},
		{"select a from t where b in(?+)", "select a from t where x.b in(?+)", "SELECT t by b: where x.b in (?+)"},
		{"select a from t join (select ? as b) v on v.b = t.b", "select a from t join (select ? as b /*repeat union all*/) v on v.b = t.b", "SELECT t: repeat"},
		{"select get_lock(concat(database(), ?, ?, ?, ?, ?), ?)", "select get_lock(concat(database(), ?, ?, ?, ?, ?), ? + ?)", "select get_lock(concat(database(), ?, ?, ?,…: ? + ?"},
		{"select a from t where b = ?", "select  a from t where b = ?", "SELECT t by b: a · 2222"}, // no word differs
	} {
		at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
		classes := []digest.Class{{ID: "1111222233334444", Fingerprint: test.first, Known: at}, {ID: "2222222233334444", Fingerprint: test.later, Known: at.Add(time.Hour)}}
		if Label(classes); classes[1].Label != test.want || strings.Contains(classes[0].Label, ":") {
			t.Errorf("%s\n%s: %q and %q, want %q", test.first, test.later, classes[0].Label, classes[1].Label, test.want)
		}
		again := classes[1] // in an hour in which it is alone
		if Label(classes[1:]); classes[1].Label != again.Label {
			t.Errorf("alone it is %q, and among its like %q", classes[1].Label, again.Label)
		}
	}
}

// A name of a table that is long costs no condition: there is room for it, or the end of the name goes, and
// two tables that differ in that end are told apart by their names.
func TestLabelsOfLongTables(t *testing.T) {
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for length := 10; length <= 64; length++ {
		table := strings.Repeat("t", length-4)
		var classes []digest.Class
		for i, tail := range []string{"2023 where customer_id = ?", "2023 where order_id = ? and state = ?", "2024 where customer_id = ?"} {
			classes = append(classes, digest.Class{ID: fmt.Sprintf("%08d%08d", i, i), Fingerprint: "select a from " + table + tail, Known: at})
		}
		Label(classes)
		seen := map[string]bool{}
		for _, c := range classes {
			if seen[c.Label] = true; !strings.Contains(c.Label, " by customer_id") && !strings.Contains(c.Label, " by order_id") && !strings.HasSuffix(c.Label, ": "+c.Fingerprint[14:14+min(length, 59)]) && length < 60 || strings.Contains(c.Label, " · ") && length < 60 {
				t.Errorf("%d letters: %s", length, c.Label)
			}
		}
		if len(seen) < len(classes) {
			t.Errorf("%d letters: %v", length, seen)
		}
	}
}

// Of statements that are all alike and differ in a word or more, none is called by digits, and their names
// are of bounded width and say the same in an hour in which each is alone.
func TestLabelsTellByWords(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		pick := func(of ...string) string { return of[rng.IntN(len(of))] }
		var classes []digest.Class
		seen := map[string]bool{}
		for range 12 {
			sql := pick("select a", "select a, b", "select *") + " from t " + pick("", "left ") + "join u on t.i = u.i where " + pick("", "t.") + "b " + pick("=", "in", "<") + " ?" + pick(" and", " or") +
				" c " + pick("=", "in", "<") + " ?" + pick("", " order by d", " order by d desc") + pick("", " limit ?") + pick("", " for update")
			if !seen[sql] {
				classes = append(classes, digest.Class{ID: fmt.Sprintf("%08d%08d", len(classes), seed), Fingerprint: sql, Known: time.Unix(int64(3600*rng.IntN(4)), 0)})
			}
			seen[sql] = true
		}
		Label(classes)
		for i, c := range classes {
			if strings.Contains(c.Label, " · ") || ansi.StringWidth(c.Label) > labelWidth+moreWidth {
				t.Errorf("seed %d: %s: %s", seed, c.Fingerprint, c.Label)
			}
			if alone := classes[i : i+1 : i+1]; Name(&alone[0]) != c.Label {
				t.Errorf("alone %s is %s", c.Label, Name(&alone[0]))
			}
		}
	}
}

// In a table that is too narrow labels are cut by what they tell, and never to be the same.
func TestLabelsWithin(t *testing.T) {
	var classes []*digest.Class
	all := make([]digest.Class, 0, 300)
	add := func(sql string) {
		all = append(all, digest.Class{ID: fmt.Sprintf("%08X%08X", 7919*len(all), len(all)), Fingerprint: sql})
	}
	for i := range 40 { // of one schema, which differ late
		add(fmt.Sprintf("select o.id, o.name from shop_production.customer_orders o where o.customer_id = ? and o.status = ? and o.region_%02d = ?", i))
		add(fmt.Sprintf("update shop_production.order_items_of_the_year_20%02d set quantity = ? where id = ?", i))
	}
	for i := range 20 { // only IDs differ
		add(strings.Repeat(" ", i) + "select sum(x) from shop_production.customer_orders where customer_id = ?")
	}
	Label(all)
	for i := range all {
		classes = append(classes, &all[i])
	}
	for columns := 24; columns < 80; columns += 7 {
		seen := map[string]bool{}
		for i, label := range Within(classes, slices.Repeat([]int{columns}, len(classes))) {
			if key := strings.ToLower(label); ansi.StringWidth(label) > columns || seen[key] {
				t.Errorf("in %d columns %s is %q, which has %d or is not the only one", columns, all[i].Fingerprint, label, ansi.StringWidth(label))
			} else {
				seen[key] = true
			}
		}
	}
	few := []digest.Class{{ID: "1", Fingerprint: "select a from orders where user_id = ? and status = ? and total > ?"}, {ID: "2", Fingerprint: "select a from orders where user_id = ? and status = ? and note = ?"}}
	Label(few)
	got := Within([]*digest.Class{&few[0], &few[1]}, []int{28, 28})
	if want := []string{"SELECT orders … by total", "SELECT orders … by note"}; !strings.HasPrefix(got[0], want[0]) || !strings.HasPrefix(got[1], want[1]) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Within([]*digest.Class{&few[0]}, []int{28}); got[0] != "SELECT orders by user_id +2" {
		t.Errorf("alone it is %q", got)
	}
}

// A class that was there first keeps its short name. A later one like it has a longer one
// from then on, also in hours in which it is alone, and in any order; and two that came
// together both do. A state knows it, and one without it is read.
func TestLabelsAreStable(t *testing.T) {
	type seen map[string]string // by what is selected
	const plain = "SELECT t by b"
	hours := []struct {
		classes, want seen
	}{
		{seen{"a": "1111222233334444"}, seen{"a": plain}},
		{seen{"c": "5555666677778888"}, seen{"c": plain}},
		{seen{"a": "1111222233334444", "c": "5555666677778888"}, seen{"a": plain, "c": plain + ": c"}},
		{seen{"c": "5555666677778888"}, seen{"c": plain + ": c"}},
		{seen{"a": "1111222233334444"}, seen{"a": plain}},
		{seen{"a": "1111222233334444", "?, c": "5555AAAA77778888"}, seen{"a": plain, "?, c": plain + ": c"}},
		{seen{"a": "1111222233334444", "c": "5555666677778888", "?, c": "5555AAAA77778888"}, seen{"a": plain, "c": plain + ": c", "?, c": plain + ": c, select ?"}},
		{seen{"?, c": "5555AAAA77778888"}, seen{"?, c": plain + ": c, select ?"}},
		{seen{"d": "9999222233334444", "e": "9999666677778888"}, seen{"d": plain + ": d", "e": plain + ": e"}},
		{seen{"e": "9999666677778888"}, seen{"e": plain + ": e"}},
	}
	for _, stored := range []bool{false, true} {
		var h digest.History
		for n, hour := range hours {
			for _, order := range []int{1, -1} {
				at := time.Date(2026, 11, 2, n, 0, 0, 0, time.UTC)
				r := &digest.Report{Version: 1, Window: digest.Window{Start: at, End: at.Add(time.Hour)}, Coverage: digest.Coverage{Complete: true}}
				for _, list := range slices.Sorted(maps.Keys(hour.classes)) {
					r.Classes = append(r.Classes, digest.Class{ID: strings.Repeat("0", 16) + hour.classes[list], Fingerprint: "select " + list + " from t where b = ?"})
				}
				if order < 0 {
					slices.Reverse(r.Classes)
				}
				whole := slices.Clone(r.Classes)
				h.Compare(r, digest.Options{TellApart: TellApart})
				shown := Of(r).Digest()
				if err := h.Add(&digest.Report{Version: 1, Window: r.Window, Classes: whole}); err != nil {
					t.Fatal(err)
				}
				h.MarkReported(r)
				for _, c := range shown.Classes {
					list := strings.TrimSuffix(strings.TrimPrefix(c.Fingerprint, "select "), " from t where b = ?")
					if c.Label != hour.want[list] {
						t.Errorf("hour %d, stored %v: %q is %q, want %q", n, stored, list, c.Label, hour.want[list])
					}
				}
			}
			if !stored {
				continue
			}
			text, err := json.Marshal(h)
			if err == nil {
				err = json.Unmarshal(text, &h)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A state of before has no forms, and one with others than its classes is not believed.
func TestFormsOfAnotherState(t *testing.T) {
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	report := func() *digest.Report {
		return &digest.Report{Version: 1, Window: digest.Window{Start: at, End: at.Add(time.Hour)}, Classes: []digest.Class{
			{ID: strings.Repeat("A", 32), Fingerprint: "select a from t"}, {ID: strings.Repeat("B", 32), Fingerprint: "select b from t"}, {ID: strings.Repeat("C", 32), Fingerprint: "select c from u"},
		}}
	}
	var h digest.History
	r := report()
	h.Compare(r, digest.Options{TellApart: TellApart})
	if err := h.Add(report()); err != nil {
		t.Fatal(err)
	}
	h.MarkReported(r)
	text, err := json.Marshal(h)
	if err != nil || !strings.Contains(string(text), `"forms":"AQEA"`) {
		t.Fatalf("%s, %v", text, err)
	}
	for with, want := range map[string]int{`"forms":"AQEA"`: 1, `"forms":"AQE="`: 0, `"forms":"AQEBAQ=="`: 0, `"forms":"AQGA"`: 0, `"forms":"AQHAAgA="`: 0, `"later":1`: 0} {
		var read digest.History
		if err := json.Unmarshal([]byte(strings.Replace(string(text), `"forms":"AQEA"`, with, 1)), &read); err != nil {
			t.Fatal(err)
		}
		r := report()
		if read.Compare(r, digest.Options{}); r.Classes[0].Form != want || r.Classes[2].Form != 0 {
			t.Errorf("%s: %d and %d", with, r.Classes[0].Form, r.Classes[2].Form)
		}
	}
}

// BenchmarkTellApart is of as many classes as an hour can have, half of them alike.
func BenchmarkTellApart(b *testing.B) {
	classes := make([]digest.Class, 10_000)
	for b.Loop() {
		for i := range classes {
			classes[i] = digest.Class{ID: fmt.Sprintf("%032X", i), Fingerprint: fmt.Sprintf("select a%d from orders%d o join customers c on c.id = o.customer_id where o.status = ? and o.created > ?", i%5000, max(i-5000, 0))}
		}
		TellApart(classes)
	}
}
