package notifier

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// usually says which totals an hour like this one had before, or is empty.
func usually(r *digest.Report) string {
	if r.Past == nil || r.Past.Usual == nil {
		return ""
	}
	u := r.Past.Usual
	s := "usually " + between(u.Low, u.High, Duration)
	if u.Calls != nil {
		calls := between(u.Calls.Low, u.Calls.High, Count) + " queries"
		if calls == "1 queries" {
			calls = "1 query"
		}
		s += " in " + calls
	}
	return s
}

// farBelow reports whether an hour that was read has far less time than is usual. Of one
// without any slow query that is said anyway.
func farBelow(r *digest.Report) bool {
	if r.Past == nil || r.Past.Usual == nil || !r.Coverage.Complete || r.Filter != nil || r.Overall.Calls == 0 {
		return false
	}
	const times, seconds = 2, 60
	low, now := r.Past.Usual.Low, r.Overall.QueryTime.Sum
	return times*now < low && low-now >= seconds
}

// between names what is known in steps of 7 %, for which two digits are enough.
func between(low, high float64, write func(float64) string) string {
	a, b := write(twoDigits(low)), write(twoDigits(high))
	if a == b {
		return a
	}
	return a + " to " + b
}

func twoDigits(f float64) float64 {
	if !(f > 0) {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(f))-1)
	return math.Round(f/unit) * unit
}

// byTime are the instances of a report, that with the most time first.
func byTime(r *digest.Report) []string {
	var out []string
	for _, t := range r.TotalsByInstance() {
		out = append(out, redact.Clean(t.Instance))
	}
	for _, name := range r.Instances {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// where names up to two instances. Of more, it names the one that has most of the query time,
// for the others are none to be looked at.
func where(r *digest.Report) string {
	all := byTime(r)
	n := len(all)
	if n <= 2 {
		return names(all, n)
	}
	out := Plural(int64(n), "instance", "instances")
	if t := r.TotalsByInstance(); len(t) > 0 && t[0].QueryTime >= mostlyOne*r.Overall.QueryTime.Sum && t[0].QueryTime > 0 {
		out += ", mostly " + all[0]
	}
	return out
}

// maxTotals is how many instances are named with what ran on them.
const maxTotals = 3

// ranAndIdle are the instances on which something ran, and those on which nothing did that
// are usually busy.
func ranAndIdle(r *digest.Report) (ran, idle []digest.InstanceTotal) {
	all := r.TotalsByInstance()
	n := slices.IndexFunc(all, func(t digest.InstanceTotal) bool { return t.Calls == 0 })
	if n < 0 {
		n = len(all)
	}
	return all[:n], all[n:]
}

// InstanceTotals says what ran on the busiest of several instances, and on which that are
// usually busy nothing did, or is empty.
func InstanceTotals(r *digest.Report) string {
	ran, idle := ranAndIdle(r)
	alone := len(ran) == 1
	if len(ran) == 0 || alone && (!r.Coverage.Complete || ran[0].Usual == nil && len(idle) == 0) {
		return "" // that something ran on one only stands with it, or is not known
	}
	var out []string
	rest := r.Overall.QueryTime.Sum
	for _, t := range ran[:min(maxTotals, len(ran))] {
		if alone { // how much it is stands before
			out = append(out, "All on "+redact.Clean(t.Instance)+instanceUsual(" (", t.Usual, ")"))
			continue
		}
		out = append(out, fmt.Sprintf("%s %s in %s (%s%s)", redact.Clean(t.Instance), Duration(t.QueryTime), Plural(t.Calls, "query", "queries"),
			shareOf(t.QueryTime, r.Overall.QueryTime.Sum), instanceUsual(", ", t.Usual, "")))
		rest -= t.QueryTime
	}
	switch more := len(ran) - maxTotals; {
	case more == 1:
		out = append(out, listed(r, ran[maxTotals:]))
	case more > 1:
		out = append(out, fmt.Sprintf("%d more %s (%s)", more, Duration(rest), shareOf(rest, r.Overall.QueryTime.Sum)))
	}
	if len(idle) > 0 {
		out = append(out, "no entry of "+idleText(idle))
	}
	return strings.Join(out, ", ")
}

// idleText names the instances on which nothing ran, and what they usually have: once where that
// is the same.
func idleText(idle []digest.InstanceTotal) string {
	var all, bare []string
	same := true
	for _, t := range idle {
		name := redact.Clean(t.Instance)
		bare, all = append(bare, name), append(all, name+instanceUsual(" (", t.Usual, ")"))
		same = same && instanceUsual("", t.Usual, "") == instanceUsual("", idle[0].Usual, "")
	}
	if same && len(idle) > 1 {
		return names(bare, maxTotals) + instanceUsual(" (each ", idle[0].Usual, ")")
	}
	return names(all, maxTotals)
}

// instanceUsual says what an instance usually has, between two texts, or is empty.
func instanceUsual(before string, u *digest.Usual, after string) string {
	if u == nil {
		return ""
	}
	s := before + "usually " + between(u.Low, u.High, Duration)
	if u.Calls != nil {
		s += " in " + between(u.Calls.Low, u.Calls.High, Count)
	}
	return s + after
}

// AllInstances says what ran on each instance where InstanceTotals does not name all, for
// a message of its own. Else it is empty.
func AllInstances(r *digest.Report) string {
	ran, _ := ranAndIdle(r)
	if len(ran) <= maxTotals+1 {
		return ""
	}
	return "By instance: " + listed(r, ran)
}

// otherInstances says what ran on those that InstanceTotals does not name, or is empty.
func otherInstances(r *digest.Report) string {
	ran, _ := ranAndIdle(r)
	if len(ran) <= maxTotals+1 {
		return ""
	}
	return "Other instances: " + listed(r, ran[maxTotals:]) + "."
}

func listed(r *digest.Report, all []digest.InstanceTotal) string {
	var out []string
	for _, t := range all {
		out = append(out, fmt.Sprintf("%s %s (%s)", redact.Clean(t.Instance), Duration(t.QueryTime), shareOf(t.QueryTime, r.Overall.QueryTime.Sum)))
	}
	return strings.Join(out, ", ")
}

func shareOf(part, whole float64) string {
	if whole <= 0 {
		return "-"
	}
	return Percent(part / whole)
}

// OnInstances says on which instances a class ran, if the digest is of several: on one,
// mostly on one, evenly on all of its own, or on the first of them.
func OnInstances(r *digest.Report, c *digest.Class) string {
	if len(r.Instances) < 2 || len(c.Instances) == 0 {
		return ""
	}
	if len(c.ByInstance) == 0 {
		return " on " + instance(c)
	}
	known, over := named(c.ByInstance)
	first, n := known[0], len(known)
	name := instanceName(first.Instance)
	switch {
	case first.Share >= mostlyOne:
		return fmt.Sprintf(" mostly on %s (%s)", name, Percent(first.Share))
	case isEven(known, over):
		return fmt.Sprintf(" evenly on %d", n)
	}
	return fmt.Sprintf(" on %s (%s) %s", name, Percent(first.Share), strings.Join(withMore(nil, n-1, over), ""))
}

// A class is mostly on one instance with such a share, and evenly on several
// where none has so many times its part.
const (
	mostlyOne = 0.7
	evenly    = 1.3
)

// instance is the one with the greatest part of a class, or is empty.
func instance(c *digest.Class) string {
	if len(c.ByInstance) > 0 {
		return instanceName(c.ByInstance[0].Instance)
	}
	for name := range c.Instances { // the only one
		return instanceName(name)
	}
	return ""
}

// incidentWord is the word for an incident, by what digest.EndedIncident.Of says of it.
func incidentWord(of string) string {
	switch of {
	case "slower":
		return "SLOWER AT ONCE"
	case "busier":
		return "BUSIER AT ONCE"
	}
	return "INCIDENT"
}

func ofIncident(x *digest.Incident) string {
	switch {
	case x.Slower > 0:
		return "slower"
	case x.Busier > 0:
		return "busier"
	}
	return x.Class
}

// endedIncident is the verdict on an hour before which an incident was over, in the words of its
// beginning, or empty.
func endedIncident(r *digest.Report) string {
	if r.Past == nil || r.Past.EndedIncident == nil {
		return ""
	}
	return incidentWord(r.Past.EndedIncident.Of) + " OVER"
}

// endedText says when it was, and which class was most of it.
func endedText(r *digest.Report, x *digest.EndedIncident) string {
	s := "It was from " + window(digest.Window{Start: x.From, End: x.To})
	if c := classOf(r, x.Of); c != nil {
		s += fmt.Sprintf("; #%d %s was most of it", c.Rank, c.Label)
	} else if incidentWord(x.Of) == "INCIDENT" && x.Of != "" {
		s += "; " + redact.ShortID(x.Of) + " was most of it"
	}
	return s + "."
}

// classOf returns the class of a report that has the ID, or nil.
func classOf(r *digest.Report, id string) *digest.Class {
	for i := range r.Classes {
		if r.Classes[i].ID == id {
			return &r.Classes[i]
		}
	}
	return nil
}

// incidentTitle is the verdict on an hour that is one, in the place of what changed.
func incidentTitle(r *digest.Report) string {
	if r.Past == nil || r.Past.Incident == nil {
		return ""
	}
	x, on := r.Past.Incident, where(r) // of which the numbers are; that of x.Instance is in the text
	if n := x.Slower + x.Busier; n > 0 {
		return fmt.Sprintf("%d of %d classes on %s, %s of query time", n, x.Of, on, Duration(r.Overall.QueryTime.Sum))
	}
	times := "about " + timesOf(x.Times)
	if x.Times > 100 { // of next to nothing
		times = "over 100"
	}
	return fmt.Sprintf("%s of query time on %s, %s times the usual", Duration(r.Overall.QueryTime.Sum), on, times)
}

// timesOf writes how many times what is usual something is, which is known within 7 %.
func timesOf(f float64) string {
	switch {
	case f < 3:
		return Count(math.Round(10*f) / 10)
	case f < 10:
		return Count(math.Round(2*f) / 2)
	}
	return Count(twoDigits(f))
}

func timesBetween(low, high float64) string {
	if a, b := timesOf(low), timesOf(high); a != b {
		return a + " to " + b
	}
	return timesOf(low)
}

// grown says whether there are more calls than usual, or each takes longer, where an incident
// is of no single class, or is empty.
func grown(r *digest.Report, x *digest.Incident) string {
	u := r.Past.Usual
	if u == nil || u.Calls == nil || !(u.Calls.High > 0) || !(x.Times > 1) {
		return ""
	}
	calls := float64(r.Overall.Calls) / ((u.Calls.Low + u.Calls.High) / 2)
	each := x.Times / calls
	const much, same = 1.5, 1.25
	switch {
	case calls >= much && each >= much:
		return fmt.Sprintf(" There were about %s times the usual calls, and each took about %s times as long.", timesOf(calls), timesOf(each))
	case calls >= much && each*same >= 1 && each <= same:
		return fmt.Sprintf(" There were about %s times the usual calls, and each took about as long as usual.", timesOf(calls))
	case calls >= much:
		return fmt.Sprintf(" There were about %s times the usual calls.", timesOf(calls))
	case each >= much && calls*same >= 1 && calls <= same:
		return fmt.Sprintf(" There were about as many calls as usual, and each took about %s times as long.", timesOf(each))
	case each >= much:
		return fmt.Sprintf(" A call took about %s times as long as usual.", timesOf(each))
	}
	return ""
}

// incidentText says what is most of an incident, since when, and where to look. titled
// leaves out what incidentTitle says.
func incidentText(r *digest.Report, x *digest.Incident, titled bool) string {
	since := ""
	if !x.Since.IsZero() {
		since = " since " + at(x.Since)
	}
	on := ""
	if x.Instance != "" {
		on = " on " + redact.Clean(x.Instance)
	}
	switch {
	case x.Slower > 0:
		took := fmt.Sprintf("%d of %d classes took", x.Slower, x.Of)
		if titled {
			took = "They took"
		}
		return fmt.Sprintf("%s about %s times as long per call%s%s. No single query explains that; look at the server: CPU, storage, locks, replicas.",
			took, timesBetween(x.Low, x.High), on, since)
	case x.Busier > 0:
		have := fmt.Sprintf("%d of %d classes have", x.Busier, x.Of)
		if titled {
			have = "They have"
		}
		return fmt.Sprintf("%s about %s times the calls%s%s. No single query explains that; look at what calls them: a campaign, a new release, a client that tries again.",
			have, timesBetween(x.Low, x.High), on, since)
	case x.Class == "" && x.Instance == "":
		none := "No class and no instance"
		if len(r.Instances) < 2 {
			none = "No class"
		}
		if since != "" {
			since = "; it began at " + at(x.Since)
		}
		return none + " is most of it" + since + "." + grown(r, x)
	case x.Class == "":
		return fmt.Sprintf("Most of what is above the usual ran%s%s, in several classes.", on, since) + grown(r, x)
	}
	what := redact.ShortID(x.Class)
	if i := slices.IndexFunc(r.Classes, func(c digest.Class) bool { return c.ID == x.Class }); i >= 0 {
		c := &r.Classes[i]
		if what = fmt.Sprintf("#%d %s", c.Rank, c.Label); c.Leads() {
			since += ". " + Evidence(c)
		}
	}
	return fmt.Sprintf("%s is %s of what is above the usual%s%s.", what, Percent(x.Share), on, since)
}
