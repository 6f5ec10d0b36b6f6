package handler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"slowdigest/handler/state"
	"slowdigest/source"
)

// register enters in a result who has the names, as a reading has found out.
type register struct {
	rd     *reading
	result *state.Result
}

// identified enters who has the names at a time, and returns what is known of them.
func (r register) identified(at time.Time) state.Instances {
	known := r.rd.known.Instances
	is := maps.Clone(known)
	for _, f := range r.rd.ids.formers {
		if !f.found {
			continue
		}
		if f.ID != "" {
			r.result.Formers = append(r.result.Formers, f.Former)
		}
		if f.now == "" {
			r.result.Ended = append(r.result.Ended, f.ID)
		} else if f.Last.Before(r.rd.window.Start) {
			r.result.Reopen = append(r.result.Reopen, state.Open{Instance: f.Name, Holder: f.ID, Start: f.Last, End: r.rd.window.Start, Usual: true})
		}
		before, first := known[f.Name], known[f.Name].ID == f.ID
		holder, taken := r.rd.ids.holders[f.Name]
		kept := slices.Contains(r.rd.selected, f.now)
		if first && kept {
			is[f.now] = before
		}
		if other := slices.ContainsFunc(r.rd.ids.formers, func(o former) bool { return o.now == f.Name }); first && taken && !other {
			is[f.Name] = state.Seen{Began: before.Began, Read: before.Read}
		}
		switch {
		case !first:
			r.say("%s may have been %s for a while, and is read, too.", f.now, f.Name)
		case taken && f.now != "":
			r.say("%s is another instance now, as after a blue/green switchover. What the one before has logged is read from %s.", f.Name, f.now)
		case taken:
			r.remade(f, holder)
		case kept:
			r.say("%s is called %s now.", f.Name, f.now)
			before.Gone = at.UTC().Truncate(time.Hour) // which is said
			is[f.Name] = before
		}
	}
	return is
}

func (r register) say(format string, args ...any) {
	r.result.News = append(r.result.News, fmt.Sprintf(format, args...))
}

// remade notes that a former instance does not exist any more, and that another has its name.
func (r register) remade(f former, holder source.Identity) {
	what, end := fmt.Sprintf("%s is another instance now, and the one before does not exist any more.", f.Name), state.HourSince(f.Until)
	if holder.Created.After(f.Last) {
		what = fmt.Sprintf("%s was deleted, and another of its name was made at %s.", f.Name, holder.Created.Format(minutes))
		end = holder.Created.Truncate(time.Hour).Add(time.Hour)
	}
	r.say("%s What the one before logged since %s is lost.", what, f.Last.Format(minutes))
	if spans := unread(r.openOf(f.Name)); spans != "" {
		r.say("What it logged %s was not read, and is lost, too.", spans)
	}
	r.result.Remade = append(r.result.Remade, state.Open{Instance: f.Name, Start: f.Last, End: end})
}

// minutes is the form of a time in a sentence.
const minutes = "2006-01-02 15:04 UTC"

// openOf returns what is open of one that has a key.
func (r register) openOf(key string) state.Parts {
	return slices.DeleteFunc(slices.Clone(r.rd.known.Open), func(o state.Open) bool { return o.Key() != key })
}

// learn enters the IDs of those that have the names. That the role may not ask for them is
// said once.
func (r register) learn() {
	err := r.rd.ids.err
	denied := err != nil && source.CauseOf(err) == source.Denied
	if denied && !r.rd.known.Unidentified {
		r.say("That another instance takes a name of this channel is not noticed for now: %s", errorNote(err))
	}
	r.result.Unidentified = denied || err != nil && r.rd.known.Unidentified
	for name, seen := range r.result.Seen {
		if holder, there := r.rd.ids.holders[name]; err == nil && there && seen.Gone.IsZero() {
			seen.ID, seen.Same = holder.ID, r.rd.window.End
			r.result.Seen[name] = seen
		}
	}
}

// became says what has become of an instance that is not found any more.
func (r register) became(ctx context.Context, id string) string {
	if f, renamed := r.renamed(id); renamed {
		return fmt.Sprintf("%s was renamed to %s, as a blue/green switchover does. What it logged until then is read from there, and nothing of %s is until an instance is called that.", id, f.now, id)
	}
	return r.rd.handler.became(ctx, id, r.rd.known.Instances[id].Read)
}

// renamed returns whether an instance that is not found under its name any more is called
// otherwise since the hour before. One that had the name earlier is another.
func (r register) renamed(id string) (former, bool) {
	n := slices.IndexFunc(r.rd.ids.formers, func(f former) bool { return f.found && f.Name == id && f.now != "" })
	if n < 0 {
		return former{}, false
	}
	return r.rd.ids.formers[n], true
}

// probe looks for those that have an open part and were not read, and returns what answers
// again. Of others it may say that they are gone.
func (r register) probe(ctx context.Context) (answering []string) {
	if r.rd.ids.err != nil || len(r.rd.ids.holders) == 0 {
		return nil
	}
	for _, o := range r.rd.known.Open {
		key, name := o.Key(), o.Instance
		if o.Holder != "" {
			name = r.rd.ids.names[o.Holder]
		} else if _, known := r.rd.known.Instances[name]; known {
			continue
		}
		if slices.Contains(answering, key) || slices.Contains(r.result.Ended, key) || slices.Contains(r.rd.instances, name) {
			continue
		}
		if r.rd.ids.holders[name].ID == "" {
			r.result.Ended = append(r.result.Ended, key)
			who := o.Instance + " does not exist any more."
			if n := slices.IndexFunc(r.rd.known.Formers, func(f state.Former) bool { return f.ID == o.Holder }); n >= 0 {
				f := r.rd.known.Formers[n]
				who = fmt.Sprintf("%s, which was called %s before %s, was deleted.", cmp.Or(f.Later, "An instance"), f.Name, f.Until.Format(minutes))
			}
			if spans := unread(r.openOf(key)); spans != "" {
				r.say("%s What it logged %s was not read.", who, spans)
			}
			continue
		}
		files, err := r.rd.handler.Source.LogFiles(ctx, name, o.Start, o.End)
		if err == nil && !slices.ContainsFunc(files, func(f source.File) bool { return f.Absent != nil && f.Absent.Cause == source.Waiting }) {
			answering = append(answering, key)
		}
	}
	return answering
}

// unread says when what is missing was logged; empty if nothing is.
func unread(parts state.Parts) string {
	var spans []string
	for _, o := range parts {
		if !o.Usual && !o.Slept {
			spans = append(spans, "from "+state.Span(o.Start, o.End))
		}
	}
	return strings.Join(spans, ", ")
}
