package notifier_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
)

func htmlOf(t *testing.T, r *digest.Report) string {
	return string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier { return notifier.NewHTML(b, nil) }, r))
}

// detailed gives a report what its charts need.
func detailed(r *digest.Report) *digest.Report {
	r.Classes = slices.Clone(r.Classes)
	lines := digest.Lines{Load: []float64{1, 20.00001, 3}, Calls: []float64{0, 30, 0}, RowsExamined: []float64{0, 0, 0}, LockTime: []float64{0, 0, 1}}
	r.Detail = &digest.Detail{Start: r.Window.Start, Step: 10, Lines: lines}
	r.Detail.Slices.Users = []digest.Slice{{Name: "app", Lines: lines}, {Name: "batch", Lines: lines}}
	r.Detail.Slices.Hosts = []digest.Slice{{Name: "web-1", Lines: lines}}
	for i := range r.Classes {
		r.Classes[i].Detail = &digest.Lines{First: 1, Load: []float64{5, 1.0 / 3}}
		r.Classes[i].Distribution = []digest.Bin{{From: 0.001, Calls: 7}}
	}
	return r
}

var (
	element  = regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`)
	dataOf   = regexp.MustCompile(`<script type="application/json" id="data">(.*)</script>`)
	policyOf = regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`)
)

func TestHTML(t *testing.T) {
	for _, name := range notifiertest.Reports {
		checkHTML(t, name, htmlOf(t, detailed(notifiertest.Load(t, name))))
	}
}

// checkHTML fails where anything of a report became a part of the page's markup.
func checkHTML(t *testing.T, name, page string) {
	t.Helper()
	policy := html.UnescapeString(policyOf.FindStringSubmatch(page)[1])
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
		t.Errorf("%s: policy %s", name, policy)
	}
	// Exactly what the policy names can run.
	elements := element.FindAllStringSubmatch(page, -1)
	if len(elements) != 3 || strings.Count(page, "<script") != 3 {
		t.Errorf("%s: %d scripts and styles, %d of them scripts", name, len(elements), strings.Count(page, "<script"))
	}
	for _, e := range elements {
		sum := sha256.Sum256([]byte(e[2]))
		if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			t.Errorf("%s: the policy forbids %.40q", name, e[2])
		}
	}
	for _, r := range page {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x202a && r <= 0x202e || r == 0x2028 || r == 0x2029 {
			t.Errorf("%s: holds %q", name, r)
		}
	}
	data := dataOf.FindStringSubmatch(page)[1]
	if !json.Valid([]byte(data)) || strings.ContainsAny(data, "<>&\u2028\u2029") {
		t.Errorf("%s: data %s", name, data)
	}
}

// A statement, a name or a note cannot leave the element in which it is shown.
// Groups have names in the place of query IDs and statements.
func TestHTMLOfGroups(t *testing.T) {
	for name, what := range map[string]string{"by-user": "user", "by-table": "table"} {
		page := htmlOf(t, detailed(notifiertest.Load(t, name)))
		for _, want := range []string{strings.ToUpper(what[:1]) + what[1:] + "s</h2>", "<h2 id=\"panels-title\">Each " + what + "</h2>", "stacked by " + what + ".",
			"this " + what + " ran", `data-what="` + what + `"`, "<dt>Queries</dt><dd>select sleep(?), ? F633EA865C5F9F9B ("} {
			if !strings.Contains(page, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		for _, never := range []string{"Query ID", `<pre class="sql"`, "<th scope=\"col\" class=\"left\" data-first=\"ascending\">Query", "alice@example.com", "of this class"} {
			if strings.Contains(page, never) {
				t.Errorf("%s has %s", name, never)
			}
		}
	}
	if page := htmlOf(t, detailed(notifiertest.Load(t, "full"))); !strings.Contains(page, "stacked by class.") || !strings.Contains(page, `<h2 id="classes-title">Classes</h2>`) {
		t.Error("classes are called otherwise")
	}
}

func TestHTMLOfHostileText(t *testing.T) {
	const evil = `</script><!--<script>alert(1)</script> </pre></details>"'><img src=x onerror=alert(1)>` + "\u2028{{.Data}}`${alert(1)}`"
	r := detailed(notifiertest.Load(t, "full"))
	c := &r.Classes[0]
	c.Fingerprint, c.Note = "select "+evil+" from `"+evil+"`", evil
	c.Users, c.Hosts, c.Schemas, c.Instances = map[string]int64{evil: 1}, map[string]int64{evil: 1}, map[string]int64{evil: 1}, map[string]int64{evil: 1, "b": 2}
	c.Change = &digest.Change{Kind: evil, Of: evil}
	r.Detail.Slices.Users[0].Name, r.Detail.Slices.Hosts = evil, r.Detail.Slices.Users
	c.ID, r.Instances, r.Coverage.Notes = evil, []string{evil}, []string{evil}
	page := htmlOf(t, r)
	for _, bad := range []string{"<script>alert", "<img", "<!--", "</pre></details>\"", "\u2028"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if strings.Count(page, "<script") != 3 || len(element.FindAllString(page, -1)) != 3 {
		t.Error("the page has scripts or styles that are not ours")
	}
	if !strings.Contains(page, "&lt;img src=x") {
		t.Error("the statement is not shown")
	}
}

func TestHTMLWithholdsSecrets(t *testing.T) {
	r := detailed(notifiertest.Load(t, "full"))
	r.Classes[0].Fingerprint = "create user a identified by ?"
	r.Classes[1].Users = map[string]int64{"jane@example.com": 1}
	r.Detail.Slices.Users = []digest.Slice{{Name: "jane@example.com", Lines: r.Detail.Lines}, {Name: "app"}, {Name: "joe@example.com", Lines: r.Detail.Lines}}
	page := htmlOf(t, r)
	if strings.Contains(page, "joe@") || r.Detail.Slices.Users[0].Name != "jane@example.com" {
		t.Error("a name of a slice is shown, or withheld in the report itself")
	}
	// Those of whom nothing more is told are one.
	if data := dataOf.FindStringSubmatch(page)[1]; strings.Count(data, `{"name":"[withheld`) != 1 || !strings.Contains(data, `"calls":[0,6,0]`) {
		t.Errorf("data %s", data)
	}
	if strings.Contains(page, "identified by") || strings.Contains(page, "jane@") || strings.Count(page, "[withheld") < 2 {
		t.Error("a secret is shown")
	}
}

// What the charts draw is what the report holds.
func TestHTMLData(t *testing.T) {
	r := detailed(notifiertest.Load(t, "full"))
	var data struct {
		Start, Step float64
		All         struct{ Time, Calls, Rows, Lock []float64 }
		Slices      map[string][]struct {
			Name string
			Time []float64
			Of   map[int]int64
		}
		Classes []struct {
			Name  string
			First int
			Time  []float64
			Bins  [][2]float64
		}
	}
	if err := json.Unmarshal([]byte(dataOf.FindStringSubmatch(htmlOf(t, r))[1]), &data); err != nil {
		t.Fatal(err)
	}
	if data.Start != float64(r.Window.Start.Unix()) || data.Step != 10 || data.All.Time[1] != 2 || len(data.Classes) != len(r.Classes) {
		t.Errorf("data %+v", data)
	}
	if a := data.All; a.Calls[1] != 3 || a.Rows != nil || !slices.Equal(a.Lock, []float64{-2, 0.1}) { // two zeros
		t.Errorf("of all: %+v", a)
	}
	// Each class that a name has calls of, as the table counts them; and no kind with one name.
	if users := data.Slices["user"]; len(data.Slices) != 1 || len(users) != 2 || users[0].Name != "app" || users[0].Time[1] != 2 || len(users[0].Of) == 0 || users[0].Of[0] != r.Classes[0].Users["app"] {
		t.Errorf("slices: %+v", data.Slices)
	}
	c := data.Classes[0]
	if !strings.HasPrefix(c.Name, "#1 ") || c.First != 1 || c.Time[0] != 0.5 || c.Time[1] != 0.03333 || c.Bins[0] != [2]float64{0.001, 7} {
		t.Errorf("class %+v", c)
	}
	without := notifiertest.Load(t, "full")
	if page := htmlOf(t, without); dataOf.FindStringSubmatch(page)[1] != "null" || strings.Contains(page, `id="load"`) {
		t.Error("without a detail the page has charts")
	}
	if page := htmlOf(t, without); !strings.Contains(page, "made without a time line") || strings.Contains(page, "has a time, so") {
		t.Error("a report that was made without a time line does not say so")
	}
	for i := range without.Classes {
		without.Classes[i].FirstSeen = time.Time{}
	}
	if page := htmlOf(t, without); !strings.Contains(page, "<p>No entry that was counted has a time, so there is no chart of the load") {
		t.Error("a report of entries without a time does not say why there is no chart")
	}
	if strings.Contains(htmlOf(t, r), "no chart of the load") {
		t.Error("a report with a chart says that it has none")
	}
	nothing := htmlOf(t, &digest.Report{Window: digest.Window{Start: time.Unix(0, 0), End: time.Unix(60, 0)}})
	if !strings.Contains(nothing, "what was read is not all of the window") || strings.Contains(nothing, "<table") {
		t.Error("a report of nothing is shown as something")
	}
}

// A page says of what kinds it has not every name; and the calls of the others, who are others in
// each class, are those of nobody.
func TestHTMLSaysThatThereAreMore(t *testing.T) {
	r := detailed(notifiertest.Load(t, "full"))
	lines := r.Detail.Lines
	named := func(n int, others ...string) []digest.Slice {
		var out []digest.Slice
		for i := range n {
			out = append(out, digest.Slice{Name: "n" + strconv.Itoa(i), Lines: lines})
		}
		for _, name := range others {
			out = slices.Insert(out, 1, digest.Slice{Name: name, Lines: lines})
		}
		return out
	}
	r.Detail.Slices = digest.Slices{Users: named(20), Hosts: named(21), Schemas: named(3, digest.OtherNames), Instances: named(1, digest.OtherNames)}
	for i, users := range []map[string]int64{{"n1": 5, digest.OtherNames: 2}, {"n1": 5}} {
		r.Classes[i].Users = users
	}
	var data struct {
		Slices  map[string][]struct{ Name string }
		More    map[string]bool
		Partial map[string][]int
	}
	if err := json.Unmarshal([]byte(dataOf.FindStringSubmatch(htmlOf(t, r))[1]), &data); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(data.More, map[string]bool{"host": true, "schema": true}) {
		t.Errorf("more %v", data.More)
	}
	if users := data.Partial["user"]; !slices.Equal(users, []int{0}) {
		t.Errorf("partial %v", data.Partial)
	}
	for kind, n := range map[string]int{"user": 20, "host": 20, "schema": 3, "instance": 0} {
		if s := data.Slices[kind]; len(s) != n || slices.ContainsFunc(s, func(s struct{ Name string }) bool { return s.Name == digest.OtherNames }) {
			t.Errorf("%s: %v", kind, s)
		}
	}
}

// A browser makes the rows and panels of the first 200 classes only, and has the others as markup.
func TestHTMLOfManyClasses(t *testing.T) {
	r := detailed(notifiertest.Load(t, "full"))
	c := r.Classes[0]
	c.Fingerprint, c.Note = "select '</noscript><script>alert(1)</script>'", "</noscript>"
	r.Classes = slices.Repeat([]digest.Class{c}, 203)
	for i := range r.Classes {
		r.Classes[i].Rank = i + 1
	}
	page := htmlOf(t, r)
	checkHTML(t, "203 classes", page)
	for text, n := range map[string]int{"<noscript>": 3, "</noscript></details>": 3, "</noscript>": 3, `<tr class="later">`: 3, "<details class=\"panel\"": 203} {
		if got := strings.Count(page, text); got != n {
			t.Errorf("%d times %s", got, text)
		}
	}
	if !strings.Contains(page, `<tr class="later"><td data-v="201">`) || !regexp.MustCompile(`(?s)id="q201">\n<summary>.{0,300}</summary>\n<noscript><pre class="sql"`).MatchString(page) {
		t.Error("it is not the 201st that is the first of them")
	}
}
