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
	ids.remember(w)
	if ids.err == nil {
		ids.compare(later(h.Now(), w.End), find)
	}
	return ids
}

// remember adds the formers that the state knows, and that matter to a window: the ones with
// an open part first.
func (ids *identities) remember(w digest.Window) {
	for _, f := range ids.known.Formers {
		now := ids.names[f.ID]
		_, kept := ids.known.Instances[now]
		open := slices.ContainsFunc(ids.known.Open.In(w), func(o state.Open) bool { return o.Holder == f.ID && o.Instance == f.Name })
		switch f := (former{f, now, false}); {
		case open:
			ids.formers = slices.Insert(ids.formers, 0, f)
		case f.Hardly(w) && kept: // it is read by its own name
		case f.HadName(w):
			ids.formers = append(ids.formers, f)
		}
	}
}

// compare adds those that have lost their names at a time since the state was saved. The
// state of an earlier release does not know who had them.
func (ids *identities) compare(at time.Time, find func(names, ids []string)) {
	for _, name := range slices.Sorted(maps.Keys(ids.known.Instances)) {
		seen, holder := ids.known.Instances[name], ids.holders[name]
		if !seen.Gone.IsZero() || holder.ID == seen.ID {
			continue
		}
		now := ids.names[seen.ID]
		f := former{state.Former{ID: seen.ID, Name: name, Later: now, Last: seen.Same, Until: at}, now, true}
		if seen.ID == "" {
			f.Last = seen.Read
		}
		for _, before := range ids.known.Formers {
			if before.Name == name || before.ID == f.ID {
				f.From = later(f.From, before.Last)
			}
		}
		if seen.ID != "" || holder.Created.After(f.Last) {
			ids.formers = append(ids.formers, f)
		}
		if holder.ID != "" {
			ids.between(f, find)
		}
	}
}

// between adds those that may have had the name of a former after it: each NAME-oldN with a
// higher number that was not known.
func (ids *identities) between(f former, find func(names, ids []string)) {
	var old []string
	for n := range 9 { // nobody keeps as many
		if name := fmt.Sprintf("%s-old%d", f.Name, n+1); ids.holders[name].ID == "" {
			old = append(old, name)
		}
	}
	find(old, nil)
	for _, name := range old {
		if id := ids.holders[name].ID; id != "" && number(name, f.Name) > number(f.now, f.Name) && !knows(ids.known, id) {
			ids.formers = append(ids.formers, former{state.Former{ID: id, Name: f.Name, Later: name, From: f.Last, Last: f.Last, Until: f.Until}, name, true})
		}
	}
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

// shared reports whether a message counts calls for a name of which it is not known whose
// they were: it was posted when nobody could ask, and one of several has logged them.
func (ids identities) shared(calls map[string]int64, name string) bool {
	_, byName := calls[name]
	return byName && ids.holders[name].ID != "" && slices.ContainsFunc(ids.formers, func(f former) bool { return f.Name == name })
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
