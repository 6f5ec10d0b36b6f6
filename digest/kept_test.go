package digest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/parser"
)

// keptWorld is a random log: of how much there may be.
type keptWorld struct {
	hours, events, classes, users, hosts, instances, tags int
	perInstance                                           bool
}

// event makes one at a time after start.
func (w keptWorld) event(rng *rand.Rand, at time.Time) (*parser.Event, string) {
	e := &parser.Event{
		Time: at.Truncate(time.Microsecond), Weight: 1, QueryTime: math.Exp(rng.NormFloat64()*3 - 3), LockTime: rng.Float64() / 1e3,
		RowsExamined: rng.Uint64N(1 << rng.IntN(40)), RowsSent: rng.Uint64N(100), Has: parser.Fields(rng.IntN(128)), BytesSent: rng.Uint64N(1 << 40), RowsAffected: 3,
		TmpTables: 1, TmpDiskTables: rng.Uint64N(2), Errno: uint64(rng.IntN(2)), FullScan: rng.IntN(2) == 0,
		User: fmt.Sprint("user", int(math.Abs(rng.NormFloat64())*float64(w.users)/3)), Host: fmt.Sprintf("10.11.%d.%d", rng.IntN(2), rng.IntN(w.hosts)),
		Schema: []string{"a", "b", ""}[rng.IntN(3)], Cut: rng.IntN(50) == 0, SQLBytes: int64(rng.IntN(1000)),
	}
	n := int(math.Abs(rng.NormFloat64()) * float64(w.classes) / 3)
	list := strings.Repeat(",7", rng.IntN(1+n%100))
	e.SQL = fmt.Appendf(nil, "select c%d from t where id in (7%s) /*controller:c%d,action:a%d*/", n, list, rng.IntN(w.tags), rng.IntN(2))
	if rng.IntN(30) == 0 {
		e.Weight = 1 + rng.Uint64N(10)
	}
	if rng.IntN(3) == 0 {
		e.Explain = fmt.Appendf(nil, "# explain: id\ttable\ttype\tkey\trows\tr_rows\tr_filtered\n# explain: 1\tt\tref\tk%d\t%d\t%d\t1.5\n", rng.IntN(3+w.tags/20), rng.IntN(1000), rng.IntN(1000))
	}
	return e, fmt.Sprint("db", rng.IntN(w.instances))
}

// aggregator returns one of a window.
func (w keptWorld) aggregator(from time.Time, hours int) *digest.Aggregator {
	a := digest.NewAggregator(digest.Window{Start: from, End: from.Add(time.Duration(hours) * time.Hour)})
	a.PerInstance, a.Keep = w.perInstance, true
	return a
}

// archived returns the report of an Aggregator as it comes out of an archive.
func archived(t *testing.T, a *digest.Aggregator) *digest.Report {
	t.Helper()
	kept, err := digest.Archived(a.Report(digest.Limit{}, digest.OrderBySum))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	r := new(digest.Report)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

var keptWorlds = map[string]keptWorld{
	"usual":         {hours: 5, events: 5000, classes: 100, users: 5, hosts: 20, instances: 3, tags: 5},
	"one instance":  {hours: 3, events: 2000, classes: 30, users: 5, hosts: 20, instances: 1, tags: 5},
	"rare":          {hours: 24, events: 300, classes: 300, users: 5, hosts: 20, instances: 3, tags: 5},
	"many of all":   {hours: 3, events: 30000, classes: 5, users: 400, hosts: 250, instances: 120, tags: 100},
	"many tags":     {hours: 3, events: 5000, classes: 5, users: 2, hosts: 2, instances: 2, tags: 30},
	"a fleet":       {hours: 3, events: 30000, classes: 5, users: 2, hosts: 2, instances: 200, tags: 2},
	"each instance": {hours: 2, events: 3000, classes: 20, users: 5, hosts: 20, instances: 4, tags: 5, perInstance: true},
}

// Hours that were archived are merged as those that were not: nothing of what is shown depends on it. Where
// the names have room it is the report of the whole log, but for what Merge and it have not in common.
func TestArchivedHoursAreMerged(t *testing.T) {
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	for name, w := range keptWorlds {
		rng := rand.New(rand.NewPCG(22, uint64(w.events)))
		whole, merged, restored := w.aggregator(start, w.hours), w.aggregator(start, w.hours), w.aggregator(start, w.hours)
		var parts []*digest.Aggregator
		for i := range w.hours {
			parts = append(parts, w.aggregator(start.Add(time.Duration(i)*time.Hour), 1))
		}
		for range w.events {
			at := time.Duration(rng.Int64N(int64(w.hours) * int64(time.Hour)))
			e, db := w.event(rng, start.Add(at))
			whole.Stream(db).Add(e)
			parts[at/time.Hour].Stream(db).Add(e)
		}
		for _, p := range parts {
			merged.Merge(p)
			if err := restored.AddArchived(archived(t, p)); err != nil {
				t.Fatal(name, err)
			}
		}
		if name == "a fleet" { // of more instances than are told apart those are that come first
			for _, c := range restored.Report(digest.Limit{}, digest.OrderBySum).Classes {
				sum := int64(0)
				for _, n := range c.Instances {
					sum += n
				}
				if sum != c.Calls || len(c.Instances) > 129 {
					t.Errorf("%d of %d calls on %d instances", sum, c.Calls, len(c.Instances))
				}
			}
			continue
		}
		got, want := reportText(t, restored), reportText(t, merged)
		if got != want {
			t.Errorf("%s: %s", name, firstDifference(got, want))
		}
		if want := reportText(t, whole); name != "many of all" && name != "many tags" && got != want {
			t.Errorf("%s, of the whole log: %s", name, firstDifference(got, want))
		}
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			from := max(0, i-5)
			return fmt.Sprintf("line %d:\n%s\nwant\n%s", i, strings.Join(a[from:i+1], "\n"), strings.Join(b[from:min(i+1, len(b))], "\n"))
		}
	}
	return "it ends early"
}

// The numbers of a merged report are those of the log: sums, calls, least and greatest exactly, quantiles within 1 %.
func TestArchivedNumbers(t *testing.T) {
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	for name, w := range keptWorlds {
		rng := rand.New(rand.NewPCG(23, uint64(w.events)))
		restored := w.aggregator(start, w.hours)
		times := map[string][]float64{} // by class
		rows := map[string]uint64{}
		var parts []*digest.Aggregator
		for i := range w.hours {
			parts = append(parts, w.aggregator(start.Add(time.Duration(i)*time.Hour), 1))
		}
		for range w.events {
			at := time.Duration(rng.Int64N(int64(w.hours) * int64(time.Hour)))
			e, db := w.event(rng, start.Add(at))
			parts[at/time.Hour].Stream(db).Add(e)
			key := string(e.SQL[:strings.Index(string(e.SQL), " (")])
			if w.perInstance {
				key += db
			}
			for range e.Weight {
				times[key] = append(times[key], math.Round(e.QueryTime*1e6)/1e6)
			}
			rows[key] += e.RowsExamined * e.Weight
		}
		for _, p := range parts {
			if err := restored.AddArchived(archived(t, p)); err != nil {
				t.Fatal(name, err)
			}
		}
		r := restored.Report(digest.Limit{}, digest.OrderBySum)
		if len(r.Classes) != len(times) {
			t.Errorf("%s: %d classes, want %d", name, len(r.Classes), len(times))
		}
		for _, c := range r.Classes {
			key := strings.TrimSuffix(c.Fingerprint, "(?+)")
			if w.perInstance {
				for db := range c.Instances {
					key += db
				}
			}
			all := times[key]
			if len(all) == 0 {
				t.Fatalf("%s: %q is not of the log", name, c.Fingerprint)
			}
			slices.Sort(all)
			sum := uint64(0)
			for _, v := range all {
				sum += uint64(math.Round(v * 1e6))
			}
			if c.Calls != int64(len(all)) || c.QueryTime.Sum != float64(sum)/1e6 || c.QueryTime.Min != all[0] || c.QueryTime.Max != all[len(all)-1] || c.RowsExamined.Sum != float64(rows[key]) {
				t.Errorf("%s: %q has %d calls, %+v; want %d, %v", name, key, c.Calls, c.QueryTime, len(all), sum)
			}
			for _, q := range []struct{ got, of float64 }{{c.QueryTime.Median, 0.5}, {c.QueryTime.P95, 0.95}} {
				at := q.of * float64(len(all)-1)
				low, high := all[int(at)], all[min(int(at)+1, len(all)-1)]
				if q.got < low*0.99 || q.got > high*1.01 {
					t.Errorf("%s: quantile %v of %q is %v, want %v to %v", name, q.of, key, q.got, low, high)
				}
			}
		}
	}
}

// Classes beyond what is kept are merged in the totals.
func TestArchivedFolded(t *testing.T) {
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	w := keptWorld{hours: 1}
	merged, restored := w.aggregator(start, 2), w.aggregator(start, 2)
	for hour := range 2 {
		a := w.aggregator(start.Add(time.Duration(hour)*time.Hour), 1)
		s := a.Stream("db")
		for i := range 12_000 {
			s.Add(&parser.Event{Time: start.Add(time.Duration(hour) * time.Hour), Weight: 1, QueryTime: float64(i) / 1e6, SQL: fmt.Appendf(nil, "select c%d from t", i*(hour+1))})
		}
		merged.Merge(a)
		r := archived(t, a)
		if r.Coverage.Folded == 0 {
			t.Fatal("nothing is folded")
		}
		if err := restored.AddArchived(r); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := reportText(t, restored), reportText(t, merged); got != want {
		t.Error(firstDifference(got, want))
	}
}

// Of the classes that a filter names alone the report is that of the log with this filter.
func TestArchivedOfIDs(t *testing.T) {
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	w := keptWorlds["usual"]
	rng := rand.New(rand.NewPCG(24, 1))
	all, restored, want := w.aggregator(start, 1), w.aggregator(start, 1), w.aggregator(start, 1)
	var events []*parser.Event
	var dbs []string
	for range 1000 {
		e, db := w.event(rng, start.Add(time.Minute))
		events, dbs = append(events, e), append(dbs, db)
		all.Stream(db).Add(e)
	}
	r := archived(t, all)
	f := &digest.Filter{IDs: []string{r.Classes[3].ID, r.Classes[5].ID[16:]}}
	restored.Filter, want.Filter = f, f
	for i, e := range events {
		want.Stream(dbs[i]).Add(e)
	}
	if err := restored.AddArchived(r); err != nil {
		t.Fatal(err)
	}
	got, expected := restored.Report(digest.Limit{}, digest.OrderBySum), want.Report(digest.Limit{}, digest.OrderBySum)
	got.Coverage.Filtered, expected.Coverage.Filtered, got.Coverage.Truncated, expected.Coverage.Truncated = 0, 0, 0, 0 // of calls, and of entries
	a, _ := json.MarshalIndent(got, "", " ")
	b, _ := json.MarshalIndent(expected, "", " ")
	if string(a) != string(b) || len(got.Classes) != 2 {
		t.Error(firstDifference(string(a), string(b)))
	}
}

// A report that does not hold what it takes is refused, as is one that was made up.
func TestNotArchived(t *testing.T) {
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	w := keptWorld{}
	a := w.aggregator(start, 1)
	for i := range 60 {
		a.Stream("db").Add(&parser.Event{Time: start, Weight: 1, QueryTime: 1 + float64(i), SQL: []byte("select a from t where b in (1,2)")})
		a.Stream("db2").Add(&parser.Event{Time: start, Weight: 1, QueryTime: 1 + float64(i), SQL: []byte("select a from t where b in (1,2)")})
	}
	if _, err := digest.Archived(a.Report(digest.Limit{Count: 1}, digest.OrderBySum)); err != nil {
		t.Error(err) // all that there is
	}
	a.Stream("db").Add(&parser.Event{Time: start, Weight: 1, SQL: []byte("select b from t")})
	if _, err := digest.Archived(a.Report(digest.Limit{Count: 1}, digest.OrderBySum)); err == nil {
		t.Error("a part is archived")
	}
	if err := w.aggregator(start, 1).AddArchived(a.Report(digest.Limit{}, digest.OrderBySum)); err == nil {
		t.Error("it was not archived")
	}
	whole, err := digest.Archived(a.Report(digest.Limit{}, digest.OrderBySum))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(whole)
	if err := w.aggregator(start, 1).AddArchived(archived(t, a)); err != nil {
		t.Error(err)
	}
	for from, to := range map[string]string{
		`"totals":"`: `"totals":"AAAA`, `"parts":[[`: `"parts":[[1,1,1],[`, `"timeline":[`: `"timeline":[1,`, `"lists":"`: `"lists":"AAAA`, `"kept":{"totals"`: `"kept":{"sums"`,
	} {
		bad := strings.Replace(string(text), from, to, 1)
		r := new(digest.Report)
		if err := json.Unmarshal([]byte(bad), r); err != nil || bad == string(text) {
			t.Fatal(from, err, bad == string(text))
		}
		if err := w.aggregator(start, 1).AddArchived(r); err == nil {
			t.Errorf("%s is taken", to)
		}
	}
	// Whatever the numbers are, they are taken or refused.
	rng := rand.New(rand.NewPCG(22, 3))
	for range 2000 {
		r := archived(t, a)
		for _, numbers := range [][]byte{r.Classes[0].Kept.Totals, r.Classes[0].Kept.Lists} {
			for range rng.IntN(4) {
				numbers[rng.IntN(len(numbers))] = byte(rng.Uint32())
			}
		}
		if to := w.aggregator(start, 1); to.AddArchived(r) == nil {
			to.Report(digest.Limit{}, digest.OrderBySum)
		}
	}
	for n := range len(archived(t, a).Classes[0].Kept.Totals) {
		r := archived(t, a)
		r.Classes[0].Kept.Totals = r.Classes[0].Kept.Totals[:n]
		if err := w.aggregator(start, 1).AddArchived(r); err == nil {
			t.Errorf("the first %d bytes are taken", n)
		}
	}
}
