// Package digest turns the events of slow logs into a ranked report.
//
// It is a border: what comes in are statements with their literals, what goes
// out are fingerprints and numbers. No type of the report has a field that
// could hold a literal, so nothing beyond this package, no chat, state or error,
// can leak one.
//
// A History remembers the hours of a channel, and tells what is NEW, WORSE,
// BACK, BETTER or GONE. The rule in words, and how often it is right and wrong
// about simulated traffic, is in changes.md.
package digest

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

const (
	// maxClasses bounds the memory of an Aggregator. An application has some
	// hundreds of classes; a log with more than this holds statements that are
	// built anew each time.
	maxClasses = 10_000

	// maxFingerprint is how many bytes of a fingerprint are kept to be shown.
	// Longer ones keep their ID, which is of the whole text.
	maxFingerprint = 8 << 10

	// maxKnown is how many bytes a Stream may remember skeletons in, and knownCost
	// what one takes beside its text.
	maxKnown  = 1 << 20
	knownCost = 64

	// timelineBuckets is how many parts a Class.Timeline has.
	timelineBuckets = 12
)

// Aggregator adds up events by class. It is safe for concurrent use by the
// Streams of several logs, and its memory is bounded: see maxClasses.
type Aggregator struct {
	// Filter leaves out calls, Detail has reports hold a fine time line and the
	// distribution of each class, and PerInstance makes a statement a class of its own on
	// each instance, with an ID that no other tool knows. They are to be set before
	// the first Stream.
	Filter      *Filter
	Detail      bool
	PerInstance bool

	window Window

	mu      sync.Mutex
	classes map[classKey]*class
	folded  struct { // the rarest classes, when there were too many
		classes int
		totals
	}
	events, inWindow, untimed, cut, throttled int64
	filtered                                  int64
	first, last                               time.Time
	axis                                      axis // if Detail is set
}

// NewAggregator returns an Aggregator of the events whose time lies in the
// window. The zero Window takes every event, those without a time included.
func NewAggregator(w Window) *Aggregator {
	return &Aggregator{window: w, classes: make(map[classKey]*class)}
}

// classKey is the MD5 of the fingerprint: the query ID before it is printed.
type classKey [md5.Size]byte

// A Stream adds the events of one log. It belongs to one goroutine.
type Stream struct {
	to          *Aggregator
	instance    string
	fingerprint []byte
	skeleton    []byte
	known       map[string]classKey // the classes of skeletons
	knownBytes  int
}

// Stream returns a Stream for a log of the named instance.
func (a *Aggregator) Stream(instance string) *Stream {
	return &Stream{to: a, instance: instance}
}

// Add counts the event if it lies in the window. It keeps nothing of e.SQL but
// the fingerprint.
func (s *Stream) Add(e *parser.Event) {
	inWindow := s.to.window.Contains(e.Time)
	counted := inWindow && e.Throttled == 0 && s.to.Filter.matches(e, s.instance)
	var key classKey
	if counted {
		key = s.class(e)
		counted = s.to.Filter.matchesClass(key)
	}

	a := s.to
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events++
	if e.Time.IsZero() && a.window != (Window{}) {
		a.untimed++
		return
	}
	if !inWindow {
		return
	}
	a.inWindow++
	a.span(e)
	if e.Throttled > 0 {
		a.throttled += int64(e.Throttled)
		return
	}
	if !counted {
		a.filtered++
		return
	}
	if e.Cut {
		a.cut++
	}
	c := a.classes[key]
	if c == nil {
		if len(a.classes) >= maxClasses {
			a.fold()
		}
		s.fingerprint = appendFingerprint(s.fingerprint[:0], e)
		c = newClass(s.fingerprint, key)
		a.classes[key] = c
	}
	c.add(e, s.instance, a.bucket(e.Time))
	if a.Detail {
		a.addLoad(c, e)
	}
}

// class is the class of an event. It remembers the classes of skeletons, which are
// few in most logs; where they are not, it begins anew from time to time.
func (s *Stream) class(e *parser.Event) classKey {
	var plain bool
	if !e.Admin && !e.Cut && len(e.SQL) > 0 {
		s.skeleton, plain = fingerprint.AppendSkeleton(s.skeleton[:0], e.SQL)
	}
	if plain {
		if key, found := s.known[string(s.skeleton)]; found {
			return key
		}
	}
	s.fingerprint = appendFingerprint(s.fingerprint[:0], e)
	if s.to.PerInstance {
		s.fingerprint = append(append(s.fingerprint, 0), s.instance...)
	}
	key := classKey(md5.Sum(s.fingerprint))
	if plain {
		if s.knownBytes += len(s.skeleton) + knownCost; s.known == nil || s.knownBytes > maxKnown {
			s.known, s.knownBytes = make(map[string]classKey), len(s.skeleton)+knownCost
		}
		s.known[string(s.skeleton)] = key
	}
	return key
}

func appendFingerprint(dst []byte, e *parser.Event) []byte {
	if e.Admin {
		return fingerprint.AppendAdmin(dst, e.SQL)
	}
	if len(e.SQL) == 0 { // the log ends, or was cut, after the header
		return append(dst, "(no statement)"...)
	}
	return fingerprint.Append(dst, e.SQL, e.Cut)
}

func (a *Aggregator) span(e *parser.Event) {
	if e.Time.IsZero() {
		return
	}
	if a.first.IsZero() || e.Time.Before(a.first) {
		a.first = e.Time
	}
	if e.Time.After(a.last) {
		a.last = e.Time
	}
}

// bucket returns the index into Class.Timeline for t, or -1 where the window has
// no bounds, and so no parts.
func (a *Aggregator) bucket(t time.Time) int {
	if a.window.Start.IsZero() || a.window.End.IsZero() {
		return -1
	}
	return int(timelineBuckets * t.Sub(a.window.Start) / a.window.End.Sub(a.window.Start))
}

// fold makes room by giving up the half of the classes with the least time.
// Their calls stay in the totals. One that comes back starts from nothing, so
// that its numbers are too low by at most what the smallest class kept had.
func (a *Aggregator) fold() {
	all := make([]*class, 0, len(a.classes))
	for _, c := range a.classes {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y *class) int {
		return cmp.Or(cmp.Compare(y.queryTime.sum, x.queryTime.sum), bytes.Compare(x.key[:], y.key[:]))
	})
	for _, c := range all[len(all)/2:] {
		a.folded.classes++
		a.folded.merge(&c.totals)
		delete(a.classes, c.key)
	}
}

// class is what an Aggregator knows of one class.
type class struct {
	key         classKey
	fingerprint string
	totals
	squares                          squares // of the query time
	users, hosts, schemas, instances tally
	first, last                      time.Time
	timeline                         []uint64 // microseconds of query time
	load                             load     // if Aggregator.Detail is set
}

func newClass(fingerprint []byte, key classKey) *class {
	if len(fingerprint) > maxFingerprint {
		fingerprint = append(fingerprint[:maxFingerprint:maxFingerprint], " ..."...)
	}
	return &class{key: key, fingerprint: string(fingerprint)}
}

func (c *class) id() string { return fmt.Sprintf("%X", c.key[:]) }

func (c *class) add(e *parser.Event, instance string, bucket int) {
	c.totals.add(e)
	c.squares.add(microseconds(e.QueryTime), e.Weight)
	n := int64(e.Weight)
	c.users.add(e.User, n)
	c.hosts.add(e.Host, n)
	c.schemas.add(e.Schema, n)
	c.instances.add(instance, n)
	if c.first.IsZero() || e.Time.Before(c.first) {
		c.first = e.Time
	}
	if e.Time.After(c.last) {
		c.last = e.Time
	}
	if bucket >= 0 {
		if c.timeline == nil {
			c.timeline = make([]uint64, timelineBuckets)
		}
		c.timeline[bucket] += microseconds(e.QueryTime) * e.Weight
	}
}

// totals are the counted form of Totals.
type totals struct {
	calls                                       int64
	queryTime, lockTime, rowsSent, rowsExamined quantity
	rowsAffected, bytesSent                     quantity
	tmpTables, tmpDiskTables, fullScans, errors counter
}

// counter counts what some logs tell and others do not.
type counter struct {
	n  int64
	of int64 // calls whose entries tell
}

func (c *counter) add(e *parser.Event, field parser.Fields, n uint64) {
	if e.Has&field != 0 {
		c.n += int64(n * e.Weight)
		c.of += int64(e.Weight)
	}
}

func (t *totals) add(e *parser.Event) {
	w := e.Weight
	t.calls += int64(w)
	t.queryTime.add(microseconds(e.QueryTime), w)
	t.lockTime.add(microseconds(e.LockTime), w)
	t.rowsSent.add(e.RowsSent, w)
	t.rowsExamined.add(e.RowsExamined, w)
	if e.Has&parser.HasRowsAffected != 0 {
		t.rowsAffected.add(e.RowsAffected, w)
	}
	if e.Has&parser.HasBytesSent != 0 {
		t.bytesSent.add(e.BytesSent, w)
	}
	t.tmpTables.add(e, parser.HasTmpTables, e.TmpTables)
	t.tmpDiskTables.add(e, parser.HasTmpDiskTables, e.TmpDiskTables)
	t.fullScans.add(e, parser.HasFullScan, one(e.FullScan))
	t.errors.add(e, parser.HasErrno, one(e.Errno != 0))
}

func one(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

func microseconds(seconds float64) uint64 {
	return uint64(math.Round(seconds * perSecond))
}
