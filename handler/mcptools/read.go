package mcptools

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
	"slowdigest/source"
)

// WindowArgs say which window is asked for.
type WindowArgs struct {
	Since string `json:"since,omitempty" jsonschema:"begin of the window, such as 2026-11-23T09:00:00Z; UTC unless it names a zone"`
	Until string `json:"until,omitempty" jsonschema:"end of the window, likewise; without it the window reaches up to now"`
	Last  string `json:"last,omitempty" jsonschema:"in place of since: the time up to until, or up to now, such as 15m, 2h or 1d"`
}

// maxWindow is the longest window of instances.
const maxWindow = 24 * time.Hour

// window returns what is asked for. By default it is the last whole hour, or all of local logs.
func (s *Server) window(a WindowArgs) (w digest.Window, err error) {
	now := s.Now().UTC()
	if a.Since != "" && a.Last != "" {
		return w, advice{"both since and last are given", "give one of them"}
	}
	if a == (WindowArgs{}) {
		if s.Local {
			return w, nil
		}
		end := now.Truncate(time.Hour)
		return digest.Window{Start: end.Add(-time.Hour), End: end}, nil
	}
	if w.End, err = timeOf("until", a.Until); err != nil {
		return w, err
	}
	if a.Until == "" && !s.Local || a.Until == "" && a.Last != "" {
		w.End = now
	}
	if w.Start, err = timeOf("since", a.Since); err != nil {
		return w, err
	}
	switch {
	case a.Last != "":
		last, err := notifier.ParseDays(a.Last)
		if err != nil || last <= 0 {
			return w, advice{"last is " + quote(a.Last), "want a time such as 15m, 2h or 1d"}
		}
		w.Start = w.End.Add(-last)
	case a.Since == "" && !s.Local:
		w.Start = w.End.Add(-time.Hour)
	}
	return w, s.check(w)
}

// firstTime is before any log. A time that is too far away to be counted from comes out before it.
var firstTime = time.Unix(0, 0).UTC()

// clockSkew is by how much the clock of who asks may be ahead.
const clockSkew = 5 * time.Minute

// check refuses a window of which nothing true can be said.
func (s *Server) check(w digest.Window) error {
	now := s.Now().UTC()
	say := func(what, instead string) error {
		to := cmp.Or(timeText(w.End), "where the logs end")
		return advice{fmt.Sprintf("the window from %s to %s %s", cmp.Or(timeText(w.Start), "where the logs begin"), to, what), instead}
	}
	switch {
	case !w.End.IsZero() && !w.Start.Before(w.End):
		return say("does not begin before it ends", "since must be before until")
	case !w.Start.IsZero() && w.Start.Before(firstTime), !w.End.IsZero() && w.End.Before(firstTime):
		return say("is older than any log", "no log is older than 1970, and it is "+timeText(now))
	case w.End.After(now.Add(clockSkew)), w.Start.After(now):
		return say("lies in the future", "it is "+timeText(now)+"; times are UTC unless they name a zone")
	case s.Local:
		return nil
	case w.End.Before(now.Add(-s.Kept)):
		return say("is older than any log", fmt.Sprintf("logs are kept for %d days at most, and it is %s", s.Kept/(24*time.Hour), timeText(now)))
	case w.End.Sub(w.Start) > maxWindow:
		return say("is longer than a day", "ask for 24 hours at most, or for several windows")
	}
	return nil
}

func timeOf(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := handler.ParseTime(strings.TrimSpace(text))
	if err != nil {
		return t, advice{name + " is " + quote(text), "want a time such as 2026-11-23T10:00:00Z, which is UTC unless it names a zone"}
	}
	return t, nil
}

// maxNames bounds how many instances are asked for by name.
const maxNames = 50

// choose returns the names of the instances that are asked for, which are among those that are
// configured; all is whether they are all of them.
func (s *Server) choose(ctx context.Context, asked []string) (names []string, all bool, err error) {
	found, err := s.Instances(ctx)
	if err != nil {
		return nil, false, err
	}
	var known []string
	for _, i := range found {
		known = append(known, i.ID)
	}
	if len(asked) == 0 || s.Local && slices.Equal(asked, known) {
		return known, true, nil
	}
	if s.Local {
		return nil, false, advice{"local logs are read as a whole", "leave out instances"}
	}
	if len(asked) > maxNames {
		return nil, false, advice{fmt.Sprintf("%d instances are named", len(asked)), fmt.Sprintf("name %d at most, or none for all", maxNames)}
	}
	for _, name := range asked {
		name = strings.ToLower(strings.TrimSpace(name))
		matched := false
		for _, i := range found {
			if source.Selects([]string{name}, "", i) {
				matched = true
				if !slices.Contains(names, i.ID) {
					names = append(names, i.ID)
				}
			}
		}
		if !matched {
			hint := "the tool instances lists those that are configured"
			if near := nearest(name, known, 3); len(near) > 0 {
				hint = "the nearest are " + strings.Join(near, ", ") + "; " + hint
			}
			return nil, false, advice{"there is no instance " + quote(name), hint}
		}
	}
	slices.Sort(names)
	return names, len(names) == len(known), nil
}

// reading is what was read of a window.
type reading struct {
	whole *digest.Report   // all classes
	hours []*digest.Report // of windows of hours, if they were asked for
	at    time.Time
	err   error

	once     sync.Once
	redacted redact.Report

	mu     sync.Mutex
	folded *folded // that was made of the hours last
}

// forAgents is the whole as an agent may see it, not compared with any past.
func (r *reading) forAgents() redact.Report {
	r.once.Do(func() { r.redacted = redact.ForAgents(r.whole) })
	return r.redacted
}

// cache keeps what was read last, so that five questions about a window do not read its logs five
// times.
type cache struct {
	mu   sync.Mutex
	busy chan struct{}
	keys []string // the oldest first
	kept map[string]*reading
}

const (
	mostKept = 6
	// keptFor is how long a reading is used, and keptGrowing where its logs may yet grow, or it is
	// partial.
	keptFor     = 15 * time.Minute
	keptGrowing = time.Minute
	// lateLog is how long after its end a window's logs may still be listed.
	lateLog = 10 * time.Minute
)

// read reads a window of some instances, or returns what was read of it before. Who calls must not
// change it.
func (s *Server) read(ctx context.Context, instances []string, w digest.Window, hourly bool) (*reading, error) {
	key := fmt.Sprintf("%q %s %s %t", instances, w.Start, w.End, hourly)
	c := &s.cache
	c.mu.Lock()
	if c.kept == nil {
		c.kept, c.busy = map[string]*reading{}, make(chan struct{}, 1)
	}
	c.mu.Unlock()
	select { // one at a time: the second who asks the same finds it
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if got := c.get(key, s.Now(), w); got != nil {
		return got, nil
	}
	h, err := s.Handler(ctx, instances)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	got := &reading{at: s.Now()}
	if hourly {
		got.whole, got.hours, got.err = h.CollectHours(ctx, w)
	} else {
		got.whole, got.err = h.Collect(ctx, w)
	}
	for _, r := range append([]*digest.Report{got.whole}, got.hours...) {
		if s.Local {
			r.Instances = instances
		}
		for i, note := range r.Coverage.Notes {
			if s.Rename != nil {
				r.Coverage.Notes[i] = s.Rename(note)
			}
		}
	}
	if got.whole.Coverage.Events == 0 && got.whole.Coverage.Files == 0 && got.err != nil {
		return nil, got.err
	}
	c.put(key, got)
	return got, nil
}

// postingTime is what handler keeps free at the end of a deadline.
const postingTime = 20 * time.Second

func (s *Server) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout + postingTime
	}
	return 40*time.Second + postingTime
}

func (c *cache) get(key string, now time.Time, w digest.Window) *reading {
	got := c.kept[key]
	if got == nil {
		return nil
	}
	most := keptFor
	if w.End.IsZero() || got.at.Sub(w.End) < lateLog || got.err != nil || !got.whole.Coverage.Complete {
		most = keptGrowing
	}
	if age := now.Sub(got.at); age < 0 || age > most {
		return nil
	}
	return got
}

func (c *cache) put(key string, r *reading) {
	c.keys = append(slices.DeleteFunc(c.keys, func(k string) bool { return k == key }), key)
	c.kept[key] = r
	for len(c.keys) > mostKept {
		delete(c.kept, c.keys[0])
		c.keys = c.keys[1:]
	}
}

// state returns what is remembered of the channel; nil where no state is configured, or nothing is
// remembered yet.
func (s *Server) state(ctx context.Context) (*state.State, error) {
	if s.Store == nil {
		return nil, nil
	}
	st, err := state.Read(ctx, state.ReadOnly{Store: s.Store}, state.Key(s.Channel))
	if err != nil {
		return nil, err
	}
	if since, _, _ := st.History.Span(); since.IsZero() {
		return nil, nil
	}
	return st, nil
}

// members returns the instances whose hours the state remembers.
func (s *Server) members(ctx context.Context) ([]string, error) {
	if s.Members != nil {
		return s.Members(ctx)
	}
	names, _, err := s.choose(ctx, nil)
	return names, err
}

// copyOf returns a copy of a report that may be compared with a past.
func copyOf(r *digest.Report) *digest.Report {
	out := *r
	out.Past = nil
	out.Classes = slices.Clone(r.Classes)
	out.Overall.ByInstance = slices.Clone(r.Overall.ByInstance)
	out.Coverage.Notes = slices.Clone(r.Coverage.Notes)
	return &out
}
