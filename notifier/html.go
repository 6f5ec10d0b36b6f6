package notifier

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/chart"
	"slowdigest/notifier/redact"
)

//go:embed html
var htmlFiles embed.FS

var htmlPage = template.Must(template.New("page.html").ParseFS(htmlFiles, "html/page.html"))

type htmlWriter struct {
	w    io.Writer
	zone *time.Location
}

// NewHTML writes a report to w as one HTML file to hand around, which loads
// nothing. It is written for others to read, so what a chat may not see is
// withheld here too. Its charts need the report's Detail. A nil zone is UTC.
func NewHTML(w io.Writer, zone *time.Location) Notifier { return htmlWriter{w, zone} }

func (h htmlWriter) Notify(_ context.Context, r *digest.Report) error {
	page, err := newHTMLView(redact.Of(r), h.zone)
	if err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	var b strings.Builder
	if err := htmlPage.Execute(&b, page); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	_, err = io.WriteString(h.w, b.String())
	return err
}

// htmlView holds what the page shows.
type htmlView struct {
	CSP                     string
	Style                   template.CSS
	Scripts                 []template.JS
	Data                    template.JS   // of the charts, and null where there is nothing to draw
	Load                    template.HTML // the chart of all classes
	Legend                  []htmlKey
	Title, Window, Headline string
	Trust, Facts            string
	Incomplete              bool
	Notes, Changes          []string
	Changed                 bool     // some class has changed
	Heads                   []string // of htmlClass.Cells
	Classes                 []htmlClass
	Misc, Others, Muted     string
}

func newHTMLView(report redact.Report, zone *time.Location) (*htmlView, error) {
	r := report.Digest()
	v := &htmlView{
		Title: "Slow queries", Window: InZone(When(r), zone), Headline: strings.TrimSpace(headline(r) + " " + InstanceTotals(r)),
		Trust: Trust(r), Facts: CoverageFacts(r.Coverage), Incomplete: Incomplete(r), Notes: folded(CoverageNotes(r)), Misc: miscLine(r),
		Heads: []string{"Share", "Time", "Calls", "Mean", "P95", "Max", "Examined/sent"},
	}
	if len(r.Instances) > 0 {
		v.Title += " on " + where(r)
	}
	charts := chart.Of(r, zone)
	for i := range r.Classes {
		v.Classes = append(v.Classes, newHTMLClass(r, &r.Classes[i], zone))
		if charts != nil {
			v.Classes[i].Load, v.Classes[i].Distribution = charts.Class(i, Duration)
		}
		v.Changed = v.Changed || v.Classes[i].Badge != ""
	}
	for _, n := range Notices(r) {
		v.Notes = append(v.Notes, n.Word+": "+n.Text)
	}
	for _, s := range Caveats(r) {
		v.Notes = append(v.Notes, upperFirst(s))
	}
	v.Others, v.Muted = otherInstances(r), Muted(r)
	for _, x := range Changes(r) {
		v.Changes = append(v.Changes, strings.TrimSpace(x.Word+" "+InZone(x.String(), zone)))
	}
	for i := range v.Notes {
		v.Notes[i] = InZone(v.Notes[i], zone)
	}
	if charts != nil {
		var keys []chart.Key
		v.Load, keys = charts.Load()
		for _, k := range keys {
			key := htmlKey{Key: k}
			if k.Class >= 0 {
				key.Rank = r.Classes[k.Class].Rank
			}
			v.Legend = append(v.Legend, key)
		}
	}
	data, err := json.Marshal(charts) // escapes what could end the script
	if err != nil {
		return nil, err
	}
	v.Data = template.JS(data)
	v.CSP, err = v.embed()
	return v, err
}

// embed takes in the style and the scripts, and returns the policy that allows
// exactly these, and nothing to be loaded.
func (v *htmlView) embed() (policy string, err error) {
	read := func(name string) string {
		text, readErr := htmlFiles.ReadFile("html/" + name)
		if err == nil {
			err = readErr
		}
		return string(text)
	}
	allow := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	style, scripts := read("page.css"), ""
	v.Style = template.CSS(style)
	for _, name := range []string{"charts.js", "page.js"} {
		text := read(name)
		v.Scripts, scripts = append(v.Scripts, template.JS(text)), scripts+allow(text)
	}
	return "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
		"script-src" + scripts + "; style-src" + allow(style), err
}

// htmlKey is an entry of the legend; a Rank of 0 is that of the other classes.
type htmlKey struct {
	chart.Key
	Rank int
}

// htmlClass is a row of the table, and the panel it leads to.
type htmlClass struct {
	*digest.Class
	Badge, Evidence           string
	Reasons                   []string
	ShortID, Name, Since, SQL string
	Cells                     []htmlCell
	Metrics                   []metricRow
	Tallies, Seen             string
	Names                     []htmlNames
	Load, Distribution        template.HTML
}

// htmlCell is a number as it is shown, and as it is sorted.
type htmlCell struct {
	Text  string
	Value float64
}

type htmlNames struct{ Title, Names string }

func newHTMLClass(r *digest.Report, c *digest.Class, zone *time.Location) htmlClass {
	evidence := EvidenceBeside(c)
	if _, inHead := InHead(r, c); inHead || NewIsSaid(r, c) {
		evidence = ""
	}
	v := htmlClass{
		Class: c, Badge: Badge(c), Evidence: InZone(cmp.Or(evidence, Detection(c)), zone), Reasons: Reasons(c), ShortID: redact.ShortID(c.ID), Name: c.Label, Since: SinceIn(c, zone), SQL: Clauses(c.Fingerprint),
		Metrics: metricRows(c), Tallies: Tallies(c),
		Cells: []htmlCell{
			{Percent(c.Share), c.Share},
			{Duration(c.QueryTime.Sum), c.QueryTime.Sum},
			{Count(float64(c.Calls)), float64(c.Calls)},
			{Duration(c.QueryTime.Mean), c.QueryTime.Mean},
			{Duration(c.QueryTime.P95), c.QueryTime.P95},
			{Duration(c.QueryTime.Max), c.QueryTime.Max},
			{examinedPerSent(c), c.RowsExamined.Sum / math.Max(c.RowsSent.Sum, 1)},
		},
	}
	if !c.FirstSeen.IsZero() {
		v.Seen = InZone(Seen(c), zone)
	}
	for _, names := range []htmlNames{
		{"Users", usersOf(c, 20)}, {"Hosts", hostsOf(c, 20)}, {"Schemas", schemasOf(c, 20)},
		{"Instances", cmp.Or(mostOf(c, 20), instance(c))},
	} {
		if names.Names != "" {
			v.Names = append(v.Names, names)
		}
	}
	return v
}
