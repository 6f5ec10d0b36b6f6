package digest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"slowdigest/digest/filter"
	"slowdigest/digest/tally"
	"slowdigest/parser"
	"slowdigest/parser/tags"
)

var remake = flag.Bool("remake", false, "make testdata/tags anew")

// markers is what a statement of testdata/tags compares id with.
var markers = regexp.MustCompile("(?:id`?|id0_?\\d*|Id)\\s*=\\s*(\\d{4})\\b")

type callSite struct {
	Site   string
	Marker int
	Tags   map[string]string
}

// libraryLog returns the slow log that libraries have written comments into, and what each call site
// said of itself, by its marker.
func libraryLog(t *testing.T) (log []byte, sites map[string]callSite) {
	t.Helper()
	if *remake {
		if out, err := exec.Command("../testdata/tags/make.sh").CombinedOutput(); err != nil {
			t.Fatalf("make.sh: %v\n%s", err, out)
		}
	}
	log, err := os.ReadFile("../testdata/tags/tags.log")
	if err != nil {
		t.Fatal(err)
	}
	truth, err := os.ReadFile("../testdata/tags/truth.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	sites = map[string]callSite{}
	for line := range bytes.Lines(truth) {
		var s callSite
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		sites[fmt.Sprint(s.Marker)] = s
	}
	return log, sites
}

// eachEvent gives the events of a log to a Stream, and calls after with each.
func eachEvent(t *testing.T, s *Stream, log []byte, after func(*parser.Event)) {
	t.Helper()
	for p := parser.New(bytes.NewReader(log), parser.Options{}); ; {
		e, err := p.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		s.Add(e)
		after(e)
	}
}

// The tags of what libraries send to a real server, prepared statements included, are those that
// each call site has, less what has no form that is taken.
func TestTagsOfLibraries(t *testing.T) {
	log, sites := libraryLog(t)
	a := NewAggregator(Window{})
	a.TagKeys = []string{"team"}
	s := a.Stream("x")
	seen, tagged := map[string]int{}, 0
	eachEvent(t, s, log, func(e *parser.Event) {
		marker := markers.FindSubmatch(e.SQL)
		if marker == nil {
			return
		}
		site := sites[string(marker[1])]
		seen[string(marker[1])]++
		got, want := map[string]string{}, map[string]string{}
		for _, tag := range s.tags {
			if tag.Key != tags.Code {
				got[tag.Key] = tag.Value
			}
		}
		for key, v := range site.Tags {
			if (slices.Contains(tags.Keys, key) || key == "team") && tags.May(v) {
				want[key] = v
			}
		}
		if tagged += len(want); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v\n%s", site.Site, got, want, e.SQL)
		}
	})
	for marker, site := range sites {
		if seen[marker] == 0 {
			t.Errorf("no statement of %s, %s", site.Site, marker)
		}
	}
	if len(sites) < 30 || tagged < 50 {
		t.Errorf("%d call sites, %d tags", len(sites), tagged)
	}
	text, _ := json.Marshal(a.Report(Limit{}, OrderBySum))
	for _, secret := range []string{"jane", "5bd66ef5", "literal", "'s/"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%s is in the report", secret)
		}
	}
}

func tagEvent(sql string, seconds float64) *parser.Event {
	return &parser.Event{SQL: []byte(sql), SQLBytes: int64(len(sql)), QueryTime: seconds, Weight: 1, User: "app"}
}

// A comment changes no class, and each call counts for each of its tags, over the hours that are merged too.
func TestTagsOfClass(t *testing.T) {
	hour := func(statements ...string) *Aggregator {
		a := NewAggregator(Window{})
		s := a.Stream("x")
		for _, sql := range statements {
			s.Add(tagEvent(sql, 2))
		}
		return a
	}
	sum := NewAggregator(Window{})
	sum.Merge(hour("select a from t where b = 1 /*controller:orders,action:index*/", "select a from t where b = 'x'"))
	sum.Merge(hour("/* orders#index */ select a from t where b = 3", "select a from t where b = 4 /*action='show',controller='items'*/"))
	r := sum.Report(Limit{}, OrderBySum)
	const want = "[{code orders#index 2 4} {code items#show 1 2} {action index 1 2} {action show 1 2} {controller items 1 2} {controller orders 1 2} {name orders#index 1 2}]"
	if got := fmt.Sprint(r.Classes[0].Tags); len(r.Classes) != 1 || r.Classes[0].Calls != 4 || got != want {
		t.Errorf("%d classes\n got %s\nwant %s", len(r.Classes), got, want)
	}
	plain := hour("select 1", "select a from t where b = '/*name:x*/'").Report(Limit{}, OrderBySum)
	if text, _ := json.Marshal(plain.Classes); strings.Contains(string(text), "tags") {
		t.Errorf("tags without any: %s", text)
	}
}

// What may stand in a literal is no tag: where a quote may be escaped or not, and where quotes are
// wrong. The second time the class is known by its skeleton.
func TestTagsInDoubt(t *testing.T) {
	for _, sql := range []string{
		`select a from t where b = 'x\' /*name:secret*/ and c = 'y'`,
		`select a from t where b = 'O'Brien /*name:secret*/' and c = 'd'`,
		`select a from t where b = 'it''s /*name:secret*/`,
		`select c 'x' in /*name:secret*/ 'it''s' || then order by -`, // which has a skeleton
		"select a from t where b = '\xe8\\' /*name:secret*/ , ' or c = 'x'",
	} {
		a := NewAggregator(Window{})
		s := a.Stream("x")
		for range 2 {
			s.Add(tagEvent(sql, 1))
			if len(s.tags) > 0 {
				t.Errorf("%s: %v", sql, s.tags)
			}
			s.Add(tagEvent("/*job='x'*/ "+sql, 1))
			if got := fmt.Sprint(s.tags); got != "[{job x} {code x}]" {
				t.Errorf("%s before it: %v", sql, s.tags)
			}
		}
	}
	// MariaDB runs /*M! ... */.
	e := tagEvent("select /*M! '*/ /*name:secret*/ ' , */ 1 /*job='x'*/", 1)
	e.MariaDB = true
	a := NewAggregator(Window{})
	s := a.Stream("x")
	if s.Add(e); fmt.Sprint(s.tags) != "[{job x} {code x}]" {
		t.Error(s.tags)
	}
	e = tagEvent(`select /*M! 1, */ a from t where b = 'O'Brien /*name:secret*/' and c = 'd'`, 1)
	e.MariaDB = true
	if s.Add(e); len(s.tags) > 0 {
		t.Error(s.tags)
	}
	// What may be other entries is not read.
	e = tagEvent("select 'cut off\n /*name:secret*/", 1)
	e.Doubt = len("select 'cut off")
	if s.Add(e); len(s.tags) > 0 {
		t.Error(s.tags)
	}
}

// Calls are chosen and grouped by a tag. Those without it are the ones of no name.
func TestByTag(t *testing.T) {
	statements := []string{
		"select a from t /*controller='orders',action='index',team='shop'*/", "select a from t /*controller='orders',action='show'*/",
		"select b from t /*controller='items'*/", "select c from t", `select d from t where e = '\' /*controller=''x'*/`,
	}
	report := func(by By, f *Filter) *Report {
		a := NewAggregator(Window{})
		a.By, a.Filter = by, f
		s := a.Stream("x")
		for _, sql := range statements {
			s.Add(tagEvent(sql, 1))
		}
		return a.Report(Limit{}, OrderBySum)
	}
	groups := func(r *Report) string {
		var out []string
		for _, c := range r.Classes {
			out = append(out, fmt.Sprintf("%s%t:%d", c.Group.Name, c.Group.None, c.Calls))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for by, want := range map[By]string{
		"tag:controller": "itemsfalse:1 ordersfalse:2 true:2", "tag:code": "itemsfalse:1 orders#indexfalse:1 orders#showfalse:1 true:2",
		"tag:team": "shopfalse:1 true:4", "tag:job": "true:5",
	} {
		if got := groups(report(by, nil)); got != want {
			t.Errorf("%s: %s, want %s", by, got, want)
		}
	}
	where := func(s string) *filter.Condition {
		c, err := filter.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct {
		filter     Filter
		calls      int64
		unanswered int64
	}{
		{Filter{Tags: map[string][]string{"controller": {"orders"}}}, 2, 0},
		{Filter{Tags: map[string][]string{"controller": {"orders", "items"}}}, 3, 0},
		{Filter{Tags: map[string][]string{"controller": {"orders"}, "action": {"show"}}}, 1, 0},
		{Filter{Tags: map[string][]string{"controller": {""}}}, 2, 0},
		{Filter{Tags: map[string][]string{"controller": {"", "items"}}}, 3, 0},
		{Filter{Tags: map[string][]string{"team": {"shop"}}}, 1, 0},
		{Filter{Where: where(`tag("controller") == "orders"`)}, 2, 2},
		{Filter{Where: where(`tag("team") == None`)}, 4, 0},
		{Filter{Where: where(`tag("code") == "orders#show"`), Tags: map[string][]string{"controller": {"orders"}}}, 1, 0},
	} {
		r := report(ByClass, &c.filter)
		if r.Overall.Calls != c.calls || r.Coverage.Filtered != 5-c.calls || r.Coverage.Unanswered != c.unanswered {
			t.Errorf("%+v: %d calls, %d filtered, %d unanswered", c.filter, r.Overall.Calls, r.Coverage.Filtered, r.Coverage.Unanswered)
		}
	}
	if (&Filter{Tags: map[string][]string{"a": {"b"}}}).Empty() {
		t.Error("a filter of tags is empty")
	}
	for s, want := range map[string]By{"tag:controller": "tag:controller", "TAG:team": "tag:team", "tag:code": "tag:code", "tag:": "", "tag:request_id": "", "tag": "", "tag:a b": ""} {
		if got, err := ParseBy(s); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
}

// Ten thousand values in each of many classes stay bounded, and what is left out is told.
func TestManyTags(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("x")
	for i := range 10_000 {
		s.Add(tagEvent(fmt.Sprintf("select a from t where b = %d /*job='J%d',controller='orders'*/", i, i), 1))
	}
	c := a.Report(Limit{}, OrderBySum).Classes[0]
	var calls int64
	others := false
	for _, tag := range c.Tags {
		if tag.Key == "job" {
			calls += tag.Calls
			others = others || tag.Value == OtherNames
		}
	}
	if text, _ := json.Marshal(c.Tags); len(c.Tags) > 70 || calls != 10_000 || !others || len(text) > 8<<10 {
		t.Errorf("%d tags of %d B, %d calls, others %t", len(c.Tags), len(text), calls, others)
	}
}

// To add a call whose tags are known allocates nothing, and one without comments neither.
func TestTagsNoAllocation(t *testing.T) {
	for _, sql := range []string{"select a from t where b = 5", "select a from t where b = 'x' /*action='index',application='Shop',controller='orders'*/"} {
		a := NewAggregator(Window{})
		s := a.Stream("x")
		e := tagEvent(sql, 1)
		s.Add(e)
		e.QueryTime = 0.5 // not the slowest
		if n := testing.AllocsPerRun(100, func() { s.Add(e) }); n > 0 {
			t.Errorf("%.1f allocations for %s", n, sql)
		}
	}
}

// However many values there are, all classes together keep some megabytes of them.
func TestTagsMemory(t *testing.T) {
	const classes, most = 1000, 16 << 20 // bytes
	a := NewAggregator(Window{})
	s := a.Stream("x")
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	add := func(n int) {
		long := strings.Repeat("J", tags.MaxValue-10)
		for i := range n {
			e := tagEvent(fmt.Sprintf("select c%d from t /*job='%s_%d',controller='%[2]s%[3]d'*/", i%classes, long, i), 1)
			e.QueryTime = float64(i) // each is worth more than the ones before it
			s.Add(e)
		}
	}
	add(classes)
	before := heap()
	add(100 * classes)
	if grown := heap() - before; grown > most {
		t.Errorf("%d B", grown)
	} else {
		t.Logf("%d B", grown)
	}
	kept := 0
	for _, c := range a.classes {
		kept += c.tags.Kept()
	}
	if kept < tally.Room || kept > tally.Room+classes*len(tags.Keys) {
		t.Errorf("%d values are kept", kept)
	}
	if n := len(a.Report(Limit{}, OrderBySum).Classes); n != classes {
		t.Errorf("%d classes", n)
	}
}

// What a Judge has found out is added later, after other events were judged.
func TestTagsOfJudged(t *testing.T) {
	a := NewAggregator(Window{})
	s := a.Stream("x")
	j := s.Judge()
	var events []*parser.Event
	var judged []Judged
	for i := range 3 {
		e := tagEvent(fmt.Sprintf("select a from t where b = %d /*job='J%[1]d'*/", i), 1)
		events, judged = append(events, e), append(judged, j.Judge(e, s))
	}
	for i, e := range events {
		s.AddJudged(e, judged[i])
	}
	if got, want := fmt.Sprint(a.Report(Limit{}, OrderBySum).Classes[0].Tags), "[{code J0 1 1} {code J1 1 1} {code J2 1 1} {job J0 1 1} {job J1 1 1} {job J2 1 1}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
