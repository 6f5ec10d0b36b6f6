package notifier

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
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
		What: What(r.By), One: ClassHead(r.By, true), Many: groupsHead(r.By),
		Caption: "All " + strings.ToLower(groupsHead(r.By)) + " of this report.", Search: "statements, users, hosts, IDs", Heads: []string{"Share", "Time", "Calls", "Mean", "P95", "Max", "Examined/sent"},
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
	if charts == nil && len(r.Classes) > 0 {
		v.NoLoad = noLoad(r)
	}
	data, err := json.Marshal(charts) // escapes what could end the script
	if err != nil {
		return nil, err
	}
	v.Data = webpage.HTML(data)
	return v, nil
}

// noLoad says why a report has no chart of its load.
func noLoad(r *digest.Report) string {
	if slices.ContainsFunc(r.Classes, func(c digest.Class) bool { return !c.FirstSeen.IsZero() }) {
		return "This report was made without a time line: it has no chart of the load, nothing to zoom into, and cannot be sliced by user or host."
	}
	return "No entry that was counted has a time, so there is no chart of the load, nothing to zoom into, and nothing to slice by user or host. The numbers are of all entries."
}

func newViewClass(r *digest.Report, c *digest.Class, zone *time.Location) webpage.Class {
	evidence := EvidenceBeside(c)
	if _, inHead := InHead(r, c); inHead || NewIsSaid(r, c) {
		evidence = ""
	}
	v := webpage.Class{
		Rank: c.Rank, ID: c.ID, Note: c.Note, Badge: Badge(c), Evidence: InZone(cmp.Or(evidence, Detection(c)), zone), Reasons: Reasons(c), ShortID: classID(c), Name: c.Label, Since: SinceIn(c, zone), SQL: Clauses(c.Fingerprint),
		Metrics: metricRows(c), Tallies: Tallies(c),
	}
	if c.Group != nil {
		v.ID = ""
		v.Names = append(v.Names, webpage.Names{Title: "Queries", Names: strings.Join(groupQueries(c), "; ")})
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
	for _, n := range []struct {
		by    digest.By
		names string
	}{
		{digest.ByUser, usersOf(c, 20)}, {digest.ByHost, hostsOf(c, 20)}, {digest.BySchema, schemasOf(c, 20)},
		{digest.ByInstance, cmp.Or(mostOf(c, 20), instance(c))},
	} {
		if n.names != "" && n.by != r.By {
			v.Names = append(v.Names, webpage.Names{Title: ClassHead(n.by, false), Names: n.names})
		}
	}
	if s := planChange(c); s != "" {
		v.Reasons = append(v.Reasons, InZone(s, zone))
	}
	for _, n := range []webpage.Names{{Title: "Plan", Names: planLine(c)}, {Title: "Code", Names: codeOf(c, 20)}, {Title: "Tags", Names: otherTags(c, 20, namesNoCode)}} {
		if n.Names != "" {
			v.Names = append(v.Names, n)
		}
	}
	return v
}
