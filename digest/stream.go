package digest

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"slices"
	"strings"
	"time"

	"slowdigest/digest/filter"
	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
	"slowdigest/parser/tags"
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
	names       [1]string // room for groupNames

	reader      *tags.Reader
	tags        []tags.Tag // of the event
	early       bool       // its fingerprint ends early
	plain       bool       // it has a skeleton, and these are all its comments
	comments    []fingerprint.Comment
	filtersTags bool
}

// knownSkeleton holds the class of a skeleton, and the members of its longest list.
type knownSkeleton struct {
	key     classKey
	members int
	early   bool // the fingerprint ends early
}

// Stream returns a Stream for a log of the named instance.
func (a *Aggregator) Stream(instance string) *Stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &Stream{to: a, instance: instance, load: a.instance(instance)}
	if a.Filter != nil && a.Filter.Where != nil {
		s.where = a.Filter.Where.Matcher(instance)
	}
	filtered := a.Filter.tagKeys()
	s.filtersTags = len(filtered) > 0
	s.reader = tags.NewReader(slices.Concat(a.TagKeys, filtered, []string{a.By.Tag()}))
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
	var key classKey
	var members int
	if counted && s.filtersTags { // which may be tags only where the fingerprint says what is a literal
		key, members = s.class(e)
		s.readTags(e)
		counted = a.Filter.matchesTags(s.tags)
	}
	if counted && s.where != nil {
		s.where.Tags = s.tags
		counted, missing = s.where.Match(e)
	}
	if counted && !s.filtersTags {
		key, members = s.class(e)
		s.readTags(e)
	}
	counted = counted && a.Filter.matchesClass(key)

	a.mu.Lock()
	defer a.mu.Unlock()
	if missing != 0 {
		a.unanswered++
		a.missing |= missing
	}
	if !a.countEntry(e, inWindow, counted) {
		return
	}
	s.load.calls += int64(e.Weight)
	s.calls += int64(e.Weight)
	s.load.time += microseconds(e.QueryTime) * e.Weight
	if a.By != ByClass {
		s.addToGroups(e, key)
		return
	}
	c := a.classes[key]
	if c == nil {
		s.fingerprint, _ = s.appendFingerprint(s.fingerprint[:0], e)
		c = newClass(s.fingerprint, key)
		a.put(c)
	}
	c.add(e, s, a.bucket(e.Time))
	c.lists.add(e, members)
	if a.Detail {
		a.axis.add(e, s.instance, a.window.Start, &c.load)
	}
}

// put adds a class for which there is made room.
func (a *Aggregator) put(c *class) {
	if len(a.classes) >= maxClasses {
		a.fold()
	}
	a.classes[c.key] = c
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
	var masked int // members that the skeleton shows as one
	s.plain = false
	if sql, cut := certain(e); !e.Admin && !cut && len(sql) > 0 {
		s.skeleton, s.comments, masked, s.plain = fingerprint.AppendSkeletonNoting(s.skeleton[:0], sql, s.comments[:0])
	}
	if s.plain {
		if k, found := s.known[string(s.skeleton)]; found {
			s.early = k.early
			return k.key, max(k.members, masked)
		}
		s.fingerprint, members = appendStatement(s.fingerprint[:0], s.skeleton, false)
	} else {
		s.fingerprint, members = s.appendFingerprint(s.fingerprint[:0], e)
	}
	s.early = bytes.HasSuffix(s.fingerprint, []byte(fingerprint.EndsEarly))
	if s.to.PerInstance {
		s.fingerprint = append(append(s.fingerprint, 0), s.instance...)
	}
	key = classKey(md5.Sum(s.fingerprint))
	if s.plain {
		if s.knownBytes += len(s.skeleton) + knownCost; s.known == nil || s.knownBytes > maxKnown {
			s.known, s.knownBytes = make(map[string]knownSkeleton), len(s.skeleton)+knownCost
		}
		s.known[string(s.skeleton)] = knownSkeleton{key, members, s.early}
	}
	return key, max(members, masked)
}

// readTags finds the tags of an event, which class has just read.
func (s *Stream) readTags(e *parser.Event) {
	s.tags = nil
	sql, _ := certain(e)
	switch {
	case s.plain && !s.early:
		if len(s.comments) > 0 {
			s.tags = s.reader.ReadComments(sql, s.comments)
		}
	case e.Admin || !tags.In(sql):
	case e.MariaDB && bytes.Contains(sql, []byte("/*M!")): // which class has written as the server reads it
		s.tags = s.reader.Read(s.sql, !s.early)
	default:
		s.tags = s.reader.Read(sql, !s.early)
	}
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

const (
	// maxGroupName bounds the bytes that are kept of a group's name, which tells it from others
	// with all of them.
	maxGroupName = 1 << 10

	// maxGroupQueries is how many query classes of a group are counted one by one: each that has
	// more than this part of the group's time is among them. groupQueries are shown.
	maxGroupQueries = 32
	groupQueries    = 3
)

// grouped is what an Aggregator counts in addition where its classes are groups.
type grouped struct {
	totals                           // each call once
	statements map[classKey]*queryOf // of the first maxClasses query classes
}

// queryOf is a query class, and the tables it names if the groups are these.
type queryOf struct {
	text   string
	tables []fingerprint.Table
	schema string   // the default database of the call before
	names  []string // of the tables there
	known  bool     // it is one of grouped.statements
}

func (g *grouped) merge(from *grouped) {
	g.totals.merge(&from.totals)
	for key, q := range from.statements {
		if g.statements[key] == nil && len(g.statements) < maxClasses {
			g.put(key, q)
		}
	}
}

func (g *grouped) put(key classKey, q *queryOf) {
	if g.statements == nil {
		g.statements = make(map[classKey]*queryOf)
	}
	g.statements[key] = q
}

// addToGroups adds a call, which is of a query class, to each of its groups.
func (s *Stream) addToGroups(e *parser.Event, key classKey) {
	a := s.to
	a.grouped.totals.add(e)
	q := a.grouped.statements[key]
	if q == nil {
		q = s.queryOf(e)
		if q.known = len(a.grouped.statements) < maxClasses; q.known {
			a.grouped.put(key, q)
		}
	}
	var room [4]*load
	loads := room[:0]
	for _, name := range s.groupNames(e, q) {
		c := s.group(name)
		c.add(e, s, a.bucket(e.Time))
		if q.known {
			c.group.add(groupQuery{key: key, text: q.text, calls: int64(e.Weight), us: microseconds(e.QueryTime) * e.Weight})
		}
		loads = append(loads, &c.load)
	}
	if a.Detail {
		a.axis.add(e, s.instance, a.window.Start, loads...)
	}
}

// queryOf makes that of an event.
func (s *Stream) queryOf(e *parser.Event) *queryOf {
	s.fingerprint, _ = s.appendFingerprint(s.fingerprint[:0], e)
	q := &queryOf{text: newClass(s.fingerprint, classKey{}).fingerprint}
	if s.to.By == ByTable {
		q.tables = fingerprint.Tables(q.text)
	}
	return q
}

// tablesIn returns the names of the tables where a database is the default one.
func (q *queryOf) tablesIn(schema string) []string {
	if q.names == nil || q.schema != schema {
		q.schema, q.names = schema, nil
		for _, t := range q.tables {
			if name := t.In(schema).String(); !slices.Contains(q.names, name) {
				q.names = append(q.names, name)
			}
		}
	}
	return q.names
}

// groupNames returns the names of the groups of a call, "" where it has no name.
func (s *Stream) groupNames(e *parser.Event, q *queryOf) []string {
	switch s.to.By {
	case ByInstance:
		s.names[0] = s.instance
	case ByUser:
		s.names[0] = e.User
	case ByHost:
		s.names[0] = e.Host
	case BySchema:
		s.names[0] = e.Schema
	case ByTable:
		if len(q.tables) > 0 {
			return q.tablesIn(e.Schema)
		}
		s.names[0] = ""
	default:
		s.names[0] = tags.Value(s.tags, s.to.By.Tag())
	}
	return s.names[:]
}

// group returns the class that is a group. Its key is of what no fingerprint is.
func (s *Stream) group(name string) *class {
	s.fingerprint = append(append(append(s.fingerprint[:0], 0), s.to.By...), 0)
	s.fingerprint = append(s.fingerprint, name...)
	if s.to.PerInstance {
		s.fingerprint = append(append(s.fingerprint, 0), s.instance...)
	}
	key := classKey(md5.Sum(s.fingerprint))
	c := s.to.classes[key]
	if c == nil {
		if len(name) > maxGroupName {
			name = strings.ToValidUTF8(name[:maxGroupName], "") + "…"
		}
		c = &class{key: key, group: &namedGroup{name: strings.Clone(name)}}
		s.to.put(c)
	}
	return c
}

// namedGroup is what a class has that is not one of statements. Nil is that of one that is.
type namedGroup struct {
	name    string
	queries []groupQuery // at most maxGroupQueries
	unkept  uint64       // no query class that is not kept has more time, in microseconds
}

// groupQuery is a query class of a group. Of the time it may have had over before it was kept.
type groupQuery struct {
	key      classKey
	text     string
	calls    int64
	us, over uint64
}

// add counts the time of query classes as heavyNames does the calls of names.
func (g *namedGroup) add(q groupQuery) {
	least := 0
	for i := range g.queries {
		have := &g.queries[i]
		if have.key == q.key {
			have.calls, have.us, have.over = have.calls+q.calls, have.us+q.us, have.over+q.over
			return
		}
		if have.us < g.queries[least].us {
			least = i
		}
	}
	q.us, q.over = q.us+g.unkept, q.over+g.unkept
	switch {
	case len(g.queries) < maxGroupQueries:
		g.queries = append(g.queries, q)
	case q.us <= g.queries[least].us:
		g.unkept = max(g.unkept, q.us)
	default:
		g.unkept = max(g.unkept, g.queries[least].us)
		g.queries[least] = q
	}
}

// empty returns a group of the same name.
func (g *namedGroup) empty() *namedGroup {
	if g == nil {
		return nil
	}
	return &namedGroup{name: g.name}
}

// merge adds what another group of the same name has counted.
func (g *namedGroup) merge(from *namedGroup) {
	if g == nil || from == nil {
		return
	}
	for i := range g.queries {
		q := &g.queries[i]
		if !slices.ContainsFunc(from.queries, func(other groupQuery) bool { return other.key == q.key }) {
			q.us, q.over = q.us+from.unkept, q.over+from.unkept
		}
	}
	for _, q := range from.queries {
		g.add(q)
	}
	g.unkept += from.unkept
}

// report names the group, and its query classes with the most time that is certain.
func (g *namedGroup) report() *Group {
	if g == nil {
		return nil
	}
	queries := slices.Clone(g.queries)
	slices.SortFunc(queries, func(x, y groupQuery) int {
		return cmp.Or(cmp.Compare(y.us-y.over, x.us-x.over), cmp.Compare(y.calls, x.calls), bytes.Compare(x.key[:], y.key[:]))
	})
	out := &Group{Name: g.name, None: g.name == ""}
	for _, q := range queries[:min(groupQueries, len(queries))] {
		out.Queries = append(out.Queries, GroupQuery{ID: q.key.id(), Fingerprint: q.text, Calls: q.calls, QueryTime: float64(q.us-q.over) / perSecond})
	}
	return out
}
