// Package redact is the border that a report crosses before others read it, in
// a chat or in a file that is handed around. Of makes a Report, which is the only
// type that the renderers for others take and which nothing else can make.
//
// Everything a report names (statements, users, hosts, schemas, instances) is
// hostile input that passed through a database.
package redact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"slowdigest/digest"
)

// The most characters that others see of a name, of a note on the coverage, and of a filter. Of
// what people have remembered they see all that handler/state keeps.
const (
	MaxName         = 64
	MaxCoverageNote = 400
	MaxExpression   = 200 // of a filter
)

// Report is a report as others may see it. The zero value holds none.
type Report struct {
	digest *digest.Report
	key    string
}

// Of copies a report, and in the copy makes every string that came from outside
// clean and short, and withholds it where it may hold a secret. It does not
// change r.
func Of(r *digest.Report) Report {
	out := *r
	out.Instances = texts(r.Instances, MaxName)
	out.Overall.ByInstance = slices.Clone(r.Overall.ByInstance)
	for i := range out.Overall.ByInstance {
		out.Overall.ByInstance[i].Instance = Text(out.Overall.ByInstance[i].Instance, MaxName)
	}
	out.Coverage.Notes, out.Coverage.Gaps = notes(r.Coverage.Notes), nil // gaps name files
	out.Coverage.Unknown = texts(r.Coverage.Unknown, MaxName)
	out.Kept = nil // an archive's
	out.Classes = make([]digest.Class, len(r.Classes))
	for i := range r.Classes {
		c := r.Classes[i]
		if c.Group == nil {
			c.Fingerprint = Statement(c.Fingerprint)
		}
		c.ID = Clean(Cut(c.ID, MaxName))
		c.Users, c.Hosts = callsByName(c.Users), callsByName(c.Hosts)
		c.HostNetwork, c.HostOutside = Text(c.HostNetwork, MaxName), Text(c.HostOutside, MaxName)
		c.Schemas, c.Instances = callsByName(c.Schemas), callsByName(c.Instances)
		c.Tags, c.Plans, c.Kept = Tags(c.Tags), Plans(c.Plans), nil
		if c.Change != nil && c.Change.Release != nil {
			x := *c.Change
			x.Release = release(x.Release)
			c.Change = &x
		}
		c.ByInstance = slices.Clone(c.ByInstance)
		for k := range c.ByInstance {
			c.ByInstance[k].Instance = Text(c.ByInstance[k].Instance, MaxName)
		}
		c.Tables = slices.Clone(c.Tables)
		for k := range c.Tables {
			t := &c.Tables[k]
			t.Schema, t.Name = Text(t.Schema, MaxName), Text(t.Name, MaxName)
		}
		if c.Slowest != nil {
			s := *c.Slowest
			s.File, s.Instance = Text(s.File, MaxCoverageNote), Text(s.Instance, MaxName)
			s.User, s.Host, s.Schema = Text(s.User, MaxName), Text(s.Host, MaxName), Text(s.Schema, MaxName)
			c.Slowest = &s
		}
		c.Note = Text(c.Note, digest.MaxNote)
		c.Owners = Owners(c.Owners)
		out.Classes[i] = c
	}
	if out.By != digest.ByClass {
		Groups(out.By, out.Classes, nameForOthers, Statement)
	} else {
		Label(out.Classes)
	}
	out.Detail = detail(r.Detail)
	out.Releases = nil // are for the history
	out.Past = past(r.Past)
	out.Filter = filter(r.Filter)
	return Report{&out, key(r)}
}

// Digest is the redacted copy. It shares its time lines and changes, which are
// numbers, with the report that it was made of: callers must not change them.
func (r Report) Digest() *digest.Report { return r.digest }

// Key names a digest in eight digits. The same window of the same instances, grouped by the
// same, has the same key wherever and whenever it is made.
func (r Report) Key() string { return r.key }

func key(r *digest.Report) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %s %s", slices.Sorted(slices.Values(r.Instances)), r.Window.Start.UTC(), r.Window.End.UTC())
	if r.By != digest.ByClass {
		fmt.Fprintf(h, " by %s", r.By)
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

func filter(f *digest.Filter) *digest.Filter {
	if f == nil {
		return nil
	}
	out := &digest.Filter{Users: texts(f.Users, MaxName), Hosts: texts(f.Hosts, MaxName), Schemas: texts(f.Schemas, MaxName),
		IDs: texts(f.IDs, MaxName), MinTime: f.MinTime, MinTimes: map[string]float64{}, Expression: Text(f.Expression, MaxExpression)}
	for instance, least := range f.MinTimes {
		out.MinTimes[Text(instance, MaxName)] = least
	}
	out.Tags = tagValues(f.Tags, func(s string) string { return Text(s, MaxName) })
	return out
}

// tagValues makes other keys and values of those of a filter; nil of none.
func tagValues(in map[string][]string, name func(string) string) map[string][]string {
	if in == nil {
		return nil
	}
	out := map[string][]string{}
	for key, values := range in {
		out[name(key)] = each(values, name)
	}
	return out
}

// Tags leaves out what has not the form of a tag, or may hold a secret. The reader of logs lets no such
// thing through, but a report may come from elsewhere. The calls are then among the others of the key.
func Tags(in []digest.TagCount) []digest.TagCount {
	var out []digest.TagCount
	for _, t := range in {
		if t.Value != digest.OtherNames && SecretIn(t.Value) != "" || !t.May() {
			t.Value = digest.OtherNames
		}
		n := len(out) - 1
		switch {
		case !t.May(): // the key
		case t.Value == digest.OtherNames && n >= 0 && out[n].Key == t.Key && out[n].Value == t.Value:
			out[n].Calls, out[n].QueryTime = out[n].Calls+t.Calls, out[n].QueryTime+t.QueryTime
		default:
			out = append(out, t)
		}
	}
	return out
}

// release leaves out what has not the form of one, or may hold a secret.
func release(in *digest.Release) *digest.Release {
	if in == nil {
		return nil
	}
	name, err := digest.CheckRelease(in.Name)
	if err != nil || SecretIn(name) != "" {
		return nil
	}
	out := *in
	out.Name = name
	return &out
}

// Plans leaves of plans known words and names as others may see them, as Tags does of tags.
func Plans(p *digest.Plans) *digest.Plans { return p.Checked(nameForOthers) }

// Plan is Plans of one.
func Plan(p digest.Plan) digest.Plan { return p.Checked(nameForOthers) }

// Owners leaves out what has not the form of an owner, or may hold a secret, and mentions of another
// form than Slack's IDs. The reader of their file lets no such thing through, but a report may come
// from elsewhere.
func Owners(in []digest.Owner) []digest.Owner {
	var out []digest.Owner
	for _, o := range in {
		if !digest.IsMention(o.Mention) {
			o.Mention = ""
		}
		if digest.IsOwner(o.Name) && SecretIn(o.Name) == "" {
			out = append(out, o)
		}
	}
	return out
}

// TagDiffs leaves out what Tags does.
func TagDiffs(in []digest.TagDiff) []digest.TagDiff {
	var out []digest.TagDiff
	for _, t := range in {
		if c := (digest.TagCount{Key: t.Key, Value: t.Value}); c.May() && (t.Value == digest.OtherNames || SecretIn(t.Value) == "") {
			out = append(out, t)
		}
	}
	return out
}

func ids(in []string) []string {
	out := slices.Clone(in)
	for i := range out {
		out[i] = Clean(Cut(out[i], MaxName))
	}
	return out
}

func past(p *digest.Past) *digest.Past {
	if p == nil {
		return nil
	}
	out := *p
	out.Gone, out.Muted, out.Minor = slices.Clone(p.Gone), slices.Clone(p.Muted), slices.Clone(p.Minor)
	cleanMinor(out.Minor)
	if p.Day != nil {
		d := *p.Day
		d.Told, d.Incidents = slices.Clone(d.Told), slices.Clone(d.Incidents)
		for i := range d.Incidents {
			d.Incidents[i] = *ended(&d.Incidents[i])
		}
		cleanMinor(d.Told)
		out.Day = &d
	}
	out.EndedIncident = ended(p.EndedIncident)
	if p.Incident != nil {
		x := *p.Incident
		x.Class, x.Instance = Clean(Cut(x.Class, MaxName)), Text(x.Instance, MaxName)
		out.Incident = &x
	}
	out.Ended = slices.Clone(p.Ended)
	for i := range out.Ended {
		e := &out.Ended[i]
		e.ID, e.Fingerprint = Clean(Cut(e.ID, MaxName)), Statement(e.Fingerprint)
	}
	out.Fixed = slices.Clone(p.Fixed)
	for i := range out.Fixed {
		f := &out.Fixed[i]
		f.ID, f.Label, f.Release = Clean(Cut(f.ID, MaxName)), known(f.Label), release(f.Release)
		if f.Fingerprint != "" {
			f.Fingerprint = Statement(f.Fingerprint)
		}
	}
	for i := range out.Gone {
		g := &out.Gone[i]
		g.ID, g.Label = Clean(Cut(g.ID, MaxName)), known(g.Label)
	}
	for i := range out.Muted {
		m := &out.Muted[i]
		m.ID, m.Fingerprint = Clean(Cut(m.ID, MaxName)), Statement(m.Fingerprint)
		m.Reason, m.By = Text(m.Reason, digest.MaxReason), Text(m.By, MaxName)
	}
	if p.Regrouped != nil {
		g := *p.Regrouped
		g.Mutes, g.Notes = ids(g.Mutes), ids(g.Notes)
		out.Regrouped = &g
	}
	return &out
}

func cleanMinor(all []digest.Minor) {
	for i := range all {
		m := &all[i]
		m.First, m.Instance = slices.Clone(m.First), Text(m.Instance, MaxName)
		for k := range m.First {
			c := &m.First[k]
			c.ID, c.Fingerprint, c.Label = Clean(Cut(c.ID, MaxName)), Statement(c.Fingerprint), known(c.Label)
		}
	}
}

func ended(x *digest.EndedIncident) *digest.EndedIncident {
	if x == nil {
		return nil
	}
	out := *x
	out.Of, out.Label = Clean(Cut(x.Of, MaxName)), known(x.Label)
	return &out
}

// Text is a name or a note as others may see it, of at most n characters. Hosts
// are named by their IP address, so that alone is no secret here.
func Text(s string, n int) string {
	s = Clean(Cut(s, 4*n))
	if what := SecretIn(s); what != "" {
		return withheld(what)
	}
	return Cut(s, n)
}

// SecretIn names the kind of secret or personal data for which Text would withhold a
// text, such as "an e-mail address"; empty for none.
func SecretIn(s string) string {
	s = Clean(s)
	if namedSecret().MatchString(s) {
		return "a password"
	}
	return secretIn(ipv4().ReplaceAllString(s, ""))
}

// namedSecret is what people write before a password, or another secret with a digit in it.
var namedSecret = onUse(`(?i)\b(password|passwd|passphrase|pwd|secret|token|api[-_]?key)(\s*=\s*|:\s+)[^\s,;]*\d`)

func texts(in []string, n int) []string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		if s = Text(s, n); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func notes(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = withoutSDK(s)
	}
	return texts(out, MaxCoverageNote)
}

// What the AWS SDK says of a call that failed, to the end of the note; and the code of the
// error in it, which is absent where there was no answer.
const sdkError = "operation error "

var sdkCode = onUse(`RequestID: [^,]*, (?:HostID: [^,]*, )?(?:api error )?(\w+):`)

// withoutSDK leaves out of a note what the AWS SDK says, which the log has: a request ID,
// an ARN and the like mean nothing to who reads a chat. Where a hint stands before it that is
// enough; else the code of the error takes its place.
func withoutSDK(note string) string {
	before, sdk, found := strings.Cut(note, sdkError)
	if !found {
		return note
	}
	if i := strings.LastIndex(before, " ("); i >= 0 && !strings.Contains(before[i:], ")") {
		return before[:i]
	}
	service, _, _ := strings.Cut(sdk, ":")
	if code := sdkCode().FindStringSubmatch(sdk); code != nil {
		return before + service + " answered " + code[1] + "."
	}
	return before + service + " did not answer."
}

func callsByName(in map[string]int64) map[string]int64 {
	out := make(map[string]int64, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		out[Text(name, MaxName)] += in[name]
	}
	return out
}

func detail(d *digest.Detail) *digest.Detail {
	if d == nil {
		return nil
	}
	out := *d
	for _, s := range []*[]digest.Slice{&out.Slices.Users, &out.Slices.Hosts, &out.Slices.Schemas, &out.Slices.Instances} {
		*s = sliced(*s)
	}
	return &out
}

// sliced names slices as others may see it. Those that then have one name are one, where the
// first of them was.
func sliced(in []digest.Slice) []digest.Slice {
	out := make([]digest.Slice, 0, len(in))
	at := map[string]int{}
	for _, s := range in {
		s.Name = Text(s.Name, MaxName)
		if i, twice := at[s.Name]; twice {
			out[i].Lines = out[i].Plus(s.Lines)
			continue
		}
		if s.Name != "" {
			at[s.Name] = len(out)
			out = append(out, s)
		}
	}
	return out
}

// Diff is a difference as others may see it. The zero value holds none.
type Diff struct{ digest *digest.Diff }

// OfDiff is Of for a difference between two reports.
func OfDiff(d *digest.Diff) Diff {
	out := *d
	for _, s := range []*digest.Side{&out.Before, &out.After} {
		s.Instances = texts(s.Instances, MaxName)
		s.Coverage.Notes, s.Coverage.Gaps, s.Coverage.Without = notes(s.Coverage.Notes), nil, texts(s.Coverage.Without, MaxName)
		s.Coverage.Unknown = texts(s.Coverage.Unknown, MaxName)
		s.Filter = filter(s.Filter)
	}
	of := func(id, fingerprint *string, group **digest.Group) {
		if *id = Clean(Cut(*id, MaxName)); *group == nil {
			*fingerprint = Statement(*fingerprint)
			return
		}
		g := **group
		g.Name = nameForOthers(g.Name)
		*group = &g
	}
	out.Classes, out.Unlisted = slices.Clone(d.Classes), slices.Clone(d.Unlisted)
	for i := range out.Classes {
		of(&out.Classes[i].ID, &out.Classes[i].Fingerprint, &out.Classes[i].Group)
		if p := out.Classes[i].Plans; p != nil {
			out.Classes[i].Plans = &digest.PlanDiff{Before: Plan(p.Before), After: Plan(p.After), BeforeCalls: p.BeforeCalls, AfterCalls: p.AfterCalls}
		}
		out.Classes[i].Tags = TagDiffs(out.Classes[i].Tags)
	}
	for i := range out.Unlisted {
		of(&out.Unlisted[i].ID, &out.Unlisted[i].Fingerprint, &out.Unlisted[i].Group)
	}
	return Diff{&out}
}

// Digest is the redacted copy.
func (d Diff) Digest() *digest.Diff { return d.digest }

// onUse compiles an expression when it is first asked for. All of these at each start would be half of its time.
func onUse(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
