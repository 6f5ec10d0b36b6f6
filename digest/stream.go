package digest

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"slices"
	"strings"
	"time"

	"slowdigest/digest/classify"
	"slowdigest/digest/filter"
	"slowdigest/digest/releases"
	"slowdigest/digest/tally"
	"slowdigest/parser"
	"slowdigest/parser/explain"
	"slowdigest/parser/fingerprint"
	"slowdigest/parser/tags"
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

	to       *Aggregator
	instance string
	load     *instanceLoad
	calls    int64
	own      *Judge
	text     []byte     // room for fingerprints
	names    [1]string  // room for groupNames
	tags     []tags.Tag // of the event that is added
	plan     explain.Plan
}

// Stream returns a Stream for a log of the named instance.
func (a *Aggregator) Stream(instance string) *Stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := &Stream{to: a, instance: instance, load: a.instance(instance)}
	s.own = s.Judge()
	return s
}

// Calls returns how many calls the Stream has added.
func (s *Stream) Calls() int64 { return s.calls }

// A Judge finds out whether events count, and of which classes they are: most of the work of counting
// them, which several can do side by side. It belongs to one goroutine.
type Judge struct {
	plans   explain.Reader
	where   *filter.Matcher // nil matches everything
	byTags  bool            // some calls are left out for their tags
	classes classify.Classifier
}

// Judge returns a Judge of events of the Stream, and of Streams of its instance in other windows.
func (s *Stream) Judge() *Judge {
	filtered := s.to.Filter.tagKeys()
	j := &Judge{byTags: len(filtered) > 0}
	j.classes.Tagged = slices.Concat(s.to.TagKeys, filtered)
	if key := s.to.By.Tag(); key != "" {
		j.classes.Tagged = append(j.classes.Tagged, key)
	}
	if s.to.PerInstance {
		j.classes.Of = "\x00" + s.instance
	}
	if f := s.to.Filter; f != nil && f.Where != nil {
		j.where = f.Where.Matcher(s.instance)
	}
	return j
}

// Judged is what a Judge found out.
type Judged struct {
	class             classify.Class
	tags              []tags.Tag
	plan              explain.Plan
	inWindow, counted bool
	missing           filter.Missing
}

// Judge judges an event that is to be added to a Stream.
func (j *Judge) Judge(e *parser.Event, s *Stream) (out Judged) {
	f := s.to.Filter
	out.inWindow = s.to.window.Contains(e.Time)
	out.counted = out.inWindow && e.Throttled == 0 && f.matches(e, s.instance)
	if out.counted && j.byTags {
		j.read(e, &out)
		out.counted = f.matchesTags(out.tags)
	}
	if out.counted && j.where != nil {
		j.where.Tags = out.tags
		out.counted, out.missing = j.where.Match(e)
	}
	if out.counted && !j.byTags {
		j.read(e, &out)
	}
	out.counted = out.counted && f.matchesClass(out.class.Key)
	if out.counted && len(e.Explain) > 0 && s.to.By == ByClass {
		out.plan = j.plans.Read(e.Explain, e.SQL)
	}
	return out
}

// read reads the statement.
func (j *Judge) read(e *parser.Event, out *Judged) {
	out.class = j.classes.Class(e)
	out.tags = j.classes.Tags(e, out.class)
}

// Add counts the event if it lies in the window. It keeps nothing of e.SQL but
// the fingerprint.
func (s *Stream) Add(e *parser.Event) { s.AddJudged(e, s.own.Judge(e, s)) }

// AddJudged is Add for an event that was judged.
func (s *Stream) AddJudged(e *parser.Event, j Judged) {
	a, key := s.to, j.class.Key
	s.tags, s.plan = j.tags, j.plan
	a.mu.Lock()
	defer a.mu.Unlock()
	if j.missing != 0 {
		a.unanswered++
		a.missing |= j.missing
	}
	if !a.countEntry(e, j.inWindow, j.counted) {
		return
	}
	if release := tags.Value(s.tags, "release"); release != "" {
		a.releases.Add(releases.Seen{Application: tags.Value(s.tags, "application"), Release: release, First: e.Time})
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
		s.text = s.own.classes.AppendFingerprint(s.text[:0], e)
		c = a.newClass()
		c.key, c.fingerprint = key, keptText(s.text)
		a.put(c)
	}
	c.add(e, s, a.bucket(e.Time))
	c.lists.add(e, j.class.Members)
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
	var room [4]keyedClass
	groups := room[:0]
	for _, name := range s.groupNames(e, q) {
		c := s.group(name)
		c.add(e, s, a.bucket(e.Time))
		if q.known {
			c.group.add(key, q.text, int64(e.Weight), microseconds(e.QueryTime)*e.Weight)
		}
		groups = append(groups, keyedClass{c.key, c})
	}
	if !a.Detail {
		return
	}
	var loadRoom [4]*load
	loads := loadRoom[:0]
	for _, g := range groups {
		if a.classes[g.key] == g.class { // else it was given up for one of the others
			loads = append(loads, &g.class.load)
		}
	}
	a.axis.add(e, s.instance, a.window.Start, loads...)
}

// keyedClass is a class with the key that it had when it was found.
type keyedClass struct {
	key   classKey
	class *class
}

// queryOf makes that of an event.
func (s *Stream) queryOf(e *parser.Event) *queryOf {
	s.text = s.own.classes.AppendFingerprint(s.text[:0], e)
	q := &queryOf{text: keptText(s.text)}
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
	s.text = append(append(append(s.text[:0], 0), s.to.By...), 0)
	s.text = append(s.text, name...)
	if s.to.PerInstance {
		s.text = append(append(s.text, 0), s.instance...)
	}
	key := classKey(md5.Sum(s.text))
	c := s.to.classes[key]
	if c == nil {
		if len(name) > maxGroupName {
			name = strings.ToValidUTF8(name[:maxGroupName], "") + "…"
		}
		c = s.to.newClass()
		c.key, c.group = key, &namedGroup{name: strings.Clone(name)}
		s.to.put(c)
	}
	return c
}

// namedGroup is what a class has that is not one of statements. Nil is that of one that is.
type namedGroup struct {
	name    string
	queries tally.Heavy[classKey, groupQuery] // by their microseconds; at most maxGroupQueries
}

// groupQuery is a query class of a group, and its calls since it is kept.
type groupQuery struct {
	text  string
	calls int64
}

func (g *namedGroup) add(key classKey, text string, calls int64, us uint64) {
	if q, _ := g.queries.Add(key, us, maxGroupQueries); q != nil {
		q.Value = groupQuery{text, q.Value.calls + calls}
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
	if g != nil && from != nil {
		compare := func(x, y classKey) int { return bytes.Compare(x[:], y[:]) }
		g.queries.Merge(&from.queries, maxGroupQueries, compare, func(to *groupQuery, from groupQuery) { to.calls += from.calls })
	}
}

// report names the group, and its query classes with the most time that is certain.
func (g *namedGroup) report() *Group {
	if g == nil {
		return nil
	}
	queries := slices.Clone(g.queries.Items)
	slices.SortFunc(queries, func(x, y tally.Item[classKey, groupQuery]) int {
		return cmp.Or(cmp.Compare(y.Amount-y.Over, x.Amount-x.Over), cmp.Compare(y.Value.calls, x.Value.calls), bytes.Compare(x.Key[:], y.Key[:]))
	})
	out := &Group{Name: g.name, None: g.name == ""}
	for _, q := range queries[:min(groupQueries, len(queries))] {
		out.Queries = append(out.Queries, GroupQuery{
			ID: q.Key.ID(), Fingerprint: q.Value.text, Calls: q.Value.calls, QueryTime: float64(q.Amount-q.Over) / perSecond,
		})
	}
	return out
}
