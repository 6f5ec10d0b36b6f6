package redact

import (
	"maps"
	"slices"
	"strings"

	"slowdigest/digest"
)

// ForAgents is Of for those who take instructions in words, and might take them from a log: each
// name in it that is no plain identifier or address is replaced by SafeName, also within a statement.
// Nothing that anybody could write who may log in to a database arrives as he wrote it.
func ForAgents(r *digest.Report) Report {
	in := *r
	in.Instances = each(r.Instances, SafeName)
	in.Overall.ByInstance = slices.Clone(r.Overall.ByInstance)
	for i := range in.Overall.ByInstance {
		in.Overall.ByInstance[i].Instance = SafeName(in.Overall.ByInstance[i].Instance)
	}
	in.Coverage = coverageForAgents(r.Coverage)
	in.Classes = slices.Clone(r.Classes)
	for i := range in.Classes {
		classForAgents(&in.Classes[i])
	}
	if _, err := digest.ParseOrderBy(string(r.OrderBy)); err != nil {
		in.OrderBy = ""
	}
	if _, err := digest.ParseBy(string(r.By)); err != nil {
		in.By = digest.ByClass
	}
	in.Past = pastForAgents(r.Past)
	in.Filter, in.Detail = filterForAgents(r.Filter), nil // which is for charts
	out := Of(&in)
	out.digest.Coverage.Gaps = in.Coverage.Gaps // without the names of files
	return out
}

// Sentence is a sentence of ours on a window or an instance, which may quote names, as
// ForAgents has it.
func Sentence(s string) string { return sentence(s) }

func classForAgents(c *digest.Class) {
	c.Slowest, c.Tables = nil, nil // a file is for who reads it, and tables are in the fingerprint
	c.Fingerprint = names(c.Fingerprint)
	if c.Group != nil {
		g := *c.Group
		g.Name, g.Queries = SafeName(g.Name), slices.Clone(g.Queries)
		for i := range g.Queries {
			g.Queries[i].Fingerprint = names(g.Queries[i].Fingerprint)
		}
		c.Group = &g
	}
	c.Users, c.Hosts = callsForAgents(c.Users), callsForAgents(c.Hosts)
	c.Schemas, c.Instances = callsForAgents(c.Schemas), callsForAgents(c.Instances)
	c.HostNetwork, c.HostOutside = SafeName(c.HostNetwork), SafeName(c.HostOutside)
	c.Owners = slices.Clone(c.Owners)
	for i := range c.Owners {
		c.Owners[i] = digest.Owner{Name: safeTag(c.Owners[i].Name)}
	}
	if c.Change != nil && c.Change.Release != nil {
		x := *c.Change
		x.Release = releaseForAgents(x.Release)
		c.Change = &x
	}
	c.Tags = slices.Clone(c.Tags)
	for i := range c.Tags {
		c.Tags[i].Key, c.Tags[i].Value = SafeName(c.Tags[i].Key), safeTag(c.Tags[i].Value)
	}
	c.Plans = c.Plans.Checked(planNameForAgents)
	c.ByInstance = slices.Clone(c.ByInstance)
	for i := range c.ByInstance {
		c.ByInstance[i].Instance = SafeName(c.ByInstance[i].Instance)
	}
}

// PlanDiffForAgents is a difference of plans as ForAgents has them; nil of nil.
func PlanDiffForAgents(p *digest.PlanDiff) *digest.PlanDiff {
	if p == nil {
		return nil
	}
	return &digest.PlanDiff{Before: p.Before.Checked(planNameForAgents), After: p.After.Checked(planNameForAgents), BeforeCalls: p.BeforeCalls, AfterCalls: p.AfterCalls}
}

// planNameForAgents is SafeName of a name in which, as in a fingerprint, a question mark stands for digits.
func planNameForAgents(s string) string {
	if isUsualWord(s) {
		return s
	}
	return SafeName(s)
}

func pastForAgents(p *digest.Past) *digest.Past {
	if p == nil {
		return nil
	}
	out := *p
	out.News = each(p.News, sentence)
	out.Gone, out.Ended, out.Muted = slices.Clone(p.Gone), slices.Clone(p.Ended), slices.Clone(p.Muted)
	out.Fixed = slices.Clone(p.Fixed)
	for i := range out.Fixed {
		f := &out.Fixed[i]
		f.Fingerprint, f.Label, f.Release = names(f.Fingerprint), RememberedLabel(f.Label), releaseForAgents(f.Release)
	}
	for i := range out.Gone {
		out.Gone[i].Label = RememberedLabel(out.Gone[i].Label)
	}
	for i := range out.Ended {
		out.Ended[i].Fingerprint = names(out.Ended[i].Fingerprint)
	}
	for i := range out.Muted {
		out.Muted[i].Fingerprint, out.Muted[i].By = names(out.Muted[i].Fingerprint), SafeName(out.Muted[i].By)
	}
	out.Minor = minorForAgents(p.Minor)
	out.EndedIncident = endedForAgents(p.EndedIncident)
	if p.Incident != nil {
		x := *p.Incident
		x.Instance = SafeName(x.Instance)
		out.Incident = &x
	}
	if p.Day != nil {
		d := *p.Day
		d.Told, d.Incidents = minorForAgents(d.Told), slices.Clone(d.Incidents)
		for i := range d.Incidents {
			d.Incidents[i] = *endedForAgents(&d.Incidents[i])
		}
		out.Day = &d
	}
	return &out
}

// releaseForAgents names a release so that no instruction can stand in it.
func releaseForAgents(r *digest.Release) *digest.Release {
	if r == nil {
		return nil
	}
	out := *r
	out.Name = safeTag(r.Name)
	return &out
}

func minorForAgents(all []digest.Minor) []digest.Minor {
	all = slices.Clone(all)
	for i := range all {
		all[i].Instance = SafeName(all[i].Instance)
		all[i].First = slices.Clone(all[i].First)
		for k := range all[i].First {
			c := &all[i].First[k]
			c.Fingerprint, c.Label = names(c.Fingerprint), RememberedLabel(c.Label)
		}
	}
	return all
}

func endedForAgents(x *digest.EndedIncident) *digest.EndedIncident {
	if x == nil {
		return nil
	}
	out := *x
	out.Label = RememberedLabel(x.Label)
	return &out
}

func coverageForAgents(c digest.Coverage) digest.Coverage {
	c.Notes, c.Without, c.Unknown = each(c.Notes, sentence), each(c.Without, SafeName), each(c.Unknown, SafeName)
	c.Gaps = slices.Clone(c.Gaps)
	for i := range c.Gaps {
		c.Gaps[i].Instance, c.Gaps[i].File = SafeName(c.Gaps[i].Instance), ""
	}
	return c
}

func filterForAgents(f *digest.Filter) *digest.Filter {
	if f == nil {
		return nil
	}
	out := *f
	out.Users, out.Hosts, out.Schemas = each(f.Users, SafeName), each(f.Hosts, SafeName), each(f.Schemas, SafeName)
	out.Expression, out.Where = SafeName(f.Expression), nil
	out.MinTimes = map[string]float64{}
	for instance, least := range f.MinTimes {
		out.MinTimes[SafeName(instance)] = least
	}
	out.Tags = tagValues(f.Tags, safeTag)
	return &out
}

// safeTag is SafeName of the value of a tag, which may consist of several identifiers.
func safeTag(value string) string {
	parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune("/:#@+", r) })
	if len(value) > MaxName || value != digest.OtherNames && slices.ContainsFunc(parts, func(p string) bool { return SafeName(p) != p }) {
		return hashed(value)
	}
	return value
}

func callsForAgents(in map[string]int64) map[string]int64 {
	out := make(map[string]int64, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		out[SafeName(name)] += in[name]
	}
	return out
}

// each returns what f makes of the texts; nil of none.
func each(in []string, f func(string) string) []string {
	out := slices.Clone(in)
	for i := range out {
		out[i] = f(out[i])
	}
	return out
}
