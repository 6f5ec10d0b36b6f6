package digest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/digest/releases"
)

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func reread(t testing.TB, h *History) *History {
	t.Helper()
	var again History
	if err := json.Unmarshal([]byte(marshal(t, *h)), &again); err != nil {
		t.Fatal(err)
	}
	return &again
}

// A history is the same whether it is stored in between or not, and whether
// hours come twice; and a report is compared alike before and after its hour was
// added, so that a digest can be made anew.
func TestHistoryIsAFold(t *testing.T) {
	seed := simulationSeed(t)
	tr := &traffic{rng: rand.New(rand.NewPCG(seed, 7))}
	for _, s := range tr.kinds() {
		tr.add(s)
		s.from, s.change = firstHour+hour(400+tr.rng.IntN(50)), func(s simulated, _ hour) simulated {
			s.calls *= 4
			return s
		}
		tr.add(s)
	}
	var kept, stored History
	for at := firstHour; at < firstHour+25*hoursADay; at++ {
		r := tr.hour(at)
		r.Coverage.Complete = at%50 != 0
		if at%60 == 0 {
			continue // an hour that is never read
		}
		if at%31 == 0 {
			for _, h := range []*History{&kept, &stored} {
				h.MarkRelease(Release{Name: fmt.Sprint("v", at), At: at.time().Add(20 * time.Minute)}, false)
			}
		}
		kept.Compare(r, Options{})
		first := marshal(t, r)
		before := marshal(t, kept)
		for _, h := range []*History{&kept, &stored} {
			if err := h.Add(r); err != nil {
				t.Fatal(err)
			}
			h.MarkReported(r)
		}
		if at%40 == 0 {
			if before == marshal(t, kept) {
				t.Fatal("an hour changes nothing")
			}
			if again := reread(t, &stored); marshal(t, again) != marshal(t, stored) {
				t.Fatalf("reread at %v, it differs", at.time())
			}
			stored = *reread(t, &stored)
			for _, late := range []*Report{r, tr.hour(at - 5)} {
				if err := stored.Add(late); err != nil {
					t.Fatal(err)
				}
			}
			stored.MarkReported(r)
		}
		r.Past = nil
		for i := range r.Classes {
			r.Classes[i].Change = nil
		}
		kept.Compare(r, Options{})
		if again := marshal(t, r); again != first {
			t.Fatalf("%v: after it was added:\n%s\nbefore:\n%s", at.time(), again, first)
		}
	}
	if marshal(t, kept) != marshal(t, stored) {
		t.Error("the histories differ")
	}
}

func TestAddWantsAnHour(t *testing.T) {
	for _, w := range []Window{
		{noon, noon.Add(2 * time.Hour)}, {noon.Add(time.Minute), noon.Add(61 * time.Minute)}, {noon, noon.Add(15 * time.Minute)}, {},
	} {
		var h History
		if err := h.Add(&Report{Window: w}); err == nil || !reflect.DeepEqual(h, History{}) {
			t.Errorf("%v: %v, %+v", w, err, h)
		}
	}
}

// The text of a history is IDs and numbers.
func TestHistoryJSON(t *testing.T) {
	var h History
	h.pass(t, hourReport(firstHour, work{10, 100}))
	const want = `{"since":"2026-11-21T00:00:00Z","hours":"8LcengA=","classes":{` +
		`"AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB":"8LceAAAAAAAAAAAAAGhyRg==","CCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD":"8LceAAAAAAAAAAAAAJ5yfA=="},"calls":"fQ==","more":"aQGfAQ=="}`
	if got := marshal(t, h); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var read History
	if err := json.Unmarshal([]byte(`{"later":[1],"classes":{}}`), &read); err != nil {
		t.Errorf("a history of another release: %v", err)
	}
	if r := read.pass(t, hourReport(firstHour, work{10, 100})); !r.Past.Learning || !r.Past.Since.Equal(firstHour.time()) {
		t.Errorf("nothing remembered: %+v", r.Past)
	}
	for _, s := range []string{
		`[]`, `{"hours":"AA"}`, `{"hours":"//////////8="}`, `{"classes":{"A":""}}`, `{"classes":{"A":"oLQeAAAAAAAA"}}`, `{"classes":{"A":"????"}}`,
		`{"ran":{"orders-1":"oLQe"}}`, `{"ran":{"orders-1":"AQ=="}}`,
	} {
		if err := json.Unmarshal([]byte(s), new(History)); err == nil {
			t.Errorf("%s is no error", s)
		}
	}
}

func FuzzHistory(f *testing.F) {
	var h History
	h.hoursOfWork(f, firstHour, 30, work{10, 100})
	f.Add([]byte(marshal(f, h)))
	f.Add([]byte(`{"hours":"////","classes":{"AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB":"gICABICAgASAgIAEgICABICAgASAgIAEgICABICAgAQBAQGAgIAEAQEB"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h History
		if json.Unmarshal(text, &h) != nil {
			return
		}
		r := hourReport(dayHour(1, 6), work{100, 100})
		h.Compare(r, Options{})
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
		h.MarkReported(r)
		reread(t, &h)
	})
}

func TestForgetting(t *testing.T) {
	var h History
	h.hoursOfWork(t, firstHour, 30, work{10, 100})
	for day := 2; day <= 184; day++ {
		h.pass(t, hourReport(dayHour(day, 6), work{}))
		if _, err := h.Resolve("bbbbbbbbbbbbbbbb"); (err == nil) != (day < 184) {
			t.Fatalf("day %d: %v", day, err)
		}
	}
	if n := len(h.hours); n > 15 {
		t.Errorf("%d hours", n)
	}
}

// worstReport has n classes whose numbers take the most room.
func worstReport(rng *rand.Rand, at hour, n int, complete bool) *Report {
	r := &Report{Window: Window{at.time(), (at + 1).time()}, Coverage: Coverage{Complete: complete}}
	for i := range n {
		c := classOf(fmt.Sprintf("%032X", i+1<<40), work{1e-2 * float64(i+1) * 1000 * rng.Float64(), 20 + rng.Int64N(1000)})
		r.Classes = append(r.Classes, c)
		r.Overall.QueryTime.Sum += c.QueryTime.Sum
	}
	for i := range maxHistoryInstances + 10 {
		r.Overall.ByInstance = append(r.Overall.ByInstance, InstanceTotal{Instance: fmt.Sprintf("%063d", i), Calls: 1000, QueryTime: 1000})
	}
	r.rank()
	return r
}

const megabyte = 1_000_000

func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a history several times")
	}
	rng := rand.New(rand.NewPCG(simulationSeed(t), 3))
	var h History
	biggest := 0
	measure := func() { biggest = max(biggest, len(marshal(t, h))) }
	// Each class has an old past, and is reported.
	for _, at := range []hour{firstHour, firstHour + 2000} {
		h.pass(t, worstReport(rng, at, maxHistoryClasses+500, true))
	}
	for i := range hour(30) {
		r := worstReport(rng, firstHour+4000+i, maxHistoryClasses+500, true)
		if i == 20 {
			for k := range r.Classes {
				r.Classes[k].Change = &Change{Kind: []ChangeKind{Worse, Better}[k%2]}
				r.Past = &Past{Gone: append(make([]GoneClass, 0, 1), GoneClass{ID: r.Classes[k].ID}), Ended: []Ended{{ID: r.Classes[k].ID}}}
				h.MarkReported(r)
			}
			r.Past = nil
			for _, p := range h.classes { // owes what it was before, and is named at length
				p.form = 1<<55 + 4
				p.label = strings.Repeat("l", 64)
				if p.lately() > 0 {
					p.told, p.owed, p.unseen, p.prior, p.found = p.ended, p.ended, p.ended, p.worse, finding{slowest, 24, 255}
				}
			}
			h.MarkReported(&Report{Window: r.Window})
		}
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			measure()
		}
	}
	// Classes that are seen every other hour take the most for each.
	for i := range hour(168) {
		if err := h.Add(worstReport(rng, firstHour+5000+2*i, 540, true)); err != nil {
			t.Fatal(err)
		}
	}
	newest := h.hours[len(h.hours)-1].at
	var line classLine
	for i := range line {
		line[i] = 255
	}
	for i := range releases.Max { // as many as there can be, with names as long
		name := fmt.Sprintf("%080d", i)
		h.MarkRelease(Release{Name: name, At: newest.time().Add(-time.Duration(i) * time.Minute), ByTag: true}, true)
		h.watch.Add(newest.time().Add(-time.Duration(i)*time.Hour), []releases.Seen{{Application: name, Release: name}})
	}
	h.lines = nil
	for i := range hour(maxLines) {
		l := lineHour{newest - maxLines + 1 + i, map[string]classLine{}}
		for _, w := range h.byTime()[len(h.classes)-maxLineClasses:] {
			l.of[w.id] = line
		}
		h.lines = append(h.lines, l)
	}
	h.makeRoom() // as the next hour does
	measure()
	if again := reread(t, &h); len(again.lines) != maxLines || len(again.lines[0].of) != maxLineClasses || len(again.marks) != releases.Max || len(again.watch) < 40 {
		t.Errorf("%d lines, %d marks, %d releases", len(again.lines), len(again.marks), len(again.watch))
	}
	t.Logf("%d bytes at most, %d classes", biggest, len(h.classes))
	if biggest > megabyte || biggest < megabyte/2 {
		t.Errorf("%d bytes of JSON", biggest)
	}
	if len(h.classes) != maxHistoryClasses || h.forgot == 0 {
		t.Errorf("%d classes, %d forgot", len(h.classes), h.forgot)
	}
	r := worstReport(rng, firstHour+6000, 10, true)
	if h.Compare(r, Options{}); r.Past.Forgot != h.forgot {
		t.Errorf("past %+v", r.Past)
	}
}

// A label keeps its form in a state, those after so many bytes of forms only what is not a word.
func TestFormsWithinTheirBytes(t *testing.T) {
	const long, bytes = 1<<40 + 2, 6
	for _, n := range []int{maxForms / bytes, maxForms/bytes + 1, maxForms/bytes + 2, 2000} {
		h := History{classes: map[string]*past{}}
		for i := range n {
			h.classes[fmt.Sprintf("%032X", i)] = &past{first: firstHour, last: firstHour, from: firstHour, form: long}
		}
		var read History
		if err := json.Unmarshal([]byte(marshal(t, &h)), &read); err != nil {
			t.Fatal(err)
		}
		whole := 0
		for id, p := range read.classes {
			switch p.form {
			case long:
				whole++
			case 2:
			default:
				t.Errorf("%s has %d", id, p.form)
			}
		}
		if want := min(n, maxForms/bytes+1); whole != want || len(read.classes) != n {
			t.Errorf("of %d classes %d have their form, want %d", len(read.classes), whole, want)
		}
	}
}

// A class is known for 183 days, and its hours, as those of the channel, for 14.
func TestForgettingAtItsBounds(t *testing.T) {
	for _, test := range []struct {
		later hour
		known bool
		hours int
	}{
		{0, true, 1}, {historyHours, true, 1}, {historyHours + 1, true, 0}, {forgottenAfter, true, 0}, {forgottenAfter + 1, false, 0},
	} {
		var h History
		h.pass(t, hourReport(firstHour, work{10, 100}))
		if test.later > 0 {
			h.pass(t, hourReport(firstHour+test.later, work{}))
		}
		p := h.classes[watched]
		if (p != nil) != test.known || p != nil && len(p.hours) != test.hours {
			t.Errorf("%d hours later: %+v", test.later, p)
		}
		if kept := h.hours[0].at == firstHour; kept != (test.later <= historyHours) {
			t.Errorf("%d hours later the first is kept: %v", test.later, kept)
		}
	}
}

// 5,000 classes and 69,000 of their hours are kept. Beyond, the classes with the
// least time go first, of equals the one unseen for longest.
func TestRoom(t *testing.T) {
	at := firstHour
	fill := func(classes, hours int) *History {
		h := History{hours: []wholeHour{{at: at}}, classes: map[string]*past{}}
		for i := range classes {
			p := &past{last: at - hour(i%3)}
			for k := range hours / classes {
				p.hours = append(p.hours, classHour{at: at - hour(k), time: level(100 + i%2 - k%2), p95: level(50 + k%2), calls: 9})
			}
			h.classes[fmt.Sprintf("%032d", i)] = p
		}
		p := h.classes[fmt.Sprintf("%032d", 7)] // takes the rest
		for range hours % classes {
			p.hours = append(p.hours, classHour{at: at, time: 200})
		}
		h.makeRoom()
		return &h
	}
	count := func(h *History) (n int) {
		for _, p := range h.classes {
			n += len(p.hours)
		}
		return n
	}
	const each = maxClassHours / 1000
	for _, test := range []struct{ classes, hours, forgot, kept int }{
		{maxHistoryClasses - 1, 0, 0, 0}, {maxHistoryClasses, 0, 0, 0}, {maxHistoryClasses + 1, 0, 1, 0}, {maxHistoryClasses + 2, 0, 2, 0},
		{1000, maxClassHours, 0, maxClassHours}, {1000, maxClassHours + 1, 0, maxClassHours + 1 - each}, {1000, maxClassHours + each, 0, maxClassHours},
		{1000, maxClassHours + each + 1, 0, maxClassHours + 1 - each}, {maxHistoryClasses + 1, 14 * (maxHistoryClasses + 1), 1, maxClassHours - maxClassHours%14},
	} {
		h := fill(test.classes, test.hours)
		if h.forgot != test.forgot || len(h.classes) != test.classes-test.forgot || count(h) != test.kept {
			t.Errorf("%d classes, %d hours: %d forgot, %d hours kept", test.classes, test.hours, h.forgot, count(h))
		}
	}

	// Even numbers have less time, and 2, 8, 14 … were seen two hours ago.
	h := fill(maxHistoryClasses+1, 2*maxHistoryClasses+2)
	if h.classes[fmt.Sprintf("%032d", 2)] != nil || h.forgot != 1 {
		t.Error("not the lightest, longest unseen and first class was forgotten")
	}
	h = fill(1000, maxClassHours+1)
	if p := h.classes[fmt.Sprintf("%032d", 2)]; p.hours != nil || p.highest.time != 100 || p.highest.p95 != 51 || p.from != at+1 {
		t.Errorf("%+v", p)
	}
	if p := h.classes[fmt.Sprintf("%032d", 8)]; len(p.hours) != each || p.highest.time != 0 {
		t.Errorf("%+v", p)
	}
	// What was given up still counts for a class's time.
	h.classes["A"] = &past{last: at, highest: classHour{time: 255}}
	if all := h.byTime(); all[len(all)-1].id != "A" || all[0].id != fmt.Sprintf("%032d", 2) {
		t.Errorf("the heaviest is %s, the lightest %s", all[len(all)-1].id, all[0].id)
	}
}

// WORSE is reported anew after a day; BETTER and GONE each time.
func TestMarkReported(t *testing.T) {
	for _, test := range []struct {
		kind                ChangeKind
		later               hour
		worse, better, gone hour
	}{
		{Worse, 0, 1000, 500, 500}, {Worse, 23, 1000, 500, 500}, {Worse, 24, 1024, 500, 500}, {Better, 1, 1000, 1001, 500}, {New, 1, 1000, 500, 500}, {Back, 1, 1000, 500, 500},
		{Gone, 1, 1000, 500, 1001},
	} {
		h := History{classes: map[string]*past{watched: {worse: 1000, better: 500, gone: 500}}}
		at := 1000 + test.later
		r := &Report{Window: Window{at.time(), (at + 1).time()}, Classes: []Class{{ID: "other", Change: &Change{Kind: Worse}}, {ID: watched}}}
		h.MarkReported(r)
		if p := h.classes[watched]; p.worse != 1000 || p.better != 500 || p.gone != 500 {
			t.Error("nothing was reported, and is remembered")
		}
		r.Past = &Past{}
		r.Classes[1].Change = &Change{Kind: test.kind}
		if test.kind == Gone {
			r.Classes, r.Past.Gone = nil, []GoneClass{{ID: "other"}, {ID: watched}}
		}
		h.MarkReported(r)
		if p := h.classes[watched]; p.worse != test.worse || p.better != test.better || p.gone != test.gone {
			t.Errorf("%s, %d hours later: %+v", test.kind, test.later, p)
		}
	}
}

// A class whose hours were given up is still known by its highest.
func TestGivenUpHours(t *testing.T) {
	var h History
	h.hoursOfWork(t, firstHour, 20*hoursADay, work{10, 100})
	p := h.classes[watched]
	p.highest, p.hours, p.from = classHour{time: levelOf(11, timeUnit), p95: levelOf(0.3, p95Unit)}, nil, dayHour(20, 0)
	for _, test := range []struct {
		now  work
		want string
	}{
		{work{20, 200}, ""},
		{work{60, 600}, "WORSE,of:query_time,now:60,usual:11,highest:11.4,mean_of:1"},
		{work{10, 20}, "WORSE,of:p95,now:1,usual:0.303,highest:0.314"},
	} {
		r := hourReport(dayHour(20, 0), test.now)
		h.Compare(r, Options{})
		if said(r) != test.want {
			t.Errorf("%v:\ngot  %s\nwant %s", test.now, said(r), test.want)
		}
	}
}

func BenchmarkHistory(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 3))
	var h History
	at := firstHour
	for range 2 * hoursADay {
		h.pass(b, worstReport(rng, at, maxHistoryClasses, true))
		at++
	}
	r := worstReport(rng, at, maxHistoryClasses, true)
	text := marshal(b, h)
	b.Run("Compare", func(b *testing.B) {
		for b.Loop() {
			h.Compare(r, Options{})
		}
	})
	b.Run("Compare an incident", func(b *testing.B) {
		r := worstReport(rng, at, maxHistoryClasses, true)
		for i := range r.Classes {
			r.Classes[i].QueryTime.Mean *= 10
			r.Classes[i].QueryTime.Sum *= 10
		}
		r.Overall.QueryTime.Sum *= 10
		for b.Loop() {
			if h.Compare(r, Options{}); r.Past.Incident == nil {
				b.Fatal("there is none")
			}
		}
	})
	b.Run("Add", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			h := *reread(b, &h)
			b.StartTimer()
			if err := h.Add(r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Marshal", func(b *testing.B) {
		for b.Loop() {
			marshal(b, h)
		}
	})
	b.Run("Unmarshal", func(b *testing.B) {
		for b.Loop() {
			if err := json.Unmarshal([]byte(text), new(History)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
