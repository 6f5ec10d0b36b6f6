package notifier

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// maxBadge is how many characters of the word for a change are shown.
const maxBadge = 12

// Badge is the word for what changed about a class, or empty where nothing did, an earlier
// digest has said so, or it is one of many.
func Badge(c *digest.Class) string {
	if c.Change == nil || !c.Change.Since.IsZero() || c.Change.Common {
		return ""
	}
	if c.Change.Again {
		return kindWord(c.Change.Kind) + " AGAIN"
	}
	return kindWord(c.Change.Kind)
}

func kindWord(k digest.ChangeKind) string { return redact.Cut(redact.Clean(string(k)), maxBadge) }

// Since says what an earlier digest has said of a class, "new since", and of which hour
// of the day before. It is empty where none has.
func Since(c *digest.Class) (word string, at time.Time) {
	switch {
	case c.Change != nil && !c.Change.Since.IsZero():
		word = strings.ToLower(kindWord(c.Change.Kind))
		if c.Change.Again { // as its end was told, it is not so since then
			return word + " again, as at", c.Change.Since
		}
		return word + " since", c.Change.Since
	case c.Change == nil && c.Told != nil:
		return strings.ToLower(kindWord(c.Told.Kind)) + " since", c.Told.Since
	}
	return "", time.Time{}
}

// SinceIn is what follows the label of a class where Since has something to say.
func SinceIn(c *digest.Class, zone *time.Location) string {
	word, at := Since(c)
	if word == "" {
		return ""
	}
	return ", " + word + " " + at.In(cmp.Or(zone, time.UTC)).Format("15:04")
}

// Badged is the badge with a space after it, or empty.
func Badged(c *digest.Class) string { return withSpace(Badge(c)) }

func withSpace(word string) string {
	if word == "" {
		return ""
	}
	return word + " "
}

// InOrder returns the classes in the order of a digest: the leading changes
// first, and each part by its rank.
func InOrder(r *digest.Report) []*digest.Class {
	out := make([]*digest.Class, len(r.Classes))
	for i := range r.Classes {
		out[i] = &r.Classes[i]
	}
	slices.SortStableFunc(out, func(a, b *digest.Class) int {
		if a.Leads() != b.Leads() {
			return map[bool]int{true: -1, false: 1}[a.Leads()]
		}
		return cmp.Compare(a.Rank, b.Rank)
	})
	return out
}

// InFull returns up to n of the classes, for a chat to show with their statements: the
// one that is most of an incident, and those that lead or, where none does and no incident
// is of many, the first that is new. What is as it was is not, but for the one with the most
// time where it is not known what is new.
func InFull(r *digest.Report, classes []*digest.Class, n int) []*digest.Class {
	var out []*digest.Class
	if c := mostOfIncident(r, classes); c != nil {
		out = append(out, c)
	}
	for _, c := range classes {
		if c.Leads() && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	if out == nil && r.Past != nil && r.Past.Incident != nil && r.Past.Incident.Slower+r.Past.Incident.Busier > 0 {
		return nil // it is not a query
	}
	if out == nil {
		out = firstChanged(classes)
	}
	if top := Top(classes); top != nil && out == nil && (r.Past == nil || r.Past.Learning) {
		out = append(out, top)
	}
	return out[:min(len(out), n)]
}

// firstChanged returns the class of the highest rank of those of which is said that they are new
// or worse, or nothing.
func firstChanged(classes []*digest.Class) []*digest.Class {
	for _, c := range classes { // by their ranks, as none leads
		if Badge(c) != "" && c.Change.Kind != digest.Better {
			return []*digest.Class{c}
		}
	}
	return nil
}

// mostOfIncident returns the class that is most of an incident, or nil.
func mostOfIncident(r *digest.Report, classes []*digest.Class) *digest.Class {
	if r.Past == nil || r.Past.Incident == nil || r.Past.Incident.Class == "" {
		return nil
	}
	for _, c := range classes {
		if c.ID == r.Past.Incident.Class {
			return c
		}
	}
	return nil
}

// Top returns the class of the highest rank, whatever changed, or nil.
func Top(classes []*digest.Class) *digest.Class {
	if len(classes) == 0 {
		return nil
	}
	return slices.MinFunc(classes, func(a, b *digest.Class) int { return cmp.Compare(a.Rank, b.Rank) })
}

// Without returns the classes that are not among the others.
func Without(classes, others []*digest.Class) []*digest.Class {
	var out []*digest.Class
	for _, c := range classes {
		if !slices.Contains(others, c) {
			out = append(out, c)
		}
	}
	return out
}

// changeCounts counts what changed, also of classes that the report does not show.
func changeCounts(r *digest.Report) map[digest.ChangeKind]int {
	counts := map[digest.ChangeKind]int{}
	for i := range r.Classes {
		if c := r.Classes[i].Change; c != nil && c.Since.IsZero() && !c.Common {
			counts[c.Kind]++
		}
	}
	if p := r.Past; p != nil {
		counts[digest.New] = max(counts[digest.New], p.New)
		counts[digest.Worse] = max(counts[digest.Worse], p.Worse)
		counts[digest.Back] = max(counts[digest.Back], p.Back)
		counts[digest.Better] = max(counts[digest.Better], p.Better)
		counts[digest.Gone], counts[digest.Fixed] = len(p.Gone), len(p.Fixed)
	}
	return counts
}

// changeCount says how much changed, such as "1 new, 2 worse". It is empty where
// that cannot be known.
func changeCount(r *digest.Report) string {
	counts := changeCounts(r)
	var out []string
	for _, kind := range []digest.ChangeKind{digest.New, digest.Worse, digest.Back} {
		if n := counts[kind]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, strings.ToLower(string(kind))))
		}
	}
	if n := len(endedClasses(r)); n > 0 {
		out = append(out, fmt.Sprintf("%d back to usual", n))
	}
	for _, kind := range []digest.ChangeKind{digest.Better, digest.Gone, digest.Fixed} {
		if n := counts[kind]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, strings.ToLower(string(kind))))
		}
	}
	if farBelow(r) {
		out = append(out, "far less time than usual")
	}
	if c := longCall(r); c != nil {
		out = append(out, "one call of "+Duration(c.QueryTime.Max))
	}
	known := r.Past != nil && !r.Past.Learning && (r.Past.Regrouped == nil || r.Past.Regrouped.Unseen == 0)
	if out == nil && known && silent(r) == "" && r.Past.Incident == nil && r.Past.EndedIncident == nil && !Incomplete(r) && r.Overall.Calls > 0 {
		return "nothing new"
	}
	return strings.Join(out, ", ")
}

// News reports whether a digest is more than that nothing is new: it tells a day, has
// details, it is not known what is usual, or most of that is not there. That there was no slow
// query is none.
func News(r *digest.Report) bool {
	return day(r) != "" || r.Past != nil && r.Past.Learning && r.Overall.Calls > 0 || farBelow(r) || goesOn(r) || fellSilent(r) || len(fixedClasses(r)) > 0 || Details(r)
}

// fellSilent reports whether an instance that is usually busy logs nothing, and did in the hour before.
func fellSilent(r *digest.Report) bool {
	_, idle := ranAndIdle(r)
	return slices.ContainsFunc(idle, func(t digest.InstanceTotal) bool { return t.Stopped })
}

// Details reports whether a digest says something that is not as it was, or has to be said
// before the numbers: then it is read whole, and else a few lines will do. While it is not
// known what is usual, only the first digest has all. That it tells a day takes no details, nor
// does an incident that was told in an hour before.
func Details(r *digest.Report) bool {
	said := 0
	if goesOn(r) {
		said = 1 // of the notices
	}
	if r.Past == nil || firstEver(r) || Incomplete(r) || len(r.Coverage.Notes)+len(Notices(r)) > said || len(caveats(r)) > 0 || len(r.Past.Gone)+len(r.Past.Ended) > 0 {
		return true
	}
	if slices.ContainsFunc(r.Past.Minor, func(m digest.Minor) bool { return m.Share >= minorNews }) {
		return true
	}
	return slices.ContainsFunc(r.Classes, func(c digest.Class) bool {
		return c.Leads() || c.Change != nil && c.Change.Kind == digest.Better
	})
}

// goesOn reports whether the hour is one of an incident that began before it.
func goesOn(r *digest.Report) bool {
	return r.Past != nil && r.Past.Incident != nil && !r.Past.Incident.Since.IsZero() && r.Past.Incident.Since.Before(r.Window.Start)
}

// minorNews is the share of the time from which on classes that do not lead are news
// together: that which one of them would lead with.
const minorNews = 0.01

// Leading returns the classes that a message names for their changes, in their order: the
// first of those that lead.
func Leading(r *digest.Report) []*digest.Class {
	return firstOf(r, maxLeading, (*digest.Class).Leads)
}

// better returns those that a message names as BETTER.
func better(r *digest.Report) []*digest.Class {
	return firstOf(r, maxMinor, func(c *digest.Class) bool { return c.Change != nil && c.Change.Kind == digest.Better })
}

func firstOf(r *digest.Report, n int, is func(*digest.Class) bool) []*digest.Class {
	var out []*digest.Class
	for _, c := range InOrder(r) {
		if is(c) && len(out) < n {
			out = append(out, c)
		}
	}
	return out
}

// InHead reports whether the head of a message says what changed about a class, and what of
// its numbers it says.
func InHead(r *digest.Report, c *digest.Class) (Said, bool) {
	if !slices.Contains(Leading(r), c) && !slices.Contains(better(r), c) {
		return Said{}, false
	}
	x := c.Change
	took := x.Kind == digest.New || x.Kind == digest.Back
	return Said{Time: took || x.Of == "query_time" && x.MeanOf <= 1 && x.Kind != digest.Better, Calls: took, P95: x.Of == "p95" || x.P95 != nil}, true
}

// Change is a line about a class that is not as it was. Evidence may be empty,
// and Word is empty in a line that counts the changes that are not listed.
type Change struct{ Word, What, Evidence string }

// Label is the word with a space after it, or empty.
func (x Change) Label() string { return withSpace(x.Word) }

// String is the line after its word.
func (x Change) String() string {
	if x.Evidence == "" {
		return x.What
	}
	return x.What + ": " + x.Evidence
}

// The most lines of leading changes, and of each kind of minor ones.
const (
	maxLeading = 5
	maxMinor   = 3
)

// Changes lists what changed: the leading changes first, then, in fewer words, those of
// a small share, what is as usual again, what became better, what is gone and what is fixed.
func Changes(r *digest.Report) []Change {
	var leading []*digest.Class
	var minor, ended, better, gone, fixed []Change
	for _, c := range InOrder(r) {
		switch {
		case c.Change == nil:
		case c.Leads() && c == mostOfIncident(r, []*digest.Class{c}): // the notice says it
		case c.Leads():
			leading = append(leading, c)
		case c.Change.Kind == digest.Better && c.Change.Median > 0:
			better = append(better, changeOf(r, c, Duration(c.Change.Now)+" per hour, usually "+Duration(c.Change.Median)))
		case c.Change.Kind == digest.Better:
			better = append(better, changeOf(r, c, changeEvidence(c)))
		}
	}
	if r.Past != nil {
		for _, m := range r.Past.Minor {
			minor = append(minor, minorChange(m))
		}
		for _, e := range endedClasses(r) {
			ended = append(ended, endedChange(r, e))
		}
		for _, g := range r.Past.Gone {
			gone = append(gone, Change{string(digest.Gone), withID(g.Label, g.ID), lastSeen(g)})
		}
		for _, f := range fixedClasses(r) {
			fixed = append(fixed, Change{string(digest.Fixed), endedName(r, f.ID, f.Fingerprint, f.Label), FixedEvidence(f)})
		}
	}
	return slices.Concat(leadingOf(r, leading), minor, atMost(ended, maxMinor, 0),
		atMost(better, maxMinor, changeCounts(r)[digest.Better]-len(better)), atMost(gone, maxMinor, 0), atMost(fixed, maxMinor, 0))
}

// leadingOf cuts the leading changes to the first, and counts the others that the title does: also those
// beyond the limit of the report.
func leadingOf(r *digest.Report, leading []*digest.Class) []Change {
	counts, shares := changeCounts(r), map[digest.ChangeKind]float64{}
	if r.Past != nil {
		for _, m := range r.Past.Minor { // have a line of their own
			counts[m.Kind] -= m.Classes
		}
		maps.Copy(shares, r.Past.Leading)
	}
	told := leading[:min(maxLeading, len(leading))]
	var out []Change
	for _, c := range told {
		out = append(out, changeOf(r, c, lineEvidence(r, c)))
	}
	if c := mostOfIncident(r, InOrder(r)); c != nil && c.Leads() { // the notice says it
		told = append(slices.Clone(told), c)
	}
	for _, c := range told {
		counts[c.Change.Kind]--
		shares[c.Change.Kind] -= c.Share
	}
	var more []string
	for _, kind := range []digest.ChangeKind{digest.New, digest.Worse, digest.Back} {
		if counts[kind] > 0 {
			more = append(more, fmt.Sprintf("%d more %s", counts[kind], strings.ToLower(string(kind)))+together(shares[kind], counts[kind]))
		}
	}
	if more == nil {
		return out
	}
	return append(out, Change{What: "and " + strings.Join(more, ", ")})
}

// together is the share of so many classes in parentheses, or empty where it is not known.
func together(share float64, classes int) string {
	switch {
	case share < 0.0005:
		return ""
	case classes == 1:
		return " (" + Percent(share) + ")"
	}
	return " (" + Percent(share) + " together)"
}

func changeOf(r *digest.Report, c *digest.Class, evidence string) Change {
	return Change{Badge(c), fmt.Sprintf("#%d %s%s", c.Rank, c.Label, OnInstances(r, c)+OwnedBy(c)), evidence}
}

// backToUsual is the word for a class that is not WORSE any more.
const backToUsual = string(digest.BackToUsual)

// endedClasses are those that are not WORSE any more, but for the one that was most of an
// incident, of which the notice says it.
func endedClasses(r *digest.Report) []digest.Ended {
	if r.Past == nil {
		return nil
	}
	over := r.Past.EndedIncident
	return slices.DeleteFunc(slices.Clone(r.Past.Ended), func(e digest.Ended) bool { return over != nil && e.ID == over.Of })
}

func endedChange(r *digest.Report, e digest.Ended) Change {
	return Change{backToUsual, endedName(r, e.ID, e.Fingerprint, ""), "worse from " + window(digest.Window{Start: e.From, End: e.To})}
}

// endedName names a class that the report need not list.
func endedName(r *digest.Report, id, fingerprint, label string) string {
	if c := classOf(r, id); c != nil {
		return fmt.Sprintf("#%d %s%s", c.Rank, c.Label, OnInstances(r, c)+OwnedBy(c))
	}
	if fingerprint == "" {
		return withID(label, id)
	}
	return nameOf(digest.MinorClass{Fingerprint: fingerprint}) + " " + redact.ShortID(id)
}

func fixedClasses(r *digest.Report) []digest.FixedClass {
	if r.Past == nil {
		return nil
	}
	return r.Past.Fixed
}

// nameOf is the label of a class that need not be among those of the report.
func nameOf(c digest.MinorClass) string {
	if c.Fingerprint == "" {
		return cmp.Or(c.Label, redact.ShortID(c.ID))
	}
	return redact.Name(&digest.Class{ID: c.ID, Fingerprint: redact.ForCLI(c.Fingerprint), Form: c.Form})
}

// withID is a class that is not among those of the report, by its label, if that is known, and ID.
func withID(label, id string) string { return strings.TrimSpace(label + " " + redact.ShortID(id)) }

// minorChange sums up the classes of a kind that do not lead, the first of them named.
func minorChange(m digest.Minor) Change {
	what := Plural(int64(m.Classes), "class", "classes") + ", " + Percent(m.Share)
	if m.Classes > 1 {
		what += " together"
	}
	if m.Instance != "" {
		what += ", mostly on " + instanceName(m.Instance)
	}
	if len(m.First) == 0 { // none is within the limit
		return Change{Word: kindWord(m.Kind), What: what}
	}
	return Change{kindWord(m.Kind), what, minorNames(m.First[:min(maxMinor, len(m.First))], m.Classes)}
}

// minorNames names classes, of so many, each name once.
func minorNames(some []digest.MinorClass, of int) string {
	var first []string
	for _, c := range some {
		name := nameOf(c)
		if !slices.Contains(first, name) {
			first = append(first, name)
		}
	}
	named := strings.Join(first, ", ")
	if more := of - len(first); more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return named
}

// Unlisted names the classes of minor changes that neither Changes nor the classes of the
// report name, for a message of its own, in so many characters. Else it is empty.
func Unlisted(r *digest.Report, n int) string {
	if r.Past == nil {
		return ""
	}
	var out []string
	for _, m := range r.Past.Minor {
		rest, left := m.First[min(maxMinor, len(m.First)):], m.Classes-min(maxMinor, len(m.First))
		rest = slices.DeleteFunc(slices.Clone(rest), func(c digest.MinorClass) bool {
			return slices.ContainsFunc(r.Classes, func(listed digest.Class) bool { return listed.ID == c.ID })
		})
		left -= len(m.First) - min(maxMinor, len(m.First)) - len(rest)
		for ; len(rest) > 0; rest = rest[:len(rest)-1] {
			if s := "Also " + strings.ToLower(kindWord(m.Kind)) + ": " + minorNames(rest, left) + "."; utf8.RuneCountInString(s) <= n {
				out = append(out, s)
				break
			}
		}
	}
	return strings.Join(out, " ")
}

// atMost cuts a list to n lines, and one that counts those left out or, if it is one, names it; so
// many that are BETTER and that the report does not show count, too.
func atMost(all []Change, n, better int) []Change {
	if n = min(n, len(all)); len(all) == n && better <= 0 {
		return all
	}
	if len(all) == n+1 && better <= 0 {
		return append(slices.Clone(all[:n]), Change{Word: all[n].Word, What: all[n].What})
	}
	words := map[string]int{"better": max(better, 0)}
	for _, x := range all[n:] {
		words[strings.ToLower(x.Word)]++
	}
	var more []string
	for _, w := range []string{"back to usual", "better", "gone", "fixed"} {
		if words[w] > 0 {
			more = append(more, fmt.Sprintf("%d more %s", words[w], w))
		}
	}
	return append(slices.Clone(all[:n]), Change{What: "and " + strings.Join(more, ", ")})
}
