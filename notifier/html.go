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
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// The page, and in the directory uplot the library that draws its charts, as its
// makers distribute it: `make uplot` takes another version.
//
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
	Styles                  []template.CSS
	Scripts                 []template.JS
	Data                    template.JS // of the charts, and empty where there is nothing to draw
	Licence                 string      // of the charts' library
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
	for i := range r.Classes {
		v.Classes = append(v.Classes, newHTMLClass(r, &r.Classes[i], zone))
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
	data, err := json.Marshal(newHTMLData(r, zone)) // escapes what could end the script
	if err != nil {
		return nil, err
	}
	v.Data = template.JS(data)
	v.CSP, err = v.embed()
	return v, err
}

// embed takes in the styles and scripts, and returns the policy that allows
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
	v.Licence = read("uplot/LICENSE")
	scripts, styles := "", ""
	for _, name := range []string{"uplot/uPlot.iife.min.js", "charts.js", "page.js"} {
		text := read(name)
		v.Scripts, scripts = append(v.Scripts, template.JS(text)), scripts+allow(text)
	}
	for _, name := range []string{"uplot/uPlot.min.css", "page.css"} {
		text := read(name)
		v.Styles, styles = append(v.Styles, template.CSS(text)), styles+allow(text)
	}
	return "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
		"script-src" + scripts + "; style-src" + styles, err
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

// htmlData holds what the charts draw, as JSON. Load is the calls that ran at a time,
// on average, in each step.
type htmlData struct {
	Start   int64           `json:"start"` // of the first step, in seconds since 1970
	Step    float64         `json:"step"`  // seconds
	Window  [2]int64        `json:"window"`
	Zone    string          `json:"zone"` // of the times, as IANA names it
	Load    []float64       `json:"load"`
	Classes []htmlClassData `json:"classes"` // in the order of the table
}

type htmlClassData struct {
	Name  string       `json:"name"`
	First int          `json:"first"`
	Load  []float64    `json:"load"`
	Bins  [][2]float64 `json:"bins"` // from how many seconds, calls
}

// newHTMLData returns nil where there is nothing to draw.
func newHTMLData(r *digest.Report, zone *time.Location) *htmlData {
	if r.Detail == nil || len(r.Classes) == 0 {
		return nil
	}
	d := &htmlData{
		Start: r.Detail.Start.Unix(), Step: r.Detail.Step, Load: running(r.Detail.Load, r.Detail.Step),
		Window: [2]int64{r.Window.Start.Unix(), r.Window.End.Unix()},
		Zone:   cmp.Or(zone, time.UTC).String(),
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		data := htmlClassData{Name: fmt.Sprintf("#%d %s", c.Rank, c.Label), Load: []float64{}, Bins: [][2]float64{}}
		if c.Detail != nil {
			data.First, data.Load = c.Detail.First, running(c.Detail.Load, r.Detail.Step)
			for _, bin := range c.Detail.Distribution {
				data.Bins = append(data.Bins, [2]float64{bin.From, float64(bin.Calls)})
			}
		}
		d.Classes = append(d.Classes, data)
	}
	return d
}

// running divides query time by the time in which it passed, to four digits: no
// chart shows more.
func running(load []float64, step float64) []float64 {
	out := make([]float64, len(load))
	for i, s := range load {
		if s /= step; !math.IsInf(s, 0) && !math.IsNaN(s) {
			out[i], _ = strconv.ParseFloat(strconv.FormatFloat(s, 'g', 4, 64), 64)
		}
	}
	return out
}
