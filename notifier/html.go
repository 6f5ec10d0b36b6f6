package notifier

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/chart"
	"slowdigest/notifier/paste"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/webpage"
)

type htmlWriter struct {
	w    io.Writer
	zone *time.Location
}

// NewHTML writes a report to w as one HTML file to hand around, which loads
// nothing. It is written for others to read, so what a chat may not see is
// withheld here too. Its charts need the report's Detail. A nil zone is UTC.
func NewHTML(w io.Writer, zone *time.Location) Notifier { return htmlWriter{w, zone} }

func (h htmlWriter) Notify(_ context.Context, r *digest.Report) error {
	v, err := newView(redact.Of(r), h.zone)
	if err == nil {
		err = v.Write(h.w)
	}
	if err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return nil
}

func newView(report redact.Report, zone *time.Location) (*webpage.View, error) {
	r := report.Digest()
	v := &webpage.View{
		Title: "Slow queries", Window: InZone(When(r), zone), Headline: strings.TrimSpace(headline(r) + " " + InstanceTotals(r)),
		Trust: Trust(r), Facts: CoverageFacts(r.Coverage), Incomplete: Incomplete(r), Notes: folded(CoverageNotes(r)), Misc: miscLine(r),
		Caption: "All classes of this report.", Search: "statements, users, hosts, IDs", Heads: []string{"Share", "Time", "Calls", "Mean", "P95", "Max", "Examined/sent"},
	}
	if len(r.Instances) > 0 {
		v.Title += " on " + where(r)
	}
	charts := chart.Of(r, zone)
	for i := range r.Classes {
		v.Classes = append(v.Classes, newViewClass(r, &r.Classes[i], zone))
		if charts != nil {
			load, distribution := charts.Class(i, Duration)
			v.Classes[i].Load, v.Classes[i].Distribution = webpage.HTML(load), webpage.HTML(distribution)
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
		load, keys := charts.Load()
		v.Load = webpage.HTML(load)
		for _, k := range keys {
			key := webpage.Key{Color: k.Color, Name: k.Name}
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
	v.Data = webpage.HTML(data)
	return v, nil
}

func newViewClass(r *digest.Report, c *digest.Class, zone *time.Location) webpage.Class {
	evidence := EvidenceBeside(c)
	if _, inHead := InHead(r, c); inHead || NewIsSaid(r, c) {
		evidence = ""
	}
	v := webpage.Class{
		Rank: c.Rank, ID: c.ID, Note: c.Note, Badge: Badge(c), Evidence: InZone(cmp.Or(evidence, Detection(c)), zone), Reasons: Reasons(c), ShortID: redact.ShortID(c.ID), Name: c.Label, Since: SinceIn(c, zone), SQL: Clauses(c.Fingerprint),
		Metrics: metricRows(c), Tallies: Tallies(c),
	}
	for _, cell := range []struct {
		text  string
		value float64
	}{
		{Percent(c.Share), c.Share},
		{Duration(c.QueryTime.Sum), c.QueryTime.Sum},
		{Count(float64(c.Calls)), float64(c.Calls)},
		{Duration(c.QueryTime.Mean), c.QueryTime.Mean},
		{Duration(c.QueryTime.P95), c.QueryTime.P95},
		{Duration(c.QueryTime.Max), c.QueryTime.Max},
		{examinedPerSent(c), c.RowsExamined.Sum / math.Max(c.RowsSent.Sum, 1)},
	} {
		v.Cells = append(v.Cells, webpage.Cell{Text: cell.text, Value: cell.value})
	}
	if !c.FirstSeen.IsZero() {
		v.Seen = InZone(Seen(c), zone)
	}
	v.Paste = strings.Join(paste.Lines(c), "\n")
	v.Rate = rates(&c.Totals)
	v.Slowest, v.Place = slowest(c)
	v.Slowest = InZone(v.Slowest, zone)
	for _, n := range []struct{ title, names string }{
		{"Users", usersOf(c, 20)}, {"Hosts", hostsOf(c, 20)}, {"Schemas", schemasOf(c, 20)},
		{"Instances", cmp.Or(mostOf(c, 20), instance(c))},
	} {
		if n.names != "" {
			v.Names = append(v.Names, webpage.Names{Title: n.title, Names: n.names})
		}
	}
	return v
}
