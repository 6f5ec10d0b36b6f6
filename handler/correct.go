package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
)

// observe notes how the instances were found after the newest hours.
func (i *item) observe(ctx context.Context, rd *reading, result *state.Result) {
	at := later(i.handler.Now(), rd.window.End)
	result.Seen, result.News, rd.off = i.claimed.Instances.Observe(rd.lastHour(), at, rd.conditions(), func(id string) string { return i.handler.became(ctx, id) })
	for _, former := range rd.former {
		id := strings.TrimSuffix(former, "-old1")
		seen := result.Seen[id]
		if seen.Switched = at.UTC().Truncate(time.Hour); slices.Contains(rd.gone, former) {
			result.News = append(result.News, fmt.Sprintf("%s is not found: %s is another instance now, and what the one before logged last is lost with it.", former, id))
		} else {
			result.News = append(result.News, fmt.Sprintf("%s is another instance now, as after a blue/green switchover. What the one before has logged is read from %s.", id, former))
		}
		result.Seen[id] = seen
	}
	for _, p := range rd.parts {
		seen, ok := result.Seen[p.instance]
		if files := p.file.Newest(); ok && len(files) > 0 {
			seen.Files = files
			result.Seen[p.instance] = seen
		}
	}
}

// missing adds to the instances that are gone those that are so for the hours of an item.
func (i *item) missing(rd *reading, now state.Instances) {
	if now == nil {
		now = i.claimed.Instances
	}
	for id, seen := range now {
		if seen.Misses(rd.window) && !slices.Contains(rd.gone, id) && !slices.Contains(rd.instances, id) {
			rd.gone = append(rd.gone, id)
		}
	}
	slices.Sort(rd.gone)
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

// comparison says what a correction would do to a message.
type comparison int

const (
	improved       comparison = iota
	unimproved                // nothing that was open could be read
	confirmed                 // it could, and held nothing: the instance was asleep
	lessThanBefore            // something that the message counts cannot be read any more
)

// compareOpen compares what was read with what was open, and with what the message
// counts. What the time did not last for twice will not be tried again.
func (i *item) compareOpen(rd *reading, r *state.Result) comparison {
	before := i.claimed.Open.In(i.Window)
	for id, calls := range i.Replace.Calls {
		switch awaits := slices.ContainsFunc(r.Open, func(o state.Open) bool { return o.Instance == id }); {
		case r.Calls[id] >= calls:
		case awaits:
			r.Open = before
			return unimproved
		default:
			return lessThanBefore
		}
	}
	result := unimproved
	for _, hour := range i.Window.Hours() {
		for _, id := range rd.instances {
			switch {
			case !before.Of(id, hour.Start) || comes(rd.cause(id, hour)):
			case r.Calls[id] > i.Replace.Calls[id] || !rd.asleep(id, hour):
				return improved
			default:
				result = confirmed
			}
		}
	}
	return result
}

// runApart posts what was open by itself, for what the message of its hours counts
// is not there any more, such as of an instance that was deleted.
func (i *item) runApart(ctx, reading context.Context, rd *reading) (*digest.Report, error) {
	h := *i.handler
	h.Instances = nil
	var others []string
	for _, id := range rd.instances {
		if slices.ContainsFunc(i.claimed.Open.In(i.Window), func(o state.Open) bool { return o.Instance == id }) {
			h.Instances = append(h.Instances, id)
		} else {
			others = append(others, id)
		}
	}
	result := state.Result{Unchanged: true, Open: rd.open()}
	result.Open = slices.DeleteFunc(result.Open, func(o state.Open) bool { return !slices.Contains(h.Instances, o.Instance) })
	rd = h.read(reading, i.Window, i.Window.Hours(), i.claimed)
	rd.gone = others
	r := rd.report(digest.Limit{})
	i.compare(rd, r, &result)
	r.Past.CatchUp = len(rd.hours)
	message := shortened(r, h.Limit, h.OrderBy)
	if r.Overall.Calls == 0 {
		return message, i.finish(ctx, result)
	}
	i.Instances, i.apart = h.Instances, true
	_, found, err := i.find(ctx, message)
	if !found && (err == nil || errors.Is(err, errNoSearch)) {
		_, err = i.deliver(ctx, message, false, false)
	}
	if err != nil {
		return message, errors.Join(err, i.editLate(ctx, func(s *state.State) { s.Release(i.Item, h.Now()) }))
	}
	return message, i.finish(ctx, result)
}
