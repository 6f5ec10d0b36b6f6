package digest

import (
	"bytes"
	"crypto/md5"

	"slowdigest/digest/filter"
	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

const (
	// maxKnown bounds the bytes that a Stream remembers skeletons in, and knownCost
	// is what one takes in addition to its text.
	maxKnown  = 1 << 20
	knownCost = 64
)

// A Stream adds the events of one log. It belongs to one goroutine.
type Stream struct {
	to          *Aggregator
	instance    string
	where       *filter.Matcher // nil matches everything
	load        *instanceLoad
	calls       int64
	fingerprint []byte
	skeleton    []byte
	sql         []byte                   // of a statement that was written again
	known       map[string]knownSkeleton // by skeleton
	knownBytes  int
}

// knownSkeleton holds the class of a skeleton, and the members of its longest list.
type knownSkeleton struct {
	key     classKey
	members int
}

// Stream returns a Stream for a log of the named instance.
func (a *Aggregator) Stream(instance string) *Stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &Stream{to: a, instance: instance, load: a.instance(instance)}
	if a.Filter != nil && a.Filter.Where != nil {
		s.where = a.Filter.Where.Matcher(instance)
	}
	return s
}

// Calls returns how many calls the Stream has added.
func (s *Stream) Calls() int64 { return s.calls }

// Add counts the event if it lies in the window. It keeps nothing of e.SQL but
// the fingerprint.
func (s *Stream) Add(e *parser.Event) {
	a := s.to
	inWindow := a.window.Contains(e.Time)
	counted := inWindow && e.Throttled == 0 && a.Filter.matches(e, s.instance)
	var missing filter.Missing
	if counted && s.where != nil {
		counted, missing = s.where.Match(e)
	}
	var key classKey
	var members int
	if counted {
		key, members = s.class(e)
		counted = a.Filter.matchesClass(key)
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	if missing != 0 {
		a.unanswered++
		a.missing |= missing
	}
	if !a.countEntry(e, inWindow, counted) {
		return
	}
	c := a.classes[key]
	if c == nil {
		if len(a.classes) >= maxClasses {
			a.fold()
		}
		s.fingerprint, _ = s.appendFingerprint(s.fingerprint[:0], e)
		c = newClass(s.fingerprint, key)
		a.classes[key] = c
	}
	c.add(e, s.instance, a.bucket(e.Time))
	s.load.calls += int64(e.Weight)
	s.calls += int64(e.Weight)
	s.load.time += microseconds(e.QueryTime) * e.Weight
	c.lists.add(e, members)
	if a.Detail {
		a.axis.add(e, s.instance, a.window.Start, &c.load)
	}
}

// class returns the class of an event, and how many members its longest list has
// that the fingerprint shows as one. It remembers the classes of skeletons, which
// are few in most logs; where they are many, it starts again from time to time.
func (s *Stream) class(e *parser.Event) (key classKey, members int) {
	var plain bool
	var masked int // members that the skeleton shows as one
	if sql, cut := certain(e); !e.Admin && !cut && len(sql) > 0 {
		s.skeleton, masked, plain = fingerprint.AppendSkeleton(s.skeleton[:0], sql)
	}
	if plain {
		if k, found := s.known[string(s.skeleton)]; found {
			return k.key, max(k.members, masked)
		}
		s.fingerprint, members = appendStatement(s.fingerprint[:0], s.skeleton, false)
	} else {
		s.fingerprint, members = s.appendFingerprint(s.fingerprint[:0], e)
	}
	if s.to.PerInstance {
		s.fingerprint = append(append(s.fingerprint, 0), s.instance...)
	}
	key = classKey(md5.Sum(s.fingerprint))
	if plain {
		if s.knownBytes += len(s.skeleton) + knownCost; s.known == nil || s.knownBytes > maxKnown {
			s.known, s.knownBytes = make(map[string]knownSkeleton), len(s.skeleton)+knownCost
		}
		s.known[string(s.skeleton)] = knownSkeleton{key, members}
	}
	return key, max(members, masked)
}

func (s *Stream) appendFingerprint(dst []byte, e *parser.Event) (text []byte, members int) {
	if e.Admin {
		return fingerprint.AppendAdmin(dst, e.SQL), 0
	}
	if len(e.SQL) == 0 { // the log ends, or was cut, after the header
		return append(dst, "(no statement)"...), 0
	}
	sql, cut := certain(e)
	if e.MariaDB && bytes.Contains(sql, []byte("/*M!")) { // none has a skeleton
		s.sql = fingerprint.AppendMariaDB(s.sql[:0], sql)
		sql = s.sql
	}
	return appendStatement(dst, sql, cut)
}

func appendStatement(dst, sql []byte, cut bool) (text []byte, members int) {
	text, members = fingerprint.AppendCounting(dst, sql, cut)
	if len(text) == len(dst) {
		text = append(text, "(comment only)"...)
	}
	return text, members
}

// certain returns the statement up to where it is in doubt, and whether that or the log
// has cut it: the quotes after that may be another statement's.
func certain(e *parser.Event) (sql []byte, cut bool) {
	if e.Doubt > 0 {
		return e.SQL[:e.Doubt], true
	}
	return e.SQL, e.Cut
}
