package digest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
)

// firstHour is a Saturday: what is learnt first is least typical.
var firstHour = hourOf(noon) - 2*hoursADay - 12

func simulationSeed(t testing.TB) uint64 {
	seed := uint64(1)
	if s := os.Getenv("SLOWDIGEST_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("SLOWDIGEST_SEED=%d", seed)
	return seed
}

// simulate runs hours through a history and shows each report from a day on. Those before are only
// remembered, which takes less time.
func simulate(t testing.TB, tr *traffic, from, days int, see func(at hour, r *Report)) {
	var h History
	for at := firstHour; at < firstHour+hour(days)*hoursADay; at++ {
		r := tr.hour(at)
		if at < firstHour+hour(from)*hoursADay {
			r.Past = &Past{}
			if err := h.Add(r); err != nil {
				t.Fatal(err)
			}
			continue
		}
		h.Compare(r, Options{})
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
		h.MarkReported(r)
		see(at, r)
	}
}

// simulated returns the class of an ID.
func (t *traffic) simulated(id string) *simulated {
	n, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		panic(err)
	}
	return t.classes[n-1]
}

var kinds = []ChangeKind{New, Worse, Back, Better, Gone}

// falseAlarms counts what is said of eight weeks of steady traffic, by its kind.
type falseAlarms struct {
	hours int // class-hours after the first day
	heavy int // those with a second and a hundredth of the time
	said  map[ChangeKind]int
}

func (f *falseAlarms) total() int {
	n := 0
	for _, k := range kinds {
		n += f.said[k]
	}
	return n
}

func steady(t testing.TB, seed uint64, runs int) (order []string, by map[string]*falseAlarms) {
	by = map[string]*falseAlarms{}
	for run := range runs {
		tr := &traffic{rng: rand.New(rand.NewPCG(seed, uint64(run)))}
		for range 3 {
			for _, s := range tr.kinds() {
				tr.add(s)
				if by[s.what] == nil {
					by[s.what] = &falseAlarms{said: map[ChangeKind]int{}}
					order = append(order, s.what)
				}
			}
		}
		simulate(t, tr, 0, 56, func(_ hour, r *Report) {
			if r.Past.Learning {
				return
			}
			for _, c := range r.Classes {
				f := by[tr.simulated(c.ID).what]
				f.hours++
				if c.QueryTime.Sum >= minTime && c.Share >= minShare {
					f.heavy++
				}
				if c.Change != nil && c.Change.Since.IsZero() { // or it was said before
					f.said[c.Change.Kind]++
				}
			}
			for _, g := range r.Past.Gone {
				by[tr.simulated(g.ID).what].said[Gone]++
			}
		})
	}
	return order, by
}

// A trial is a known change of a class whose traffic is otherwise steady.
type trial struct {
	what   string
	want   ChangeKind // empty where nothing need be said
	of     []string   // kinds of traffic that it is tried on
	change func(s simulated, at hour) simulated
	must   float64 // the part of the classes of which it has to be said
}

var (
	ordinary = []string{"even", "day and night", "office hours", "few long calls"}
	jobs     = []string{"nightly job", "wandering job"}
)

func trials() []trial {
	calls := func(times float64) func(simulated, hour) simulated {
		return func(s simulated, _ hour) simulated { s.calls *= times; return s }
	}
	each := func(times float64) func(simulated, hour) simulated {
		return func(s simulated, _ hour) simulated { s.median *= times; return s }
	}
	return []trial{
		{"1.3 times the calls", "", ordinary, calls(1.3), 0},
		{"twice the calls", Worse, ordinary, calls(2), 0},
		{"3 times the calls", Worse, ordinary, calls(3), 0.8},
		{"5 times the calls", Worse, ordinary, calls(5), 0.9},
		{"a call takes twice as long", Worse, ordinary, each(2), 0},
		{"a call takes 3 times as long", Worse, ordinary, each(3), 0.8},
		{"a call takes 10 times as long", Worse, ordinary, each(10), 0.95},
		{"the long calls become longer", Worse, ordinary[:3], func(s simulated, _ hour) simulated { s.sigma *= 2.2; return s }, 0.9},
		{"3 times the calls, by night only", Worse, ordinary[:3], func(s simulated, at hour) simulated {
			if at.time().Hour() < 6 {
				s.calls *= 3
			}
			return s
		}, 0.5},
		{"5 times the calls, of what is unsteady", Worse, []string{"unsteady", "bursts", "long-tailed"}, calls(5), 0},
		{"a job takes 3 times as long", Worse, jobs, each(3), 0},
		{"a job takes 5 times as long", Worse, jobs, each(5), 0.8},
		{"a class that never was", New, ordinary, func(s simulated, _ hour) simulated { return s }, 1},
		{"a class returns after 20 days", Back, ordinary, func(s simulated, _ hour) simulated { return s }, 1},
		{"a call takes a fifth of the time", Better, ordinary, each(0.2), 0.5},
		{"a third of the calls", Better, ordinary, calls(0.3), 0},
		{"a class is no longer called", Gone, ordinary, calls(0), 0.9},
		{"a job is no longer run", Gone, jobs, calls(0), 0.9},
	}
}

// outcome counts what came of the trials of a change.
type outcome struct {
	trials int
	after  []int // hours, or runs of a job, until it was said
}

// tryChanges has each change happen to some classes, at random times of the
// third and fourth week.
func tryChanges(t testing.TB, seed uint64, runs int) []outcome {
	all := trials()
	outcomes := make([]outcome, len(all))
	for run := range runs {
		tr := &traffic{rng: rand.New(rand.NewPCG(seed+1000, uint64(run)))}
		for _, s := range tr.kinds() {
			tr.add(s)
		}
		of := map[string]int{} // which trial a class is in
		for i, x := range all {
			s := tr.victim(x, run)
			of[s.id] = i
			outcomes[i].trials++
		}
		seen, found := map[string]int{}, map[string]bool{}
		simulate(t, tr, 20, 35, func(at hour, r *Report) {
			say := func(id string, kind ChangeKind) {
				i, ok := of[id]
				s := tr.simulated(id)
				if o := &outcomes[i]; ok && at >= s.since && !found[id] && kind == all[i].want {
					found[id] = true
					o.after = append(o.after, seen[id])
				}
			}
			for id, i := range of {
				if s := tr.simulated(id); at >= s.since && all[i].want == Gone {
					seen[id]++
				}
			}
			for _, c := range r.Classes {
				if i, ok := of[c.ID]; ok && at >= tr.simulated(c.ID).since && all[i].want != Gone {
					seen[c.ID]++
				}
				if c.Change != nil {
					say(c.ID, c.Change.Kind)
				}
			}
			for _, g := range r.Past.Gone {
				say(g.ID, Gone)
			}
		})
	}
	return outcomes
}

// victim adds a class that the change will happen to.
func (t *traffic) victim(x trial, run int) *simulated {
	what := x.of[run%len(x.of)]
	var s simulated
	for s.what != what || s.calls*s.median < 8 { // seconds per hour: it has to matter
		kinds := t.kinds()
		s = kinds[slices.IndexFunc(kinds, func(s simulated) bool { return s.what == what })]
	}
	s.from = firstHour + 21*hoursADay + hour(t.rng.IntN(7*hoursADay))
	switch x.want {
	case New, Back:
		from, absent := s.from, s.from-20*hoursADay
		s.from = 0
		s.change = func(s simulated, at hour) simulated {
			if at < from && (x.want == New || at >= absent) {
				s.calls = 0
			}
			return s
		}
		v := t.add(s)
		v.since = from
		return v
	}
	s.change, s.since = x.change, s.from
	return t.add(s)
}

var (
	update      = flag.Bool("update", false, "write what was measured into docs/changes.md")
	simulations = flag.Int("simulations", 1, "how many times the simulations are run; more only print their table")
)

// TestChangesOnSimulatedTraffic measures the rule: how often it is wrong about
// steady traffic, and how soon it reports known changes. The table is in
// docs/changes.md.
func TestChangesOnSimulatedTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("measures ten weeks of traffic many times")
	}
	seed := simulationSeed(t)
	var b strings.Builder
	fmt.Fprintf(&b, "| steady traffic | class-hours | NEW | WORSE | BACK | BETTER | GONE | in all |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	order, by := steady(t, seed, 3**simulations)
	sum := falseAlarms{said: map[ChangeKind]int{}}
	for _, what := range order {
		f := by[what]
		f.row(&b, what)
		sum.hours += f.hours
		sum.heavy += f.heavy
		for k, n := range f.said {
			sum.said[k] += n
		}
		// Of what is there so rarely that nothing else can be known, only the whole counts.
		if f.hours > 2000 && 200*f.total() > f.hours {
			t.Errorf("%s: %d false alarms in %d class-hours", what, f.total(), f.hours)
		}
	}
	sum.row(&b, "all")
	if 200*sum.total() > sum.heavy {
		t.Errorf("%d false alarms in %d class-hours that matter", sum.total(), sum.heavy)
	}
	fmt.Fprintf(&b, "\n| change | word | said of | after | at the latest |\n|---|---|--:|--:|--:|\n")
	for i, o := range tryChanges(t, seed, 10**simulations) {
		o.row(&b, &trials()[i])
		if w := trials()[i]; w.must > 0 && float64(len(o.after)) < w.must*float64(o.trials) {
			t.Errorf("%s: %s was said of %d in %d", w.what, w.want, len(o.after), o.trials)
		}
	}
	if *simulations > 1 || os.Getenv("SLOWDIGEST_SEED") != "" {
		t.Log("\n" + b.String())
		return
	}
	inDocumentation(t, "measured", b.String())
}

func (f *falseAlarms) row(b *strings.Builder, what string) {
	fmt.Fprintf(b, "| %s | %s |", what, humanize.Comma(int64(f.hours)))
	for _, k := range kinds {
		fmt.Fprintf(b, " %d |", f.said[k])
	}
	rate := "none"
	if n := f.total(); n > 0 {
		rate = "1 in " + humanize.Comma(int64(f.hours/n))
	}
	fmt.Fprintf(b, " %s |\n", rate)
}

func (o *outcome) row(b *strings.Builder, x *trial) {
	word, after, latest := string(x.want), "", ""
	if word == "" {
		word = "none"
	}
	if n := len(o.after); n > 0 {
		unit := "h"
		if x.want == Worse && strings.HasPrefix(x.what, "a job") {
			unit = "nights"
		}
		slices.Sort(o.after)
		after, latest = fmt.Sprint(o.after[n/2]), fmt.Sprint(o.after[n-1], " ", unit)
	}
	fmt.Fprintf(b, "| %s | %s | %d of %d | %s | %s |\n", x.what, word, len(o.after), o.trials, after, latest)
}

// inDocumentation compares what was measured with the part of docs/changes.md that has the name.
func inDocumentation(t *testing.T, name, measured string) {
	const path, end = "../docs/changes.md", "<!-- end -->"
	begin := "<!-- " + name + " -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	stands, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks its marks", path)
	}
	switch {
	case *update:
		if err := os.WriteFile(path, []byte(before+begin+measured+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	case runtime.GOARCH == "amd64" && stands != measured: // others round differently
		t.Errorf("%s holds\n%s\nmeasured was (-update writes it)\n%s", path, stands, measured)
	}
}
