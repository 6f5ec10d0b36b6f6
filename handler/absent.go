package handler

import (
	"fmt"
	"slices"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/source"
)

// blocks reports whether a cause is that of something which is there and could not be
// read. What is asleep or not listed yet is awaited; what is gone or was never logged
// is known not to come.
func blocks(c source.Cause) bool { return c == source.Passing || c == source.Denied }

// comes reports whether what is absent for a cause may still be read.
func comes(c source.Cause) bool { return blocks(c) || awaited(c) }

func awaited(c source.Cause) bool { return c == source.Waiting || c == source.Unlisted }

// absentIn returns the absences of an instance in a window. Where the file of an hour
// was read, it does not matter that the one after it was not.
func (rd *reading) absentIn(id string, w digest.Window) []part {
	if _, former := rd.ids.former(id); !rd.ids.had(id, w) && !(former && slices.Contains(rd.selected, id)) {
		return nil
	}
	var absent []part
	read := func(p part) bool {
		return p.instance == id && p.absent == nil && !p.file.Rotated().IsZero() && p.file.Rotated().Equal(w.End)
	}
	for _, p := range rd.parts {
		a := p.absent
		if a == nil || p.instance != id || !w.End.IsZero() && !a.From.Before(w.End) || !a.To.IsZero() && !a.To.After(w.Start) {
			continue
		}
		if awaited := rd.notYet(id, p, w); awaited != nil {
			p.absent = awaited
		} else if a.Cause == source.Unlisted {
			end := a.To
			if !w.End.IsZero() && w.End.Before(end) {
				end = w.End
			}
			if rd.spans(id, end) || rd.asleep(id, w) {
				continue
			}
		} else if p.file.Absent == nil && p.file.Name != "" && slices.ContainsFunc(rd.parts, read) {
			continue
		}
		absent = append(absent, p)
	}
	if !slices.ContainsFunc(rd.parts, read) && !rd.spans(id, w.End) && rd.awaitsWaking(id, w) {
		absent = append(absent, part{instance: id, absent: &source.Absence{From: w.Start, To: w.End, Cause: source.Unlisted,
			Note: fmt.Sprintf("Instance %s does not list the slow log yet that it went on with when it woke.", id)}})
	}
	return absent
}

// notYet returns an absence as Unlisted if it is of a file that was not listed yet, and that
// RDS can have deleted no more than it can be late; else nil. What is before all files of an
// instance is taken for deleted, unless that is young.
func (rd *reading) notYet(id string, p part, hour digest.Window) *source.Absence {
	if rd.known == nil || p.absent.Cause != source.Gone || p.file.Absent == nil || rd.handler.Now().Sub(hour.End) >= source.Soon {
		return nil
	}
	unlisted := func(o state.Open) bool { return o.Cause == string(source.Unlisted) }
	if !slices.ContainsFunc(rd.ids.openOf(id, hour), unlisted) && !(rd.young(id) && hour.End.After(rd.ids.holders[id].Created)) {
		return nil
	}
	late := *p.absent
	late.Cause, late.Note = source.Unlisted, fmt.Sprintf("Instance %s lists no slow log for %s yet.", id, state.Span(hour.Start, hour.End))
	return &late
}

// awaitsWaking reports whether what an instance logged in an hour in which it fell asleep is
// in a file that is not listed yet: the one that it went on with when it woke.
func (rd *reading) awaitsWaking(id string, hour digest.Window) bool {
	if rd.known == nil {
		return false
	}
	fellAsleep := func(o state.Open) bool { return o.Cause == string(source.Waiting) && !o.Slept }
	unlisted := func(o state.Open) bool { return o.Cause == string(source.Unlisted) }
	slept := digest.Window{Start: hour.End, End: rd.ids.seen(id).Woke}
	return slept.End.After(slept.Start) && slices.ContainsFunc(rd.ids.openOf(id, hour), fellAsleep) && slices.ContainsFunc(rd.ids.openOf(id, slept), unlisted)
}

// spans reports whether a file was read that begins before the end of an hour and was
// written to after it, so that the hour is in it whatever its name.
func (rd *reading) spans(id string, end time.Time) bool {
	return slices.ContainsFunc(rd.parts, func(p part) bool {
		return p.instance == id && !p.first.IsZero() && p.first.Before(end) && !p.file.LastWritten.Before(end)
	})
}

// asleep reports whether an instance was found asleep before an hour and after it, or
// was never found awake before it.
func (rd *reading) asleep(id string, hour digest.Window) bool {
	if rd.known == nil {
		return false
	}
	seen := rd.ids.seen(id)
	never := seen.Began.IsZero() && (seen.Read.IsZero() || hour.Start.Equal(rd.known.Since))
	before := seen.SleptBefore(hour) || never
	return before && rd.waits(id) || slices.ContainsFunc(rd.ids.openOf(id, hour), func(o state.Open) bool { return o.Slept })
}

// waits reports whether an instance is found asleep.
func (rd *reading) waits(id string) bool {
	return slices.ContainsFunc(rd.parts, func(p part) bool {
		return p.instance == id && p.absent != nil && p.absent.Cause == source.Waiting
	})
}

// cause returns the gravest cause for which something of an instance is absent from
// an hour; empty if nothing is.
func (rd *reading) cause(id string, hour digest.Window) source.Cause {
	order := []source.Cause{"", source.Gone, source.Unproven, source.Off, source.Unlisted, source.Waiting, source.Passing, source.Denied}
	var gravest source.Cause
	for _, p := range rd.absentIn(id, hour) {
		if slices.Index(order, p.absent.Cause) > slices.Index(order, gravest) {
			gravest = p.absent.Cause
		}
	}
	return gravest
}

// addAbsent adds to the coverage of a window what is absent from it, but for what is
// known and needs not be said again.
func (rd *reading) addAbsent(c *digest.Coverage, w digest.Window) {
	hours := w.Hours()
	if len(hours) == 0 {
		hours = []digest.Window{w}
	}
	elsewhere, unknown := !c.Complete, false
	without := slices.Clone(rd.gone)
	ids := slices.Clone(rd.instances)
	for _, p := range rd.parts { // local files have no instance
		if !slices.Contains(ids, p.instance) {
			ids = append(ids, p.instance)
		}
	}
	for _, id := range ids {
		var said []*source.Absence
		for _, hour := range hours {
			for _, p := range rd.absentIn(id, hour) {
				complete, known := rd.excused(id, p, hour)
				if label := rd.ids.label(id); known && !complete && !slices.Contains(without, label) {
					without = append(without, label)
				}
				if complete || known {
					continue
				}
				unknown, elsewhere = true, elsewhere || !awaited(p.absent.Cause)
				if slices.Contains(said, p.absent) {
					continue
				}
				if said = append(said, p.absent); p.absent.Note != "" {
					c.Notes = append(c.Notes, p.absent.Note)
				}
				if p.file.Absent != nil && !p.absent.From.IsZero() {
					c.Gaps = append(c.Gaps, digest.Gap{Instance: rd.ids.label(id), File: p.file.Name, After: p.absent.From, Before: p.absent.To})
				}
			}
		}
	}
	if rd.allMissing() && rd.known != nil { // which is said once, and is nothing to be posted then
		unknown, elsewhere = true, elsewhere || rd.abandoned()
	}
	if c.Awaited = unknown && !elsewhere; c.Complete && !unknown {
		c.Without = without
	}
	c.Complete = c.Complete && !unknown && len(without) == 0
}

// excused reports whether an hour is complete though something of an instance is absent
// from it: it did not exist yet, or hours without a file are usual. Else it may be
// known already that it is missing, for it is asleep, does not log, or does not exist
// any more, and that was said.
func (rd *reading) excused(id string, p part, hour digest.Window) (complete, known bool) {
	if rd.known == nil {
		return p.absent.Usual, false
	}
	if rd.hardly(id, hour) {
		return true, false
	}
	if p.absent.Cause == source.Unlisted { // also of one that was asleep before the hour, and is not now
		return p.absent.Usual || rd.ids.seen(id).SleptBefore(hour) || slices.ContainsFunc(rd.ids.openOf(id, hour), func(o state.Open) bool { return o.Usual }), false
	}
	seen := rd.ids.seen(id)
	read := seen != state.Seen{}
	switch p.absent.Cause {
	case source.Waiting:
		return false, rd.asleep(id, hour)
	case source.Gone:
		gone := !seen.Gone.IsZero() && !seen.Misses(hour)
		made := rd.ids.holders[id].Created
		before := !hour.End.After(made) || made.IsZero() && !read && len(rd.known.Instances) > 0 && p.err == nil
		return rd.asleep(id, hour) || gone || before || rd.young(id), rd.missing(id) && read
	case source.Off, source.Unproven:
		return false, !slices.Contains(rd.off, id)
	}
	return p.absent.Usual, false
}

// open returns the parts of the window that may still be read.
func (rd *reading) open() state.Parts {
	var open state.Parts
	for _, hour := range rd.window.Hours() {
		for _, id := range rd.instances {
			if c := rd.cause(id, hour); comes(c) {
				f, _ := rd.ids.former(id)
				open = append(open, state.Open{Instance: rd.ids.label(id), Holder: f.ID, Start: hour.Start, End: hour.End, Cause: string(c),
					Usual: rd.usual(id, hour), Slept: rd.asleep(id, hour)})
			}
		}
	}
	return state.Join(open)
}

// usual reports whether all that is absent of an instance from an hour is so as usual.
func (rd *reading) usual(id string, hour digest.Window) bool {
	return !slices.ContainsFunc(rd.absentIn(id, hour), func(p part) bool { return !rd.absentAsUsual(id, p, hour) })
}

// young reports whether an instance was made so lately that RDS has deleted none of its logs:
// what it does not list was never written.
func (rd *reading) young(id string) bool {
	made := rd.ids.holders[id].Created
	return !made.IsZero() && rd.handler.Now().Sub(made) < source.LeastKept
}

// hardly reports whether an instance had lost the name for which it counts before an hour, or
// soon after. It is read, and nobody expects anything of it.
func (rd *reading) hardly(id string, hour digest.Window) bool {
	f, ok := rd.ids.former(id)
	return ok && f.Hardly(hour) && !slices.Contains(rd.selected, id)
}

// absentAsUsual reports whether a part has no file, which is usual and not said to be
// missing, and may yet get one.
func (rd *reading) absentAsUsual(id string, p part, hour digest.Window) bool {
	complete, _ := rd.excused(id, p, hour)
	return complete && (p.absent.Cause == source.Unlisted || rd.hardly(id, hour))
}

// failed reports whether nothing could be read of any instance, though something
// is there.
func (rd *reading) failed() bool {
	failed := false
	for _, hour := range rd.window.Hours() {
		for _, id := range rd.instances {
			switch c := rd.cause(id, hour); {
			case c == "" || c == source.Unlisted || c == source.Gone && !rd.missing(id):
				return false
			case blocks(c) || c == source.Gone && !rd.was(id):
				failed = true
			}
		}
	}
	return failed
}

// missing reports whether RDS does not know the instance.
func (rd *reading) missing(id string) bool {
	return slices.ContainsFunc(rd.parts, func(p part) bool {
		return p.instance == id && p.absent != nil && p.absent.Cause == source.Gone && (p.err != nil || p.file.Name == "")
	})
}

// allMissing reports whether there is no instance, or none that had a name of the channel in
// the window.
func (rd *reading) allMissing() bool {
	return !slices.ContainsFunc(rd.instances, func(id string) bool {
		hardly := len(rd.window.Hours()) > 0 && !slices.ContainsFunc(rd.window.Hours(), func(hour digest.Window) bool { return !rd.hardly(id, hour) })
		return !rd.missing(id) && !hardly
	})
}

// was reports whether an instance was there in an hour before.
func (rd *reading) was(id string) bool {
	return !rd.ids.seen(id).Read.IsZero()
}

// abandoned reports whether there were instances an hour ago, of which none is left.
func (rd *reading) abandoned() bool {
	if rd.known == nil || !rd.allMissing() {
		return false
	}
	for _, seen := range rd.known.Instances {
		if seen.Gone.IsZero() && !seen.Read.IsZero() {
			return true
		}
	}
	return false
}

// lost returns the hours of which RDS has nothing left for any instance, and those
// that were pending before them.
func (rd *reading) lost() []digest.Window {
	var lost []digest.Window
	if len(rd.instances) == 0 {
		return nil
	}
	for _, hour := range rd.window.Hours() {
		if !slices.ContainsFunc(rd.instances, func(id string) bool {
			return rd.cause(id, hour) != source.Gone || rd.missing(id) || slices.ContainsFunc(rd.absentIn(id, hour), func(p part) bool { complete, _ := rd.excused(id, p, hour); return complete })
		}) {
			lost = append(lost, hour)
		}
	}
	if rd.known != nil && len(lost) > 0 && lost[0].Start.Equal(rd.window.Start) {
		lost = append(rd.known.PendingBefore(rd.window.Start), lost...)
	}
	return digest.JoinWindows(lost)
}

// conditions returns how the instances that have names of the channel were found at the end
// of the window.
func (rd *reading) conditions() map[string]state.Condition {
	found := map[string]state.Condition{}
	for _, id := range rd.selected {
		switch c := rd.cause(id, rd.lastHour()); {
		case rd.missing(id):
			found[id] = state.Missing
		case c == source.Waiting:
			found[id] = state.Asleep
		case c == source.Off, c == source.Unproven:
			found[id] = state.NotLogs
		case blocks(c):
			found[id] = state.Blocked
		default:
			found[id] = state.Awake
		}
	}
	return found
}

// answering returns the instances of which nothing was kept from being read, but for
// what is not listed.
func (rd *reading) answering() []string {
	var answering []string
	for _, id := range rd.instances {
		if !slices.ContainsFunc(rd.window.Hours(), func(hour digest.Window) bool {
			c := rd.cause(id, hour)
			return blocks(c) || c == source.Waiting
		}) && !rd.missing(id) {
			answering = append(answering, id)
		}
	}
	return answering
}

// blocked counts the hours of which something is there and could not be read.
func blocked(open state.Parts) int {
	hours := map[time.Time]bool{}
	for _, o := range open {
		if blocks(source.Cause(o.Cause)) {
			for _, hour := range (digest.Window{Start: o.Start, End: o.End}).Hours() {
				hours[hour.Start] = true
			}
		}
	}
	return len(hours)
}

// sharerComes reports whether another that may have had the name of an instance in an hour
// may yet be read, and the state does not tell their parts from each other.
func (rd *reading) sharerComes(id string, hour digest.Window) bool {
	return slices.ContainsFunc(rd.ids.formers, func(f former) bool {
		return f.found && f.now != "" && f.now != id && f.Name == rd.ids.label(id) && comes(rd.cause(f.now, hour))
	})
}

// holdersOf returns those of the instances that are read of which a part may be.
func (rd *reading) holdersOf(o state.Open) []string {
	return slices.DeleteFunc(slices.Clone(rd.instances), func(id string) bool {
		return !slices.Contains(rd.ids.openOf(id, digest.Window{Start: o.Start, End: o.End}), o)
	})
}

// readOpen reports whether what was open of an hour was read.
func (rd *reading) readOpen(o state.Open) bool {
	hour, ids := digest.Window{Start: o.Start, End: o.End}, rd.holdersOf(o)
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return rd.cause(id, hour) != "" })
}
