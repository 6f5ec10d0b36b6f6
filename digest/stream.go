package digest

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"time"

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

// Slowest says which call of a class took the longest, and where it stands in the log: of
// several the one that is first by time, file and offset.
type Slowest struct {
	QueryTime    float64   `json:"query_time"`    // seconds
	Time         time.Time `json:"time,omitzero"` // when it ended; zero if the log does not tell
	File         string    `json:"file,omitempty"`
	Offset       *int64    `json:"offset,omitempty"` // of the entry in the file's text, in bytes; nil if it is not known
	Instance     string    `json:"instance,omitempty"`
	ConnectionID uint64    `json:"connection_id,omitempty"` // the thread
	User         string    `json:"user,omitempty"`
	Host         string    `json:"host,omitempty"`
	Schema       string    `json:"schema,omitempty"`
	LockTime     float64   `json:"lock_time"` // seconds
	RowsSent     uint64    `json:"rows_sent"`
	RowsExamined uint64    `json:"rows_examined"`
}

// join takes the other where it is the slowest. The zero Slowest is of no call.
func (s *Slowest) join(other Slowest) {
	if *s == (Slowest{}) || other != (Slowest{}) && other.compare(s) < 0 {
		*s = other
	}
}

func (s *Slowest) compare(o *Slowest) int {
	offset := func(s *Slowest) int64 {
		if s.Offset == nil {
			return -1
		}
		return *s.Offset
	}
	return cmp.Or(cmp.Compare(o.QueryTime, s.QueryTime), s.Time.Compare(o.Time), cmp.Compare(s.File, o.File),
		cmp.Compare(s.Instance, o.Instance), cmp.Compare(offset(s), offset(o)))
}

// A Stream adds the events of one log. It belongs to one goroutine.
type Stream struct {
	// File names the log, and Offset returns where in its text an event stands that has an
	// offset in what was read, and whether that is known. Without Offset it is the same.
	File   string
	Offset func(int64) (int64, bool)

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
	c.add(e, s, a.bucket(e.Time))
	s.load.calls += int64(e.Weight)
	s.calls += int64(e.Weight)
	s.load.time += microseconds(e.QueryTime) * e.Weight
	c.lists.add(e, members)
	if a.Detail {
		a.axis.add(e, s.instance, a.window.Start, &c.load)
	}
}

// slowest returns what a Slowest says of an event.
func (s *Stream) slowest(e *parser.Event) Slowest {
	out := Slowest{
		QueryTime: e.QueryTime, Time: e.Time, File: s.File, Instance: s.instance, ConnectionID: e.ConnectionID,
		User: e.User, Host: e.Host, Schema: e.Schema, LockTime: e.LockTime, RowsSent: e.RowsSent, RowsExamined: e.RowsExamined,
	}
	offset, known := e.Offset, true
	if s.Offset != nil {
		offset, known = s.Offset(offset)
	}
	if known {
		out.Offset = &offset
	}
	return out
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
