package digest

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// shown is the classes of a report, each by its rank and what changed, and Misc.
func shown(r *Report) string {
	var parts []string
	for _, c := range r.Classes {
		s := fmt.Sprintf("#%d", c.Rank)
		if c.Change != nil {
			s += " " + string(c.Change.Kind)
		}
		parts = append(parts, s)
	}
	return fmt.Sprintf("%s; %d classes, %d calls, %g s", strings.Join(parts, ", "), r.Misc.Classes, r.Misc.Calls, r.Misc.QueryTime.Sum)
}

// tenClasses have 100, 50, 25 ... seconds.
func tenClasses() *Report {
	r := &Report{}
	for i := range 10 {
		c := classOf(fmt.Sprint(i), work{100 / float64(int(1)<<i), 5})
		r.Classes = append(r.Classes, c)
		r.Overall.QueryTime.Sum += c.QueryTime.Sum
	}
	r.rank()
	return r
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		name    string
		limit   Limit
		changes map[int]ChangeKind // by rank
		muted   string
		outlier int
		want    string
	}{
		{"as Report does", Limit{Count: 8}, nil, "", 0, "#1, #2, #3, #4, #5, #6, #7, #8; 2 classes, 10 calls, 0.585938 s"},
		{"of the time", Limit{Percent: 80}, nil, "", 0, "#1, #2, #3; 7 classes, 35 calls, 24.804688 s"},
		{"changes lead", Limit{Count: 4}, map[int]ChangeKind{2: New, 4: Worse, 5: Back}, "", 0,
			"#2 NEW, #4 WORSE, #1, #3; 6 classes, 30 calls, 12.304688 s"},
		{"of the time, all changes", Limit{Percent: 50}, map[int]ChangeKind{2: New, 4: Worse, 5: Back}, "", 0,
			"#2 NEW, #4 WORSE, #5 BACK, #1; 6 classes, 30 calls, 31.054688 s"},
		{"a limit is a limit", Limit{Count: 1}, map[int]ChangeKind{2: New, 4: Worse, 5: Back, 6: Better}, "", 7,
			"#2 NEW; 9 classes, 50 calls, 149.804688 s"},
		{"half of it for changes, rounded up", Limit{Count: 5}, map[int]ChangeKind{4: New, 5: New, 6: Worse, 7: Worse}, "", 0,
			"#4 NEW, #5 NEW, #6 WORSE, #1, #2; 5 classes, 25 calls, 27.929688 s"},
		{"what the share leaves of the number", Limit{Percent: 50, Count: 5}, map[int]ChangeKind{2: New, 3: New, 4: New, 5: New, 6: Worse}, "", 0,
			"#2 NEW, #3 NEW, #4 NEW, #5 NEW, #1; 5 classes, 25 calls, 6.054688 s"},
		{"small ones do not, unless worse", Limit{Count: 2}, map[int]ChangeKind{8: New, 9: Back, 10: Worse}, "", 0,
			"#10 WORSE, #1; 8 classes, 40 calls, 99.609375 s"},
		{"small ones that are news together have one of them", Limit{Count: 3}, map[int]ChangeKind{7: New, 8: Back}, "", 0, "#1, #2, #7 NEW; 7 classes, 35 calls, 48.242188 s"},
		{"but not in the place of all", Limit{Count: 1}, map[int]ChangeKind{7: New, 8: Back}, "", 0, "#1; 9 classes, 45 calls, 99.804688 s"},
		{"those that are none have none", Limit{Count: 3}, map[int]ChangeKind{8: New, 9: New}, "", 0, "#1, #2, #3; 7 classes, 35 calls, 24.804688 s"},
		{"within the limit they stay where they are", Limit{}, map[int]ChangeKind{8: New}, "", 0,
			"#1, #2, #3, #4, #5, #6, #7, #8 NEW, #9, #10; 0 classes, 0 calls, 0 s"},
		{"better is kept in its place", Limit{Percent: 50}, map[int]ChangeKind{3: Better}, "", 0,
			"#1, #3 BETTER; 8 classes, 40 calls, 74.804688 s"},
		{"muted", Limit{Count: 2}, nil, "0", 0, "#2, #3; 7 classes, 35 calls, 24.804688 s"},
		{"an outlier", Limit{Percent: 50, Outliers: 1}, nil, "", 5, "#1, #5; 8 classes, 40 calls, 93.554688 s"},
		{"none is to be added", Limit{Percent: 50}, nil, "", 5, "#1; 9 classes, 50 calls, 99.804688 s"},
		{"nor to a number", Limit{Count: 1, Outliers: 1}, nil, "", 5, "#1; 9 classes, 50 calls, 99.804688 s"},
		{"nor beyond one", Limit{Percent: 50, Count: 1, Outliers: 1}, nil, "", 5, "#1; 9 classes, 50 calls, 99.804688 s"},
	} {
		r := tenClasses()
		r.Overall.QueryTime.P95 = 4
		for i := range r.Classes {
			c := &r.Classes[i]
			if kind, ok := test.changes[c.Rank]; ok {
				c.Change = &Change{Kind: kind}
			}
			if c.Rank == test.outlier {
				c.Calls, c.QueryTime.P95 = 10, 20
			}
		}
		if test.muted != "" {
			r.Past = &Past{Muted: []MutedClass{{ID: test.muted}}}
		}
		r.Shorten(test.limit, OrderBySum)
		if got := shown(r); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}

// Of several outliers, the slowest are added.
func TestSlowestOutliers(t *testing.T) {
	r := tenClasses()
	r.Overall.QueryTime.P95 = 0.1
	for i := range r.Classes {
		r.Classes[i].Calls, r.Classes[i].QueryTime.P95 = 10, float64(i)
	}
	if r.Shorten(Limit{Percent: 50, Outliers: 2}, OrderBySum); !strings.HasPrefix(shown(r), "#1, #9, #10;") {
		t.Error(shown(r))
	}
}

// A NEW or BACK class leads from a second and a hundredth of the time on; a WORSE
// one always.
func TestLeads(t *testing.T) {
	for _, test := range []struct {
		kind       ChangeKind
		sum, share float64
		want       bool
	}{
		{New, 1, 0.01, true}, {New, 0.999, 0.5, false}, {New, 100, 0.0099, false},
		{Back, 1, 0.01, true}, {Back, 0.999, 0.01, false}, {Worse, 0, 0, true}, {Better, 100, 1, false}, {"", 100, 1, false},
	} {
		c := Class{Share: test.share, Totals: Totals{Calls: 10, QueryTime: Metrics{Sum: test.sum, P95: 100}}}
		if test.kind != "" {
			c.Change = &Change{Kind: test.kind}
		}
		if c.Leads() != test.want {
			t.Errorf("%+v: %v", test, !test.want)
		}
	}
	told := Class{Change: &Change{Kind: Worse, Since: firstHour.time()}}
	if told.Leads() {
		t.Error("what was told to be WORSE leads again")
	}
}

func TestMute(t *testing.T) {
	var h History
	h.hoursOfWork(t, firstHour, 20*hoursADay, work{10, 100})
	now := dayHour(20, 0)
	for _, test := range []struct {
		name  string
		mute  Mute
		now   work
		muted bool
		want  string
	}{
		{"muted", Mute{ID: watched}, work{10, 100}, true, ""},
		{"for a while", Mute{ID: watched, Until: (now + 2).time()}, work{10, 100}, true, ""},
		{"expired", Mute{ID: watched, Until: (now + 1).time()}, work{10, 100}, false, ""},
		{"another class", Mute{ID: "A"}, work{10, 100}, false, ""},
		{"worse", Mute{ID: watched}, work{60, 600}, false, "WORSE"},
	} {
		test.mute.Reason, test.mute.By = "known", "U1"
		r := hourReport(now, test.now)
		whole := r.Overall
		h.Compare(r, Options{Mutes: []Mute{test.mute}, Notes: map[string]string{watched: "the report of the shop"}})
		if err := reread(t, &h).Add(r); err != nil || len(r.Classes) != 2 {
			t.Fatalf("%v, %d classes", err, len(r.Classes))
		}
		if got := said(r); !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %s", test.name, got)
		}
		muted := len(r.Past.Muted) == 1
		if m := r.Past.Muted; muted && (m[0].Calls != 100 || m[0].QueryTime != 10 || m[0].Reason != "known" || m[0].By != "U1") {
			t.Errorf("%s: %+v", test.name, m)
		}
		r.Shorten(Limit{}, OrderBySum)
		if left := len(r.Classes) == 1; muted != test.muted || left != test.muted || r.Misc.Classes != 0 || !reflect.DeepEqual(r.Overall, whole) {
			t.Errorf("%s: muted %v, %s", test.name, muted, shown(r))
		}
		for _, c := range r.Classes {
			if (c.Note != "") != (c.ID == watched) {
				t.Errorf("%s: note %q of %s", test.name, c.Note, c.ID)
			}
		}
	}
	// A muted class is not said to be gone.
	var gone History
	gone.hoursOfWork(t, firstHour, 20*hoursADay, work{10, 100})
	gone.hoursOfWork(t, now, 5, work{})
	r := hourReport(now+5, work{})
	if gone.Compare(r, Options{Mutes: []Mute{{ID: watched}}}); len(r.Past.Gone) != 0 || len(r.Past.Muted) != 0 {
		t.Errorf("%+v", r.Past)
	}
}

// With the classes that are shown those that a Minor names are at most as many as the limit says; all count.
// What leads is summed up beyond the limit, too.
func TestNamesWithinTheLimit(t *testing.T) {
	for _, limit := range []Limit{{}, {Count: 1}, {Count: 5}, {Percent: 95, Count: 20}, {Count: 100}, DefaultLimit} {
		count := limit.Count
		r := &Report{Past: &Past{}}
		for i := range 60 {
			c := Class{ID: fmt.Sprint(i), Rank: i + 1, Share: 0.0001}
			c.QueryTime.Sum = 0.5
			if i < 25 {
				c.Share, c.QueryTime.Sum = 0.02, 100
			}
			if i%5 > 0 {
				c.Change = &Change{Kind: New}
			}
			r.Classes = append(r.Classes, c)
		}
		r.countChanges(nil)
		all := len(r.Past.Minor[0].First)
		before := r.Past
		r.Shorten(limit, OrderBySum)
		named := map[string]bool{}
		for _, c := range r.Classes {
			named[c.ID] = true
		}
		for _, c := range r.Past.Minor[0].First {
			named[c.ID] = true
		}
		want := count
		if count == 0 || count > 60 {
			want = 60
		}
		if limit == DefaultLimit { // the names of all that are new are beyond it
			want = len(r.Classes) + 28
		}
		if len(named) != want || r.Past.Minor[0].Classes != 28 || len(before.Minor[0].First) != all || math.Abs(r.Past.Leading[New]-0.4) > 1e-9 {
			t.Errorf("limit %v: %d named, %+v, %v", limit, len(named), r.Past.Minor, r.Past.Leading)
		}
	}
}

// A Minor names the instance on which most of its time was, of several.
func TestMinorInstance(t *testing.T) {
	for want, instances := range map[string][]InstanceTotal{"": nil, "db-2": {{Instance: "db-1"}, {Instance: "db-2"}}} {
		r := tenClasses()
		r.Past, r.Overall.ByInstance = &Past{}, instances
		for i, on := range []string{"db-2", "db-1"} { // 1.6 s, and 0.3 s
			c := &r.Classes[6+2*i]
			c.Change, c.Instances = &Change{Kind: New}, map[string]int64{on: 1}
		}
		if r.countChanges(nil); len(r.Past.Minor) != 1 || r.Past.Minor[0].Instance != want || len(r.Past.Minor[0].First) != 2 {
			t.Errorf("got %+v, want %q", r.Past.Minor, want)
		}
		r.Classes[6].ByInstance, r.Past.Minor = []InstancePart{{Instance: "db-1", QueryTime: 0.8}, {Instance: "db-2", QueryTime: 0.8}}, nil
		if r.countChanges(nil); r.Past.Minor[0].Instance != "" {
			t.Errorf("on both: %+v", r.Past.Minor)
		}
	}
}

// What is BETTER has fallen in rank, and is shown before the worst, up to a half of the room.
func TestBetterIsShown(t *testing.T) {
	for count, want := range map[int]int{1: 0, 2: 1, 5: 2, 20: 3} {
		var r Report
		for i := range 40 {
			r.Classes = append(r.Classes, classOf(fmt.Sprintf("%032X", i+1), work{float64(100 - i), 10}))
			if i >= 35 {
				r.Classes[i].Change = &Change{Kind: Better}
			}
		}
		r.Shorten(Limit{Count: count}, OrderBySum)
		n := 0
		for _, c := range r.Classes {
			if c.Change != nil {
				n++
			}
		}
		if len(r.Classes) != count || n != want {
			t.Errorf("of %d: %d shown, %d better, want %d", count, len(r.Classes), n, want)
		}
	}
}
