package digest

import (
	"encoding/hex"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"slowdigest/digest/classify"
	"slowdigest/digest/plans"
	"slowdigest/digest/tally"
	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

// maxFingerprint is how many bytes of a fingerprint are kept to be shown. Longer
// ones keep their ID, which is of the whole text.
const maxFingerprint = 8 << 10

// class adds up the calls of one class.
type class struct {
	key         classKey
	fingerprint string
	group       *namedGroup // if it is one of Aggregator.By
	totals
	lists                 lists
	slowest               Slowest
	users, hosts, schemas heavyNames
	network               network // of the hosts
	instances             instanceParts
	extent                extent
	timeline              []uint64 // microseconds of query time
	load                  load     // if Aggregator.Detail is set
	tags                  *tally.Tags
	plans                 *plans.Tally // of a class of statements
}

// keptText returns what is kept of a fingerprint.
func keptText(fingerprint []byte) string {
	if len(fingerprint) > maxFingerprint {
		fingerprint = append(fingerprint[:maxFingerprint:maxFingerprint], " ..."...)
	}
	return string(fingerprint)
}

func (c *class) add(e *parser.Event, s *Stream, bucket int) {
	c.totals.add(e)
	if e.QueryTime >= c.slowest.QueryTime {
		c.slowest.join(s.slowest(e))
	}
	n := e.Weight
	c.users.add(e.User, n)
	if c.hosts.add(e.Host, n) {
		c.network.join(networkOf(e.Host))
	}
	c.schemas.add(e.Schema, n)
	c.instances.add(s.instance, n, part{
		time: microseconds(e.QueryTime) * e.Weight, lock: microseconds(e.LockTime) * e.Weight, rows: e.RowsExamined * e.Weight,
	})
	c.tags = c.tags.Add(s.tags, int64(n), microseconds(e.QueryTime)*e.Weight, &s.to.tagRoom)            //nolint:gosec // it counts calls
	c.plans = c.plans.Add(s.plan, e.Time, int64(n), microseconds(e.QueryTime)*e.Weight, &s.to.planRoom) //nolint:gosec // it counts calls
	c.extent.add(e.Time)
	c.addTime(bucket, microseconds(e.QueryTime)*e.Weight)
}

// merge adds what from has counted. bucket returns the index into c's time line
// for one into from's, or -1. Of tagRoom see tally.Room. The plans are the Aggregator's to merge.
func (c *class) merge(from *class, tagRoom *int, bucket func(int) int) {
	c.totals.merge(&from.totals)
	c.group.merge(from.group)
	c.lists.merge(&from.lists)
	c.slowest.join(from.slowest)
	c.users.merge(&from.users)
	c.hosts.merge(&from.hosts)
	c.network.join(from.network)
	c.schemas.merge(&from.schemas)
	for _, e := range from.instances.Items {
		c.instances.add(e.Key, e.Amount, e.Value)
	}
	c.tags = c.tags.Merge(from.tags, tagRoom)
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

// report states what ranks the class, with its share of the overall query time, which is in
// microseconds.
func (c *class) report(overall uint64) Class {
	r := Class{
		ID:          c.key.ID(),
		Fingerprint: c.fingerprint,
		Totals:      c.totals.report(),
		VMR:         c.queryTime.vmr() / perSecond,
		FirstSeen:   c.extent.first,
		LastSeen:    c.extent.last,
	}
	if overall > 0 {
		r.Share = float64(c.queryTime.sum) / float64(overall)
	}
	return r
}

// describe adds what only a class that is shown has.
func (c *class) describe(r *Class, w Window, order OrderBy) {
	r.Group = c.group.report()
	r.Lists = c.lists.report()
	r.Users, r.Hosts, r.Schemas = c.users.counts(), c.hosts.counts(), c.schemas.counts()
	r.Most = MostCalls{c.users.most(), c.hosts.most(), c.schemas.most()}
	r.HostNetwork, r.HostOutside = c.network.common()
	r.Instances, r.ByInstance, r.Tags = c.instances.counts(), c.byInstance(order), c.tags.Counts()
	if r.Plans = c.plans.Report(); r.Plans != nil && len(c.instances.Items)+len(c.schemas.Items) > 2 {
		r.Plans.Change = nil // others run it elsewhere, where the plan may be another all the time
	}
	for _, us := range c.timeline {
		r.Timeline = append(r.Timeline, float64(us)/perSecond)
	}
	r.Growth = growth(r.Timeline, w.End.Sub(w.Start).Seconds()/timelineBuckets, r.Calls)
	r.Distribution = distribution(&c.queryTime)
	slowest := c.slowest // c goes on, and can be another class before the report is shown
	r.Slowest = &slowest
	r.Tables = fingerprint.Tables(c.fingerprint)
}

func microseconds(s float64) uint64 {
	return uint64(math.Round(s * perSecond))
}

type classKey = classify.Key

// keyOf returns the key whose ID this is.
func keyOf(id string) (k classKey) {
	_, _ = hex.Decode(k[:], []byte(id)) // written by ID
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

// maxNames bounds how many names of one kind a class counts separately: with so many, none of
// those that are not among them has a hundredth of the calls.
const (
	maxNames   = 128
	OtherNames = "(others)"
)

// instanceParts are the calls of a class on each of its instances, with what they did there.
type instanceParts struct{ tally.First[string, part] }

// add counts n calls on an instance.
func (t *instanceParts) add(instance string, n uint64, p part) {
	to := &t.Add(instance, n, maxNames, OtherNames).Value
	to.time, to.lock, to.rows = to.time+p.time, to.lock+p.lock, to.rows+p.rows
}

// counts returns the calls by name; those without a name are left out.
func (t *instanceParts) counts() map[string]int64 {
	m := make(map[string]int64, len(t.Items))
	for _, e := range t.Items {
		if e.Key != "" {
			m[e.Key] = int64(e.Amount) //nolint:gosec // it counts calls
		}
	}
	return m
}

// heavyNames counts the calls of up to maxNames names, and bounds those of all others. Calls without
// a name are left out.
type heavyNames struct {
	tally.Heavy[string, struct{}]
}

// add reports whether the name was not among those that are kept.
func (t *heavyNames) add(name string, n uint64) (unknown bool) {
	if name == "" {
		return false
	}
	_, known := t.Add(name, n, maxNames)
	return !known
}

func (t *heavyNames) merge(from *heavyNames) {
	t.Merge(&from.Heavy, maxNames, strings.Compare, func(*struct{}, struct{}) {})
}

// counts returns the calls that are certainly of each name, and the others under OtherNames.
func (t *heavyNames) counts() map[string]int64 {
	m := make(map[string]int64, len(t.Items))
	rest := t.Total
	for _, e := range t.Items {
		if n := e.Amount - e.Over; n > 0 {
			m[e.Key] = int64(n) //nolint:gosec // it counts calls
			rest -= n
		}
	}
	if rest > 0 {
		m[OtherNames] += int64(rest) //nolint:gosec // it counts calls
	}
	return m
}

// most returns how many calls a name has at most, or 0 where all names are kept.
func (t *heavyNames) most() int64 {
	if t.Unkept == 0 {
		return 0
	}
	most := t.Unkept
	for _, e := range t.Items {
		most = max(most, e.Amount)
	}
	return int64(most) //nolint:gosec // it counts calls
}

// network is what hosts have in common. They are told apart by the beginnings of their
// addresses and the ends of their names; of two groups one can be a single host, which is named
// beside the network of the others. The zero value is of no host.
type network struct {
	groups []hostGroup // at most two
	none   bool        // there were more, or a host without a name
}

// hostGroup is of hosts with the same key, which are parts[:least] of all of them. Parts are the
// numbers of an IPv4 address but the last, the first four of an IPv6 address, or the words of a
// name from the last to the second.
type hostGroup struct {
	host  string // if it is the only one
	kind  byte   // '4', '6' or 'n'
	parts []string
	least int
}

// networkOf returns that of one host.
func networkOf(host string) network {
	g := hostGroup{host: host, least: 2}
	switch name := strings.ToLower(host); {
	case isIPv4(name):
		g.kind, g.parts = '4', strings.Split(name, ".")[:3]
	case strings.Contains(name, ":"):
		g.kind, g.least = '6', 3
		g.parts = ipv6Network(name)
	default:
		g.kind, g.parts = 'n', strings.Split(name, ".")
		slices.Reverse(g.parts)
		g.parts = g.parts[:len(g.parts)-1]
	}
	if len(g.parts) < g.least || slices.Contains(g.parts, "") { // it has nothing in common with others
		g.kind, g.parts, g.least = 0, []string{host}, 1
	}
	return network{groups: []hostGroup{g}, none: host == ""}
}

// isIPv4 reports whether a host is four numbers.
func isIPv4(host string) bool {
	if host == "" || host[0] < '0' || host[0] > '9' { // as of most names, whose parts need not be looked at
		return false
	}
	numbers := strings.Split(host, ".")
	for _, n := range numbers {
		if v, err := strconv.ParseUint(n, 10, 8); err != nil || strconv.Itoa(int(v)) != n {
			return false
		}
	}
	return len(numbers) == 4
}

// ipv6Network returns the first four numbers of an IPv6 address, or nothing.
func ipv6Network(host string) []string {
	before, after, short := strings.Cut(host, "::")
	numbers, rest := strings.FieldsFunc(before, isColon), strings.FieldsFunc(after, isColon)
	if missing := 8 - len(numbers) - len(rest); missing < 0 || missing > 0 && !short {
		return nil
	} else {
		numbers = slices.Concat(numbers, slices.Repeat([]string{"0"}, missing), rest)
	}
	for i, n := range numbers {
		v, err := strconv.ParseUint(n, 16, 16)
		if err != nil {
			return nil
		}
		numbers[i] = strconv.FormatUint(v, 16)
	}
	return numbers[:4]
}

func isColon(r rune) bool { return r == ':' }

func (n *network) join(other network) {
	n.none = n.none || other.none
	for _, g := range other.groups {
		i := slices.IndexFunc(n.groups, func(have hostGroup) bool {
			return have.kind == g.kind && slices.Equal(have.parts[:have.least], g.parts[:g.least])
		})
		switch {
		case i < 0 && len(n.groups) == 2:
			n.none = true
		case i < 0:
			n.groups = append(n.groups, g)
		default:
			n.groups[i].join(g)
		}
	}
}

func (g *hostGroup) join(other hostGroup) {
	if g.host != other.host {
		g.host = ""
	}
	same := 0
	for same < min(len(g.parts), len(other.parts)) && g.parts[same] == other.parts[same] {
		same++
	}
	g.parts = g.parts[:same]
}

// common is the network of all hosts, in the form 10.11.0.0/16, 2001:db8:0:1::/64 or
// *.eu.example.com, and the host that is not in it, if there is one. It is empty where they have
// none in common.
func (n network) common() (network, outside string) {
	if n.none || len(n.groups) == 0 {
		return "", ""
	}
	g := n.groups[0]
	if len(n.groups) == 2 {
		if outside = n.groups[1].host; outside == "" {
			g, outside = n.groups[1], g.host
		}
		if outside == "" || g.host != "" { // two networks, or two hosts
			return "", ""
		}
	}
	switch g.kind {
	case '4':
		return strings.Join(g.parts, ".") + strings.Repeat(".0", 4-len(g.parts)) + fmt.Sprintf("/%d", 8*len(g.parts)), outside
	case '6':
		return strings.Join(g.parts, ":") + fmt.Sprintf("::/%d", 16*len(g.parts)), outside
	case 'n':
		name := slices.Clone(g.parts)
		slices.Reverse(name)
		return "*." + strings.Join(name, "."), outside
	}
	return "", ""
}
