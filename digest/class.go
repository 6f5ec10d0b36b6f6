package digest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"slowdigest/parser"
)

// maxFingerprint is how many bytes of a fingerprint are kept to be shown. Longer
// ones keep their ID, which is of the whole text.
const maxFingerprint = 8 << 10

// class adds up the calls of one class.
type class struct {
	key         classKey
	fingerprint string
	totals
	lists                            lists
	squares                          squares // of the query time
	users, hosts, schemas, instances callsByName
	parts                            []part // of instances.names, in their order
	extent                           extent
	timeline                         []uint64 // microseconds of query time
	load                             load     // if Aggregator.Detail is set
}

func newClass(fingerprint []byte, key classKey) *class {
	if len(fingerprint) > maxFingerprint {
		fingerprint = append(fingerprint[:maxFingerprint:maxFingerprint], " ..."...)
	}
	return &class{key: key, fingerprint: string(fingerprint)}
}

func (c *class) add(e *parser.Event, instance string, bucket int) {
	c.totals.add(e)
	c.squares.add(microseconds(e.QueryTime), e.Weight)
	n := int64(e.Weight)
	c.users.add(e.User, n)
	c.hosts.add(e.Host, n)
	c.schemas.add(e.Schema, n)
	c.addPart(instance, n, part{
		time: microseconds(e.QueryTime) * e.Weight, lock: microseconds(e.LockTime) * e.Weight, rows: e.RowsExamined * e.Weight,
	})
	c.extent.add(e.Time)
	c.addTime(bucket, microseconds(e.QueryTime)*e.Weight)
}

// merge adds what from has counted. bucket returns the index into c's time line
// for one into from's, or -1.
func (c *class) merge(from *class, bucket func(int) int) {
	c.totals.merge(&from.totals)
	c.lists.merge(&from.lists)
	c.squares.merge(from.squares)
	c.users.merge(from.users)
	c.hosts.merge(from.hosts)
	c.schemas.merge(from.schemas)
	for i, e := range from.instances.names {
		c.addPart(e.name, e.calls, from.parts[i])
	}
	c.extent.merge(from.extent)
	for i, us := range from.timeline {
		c.addTime(bucket(i), us)
	}
}

func (c *class) addTime(bucket int, us uint64) {
	if bucket < 0 {
		return
	}
	if c.timeline == nil {
		c.timeline = make([]uint64, timelineBuckets)
	}
	c.timeline[bucket] += us
}

// report states the class, and its share of the overall query time, which is in
// microseconds.
func (c *class) report(overall uint64, order OrderBy) *Class {
	r := &Class{
		ID:          c.key.id(),
		Fingerprint: c.fingerprint,
		Totals:      c.totals.report(),
		Lists:       c.lists.report(),
		VMR:         c.squares.vmr(&c.queryTime) / perSecond,
		Users:       c.users.counts(),
		Hosts:       c.hosts.counts(),
		Schemas:     c.schemas.counts(),
		Instances:   c.instances.counts(),
		ByInstance:  c.byInstance(order),
		FirstSeen:   c.extent.first,
		LastSeen:    c.extent.last,
	}
	if overall > 0 {
		r.Share = float64(c.queryTime.sum) / float64(overall)
	}
	for _, us := range c.timeline {
		r.Timeline = append(r.Timeline, float64(us)/perSecond)
	}
	return r
}

// totals add up what a Totals states.
type totals struct {
	calls                                       int64
	queryTime, lockTime, rowsSent, rowsExamined quantity
	rowsAffected, bytesSent                     quantity
	tmpTables, tmpDiskTables, fullScans, errors counter
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

func (t *totals) merge(from *totals) {
	t.calls += from.calls
	t.queryTime.merge(&from.queryTime)
	t.lockTime.merge(&from.lockTime)
	t.rowsSent.merge(&from.rowsSent)
	t.rowsExamined.merge(&from.rowsExamined)
	t.rowsAffected.merge(&from.rowsAffected)
	t.bytesSent.merge(&from.bytesSent)
	t.tmpTables.merge(from.tmpTables)
	t.tmpDiskTables.merge(from.tmpDiskTables)
	t.fullScans.merge(from.fullScans)
	t.errors.merge(from.errors)
}

func (t *totals) report() Totals {
	r := Totals{
		Calls:        t.calls,
		QueryTime:    t.queryTime.metrics(perSecond),
		LockTime:     t.lockTime.metrics(perSecond),
		RowsSent:     t.rowsSent.metrics(1),
		RowsExamined: t.rowsExamined.metrics(1),
	}
	if t.rowsAffected.calls > 0 {
		m := t.rowsAffected.metrics(1)
		r.RowsAffected = &m
	}
	if t.bytesSent.calls > 0 {
		m := t.bytesSent.metrics(1)
		r.BytesSent = &m
	}
	r.TmpTables, _ = t.tmpTables.report(t.calls)
	r.TmpDiskTables, r.TmpDiskTablesOf = t.tmpDiskTables.report(t.calls)
	r.FullScans, r.FullScansOf = t.fullScans.report(t.calls)
	r.Errors, r.ErrorsOf = t.errors.report(t.calls)
	return r
}

// counter counts what some logs state and others do not.
type counter struct {
	n  int64
	of int64 // calls whose entries state it
}

func (c *counter) add(e *parser.Event, field parser.Fields, n uint64) {
	if e.Has&field != 0 {
		c.n += int64(n * e.Weight)
		c.of += int64(e.Weight)
	}
}

func (c *counter) merge(from counter) {
	c.n += from.n
	c.of += from.of
}

// report returns nil where nothing is known, and of how many calls it is known
// unless it is of all.
func (c counter) report(calls int64) (n *int64, of int64) {
	if c.of == 0 {
		return nil, 0
	}
	if c.of < calls {
		of = c.of
	}
	return &c.n, of
}

func one(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}

func microseconds(s float64) uint64 {
	return uint64(math.Round(s * perSecond))
}

// classKey holds the MD5 of the fingerprint: the query ID before it is printed.
type classKey [md5.Size]byte

// id returns the query ID, as Class.ID.
func (k classKey) id() string { return fmt.Sprintf("%X", k[:]) }

// keyOf returns the key whose id this is.
func keyOf(id string) (k classKey) {
	_, _ = hex.Decode(k[:], []byte(id)) // written by id
	return k
}

// ParseID reads what names a query class: its query ID, the 16 digits of it that
// digests and Percona's tools show, or the beginning of either.
func ParseID(s string) (string, error) {
	id := strings.ToUpper(s)
	id = strings.TrimPrefix(id, "0X")
	if id == "" || len(id) > 2*len(classKey{}) || strings.Trim(id, "0123456789ABCDEF") != "" {
		return "", fmt.Errorf("query ID %q: want its hexadecimal digits, or the first of them", s)
	}
	return id, nil
}

// hasID reports whether digits, as ParseID returns them, are of the class.
func hasID(id, digits string) bool {
	return strings.HasPrefix(id, digits) || strings.HasPrefix(id[len(id)/2:], digits)
}

// resolveID returns the one of the known IDs that id, as ParseID reads it, stands
// for. Its error lists them where there are several.
func resolveID(id string, known iter.Seq[string]) (string, error) {
	digits, err := ParseID(id)
	if err != nil {
		return "", err
	}
	var found []string
	for k := range known {
		if k == digits {
			return k, nil
		}
		if hasID(k, digits) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(digits) == 2*len(classKey{}): // in full, it can also be one that is still to come
		return digits, nil
	case len(found) == 0:
		return "", fmt.Errorf("query %s is not remembered: use the ID as the digest shows it", digits)
	}
	slices.Sort(found)
	return "", fmt.Errorf("query %s is not the only one: %s", digits, strings.Join(found[:min(5, len(found))], ", "))
}

// maxNames bounds how many names of one kind a class counts separately. Later
// ones are counted under OtherNames.
const (
	maxNames   = 50
	OtherNames = "(others)"
)

// callsByName counts calls by name. Most classes have one user and one schema, and
// ten thousand maps would take more memory than all else: only where the names are
// many is there an index of them.
type callsByName struct {
	names []nameCalls
	index map[string]uint8 // nil up to fewNames
}

// fewNames are looked at one after the other.
const fewNames = 8

type nameCalls struct {
	name  string
	calls int64
}

// add returns where the name is among t.names.
func (t *callsByName) add(name string, n int64) int {
	i, found := t.find(name)
	if !found && i == maxNames {
		i, found = t.find(OtherNames)
		name = OtherNames
	}
	if !found {
		t.names = append(t.names, nameCalls{name: name})
		t.note(i)
	}
	t.names[i].calls += n
	return i
}

// find returns where a name is, or would be added.
func (t *callsByName) find(name string) (i int, found bool) {
	if t.index != nil {
		if at, found := t.index[name]; found {
			return int(at), true
		}
		return min(len(t.names), maxNames), false
	}
	for i := range t.names {
		if t.names[i].name == name {
			return i, true
		}
	}
	return len(t.names), false
}

// note adds the name at i to the index, if there is one by now.
func (t *callsByName) note(i int) {
	if i == fewNames {
		t.index = make(map[string]uint8, maxNames+1)
		for j := range t.names {
			t.index[t.names[j].name] = uint8(j)
		}
	} else if t.index != nil {
		t.index[t.names[i].name] = uint8(i)
	}
}

func (t *callsByName) merge(from callsByName) {
	for _, e := range from.names {
		t.add(e.name, e.calls)
	}
}

// counts returns the calls by name; those without a name are left out.
func (t callsByName) counts() map[string]int64 {
	m := make(map[string]int64, len(t.names))
	for _, e := range t.names {
		if e.name != "" {
			m[e.name] = e.calls
		}
	}
	return m
}
