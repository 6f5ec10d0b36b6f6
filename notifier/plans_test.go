package notifier

import (
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

func plan(id string, calls int64, seconds float64, rows ...digest.PlanRow) digest.Plan {
	return digest.Plan{ID: strings.Repeat(id, 16), Calls: calls, QueryTime: seconds, Rows: rows}
}

// planRow makes one of its words, such as "orders ref idx_b", and numbers, of which a negative one is not known.
func planRow(words string, read, estimated float64, extra ...string) digest.PlanRow {
	var r digest.PlanRow
	f := append(strings.Split(words, " "), "", "")
	r.Select, r.Table, r.Type, r.Key, r.Extra = "SIMPLE", f[0], f[1], f[2], extra
	if read >= 0 {
		r.Read = &read
	}
	if estimated >= 0 {
		r.Estimated = &estimated
	}
	return r
}

func TestPlanLines(t *testing.T) {
	scan, key := planRow("orders ALL", 120_000.4, 118_000, "Using where", "Using filesort"), planRow("orders ref idx_customer", 40, 41, "Using where")
	inner := planRow("c eq_ref PRIMARY", 1, 1)
	sub := planRow("i ref k", 2, 1)
	sub.Select, sub.Times = "DEPENDENT SUBQUERY", 3
	worst, other := plan("b", 9, 20.7, scan), plan("c", 2, 1, inner)
	for _, test := range []struct {
		name string
		p    digest.Plans
		want string
	}{
		{"one", digest.Plans{Usual: plan("a", 40, 1, scan)}, "orders ALL, 120,000 rows read of 118,000 estimated, Using filesort"},
		{"of some calls", digest.Plans{Usual: plan("a", 31, 1, scan)}, "orders ALL, 120,000 rows read of 118,000 estimated, Using filesort (31 of 40 calls)"},
		{"the worst", digest.Plans{Usual: plan("a", 31, 1, key), Worst: &worst},
			"orders ref idx_customer, 40 rows read of 41 estimated (31 of 40 calls); else orders ALL, 120,000 rows read of 118,000 estimated, Using filesort (9 calls, mean 2.3s)"},
		{"the usual is the worst", digest.Plans{Usual: plan("a", 31, 1, scan), Others: []digest.Plan{plan("d", 7, 1, key), other}},
			"orders ALL, 120,000 rows read of 118,000 estimated, Using filesort (31 of 40 calls); else orders ref idx_customer (7 calls); and 1 other plan"},
		{"others", digest.Plans{Usual: plan("a", 31, 1, inner), Rest: &digest.PlanRest{Calls: 3}}, "c eq_ref PRIMARY (at least 31 of 40 calls); and others"},
		{"join", digest.Plans{Usual: plan("a", 40, 1, key, inner, sub)}, "orders ref idx_customer, 40 rows read of 41 estimated → c eq_ref PRIMARY → DEPENDENT SUBQUERY i ref k (3 times)"},
		{"the step of which the most is read", digest.Plans{Usual: plan("a", 40, 1, inner, scan)}, "c eq_ref PRIMARY → orders ALL, 120,000 rows read of 118,000 estimated, Using filesort"},
		{"not executed", digest.Plans{Usual: plan("a", 40, 1, planRow("orders ALL", -1, 118_000))}, "orders ALL, 118,000 rows estimated"},
		{"not estimated", digest.Plans{Usual: plan("a", 40, 1, planRow("<union> ALL", 26, -1))}, "<union> ALL, 26 rows read"},
		{"no table", digest.Plans{Usual: plan("a", 40, 1, planRow("", -1, -1, "Impossible WHERE"))}, "Impossible WHERE"},
		{"many steps", digest.Plans{Usual: plan("a", 40, 1, inner, inner, inner, inner, inner, inner)},
			"c eq_ref PRIMARY → c eq_ref PRIMARY → c eq_ref PRIMARY → c eq_ref PRIMARY → 2 more"},
	} {
		if got := planLine(&digest.Class{Totals: digest.Totals{Calls: 40}, Plans: &test.p}); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
	if s := PlanLines(new(digest.Class)); len(s) > 0 {
		t.Errorf("%q of a class without plans", s)
	}
}

// A change says in which steps the plans differ.
func TestPlanChange(t *testing.T) {
	outer, inner := planRow("a range k", 1, 1), planRow("c eq_ref PRIMARY", 1, 1)
	until := time.Date(2026, 11, 23, 10, 19, 0, 0, time.UTC)
	from, to := plan("a", 20, 1, outer, planRow("orders ref idx_customer", 40, 41), inner), plan("b", 20, 1, outer, planRow("orders ALL", 9, 9, "Using filesort"), inner)
	c := &digest.Class{Plans: &digest.Plans{Usual: to, Others: []digest.Plan{from},
		Change: &digest.PlanChange{From: from.ID, To: to.ID, Until: until, Since: until.Add(time.Minute)}}}
	if got, want := planChange(c), "plan changed: orders ref idx_customer until 2026-11-23 10:19 UTC, orders ALL, Using filesort since"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	c.Plans.Change.From = "unknown"
	if got := planChange(c); got != "" {
		t.Error(got)
	}
	d := &digest.PlanDiff{Before: plan("a", 20, 1, planRow("orders ref k", 40, 41)), After: plan("b", 9, 1, planRow("orders ALL", 9, 9)), BeforeCalls: 20, AfterCalls: 10}
	if got, want := PlanDiff(d), "plan changed: was orders ref k, 40 rows read of 41 estimated (20 of 20 calls), is orders ALL, 9 rows read of 9 estimated (9 of 10 calls)"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
