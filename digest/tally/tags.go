package tally

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"slowdigest/parser/tags"
)

const (
	// maxValues bounds the values of a key that a class counts one by one: each that has more than this
	// part of the time of the key is among them.
	maxValues = 128
	// Room is for how many values the classes of an Aggregator have room together. When it is used up, each
	// key of a class keeps one.
	Room = 50_000
	// shown is how many values of a key a report names.
	shown = 20
)

// Others stands for the values of a key that are not counted, or named, one by one.
const Others = "(others)"

// Count states what calls with a tag came to, at least: a call with several counts for each.
type Count struct {
	Key       string  `json:"key"`
	Value     string  `json:"value"` // or Others, which are all the other calls with the key
	Calls     int64   `json:"calls"`
	QueryTime float64 `json:"query_time"` // seconds, all calls together
}

// May reports whether others may see the key and the value: see tags.May.
func (c Count) May() bool {
	return tags.IsKey(c.Key) && (c.Value == Others || tags.May(c.Value))
}

// Tags counts the tags of the calls of a class: of each key all calls and their time, and those of the
// values on which most time was spent.
type Tags struct{ keys []key }

type key struct {
	name   string
	calls  int64
	values Heavy[string, int64] // microseconds, and calls since it is kept
}

// Add counts calls that took some microseconds together. Of no tags it changes nothing; nil has none. What is
// kept in addition is taken from room.
func (t *Tags) Add(found []tags.Tag, calls int64, us uint64, room *int) *Tags {
	if len(found) == 0 {
		return t
	}
	if t == nil {
		t = new(Tags)
	}
	for _, tag := range found {
		k := t.key(tag.Key)
		k.calls += calls
		had := len(k.values.Items)
		if v, _ := k.values.Add(tag.Value, us, mostValues(had, *room)); v != nil {
			v.Value += calls
		}
		*room -= len(k.values.Items) - had
	}
	return t
}

// mostValues returns how many values a key may have that has so many.
func mostValues(have, room int) int { return min(max(1, have+max(0, room)), maxValues) }

// key returns that of a name.
func (t *Tags) key(name string) *key {
	for i := range t.keys {
		if t.keys[i].name == name {
			return &t.keys[i]
		}
	}
	t.keys = append(t.keys, key{name: name})
	return &t.keys[len(t.keys)-1]
}

// Merge adds what from has counted, which stays as it is. What is kept in addition is taken from room.
func (t *Tags) Merge(from *Tags, room *int) *Tags {
	if from == nil {
		return t
	}
	if t == nil {
		t = new(Tags)
	}
	for i := range from.keys {
		other := &from.keys[i]
		k := t.key(other.name)
		k.calls += other.calls
		had := len(k.values.Items)
		k.values.Merge(&other.values, mostValues(had, *room), strings.Compare, func(to *int64, from int64) { *to += from })
		*room -= len(k.values.Items) - had
	}
	return t
}

// Kept returns how many values are counted one by one.
func (t *Tags) Kept() (n int) {
	if t != nil {
		for i := range t.keys {
			n += len(t.keys[i].values.Items)
		}
	}
	return n
}

// Counts states the tags of each key, that of tags.Code first and the others by their name: those with
// the most time that is certain, 20 at most, and after them all others. Nil of none.
func (t *Tags) Counts() []Count {
	if t == nil {
		return nil
	}
	keys := slices.Clone(t.keys)
	slices.SortFunc(keys, func(x, y key) int {
		return cmp.Or(cmp.Compare(one(y.name == tags.Code), one(x.name == tags.Code)), cmp.Compare(x.name, y.name))
	})
	var out []Count
	for _, k := range keys {
		rest := Count{k.name, Others, k.calls, 0}
		us := k.values.Total
		values := slices.Clone(k.values.Items)
		slices.SortFunc(values, func(x, y Item[string, int64]) int {
			return cmp.Or(cmp.Compare(y.Amount-y.Over, x.Amount-x.Over), cmp.Compare(y.Value, x.Value), cmp.Compare(x.Key, y.Key))
		})
		for _, v := range values[:min(shown, len(values))] {
			out = append(out, Count{k.name, v.Key, v.Value, seconds(v.Amount - v.Over)})
			rest.Calls, us = rest.Calls-v.Value, us-(v.Amount-v.Over)
		}
		if rest.QueryTime = seconds(us); rest.Calls > 0 {
			out = append(out, rest)
		}
	}
	return out
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func seconds(us uint64) float64 { return float64(us) / 1e6 }

// StoredKey is what Tags holds of a key that its Counts do not tell.
type StoredKey struct {
	Key    string                 `json:"key"`
	Calls  int64                  `json:"calls"`
	Values *Stored[string, int64] `json:"values"`
}

// Store returns what it takes in addition to Counts to have the Tags again: the keys of which these do not name
// all values.
func (t *Tags) Store() []StoredKey {
	if t == nil {
		return nil
	}
	var out []StoredKey
	for i := range t.keys {
		k, calls := &t.keys[i], int64(0)
		for _, v := range k.values.Items {
			calls += v.Value
		}
		if calls != k.calls || len(k.values.Items) > shown {
			out = append(out, StoredKey{k.name, k.calls, k.values.Store()})
		}
	}
	slices.SortFunc(out, func(x, y StoredKey) int { return cmp.Compare(x.Key, y.Key) })
	return out
}

// Restore returns the Tags whose Store and Counts these are.
func Restore(stored []StoredKey, counts []Count) *Tags {
	var t *Tags
	room := Room
	for _, c := range counts {
		if !slices.ContainsFunc(stored, func(s StoredKey) bool { return s.Key == c.Key }) {
			t = t.Add([]tags.Tag{{Key: c.Key, Value: c.Value}}, c.Calls, uint64(math.Round(c.QueryTime*1e6)), &room)
		}
	}
	for _, s := range stored {
		if t == nil {
			t = new(Tags)
		}
		if s.Values != nil {
			k := t.key(s.Key)
			k.calls, k.values = s.Calls, s.Values.Restore(maxValues)
		}
	}
	return t
}
