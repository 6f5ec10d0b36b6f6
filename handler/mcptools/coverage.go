package mcptools

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier/redact"
)

// CoverageArgs are the arguments of coverage.
type CoverageArgs struct {
	WindowArgs
	Instances []string `json:"instances,omitempty" jsonschema:"names of instances, or patterns such as orders-*; none are all"`
	Cursor    string   `json:"cursor,omitempty" jsonschema:"next_cursor of the last answer, alone"`
}

// Covered is the answer of coverage.
type Covered struct {
	Head
	Holds      Window    `json:"logs_hold" jsonschema:"from the first to the last call in the window"`
	Read       Read      `json:"read"`
	Remembered *Memory   `json:"remembered,omitempty" jsonschema:"what the state remembers; absent where there is none"`
	Findings   []Finding `json:"findings" jsonschema:"all that is known to be missing, or to be otherwise than usual"`
}

// Read counts what was read.
type Read struct {
	Files       int   `json:"files"`
	BytesListed int64 `json:"bytes_listed" jsonschema:"the sizes of these files"`
	Bytes       int64 `json:"bytes_read"`
	Entries     int64 `json:"entries"`
	InWindow    int64 `json:"entries_in_window"`
	Unreadable  int64 `json:"entries_unreadable"`
	Doubtful    int64 `json:"places_in_doubt" jsonschema:"places that leave it open whether there is an entry"`
	Truncated   int64 `json:"statements_cut"`
	Filtered    int64 `json:"entries_left_out" jsonschema:"by a filter such as the least query time"`
}

// Memory tells what a state remembers.
type Memory struct {
	Since  string `json:"since" jsonschema:"the first hour, RFC 3339, UTC"`
	Newest string `json:"newest_hour" jsonschema:"the start of the last hour"`
	Hours  int    `json:"hours" jsonschema:"how many hours of the last 14 days are remembered; below 24 nothing is called new or worse"`
}

// Finding is one thing that coverage has to tell.
type Finding struct {
	What     string `json:"what" jsonschema:"note, gap (a part of a log that is missing), open (to be read yet), missed (an hour that is lost), failed, asleep, off (writes no slow log) or gone (an instance that is not there any more)"`
	Instance string `json:"instance,omitempty"`
	From     string `json:"from,omitempty" jsonschema:"RFC 3339, UTC"`
	To       string `json:"to,omitempty" jsonschema:"RFC 3339, UTC"`
	Text     string `json:"text,omitempty"`
}

func askCoverage(ctx context.Context, s *Server, a CoverageArgs) (*Covered, digest.Window, error) {
	from, err := readCursor("coverage", a.Cursor, &a)
	if err != nil {
		return nil, digest.Window{}, err
	}
	r, w, notKnown, err := compared(ctx, s, a.WindowArgs, a.Instances)
	if err != nil {
		return nil, w, err
	}
	d := r.Digest()
	c := d.Coverage
	out := &Covered{
		Head: s.head(r, notKnown), Holds: windowOf(extent(&digest.Report{Classes: d.Classes})),
		Read: Read{c.Files, c.BytesListed, c.BytesRead, c.Events, c.InWindow, c.Unreadable, c.Doubtful, c.Truncated, c.Filtered},
	}
	if len(d.Classes) == 0 {
		out.Holds = Window{}
	}
	var all []Finding
	for _, n := range notes(d) {
		all = append(all, Finding{What: "note", Text: n})
	}
	for _, g := range c.Gaps {
		f := Finding{What: "gap", Instance: g.Instance, From: timeText(g.After), To: timeText(g.Before)}
		if g.To > g.From {
			f.Text = fmt.Sprintf("%d bytes", g.To-g.From)
		}
		all = append(all, f)
	}
	st, _ := s.state(ctx) // compared has said if it cannot be read
	if st != nil {
		since, newest, hours := st.History.Span()
		out.Remembered = &Memory{timeText(since), timeText(newest), hours}
		all = append(all, findings(st, w)...)
	}
	out.Coverage.Notes = []string{} // they are among the findings
	a.fix(w)
	var next int
	out.Findings, next = page(out, len(all), from, at(all))
	out.Cursor = newCursor("coverage", a, next)
	return out, w, nil
}

// findings are those of a state in a window; without bounds they are of all that it remembers.
func findings(st *state.State, w digest.Window) (all []Finding) {
	in := func(start, end time.Time) bool {
		return (w.End.IsZero() || start.Before(w.End)) && end.After(w.Start)
	}
	for _, o := range st.Open {
		if in(o.Start, o.End) {
			all = append(all, Finding{"open", redact.SafeName(o.Instance), timeText(o.Start), timeText(o.End), redact.Sentence(o.Cause)})
		}
	}
	for _, e := range st.Entries {
		if what := map[state.EntryKind]string{state.Missed: "missed", state.FailureReported: "failed"}[e.Kind]; what != "" && in(e.Start, e.End) {
			all = append(all, Finding{What: what, From: timeText(e.Start), To: timeText(e.End)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(st.Instances)) {
		all = append(all, seen(id, st.Instances[id])...)
	}
	return all
}

// seen says what is not usual of an instance.
func seen(id string, i state.Seen) (all []Finding) {
	id = redact.SafeName(id)
	for _, x := range []struct {
		what string
		from time.Time
	}{{"gone", i.Gone}, {"asleep", i.Asleep}, {"off", i.Off}} {
		if !x.from.IsZero() {
			all = append(all, Finding{What: x.what, Instance: id, From: timeText(x.from)})
		}
	}
	return all
}
