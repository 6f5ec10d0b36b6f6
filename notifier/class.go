package notifier

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/webpage"
)

// Said is which numbers of a class stand elsewhere in the message.
type Said struct{ Share, Time, Calls, P95 bool }

// Numbers is a class in one line, without what is said, or empty.
func Numbers(c *digest.Class, said Said) string {
	var out []string
	add := func(said bool, s string) {
		if !said {
			out = append(out, s)
		}
	}
	add(said.Share, Percent(c.Share)+" of the time")
	switch calls := Plural(c.Calls, "call", "calls"); {
	case !said.Time && !said.Calls:
		add(false, Duration(c.QueryTime.Sum)+" in "+calls)
	default:
		add(said.Time, Duration(c.QueryTime.Sum))
		add(said.Calls, calls)
	}
	if c.Calls > 1 { // of one it is the time
		add(false, "mean "+Duration(c.QueryTime.Mean))
		add(said.P95, "p95 "+Duration(c.QueryTime.P95))
		add(has(c, digest.OneCall), "max "+Duration(c.QueryTime.Max))
	}
	return strings.Join(out, " · ")
}

// has reports whether one of the reasons of a class is of the kind.
func has(c *digest.Class, kind digest.ReasonKind) bool {
	return slices.ContainsFunc(digest.Reasons(c), func(r digest.Reason) bool { return r.Kind == kind })
}

// Fact is a line about a class. Label is empty, or stands before it.
type Fact struct {
	Label, Text string
	Strong      bool
}

// FactsOf is what is to be known of a class beside its numbers, each thing once: what
// stands in the head of the message is left out if inHead is set.
func FactsOf(c *digest.Class, inHead bool) []Fact {
	var out []Fact
	add := func(f Fact) {
		if f.Text != "" {
			out = append(out, f)
		}
	}
	if !inHead {
		add(Fact{Text: EvidenceBeside(c), Strong: true})
	}
	add(Fact{Label: "Note: ", Text: c.Note})
	for _, reason := range Reasons(c) {
		add(Fact{Text: reason, Strong: true})
	}
	add(Fact{Text: upperFirst(planChange(c)), Strong: true})
	for _, q := range groupQueries(c) {
		add(Fact{Label: "Query: ", Text: q})
	}
	add(Fact{Label: "Plan: ", Text: planLine(c)})
	add(Fact{Text: rowsPerCall(c)})
	add(Fact{Text: listLengths(c)})
	add(Fact{Label: "Among them: ", Text: Tallies(c)})
	if code := codeOf(c, 4); code != "" {
		add(Fact{Text: "Called from " + code})
	}
	add(Fact{Label: "Tags: ", Text: otherTags(c, 4, digest.IsNewsTagKey)})
	add(Fact{Text: origin(c)})
	add(Fact{Text: Detection(c)})
	return out
}

// rowsPerCall is the mean of the rows of which a reason does not speak, or empty.
func rowsPerCall(c *digest.Class) string {
	var rows []string
	if examined := has(c, digest.RowsExamined); !examined && c.RowsExamined.Sum > 0 {
		rows = append(rows, Count(c.RowsExamined.Mean)+" examined")
	} else if !examined && c.RowsSent.Sum == 0 {
		return ""
	}
	if c.RowsSent.Sum > 0 {
		rows = append(rows, Count(c.RowsSent.Mean)+" sent")
	}
	if c.RowsAffected != nil && c.RowsAffected.Sum > 0 {
		rows = append(rows, Count(c.RowsAffected.Mean)+" affected")
	}
	if rows == nil {
		return ""
	}
	return "Rows per call: " + strings.Join(rows, ", ")
}

// listLengths says how long lists were of which the fingerprint shows one member, or
// is empty.
func listLengths(c *digest.Class) string {
	if c.Lists == nil {
		return ""
	}
	if has(c, digest.LongLists) {
		return fmt.Sprintf("Lists of %s in the median", Plural(int64(math.Round(c.Lists.Median)), "member", "members"))
	}
	return fmt.Sprintf("Lists of up to %s members, %s in the median", Count(float64(c.Lists.Max)), Count(c.Lists.Median))
}

// origin says who called, from where and in which schema, those with the most
// calls first.
func origin(c *digest.Class) string {
	var parts []string
	for _, x := range []struct {
		by    digest.By
		what  string
		calls string
	}{{digest.ByUser, "by ", usersOf(c, 4)}, {digest.ByHost, "from ", hostsOf(c, 4)}, {digest.BySchema, "in ", schemasOf(c, 4)}} {
		if x.calls != "" && (c.Group == nil || c.Group.By != x.by) {
			parts = append(parts, x.what+x.calls)
		}
	}
	if len(c.ByInstance) > 0 {
		parts = append(parts, "on "+mostOf(c, 4))
	}
	return upperFirst(strings.Join(parts, " · "))
}

// TableRows is how many classes the table of a chat shows.
const TableRows = 5

// examinedPerSent is how many rows were read for each row that was returned.
func examinedPerSent(c *digest.Class) string {
	if c.RowsSent.Sum == 0 {
		return "-"
	}
	return Count(c.RowsExamined.Sum / c.RowsSent.Sum)
}

// metricRows leaves out what the log does not hold, or is all zero.
func metricRows(c *digest.Class) []webpage.Metric {
	var rows []webpage.Metric
	add := func(name string, m *digest.Metrics, f func(float64) string) {
		if m != nil && *m != (digest.Metrics{}) {
			rows = append(rows, webpage.Metric{Name: name, Sum: f(m.Sum), Min: f(m.Min), Mean: f(m.Mean), Median: f(m.Median), P95: f(m.P95), Max: f(m.Max), StdDev: f(m.StdDev)})
		}
	}
	add("query time", &c.QueryTime, Duration)
	add("lock time", &c.LockTime, Duration)
	add("rows sent", &c.RowsSent, Count)
	add("rows examined", &c.RowsExamined, Count)
	add("rows affected", c.RowsAffected, Count)
	add("bytes sent", c.BytesSent, Count)
	add("query bytes", &c.QueryBytes, Count)
	if l := c.Lists; l != nil {
		rows = append(rows, webpage.Metric{Name: "list members", Median: Count(l.Median), Max: Count(float64(l.Max))})
	}
	return rows
}

// rates says how many calls there were in a time and how many of them ran at a time, on average over
// the window; empty of a single call, and where nothing has a time.
func rates(c *digest.Totals) string {
	if c.CallsPerSecond == 0 || c.Calls == 1 {
		return ""
	}
	return fmt.Sprintf("%s, %s running at a time", perTime(c.CallsPerSecond), few(c.Concurrency))
}

// perTime writes a number of calls per second, or per the least of the longer units in which it is not below 1.
func perTime(perSecond float64) string {
	for _, unit := range []struct {
		name    string
		seconds float64
	}{{"second", 1}, {"minute", 60}, {"hour", 3600}} {
		if n := perSecond * unit.seconds; n >= 1 {
			return manyCalls(n) + " per " + unit.name
		}
	}
	return manyCalls(perSecond*86400) + " per day"
}

func manyCalls(n float64) string {
	if s := few(n); s != "1" {
		return s + " calls"
	}
	return "1 call"
}

// few writes a number of which the first three digits matter.
func few(n float64) string {
	if n >= 100 {
		return Count(n)
	}
	if n > 0 && n < 0.001 {
		return "below 0.001"
	}
	return strconv.FormatFloat(n, 'g', 3, 64)
}

// slowest says which call took the longest and whose it was, and place where it stands in the log.
func slowest(c *digest.Class) (call, place string) {
	s := c.Slowest
	if s == nil {
		return "", ""
	}
	out := []string{Duration(s.QueryTime)}
	if !s.Time.IsZero() {
		out[0] += " at " + s.Time.UTC().Format(dayAndClock(true)+" UTC")
	}
	if s.ConnectionID > 0 {
		out = append(out, "thread "+strconv.FormatUint(s.ConnectionID, 10))
	}
	if who := strings.Trim(instanceName(s.User)+"@"+instanceName(s.Host), "@"); who != "" {
		out = append(out, who)
	}
	if s.Schema != "" {
		out = append(out, "in "+instanceName(s.Schema))
	}
	out = append(out, rowsOf(float64(s.RowsExamined))+" examined", Count(float64(s.RowsSent))+" sent")
	place = redact.Clean(redact.Cut(s.File, redact.MaxCoverageNote))
	if s.Offset != nil && place != "" {
		place = fmt.Sprintf("byte %d of %s", *s.Offset, place)
	}
	return strings.Join(out, ", "), place
}

// Tallies says how many calls the server marked as full scans, errors and so on, if no
// reason does.
func Tallies(c *digest.Class) string {
	var s []string
	add := func(n *int64, one, many string) {
		if n != nil && *n > 0 {
			s = append(s, Plural(*n, one, many))
		}
	}
	if !has(c, digest.FullScans) {
		add(c.FullScans, "full scan", "full scans")
	}
	if c.TmpTables != nil && (c.TmpDiskTables == nil || *c.TmpDiskTables < *c.TmpTables) { // else those on disk are all
		add(c.TmpTables, "temporary table", "temporary tables")
	}
	if !has(c, digest.Errors) {
		add(c.Errors, "error", "errors")
	}
	return strings.Join(s, ", ")
}

// usersOf, hostsOf and schemasOf list the n with the most calls, or say that of many none stands out.
func usersOf(c *digest.Class, n int) string {
	return mostCalls(c.Users, c.Most.Users, "user", network{}, n)
}

func schemasOf(c *digest.Class, n int) string {
	return mostCalls(c.Schemas, c.Most.Schemas, "schema", network{}, n)
}

// codeOf lists the n places in the code of which the calls took the most time.
func codeOf(c *digest.Class, n int) string {
	if c.Group != nil && c.Group.By.Tag() == digest.CodeTag {
		return ""
	}
	return tagsOf(c, digest.CodeTag, n)
}

// tagsOf lists the n values of a tag with the most time, each with its calls and their time where it is
// not the one of all calls.
func tagsOf(c *digest.Class, key string, n int) string {
	var s []string
	more, others := 0, false
	least := ""
	all := redact.Tags(c.Tags)
	for _, t := range all {
		if t.Key == key && t.Value == digest.OtherNames {
			others, least = true, "at least "
		}
	}
	for _, t := range all {
		switch {
		case t.Key != key || t.Value == digest.OtherNames:
		case len(s) == n:
			more++
		case t.Calls == c.Calls:
			s = append(s, t.Value)
		default:
			s = append(s, fmt.Sprintf("%s (%s%s, %s)", t.Value, least, Plural(t.Calls, "call", "calls"), Duration(t.QueryTime)))
		}
	}
	if s == nil { // none that may be shown
		return ""
	}
	return strings.Join(withMore(s, more, others), ", ")
}

// namesNoCode reports whether a key of a tag says something else than codeOf.
func namesNoCode(key string) bool { return !digest.NamesPlace(key) }

// otherTags lists the tags with some keys, each with its n values with the most time.
func otherTags(c *digest.Class, n int, wanted func(key string) bool) string {
	var s []string
	last := ""
	for _, t := range redact.Tags(c.Tags) {
		if t.Key != last && wanted(t.Key) && (c.Group == nil || c.Group.By.Tag() != t.Key) {
			if values := tagsOf(c, t.Key, n); values != "" {
				s = append(s, t.Key+" "+values)
			}
		}
		last = t.Key
	}
	return strings.Join(s, "; ")
}

func hostsOf(c *digest.Class, n int) string {
	net := network{outside: c.HostOutside}
	if m := networks.FindStringSubmatch(c.HostNetwork); m != nil {
		net.name = m[1] + m[2] + ".*"
	} else if commonNames.MatchString(c.HostNetwork) {
		net.name = c.HostNetwork
	}
	return mostCalls(c.Hosts, c.Most.Hosts, "host", net, n)
}

// network is what all hosts have in common but the one outside, if there is one.
type network struct{ name, outside string }

// in says it of hosts of which some are named.
func (n network) in(named []nameCalls) string {
	switch {
	case n.name == "":
		return ""
	case n.outside == "" || slices.ContainsFunc(named, func(e nameCalls) bool { return e.name == n.outside }):
		return " in " + n.name
	}
	return " in " + n.name + " and one other"
}

// networks are those of digest.Class.HostNetwork with the numbers that all hosts have, and
// commonNames the others, which are shown as they are.
var (
	networks    = regexp.MustCompile(`^(\d{1,3}\.\d{1,3})(?:\.0\.0/16|(\.\d{1,3})\.0/24)$`)
	commonNames = regexp.MustCompile(`^(?:\*(?:\.[\w-]+){2,}|[0-9a-f:]+::/(?:48|64))$`)
)

type nameCalls struct {
	name  string
	calls int64
}

// mostCalls lists the n names with the most calls. Where there are more, it lists those that stand
// out, if any do, and how many others there are. Where not all are counted, most bounds the calls
// of each, and 0 does not.
func mostCalls(calls map[string]int64, most int64, noun string, net network, n int) string {
	all := make([]nameCalls, 0, len(calls))
	var total, rest int64
	for name, k := range calls {
		total += k
		if name == digest.OtherNames {
			rest = k
			continue
		}
		if name = redact.Cut(redact.Clean(redact.Cut(name, 4*redact.MaxName)), redact.MaxName); name == "" {
			name = redact.NoName
		}
		all = append(all, nameCalls{name, k})
	}
	slices.SortFunc(all, func(a, b nameCalls) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), strings.Compare(a.name, b.name))
	})
	over, least := "", ""
	if rest > 0 { // some of which may be of those that are named
		over, least = "over ", "at least "
	}
	named := all[:min(n, len(all))]
	if len(all) > n {
		named = slices.DeleteFunc(slices.Clone(named), func(e nameCalls) bool { return float64(e.calls) < standsOut*float64(total) })
	}
	var s []string
	for _, e := range named {
		if len(calls) == 1 {
			s = append(s, e.name)
			continue
		}
		s = append(s, e.name+" ("+least+Count(float64(e.calls))+")")
	}
	switch more := len(all) - len(named); {
	case len(named) == 0 && more > 0:
		out := over + Plural(int64(more), noun, noun+"s") + net.in(nil)
		if rest == 0 || most > 0 {
			out += fmt.Sprintf(", none above %.0f%%", math.Ceil(100*float64(max(most, all[0].calls))/float64(total)))
		}
		return out
	case more > 0:
		s = append(s, "and "+over+Plural(int64(more), "more "+noun, "more "+noun+"s")+net.in(named))
	case rest > 0:
		s = append(s, "and others")
	}
	return strings.Join(s, ", ")
}

// withMore adds to a list of names how many more there are, or over how many.
func withMore(s []string, more int, over bool) []string {
	switch {
	case over && more > 0:
		return append(s, fmt.Sprintf("and over %d more", more))
	case over:
		return append(s, "and others")
	case more > 0:
		return append(s, fmt.Sprintf("and %d more", more))
	}
	return s
}

// mostOf lists the n instances with the greatest parts of a class, and how many others there
// are, or says that of many none stands out. It is empty where there are no two.
func mostOf(c *digest.Class, n int) string {
	known, over := named(c.ByInstance)
	if len(known) > n && !over && isEven(c) {
		return fmt.Sprintf("%d instances, evenly", len(known))
	}
	var s []string
	for _, p := range known[:min(n, len(known))] {
		s = append(s, fmt.Sprintf("%s (%s)", instanceName(p.Instance), Percent(p.Share)))
	}
	return strings.Join(withMore(s, len(known)-n, over), ", ")
}

// named are the instances that are counted one by one, and whether there are others.
func named(parts []digest.InstancePart) (known []digest.InstancePart, over bool) {
	if n := len(parts) - 1; n >= 0 && parts[n].Instance == digest.OtherNames {
		return parts[:n], true
	}
	return parts, false
}

// instanceName is the name of an instance as it can be shown.
func instanceName(name string) string { return redact.Clean(redact.Cut(name, redact.MaxName)) }

// standsOut is the share of the calls with which one of many names is worth naming.
const standsOut = 0.1

// Seen says when a class was first and last seen.
func Seen(c *digest.Class) string {
	first, last := c.FirstSeen.UTC(), c.LastSeen.UTC()
	if first.Truncate(time.Second).Equal(last.Truncate(time.Second)) {
		return first.Format(dayAndClock(true) + " MST")
	}
	return interval(first, last, true)
}

// clauseStart is the white space before a clause.
var clauseStart = regexp.MustCompile(` ((?:(?:left|right|inner|outer|cross|straight|natural) )*(?:join|straight_join) |from |where |` +
	`group by |having |order by |limit |union |set |values ?\(|on duplicate key )`)

// Clauses puts each clause of a statement on a line of its own.
func Clauses(sql string) string {
	return strings.Replace(clauseStart.ReplaceAllString(sql, "\n$1"), "delete\nfrom ", "delete from ", 1)
}
