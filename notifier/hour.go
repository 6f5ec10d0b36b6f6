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
	for _, name := range cleanAll(r.Instances) {
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

// noneRead reports whether all instances are ones of which it is known why they are not read, as
// those that are asleep.
func noneRead(r *digest.Report) bool {
	return len(r.Instances) > 0 && !slices.ContainsFunc(r.Instances, func(id string) bool { return !slices.Contains(r.Coverage.Without, id) })
}

// notRead says of which instances the report is without.
func notRead(r *digest.Report) string {
	was := " was not read"
	if len(r.Coverage.Without) > 1 {
		was = " were not read"
	}
	return names(r.Coverage.Without, maxTotals) + was
}

// silent says which instances have vanished, and which that are usually busy log nothing, or is empty.
func silent(r *digest.Report) string {
	var out []string
	if r.Past != nil && len(r.Past.News) > 0 && len(r.Coverage.Without) > 0 {
		out = append(out, notRead(r))
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
	case !over && isEven(c):
		return fmt.Sprintf(" evenly on %d", n)
	}
	return fmt.Sprintf(" on %s (%s) %s", name, Percent(first.Share), strings.Join(withMore(nil, n-1, over), ""))
}

// A class is mostly on one instance with such a share.
const mostlyOne = 0.7

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

// A class is evenly on its instances where none has so many times its part and, where they have so
// many calls each, as far as chance allows.
const (
	evenly      = 1.15
	leastOnEach = 10
	spread      = 3 // the most by which the times of calls are taken to vary, as variance by the mean squared
)

// isEven reports whether a class, all instances of which are known, runs evenly on them. Calls that come
// independently of each other are not the same number everywhere: of 12 instances with 15 each one has 24
// now and then. So the calls are held against what chance gives where it is even, by the chi-squared test,
// and so is the share that is shown, which varies more as the times of the calls do. Each test calls one in
// a hundred even hours not even. Where one call alone is as much as an instance has, chance is no measure.
func isEven(c *digest.Class) bool {
	k := float64(len(c.ByInstance))
	if c.ByInstance[0].Share*k <= evenly {
		return true
	}
	n := float64(c.Calls)
	if n < leastOnEach*k || len(c.Instances) != len(c.ByInstance) || c.QueryTime.Max*k > c.QueryTime.Sum {
		return false
	}
	var calls, shares float64
	for _, p := range c.ByInstance {
		calls += square(float64(c.Instances[p.Instance])/n - 1/k)
		shares += square(p.Share - 1/k)
	}
	varies := 0.0
	if c.QueryTime.Mean > 0 {
		varies = min(max(c.VMR/c.QueryTime.Mean, 0), spread)
	}
	limit := chiSquared(k - 1)
	return n*k*calls <= limit && n*k*shares/(1+varies) <= limit
}

func square(x float64) float64 { return x * x }

// chiSquared is what a sum of so many squares exceeds once in a hundred times, within 2 %, as Wilson and
// Hilferty found.
func chiSquared(freedom float64) float64 {
	const hundredth = 2.3263
	x := 2 / (9 * freedom)
	return freedom * math.Pow(1-x+hundredth*math.Sqrt(x), 3)
}
