package digest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

// plainGroup is a group as it is counted one call at a time.
type plainGroup struct {
	calls        int64
	us, min, max uint64
	rows, lock   uint64
	queries      map[string]uint64 // microseconds by fingerprint
}

// groupNamesOf are those of a call, found in another way than Stream does.
func groupNamesOf(by By, e *parser.Event, instance string) []string {
	switch by {
	case ByInstance:
		return []string{instance}
	case ByUser:
		return []string{e.User}
	case ByHost:
		return []string{e.Host}
	case BySchema:
		return []string{e.Schema}
	}
	var names []string
	for _, word := range strings.Fields(strings.NewReplacer(",", " ", "(", " ", ")", " ").Replace(string(e.SQL))) {
		if !strings.Contains(word, "tab_") {
			continue
		}
		if !strings.Contains(word, ".") && e.Schema != "" {
			word = strings.ToLower(e.Schema) + "." + word
		}
		if !slices.Contains(names, word) {
			names = append(names, word)
		}
	}
	if names == nil {
		return []string{""}
	}
	return names
}

var randomStatements = []func(r *rand.Rand) string{
	func(r *rand.Rand) string { return fmt.Sprintf("select a from tab_a where id = %d", r.IntN(1000)) },
	func(r *rand.Rand) string {
		return fmt.Sprintf("select a from tab_a, tab_b where id in (%d, 2)", r.IntN(1000))
	},
	func(r *rand.Rand) string { return "update tab_b join tab_c using (x) set y = 'it''s'" },
	func(r *rand.Rand) string { return "insert into tab_c (x) select x from tab_a where y = 1" },
	func(r *rand.Rand) string { return "delete from tab_d" },
	func(r *rand.Rand) string { return "select sleep(1)" },
	func(r *rand.Rand) string { return "select x from shop.tab_a, tab_a where z = 1" },
	func(r *rand.Rand) string { return "select x from tab_a where z = 1 union select x from tab_e" },
}

func randomCall(r *rand.Rand) *parser.Event {
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	e := event(randomStatements[r.IntN(len(randomStatements))](r), time.Duration(r.IntN(3600))*time.Second, 0)
	e.User, e.Host, e.Schema = pick("app", "", "report", "(none)", "\x1b[2J"), pick("web-1", "web-2", ""), pick("shop", "Shop", "audit", "")
	e.QueryTime, e.LockTime = float64(r.IntN(5_000_000))/1e6, float64(r.IntN(1000))/1e6
	e.RowsExamined, e.Weight = uint64(r.IntN(100_000)), uint64(1+r.IntN(3)/2)
	return e
}

// Of random logs of two instances, what each group has is what a plain evaluation finds, in one
// reading and merged from two halves.
func TestGroups(t *testing.T) {
	for _, by := range []By{ByInstance, ByUser, ByHost, BySchema, ByTable} {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := Window{noon, noon.Add(time.Hour)}
			whole, halves := NewAggregator(w), []*Aggregator{NewAggregator(w), NewAggregator(w)}
			all := append([]*Aggregator{whole}, halves...)
			for _, a := range all {
				a.By = by
			}
			plain := map[string]*plainGroup{}
			var us uint64
			var calls int64
			for i := range 1 + r.IntN(400) {
				e, instance := randomCall(r), []string{"db-1", "db-2"}[r.IntN(2)]
				whole.Stream(instance).Add(e)
				halves[i%2].Stream(instance).Add(e)
				us, calls = us+microseconds(e.QueryTime)*e.Weight, calls+int64(e.Weight)
				for _, name := range groupNamesOf(by, e, instance) {
					p := plain[name]
					if p == nil {
						p = &plainGroup{min: math.MaxUint64, queries: map[string]uint64{}}
						plain[name] = p
					}
					p.calls += int64(e.Weight)
					p.us += microseconds(e.QueryTime) * e.Weight
					p.min, p.max = min(p.min, microseconds(e.QueryTime)), max(p.max, microseconds(e.QueryTime))
					p.rows, p.lock = p.rows+e.RowsExamined*e.Weight, p.lock+microseconds(e.LockTime)*e.Weight
					p.queries[fingerprint.Of(string(e.SQL))] += microseconds(e.QueryTime) * e.Weight
				}
			}
			merged := NewAggregator(w)
			merged.By = by
			for _, half := range halves {
				merged.Merge(half)
			}
			for _, a := range []*Aggregator{whole, merged} {
				checkGroups(t, a, by, plain, us, calls)
			}
			if t.Failed() {
				t.Fatalf("by %s, seed %d", by, seed)
			}
		}
	}
}

func checkGroups(t *testing.T, a *Aggregator, by By, plain map[string]*plainGroup, us uint64, calls int64) {
	t.Helper()
	near := func(what string, got float64, want uint64) {
		t.Helper()
		if math.Abs(got-float64(want)/perSecond) > 1e-9*math.Max(1, got) {
			t.Errorf("%s %v, want %v", what, got, float64(want)/perSecond)
		}
	}
	r := a.Report(Limit{}, OrderBySum)
	if r.By != by || len(r.Classes) != len(plain) || r.Overall.Classes != len(plain) || r.Overall.Calls != calls || r.Misc.Calls != 0 {
		t.Fatalf("by %s: %d groups of %d, overall %+v", r.By, len(r.Classes), len(plain), r.Overall)
	}
	near("overall", r.Overall.QueryTime.Sum, us)
	for i := range r.Classes {
		c := &r.Classes[i]
		p := plain[c.Group.Name]
		if p == nil || c.Group.None != (c.Group.Name == "") || c.Calls != p.calls || c.Fingerprint != "" || c.Lists != nil || Reasons(c) != nil {
			t.Fatalf("%+v, want %+v", c, p)
		}
		near("sum", c.QueryTime.Sum, p.us)
		near("min", c.QueryTime.Min, p.min)
		near("max", c.QueryTime.Max, p.max)
		near("lock", c.LockTime.Sum, p.lock)
		if want := float64(p.us) / float64(us); us > 0 && math.Abs(c.Share-want) > 1e-9 {
			t.Errorf("share %v, want %v", c.Share, want)
		}
		if c.RowsExamined.Sum != float64(p.rows) || i > 0 && r.Classes[i-1].QueryTime.Sum < c.QueryTime.Sum {
			t.Errorf("rows %v of %d, rank %d", c.RowsExamined.Sum, p.rows, c.Rank)
		}
		var times []uint64
		for _, us := range p.queries {
			times = append(times, us)
		}
		slices.SortFunc(times, func(x, y uint64) int { return cmp.Compare(y, x) })
		if len(c.Group.Queries) != min(groupQueries, len(times)) {
			t.Fatalf("%d queries of %d", len(c.Group.Queries), len(times))
		}
		for k, q := range c.Group.Queries {
			near("query", q.QueryTime, times[k])
			near("query", q.QueryTime, p.queries[q.Fingerprint])
			if q.ID != fingerprint.ID(q.Fingerprint) {
				t.Errorf("ID %s of %s", q.ID, q.Fingerprint)
			}
		}
	}
}

// Each user is a group of its own on each instance, and a class that is chosen is chosen
// before the calls are grouped.
func TestGroupsPerInstanceAndFiltered(t *testing.T) {
	a := NewAggregator(Window{})
	a.By, a.PerInstance = ByUser, true
	a.Stream("db-1").Add(event("select 1", 0, 1))
	a.Stream("db-2").Add(event("select 1", 0, 1))
	if r := a.Report(Limit{}, OrderBySum); len(r.Classes) != 2 || r.Classes[0].ID == r.Classes[1].ID {
		t.Errorf("%+v", r.Classes)
	}
	a = NewAggregator(Window{})
	a.By, a.Filter = ByUser, &Filter{IDs: []string{fingerprint.ID("select a from t")}}
	a.Stream("db-1").Add(event("select a from t", 0, 1))
	a.Stream("db-1").Add(event("select b from t", 0, 1))
	if r := a.Report(Limit{}, OrderBySum); len(r.Classes) != 1 || r.Classes[0].Calls != 1 || r.Coverage.Filtered != 1 {
		t.Errorf("%+v", r.Classes)
	}
}

// Of more names than are kept, of any length, the greatest stay, all calls are in the totals, and
// of the query classes of one those with most time are named.
func TestGroupsAreBounded(t *testing.T) {
	a := NewAggregator(Window{})
	a.By = ByUser
	s := a.Stream("db-1")
	const n = 3 * maxClasses / 2
	for i := range n {
		e := event("select a from t", 0, 0.001)
		e.User = strings.Repeat("x", 10<<10) + fmt.Sprint(i)
		s.Add(e)
		if i%100 == 0 {
			s.Add(event(fmt.Sprintf("select c%s from t", strings.Repeat("x", i/100)), 0, 1))
			s.Add(event("select most from t", 0, 2))
		}
	}
	if len(a.classes) > maxClasses || len(a.grouped.statements) > maxClasses {
		t.Errorf("%d groups and %d statements are kept", len(a.classes), len(a.grouped.statements))
	}
	for _, c := range a.classes {
		if len(c.group.name) > maxGroupName+len("…") || len(c.group.queries.Items) > maxGroupQueries {
			t.Fatalf("a name of %d bytes, %d queries", len(c.group.name), len(c.group.queries.Items))
		}
	}
	r := a.Report(Limit{Count: 1}, OrderBySum)
	if r.Overall.Calls != n+2*n/100 || r.Misc.Calls != n || r.Overall.Classes != n+1 || r.Coverage.Folded == 0 {
		t.Errorf("overall %+v, misc %+v", r.Overall, r.Misc)
	}
	top := r.Classes[0]
	if top.Group.Name != "app" || top.Group.Queries[0].Fingerprint != "select most from t" || top.Group.Queries[0].QueryTime != 2*n/100 {
		t.Errorf("%+v", top.Group)
	}
}

// Grouped by class, a report is as it was.
func TestByClassIsNoGroup(t *testing.T) {
	a := NewAggregator(Window{})
	a.Stream("").Add(event("select 1", 0, 1))
	if r := a.Report(Limit{}, OrderBySum); r.By != "" || r.Classes[0].Group != nil || a.grouped.statements != nil {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"class", "user", "host", "schema", "table", "instance"} {
		if by, err := ParseBy(strings.ToUpper(name)); err != nil || by.String() != name {
			t.Errorf("%s: %v, %v", name, by, err)
		}
	}
	if _, err := ParseBy(""); err == nil {
		t.Error("an empty name is taken")
	}
}

// A user with a small share for whom people wait is an outlier, as a class is.
func TestOutliersAmongGroups(t *testing.T) {
	a := NewAggregator(Window{})
	a.By = ByUser
	s := a.Stream("")
	add := func(n int, user string, seconds float64) {
		for range n {
			e := event("select a from t", 0, seconds)
			e.User = user
			s.Add(e)
		}
	}
	add(1000, "bulk", 1)
	add(10, "waits", 5.2)
	add(11, "waits too", 5.1)
	for limit, want := range map[string]string{"90%+0": "bulk", "90%+1": "bulk waits", "90%": "bulk waits too waits", "90%:2+3": "bulk waits", "all": "bulk waits too waits", "2": "bulk waits too"} {
		l, err := ParseLimit(limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range a.Report(l, OrderBySum).Classes {
			got = append(got, c.Group.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %s", limit, got, want)
		}
	}
}

// Of more query classes than a group counts, what it says of one is never more than there was, each
// that has more than a thirty-second of the time is among them, and none has more than it may.
func TestQueriesOfAGroupAreBounded(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		var groups [2]namedGroup
		times := map[classKey]uint64{}
		var total uint64
		for range 2000 {
			n := r.IntN(400)
			if r.IntN(3) == 0 {
				n = r.IntN(4)
			}
			key, us := classKey(fmt.Appendf(nil, "%016d", n)), uint64(r.IntN(1000))
			if seed%2 == 0 { // those that come last are the heaviest
				us *= uint64(n + 1)
			}
			groups[r.IntN(2)].add(key, "", 1, us)
			times[key], total = times[key]+us, total+us
		}
		check := func(g *namedGroup, mostly bool) {
			if len(g.queries.Items) > maxGroupQueries {
				t.Fatalf("%d are kept", len(g.queries.Items))
			}
			kept := map[classKey]bool{}
			for _, q := range g.queries.Items {
				if kept[q.Key] = true; q.Amount-q.Over > times[q.Key] || mostly && q.Amount < times[q.Key] {
					t.Fatalf("seed %d: %d to %d of %d", seed, q.Amount-q.Over, q.Amount, times[q.Key])
				}
			}
			for key, us := range times {
				if mostly && us > total/maxGroupQueries && !kept[key] {
					t.Fatalf("seed %d: %s with %d of %d is not kept", seed, key, us, total)
				}
			}
		}
		check(&groups[0], false)
		groups[0].merge(&groups[1])
		check(&groups[0], true)
	}
}

// The statements of more query classes than are kept are counted, and not named.
func TestStatementsOfGroupsAreBounded(t *testing.T) {
	a := NewAggregator(Window{})
	a.By = ByTable
	s := a.Stream("db-1")
	const n = maxClasses + 100
	for i := range n {
		s.Add(event("select "+strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i))+"_ from t", 0, 1))
	}
	r := a.Report(Limit{}, OrderBySum)
	if len(a.grouped.statements) != maxClasses || len(r.Classes) != 1 || r.Classes[0].Calls != n || r.Classes[0].Group.Name != "shop.t" {
		t.Errorf("%d statements, %+v", len(a.grouped.statements), r.Classes)
	}
	other := NewAggregator(Window{})
	other.By = ByTable
	other.Stream("db-1").Add(event("select another from t", 0, 1))
	if a.Merge(other); len(a.grouped.statements) != maxClasses {
		t.Errorf("merged, %d statements", len(a.grouped.statements))
	}
}

// Where one table of a statement is given up for another of it, the time of each that is left is
// its own: as much as its calls took.
func TestGivenUpWithinAStatement(t *testing.T) {
	word := func(i int) string {
		return string([]byte{'a' + byte(i/676%26), 'a' + byte(i/26%26), 'a' + byte(i%26)})
	}
	for before := range 3 { // tables more, so that one of each place in the statement is the one too many
		a := NewAggregator(Window{})
		a.Detail, a.By = true, ByTable
		s := a.Stream("orders-1")
		for i := range before {
			e := event("select a from t", 0, 50)
			e.Schema = "first_" + word(i)
			s.Add(e)
		}
		const n = maxClasses/3 + 200
		for i := range n {
			took := 10 - float64(i)/2000 // the last have the least
			if 3*i > maxClasses+20 {
				took = 20 // and what comes after them is kept
			}
			e := event("select x from a join b join c", time.Duration(i)*time.Second/4, took)
			e.Schema = "tenant_" + word(i)
			s.Add(e)
		}
		r := a.Report(Limit{}, OrderBySum)
		if r.Coverage.Folded == 0 {
			t.Fatal("none was given up")
		}
		for _, c := range r.Classes {
			calls := 0.0
			for _, v := range c.Detail.Calls {
				calls += v
			}
			if math.Abs(calls-float64(c.Calls)) > 1e-3 {
				t.Errorf("%d tables more: %s has %d calls, and %v in its time line", before, c.Group.Name, c.Calls, calls)
			}
		}
	}
}
