package notifier

import (
	"maps"
	"regexp"
	"slices"

	"slowdigest/digest"
)

// The most characters that a chat shows of a name, a reason and a note, and how
// many notes.
const (
	maxName   = 64
	maxReason = 200
	maxNote   = 400
	maxNotes  = 8
)

var ipv4 = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)

// forChat is the report as a chat may see it: a copy in which every string that
// came from outside is clean, bounded, and withheld where it may hold a secret.
// The renderers of chats get no other report.
func forChat(r *digest.Report) *digest.Report {
	out := *r
	out.Instances = publicAll(r.Instances, maxName)
	out.Coverage.Notes = publicAll(r.Coverage.Notes, maxNote)
	out.Classes = make([]digest.Class, len(r.Classes))
	for i := range r.Classes {
		c := r.Classes[i]
		c.Fingerprint = publicStatement(c.Fingerprint)
		c.ID = clean(cut(c.ID, 64))
		c.Reasons = publicAll(c.Reasons, maxReason)
		c.Users, c.Hosts = publicNames(c.Users), publicNames(c.Hosts)
		c.Schemas, c.Instances = publicNames(c.Schemas), publicNames(c.Instances)
		c.Timeline, c.Detail = slices.Clone(c.Timeline), nil
		c.Note = public(c.Note, maxReason)
		if c.Change != nil {
			change := *c.Change
			change.Evidence = public(change.Evidence, maxReason)
			c.Change = &change
		}
		out.Classes[i] = c
	}
	out.Detail, out.Past = nil, publicPast(r.Past)
	if r.Filter != nil {
		out.Filter = &digest.Filter{} // the notes of the coverage say which
	}
	return &out
}

func publicPast(p *digest.Past) *digest.Past {
	if p == nil {
		return nil
	}
	out := *p
	out.Gone, out.Muted = slices.Clone(p.Gone), slices.Clone(p.Muted)
	for i := range out.Gone {
		g := &out.Gone[i]
		g.Fingerprint, g.Evidence = publicStatement(g.Fingerprint), public(g.Evidence, maxReason)
		g.ID = clean(cut(g.ID, 64))
	}
	for i := range out.Muted {
		m := &out.Muted[i]
		m.ID, m.Fingerprint, m.Reason, m.By = clean(cut(m.ID, 64)), publicStatement(m.Fingerprint), public(m.Reason, maxReason), public(m.By, maxName)
	}
	return &out
}

// public is a name or a sentence of ours as a chat may see it. Hosts are named
// by their address, so an address alone is no secret here.
func public(s string, most int) string {
	s = clean(cut(s, 4*most))
	if what := secretIn(ipv4.ReplaceAllString(s, "")); what != "" {
		return withheld(what)
	}
	return cut(s, most)
}

func publicAll(in []string, most int) []string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		if s = public(s, most); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func publicNames(in map[string]int64) map[string]int64 {
	out := make(map[string]int64, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		out[public(name, maxName)] += in[name]
	}
	return out
}
