package handler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/source"
)

// A name may be another instance's from one hour to the next: a blue/green switchover renames
// the one before to NAME-oldN, "where n is a number" ("Switching a blue/green deployment" in
// the Amazon RDS User Guide), may be taken back, and an instance is restored under the name of
// one that was deleted. So each is known by its DbiResourceId, and is read under the name that
// it has now, for the hours in which it had one of the channel's. What it logged then counts
// for the name that it had.

// identities say who has the names of a channel, and how those are called now who had them.
type identities struct {
	known   *state.State               // what is remembered; nil if nothing is
	holders map[string]source.Identity // by name
	names   map[string]string          // by ID
	formers []former
	err     error // why nothing of that is known
}

type former struct {
	state.Former
	now   string // its name; empty where it does not exist any more
	found bool   // the state does not know of it yet
}

// identify finds out who has the names of the channel, and some others.
func (h *Handler) identify(ctx context.Context, known *state.State, w digest.Window, others []string) identities {
	ids := identities{known: known, holders: map[string]source.Identity{}, names: map[string]string{}}
	from, ok := h.Source.(interface {
		Identities(ctx context.Context, names, ids []string) ([]source.Identity, error)
	})
	if !ok || known == nil || h.only {
		return ids
	}
	names := slices.Concat(h.Instances, others, slices.Collect(maps.Keys(known.Instances)))
	var wanted []string
	for _, seen := range known.Instances {
		if seen.ID != "" && seen.Gone.IsZero() {
			wanted = append(wanted, seen.ID)
		}
	}
	for _, o := range known.Open {
		if names = append(names, o.Instance); o.Holder != "" {
			wanted = append(wanted, o.Holder)
		}
	}
	for _, f := range known.Formers {
		if f.HadName(w) {
			wanted = append(wanted, f.ID)
		}
	}
	find := func(names, wanted []string) {
		if ids.err != nil || len(names)+len(wanted) == 0 {
			return
		}
		var found []source.Identity
		found, ids.err = from.Identities(ctx, names, wanted)
		for _, i := range found {
			ids.holders[i.Name], ids.names[i.ID] = i, i.Name
		}
	}
	find(unique(slices.DeleteFunc(names, func(name string) bool { return !source.ValidInstance(name) })), nil)
	find(nil, unique(slices.DeleteFunc(wanted, func(id string) bool { return ids.names[id] != "" })))
	for _, f := range known.Formers {
		now := ids.names[f.ID]
		_, kept := known.Instances[now]
		open := slices.ContainsFunc(known.Open.In(w), func(o state.Open) bool { return o.Holder == f.ID && o.Instance == f.Name })
		switch f := (former{f, now, false}); {
		case open:
			ids.formers = slices.Insert(ids.formers, 0, f)
		case f.Hardly(w) && kept: // it is read by its own name
		case f.HadName(w):
			ids.formers = append(ids.formers, f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known.Instances)) {
		seen, holder := known.Instances[name], ids.holders[name]
		if ids.err != nil || !seen.Gone.IsZero() || holder.ID == seen.ID {
			continue
		}
		f := former{state.Former{ID: seen.ID, Name: name, Later: ids.names[seen.ID], Last: seen.Same, Until: later(h.Now(), w.End)}, ids.names[seen.ID], true}
		for _, before := range known.Formers {
			if before.Name == name || before.ID == f.ID {
				f.From = later(f.From, before.Last)
			}
		}
		if seen.ID == "" { // as in the states of earlier releases, so that any that had the name may have had it since
			f.Last = seen.Read
		}
		if seen.ID != "" || holder.Created.After(f.Last) {
			ids.formers = append(ids.formers, f)
		}
		if holder.ID == "" {
			continue
		}
		var old []string
		for n := range 9 { // nobody keeps as many
			old = append(old, fmt.Sprintf("%s-old%d", name, n+1))
		}
		old = slices.DeleteFunc(old, func(name string) bool { return ids.holders[name].ID != "" })
		find(old, nil)
		for _, between := range old {
			if id := ids.holders[between].ID; id != "" && number(between, name) > number(f.now, name) && !knows(known, id) {
				ids.formers = append(ids.formers, former{state.Former{ID: id, Name: name, Later: between, From: f.Last, Last: f.Last, Until: f.Until}, between, true})
			}
		}
	}
	return ids
}

// knows reports whether an instance of an ID has, or had, a name of the channel.
func knows(s *state.State, id string) bool {
	for _, seen := range s.Instances {
		if seen.ID == id {
			return true
		}
	}
	return slices.ContainsFunc(s.Formers, func(f state.Former) bool { return f.ID == id })
}

// number returns the N of NAME-oldN; 0 of any other.
func number(old, name string) int {
	digits, _ := strings.CutPrefix(old, name+"-old")
	n, _ := strconv.Atoi(digits)
	return n
}

func unique(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// same reports whether nothing has changed of what matters to a reading of the names.
func (ids identities) same(now identities, names state.Instances) bool {
	for name := range names {
		if ids.holders[name].ID != now.holders[name].ID {
			return false
		}
	}
	return slices.EqualFunc(ids.formers, now.formers, func(a, b former) bool { return a.ID == b.ID && a.Name == b.Name && a.now == b.now })
}

// former returns whether an instance had another name in the window of a reading.
func (ids identities) former(id string) (former, bool) {
	for _, f := range ids.formers {
		if f.now == id && f.now != "" {
			return f, true
		}
	}
	return former{}, false
}

// label returns the name for which an instance counts.
func (ids identities) label(id string) string {
	f, _ := ids.former(id)
	return cmp.Or(f.Name, id)
}

// labels returns the names for which some instances count.
func (ids identities) labels(instances []string) []string {
	var labels []string
	for _, id := range instances {
		if label := ids.label(id); !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}

// key returns what the calls of an instance are counted by: its ID, or its name where that is
// not known.
func (ids identities) key(id string) string { return cmp.Or(ids.holders[id].ID, id) }

// callsOf returns those of an instance that has a key, or of all that count for a name, as in
// what earlier releases have counted.
func (ids identities) callsOf(key string, calls map[string]int64) int64 {
	sum := calls[key]
	for id, n := range calls {
		if name, known := ids.names[id]; known && ids.label(name) == key {
			sum += n
		}
	}
	return sum
}

// moreCalls returns the instances, by their keys, of which a message counts more calls than
// can be read now.
func (ids identities) moreCalls(message, now map[string]int64) []string {
	var more []string
	for id, n := range message {
		if n > ids.callsOf(id, now) {
			more = append(more, id)
		}
	}
	return more
}

// keys returns what the parts may be called that are open of an instance.
func (ids identities) keys(instances []string) []string {
	var keys []string
	for _, id := range instances {
		if keys = append(keys, id); ids.holders[id].ID != "" {
			keys = append(keys, ids.holders[id].ID)
		}
	}
	return keys
}

// others returns those that are to be read though they have no name of the channel: they
// had one, or something of them is open.
func (ids identities) others(w digest.Window) []string {
	var others []string
	for _, f := range ids.formers {
		if f.now != "" {
			others = append(others, f.now)
		}
	}
	if ids.known != nil {
		for _, o := range ids.known.Open.In(w) {
			if _, known := ids.known.Instances[o.Instance]; !known && o.Holder == "" && ids.holders[o.Instance].ID != "" {
				others = append(others, o.Instance)
			}
		}
	}
	return others
}

// elsewhere reports whether all that was logged under a name in the window is with a former
// one: nobody has it now, or who has it did not have it then.
func (ids identities) elsewhere(name string, w digest.Window) bool {
	return slices.ContainsFunc(ids.formers, func(f former) bool {
		return f.Name == name && f.now != "" && (ids.holders[name].ID == "" || !w.End.After(f.Last))
	})
}

// had reports whether an instance may have had the name for which it counts in a part of w.
// A former one may have another of the channel's.
func (ids identities) had(id string, w digest.Window) bool {
	if f, ok := ids.former(id); ok {
		return f.HadName(w) || len(ids.openOf(id, w)) > 0
	}
	return !slices.ContainsFunc(ids.formers, func(f former) bool { return f.Name == id && !w.End.After(f.Last) })
}

// openOf returns what is open of an instance in w.
func (ids identities) openOf(id string, w digest.Window) state.Parts {
	if ids.known == nil {
		return nil
	}
	f, _ := ids.former(id)
	return slices.DeleteFunc(ids.known.Open.In(w), func(o state.Open) bool {
		own := o.Holder == f.ID || o.Holder == "" && f.found
		return o.Instance != ids.label(id) || !own
	})
}

// seen returns what is known of an instance.
func (ids identities) seen(id string) state.Seen {
	if ids.known == nil {
		return state.Seen{}
	}
	if f, ok := ids.former(id); ok && !f.found {
		return state.Seen{Read: f.Until}
	}
	return ids.known.Instances[ids.label(id)]
}

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
	what, at := fmt.Sprintf("%s is another instance now, and the one before does not exist any more.", f.Name), f.Until
	if holder.Created.After(f.Last) {
		what, at = fmt.Sprintf("%s was deleted, and another of its name was made at %s.", f.Name, holder.Created.Format(minutes)), holder.Created
	}
	r.say("%s What the one before logged since %s is lost.", what, f.Last.Format(minutes))
	if spans := unread(r.openOfName(f.Name)); spans != "" {
		r.say("What it logged %s was not read, and is lost, too.", spans)
	}
	r.result.Remade = append(r.result.Remade, state.Open{Instance: f.Name, Start: f.Last, End: at.Truncate(time.Hour).Add(time.Hour)})
}

// minutes is the form of a time in a sentence.
const minutes = "2006-01-02 15:04 UTC"

// openOfName returns what is open of who had a name last.
func (r register) openOfName(name string) state.Parts {
	return slices.DeleteFunc(slices.Clone(r.rd.known.Open), func(o state.Open) bool { return o.Instance != name || o.Holder != "" })
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
	for _, f := range r.rd.ids.formers {
		if f.found && f.Name == id && f.now != "" && f.now != id {
			return fmt.Sprintf("%s was renamed to %s, as a blue/green switchover does. What it logged until then is read from there.", id, f.now)
		}
	}
	return r.rd.handler.became(ctx, id, r.rd.known.Instances[id].Read)
}

// isElsewhere reports whether an instance that is not found under its name any more is called
// otherwise now.
func (r register) isElsewhere(id string) bool {
	return slices.ContainsFunc(r.rd.ids.formers, func(f former) bool { return f.Name == id && f.now != "" })
}

// probe looks for those that have an open part and were not read, and returns what answers
// again. Of others it may say that they are gone.
func (r register) probe(ctx context.Context) (answering []string) {
	if r.rd.ids.err != nil || len(r.rd.ids.holders) == 0 {
		return nil
	}
	for _, o := range r.rd.known.Open {
		key, name := cmp.Or(o.Holder, o.Instance), o.Instance
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
			parts := slices.DeleteFunc(slices.Clone(r.rd.known.Open), func(p state.Open) bool { return cmp.Or(p.Holder, p.Instance) != key })
			if spans := unread(parts); spans != "" {
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
