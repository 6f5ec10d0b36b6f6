package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"slowdigest/digest"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/source"
)

// observe notes how the instances were found after the newest hours.
func (i *item) observe(ctx context.Context, rd *reading, result *state.Result) {
	at := later(i.handler.Now(), rd.window.End)
	names := register{rd, result}
	is := names.identified(at)
	var news []string
	result.Seen, news, rd.off = is.Observe(rd.lastHour(), at, rd.conditions(), func(id string) string { return names.became(ctx, id) })
	result.News = append(result.News, news...)
	for _, id := range slices.Sorted(maps.Keys(result.Seen)) {
		spans := unread(names.openOf(id))
		_, renamed := names.renamed(id)
		if found := is[id].Gone.IsZero() && !result.Seen[id].Gone.IsZero(); found && spans != "" && !renamed {
			result.News = append(result.News, fmt.Sprintf("What %s logged %s could not be read, and is lost with it.", id, spans))
		}
	}
	names.learn()
	i.answering = append(i.answering, names.probe(ctx)...)
}

// missing adds to the instances that are gone those that are so for the hours of an item.
func (i *item) missing(rd *reading, now state.Instances, remade state.Parts) {
	if now == nil {
		now = i.claimed.Instances
	}
	for id, seen := range now {
		if seen.Misses(rd.window) && !slices.Contains(rd.ids.labels(rd.instances), id) {
			rd.gone = append(rd.gone, id)
		}
	}
	for _, o := range slices.Concat(i.claimed.Lost, remade).In(rd.window) {
		rd.gone = append(rd.gone, o.Instance)
	}
	for _, f := range rd.ids.formers {
		if rd.ids.err == nil && f.now == "" && f.HadName(rd.window) && !f.Hardly(rd.window) {
			rd.gone = append(rd.gone, f.Name)
		}
	}
	slices.Sort(rd.gone)
	rd.gone = slices.Compact(rd.gone)
}

// was says how an instance was when a part was left open, by its cause.
var was = map[string]string{
	"":                     " was taken for another", // see register.identified
	string(source.Passing): " could not be read", string(source.Denied): " could not be read",
	string(source.Waiting): " was found paused or stopped", string(source.Unlisted): " did not list its log",
}

// gains reports whether more calls of an instance can be read now than the message counts.
func (i *item) gains(id string, now map[string]int64) bool {
	key, counted := i.ids.key(id), i.Replace.Calls
	if label := i.ids.label(id); i.ids.shared(counted, label) {
		return now[key] > counted[key] && now[key] != counted[label] // as many are the same ones
	}
	return now[key] > cmp.Or(counted[key], counted[i.ids.label(id)])
}

// readLater returns sentences on what was open of the hours, and was read: so many calls of
// each instance. Where an hour without a log is usual, and had none, there is none.
func (i *item) readLater(rd *reading, calls map[string]int64) []string {
	var read state.Parts
	for _, hour := range rd.window.Hours() {
		for _, o := range i.claimed.Open.In(hour) {
			found := !o.Usual || slices.ContainsFunc(rd.holdersOf(o), func(id string) bool { return i.gains(id, calls) })
			if found && rd.readOpen(o) {
				o.Slept = false // which no sentence tells
				if o.Holder != "" {
					o.Instance = i.ids.names[o.Holder]
				}
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
	diedWithMore := len(i.ids.moreCalls(i.Calls, r.Calls)) > 0 // which may be in the message
	if diedWithMore || i.ids.err != nil {
		r.Open = before
		return unimproved
	}
	for _, id := range rd.instances {
		if i.ids.shared(i.Replace.Calls, i.ids.label(id)) {
			return lessThanBefore // for all that is known
		}
	}
	less := i.ids.moreCalls(i.Replace.Calls, r.Calls)
	awaits := func(o state.Open) bool {
		return slices.Contains(less, cmp.Or(o.Holder, i.ids.key(o.Instance))) || slices.Contains(less, o.Instance)
	}
	switch {
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
			case len(rd.ids.openOf(id, hour)) == 0 || comes(rd.cause(id, hour)) || rd.sharerComes(id, hour):
			case i.gains(id, r.Calls) || !rd.asleep(id, hour) && !before.Usual(rd.ids.label(id), hour.Start):
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
			if r.Open.Of(o.Instance, hour.Start) { // whoever of the name it is
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
	result.Open = slices.DeleteFunc(rd.open(), func(o state.Open) bool {
		return !slices.ContainsFunc(open, func(before state.Open) bool { return before.Instance == o.Instance })
	})
	message := rd.report(i.handler.Limit)
	var posted []digest.Window
	for _, o := range open {
		w := digest.Window{Start: o.Start, End: o.End}
		if slices.Contains(posted, w) {
			continue
		}
		posted = append(posted, w)
		var ids []string
		for _, same := range open {
			if same.Start.Equal(o.Start) && same.End.Equal(o.End) {
				ids = append(ids, rd.holdersOf(same)...)
			}
		}
		ids = slices.DeleteFunc(unique(ids), func(id string) bool { return !i.gains(id, calls) })
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
	rd.gone, rd.ids.holders = others, i.ids.holders
	r := rd.report(digest.Limit{})
	i.compare(rd, r, &state.Result{})
	message := shortened(r, h.Limit, h.OrderBy)
	if r.Overall.Calls == 0 {
		return message, nil
	}
	archiveHours(ctx, &h, archive.Add, rd.hourly(), nil)
	i.Instances, i.apart, i.Repeat = ids, true, i.Repeat || i.Replace.Uncounted ||
		slices.ContainsFunc(ids, func(id string) bool { return i.ids.shared(i.Replace.Calls, i.ids.label(id)) })
	_, found, err := i.find(ctx, message)
	if !found && (err == nil || errors.Is(err, errNoSearch)) {
		_, err = i.deliver(ctx, message, state.Message{Calls: rd.calls()}, false, false)
	}
	return message, err
}
