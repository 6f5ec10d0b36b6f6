package handler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/source"
)

// observe notes how the instances were found after the newest hours.
func (i *item) observe(ctx context.Context, rd *reading, result *state.Result) {
	at := later(i.handler.Now(), rd.window.End)
	result.Seen, result.News, rd.off = i.claimed.Instances.Observe(rd.lastHour(), at, rd.conditions(), func(id string) string {
		return i.handler.became(ctx, id, i.claimed.Instances[id].Read)
	})
	fs := formers{rd: rd}
	for _, id := range slices.Sorted(maps.Keys(result.Seen)) {
		spans := fs.unread(id)
		if found := i.claimed.Instances[id].Gone.IsZero() && !result.Seen[id].Gone.IsZero(); found && spans != "" {
			result.News = append(result.News, fmt.Sprintf("What %s logged %s could not be read, and is lost with it.", id, spans))
		}
	}
	for _, o := range rd.remade {
		result.News = append(result.News, fmt.Sprintf("%s was deleted, and another of its name was made at %s. What the one before logged since %s is lost.",
			o.Instance, o.End.Format("2006-01-02 15:04 UTC"), o.Start.Format("2006-01-02 15:04 UTC")))
		o.End = o.End.Truncate(time.Hour).Add(time.Hour)
		result.Remade = append(result.Remade, o)
	}
	for _, f := range rd.over {
		fs.switched(f, at, result)
	}
	i.answering = append(i.answering, fs.probe(ctx, result)...)
	for _, p := range rd.parts {
		seen, ok := result.Seen[p.instance]
		if files := p.file.Newest(); ok && len(files) > 0 {
			seen.Files = files
			result.Seen[p.instance] = seen
		}
	}
}

// missing adds to the instances that are gone those that are so for the hours of an item.
func (i *item) missing(rd *reading, now state.Instances, remade state.Parts) {
	if now == nil {
		now = i.claimed.Instances
	}
	for id, seen := range now {
		if seen.Misses(rd.window) && !slices.Contains(rd.instances, id) {
			rd.gone = append(rd.gone, id)
		}
	}
	for _, o := range slices.Concat(i.claimed.Lost, remade).In(rd.window) {
		rd.gone = append(rd.gone, o.Instance)
	}
	slices.Sort(rd.gone)
	rd.gone = slices.Compact(rd.gone)
}

// was says how an instance was when a part was left open, by its cause.
var was = map[string]string{
	string(source.Passing): " could not be read", string(source.Denied): " could not be read",
	string(source.Waiting): " was found paused or stopped", string(source.Unlisted): " did not list its log",
}

// readLater returns sentences on what was open of the hours, and was read: so many calls of
// each instance. Where an hour without a log is usual, and had none, there is none.
func (i *item) readLater(rd *reading, calls map[string]int64) []string {
	var read state.Parts
	for _, hour := range rd.window.Hours() {
		for _, o := range i.claimed.Open.In(hour) {
			found := !o.Usual || calls[o.Instance] > i.Replace.Calls[o.Instance]
			if found && slices.Contains(rd.instances, o.Instance) && rd.cause(o.Instance, hour) == "" {
				o.Slept = false // which no sentence tells
				read = append(read, o)
			}
		}
	}
	corrected := ""
	if i.Edits() {
		corrected = "Corrected: "
	}
	var news []string
	for _, o := range state.Join(read) {
		news = append(news, fmt.Sprintf("%s%s, and its log from %s was read later.", corrected, o.Instance+was[o.Cause], state.Span(o.Start, o.End)))
	}
	return news
}

// callsOf counts the calls of a report of all classes by instance.
func callsOf(r *digest.Report) map[string]int64 {
	calls := map[string]int64{}
	for _, c := range r.Classes {
		for id, n := range c.Instances {
			calls[id] += n
		}
	}
	return calls
}

// nameOf returns the name that an instance had before a switchover gave it to another; of
// any other, its own.
func (i *item) nameOf(id string) string {
	is := i.claimed.Instances
	if i.seen != nil {
		is = i.seen
	}
	if before := i.over.before(id); before != id {
		return before
	}
	of, ok := formerOf(id)
	if seen := is[of]; ok && (seen.Former != "" || !seen.Switched.IsZero()) {
		return of
	}
	return id
}

// byName adds up the calls of those that have had the same name: who of them had it when a
// message counted the calls under it is not always known.
func (i *item) byName(calls map[string]int64) map[string]int64 {
	sums := map[string]int64{}
	for id, n := range calls {
		sums[i.nameOf(id)] += n
	}
	return sums
}

// comparison says what a correction would do to a message.
type comparison int

const (
	improved       comparison = iota
	unimproved                // nothing that was open could be read
	confirmed                 // it could, and held nothing, as was to be expected
	lessThanBefore            // something that the message counts cannot be read any more
)

// compareOpen compares what was read with what was open, and with what the message
// counts. What the time did not last for twice will not be tried again.
func (i *item) compareOpen(rd *reading, r *state.Result) comparison {
	before := i.claimed.Open.In(i.Window)
	if len(i.moreCalls(i.Calls, r.Calls)) > 0 { // which a run that died may have put into the message
		r.Open = before
		return unimproved
	}
	message, now := i.byName(i.Replace.Calls), i.byName(r.Calls)
	less := slices.DeleteFunc(slices.Collect(maps.Keys(message)), func(name string) bool { return now[name] >= message[name] })
	switch awaits := func(o state.Open) bool { return slices.Contains(less, i.nameOf(o.Instance)) }; {
	case slices.ContainsFunc(r.Open, awaits):
		r.Open = before
		return unimproved
	case len(less) > 0:
		return lessThanBefore
	}
	result := unimproved
	for _, hour := range i.Window.Hours() {
		for _, id := range rd.instances {
			switch {
			case !before.Of(id, hour.Start) || comes(rd.cause(id, hour)) || (formers{rd: rd}).come(id, hour):
			case now[i.nameOf(id)] > message[i.nameOf(id)] || !rd.asleep(id, hour) && !before.Usual(id, hour.Start):
				if i.Replace.Uncounted && len(r.Open)+len(rd.gone) > 0 {
					return lessThanBefore // for all that is known
				}
				return improved
			default:
				result = confirmed
			}
		}
	}
	var still state.Parts // as they were, and nothing else: the message counts that
	for _, hour := range i.Window.Hours() {
		for _, o := range before.In(hour) {
			if r.Open.Of(o.Instance, hour.Start) {
				still = append(still, o)
			}
		}
	}
	r.Open = state.Join(still)
	return result
}

// runApart posts what was open by itself, for what the message of its hours counts
// is not there any more, such as of an instance that was deleted. What the message
// counts already is left out. calls are those that can be read now.
func (i *item) runApart(ctx, reading context.Context, rd *reading, calls map[string]int64) (*digest.Report, error) {
	open := i.claimed.Open.In(i.Window)
	result := state.Result{Unchanged: true}
	result.Open = slices.DeleteFunc(rd.open(false), func(o state.Open) bool {
		return !slices.ContainsFunc(open, func(before state.Open) bool { return i.nameOf(before.Instance) == i.nameOf(o.Instance) })
	})
	message := rd.report(i.handler.Limit)
	before, now := i.byName(i.Replace.Calls), i.byName(calls)
	var posted []digest.Window
	for _, o := range open {
		w := digest.Window{Start: o.Start, End: o.End}
		if slices.Contains(posted, w) {
			continue
		}
		posted = append(posted, w)
		var ids []string
		for _, same := range open {
			if same.Start.Equal(o.Start) && same.End.Equal(o.End) && now[i.nameOf(same.Instance)] > before[i.nameOf(same.Instance)] {
				ids = append(ids, same.Instance)
			}
		}
		if len(ids) == 0 {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(rd.instances), func(id string) bool { return slices.Contains(ids, id) })
		var err error
		if message, err = i.postApart(ctx, reading, w, ids, others); err != nil {
			return message, errors.Join(err, i.editLate(ctx, func(s *state.State) { s.Release(i.Item, i.handler.Now()) }))
		}
	}
	return message, i.finish(ctx, result)
}

// postApart posts what some instances have logged in a part of the item's hours, if
// they have and it was not posted.
func (i *item) postApart(ctx, reading context.Context, w digest.Window, ids, others []string) (*digest.Report, error) {
	h := *i.handler
	h.Instances, h.only = ids, true
	rd := h.read(reading, w, w.Hours(), i.claimed)
	rd.gone = others
	r := rd.report(digest.Limit{})
	i.compare(rd, r, &state.Result{})
	message := shortened(r, h.Limit, h.OrderBy)
	if r.Overall.Calls == 0 {
		return message, nil
	}
	i.Instances, i.apart, i.Repeat = ids, true, i.Repeat || i.Replace.Uncounted
	_, found, err := i.find(ctx, message)
	if !found && (err == nil || errors.Is(err, errNoSearch)) {
		_, err = i.deliver(ctx, message, state.Message{Calls: callsOf(r)}, false, false)
	}
	return message, err
}
