package plans

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"slowdigest/parser/explain"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// shape makes that of a scan, or of a read by a key.
func shape(key string) *explain.Shape {
	row := explain.Row{Select: "SIMPLE", Table: "orders", Type: "ref", Key: key}
	if key == "" {
		row.Type = "ALL"
	}
	return &explain.Shape{ID: "id of " + key, Rows: []explain.Row{row}}
}

func planOf(key string, rows, read float64) explain.Plan {
	return explain.Plan{Shape: shape(key), Numbers: []explain.Numbers{{Rows: rows, Read: read, Filtered: 100, ReadFiltered: 50}}}
}

// filled returns a Tally of as many calls with each key, minute by minute.
func filled(room *int, calls ...string) (t *Tally) {
	for i, key := range calls {
		t = t.Add(planOf(key, 100, 40), noon.Add(time.Duration(i)*time.Minute), 1, 1e6, room)
	}
	return t
}

func times(n int, key string) []string { return slices.Repeat([]string{key}, n) }

// The usual plan has the most calls, the worst takes the longest, and numbers are means.
func TestUsualAndWorst(t *testing.T) {
	room := Room
	var x *Tally
	if x.Add(explain.Plan{}, noon, 1, 1, &room) != nil || x.Merge(nil, &room) != nil || x.Report() != nil || x.Size() != 0 || room != Room {
		t.Error("there are plans")
	}
	for i := range 30 {
		x = x.Add(planOf("a", 10, float64(i)), noon.Add(time.Duration(i)*time.Second), 1, 1000, &room)
	}
	x = x.Add(planOf("b", 7, -1), noon, 20, 20, &room)
	x = x.Add(planOf("", 100, 90), noon, 2, 2e6, &room)
	p := x.Report()
	if p.Calls != 52 || p.Usual.Calls != 30 || p.Usual.Rows[0].Key != "a" || *p.Usual.Rows[0].Read != 14.5 || *p.Usual.Rows[0].Estimated != 10 || *p.Usual.Rows[0].ReadFiltered != 50 {
		t.Errorf("%+v", p.Usual)
	}
	if p.Worst == nil || p.Worst.Calls != 2 || p.Worst.QueryTime != 2 || p.Worst.Rows[0].Type != "ALL" || p.Scans() != 2 {
		t.Errorf("%+v", p.Worst)
	}
	if len(p.Others) != 1 || p.Others[0].Rows[0].Read != nil || *p.Others[0].Rows[0].Estimated != 7 || p.Rest != nil {
		t.Errorf("%+v", p.Others)
	}
	if !p.Usual.First.Equal(noon) || !p.Usual.Last.Equal(noon.Add(29*time.Second)) || p.Find("id of b").Calls != 20 || p.Find("none") != nil {
		t.Error(p.Usual.First, p.Usual.Last)
	}
}

// A change is one where all calls with a plan came before all with another, which chance would not do.
func TestChange(t *testing.T) {
	for _, test := range []struct {
		name  string
		calls [][]string
		want  bool
	}{
		{"many and many", [][]string{times(40, "a"), times(30, "")}, true},
		{"the edge", [][]string{times(17, "a"), times(3, "")}, true},
		{"one less than that", [][]string{times(16, "a"), times(3, "")}, false},
		{"too few of one", [][]string{times(900, "a"), times(2, "")}, false},
		{"six and six", [][]string{times(6, "a"), times(6, "")}, false},
		{"and back", [][]string{times(20, "a"), times(20, ""), times(1, "a")}, false},
		{"by turns", [][]string{times(20, "a"), times(20, ""), times(20, "a"), times(20, "")}, false},
		{"with others between", [][]string{times(20, "a"), times(2, "b"), times(20, "")}, true},
		{"and then a third", [][]string{times(20, "a"), times(20, ""), times(2, "b")}, false},
		{"with many others", [][]string{times(20, "b"), times(9, "a"), times(9, ""), times(20, "b")}, false},
	} {
		room := Room
		all := slices.Concat(test.calls...)
		p := filled(&room, all...).Report()
		if (p.Change != nil) != test.want {
			t.Errorf("%s: %+v", test.name, p.Change)
		}
		if p.Change == nil {
			continue
		}
		to := noon.Add(time.Duration(slices.Index(all, "")) * time.Minute)
		if c := p.Change; c.From != "id of a" || c.To != "id of " || !c.Since.Equal(to) || !c.Until.Before(to) {
			t.Errorf("%s: %+v", test.name, c)
		}
	}
	// What has no times, and that no row matches, is no change.
	room := Room
	var x *Tally
	for _, key := range slices.Concat(times(20, "a"), times(20, "")) {
		x = x.Add(planOf(key, 1, 1), time.Time{}, 1, 1, &room)
	}
	if x.Report().Change != nil {
		t.Error("a change without times")
	}
	none := explain.Plan{Shape: &explain.Shape{ID: "none", Rows: []explain.Row{{Extra: []string{"Impossible WHERE"}}}}, Numbers: make([]explain.Numbers, 1)}
	x = filled(&room, times(20, "a")...)
	for range 20 {
		x = x.Add(none, noon.Add(time.Hour), 1, 1, &room)
	}
	if x.Report().Change != nil {
		t.Error("a change to nothing")
	}
}

// Few plans are exact, and of many those with the most time are told; none has more than it had, and all add up. What was
// counted in parts and merged is as good. The room is what they take.
func TestMany(t *testing.T) {
	for _, n := range []int{1, maxKept, maxKept + 1, 500} {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		type had struct {
			calls int64
			us    uint64
		}
		truth, total := map[string]had{}, had{}
		room, parted := Room, Room
		var whole, merged *Tally
		parts := make([]*Tally, 3)
		for i := range 6000 {
			key := fmt.Sprint(r.IntN(n))
			if i%4 == 0 {
				key = "0"
			}
			us := uint64(r.IntN(1e6))
			truth[key] = had{truth[key].calls + 1, truth[key].us + us}
			total = had{total.calls + 1, total.us + us}
			whole = whole.Add(planOf(key, 1, 1), noon, 1, us, &room)
			parts[i%3] = parts[i%3].Add(planOf(key, 1, 1), noon, 1, us, &parted)
		}
		inParts := parted
		for _, p := range parts {
			merged = merged.Merge(p, &parted)
		}
		if room != Room-whole.Size() || parted != inParts-merged.Size() {
			t.Errorf("%d plans: room for %d and %d, of %d and %d", n, room, parted, Room-whole.Size(), inParts-merged.Size())
		}
		restored, err := Restore(through(t, merged.Store()), merged.Report())
		if was, is := text(t, merged.Report()), text(t, restored.Report()); err != nil || was != is {
			t.Errorf("%d plans: %v, %s\nand restored\n%s", n, err, was, is)
		}
		for _, x := range []*Tally{whole, merged, restored} {
			p := x.Report()
			sum, us := int64(0), 0.0
			for _, k := range p.All() {
				sum, us = sum+k.Calls, us+k.QueryTime
				if w := truth[k.Rows[0].Key]; k.Calls > w.calls || k.QueryTime > seconds(w.us)+1e-6 {
					t.Errorf("%d plans: %+v, and it had %+v", n, k, w)
				}
			}
			if p.Rest != nil {
				sum, us = sum+p.Rest.Calls, us+p.Rest.QueryTime
			}
			if sum != total.calls || math.Abs(us-seconds(total.us)) > 1e-3 || p.Find("id of 0") == nil || len(p.All()) > maxKept || (n <= maxKept) != (p.Rest == nil) {
				t.Errorf("%d plans: %d calls, %v s, %+v", n, sum, us, p.Rest)
			}
		}
	}
}

// through returns what comes out of an archive.
func through(t *testing.T, s *Stored) *Stored {
	t.Helper()
	out := new(Stored)
	if err := json.Unmarshal([]byte(text(t, s)), out); err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What does not fit together is not restored.
func TestNotRestored(t *testing.T) {
	if x, err := Restore(nil, nil); x != nil || err != nil || x.Store() != nil {
		t.Error(x, err)
	}
	room := Room
	x := filled(&room, "a", "b")
	for name, change := range map[string]func(*Stored){
		"another plan": func(s *Stored) { s.Plans[0].ID = "x" },
		"fewer rows":   func(s *Stored) { s.Plans[0].Sums = nil },
		"more rows":    func(s *Stored) { s.Plans[1].Calls = append(s.Plans[1].Calls, [2]int64{}) },
		"more over":    func(s *Stored) { s.Plans[1].Over = s.Plans[1].Us + 1 },
	} {
		s := through(t, x.Store())
		change(s)
		if _, err := Restore(s, x.Report()); err == nil {
			t.Errorf("%s: it is restored", name)
		}
	}
	if _, err := Restore(x.Store(), nil); err == nil {
		t.Error("it is restored of nothing")
	}
}

// Where there is no room, plans are counted together, and those that are there go on.
func TestRoom(t *testing.T) {
	room := 2
	x := filled(&room, "a", "b", "c", "a")
	p := x.Report()
	if p.Usual.Rows[0].Key != "a" || p.Usual.Calls != 2 || len(p.All()) != 2 || p.Calls != 4 || p.Rest.Calls != 1 || room != 0 {
		t.Errorf("%+v, room for %d", p, room)
	}
	if none := filled(new(int), "a"); none.Report() != nil || none.Size() != 0 {
		t.Error("a plan without room")
	}
	other := Room
	x = x.Merge(filled(&other, "c", "a", "d"), &room)
	if p := x.Report(); p.Usual.Calls != 3 || len(p.All()) != 2 || p.Rest.Calls != 3 || x.Size() != 2 || room != 0 {
		t.Errorf("%+v, room for %d", p, room)
	}
}

// Counting a plan that is known allocates nothing.
func TestNoAllocation(t *testing.T) {
	room := Room
	a, b := planOf("a", 1, 1), planOf("b", 1, 1)
	x := (*Tally)(nil).Add(a, noon, 1, 1, &room).Add(b, noon, 1, 1, &room)
	if n := testing.AllocsPerRun(100, func() { x.Add(a, noon, 1, 1, &room).Add(b, noon, 1, 1, &room) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
