package digest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"slowdigest/digest/releases"
)

// historyJSON holds a History as it is stored. The numbers of the hours and of a
// class are unsigned varints and single bytes, one after the other.
type historyJSON struct {
	Since    time.Time         `json:"since,omitzero"`
	Forgot   int               `json:"forgot,omitempty"`
	Rules    int               `json:"rules,omitempty"`    // 0 is 1, if there are classes
	Regroup  time.Time         `json:"regrouped,omitzero"` // History.regrouped
	Hours    []byte            `json:"hours,omitempty"`
	Classes  map[string][]byte `json:"classes,omitempty"` // by Class.ID
	Incident *incidentJSON     `json:"incident,omitempty"`
	Earlier  []incidentJSON    `json:"earlier,omitempty"`
	Calls    []byte            `json:"calls,omitempty"`    // wholeHour.calls of each hour
	Least    []byte            `json:"least,omitempty"`    // wholeHour.least of each hour
	Ran      map[string][]byte `json:"ran,omitempty"`      // History.ran, by instance
	More     []byte            `json:"more,omitempty"`     // rest and typical of each classHour, in the order of the IDs
	Told     map[string][]byte `json:"told,omitempty"`     // past.told, ended, owed, unseen, prior and found of some classes
	Forms    []byte            `json:"forms,omitempty"`    // past.form, in the order of the IDs, if any is not 0
	Labels   map[string]string `json:"labels,omitempty"`   // past.label of some classes
	Broken   []byte            `json:"broken,omitempty"`   // past.broke and fixed of some classes: see appendBroken
	Episodes []byte            `json:"episodes,omitempty"` // of some classes: see appendEpisodes
	Marks    releases.Marks    `json:"marks,omitempty"`
	Watch    releases.Watch    `json:"releases,omitempty"` // History.watch
	Lines    []lineJSON        `json:"lines,omitempty"`
}

// Flags of an hour. A release that knows only the first takes any for it.
const (
	hourPartial = 1 << iota
	hourOdd
)

type incidentJSON struct {
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"`
	Of    string    `json:"of,omitempty"`
	Ended time.Time `json:"ended,omitzero"`
}

func (x incidentHours) json() incidentJSON {
	j := incidentJSON{Since: x.since, Last: x.last.time(), Of: x.of}
	if x.ended > 0 {
		j.Ended = x.ended.time()
	}
	return j
}

func (j incidentJSON) hours() incidentHours {
	return incidentHours{j.Since, hourIn(j.Last), j.Of, hourIn(j.Ended)}
}

// MarshalJSON implements json.Marshaler.
func (h History) MarshalJSON() ([]byte, error) {
	j := historyJSON{Since: h.since, Forgot: h.forgot, Classes: make(map[string][]byte, len(h.classes))}
	if h.rules > 1 {
		j.Rules = h.rules
	}
	if h.regrouped > 0 {
		j.Regroup = h.regrouped.time()
	}
	var previous hour
	for _, w := range h.hours {
		var partial byte
		if w.partial {
			partial = hourPartial
		}
		if w.odd {
			partial |= hourOdd
		}
		j.Hours = append(appendHours(j.Hours, w.at-previous), byte(w.time), partial)
		j.Calls = append(j.Calls, byte(w.calls))
		if w.least > 0 && j.Least == nil {
			j.Least = make([]byte, len(j.Calls)-1)
		}
		if j.Least != nil {
			j.Least = append(j.Least, byte(w.least))
		}
		previous = w.at
	}
	for id, p := range h.classes {
		j.Classes[id] = p.append(nil)
		if p.label != "" {
			if j.Labels == nil {
				j.Labels = map[string]string{}
			}
			j.Labels[id] = p.label
		}
		if p.lately() > 0 {
			if j.Told == nil {
				j.Told = map[string][]byte{}
			}
			j.Told[id] = appendHours(nil, p.told, p.ended)
			if p.owed+p.prior > 0 || p.found.span > 0 {
				j.Told[id] = appendHours(j.Told[id], p.owed, p.unseen, p.prior)
			}
			if p.found.span > 0 {
				j.Told[id] = append(j.Told[id], byte(p.found.what), byte(p.found.span), byte(p.found.above))
			}
		}
	}
	ids := slices.Sorted(maps.Keys(h.classes))
	var forms []byte
	anyForm := false
	for _, id := range ids {
		p := h.classes[id]
		for _, c := range p.hours {
			j.More = append(j.More, byte(c.rest), byte(c.typical))
		}
		form := p.form
		if len(forms) > maxForms {
			form &= 1<<7 - 1
		}
		forms, anyForm = binary.AppendUvarint(forms, form), anyForm || form > 0
	}
	if anyForm {
		j.Forms = forms
	}
	j.Broken, j.Episodes = h.appendBroken(ids), h.appendEpisodes(ids)
	j.Marks, j.Watch = h.marks, h.watch
	for _, l := range h.lines {
		j.Lines = append(j.Lines, l.json(ids))
	}
	if h.incident.last > 0 {
		x := h.incident.json()
		j.Incident = &x
	}
	for _, x := range h.earlier {
		j.Earlier = append(j.Earlier, x.json())
	}
	for name, all := range h.ran {
		if j.Ran == nil {
			j.Ran = map[string][]byte{}
		}
		var previous hour
		for _, t := range all {
			j.Ran[name] = append(appendHours(j.Ran[name], t.at-previous), byte(t.time), byte(t.calls))
			previous = t.at
		}
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
	if h.rules = j.Rules; h.rules == 0 && len(j.Classes) > 0 {
		h.rules = 1
	}
	if !j.Regroup.IsZero() {
		h.regrouped = hourIn(j.Regroup)
	}
	if x := j.Incident; x != nil {
		h.incident = x.hours()
	}
	for _, x := range j.Earlier {
		h.earlier = append(h.earlier, x.hours())
	}
	var at hour
	for d := (decoder{rest: j.Hours}); len(d.rest) > 0; {
		at += d.hour()
		w := wholeHour{at: at, time: d.level()}
		flags := d.level()
		w.partial, w.odd = flags&hourPartial != 0, flags&hourOdd != 0
		if n := len(h.hours); n < len(j.Calls) {
			w.calls = noted(j.Calls[n])
		}
		if n := len(h.hours); n < len(j.Least) {
			w.least = noted(j.Least[n])
		}
		h.hours = append(h.hours, w)
		if d.broken {
			return fmt.Errorf("read history: %w", errBroken)
		}
	}
	if err := h.readRan(j.Ran); err != nil {
		return err
	}
	for id, b := range j.Classes {
		p, err := readPast(b)
		if err != nil {
			return fmt.Errorf("read history of class %s: %w", id, err)
		}
		if d := (decoder{rest: j.Told[id]}); len(d.rest) > 0 {
			if p.told, p.ended = d.hour(), d.hour(); len(d.rest) > 0 {
				p.owed, p.unseen, p.prior = d.hour(), d.hour(), d.hour()
			}
			if len(d.rest) > 0 {
				p.found = finding{statistic(min(d.level(), level(judged-1))), int(d.level()), d.level()}
			}
			if d.broken {
				return fmt.Errorf("read history of class %s: %w", id, errBroken)
			}
		}
		p.label = j.Labels[id]
		h.classes[id] = p
	}
	h.readMore(j.More)
	h.readForms(j.Forms)
	h.readBroken(j.Broken)
	h.readEpisodes(j.Episodes)
	h.marks, h.watch = j.Marks, j.Watch
	ids := slices.Sorted(maps.Keys(h.classes))
	for _, l := range j.Lines {
		if line, ok := l.line(ids); ok {
			h.lines = append(h.lines, line)
		}
	}
	return nil
}

// maxForms is about how many bytes the forms of labels take, of which there are up to nine for a class that is
// named at length and one for others. Further ones lose their words, and find them anew.
const maxForms = 8_000

// readForms takes in the forms of labels, if they are those of the classes. A form below 128 is one byte,
// as it was when all were.
func (h *History) readForms(b []byte) {
	var forms []uint64
	for len(b) > 0 {
		form, n := binary.Uvarint(b)
		if n <= 0 || form > math.MaxInt64 {
			return
		}
		forms, b = append(forms, form), b[n:]
	}
	if len(forms) != len(h.classes) {
		return
	}
	for i, id := range slices.Sorted(maps.Keys(h.classes)) {
		h.classes[id].form = forms[i]
	}
}

// appendBroken writes what is broken, or fixed: of each such class by how many it follows on the last one in the
// order of the IDs, which are counted first, and when, before the newest hour.
func (h *History) appendBroken(ids []string) []byte {
	var b []byte
	last := 0
	for i, id := range ids {
		p := h.classes[id]
		if p.broke.at == 0 || len(h.hours) == 0 {
			continue
		}
		if b == nil {
			b = appendHours(nil, hour(len(ids)))
		}
		newest, fixed, f := h.hours[len(h.hours)-1].at+brokenAhead, hour(0), p.broke.found
		if p.fixed > 0 {
			fixed = 1 + max(0, newest-p.fixed)
		}
		b = append(appendHours(b, hour(i-last), max(0, newest-p.broke.at), fixed), byte(f.what)<<1|byte(one(p.broke.isNew)), byte(f.span), byte(f.above))
		if fixed > 0 {
			b = binary.AppendUvarint(binary.AppendUvarint(appendHours(b, max(0, newest-p.cured.to)), p.cured.before), p.cured.now)
		}
		last = i
	}
	return b
}

// appendEpisodes writes those of classes, each with the number of its class in the order of the IDs, which are counted first,
// and its hours before the newest.
func (h *History) appendEpisodes(ids []string) []byte {
	if len(h.hours) == 0 {
		return nil
	}
	var b []byte
	newest := h.hours[len(h.hours)-1].at + brokenAhead
	for i, id := range ids {
		for _, e := range h.classes[id].episodes {
			if b == nil {
				b = appendHours(nil, hour(len(ids)))
			}
			b = appendHours(b, hour(i), max(0, newest-e.reported), max(0, e.reported-e.to), max(0, e.to-e.from)<<1|hour(one(e.repeated)))
		}
	}
	return b
}

// readEpisodes takes them in, if they are of these classes.
func (h *History) readEpisodes(b []byte) {
	d, ids, newest := h.ofClasses(b)
	for len(d.rest) > 0 {
		i, e := d.hour(), episode{reported: newest - d.hour()}
		e.to = e.reported - d.hour()
		lasted := d.hour()
		e.from, e.repeated = e.to-lasted>>1, lasted&1 > 0
		if d.broken || int(i) >= len(ids) || e.from <= 0 {
			return
		}
		h.classes[ids[i]].keep(e)
	}
}

// ofClasses begins to read what was written of classes, which were counted first: their IDs in order, and the hour from which
// others count. Nothing is left to be read if it is not of these classes.
func (h *History) ofClasses(b []byte) (d decoder, ids []string, newest hour) {
	d, ids = decoder{rest: b}, slices.Sorted(maps.Keys(h.classes))
	if len(b) == 0 || len(h.hours) == 0 || int(d.hour()) != len(ids) {
		return decoder{}, nil, 0
	}
	return d, ids, h.hours[len(h.hours)-1].at + brokenAhead
}

// lineJSON is a lineHour: of each class by how many it follows on the last one in the order of the IDs, and its levels.
type lineJSON struct {
	At      time.Time `json:"at"`
	Classes int       `json:"classes"` // that there are
	Of      []byte    `json:"of"`
}

func (l lineHour) json(ids []string) lineJSON {
	j, last := lineJSON{At: l.at.time(), Classes: len(ids)}, 0
	for i, id := range ids {
		line, found := l.of[id]
		if !found {
			continue
		}
		j.Of = appendHours(j.Of, hour(i-last))
		for _, v := range line {
			j.Of = append(j.Of, byte(v))
		}
		last = i
	}
	return j
}

func (j lineJSON) line(ids []string) (lineHour, bool) {
	l := lineHour{hourIn(j.At), map[string]classLine{}}
	i := 0
	for d := (decoder{rest: j.Of}); len(d.rest) > 0; {
		i += int(d.hour())
		var line classLine
		for k := range line {
			line[k] = d.level()
		}
		if d.broken || i >= len(ids) || j.Classes != len(ids) {
			return l, false
		}
		l.of[ids[i]] = line
	}
	return l, true
}

// brokenAhead is how far a class can be reported after the newest hour that was added.
const brokenAhead = 2 * hoursADay

// readBroken takes that in, if it is of these classes.
func (h *History) readBroken(b []byte) {
	d, ids, newest := h.ofClasses(b)
	i := 0
	for len(d.rest) > 0 {
		i += int(d.hour())
		at, fixed, what := newest-d.hour(), d.hour(), d.level()
		f := finding{statistic(min(what>>1, level(judged-1))), int(d.level()), d.level()}
		if d.broken || i >= len(ids) || at <= 0 {
			return
		}
		p := h.classes[ids[i]]
		p.broke = broken{at, what&1 > 0, f}
		if fixed > 0 {
			p.fixed, p.cured = newest-(fixed-1), cured{newest - d.hour(), d.number(), d.number()}
		}
	}
}

// hourIn returns the hour of a time that was read, which can be any; 0 is none.
func hourIn(t time.Time) hour { return hour(min(max(0, t.Unix()/3600), maxHour)) }

// readMore takes in what is not of the hours that are there as unknown: an earlier release may
// have added to them.
func (h *History) readMore(more []byte) {
	n := 0
	for _, p := range h.classes {
		n += 2 * len(p.hours)
	}
	if len(more) != n {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(h.classes)) {
		for i := range h.classes[id].hours {
			c := &h.classes[id].hours[i]
			c.rest, c.typical = noted(more[0]), noted(more[1])
			more = more[2:]
		}
	}
}

func (h *History) readRan(ran map[string][]byte) error {
	h.ran = make(hoursOf, len(ran))
	for name, b := range ran {
		var at hour
		for d := (decoder{rest: b}); len(d.rest) > 0; {
			at += d.hour()
			h.ran[name] = append(h.ran[name], hourTotal{at, d.level(), d.level()})
			if d.broken {
				return fmt.Errorf("read history of instance %s: %w", name, errBroken)
			}
		}
	}
	return nil
}
