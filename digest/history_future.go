package digest

import (
	"slices"
	"time"
)

// Forget takes back the hours that begin at a time or later, such as those of an
// event that was dated in the future. Of a class what remains is what its hours
// before that tell.
func (h *History) Forget(from time.Time) {
	first := hourOf(from)
	if n := len(h.hours); n == 0 || h.hours[n-1].at < first {
		return
	}
	h.hours = slices.DeleteFunc(h.hours, func(w wholeHour) bool { return w.at >= first })
	for id, p := range h.classes {
		if !p.forget(first) {
			delete(h.classes, id)
		}
	}
	if !h.since.Before(from) {
		h.since = time.Time{}
		if len(h.hours) > 0 {
			h.since = h.hours[0].at.time()
		}
	}
	if h.regrouped >= first {
		h.regrouped = 0
	}
}

// forget reports whether anything is left of a class.
func (p *past) forget(first hour) bool {
	last := p.seenBefore(first)
	if last == 0 || p.first >= first {
		return false
	}
	p.hours = slices.DeleteFunc(p.hours, func(c classHour) bool { return c.at >= first })
	if p.last >= first {
		upToBefore := past{hours: p.hours[:max(0, len(p.hours)-1)]}
		p.last, p.before, p.gap = last, p.seenBefore(last), upToBefore.rhythm()
	}
	if p.from >= first {
		p.from = last
	}
	for _, reported := range []*hour{&p.worse, &p.better, &p.gone} {
		if *reported >= first {
			*reported = 0
		}
	}
	return true
}
