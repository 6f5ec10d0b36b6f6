package notifier

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// changed is a report with a class of each of the kinds, ranked in their order, all of
// them large enough to lead.
func changed(past *digest.Past, kinds ...digest.ChangeKind) *digest.Report {
	r := &digest.Report{Instances: []string{"db-1"}, Past: past, Coverage: digest.Coverage{Complete: true}}
	for i, kind := range kinds {
		c := digest.Class{Rank: i + 1, ID: fmt.Sprintf("%032X", i+1), Fingerprint: fmt.Sprintf("select a from t%d", i+1)}
		if kind != "" {
			c.Change = &digest.Change{Kind: kind, Unseen: 14 * 24 * 3600}
		}
		c.Calls, r.Overall.Calls = 1, r.Overall.Calls+1
		c.QueryTime.Sum, c.Share = 2, 0.02
		r.Classes = append(r.Classes, c)
	}
	redact.Label(r.Classes)
	r.Coverage.InWindow = r.Overall.Calls
	return r
}

func TestTitle(t *testing.T) {
	past := func(p digest.Past) *digest.Past { return &p }
	for _, c := range []struct {
		r    *digest.Report
		want string
	}{
		{changed(nil, ""), "db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{}), ""), "Nothing new on db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{Learning: true}), ""), "db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{Regrouped: &digest.Regrouped{Unseen: 1}}), ""), "db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{Regrouped: &digest.Regrouped{}}), ""), "Nothing new on db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{}), digest.Better), "1 better on db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{Better: 2, Gone: make([]digest.GoneClass, 1)}), digest.New), "1 new, 2 better, 1 gone on db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{}), "", digest.Back, digest.Worse, digest.New, digest.Worse), "1 new, 2 worse, 1 back on db-1: 5 slow queries, 0s"},
		{changed(past(digest.Past{New: 7}), digest.New), "7 new on db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{Repeat: true}), digest.New), "⚠️ POSSIBLE REPEAT: 1 new on db-1: 1 slow query, 0s"},
		{changed(past(digest.Past{Missed: make([]digest.Window, 1)}), ""), "⚠️ HOURS LOST: Nothing new on db-1: 1 slow query, 0s"},
	} {
		if got := Title(c.r); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	r := changed(&digest.Past{}, "")
	r.Coverage.Complete = false
	if got := Title(r); got != "⚠️ PARTIAL: db-1: 1 slow query, 0s" {
		t.Errorf("of a partial hour it is said: %q", got)
	}
}

// What is new, worse or back comes first; of the others a line is enough.
func TestChanges(t *testing.T) {
	at := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	gone := []digest.GoneClass{{ID: "000000000000000000000000000000AB", LastSeen: at},
		{ID: "AC", Label: "SELECT t9", LastSeen: at}}
	r := changed(&digest.Past{Gone: gone}, "", digest.Better, digest.New, digest.Worse)
	r.Classes[1].Change.Values = digest.Values{Now: 50, Median: 252, Days: 6}
	r.Classes[1].Change.MeanOf = 3
	r.Classes[3].Change.Now, r.Classes[3].Change.Highest = 1, 0.5
	r.Instances = []string{"db-1", "db-2"}
	ranOn(&r.Classes[3], map[string]float64{"db-2": 9, "db-1": 1})
	var got []string
	for _, x := range Changes(r) {
		got = append(got, x.Word+" "+x.String())
	}
	want := []string{"NEW #3 SELECT t3: 2s in 1 call; not seen in the 14 days before", "WORSE #4 SELECT t4 mostly on db-2 (90%): p95 1s; at most 500ms in any hour before", "BETTER #2 SELECT t2: 50s per hour, usually 4m12s",
		"GONE 00000000000000AB: last seen 2026-11-23 07:00 UTC", "GONE SELECT t9 AC: last seen 2026-11-23 07:00 UTC"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}

	many := changed(&digest.Past{}, slices.Repeat([]digest.ChangeKind{digest.New, digest.Worse, digest.Better}, 10)...)
	lines := Changes(many)
	if len(lines) != maxLeading+1+maxMinor+1 || lines[maxLeading].String() != "and 7 more new, 8 more worse" ||
		lines[len(lines)-1].String() != "and 7 more better" {
		t.Errorf("%q", lines)
	}
}

// What the title counts and the list does not name is counted in the list, also where the limit leaves
// it out; lesser ones have a line of their own.
func TestListCountsAsTheTitle(t *testing.T) {
	kinds := []digest.ChangeKind{digest.New, digest.New, digest.New, digest.New, digest.New, digest.New, digest.New, digest.New, digest.New, digest.New}
	for _, c := range []struct {
		shown int
		past  digest.Past
		want  string
	}{
		{10, digest.Past{New: 12}, "and 7 more new"},
		{10, digest.Past{New: 25, Leading: map[digest.ChangeKind]float64{digest.New: 0.45}}, "and 20 more new (35% together)"},
		{5, digest.Past{New: 6, Worse: 2, Leading: map[digest.ChangeKind]float64{digest.New: 0.13, digest.Worse: 0.2}}, "and 1 more new (3%), 2 more worse (20% together)"},
		{5, digest.Past{New: 5}, ""},
		{5, digest.Past{New: 5, Worse: 1, Back: 2}, "and 1 more worse, 2 more back"},
		{1, digest.Past{New: 2}, "and 1 more new"},
		{5, digest.Past{New: 30, Minor: []digest.Minor{{Kind: digest.New, Classes: 25, Share: 0.1}}}, ""},
		{10, digest.Past{New: 12, Incident: &digest.Incident{Class: "A"}}, "and 6 more new"},
	} {
		r := changed(&c.past, kinds[:c.shown]...)
		r.Classes[0].ID = "A"
		got := ""
		for _, x := range Changes(r) {
			if x.Word == "" {
				got += x.String()
			}
		}
		if got != c.want {
			t.Errorf("%d shown, %+v: %q, want %q", c.shown, c.past, got, c.want)
		}
	}
}

// For how long what is NEW was not seen is said once, if it is the same of all; with each where it is not,
// and where there is one only.
func TestNewIsSaidOnce(t *testing.T) {
	const day = 24 * 3600
	for _, test := range []struct {
		unseen []float64
		want   []string
		said   []bool
	}{
		{[]float64{5 * day}, []string{"not seen in the 5 days before"}, []bool{false}},
		{[]float64{5 * day, 5 * day, 5 * day}, []string{"none that is NEW was seen in the 5 days before", "", ""}, []bool{false, true, true}},
		{[]float64{5 * day, 4 * day}, []string{"not seen in the 5 days before", "not seen in the 4 days before"}, []bool{false, false}},
	} {
		r := changed(&digest.Past{New: len(test.unseen)}, slices.Repeat([]digest.ChangeKind{digest.New}, len(test.unseen))...)
		for i, unseen := range test.unseen {
			r.Classes[i].Change.Unseen = unseen
		}
		for i, x := range Changes(r) {
			if _, got, _ := strings.Cut(x.Evidence, "; "); got != test.want[i] {
				t.Errorf("%v: %q, want %q", test.unseen, got, test.want[i])
			}
			if got := NewIsSaid(r, &r.Classes[i]); got != test.said[i] {
				t.Errorf("%v: of #%d said %v", test.unseen, i, got)
			}
		}
	}
}

// The first five of those that lead are named, and no others.
func TestLeading(t *testing.T) {
	var got []int
	for _, c := range Leading(changed(nil, "", digest.New, digest.Worse, digest.Better, digest.Back, digest.New, digest.New, digest.New)) {
		got = append(got, c.Rank)
	}
	if !slices.Equal(got, []int{2, 3, 5, 6, 7}) {
		t.Errorf("ranks %v", got)
	}
}

// What is new and small is a line, however many there are.
func TestMinorChanges(t *testing.T) {
	r := changed(&digest.Past{Minor: []digest.Minor{
		{Kind: digest.New, Classes: 25, Share: 0.09, First: []digest.MinorClass{{Fingerprint: "select a from t1"}, {Fingerprint: "select a from t2"}, {Fingerprint: "select a from t3"}}},
		{Kind: digest.Back, Classes: 1, Share: 0.002, First: []digest.MinorClass{{Fingerprint: "select a from t4"}}},
	}}, "", digest.New)
	r.Classes[1].Share = 0.0099 // it is one of the 25
	var got []string
	for _, x := range Changes(r) {
		got = append(got, x.Word+" "+x.String())
	}
	want := []string{"NEW 25 classes, 9% together: SELECT t1, SELECT t2, SELECT t3 and 22 more", "BACK 1 class, <1%: SELECT t4"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if order := InOrder(r); order[0].Rank != 1 {
		t.Errorf("#%d leads", order[0].Rank)
	}
}

// What leads is shown in full, and else the first that is new; what is as it was is not, but where
// that is not known.
func TestInFull(t *testing.T) {
	known, minor := &digest.Past{}, digest.Class{Share: 0.004, Change: &digest.Change{Kind: digest.New}}
	minor.QueryTime.Sum = 60
	for _, c := range []struct {
		classes []digest.Class
		want    []int
	}{
		{[]digest.Class{{}, {}, minor, minor}, []int{3}},
		{[]digest.Class{{}, {}}, nil},
		{[]digest.Class{{}, {Change: &digest.Change{Kind: digest.Better}}}, nil},
		{[]digest.Class{{}, {Change: &digest.Change{Kind: digest.Worse, Since: time.Now()}}}, nil},
	} {
		r := &digest.Report{Past: known, Classes: c.classes}
		var got []int
		for i := range r.Classes {
			r.Classes[i].Rank = i + 1
		}
		for _, x := range InFull(r, InOrder(r), 3) {
			got = append(got, x.Rank)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v in full, want %v", got, c.want)
		}
	}
	for _, c := range []struct {
		kinds []digest.ChangeKind
		want  []int // ranks
	}{
		{nil, nil},
		{[]digest.ChangeKind{"", "", ""}, []int{1}},
		{[]digest.ChangeKind{"", digest.Better}, []int{1}},
		{[]digest.ChangeKind{"", digest.Worse, digest.New}, []int{2, 3}},
		{[]digest.ChangeKind{"", digest.Back, digest.New, digest.New, digest.New}, []int{2, 3, 4}},
		{[]digest.ChangeKind{digest.New, digest.New, digest.New, digest.New}, []int{1, 2, 3}},
	} {
		r := changed(nil, c.kinds...)
		classes := InOrder(r)
		var got []int
		full := InFull(r, classes, 3)
		for _, x := range full {
			got = append(got, x.Rank)
		}
		if !slices.Equal(got, c.want) || len(Without(classes, full)) != len(c.kinds)-len(c.want) {
			t.Errorf("%q: %v in full and %d others, want %v", c.kinds, got, len(Without(classes, full)), c.want)
		}
	}
}

// All that is new is named somewhere, as far as there is room, and counted where there is not.
func TestUnlisted(t *testing.T) {
	m := digest.Minor{Kind: digest.New, Classes: 60, Share: 0.2, Instance: "db-2"}
	for i := range 50 {
		m.First = append(m.First, digest.MinorClass{ID: fmt.Sprint(i), Fingerprint: fmt.Sprintf("select a from t%d", i)})
	}
	r := changed(&digest.Past{Minor: []digest.Minor{m}}, "", digest.New, digest.New)
	r.Classes[1].ID, r.Classes[2].ID = "1", "7" // of which the first three are named anyway
	all := Unlisted(r, 2000)
	if !strings.HasPrefix(all, "Also new: SELECT t3, SELECT t4, SELECT t5, SELECT t6, SELECT t8, ") || !strings.HasSuffix(all, ", SELECT t49 and 10 more.") {
		t.Error(all)
	}
	if some := Unlisted(r, 60); some != "Also new: SELECT t3, SELECT t4, SELECT t5 and 53 more." {
		t.Error(some)
	}
	if head := minorChange(m).String(); head != "60 classes, 20% together, mostly on db-2: SELECT t0, SELECT t1, SELECT t2 and 57 more" {
		t.Error(head)
	}
	if m.First, m.Classes = m.First[:3], 3; Unlisted(changed(&digest.Past{Minor: []digest.Minor{m}}, ""), 2000) != "" {
		t.Error("what the head names is not named again")
	}
}

// Classes of a small share have the names that they would have if they led, each once.
func TestNamesOfMinorChanges(t *testing.T) {
	named := func(fingerprint, id string, form int) digest.MinorClass {
		return digest.MinorClass{ID: id, Fingerprint: fingerprint, Form: form}
	}
	for _, c := range []struct {
		first []digest.MinorClass
		want  string
	}{
		{[]digest.MinorClass{named("select a from t where id = ?", "1", 1), named("select b from t where id = ?", "2", 1), named("select c from u", "3", 0)},
			"SELECT t by id: a, SELECT t by id: b, SELECT u and 2 more"},
		{[]digest.MinorClass{named("select a from t where id = ?", "ABCDEF", 2), named("select c from u", "3", 0), named("select d from u", "4", 0)},
			"SELECT t by id: a · ABCD, SELECT u and 3 more"},
	} {
		if got := minorChange(digest.Minor{Kind: digest.New, Classes: 5, First: c.first}).Evidence; got != c.want {
			t.Errorf("%v: %s", c.first, got)
		}
	}
}

// The class that is most of an incident comes first.
func TestIncidentIsInFull(t *testing.T) {
	r := changed(&digest.Past{Incident: &digest.Incident{Class: "C"}}, "", digest.Worse, "")
	r.Classes[2].ID = "C"
	full := InFull(r, InOrder(r), 3)
	if len(full) != 2 || full[0].ID != "C" || full[1].Rank != 2 {
		t.Errorf("in full are %v", full)
	}
	many := changed(&digest.Past{Incident: &digest.Incident{Slower: 5, Of: 9}}, digest.Worse, "")
	many.Classes[0].Change.Common = true
	if full := InFull(many, InOrder(many), 3); full != nil || Badge(&many.Classes[0]) != "" || len(Changes(many)) != 0 {
		t.Errorf("of many that are slower %d are in full, %q changes", len(full), Changes(many))
	}
	r.Past.Incident.Class = "D" // which the limit leaves out
	if full = InFull(r, InOrder(r), 3); len(full) != 1 || full[0].Rank != 2 {
		t.Errorf("in full are %v", full)
	}
}

// The verdict on an hour that is an incident comes first, and says what, since when and
// where, as far as it is known. The total of all instances is not said to be that of one.
func TestIncidentIsTheVerdict(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 20, 0, 0, time.UTC)
	for _, c := range []struct {
		x           digest.Incident
		title, text string
	}{
		{digest.Incident{Times: 3.123, Class: "A", Share: 0.72}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, about 3 times the usual", "#1 SELECT t1 is 72% of what is above the usual."},
		{digest.Incident{Times: 31.4, Class: "A", Share: 1, Instance: "db-2", Since: at}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, about 31 times the usual", "#1 SELECT t1 is 100% of what is above the usual on db-2 since 2026-11-23 14:20 UTC."},
		{digest.Incident{Times: 3, Class: "0123456789ABCDEF0123456789ABCDEF", Share: 0.5}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, about 3 times the usual", "0123456789ABCDEF is 50% of what is above the usual."},
		{digest.Incident{Times: 100}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, about 100 times the usual", "No class and no instance is most of it."},
		{digest.Incident{Times: 101}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, over 100 times the usual", "No class and no instance is most of it."},
		{digest.Incident{Times: 3, Instance: "db-1"}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, about 3 times the usual", "Most of what is above the usual ran on db-1, in several classes."},
		{digest.Incident{Times: 3, Class: "A", Share: 0.72, Instance: "db-2", Joined: true, Since: at}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, about 3 times the usual",
			"#1 SELECT t1 is 72% of what is above the usual on db-2, which ran nothing the day before, since 2026-11-23 14:20 UTC."},
		{digest.Incident{Times: 2, Busier: 40, Of: 52, Low: 2, High: 2, Instance: "db-2", Joined: true, Since: at}, "⚠️ BUSIER AT ONCE: 40 of 52 classes on db-1, db-2, 1h00m of query time",
			"40 of 52 classes have about 2 times the calls in the hour as a whole; most of it was on db-2, which ran nothing the day before, and it began at 2026-11-23 14:20 UTC. What it runs comes on top of the others, as after a move or a scale-out."},
		{digest.Incident{Times: 3}, "⚠️ INCIDENT: 1h00m of query time on db-1, db-2, about 3 times the usual", "No class and no instance is most of it."},
		{digest.Incident{Times: 3, Slower: 31, Of: 52, Low: 3.97, High: 6.1, Instance: "db-1", Since: at}, "⚠️ SLOWER AT ONCE: 31 of 52 classes on db-1, db-2, 1h00m of query time",
			"31 of 52 classes took about 4 to 6 times as long per call in the hour as a whole; most of it was on db-1, and it began at 2026-11-23 14:20 UTC. No single query explains that; look at the server: CPU, storage, locks, replicas."},
		{digest.Incident{Times: 1.2, Busier: 40, Of: 52, Low: 2.04, High: 2.97, Since: at}, "⚠️ BUSIER AT ONCE: 40 of 52 classes on db-1, db-2, 1h00m of query time",
			"40 of 52 classes have about 2 to 3 times the calls in the hour as a whole; it began at 2026-11-23 14:20 UTC. No single query explains that; look at what calls them: a campaign, a new release, a client that tries again."},
	} {
		r := changed(&digest.Past{Incident: &c.x}, "", "")
		r.Classes[0].ID, r.Instances, r.Overall.QueryTime.Sum = "A", []string{"db-1", "db-2"}, 3600
		n := Notices(r)
		if Title(r) != c.title || len(n) != 1 || n[0].Text != c.text || !News(r) {
			t.Errorf("title %q, notices %q", Title(r), n)
		}
		if strings.Contains(headline(r), "othing new") {
			t.Errorf("%s", headline(r))
		}
	}
}

// Where an incident is of no single class, it is said whether there are more calls or each
// takes longer; and of one instance, nothing is said of others.
func TestIncidentOfNoClass(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 20, 0, 0, time.UTC)
	for _, c := range []struct {
		x         digest.Incident
		calls     int64
		instances []string
		want      string
	}{
		{digest.Incident{Times: 4.1}, 4000, nil, "No class is most of it. There were about 4 times the usual calls, and each took about as long as usual."},
		{digest.Incident{Times: 2.06}, 2000, nil, "No class is most of it. There were about 2 times the usual calls, and each took about as long as usual."},
		{digest.Incident{Times: 4.1, Since: at}, 1000, []string{"db-1"}, "No class is most of it; it began at 2026-11-23 14:20 UTC. There were about as many calls as usual, and each took about 4 times as long."},
		{digest.Incident{Times: 6.1}, 3000, nil, "No class is most of it. There were about 3 times the usual calls, and each took about 2 times as long."},
		{digest.Incident{Times: 4}, 500, nil, "No class is most of it. A call took about 8 times as long as usual."},
		{digest.Incident{Times: 4}, 8000, []string{"db-1", "db-2"}, "No class and no instance is most of it. There were about 8 times the usual calls."},
		{digest.Incident{Times: 2, New: &digest.NewLoad{Classes: 50, Calls: 1000, QueryTime: 1800, Share: 0.98}}, 2000, nil, "No class is most of it. 50 new classes together are 98% of what is above the usual."},
		{digest.Incident{Times: 6, New: &digest.NewLoad{Classes: 50, Calls: 1000, QueryTime: 1800, Share: 0.6}}, 2000, nil, "No class is most of it. 50 new classes together are 60% of what is above the usual. Of the others there were about as many calls as usual, and each took about 3 times as long."},
		{digest.Incident{Times: 4, Instance: "db-2"}, 4000, []string{"db-1", "db-2"}, "Most of what is above the usual ran on db-2, in several classes. There were about 4 times the usual calls, and each took about as long as usual."},
	} {
		r := changed(&digest.Past{Incident: &c.x, Usual: &digest.Usual{Low: 90, High: 110, Calls: &digest.Range{Low: 900, High: 1100}}}, "", "")
		r.Overall.Calls, r.Overall.QueryTime.Sum, r.Instances = c.calls, 3600, c.instances
		if n := Notices(r); n[0].Text != c.want {
			t.Errorf("%q, want %q", n[0].Text, c.want)
		}
		if r.Past.Usual.Calls = nil; strings.Contains(Notices(r)[0].Text, "calls") {
			t.Errorf("where the usual calls are not known: %q", Notices(r)[0].Text)
		}
	}
}

func TestNotices(t *testing.T) {
	at := func(hour int) digest.Window {
		start := time.Date(2026, 11, 23, hour, 0, 0, 0, time.UTC)
		return digest.Window{Start: start, End: start.Add(time.Hour)}
	}
	r := changed(&digest.Past{Repeat: true, CatchUp: 3, Missed: []digest.Window{at(4), at(1), at(2)}}, "")
	got := Notices(r)
	want := "2026-11-23 01:00 to 03:00 UTC, 2026-11-23 04:00 to 05:00 UTC. RDS had deleted the logs before they could be read."
	if len(got) != 2 || got[0].Word != "POSSIBLE REPEAT" || got[1].Word != "HOURS LOST" || got[1].Text != want {
		t.Errorf("%q", got)
	}
	if got := When(r); got != "3 hours in one message: all times" {
		t.Errorf("%q", got)
	}
	if r.Past.CatchUp = 1; When(r) != "all times" {
		t.Error("one hour is nothing unusual")
	}
	over := Notices(changed(&digest.Past{EndedIncident: &digest.EndedIncident{From: at(4).Start, To: at(6).Start}}, ""))
	if len(over) != 1 || over[0] != (Notice{"INCIDENT OVER", "It was from 2026-11-23 04:00 to 06:00 UTC."}) {
		t.Errorf("%q", over)
	}
	for of, want := range map[string]string{"slower": "SLOWER AT ONCE OVER", "busier": "BUSIER AT ONCE OVER", "A": "INCIDENT OVER"} {
		r := changed(&digest.Past{EndedIncident: &digest.EndedIncident{From: at(4).Start, To: at(6).Start, Of: of},
			Ended: []digest.Ended{{ID: "A", Fingerprint: "select a from t1"}}}, "", "")
		r.Classes[0].ID, r.Instances = "A", []string{"db-1"}
		count := map[string]string{"A": "", "slower": ", 1 back to usual", "busier": ", 1 back to usual"}[of]
		if title := Title(r); !strings.HasPrefix(title, want+count+" on db-1: ") || strings.Contains(headline(r), "othing new") {
			t.Errorf("%q", title)
		}
		text := "It was from 2026-11-23 04:00 to 06:00 UTC" + map[string]string{"A": "; #1 SELECT t1 was most of it"}[of] + "."
		if below := NoticesBelow(r); len(below) != 1 || below[0] != (Notice{"", text}) || (len(Changes(r)) == 1) != (count != "") {
			t.Errorf("%q, %q", below, Changes(r))
		}
	}
	logged := Notices(changed(&digest.Past{Logged: &digest.Logged{Before: 1, Now: 0.1, Classes: 50}}, ""))
	if len(logged) != 1 || logged[0] != (Notice{"LOG CHANGED", "It holds calls of 100ms, before none below 1s: long_query_time was lowered, or an instance with a lower one has come. 50 classes are seen for that only, and not new."}) {
		t.Errorf("%q", logged)
	}
	raised := Notices(changed(&digest.Past{Logged: &digest.Logged{Before: 0.1, Now: 1}}, ""))
	if len(raised) != 1 || !strings.HasPrefix(raised[0].Text, "It holds no call below 1s, before from 100ms on: ") {
		t.Errorf("%q", raised)
	}
	r = changed(&digest.Past{Missed: []digest.Window{at(1)}})
	if Quiet(r) {
		t.Error("hours that were never read are left out where nothing was slow")
	}
	if Quiet(changed(nil, "")) || Quiet(changed(&digest.Past{Muted: make([]digest.MutedClass, 1), Gone: make([]digest.GoneClass, 1)})) {
		t.Error("Quiet is wrong")
	}
	muting := changed(&digest.Past{Muted: []digest.MutedClass{{ID: "AB", Calls: 2, QueryTime: 1}, {ID: "CD", Calls: 1, QueryTime: 2}}})
	if got := Muted(muting); got != "2 muted: AB, CD (3 calls, 3s)" {
		t.Errorf("%q", got)
	}
}

// That queries were regrouped is said once, and so is which mutes and notes are on
// one.
func TestRegrouped(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	id := func(n int) string { return fmt.Sprintf("%032X", n) }
	ids := func(n int) (all []string) {
		for i := range n {
			all = append(all, id(i+1))
		}
		return all
	}
	const line = "Queries were regrouped by this release: one not seen since may be old or new, and is not called new until 2026-11-30 14:00 UTC."
	for _, c := range []struct {
		window digest.Window
		digest.Regrouped
		want []string
	}{
		{digest.Window{Start: at, End: at.Add(time.Hour)}, digest.Regrouped{}, []string{line}},
		{digest.Window{Start: at.Add(time.Hour), End: at.Add(2 * time.Hour)}, digest.Regrouped{Unseen: 3}, nil},
		{digest.Window{Start: at.Add(time.Hour), End: at.Add(2 * time.Hour)}, digest.Regrouped{Mutes: ids(1)},
			[]string{"Set on queries that are gone or regrouped: 1 mute (0000000000000001)."}},
		{digest.Window{Start: at, End: at.Add(time.Hour)}, digest.Regrouped{Mutes: ids(2), Notes: []string{id(2)}},
			[]string{line + " Set on queries that are gone or regrouped: 2 mutes and 1 note (0000000000000001, 0000000000000002)."}},
		{digest.Window{Start: at.Add(time.Hour), End: at.Add(2 * time.Hour)}, digest.Regrouped{Notes: ids(6)},
			[]string{"Set on queries that are gone or regrouped: 6 notes (0000000000000001, 0000000000000002, 0000000000000003, 0000000000000004, 0000000000000005, and 1 more)."}},
	} {
		c.Since, c.Until = at, at.Add(7*24*time.Hour)
		if got := Caveats(&digest.Report{Window: c.window, Past: &digest.Past{Regrouped: &c.Regrouped}}); !slices.Equal(got, c.want) {
			t.Errorf("%+v:\n%q", c.Regrouped, got)
		}
	}
}

// ranOn gives a class its times on instances, of which the one with the least time has the
// most calls: nothing goes by these.
func ranOn(c *digest.Class, times map[string]float64) {
	c.Instances, c.ByInstance = map[string]int64{}, nil
	total := 0.0
	for name, s := range times {
		c.Instances[name] = int64(1000 / s)
		total += s
	}
	for _, name := range slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		last := func(s string) bool { return s == digest.OtherNames }
		if last(a) != last(b) {
			return map[bool]int{true: 1, false: -1}[last(a)]
		}
		return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b))
	}) {
		if len(times) > 1 {
			c.ByInstance = append(c.ByInstance, digest.InstancePart{Instance: name, QueryTime: times[name], Share: times[name] / total})
		}
	}
}

// On which instances a class ran goes by its time there.
func TestOnInstances(t *testing.T) {
	for want, times := range map[string]map[string]float64{
		"":                           nil,
		" on a":                      {"a": 5},
		" mostly on b (70%)":         {"a": 3, "b": 7},
		" on b (69%) and 1 more":     {"a": 31, "b": 69},
		" evenly on 2":               {"a": 57.5, "b": 42.5},
		" on a (58%) and 1 more":     {"a": 57.6, "b": 42.4},
		" evenly on 4":               {"a": 28.5, "b": 24, "c": 24, "d": 23.5},
		" on a (29%) and 3 more":     {"a": 29, "b": 24, "c": 24, "d": 23},
		" on a (6%) and over 1 more": {"a": 6, "b": 4, "(others)": 90},
	} {
		var c digest.Class
		ranOn(&c, times)
		if got := OnInstances(&digest.Report{Instances: []string{"a", "b"}}, &c); got != want {
			t.Errorf("%v: %q, want %q", times, got, want)
		}
	}
	if got := OnInstances(&digest.Report{Instances: []string{"a"}}, &digest.Class{Instances: map[string]int64{"a": 1}}); got != "" {
		t.Errorf("of the only one: %q", got)
	}
}

// What is even is called so nearly always, with however few calls on each, and as the times of these
// vary; and what is not even never is, where there are a few hundred calls to know it by.
func TestEvenAsFarAsChanceAllows(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 1))
	poisson := func(mean float64) (n int) {
		for at := rng.ExpFloat64(); at < mean; at += rng.ExpFloat64() {
			n++
		}
		return n
	}
	// evenIn is in how many of 1,000 hours a class is called even that has so many calls on each in the
	// mean, of times that vary or do not.
	evenIn := func(varies bool, means ...float64) (even int) {
		for range 1000 {
			var c digest.Class
			c.Instances = map[string]int64{}
			squares := 0.0
			for i, mean := range means {
				p := digest.InstancePart{Instance: fmt.Sprint("orders-", i)}
				for range poisson(mean) {
					took := 1.0
					if varies {
						took = rng.ExpFloat64()
					}
					c.Instances[p.Instance]++
					c.Calls++
					p.QueryTime += took
					squares += took * took
					c.QueryTime.Max = max(c.QueryTime.Max, took)
				}
				c.QueryTime.Sum += p.QueryTime
				c.ByInstance = append(c.ByInstance, p)
			}
			c.QueryTime.Mean = c.QueryTime.Sum / float64(c.Calls)
			c.VMR = squares/c.QueryTime.Sum - c.QueryTime.Mean
			for i := range c.ByInstance {
				c.ByInstance[i].Share = c.ByInstance[i].QueryTime / c.QueryTime.Sum
			}
			slices.SortFunc(c.ByInstance, func(a, b digest.InstancePart) int { return cmp.Compare(b.Share, a.Share) })
			if strings.HasPrefix(OnInstances(&digest.Report{Instances: []string{"a", "b"}}, &c), " evenly on ") {
				even++
			}
		}
		return even
	}
	for _, varies := range []bool{false, true} {
		for _, calls := range []float64{15, 30, 60, 1000} {
			for _, instances := range []int{2, 3, 12} {
				if instances == 2 && calls < 60 {
					continue // chance alone gives one of two seven tenths, which is told
				}
				if n := evenIn(varies, slices.Repeat([]float64{calls}, instances)...); n < 960 {
					t.Errorf("%v calls on each of %d, varying %v: even in %d of 1,000 hours", calls, instances, varies, n)
				}
			}
		}
	}
	uneven := digest.Class{Instances: map[string]int64{"a": 126, "b": 99, "c": 78}}
	uneven.Calls, uneven.QueryTime.Sum, uneven.QueryTime.Mean, uneven.QueryTime.Max = 303, 303, 1, 9
	for name, n := range map[string]float64{"a": 126, "b": 99, "c": 78} {
		uneven.ByInstance = append(uneven.ByInstance, digest.InstancePart{Instance: name, QueryTime: n, Share: n / 303})
	}
	slices.SortFunc(uneven.ByInstance, func(a, b digest.InstancePart) int { return cmp.Compare(b.Share, a.Share) })
	for _, uneven.VMR = range []float64{0, 1, 2, 5} {
		if got := OnInstances(&digest.Report{Instances: []string{"a", "b"}}, &uneven); got != " on a (42%) and 2 more" {
			t.Errorf("42, 33 and 26%% of 303 calls: %q", got)
		}
	}
	uneven.Calls, uneven.Instances = 27, map[string]int64{"a": 11, "b": 9, "c": 7} // too few to know
	if got := OnInstances(&digest.Report{Instances: []string{"a", "b"}}, &uneven); got != " on a (42%) and 2 more" {
		t.Errorf("of 27 calls: %q", got)
	}
}

// So does a list of its instances.
func TestInstancesOfAClass(t *testing.T) {
	for want, times := range map[string]map[string]float64{
		"":                                {"a": 5},
		"b (70%), a (30%)":                {"a": 3, "b": 7},
		"3 instances, evenly":             {"a": 38, "b": 31, "c": 31},
		"a (40%), b (30%), and 1 more":    {"a": 40, "b": 30, "c": 30},
		"d (40%), c (30%), and 2 more":    {"a": 1, "b": 2, "c": 3, "d": 4},
		"a (6%), b (4%), and others":      {"a": 6, "b": 4, "(others)": 90},
		"a (6%), b (4%), and over 1 more": {"a": 6, "b": 4, "c": 1, "(others)": 89},
	} {
		var c digest.Class
		ranOn(&c, times)
		if got := mostOf(&c, 2); got != want {
			t.Errorf("%v: %q, want %q", times, got, want)
		}
	}
}

// Of several instances it is said what ran on the busiest, and on which that are usually busy
// nothing did, three of each at most.
func TestBusyAndIdleInstances(t *testing.T) {
	usual := &digest.Usual{Low: 60, High: 90, Calls: &digest.Range{Low: 30, High: 40}}
	ran := func(name string, n int64) digest.InstanceTotal {
		return digest.InstanceTotal{Instance: name, Calls: n, QueryTime: 10 * float64(n)}
	}
	busy := func(name string) digest.InstanceTotal { return digest.InstanceTotal{Instance: name, Usual: usual} }
	known := ran("a", 4)
	known.Usual = usual
	for want, all := range map[string][]digest.InstanceTotal{
		"": {ran("a", 4)},
		"All on a (usually 1m00s to 1m30s in 30 to 40), no entry of b (usually 1m00s to 1m30s in 30 to 40)": {known, busy("b")},
		"a 40s in 4 queries (40%, usually 1m00s to 1m30s in 30 to 40), b 30s in 3 queries (30%)":            {known, ran("b", 3)},
		"a 40s in 4 queries (40%), b 30s in 3 queries (30%), c 20s in 2 queries (20%), d 10s (10%)":         {ran("a", 4), ran("b", 3), ran("c", 2), ran("d", 1)},
		"a 40s in 4 queries (40%), b 30s in 3 queries (30%), c 20s in 2 queries (20%), 2 more 10s (10%)":    {ran("a", 4), ran("b", 3), ran("c", 2), ran("d", 1), ran("e", 1)},
		"All on a, no entry of b, c, d and 1 more (each usually 1m00s to 1m30s in 30 to 40)":                {ran("a", 4), busy("b"), busy("c"), busy("d"), busy("e")},
	} {
		r := &digest.Report{Instances: []string{"a", "b", "c", "d", "e"}}
		r.Overall.QueryTime.Sum, r.Overall.ByInstance = 100, all
		r.Coverage.Complete = true
		if got := InstanceTotals(r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		r.Coverage.Complete = false
		if got := InstanceTotals(r); strings.HasPrefix(got, "all on") {
			t.Errorf("not all is known, and it is %q", got)
		}
	}
}

// The one of many instances that ran most is named, not the first by the alphabet.
func TestWhereOneRanAll(t *testing.T) {
	for all, want := range map[string]string{"a b": "b, a", "a b c": "3 instances, mostly b", "b": "b"} {
		r := changed(nil, "")
		r.Instances, r.Overall.QueryTime.Sum = strings.Fields(all), 100
		r.Classes = []digest.Class{{Instances: map[string]int64{"b": 1}}}
		if got := where(r); got != want {
			t.Errorf("of %s: %q, want %q", all, got, want)
		}
	}
}

// A range of whole calls that is known in steps of 7 % holds what it was made of, in two digits.
func TestCallsAreInTheirRange(t *testing.T) {
	for low, c := range map[float64]struct {
		high float64
		want string
	}{1955.2: {2092.1, "1,900 to 2,100"}, 1900: {2100, "1,900 to 2,100"}, 0: {2.105, "0 to 2"}, 1 / 1.07: {1, "1"}, 1.967: {2.105, "2"}, 0.5: {100.99, "1 to 100"}} {
		if got := betweenCalls(&digest.Range{Low: low, High: c.high}); got != c.want {
			t.Errorf("%v to %v: %q, want %q", low, c.high, got, c.want)
		}
	}
}

// The head names the busiest of several instances, not the first by the alphabet.
func TestInstanceTotals(t *testing.T) {
	r := changed(nil, "")
	r.Instances = []string{"a", "b", "c", "d", "e"}
	r.Overall.QueryTime.Sum = 100
	if got := InstanceTotals(r); got != "" {
		t.Errorf("of none: %q", got)
	}
	r.Overall.ByInstance = []digest.InstanceTotal{
		{Instance: "e", Calls: 90, QueryTime: 80, Usual: &digest.Usual{Low: 70, High: 80.4, Calls: &digest.Range{Low: 81, High: 101}}},
		{Instance: "c", Calls: 2, QueryTime: 15, Usual: &digest.Usual{Low: 15, High: 15}}, {Instance: "a", Calls: 1, QueryTime: 3}}
	if got := InstanceTotals(r); got != "e 1m20s in 90 queries (80%, usually 1m10s to 1m21s in 81 to 110), c 15s in 2 queries (15%, usually 15s), a 3s in 1 query (3%)" {
		t.Errorf("of three: %q", got)
	}
	r.Overall.ByInstance = append(r.Overall.ByInstance, digest.InstanceTotal{Instance: "b", Calls: 1, QueryTime: 2})
	if got := InstanceTotals(r); !strings.HasSuffix(got, ", a 3s in 1 query (3%), b 2s (2%)") {
		t.Errorf("of four: %q", got)
	}
	r.Overall.ByInstance = append(r.Overall.ByInstance, digest.InstanceTotal{Instance: "d", Calls: 1, QueryTime: 0})
	if got := AllInstances(r); got != "By instance: e 1m20s (80%), c 15s (15%), a 3s (3%), b 2s (2%), d 0s (0%)" {
		t.Errorf("in the details: %q", got)
	}
	if got := otherInstances(r); got != "Other instances: b 2s (2%), d 0s (0%)." {
		t.Errorf("after the head: %q", got)
	}
	four := *r
	if four.Overall.ByInstance = r.Overall.ByInstance[:4]; AllInstances(&four) != "" {
		t.Errorf("the head names all four, and so do the details: %q", AllInstances(&four))
	}
	if got := Title(r); got != "5 instances, mostly e: 1 slow query, 1m40s" {
		t.Errorf("title %q", got)
	}
	for named, want := range map[float64]string{70: "5 instances, mostly e: ", 69.9: "5 instances: "} {
		r.Overall.ByInstance[0].QueryTime = named
		if got := Title(r); !strings.HasPrefix(got, want) {
			t.Errorf("with %v of 100 on one of five: %q", named, got)
		}
	}
}

// News is what is not as it was, or has to be said; where it is not known what is usual,
// all is, but only the first digest has details.
func TestNews(t *testing.T) {
	minor := func(share float64) digest.Past {
		return digest.Past{Minor: []digest.Minor{{Kind: digest.New, Classes: 3, Share: share}}}
	}
	later := changed(&digest.Past{Learning: true}, "")
	later.Window.Start = later.Past.Since.Add(time.Hour)
	for name, c := range map[string]struct {
		r    *digest.Report
		want bool
	}{
		"nothing":            {changed(&digest.Past{}, ""), false},
		"no past":            {changed(nil, ""), true},
		"the first":          {changed(&digest.Past{Learning: true}, ""), true},
		"learning":           {later, true},
		"new":                {changed(&digest.Past{}, digest.New), true},
		"worse":              {changed(&digest.Past{}, "", digest.Worse), true},
		"better":             {changed(&digest.Past{}, "", digest.Better), true},
		"gone":               {changed(&digest.Past{Gone: make([]digest.GoneClass, 1)}, ""), true},
		"a hundredth is new": {func() *digest.Report { p := minor(0.01); return changed(&p, "") }(), true},
		"less than that":     {func() *digest.Report { p := minor(0.0099); return changed(&p, "") }(), false},
		"lost":               {changed(&digest.Past{Missed: make([]digest.Window, 1)}, ""), true},
		"a sentence":         {changed(&digest.Past{News: []string{"db-1 is awake again."}}, ""), true},
		"the day":            {changed(&digest.Past{Day: &digest.Day{}}, ""), true},
		"as usual again":     {changed(&digest.Past{Ended: make([]digest.Ended, 1)}, ""), true},
		"fell silent":        {silentOne(true), true},
		"is silent":          {silentOne(false), false},
		"muted":              {changed(&digest.Past{Muted: make([]digest.MutedClass, 1)}, ""), false},
	} {
		if got := News(c.r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if first := changed(&digest.Past{Learning: true}, ""); !Details(first) || Details(later) {
		t.Errorf("learning: the first has details %v, a later one %v", Details(first), Details(later))
	}
	r := changed(&digest.Past{}, "")
	if r.Coverage.Notes = []string{"A note."}; !News(r) {
		t.Error("a note is no news")
	}
	if r = changed(&digest.Past{}, ""); News(r) {
		t.Error("an hour as all others is news")
	}
	if r.Coverage.Complete = false; !News(r) {
		t.Error("that something is missing is no news")
	}
	told := changed(&digest.Past{}, digest.Worse)
	if told.Classes[0].Change.Since = time.Unix(1, 0); News(told) {
		t.Error("what was told is news again")
	}
}

// A class of which a digest of the last day has spoken says since when, in the zone, and
// has no badge. Each end of a WORSE is a line, of three at most.
func TestWhatWasTold(t *testing.T) {
	six := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 5*3600+1800)
	for _, c := range []struct {
		class       digest.Class
		badge, says string
	}{
		{digest.Class{}, "", ""},
		{digest.Class{Told: &digest.Told{Kind: digest.New, Since: six}}, "", ", new since 11:30"},
		{digest.Class{Told: &digest.Told{Kind: digest.Back, Since: six}}, "", ", back since 11:30"},
		{digest.Class{Change: &digest.Change{Kind: digest.Worse, Since: six}}, "", ", worse since 11:30"},
		{digest.Class{Change: &digest.Change{Kind: digest.Worse, Since: six, Again: true}}, "", ", worse again, as at 11:30"},
		{digest.Class{Change: &digest.Change{Kind: digest.Worse, Again: true}}, "WORSE AGAIN", ""},
		{digest.Class{Change: &digest.Change{Kind: digest.Worse}, Told: &digest.Told{Kind: digest.New, Since: six}}, "WORSE", ""},
	} {
		if got := SinceIn(&c.class, zone); got != c.says || Badge(&c.class) != c.badge {
			t.Errorf("%q, badge %q; want %q, %q", got, Badge(&c.class), c.says, c.badge)
		}
	}
	for n, want := range map[int]string{1: "BACK TO USUAL SELECT t1 00AB: worse from 2026-11-23 06:00 to 09:00 UTC", 3: "BACK TO USUAL SELECT t3 00AB: worse from 2026-11-23 06:00 to 09:00 UTC", 4: "BACK TO USUAL SELECT t4 00AB", 5: "and 2 more back to usual"} {
		p := &digest.Past{}
		for i := range n {
			p.Ended = append(p.Ended, digest.Ended{ID: "00AB", Fingerprint: fmt.Sprintf("select a from t%d", i+1), From: six, To: six.Add(3 * time.Hour)})
		}
		all := Changes(&digest.Report{Past: p})
		if got := all[len(all)-1].Label() + all[len(all)-1].String(); got != want || len(all) != min(n, 4) {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestDayIsTold(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	d := digest.Day{Window: digest.Window{Start: at.Add(-24 * time.Hour), End: at}, Posted: 3, Silent: 21, QueryTime: 75600}
	r := changed(&digest.Past{Day: &d}, "")
	if got := Caveats(r); len(got) != 1 || got[0] != "The day, 2026-11-22 09:00 to 2026-11-23 09:00 UTC: 24 hours read, 3 with news and 21 without; about 21h07m of query time." {
		t.Errorf("%q", got)
	}
	d.Partial, d.Empty, d.Learning, d.Incidents = 1, 5, 2, []digest.EndedIncident{{From: at.Add(-9 * time.Hour), To: at.Add(-7 * time.Hour), Of: "slower"}, {From: at.Add(-3 * time.Hour), To: at.Add(-2 * time.Hour), Of: "A", Label: "SELECT t9"}}
	d.Told = []digest.Minor{{Kind: digest.New, Classes: 4, First: []digest.MinorClass{{ID: "A", Fingerprint: "select a from t1"}, {ID: "B", Fingerprint: "select a from t2"}, {ID: "0123456789ABCDEF0123456789ABCDEF"}}},
		{Kind: digest.Worse, Classes: 1, First: []digest.MinorClass{{ID: "C", Fingerprint: "select a from t3"}}}}
	if got := Caveats(r); len(got) != 1 || !strings.HasSuffix(got[0], ": 24 hours read, 3 with news and 21 without; about 21h07m of query time. 1 hour was read only in part. 5 hours were without any slow query. In 2 hours it was not known yet what is usual."+
		" It told: SLOWER AT ONCE from 2026-11-23 00:00 to 02:00 UTC; INCIDENT from 2026-11-23 06:00 to 07:00 UTC (SELECT t9); 4 NEW (SELECT t1, SELECT t2, 0123456789ABCDEF and 1 more); 1 WORSE (SELECT t3).") {
		t.Errorf("%q", got)
	}
	d = digest.Day{Window: d.Window, Posted: 3, QueryTime: 75600}
	d.Silent, d.Left, d.Missed = 20, 1, 2
	if got := Caveats(r); len(got) != 1 || !strings.HasSuffix(got[0], ": 23 hours read, 3 with news and 20 without; about 21h07m of query time. 1 hour is yet to be read. 2 hours are lost.") {
		t.Errorf("%q", got)
	}
}

// What cannot be seen yet is said in one hour of 24, or where the day is told, and is no
// news.
func TestFirstWeek(t *testing.T) {
	since := time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	said := func(start, hours, days int, day *digest.Day) string {
		r := changed(&digest.Past{Since: since, Days: days, Day: day}, "")
		r.Window = digest.Window{Start: since.Add(time.Duration(start) * time.Hour), End: since.Add(time.Duration(start+hours) * time.Hour)}
		if day == nil && News(r) {
			t.Error("it is news")
		}
		return firstWeek(r)
	}
	for n := range 9 * 24 {
		days := n / 24
		if days > 7 {
			days = 0
		}
		if got := said(n, 1, days, nil); (got != "") != (n%24 == 0 && days > 0) {
			t.Errorf("after %d hours: %q", n, got)
		}
	}
	for days, want := range map[int]string{
		0: "", 1: "1 day of history: neither daily nor weekly rhythm is known yet, so a job may look new or worse. Better and gone need more than a week.",
		2: "2 days of history: neither daily nor", 3: "3 days of history: weekly rhythm is not known yet, so a weekly job may look new or worse.", 7: "7 days of history: weekly",
	} {
		if got := said(5, 1, days, &digest.Day{}); !strings.HasPrefix(got, want) || got == "" != (days == 0) {
			t.Errorf("%d days: %q", days, got)
		}
	}
	if said(20, 4, 1, nil) != "" || said(20, 5, 1, nil) == "" || said(24, 3, 1, nil) == "" {
		t.Error("of several hours the one counts with which a day is full")
	}
}

// Of a class that did not change the details say what would not be seen.
func TestDetection(t *testing.T) {
	for _, c := range []struct {
		change *digest.Change
		least  float64
		want   string
	}{
		{nil, 0, ""},
		{nil, 3.96, "Less than 4 times the calls would not be seen within a day"},
		{nil, 1e9, "Less than 1,000 times the calls would not be seen within a day"},
		{&digest.Change{Kind: digest.Worse}, 4, ""},
	} {
		if got := Detection(&digest.Class{Change: c.change, Detectable: c.least}); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// An hour that has far less time than usual is not one of which nothing is new.
func TestFarLessThanUsual(t *testing.T) {
	for _, c := range []struct {
		time, low float64
		complete  bool
		want      string
	}{
		{599, 1200, true, "Far less time than usual on db-1: "},
		{600, 1200, true, "Nothing new on db-1: "},
		{1, 61.1, true, "Far less time than usual on db-1: "},
		{2, 61.9, true, "Nothing new on db-1: "},
		{599, 1200, false, "⚠️ PARTIAL: db-1: "},
		{0, 1200, true, "No slow query logged on db-1"},
	} {
		r := changed(&digest.Past{Usual: &digest.Usual{Low: c.low, High: 2 * c.low}}, "")
		r.Instances, r.Overall.QueryTime.Sum, r.Coverage.Complete = []string{"db-1"}, c.time, c.complete
		if c.time == 0 {
			r.Overall.Calls = 0
		}
		far := strings.HasPrefix(c.want, "Far")
		if title := Title(r); !strings.HasPrefix(title, c.want) || News(r) != (far || !c.complete) || far != strings.HasPrefix(headline(r), "Far less time than usual.") {
			t.Errorf("%v s of %v: %q", c.time, c.low, title)
		}
	}
}

// What is said of many instances alike is said once, in chats, text and all.
func TestFolded(t *testing.T) {
	const gone = " does not exist any more, and was still there at 2026-11-23 08:05 UTC: it was deleted or renamed. What it logged last was not read."
	var in []string
	for i := range 5 {
		in = append(in, fmt.Sprintf("db-%d%s", i, gone), fmt.Sprintf("What db-%d logged 2026-11-23 08:00 to 09:00 UTC could not be read, and is lost with it.", i))
	}
	in = append(in, "db-7 was renamed to db-7-old1.", "db-8 was renamed to db-8-old1.", "One.", "Two.", "Instance db-1 lists no slow log yet.", "Instance db-2 lists no slow log yet.", "a.log: entry without a statement (at byte 0).", "b.log: entry without a statement (at byte 0).")
	want := []string{"Each of db-0, db-1, db-2 and 2 more" + gone, "What each of db-0, db-1, db-2 and 2 more logged 2026-11-23 08:00 to 09:00 UTC could not be read, and is lost with it.",
		"db-7 was renamed to db-7-old1.", "db-8 was renamed to db-8-old1.", "One.", "Two.", "Each of the instances db-1, db-2 lists no slow log yet.", "a.log, b.log: entry without a statement (at byte 0)."}
	if got := folded(in); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// An instance that has vanished, and one that is usually busy and logs nothing, are in the title, which
// then does not say that nothing is new. A hole that was told before is not.
func TestSilentInstancesAreInTheTitle(t *testing.T) {
	ran := digest.InstanceTotal{Instance: "db-1", Calls: 1, QueryTime: 2}
	idle := digest.InstanceTotal{Instance: "db-3", Usual: &digest.Usual{Low: 60, High: 90}}
	for _, c := range []struct {
		past    digest.Past
		all     []digest.InstanceTotal
		without []string
		want    string
	}{
		{digest.Past{}, []digest.InstanceTotal{ran}, nil, "Nothing new on db-1, db-3: "},
		{digest.Past{}, []digest.InstanceTotal{ran, idle}, nil, "db-3 logs nothing; db-1, db-3: "},
		{digest.Past{New: 2}, []digest.InstanceTotal{ran, idle}, nil, "db-3 logs nothing; 2 new on db-1, db-3: "},
		{digest.Past{News: []string{"db-2 is gone."}}, nil, []string{"db-2"}, "db-2 was not read; db-1, db-3: "},
		{digest.Past{}, nil, []string{"db-2"}, "Nothing new on db-1, db-3: "},
		{digest.Past{EndedIncident: &digest.EndedIncident{}}, []digest.InstanceTotal{ran, idle}, nil, "db-3 logs nothing; INCIDENT OVER on db-1, db-3: "},
	} {
		r := changed(&c.past, "")
		r.Instances, r.Overall.ByInstance, r.Coverage.Without = []string{"db-1", "db-3"}, c.all, c.without
		if title := Title(r); !strings.HasPrefix(title, c.want) {
			t.Errorf("%q, want %q", title, c.want)
		}
	}
}

// A single call that is half of what an hour has above the usual is in its head, and in an incident it
// is said in the place of what a call takes.
func TestOneLongCall(t *testing.T) {
	for _, c := range []struct {
		longest, total float64
		calls          int64
		want           string
	}{
		{900, 2650, 40, "One call of 15m00s on db-1: "},
		{900, 3550, 40, "One call of 15m00s on db-1: "},
		{900, 3551, 40, "Nothing new on db-1: "},
		{900, 1850, 40, "Nothing new on db-1: "}, // as usual
		{900, 2650, 2, "Nothing new on db-1: "},
		{499, 2650, 40, "Nothing new on db-1: "},
	} {
		r := changed(&digest.Past{Usual: &digest.Usual{Low: 1650, High: 1850}}, "")
		r.Instances, r.Overall.QueryTime.Sum = []string{"db-1"}, c.total
		r.Classes[0].Calls = c.calls
		r.Classes[0].QueryTime = digest.Metrics{Sum: 1000, Max: c.longest, Median: 2}
		if title := Title(r); !strings.HasPrefix(title, c.want) || (OneCall(&r.Classes[0]) == ", one call of 15m00s") != (c.longest == 900 && c.calls > 2) {
			t.Errorf("%+v: %q, %q", c, title, OneCall(&r.Classes[0]))
		}
	}
	r := changed(&digest.Past{Incident: &digest.Incident{Times: 25, Class: "A", Share: 1}}, digest.Worse)
	r.Classes[0].ID, r.Classes[0].Calls, r.Classes[0].Change.Of, r.Classes[0].Change.TimesEach = "A", 101, "query_time", 25
	r.Classes[0].QueryTime = digest.Metrics{Sum: 2500, Max: 2400, Median: 1}
	if got := Notices(r)[0].Text; got != "#1 SELECT t1 is 100% of what is above the usual. One call of 40m00s took 96% of its time." || strings.Contains(Evidence(&r.Classes[0]), "a call takes") {
		t.Errorf("%q, %q", got, Evidence(&r.Classes[0]))
	}
}

// What is BETTER and beyond the limit is counted in the list as in the title.
func TestBetterBeyondTheLimit(t *testing.T) {
	r := changed(&digest.Past{Better: 3}, digest.Better)
	if all := Changes(r); len(all) != 2 || all[1].String() != "and 2 more better" {
		t.Errorf("%q", all)
	}
}

// The first hour of an incident is told whole, and each that follows in a few lines, unless
// there is other news.
func TestIncidentThatGoesOn(t *testing.T) {
	start := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name    string
		since   time.Time
		change  digest.ChangeKind
		past    digest.Past
		details bool
	}{
		{"when it began is not known", time.Time{}, "", digest.Past{}, true},
		{"it begins with the hour", start, "", digest.Past{}, true},
		{"it began before", start.Add(-time.Second), "", digest.Past{}, false},
		{"it began before, and a class is new", start.Add(-time.Hour), digest.New, digest.Past{}, true},
		{"it began before, and the log has changed", start.Add(-time.Hour), "", digest.Past{Logged: &digest.Logged{}}, true},
	} {
		test.past.Incident = &digest.Incident{Times: 3, Since: test.since}
		r := changed(&test.past, "", test.change)
		r.Window = digest.Window{Start: start, End: start.Add(time.Hour)}
		if Details(r) != test.details || !News(r) {
			t.Errorf("%s: details %v, news %v", test.name, Details(r), News(r))
		}
	}
}

// silentOne is the report of an hour in which one of two instances ran nothing, which it did in the
// hour before, too, unless it stopped.
func silentOne(stopped bool) *digest.Report {
	r := changed(&digest.Past{}, "")
	r.Instances = []string{"a", "b"}
	usual := &digest.Usual{Low: 60, High: 90}
	r.Overall.ByInstance = []digest.InstanceTotal{{Instance: "a", Calls: 40, QueryTime: 80, Usual: usual}, {Instance: "b", Usual: usual, Stopped: stopped}}
	return r
}

// An hour is said not to be read only if none of its instances was: that another one is missing does not
// make one that was read and had no slow query unread.
func TestTitleOfAnHourThatWasNotRead(t *testing.T) {
	for _, c := range []struct {
		instances, without []string
		title, headline    string
	}{
		{[]string{"a"}, []string{"b"}, "No slow query logged on a", "No slow query."},
		{[]string{"a", "b"}, []string{"b"}, "No slow query logged on a, b", "No slow query."},
		{[]string{"a"}, []string{"a", "b"}, "a, b were not read", "a, b were not read."},
		{[]string{"a"}, []string{"a"}, "a was not read", "a was not read."},
		{nil, []string{"b"}, "No slow query logged on", "No slow query."},
	} {
		r := &digest.Report{Instances: c.instances, Coverage: digest.Coverage{Complete: true, Without: c.without}, Past: &digest.Past{}}
		if got := Title(r); !strings.HasPrefix(got, c.title) || headline(r) != c.headline {
			t.Errorf("%v without %v: %q, %q", c.instances, c.without, got, headline(r))
		}
	}
}
