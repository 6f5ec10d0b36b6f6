package mcptools

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

// ChangesArgs are the arguments of changes.
type ChangesArgs struct {
	WindowArgs
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the last answer, alone"`
}

// Changes is the answer of changes.
type Changes struct {
	Head
	Hours   []Hour    `json:"hours,omitempty" jsonschema:"the hours of the window as a whole, in the first page"`
	Changes []Changed `json:"changes" jsonschema:"what is worse first, then what is new or back, better and gone; of each the greatest first"`
	Left    int       `json:"changes_left_out,omitempty" jsonschema:"how many more there are, all of which are small: digest marks them"`
}

// mostChanges bounds the list: after a change of the application's name every class is new.
const mostChanges = 200

// Hour states an hour of the clock as a whole.
type Hour struct {
	Start     string   `json:"hour" jsonschema:"its start, RFC 3339, UTC"`
	Calls     int64    `json:"calls"`
	QueryTime float64  `json:"query_time_seconds"`
	UsualLow  *float64 `json:"usual_query_time_seconds_low,omitempty"`
	UsualHigh *float64 `json:"usual_query_time_seconds_high,omitempty"`
	Trust     string   `json:"trust"`
	Digest    string   `json:"digest,omitempty" jsonschema:"what became of the digest of that hour: posted, silent (there was no news), missed, failed; empty where that is not known"`
	Notice    string   `json:"notice,omitempty" jsonschema:"what is to be said of the hour as a whole"`
}

// Changed is a class that is not what it was.
type Changed struct {
	Kind      string   `json:"kind" jsonschema:"WORSE, NEW, BACK, BETTER, GONE, BACK TO USUAL (not WORSE any more), or FIXED (NEW or WORSE before, and not for a day)"`
	ID        string   `json:"query_id"`
	Label     string   `json:"label_untrusted" jsonschema:"what the statement does; names in it come from a log and are data"`
	Evidence  string   `json:"evidence" jsonschema:"of evidence_hour, in which it shows most"`
	Of        string   `json:"evidence_hour" jsonschema:"the start of that hour, RFC 3339, UTC"`
	Since     string   `json:"since" jsonschema:"the first hour in which it is so, RFC 3339, UTC"`
	Hours     []string `json:"hours" jsonschema:"the hours of the window in which it is so, at most the first 24"`
	QueryTime float64  `json:"query_time_seconds" jsonschema:"in these hours"`
	Calls     int64    `json:"calls" jsonschema:"in these hours"`
	Share     float64  `json:"share_of_query_time" jsonschema:"0 to 1, of all query time in these hours"`
	Minor     bool     `json:"minor,omitempty" jsonschema:"it is too small to matter by itself"`
	Muted     bool     `json:"muted,omitempty"`
	Instance  *On      `json:"mostly_on_instance,omitempty"`
	User      *Part    `json:"mostly_by_user_untrusted,omitempty"`
	Host      *Part    `json:"mostly_from_host_untrusted,omitempty"`
	Network   string   `json:"host_network_untrusted,omitempty" jsonschema:"the network or domain that all hosts have in common"`
	Schema    *Part    `json:"mostly_in_schema_untrusted,omitempty"`
	Reasons   []string `json:"reasons,omitempty"`

	most  float64 // query time of the hour of the evidence
	of    float64 // query time of all, in the hours
	whole digest.Class
	on    map[string]float64 // query time by instance
}

// On is the instance with most of the query time.
type On struct {
	Name  string  `json:"name"`
	Share float64 `json:"share_of_query_time" jsonschema:"0 to 1, of that of the query"`
}

// Part is the name with most of the calls.
type Part struct {
	Name  string  `json:"name" jsonschema:"it comes from a log and is data"`
	Share float64 `json:"share_of_calls" jsonschema:"0 to 1"`
}

var errNoState = advice{"nothing is remembered of the time before, so that it is not known what is new or worse", `call compare, such as with "last": "1h" and "shift": "24h"`}

func askChanges(ctx context.Context, s *Server, a ChangesArgs) (*Changes, digest.Window, error) {
	from, err := readCursor("changes", a.Cursor, &a)
	if err != nil {
		return nil, digest.Window{}, err
	}
	st, err := s.state(ctx)
	switch {
	case err != nil:
		return nil, digest.Window{}, advice{"the state cannot be read, so that it is not known what is new or worse", "call compare with an earlier window"}
	case st == nil:
		return nil, digest.Window{}, errNoState
	}
	names, err := s.members(ctx)
	if err != nil {
		return nil, digest.Window{}, err
	}
	w, note, err := hoursAsked(ctx, s, a.WindowArgs, names)
	if err != nil {
		return nil, w, err
	}
	got, err := s.read(ctx, names, w, true)
	if err != nil {
		return nil, w, err
	}
	out := &Changes{Head: s.head(got.forAgents(), append(note, notStated(got.whole)...))}
	f := got.fold(st, from > 0)
	if f.learning {
		out.Coverage.NotKnown = append(out.Coverage.NotKnown, "What is new or worse in hours before which less than 24 are remembered.")
	}
	if _, newest, _ := st.History.Span(); newest.Before(w.Start.Add(-24 * time.Hour)) {
		out.Coverage.NotKnown = append(out.Coverage.NotKnown, "What happened between "+timeText(newest.Add(time.Hour))+" and "+timeText(w.Start)+": these hours are not remembered.")
	}
	if from == 0 {
		out.Hours = f.hours
	}
	all := f.changes
	if n := len(all); n > mostChanges {
		all, out.Left = all[:mostChanges], n-mostChanges
	}
	a.fix(w)
	var next int
	out.Changes, next = page(out, len(all), from, at(all))
	out.Cursor = newCursor("changes", a, next)
	return out, w, nil
}

// folded is what has changed in the hours of a window.
type folded struct {
	hours    []Hour
	changes  []Changed
	learning bool
}

// fold compares the hours of a reading with a state. A further page is of what the first one was.
func (r *reading) fold(st *state.State, further bool) folded {
	r.mu.Lock()
	defer r.mu.Unlock()
	if further && r.folded != nil {
		return *r.folded
	}
	var out folded
	f := newFold()
	for _, h := range r.hours {
		h = copyOf(h)
		comparePast(st, h)
		out.learning = out.learning || h.Past.Learning
		d := redact.ForAgents(h).Digest()
		out.hours = append(out.hours, hourOf(d, st))
		f.add(d)
	}
	out.changes = f.sorted()
	r.folded = &out
	return out
}

// hoursAsked returns the whole hours of what is asked for; of local logs as a whole the last day.
func hoursAsked(ctx context.Context, s *Server, a WindowArgs, names []string) (w digest.Window, notKnown []string, err error) {
	if w, err = s.window(a); err != nil {
		return w, nil, err
	}
	if w.Start.IsZero() || w.End.IsZero() {
		got, err := s.read(ctx, names, w, false)
		if err != nil {
			return w, nil, err
		}
		if w = extent(got.whole); w.Start.IsZero() {
			return w, nil, advice{"the logs hold no entry with a time", "call coverage"}
		}
		w.End = w.End.Add(time.Hour - 1).Truncate(time.Hour) // the log ends in that hour
	}
	given := w
	w = digest.Window{Start: w.Start.Truncate(time.Hour), End: w.End.Truncate(time.Hour)}
	if w.End.Sub(w.Start) > maxWindow {
		w.Start = w.End.Add(-maxWindow)
		notKnown = append(notKnown, "What was before "+timeText(w.Start)+": changes looks at 24 hours at most.")
	}
	if !w.Start.Before(w.End) {
		return w, nil, advice{fmt.Sprintf("the window from %s to %s holds no end of an hour", timeText(given.Start), timeText(given.End)),
			"changes compares whole hours of the clock; ask for an hour that has ended, or call digest"}
	}
	if !w.End.Equal(given.End) {
		notKnown = append(notKnown, "What changed after "+timeText(w.End)+": that hour is not over.")
	}
	return w, notKnown, nil
}

func hourOf(d *digest.Report, st *state.State) Hour {
	t := totalOf(d)
	h := Hour{Start: timeText(d.Window.Start), Calls: t.Calls, QueryTime: t.QueryTime, UsualLow: t.UsualLow, UsualHigh: t.UsualHigh, Trust: trust(d)}
	if e, ok := st.Entries.At(d.Window.Start); ok {
		h.Digest = map[state.EntryKind]string{state.Posted: "posted", state.Missed: "missed", state.FailureReported: "failed"}[e.Kind]
		if e.Silent {
			h.Digest = "silent"
		}
	}
	for _, n := range notifier.Notices(d) {
		if n.Word != "" && h.Notice == "" {
			h.Notice = cutJSON(redact.Sentence(n.Word+": "+n.Text), 300)
		}
	}
	return h
}

// fold gathers the changes of single hours by class and kind.
type fold struct {
	at  map[string]int
	all []Changed
}

func newFold() *fold { return &fold{at: map[string]int{}} }

func (f *fold) add(d *digest.Report) {
	start := timeText(d.Window.Start)
	for i := range d.Classes {
		c := &d.Classes[i]
		kind, since := changed(c)
		if kind == "" {
			continue
		}
		x := f.of(string(kind), c.ID)
		x.hour(start, since, c.QueryTime.Sum, c.Calls, d.Overall.QueryTime.Sum)
		x.Label = cutJSON(c.Label, labelRoom)
		x.Muted = x.Muted || queryOf(c, d).Muted
		if len(x.Hours) == 1 {
			x.Minor = true
		}
		x.Minor = x.Minor && !c.Leads() && since.IsZero() && (kind == digest.New || kind == digest.Back)
		if c.Change != nil && c.QueryTime.Sum >= x.most {
			x.most, x.Evidence, x.Of, x.Reasons = c.QueryTime.Sum, changeOf(c).Evidence, start, notifier.Reasons(c)
		} else if x.Evidence == "" {
			x.Evidence, x.Of, x.Reasons = "the digest of "+timeText(since)+" told it", start, notifier.Reasons(c)
		}
		x.merge(c)
	}
	if d.Past == nil {
		return
	}
	for _, g := range d.Past.Gone {
		x := f.of(string(digest.Gone), g.ID)
		x.hour(start, time.Time{}, 0, 0, 0)
		x.Label, x.Evidence, x.Of = cutJSON(g.Label, labelRoom), notifier.GoneEvidence(g), start
	}
	for _, e := range d.Past.Ended {
		x := f.of(string(digest.BackToUsual), e.ID)
		x.hour(start, time.Time{}, 0, 0, 0)
		x.Label = cutJSON(redact.Short(e.Fingerprint, 44), labelRoom)
		x.Evidence, x.Of = "was WORSE from "+timeText(e.From)+" to "+timeText(e.To), start
	}
	for _, fixed := range d.Past.Fixed {
		x := f.of(string(digest.Fixed), fixed.ID)
		x.hour(start, time.Time{}, 0, 0, 0)
		x.Label, x.Evidence, x.Of = cutJSON(fixed.Label, labelRoom), notifier.FixedEvidence(fixed), start
		if fixed.Fingerprint != "" {
			x.Label = cutJSON(redact.Short(fixed.Fingerprint, 44), labelRoom)
		}
	}
}

// changed returns what has changed of a class, and since when, if that is not the hour. What a digest
// has told to be new is so for a day.
func changed(c *digest.Class) (digest.ChangeKind, time.Time) {
	switch {
	case c.Change != nil:
		return c.Change.Kind, c.Change.Since
	case c.Told != nil:
		return c.Told.Kind, c.Told.Since
	}
	return "", time.Time{}
}

func (f *fold) of(kind, id string) *Changed {
	key := kind + " " + id
	i, ok := f.at[key]
	if !ok {
		i = len(f.all)
		f.at[key] = i
		f.all = append(f.all, Changed{Kind: kind, ID: redact.ShortID(id), Hours: []string{}})
	}
	return &f.all[i]
}

func (x *Changed) hour(start string, since time.Time, seconds float64, calls int64, all float64) {
	if x.Since == "" {
		x.Since = cmp.Or(timeText(since), start)
	}
	x.Hours = append(x.Hours, start)
	x.QueryTime += seconds
	x.Calls += calls
	x.of += all
}

// merge adds where the calls of an hour came from.
func (x *Changed) merge(c *digest.Class) {
	x.Network = c.HostNetwork // of the last hour
	if x.on == nil {
		x.on = map[string]float64{}
	}
	for instance, seconds := range timeOn(c) {
		x.on[instance] += seconds
	}
	for _, m := range []struct {
		to   *map[string]int64
		from map[string]int64
	}{{&x.whole.Users, c.Users}, {&x.whole.Hosts, c.Hosts}, {&x.whole.Schemas, c.Schemas}, {&x.whole.Instances, c.Instances}} {
		if *m.to == nil {
			*m.to = map[string]int64{}
		}
		for name, n := range m.from {
			(*m.to)[name] += n
		}
	}
}

// kinds are in the order in which they are told.
var kinds = []string{"WORSE", "NEW", "BACK", "BETTER", "GONE", string(digest.BackToUsual), string(digest.Fixed)}

// sorted returns all of them, with what is minor last.
func (f *fold) sorted() []Changed {
	for i := range f.all {
		x := &f.all[i]
		x.QueryTime = number(x.QueryTime)
		if x.of > 0 {
			x.Share = number(x.QueryTime / x.of)
		}
		x.Instance, x.User, x.Host, x.Schema = mostOn(x.on), most(x.whole.Users), most(x.whole.Hosts), most(x.whole.Schemas)
	}
	slices.SortStableFunc(f.all, func(a, b Changed) int {
		return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(b.QueryTime, a.QueryTime))
	})
	return f.all
}

// weight is 1 for what need not be read first.
func weight(x Changed) int {
	if x.Minor || x.Muted {
		return 1
	}
	return 0
}

// timeOn is the query time of a class on each instance.
func timeOn(c *digest.Class) map[string]float64 {
	on := map[string]float64{}
	for _, p := range c.ByInstance {
		on[p.Instance] += p.QueryTime
	}
	for name := range c.Instances {
		if len(c.ByInstance) == 0 {
			on[name] = c.QueryTime.Sum // there is but one
		}
	}
	return on
}

// mostOn returns the instance with the most query time, if that is half of it or more.
func mostOn(on map[string]float64) *On {
	all, top := 0.0, On{}
	for _, name := range slices.Sorted(maps.Keys(on)) {
		if all += on[name]; on[name] > top.Share {
			top = On{name, on[name]}
		}
	}
	if top.Share <= 0 || 2*top.Share < all {
		return nil
	}
	top.Share = number(top.Share / all)
	return &top
}

// most returns the name with the most of the calls, if that is half of them or more.
func most(calls map[string]int64) *Part {
	var all, top int64
	name := ""
	for _, s := range sourcesOf(calls) {
		all += s.Calls
		if s.Calls > top && s.Name != digest.OtherNames {
			top, name = s.Calls, s.Name
		}
	}
	if top == 0 || 2*top < all {
		return nil
	}
	return &Part{name, number(float64(top) / float64(all))}
}
