package digest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hours counts from a Saturday at midnight.
func dayHour(day, hourOfDay int) hour { return firstHour + hour(day*hoursADay+hourOfDay) }

// work describes what a class did in an hour.
type work struct {
	seconds float64
	calls   int64
}

const watched = "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBB" // the class that tests look at

// hourReport is of an hour in which the watched class did w, in addition to others.
func hourReport(at hour, w work) *Report {
	r := &Report{Window: Window{at.time(), (at + 1).time()}, Coverage: Coverage{Complete: true}}
	for id, w := range map[string]work{watched: w, "CCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD": {400, 4000}} {
		if w.calls > 0 {
			r.Classes = append(r.Classes, classOf(id, w))
			r.Overall.QueryTime.Sum += w.seconds
			r.Overall.Calls += w.calls
		}
	}
	r.rank()
	return r
}

func classOf(id string, w work) Class {
	each := w.seconds / float64(w.calls)
	return Class{ID: id, Fingerprint: "select " + id, Totals: Totals{
		Calls: w.calls, QueryTime: Metrics{Sum: w.seconds, Mean: each, P95: 2 * each},
	}}
}

func (r *Report) rank() {
	slices.SortFunc(r.Classes, func(x, y Class) int { return compareBy(OrderBySum, &x, &y) })
	for i := range r.Classes {
		r.Classes[i].Rank, r.Classes[i].Share = i+1, r.Classes[i].QueryTime.Sum/r.Overall.QueryTime.Sum
	}
	r.Overall.Classes = len(r.Classes)
}

// pass is one hour as the handler has it.
func (h *History) pass(t testing.TB, r *Report) *Report {
	t.Helper()
	h.Compare(r, Options{})
	if err := h.Add(r); err != nil {
		t.Fatal(err)
	}
	h.MarkReported(r)
	return r
}

// hoursOfWork passes hours of the same work.
func (h *History) hoursOfWork(t testing.TB, from hour, n int, w work) {
	for i := range hour(n) {
		h.pass(t, hourReport(from+i, w))
	}
}

var aNumber = regexp.MustCompile(`":(\d[\d.e+-]*)`)

// said is what a report says of the watched class, as the numbers that package
// notifier makes sentences of: the fields of its Change, or of its GoneClass, with
// three digits of what is below 1,000.
func said(r *Report) string {
	facts := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		text := aNumber.ReplaceAllStringFunc(string(raw), func(s string) string {
			f, _ := strconv.ParseFloat(s[len(`":`):], 64)
			if f >= 1000 {
				return s
			}
			return fmt.Sprintf(`":%.3g`, f)
		})
		return strings.NewReplacer(`{"kind":`, "", `{"id":"`+watched+`"`, string(Gone), `"`, "", "{", "(", "}", ")").Replace(text[:len(text)-1])
	}
	for i := range r.Classes {
		if c := &r.Classes[i]; c.ID == watched && c.Change != nil {
			return facts(c.Change)
		}
	}
	for _, g := range r.Past.Gone {
		if g.ID == watched {
			return facts(g)
		}
	}
	return ""
}

func TestCompare(t *testing.T) {
	steady, none := work{10, 100}, work{}
	for _, test := range []struct {
		name  string
		days  int // of steady work
		until work
		hours int // of the other work, up to now
		now   work
		want  string
	}{
		{"as ever", 20, none, 0, work{12, 100}, ""},
		{"a little more", 20, none, 0, work{18, 150}, ""},
		{"more calls", 20, none, 0, work{60, 600},
			"WORSE,of:query_time,now:60,usual:10.3,days:14,mean_of:1,times_calls:5.76"},
		{"longer calls", 20, none, 0, work{60, 100},
			"WORSE,of:query_time,now:60,usual:10.3,days:14,mean_of:1,times_each:5.81,p95:(now:1.2,usual:0.202,days:14)"},
		{"longer, but fewer calls, and no more time", 20, none, 0, work{10, 25}, ""},
		{"longer, but fewer calls, and more time", 20, none, 0, work{20, 50}, "WORSE,of:query_time,now:20,usual:10.3,days:14,mean_of:1,times_each:4.1,p95:(now:0.8,usual:0.202,days:14)"},
		{"too few calls for a p95", 20, none, 0, work{10, 15}, ""},
		{"too little to matter", 20, none, 0, work{0.9, 9}, ""},
		{"for some hours", 20, work{60, 600}, 5, work{60, 600},
			"WORSE,of:query_time,now:60,usual:10.3,days:14,mean_of:1,times_calls:5.83,since:2026-12-11T00:00:00Z"},
		{"for a day", 20, work{60, 600}, 24, work{60, 600}, ""},
		{"for three days", 20, work{60, 600}, 72, work{60, 600}, ""},
		{"for six days", 20, work{60, 600}, 6 * 24, work{60, 600}, ""},
		{"for ten days", 20, work{60, 600}, 10 * 24, work{60, 600}, ""},
		{"ten times that after four days", 20, work{60, 600}, 4 * 24, work{600, 6000},
			"WORSE,of:query_time,now:600,usual:10.3,days:14,mean_of:1,times_calls:57.4"},
		{"after three days", 3, none, 0, work{60, 600},
			"WORSE,of:query_time,now:60,usual:10.3,days:3,mean_of:1,times_calls:5.76"},
		{"twice and a half in the first week", 3, none, 0, work{25, 250}, ""},
		{"twice and a half later", 9, none, 0, work{25, 250},
			"WORSE,of:query_time,now:25,usual:10.3,days:9,mean_of:1,times_calls:2.4"},
		{"after a day", 1, none, 0, work{60, 600},
			"WORSE,of:query_time,now:60,usual:10.3,highest:10.6,hours:24,mean_of:1,times_calls:5.83"},
		{"learning", 0, steady, 23, work{600, 6000}, ""},
		{"new", 0, none, 100, work{38.24, 1200}, "NEW,unseen:360000"},
		{"new on the second day", 0, none, 30, work{38.24, 1}, "NEW,unseen:108000"},
		{"away for 13 days", 9, none, 13 * 24, steady, "BACK,unseen:1126800,last_seen:2026-11-29T23:00:00Z"},
		{"away for 20 days", 2, none, 20 * 24, steady, "BACK,unseen:1731600,last_seen:2026-11-22T23:00:00Z"},
		{"away for 13 days, never told gone", 2, none, 13 * 24, steady, ""},
		{"better for 5 hours", 20, work{2, 100}, 4, work{2, 100}, ""},
		{"better for 6 hours", 20, work{2, 100}, 5, work{2, 100},
			"BETTER,of:query_time,now:2.02,usual:10.3,days:14,mean_of:6"},
		{"better for 7 hours", 20, work{2, 100}, 6, work{2, 100}, ""},
		{"better in the first week", 4, work{2, 100}, 5, work{2, 100}, ""},
		{"gone for 5 hours", 20, none, 4, none, ""},
		{"gone for 6 hours", 20, none, 5, none,
			"GONE,last_seen:2026-12-10T23:00:00Z,mean:10.2,hours:332,longest_gap:1"},
		{"gone for 7 hours", 20, none, 6, none, ""},
		{"gone in the first week", 4, none, 5, none, ""},
	} {
		var h History
		h.hoursOfWork(t, firstHour, test.days*hoursADay, steady)
		h.hoursOfWork(t, dayHour(test.days, 0), test.hours, test.until)
		r := hourReport(dayHour(test.days, test.hours), test.now)
		h.Compare(r, Options{})
		if got := said(r); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
		if r.Past.Learning != (test.days*hoursADay+test.hours < 24) {
			t.Errorf("%s: learning %v", test.name, r.Past.Learning)
		}
	}
}

// A weekly job is new once; a monthly one comes back once.
func TestRhythm(t *testing.T) {
	for _, test := range []struct {
		every hour // days
		want  []ChangeKind
	}{
		{1, []ChangeKind{"", "", "", "", ""}},
		{7, []ChangeKind{New, "", "", "", ""}},
		{30, []ChangeKind{New, Back, "", "", ""}},
	} {
		var h History
		var got []ChangeKind
		for at := firstHour; len(got) < len(test.want); at++ {
			w := work{}
			if since := at - firstHour; since%(test.every*hoursADay) == 5 && (since > hoursADay || test.every == 1) {
				w = work{100, 10}
			}
			r := h.pass(t, hourReport(at, w))
			if w.calls == 0 {
				if s := said(r); s != "" {
					t.Errorf("every %d days, when absent: %s", test.every, s)
				}
				continue
			}
			for _, c := range r.Classes {
				if c.ID == watched {
					kind := ChangeKind("")
					if c.Change != nil {
						kind = c.Change.Kind
					}
					got = append(got, kind)
				}
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("every %d days: %q, want %q", test.every, got, test.want)
		}
	}
}

// What is missing from an hour must not look like an absence, or less.
func TestIncompleteHours(t *testing.T) {
	var h History
	h.hoursOfWork(t, firstHour, 20*hoursADay, work{10, 100})
	for i := range 48 {
		r := hourReport(dayHour(20, i), work{float64(i % 2), int64(i % 2)})
		r.Coverage.Complete = false
		if h.pass(t, r); said(r) != "" {
			t.Fatalf("hour %d: %s", i, said(r))
		}
	}
	r := hourReport(dayHour(22, 0), work{60, 600})
	r.Coverage.Complete = false
	h.Compare(r, Options{})
	if want := "WORSE,of:query_time,now:60,usual:10.3,days:12,mean_of:1,times_calls:5.76"; said(r) != want {
		t.Errorf("got  %s\nwant %s", said(r), want)
	}
	// Where no hour is ever whole, they are compared with each other.
	var partly History
	for i := range 10*hoursADay + 1 {
		r = hourReport(firstHour+hour(i), work{10, 100})
		if i == 10*hoursADay {
			r = hourReport(firstHour+hour(i), work{60, 600})
		}
		r.Coverage.Complete = false
		partly.pass(t, r)
	}
	if want := "WORSE,of:query_time,now:60,usual:10.3,days:10,mean_of:1,times_calls:5.76"; said(r) != want {
		t.Errorf("got  %s\nwant %s", said(r), want)
	}
}

// Several hours at once are compared by their mean hour.
func TestCatchUp(t *testing.T) {
	for _, test := range []struct {
		now  work
		want string
	}{
		{work{30, 300}, ""},
		{work{180, 1800}, "WORSE,of:query_time,now:60,usual:10.3,highest:10.6,days:14,mean_of:3,times_calls:5.83"},
		{work{}, ""},
	} {
		var h History
		h.hoursOfWork(t, firstHour, 20*hoursADay, work{10, 100})
		r := hourReport(dayHour(20, 0), test.now)
		r.Window.End = r.Window.Start.Add(3 * time.Hour)
		h.Compare(r, Options{})
		if said(r) != test.want {
			t.Errorf("%v:\ngot  %s\nwant %s", test.now, said(r), test.want)
		}
	}
	var h History
	h.hoursOfWork(t, firstHour, 20*hoursADay, work{10, 100})
	r := hourReport(dayHour(20, 0), work{})
	r.Window.End = r.Window.Start.Add(8 * time.Hour)
	h.Compare(r, Options{})
	if len(r.Past.Gone) != 1 {
		t.Errorf("gone in a window of 8 hours: %+v", r.Past.Gone)
	}
	for i := range 8 {
		if err := h.Add(hourReport(dayHour(20, i), work{})); err != nil {
			t.Fatal(err)
		}
	}
	h.MarkReported(r)
	if r := h.pass(t, hourReport(dayHour(20, 8), work{})); said(r) != "" {
		t.Errorf("said again: %s", said(r))
	}
	// A window that is not of hours can only tell what is new.
	r = hourReport(dayHour(20, 9), work{1000, 10})
	r.Window.End = r.Window.Start.Add(15 * time.Minute)
	h.Compare(r, Options{})
	if want := "BACK,unseen:36000,last_seen:2026-12-10T23:00:00Z"; said(r) != want {
		t.Errorf("got  %s\nwant %s", said(r), want)
	}
}
