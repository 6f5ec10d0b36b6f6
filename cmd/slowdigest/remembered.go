package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

func declareMute(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var reason string
	length := 7 * 24 * time.Hour
	c.declareMemory(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	f.declare(&parsedValue[time.Duration]{&length, notifier.ParseDays, "7d"}, "for", "", "how `long`, such as 12h or 30d; 0 is forever")
	f.text(&reason, "reason", "", "`text` that the list of mutes shows, and the JSON report")
	return func(ctx context.Context, args []string) error {
		if len(args) == 0 {
			return listMutes(ctx, p, &c)
		}
		if err := refuseSecret("mute", "reason", reason); err != nil {
			return err
		}
		now := time.Now().UTC().Truncate(time.Second)
		return editState(ctx, p, &c, "mute", args, func(s *state.State, id string) (string, error) {
			m, err := s.Mute(digest.Mute{ID: id, Reason: reason, By: p.getenv("USER"), Since: now}, length)
			return fmt.Sprintf("%s is muted %s.", m.ID, notifier.InZone(notifier.Until(m.Until), c.Zone)), err
		})
	}
}

func declareUnmute(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	c.declareMemory(f)
	return func(ctx context.Context, args []string) error {
		return editState(ctx, p, &c, "unmute", args, func(s *state.State, id string) (string, error) {
			id, err := s.Unmute(id)
			return id + " is not muted.", err
		})
	}
}

func declareNote(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	c.declareMemory(f)
	return func(ctx context.Context, args []string) error {
		text := strings.Join(args[min(1, len(args)):], " ")
		if err := refuseSecret("note", "text", text); err != nil {
			return err
		}
		return editState(ctx, p, &c, "note", args[:min(1, len(args))], func(s *state.State, id string) (string, error) {
			id, kept, err := s.Note(id, text)
			if kept == "" {
				return id + " has no note.", err
			}
			return fmt.Sprintf("%s has the note: %s", id, kept), err
		})
	}
}

func declareRelease(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var k handler.Marked
	var at timeValue
	c.declareMemory(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	f.declare(&at, "at", "", "`time` of the release, UTC unless it names a zone, or how long ago it was, such as 20m, up to 14 days; now is the default")
	f.boolean(&k.Remove, "remove", "", "take the mark back")
	return func(ctx context.Context, args []string) error {
		if k.At = at.Time; len(args) == 0 && !k.Remove && at.IsZero() {
			return listReleases(ctx, p, &c)
		}
		if len(args) != 1 {
			return usageError{errors.New("release: wants the name of one release"), "such as v142; slowdigest release --help shows the flags"}
		}
		k.Release = args[0]
		answer, err := mark(ctx, &c, &k)
		if err != nil {
			return err
		}
		if answer.First {
			noteUnknown(p, c.Channel)
		}
		if answer.Removed {
			return say(p.stdout, "%s is not marked any more.\n", answer.Name)
		}
		moved := ""
		if !answer.MovedFrom.IsZero() {
			moved = ", and not any more at " + notifier.InZone(notifier.At(answer.MovedFrom), c.Zone)
		}
		return say(p.stdout, "%s is marked at %s%s.\n", answer.Name, notifier.InZone(notifier.At(answer.At), c.Zone), moved)
	}
}

// released answers a mark.
type released struct {
	digest.Release
	Channel string `json:"channel"`
	Removed bool   `json:"removed,omitempty"`
	// MovedFrom is the time at which the release was marked before, if that was another one.
	MovedFrom time.Time `json:"moved_from,omitzero"`
	First     bool      `json:"first,omitempty"` // no hour is remembered of the channel: its ID may be another's
}

// mark marks a release in the state of a channel, or takes the mark back.
func mark(ctx context.Context, c *Config, k *handler.Marked) (*released, error) {
	to := *c
	if k.Channel != "" {
		to.Channel = k.Channel
	}
	store, err := openState(ctx, &to)
	if err != nil {
		return nil, err
	}
	answer := &released{Channel: to.Channel, Removed: k.Remove}
	err = state.Edit(ctx, store, state.Key(to.Channel), func(s *state.State) (err error) {
		answer.First = unknown(s)
		var before time.Time
		for _, m := range s.History.Releases() {
			if m.Name == k.Release && !m.ByTag {
				before = m.At
			}
		}
		if k.Remove {
			answer.Name = k.Release
			return s.UnmarkRelease(k.Release)
		}
		if answer.Release, err = s.MarkRelease(k.Release, k.At, time.Now()); !answer.At.Equal(before) {
			answer.MovedFrom = before
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// listReleases shows what is marked.
func listReleases(ctx context.Context, p *process, c *Config) error {
	s, err := readState(ctx, c)
	if err != nil {
		return err
	}
	for _, m := range s.History.Releases() {
		by := ""
		if m.ByTag {
			by = " by a tag in the log"
		}
		if err := say(p.stdout, "%s  %s%s\n", notifier.InZone(notifier.At(m.At), c.Zone), redact.Text(m.Name, digest.MaxReason), by); err != nil {
			return err
		}
	}
	return nil
}

// refuseSecret returns an error where a text would be withheld wherever it is shown.
func refuseSecret(command, name, text string) error {
	if what := redact.SecretIn(text); what != "" {
		return usageError{fmt.Errorf("%s: the %s may hold %s, and everybody in the channel reads it", command, name, what), "leave it out"}
	}
	return nil
}

// openState opens the state that the settings must name.
func openState(ctx context.Context, c *Config) (state.Store, error) {
	if c.Channel == "" {
		return nil, usageError{errors.New("no channel is given"), "use --channel, or SLOWDIGEST_CHANNEL"}
	}
	s, err := c.store(ctx)
	if err == nil && s == nil {
		err = usageError{errors.New("no state is given"), "use --state, or SLOWDIGEST_STATE"}
	}
	return s, err
}

// archivedWindow returns the hours of the clock in which a window lies, up to the last whole one, and says where
// that is another window.
func archivedWindow(p *process, command string, since, until timeValue, last time.Duration, now time.Time) (digest.Window, error) {
	if since.IsZero() && last == 0 {
		return digest.Window{}, usageError{errors.New(command + ": --from-state wants a window"), "use --last, as in --last 24h, or --since and --until"}
	}
	given, err := runWindow(since, until, last, now)
	if err != nil {
		return given, err
	}
	w := archive.WholeHours(given)
	if hour := now.Truncate(time.Hour); w.End.After(hour) {
		w.End = hour
	}
	const form = "2006-01-02 15:04"
	switch {
	case !w.Start.Before(w.End):
		return w, usageError{fmt.Errorf("%s: no whole hour has passed since %s UTC", command, w.Start.Format(form)), "the archive has hours of the clock that are over"}
	case len(w.Hours()) == 0:
		return w, usageError{fmt.Errorf("%s: the window is longer than a year", command), "the archive is read for a year at most"}
	case w != given:
		err = say(p.stderr, "slowdigest: the archive has hours of the clock: this is %s to %s UTC\n", w.Start.Format(form), w.End.Format(form))
	}
	return w, err
}

// archived makes the report of a window of the archive. The report is nil if there is nothing, and else may lack hours
// that could not be read.
func archived(ctx context.Context, c *Config, w digest.Window, l digest.Limit) (*digest.Report, error) {
	store, err := openState(ctx, c)
	if err != nil {
		return nil, err
	}
	q := archive.Query{Channel: state.Key(c.Channel), Window: w, IDs: c.IDs.items, Limit: l, OrderBy: c.OrderBy}
	r, err := archive.Report(ctx, store, q)
	if errors.Is(err, archive.ErrNone) {
		return nil, hinted{fmt.Errorf("read the archive of %s, %s: %w", c.Channel, state.Span(w.Start, w.End), err),
			"hours are archived where the digest runs with --keep, or SLOWDIGEST_KEEP, from then on"}
	}
	return r, err
}

// readState returns the state that the settings must name, as it is.
func readState(ctx context.Context, c *Config) (*state.State, error) {
	store, err := openState(ctx, c)
	if err != nil {
		return nil, err
	}
	return state.Read(ctx, store, state.Key(c.Channel))
}

// editState changes the state about one class, and says what it is now.
func editState(ctx context.Context, p *process, c *Config, name string, args []string, do func(*state.State, string) (string, error)) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s: wants the ID of a query class", name), "the digest shows it; slowdigest " + name + " --help shows the flags"}
	}
	store, err := openState(ctx, c)
	if err != nil {
		return err
	}
	var answer string
	first := false
	err = state.Edit(ctx, store, state.Key(c.Channel), func(s *state.State) (err error) {
		first = unknown(s)
		answer, err = do(s, args[0])
		return err
	})
	if err != nil {
		return err
	}
	if first {
		noteUnknown(p, c.Channel)
	}
	return say(p.stdout, "%s\n", answer)
}

// unknown reports whether no hour is remembered in a state.
func unknown(s *state.State) bool {
	_, _, hours := s.History.Span()
	return hours == 0
}

// noteUnknown says that a channel has no digest yet: its ID may be misspelt.
func noteUnknown(p *process, channel string) {
	_ = say(p.stderr, "slowdigest: note: no hour of %s is remembered yet; is that the channel, and its state?\n", channel)
}

// listMutes shows what is muted and noted. Earlier releases kept any characters.
func listMutes(ctx context.Context, p *process, c *Config) error {
	s, err := readState(ctx, c)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, m := range s.Mutes {
		if !m.Until.IsZero() && m.Until.Before(now) {
			continue
		}
		lost := ""
		if s.History.Lost(m.ID) {
			lost = " (not seen since queries were regrouped)"
		}
		line := fmt.Sprintf("%s muted %s by %s%s  %s", m.ID, notifier.InZone(notifier.Until(m.Until), c.Zone),
			redact.Text(m.By, redact.MaxName), lost, redact.Text(m.Reason, digest.MaxReason))
		if err := say(p.stdout, "%s\n", strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.Notes)) {
		if err := say(p.stdout, "%s note: %s\n", id, redact.Text(s.Notes[id], digest.MaxNote)); err != nil {
			return err
		}
	}
	return nil
}
