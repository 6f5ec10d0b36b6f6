package ask

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/slack"
	"slowdigest/source"
)

const clusterPrefix = "cluster:"

// Mistake says what is wrong with what a person has written, and what may be meant. It is
// for that person alone.
type Mistake string

func (m Mistake) Error() string { return string(m) }

// Sentence is the mistake as it is told.
func (m Mistake) Sentence() string { return sentence(m) }

// Of returns those of the found instances that may be asked for in a channel: those whose
// digest it gets, or, if it gets none, those of the channel that is the default.
func Of(found []source.Instance, defaults handler.Route, channel string) []source.Instance {
	routes, _ := handler.Routes(found, defaults, false)
	of := func(channel string) []source.Instance {
		i := slices.IndexFunc(routes, func(r handler.Route) bool { return r.Channel == channel })
		if i < 0 {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(found), func(f source.Instance) bool { return !slices.Contains(routes[i].Instances, f.ID) })
	}
	if own := of(channel); own != nil {
		return own
	}
	return of(defaults.Channel)
}

// Select returns those of the instances that the names stand for, in lower case: the name
// of an instance, that of a cluster with cluster: or without, and patterns of both. None
// stand for all. The error is a Mistake if a name stands for none.
func Select(among []source.Instance, names []string) ([]source.Instance, error) {
	if len(among) == 0 {
		return nil, Mistake("no instance is configured for this channel")
	}
	if len(names) == 0 {
		return among, nil
	}
	if err := checkNames(names, among); err != nil {
		return nil, err
	}
	selected := slices.DeleteFunc(slices.Clone(among), func(i source.Instance) bool { return !source.Selects(names, "", i) })
	return selected, nil
}

// checkNames looks at the number of names, at their forms, and, where it is known among
// which instances they are, whether each stands for one.
func checkNames(names []string, among []source.Instance) error {
	if len(names) > slack.MaxNames {
		return Mistake(fmt.Sprintf("%d instances are named, and %d are the most: use a pattern such as orders-*", len(names), slack.MaxNames))
	}
	for _, name := range names {
		if !source.ValidPattern(strings.TrimPrefix(name, clusterPrefix)) {
			return unknown(name, among)
		}
		isOne := func(i source.Instance) bool { return source.Selects([]string{name}, "", i) }
		if among != nil && !slices.ContainsFunc(among, isOne) {
			return unknown(name, among)
		}
	}
	return nil
}

// words are those of the command itself.
var words = []string{"last", string(slack.Mute), string(slack.Unmute), string(slack.Usage)}

// fewNames is how many are told where none is near.
const fewNames = 5

// unknown says that there is no such instance, and what may be meant.
func unknown(name string, among []source.Instance) Mistake {
	if _, err := notifier.ParseDays(name); err == nil {
		return Mistake(fmt.Sprintf("a time comes after `last`: last %s", redact.Cut(redact.Clean(name), redact.MaxName)))
	}
	known := make([]string, 0, len(among))
	for _, i := range among {
		if known = append(known, i.ID); i.Cluster != "" && !slices.Contains(known, clusterPrefix+i.Cluster) {
			known = append(known, clusterPrefix+i.Cluster)
		}
	}
	text := fmt.Sprintf("no instance of this channel is called %q", redact.Cut(redact.Clean(name), redact.MaxName))
	near := Nearest(name, append(known, words...), max(2, len(name)/3))
	switch {
	case len(near) > 0:
		text += "; the nearest: " + strings.Join(near[:min(len(near), 3)], ", ")
	case len(known) > fewNames:
		text += fmt.Sprintf("; there are %s and %d more", strings.Join(known[:fewNames], ", "), len(known)-fewNames)
	case len(known) > 0:
		text += "; there is " + strings.Join(known, ", ")
	default:
		text += "; /slowdigest help shows how to ask"
	}
	return Mistake(text)
}

// Nearest returns those of the words that are at most so many edits from another, the
// nearest first.
func Nearest(word string, among []string, most int) []string {
	type near struct {
		word  string
		edits int
	}
	var all []near
	for _, w := range among {
		if n := edits(word, w); n <= most {
			all = append(all, near{w, n})
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.edits, b.edits) })
	var out []string
	for _, n := range all {
		out = append(out, n.word)
	}
	return out
}

// edits returns how many bytes have to be put in, taken out or replaced to make b
// of a: their Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
