package digest

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// historyJSON is a History as it is stored. The numbers of the hours and of a
// class are unsigned varints and single bytes, one after the other.
type historyJSON struct {
	Since   time.Time         `json:"since,omitzero"`
	Forgot  int               `json:"forgot,omitempty"`
	Hours   []byte            `json:"hours,omitempty"`
	Classes map[string][]byte `json:"classes,omitempty"` // by Class.ID
}

// MarshalJSON implements json.Marshaler.
func (h History) MarshalJSON() ([]byte, error) {
	j := historyJSON{Since: h.since, Forgot: h.forgot, Classes: make(map[string][]byte, len(h.classes))}
	var previous hour
	for _, w := range h.hours {
		var partial byte
		if w.partial {
			partial = 1
		}
		j.Hours = append(appendHours(j.Hours, w.at-previous), byte(w.time), partial)
		previous = w.at
	}
	for id, p := range h.classes {
		j.Classes[id] = p.append(nil)
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements json.Unmarshaler. Fields that it does not know are
// ignored, and those that are missing are zero.
func (h *History) UnmarshalJSON(text []byte) error {
	var j historyJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	*h = History{since: j.Since, forgot: j.Forgot, classes: make(map[string]*past, len(j.Classes))}
	var at hour
	for d := (decoder{rest: j.Hours}); len(d.rest) > 0; {
		at += d.hour()
		h.hours = append(h.hours, wholeHour{at, d.level(), d.level() != 0})
		if d.broken {
			return fmt.Errorf("read history: %w", errBroken)
		}
	}
	for id, b := range j.Classes {
		p, err := readPast(b)
		if err != nil {
			return fmt.Errorf("read history of class %s: %w", id, err)
		}
		h.classes[id] = p
	}
	return nil
}

// append writes the past. The hours of its list follow the rest, the last one
// first, each as its distance to the one that came after.
func (p *past) append(b []byte) []byte {
	b = appendHours(b, p.first, p.last-p.first, p.before, p.gap, p.from-p.first, p.worse, p.better, p.gone)
	b = append(b, byte(p.highest.time), byte(p.highest.p95))
	after := p.last
	for i := len(p.hours) - 1; i >= 0; i-- {
		c := p.hours[i]
		b = append(appendHours(b, after-c.at), byte(c.time), byte(c.p95), byte(c.calls))
		after = c.at
	}
	return b
}

func readPast(b []byte) (*past, error) {
	d := decoder{rest: b}
	p := &past{first: d.hour()}
	p.last = p.first + d.hour()
	p.before, p.gap = d.hour(), d.hour()
	p.from = p.first + d.hour()
	p.worse, p.better, p.gone = d.hour(), d.hour(), d.hour()
	p.highest.time, p.highest.p95 = d.level(), d.level()
	at := p.last
	for len(d.rest) > 0 && !d.broken {
		at -= d.hour()
		p.hours = append(p.hours, classHour{at, d.level(), d.level(), d.level()})
	}
	if d.broken {
		return nil, errBroken
	}
	slices.Reverse(p.hours)
	return p, nil
}

func appendHours(b []byte, hours ...hour) []byte {
	for _, n := range hours {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

var errBroken = errors.New("it is cut short or damaged")

// decoder reads what append wrote.
type decoder struct {
	rest   []byte
	broken bool
}

// maxHour is far in the future. No sum of hours of a damaged history overflows.
const maxHour = 1 << 24

func (d *decoder) hour() hour {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > maxHour {
		d.broken, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return hour(n)
}

func (d *decoder) level() level {
	if len(d.rest) == 0 {
		d.broken = true
		return 0
	}
	l := level(d.rest[0])
	d.rest = d.rest[1:]
	return l
}
