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
		calls := betweenCalls(u.Calls) + " queries"
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

// between names a range whose bounds are known in steps of 7 %, for which two digits are enough. They are
// rounded outward: what the range holds is in what is said.
func between(low, high float64, write func(float64) string) string {
	a, b := write(toTwoDigits(low, math.Floor)), write(toTwoDigits(high, math.Ceil))
	if a == b {
		return a
	}
	return a + " to " + b
}

// betweenCalls is between for calls, which are whole, while the bounds of steps are not.
func betweenCalls(r *digest.Range) string {
	return between(math.Ceil(r.Low-1e-9), math.Floor(r.High+1e-9), Count)
}

func twoDigits(f float64) float64 { return toTwoDigits(f, math.Round) }

func toTwoDigits(f float64, round func(float64) float64) float64 {
	if !(f > 0) {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(f))-1)
	n := f / unit
	if whole := math.Round(n); math.Abs(n-whole) < 1e-9 { // as a float it may be a little off
		n = whole
	}
	return round(n) * unit
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
	if more := len(ran) - maxTotals; more > 0 {
		out = append(out, fmt.Sprintf("%d more %s (%s)", more, Duration(rest), shareOf(rest, r.Overall.QueryTime.Sum)))
	}
	if len(idle) > 0 {
		out = append(out, "no entry of "+idleText(idle))
	}
	return strings.Join(out, ", ")
}

// silent says which instances have vanished, and which that are usually busy log nothing, or is empty.
func silent(r *digest.Report) string {
	var out []string
	if r.Past != nil && len(r.Past.News) > 0 && len(r.Coverage.Without) > 0 {
		was := " was not read"
		if len(r.Coverage.Without) > 1 {
			was = " were not read"
		}
		out = append(out, names(r.Coverage.Without, maxTotals)+was)
	}
	if _, idle := ranAndIdle(r); len(idle) > 0 {
		var all []string
		for _, t := range idle {
			all = append(all, redact.Clean(t.Instance))
		}
		log := " logs nothing"
		if len(idle) > 1 {
			log = " log nothing"
		}
		out = append(out, names(all, maxTotals)+log)
	}
	return strings.Join(out, ", ")
}

// longCall returns the class of which a single call is the most of what the hour has above the usual,
// or nil. That is a fact, and no change of the class.
func longCall(r *digest.Report) *digest.Class {
	if r.Past == nil || r.Past.Usual == nil || r.Past.Incident != nil || r.Filter != nil {
		return nil
	}
	u, total := r.Past.Usual, r.Overall.QueryTime.Sum
	for i := range r.Classes {
		c := &r.Classes[i]
		if total > u.High && has(c, digest.OneCall) && 2*c.QueryTime.Max >= total-(u.Low+u.High)/2 {
			return c
		}
	}
	return nil
}

// OneCall names the single call that took most of the time of a class, for a row, or is empty.
func OneCall(c *digest.Class) string {
	if !has(c, digest.OneCall) {
		return ""
	}
	return ", one call of " + Duration(c.QueryTime.Max)
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
		s += " in " + betweenCalls(u.Calls)
	}
	return s + after
}

// AllInstances says what ran on each instance where InstanceTotals does not name all, for
// a message of its own. Else it is empty.
func AllInstances(r *digest.Report) string {
	ran, _ := ranAndIdle(r)
	if len(ran) <= maxTotals {
		return ""
	}
	return "By instance: " + listed(r, ran)
}

// otherInstances says what ran on those that InstanceTotals does not name, or is empty.
func otherInstances(r *digest.Report) string {
	ran, _ := ranAndIdle(r)
	if len(ran) <= maxTotals {
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
// is of no single class, or is empty. Where most is of new classes, that is of the others only.
func grown(r *digest.Report, x *digest.Incident) string {
	u := r.Past.Usual
	if u == nil || u.Calls == nil || !(u.Calls.High > 0) || !(x.Times > 1) {
		return ""
	}
	rest, time := "There were", x.Times
	calls := float64(r.Overall.Calls)
	if x.New != nil && x.New.QueryTime < r.Overall.QueryTime.Sum {
		rest = "Of the others there were"
		calls -= float64(x.New.Calls)
		time *= 1 - x.New.QueryTime/r.Overall.QueryTime.Sum
	}
	if calls /= (u.Calls.Low + u.Calls.High) / 2; !(calls > 0) {
		return ""
	}
	each := time / calls
	const much, same = 1.5, 1.25
	switch {
	case calls >= much && each >= much:
		return fmt.Sprintf(" %s about %s times the usual calls, and each took about %s times as long.", rest, timesOf(calls), timesOf(each))
	case calls >= much && each*same >= 1 && each <= same:
		return fmt.Sprintf(" %s about %s times the usual calls, and each took about as long as usual.", rest, timesOf(calls))
	case calls >= much:
		return fmt.Sprintf(" %s about %s times the usual calls.", rest, timesOf(calls))
	case each >= much && calls*same >= 1 && calls <= same:
		return fmt.Sprintf(" %s about as many calls as usual, and each took about %s times as long.", rest, timesOf(each))
	case each >= much && x.New != nil:
		return fmt.Sprintf(" A call of the others took about %s times as long as usual.", timesOf(each))
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
		return fmt.Sprintf("%s about %s times as long per call%s. No single query explains that; look at the server: CPU, storage, locks, replicas.",
			took, timesBetween(x.Low, x.High), ofWholeHour(x, on))
	case x.Busier > 0:
		have := fmt.Sprintf("%d of %d classes have", x.Busier, x.Of)
		if titled {
			have = "They have"
		}
		return fmt.Sprintf("%s about %s times the calls%s. No single query explains that; look at what calls them: a campaign, a new release, a client that tries again.",
			have, timesBetween(x.Low, x.High), ofWholeHour(x, on))
	case x.Class == "" && x.Instance == "":
		none := "No class and no instance"
		if len(r.Instances) < 2 {
			none = "No class"
		}
		if since != "" {
			since = "; it began at " + at(x.Since)
		}
		return none + " is most of it" + since + "." + newLoad(x) + grown(r, x)
	case x.Class == "":
		return fmt.Sprintf("Most of what is above the usual ran%s%s, in several classes.", on, since) + newLoad(x) + grown(r, x)
	}
	what := redact.ShortID(x.Class)
	if i := slices.IndexFunc(r.Classes, func(c digest.Class) bool { return c.ID == x.Class }); i >= 0 {
		c := &r.Classes[i]
		switch what = fmt.Sprintf("#%d %s", c.Rank, c.Label); {
		case has(c, digest.OneCall):
			since += fmt.Sprintf(". One call of %s took %s of its time", Duration(c.QueryTime.Max), Percent(c.QueryTime.Max/c.QueryTime.Sum))
		case c.Leads():
			since += ". " + Evidence(c)
		}
	}
	return fmt.Sprintf("%s is %s of what is above the usual%s%s.", what, Percent(x.Share), on, since)
}

// ofWholeHour says that the times of many classes are those of the whole hour and all instances, where
// the incident is of a part of either, and of which part.
func ofWholeHour(x *digest.Incident, on string) string {
	began := ""
	if !x.Since.IsZero() {
		began = "it began at " + at(x.Since)
	}
	switch {
	case on == "" && began == "":
		return ""
	case on == "":
		return " in the hour as a whole; " + began
	case began != "":
		began = ", and " + began
	}
	return " in the hour as a whole; most of it was" + on + began
}

// newLoad says which part of what is above the usual new classes are, or is empty.
func newLoad(x *digest.Incident) string {
	if x.New == nil {
		return ""
	}
	is := "is"
	if x.New.Classes > 1 {
		is = "together are"
	}
	return fmt.Sprintf(" %s %s %s of what is above the usual.", Plural(int64(x.New.Classes), "new class", "new classes"), is, Percent(x.New.Share))
}
