package notifier_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"slices"
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
	if a := data.All; a.Calls[1] != 3 || a.Rows != nil || a.Lock[2] != 0.1 {
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
	nothing := htmlOf(t, &digest.Report{Window: digest.Window{Start: time.Unix(0, 0), End: time.Unix(60, 0)}})
	if !strings.Contains(nothing, "what was read is not all of the window") || strings.Contains(nothing, "<table") {
		t.Error("a report of nothing is shown as something")
	}
}
