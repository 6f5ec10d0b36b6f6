package digest

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"slowdigest/parser"
	"slowdigest/parser/explain"
)

const explainHead = explain.Prefix + "id\tselect_type\ttable\ttype\tpossible_keys\tkey\tkey_len\tref\trows\tr_rows\tfiltered\tr_filtered\tExtra\n"

// planned is an event with a plan, by a key or by none, at a minute.
func planned(sql, key string, minute int) *parser.Event {
	e := event(sql, 0, 1)
	e.Time = noon.Add(time.Duration(minute) * time.Minute)
	kind := "ref"
	if key == "" {
		kind, key = "ALL", "NULL"
	}
	e.Explain = []byte(explainHead + explain.Prefix + "1\tSIMPLE\torders\t" + kind + "\tNULL\t" + key + "\t5\tconst\t20\t40.00\t100.00\t50.00\tUsing where\n")
	return e
}

// hourOfPlans is a report of an hour in which a class is executed by one key, and from a minute on by another.
func hourOfPlans(from, to string, change int) *Report {
	whole := NewAggregator(Window{noon, noon.Add(time.Hour)})
	for half := range 2 { // counted in parts, which are merged
		a := NewAggregator(Window{noon, noon.Add(time.Hour)})
		s := a.Stream("db")
		for i := half; i < 60; i += 2 {
			key := from
			if i >= change {
				key = to
			}
			s.Add(planned("select a from orders where b = 5", key, i))
		}
		whole.Merge(a)
	}
	return whole.Report(Limit{}, OrderBySum)
}

func TestPlansOfClass(t *testing.T) {
	p := hourOfPlans("idx_b", "", 20).Classes[0].Plans
	if p == nil || p.Calls != 60 || p.Usual.Calls != 40 || p.Usual.Rows[0].Type != "ALL" || *p.Usual.Rows[0].Read != 40 || *p.Usual.Rows[0].Estimated != 20 || len(p.All()) != 2 {
		t.Fatalf("%+v", p)
	}
	if c := p.Change; c == nil || p.Find(c.From).Rows[0].Key != "idx_b" || c.To != p.Usual.ID || !c.Until.Equal(noon.Add(19*time.Minute)) || !c.Since.Equal(noon.Add(20*time.Minute)) {
		t.Errorf("%+v", p.Change)
	}
	if p := hourOfPlans("idx_b", "", 60).Classes[0].Plans; p.Change != nil || p.Usual.Calls != 60 {
		t.Errorf("%+v", p)
	}
	a := NewAggregator(Window{})
	a.By = ByUser
	a.Stream("db").Add(planned("select a from orders where b = 5", "", 1))
	a.Stream("db").Add(event("select a from orders where b = 5", 0, 1))
	if r := a.Report(Limit{}, OrderBySum); r.Classes[0].Plans != nil {
		t.Error("a user has a plan")
	}
}

// A full scan by the plan is a reason, as by the server's own word for it.
func TestFullScanByPlan(t *testing.T) {
	for _, test := range []struct {
		change int // the minute from which on it is a scan
		want   bool
	}{{0, true}, {30, true}, {31, false}, {60, false}} {
		c := hourOfPlans("idx_b", "", test.change).Classes[0]
		reasons := Reasons(&c)
		found := len(reasons) > 0 && reasons[0].Kind == FullScans
		if found != test.want || found && (reasons[0].Count != int64(60-test.change) || reasons[0].Of != 60 || reasons[0].Partly) {
			t.Errorf("from minute %d on: %+v", test.change, reasons)
		}
		if none := int64(0); found {
			if c.FullScans = &none; len(Reasons(&c)) > 0 {
				t.Error("the server says that there was none")
			}
		}
	}
}

// A difference tells the plan of most calls where it is another.
func TestPlansCompared(t *testing.T) {
	for _, test := range []struct {
		before, after *Report
		want          bool
	}{
		{hourOfPlans("idx_b", "", 60), hourOfPlans("idx_b", "", 20), true},
		{hourOfPlans("idx_b", "", 60), hourOfPlans("idx_b", "", 21), false}, // where others have a third
		{hourOfPlans("idx_b", "", 60), hourOfPlans("idx_b", "", 40), false},
		{hourOfPlans("idx_b", "", 0), hourOfPlans("idx_b", "", 60), true},
	} {
		d := Compare(test.before, test.after).Classes[0].Plans
		if (d != nil) != test.want {
			t.Errorf("%+v", d)
		}
		if d != nil && (d.Before.ID == d.After.ID || d.BeforeCalls != 60 || d.AfterCalls != 60) {
			t.Errorf("%+v", d)
		}
	}
}

// However many plans and classes there are, and however long their names, plans take no more than their room, and no
// literal of them is in the report.
func TestMemoryOfPlans(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 30,000 long plans")
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	fill := func(with bool) *Aggregator {
		a := NewAggregator(Window{noon, noon.Add(time.Hour)})
		s := a.Stream("db")
		for i := range 30_000 {
			e := planned(fmt.Sprintf("select a%d from t where b = 5", i%9000), "", i%60)
			e.Explain = append([]byte(nil), explainHead...)
			for k := range 12 {
				e.Explain = fmt.Appendf(e.Explain, "%s1\tSIMPLE\t%s_%c\tref\tNULL\t%s_%d\t5\t'secret'\t20\t40.00\t100.00\t50.00\tUsing where; secret\n", explain.Prefix,
					strings.Repeat("t", 50), 'a'+k, strings.Repeat("k", 50), i)
			}
			if !with {
				e.Explain = nil
			}
			s.Add(e)
		}
		return a
	}
	before := heap()
	without := fill(false)
	base := heap() - before
	with := fill(true)
	took := heap() - before - base - base
	t.Logf("%d KiB without plans, %d more with them", base>>10, took>>10)
	if took > 32<<20 {
		t.Errorf("plans take %d KiB", took>>10)
	}
	text, _ := json.Marshal(with.Report(Limit{}, OrderBySum))
	if strings.Contains(string(text), "secret") {
		t.Error("a literal is in the report")
	}
	runtime.KeepAlive(without)
}
