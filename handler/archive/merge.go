package archive

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
)

// Query says what report is made of the archive.
type Query struct {
	Channel string        // whose archive it is, by its state's key
	Window  digest.Window // of hours of the clock
	IDs     []string      // the query classes that count, as of digest.Filter; empty is all
	Limit   digest.Limit
	OrderBy digest.OrderBy
}

// ErrNone says that no hour of a window is archived.
var ErrNone = errors.New("no hour of the window is archived")

// Report makes one report of the archived hours of a window, as if their logs were read at once. An hour
// that is not archived was not without slow queries: the coverage says which these are, and that nothing is
// known of them. The error is ErrNone where there is no hour at all. Any other is of hours that cannot be read, which
// count as not archived; the report is nil then if there is nothing else.
func Report(ctx context.Context, store state.Store, q Query) (*digest.Report, error) {
	m := merging{to: digest.NewAggregator(q.Window), coverage: digest.Coverage{Complete: true}}
	if len(q.IDs) > 0 {
		m.to.Filter = &digest.Filter{IDs: q.IDs}
	}
	var first error
	failed := 0
	for r, err := range Reports(ctx, store, q.Channel, q.Window) {
		if err == nil {
			err = m.add(r)
		}
		if err != nil {
			if failed++; first == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				first = err
			}
		}
	}
	if err := ctx.Err(); err != nil && !errors.Is(first, err) { // which a store need not notice
		first = fmt.Errorf("read the archive: %w", err)
	}
	if failed > 1 {
		first = fmt.Errorf("%w; nor can %d more", first, failed-1)
	}
	if len(m.hours) == 0 {
		if first == nil {
			first = ErrNone
		}
		return nil, first
	}
	if m.failed = failed; first != nil {
		m.reason = strings.TrimPrefix(first.Error(), "read ")
	}
	return m.report(q), first
}

// Add keeps the report of an hour in addition to the one that is there, which is of other instances. Where that has calls of
// one of r's instances nothing is added: it may have been already, and no call counts twice.
func Add(ctx context.Context, store state.Store, channelKey string, r *digest.Report) error {
	for old, err := range Reports(ctx, store, channelKey, r.Window) {
		switch {
		case err != nil:
			return err
		case overlap(old, r):
			return nil
		}
		if r, err = sum(old, r); err != nil {
			return fmt.Errorf("archive more of %s: %w", name(old.Window), err)
		}
	}
	return Save(ctx, store, channelKey, r)
}

// overlap reports whether two archived reports have calls of one instance.
func overlap(a, b *digest.Report) bool {
	if a.Kept == nil || b.Kept == nil {
		return true // for all that is known
	}
	for _, one := range a.Kept.Instances {
		for _, other := range b.Kept.Instances {
			if one.Name == other.Name && one.Calls > 0 && other.Calls > 0 {
				return true
			}
		}
	}
	return false
}

// sum adds what is in the second to the first, whose coverage stays.
func sum(old, more *digest.Report) (*digest.Report, error) {
	to := digest.NewAggregator(old.Window)
	to.Keep, to.PerInstance = true, old.PerInstance
	if err := errors.Join(to.AddArchived(old), to.AddArchived(more)); err != nil {
		return nil, err
	}
	r := to.Report(digest.Limit{}, old.OrderBy)
	counted := r.Coverage
	r.Rules, r.Filter, r.Coverage = old.Rules, old.Filter, old.Coverage
	c := &r.Coverage
	c.Events, c.InWindow, c.Filtered, c.Truncated, c.Folded = counted.Events, counted.InWindow, counted.Filtered, counted.Truncated, counted.Folded
	r.Instances = slices.Clone(old.Instances)
	for _, id := range more.Instances {
		if !slices.Contains(r.Instances, id) {
			r.Instances = append(r.Instances, id)
		}
	}
	return digest.Archived(r)
}

// merging is what was read so far.
type merging struct {
	to        *digest.Aggregator
	hours     []digest.Window
	instances []string
	filter    *digest.Filter // of the first hour
	mixed     bool           // others have another one
	rules     int            // likewise
	coverage  digest.Coverage
	notes     []string // on what the hours do not have in common
	partly    []digest.Window
	apart     bool // something is missing of an hour, and not of all of an instance
	failed    int  // hours that are archived, and were not read
	reason    string
}

func (m *merging) add(r *digest.Report) error {
	if len(m.hours) == 0 {
		m.filter, m.rules, m.to.PerInstance = r.Filter, r.Rules, r.PerInstance
	}
	if err := m.to.AddArchived(r); err != nil {
		return err
	}
	m.mixed = m.mixed || !reflect.DeepEqual(m.filter, r.Filter)
	m.differs(m.mixed, "The hours do not all count the same calls: what is left out was changed.")
	m.differs(m.rules != r.Rules, "A query may be two classes: the rules of fingerprints changed within the window.")
	m.differs(m.to.PerInstance != r.PerInstance, "A query may be two classes: some hours have it once for each instance, and others once for all.")
	m.hours = append(m.hours, r.Window)
	for _, id := range r.Instances {
		if !slices.Contains(m.instances, id) {
			m.instances = append(m.instances, id)
		}
	}
	c := r.Coverage
	m.coverage.Unreadable += c.Unreadable
	m.coverage.Doubtful += c.Doubtful
	m.coverage.TruncatedLines += c.TruncatedLines
	m.coverage.Sampled = m.coverage.Sampled || c.Sampled
	m.coverage.AsListed = m.coverage.AsListed || c.AsListed
	for _, name := range c.Unknown {
		if !slices.Contains(m.coverage.Unknown, name) {
			m.coverage.Unknown = append(m.coverage.Unknown, name)
		}
	}
	if !c.Complete {
		m.partly = append(m.partly, r.Window)
		m.apart = m.apart || len(c.Without) == 0
		for _, id := range c.Without {
			if !slices.Contains(m.coverage.Without, id) {
				m.coverage.Without = append(m.coverage.Without, id)
			}
		}
	}
	m.coverage.Notes = append(m.coverage.Notes, c.Notes...)
	m.coverage.Gaps = append(m.coverage.Gaps, c.Gaps...)
	return nil
}

// differs notes once what hours do not have in common.
func (m *merging) differs(is bool, note string) {
	if is && !slices.Contains(m.notes, note) {
		m.notes = append(m.notes, note)
	}
}

func (m *merging) report(q Query) *digest.Report {
	r := m.to.Report(q.Limit, q.OrderBy)
	r.Instances, r.Rules = m.instances, m.rules
	only := digest.Filter{}
	if m.filter != nil && !m.mixed {
		only = *m.filter
	}
	if len(q.IDs) > 0 {
		only.IDs = q.IDs
	}
	if r.Filter = nil; !only.Empty() {
		r.Filter = &only
	}
	c := &r.Coverage
	c.Events = c.InWindow // what an hour's run has read besides may be another hour's
	c.Unreadable, c.Doubtful, c.TruncatedLines = m.coverage.Unreadable, m.coverage.Doubtful, m.coverage.TruncatedLines
	c.Sampled, c.AsListed, c.Unknown, c.Gaps = m.coverage.Sampled, m.coverage.AsListed, m.coverage.Unknown, m.coverage.Gaps
	all := q.Window.Hours()
	missing := slices.DeleteFunc(slices.Clone(all), func(w digest.Window) bool { return slices.Contains(m.hours, w) })
	c.Complete = len(missing)+len(m.partly) == 0
	if len(missing) == 0 && !m.apart {
		c.Without = m.coverage.Without
	}
	c.Notes = m.notes
	switch n := m.failed; {
	case len(missing) == 0:
	case n == 0:
		c.Notes = append(c.Notes, fmt.Sprintf("%s not archived: %s. What happened then is not known.", of(missing, all), spans(missing)))
	default:
		c.Notes = append(c.Notes, fmt.Sprintf("%s not archived, or cannot be read: %s. What happened then is not known. %d cannot be read: %s.", of(missing, all), spans(missing), n, m.reason))
	}
	if len(m.partly) > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%s archived with a part missing: %s.", of(m.partly, all), spans(m.partly)))
	}
	c.Notes = append(c.Notes, some(m.coverage.Notes)...)
	if c.Notes == nil {
		c.Notes = []string{}
	}
	for _, w := range digest.JoinWindows(missing) {
		c.Gaps = append(c.Gaps, digest.Gap{After: w.Start, Before: w.End})
	}
	return r
}

// maxSpans and maxNotes bound what is told of single hours.
const (
	maxSpans = 6
	maxNotes = 20
)

// spans names hours, those that follow on each other together.
func spans(hours []digest.Window) string {
	var all []string
	joined := digest.JoinWindows(hours)
	for _, w := range joined[:min(len(joined), maxSpans)] {
		all = append(all, "from "+state.Span(w.Start, w.End))
	}
	if more := len(joined) - len(all); more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

// of says how many hours are so.
func of(some, all []digest.Window) string {
	are := "are"
	if len(some) == 1 {
		are = "is"
	}
	return fmt.Sprintf("%d of %d hours %s", len(some), len(all), are)
}

// some returns the first of the notes of hours, each once.
func some(notes []string) []string {
	var all []string
	for _, n := range notes {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	if more := len(all) - maxNotes; more > 0 {
		all = append(all[:maxNotes], fmt.Sprintf("There are %d more notes on single hours.", more))
	}
	return all
}

// WholeHours returns the hours of the clock in which a window lies, as an archive has no others.
func WholeHours(w digest.Window) digest.Window {
	end := w.End.Truncate(time.Hour)
	if end.Before(w.End) {
		end = end.Add(time.Hour)
	}
	return digest.Window{Start: w.Start.Truncate(time.Hour), End: end}
}
