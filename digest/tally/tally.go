// Package tally counts calls and their time by tag, in bounded memory.
package tally

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"slowdigest/parser/tags"
)

const (
	// maxNamed bounds the tags of a class that are counted one by one, over all keys: each that
	// has more than this part of the time of all its tags is among them.
	maxNamed = 64
	// few are looked at one after the other.
	few = 8
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

// Tags counts the tags of the calls of a class. A tag that comes when there is no room may have had
// as much time as any that is not kept, and takes the place of the least one if that makes it more
// ("space-saving"); so each has its calls, and its time less over, at least. Of each key all calls
// are known.
type Tags struct {
	named  []named
	index  map[tags.Tag]uint8 // nil up to few
	keys   []total
	unkept uint64 // microseconds; no tag that is not kept has more
}

type named struct {
	tag      tags.Tag
	calls    int64
	us, over uint64 // microseconds
}

type total struct {
	key   string
	calls int64
	us    uint64
}

// Add counts calls that took some microseconds together. Of no tags it changes nothing; nil has none.
func (t *Tags) Add(found []tags.Tag, calls int64, us uint64) *Tags {
	if len(found) == 0 {
		return t
	}
	if t == nil {
		t = new(Tags)
	}
	for _, tag := range found {
		t.addKey(total{tag.Key, calls, us})
		if i := t.find(tag); i >= 0 {
			n := &t.named[i]
			n.calls, n.us = n.calls+calls, n.us+us
			continue
		}
		t.put(named{tag, calls, t.unkept + us, t.unkept})
	}
	return t
}

func (t *Tags) addKey(k total) {
	for i := range t.keys {
		if to := &t.keys[i]; to.key == k.key {
			to.calls, to.us = to.calls+k.calls, to.us+k.us
			return
		}
	}
	t.keys = append(t.keys, k)
}

// find returns where a tag is, or -1.
func (t *Tags) find(tag tags.Tag) int {
	if t.index != nil {
		if i, found := t.index[tag]; found {
			return int(i)
		}
		return -1
	}
	for i := range t.named {
		if t.named[i].tag == tag {
			return i
		}
	}
	return -1
}

// put keeps a tag if there is room, or in the place of the one with the least time.
func (t *Tags) put(n named) {
	at := len(t.named)
	if at < maxNamed {
		t.named = append(t.named, n)
	} else {
		at = 0
		for i := range t.named {
			if t.named[i].us < t.named[at].us {
				at = i
			}
		}
		if n.us <= t.named[at].us {
			t.unkept = max(t.unkept, n.us)
			return
		}
		t.unkept = max(t.unkept, t.named[at].us)
		delete(t.index, t.named[at].tag)
		t.named[at] = n
	}
	switch {
	case t.index != nil:
		t.index[n.tag] = uint8(at)
	case at == few:
		t.index = make(map[tags.Tag]uint8, maxNamed)
		for i := range t.named {
			t.index[t.named[i].tag] = uint8(i)
		}
	}
}

// Merge adds what from has counted, which stays as it is. A tag that one of them does not keep may have had its
// unkept time there.
func (t *Tags) Merge(from *Tags) *Tags {
	if from == nil {
		return t
	}
	if t == nil {
		t = new(Tags)
	}
	for _, k := range from.keys {
		t.addKey(k)
	}
	all := slices.Clone(t.named)
	for i := range all {
		all[i].us, all[i].over = all[i].us+from.unkept, all[i].over+from.unkept
	}
	for _, n := range from.named {
		if i := t.find(n.tag); i >= 0 {
			to := &all[i]
			to.calls, to.us, to.over = to.calls+n.calls, to.us+n.us-from.unkept, to.over+n.over-from.unkept
			continue
		}
		all = append(all, named{n.tag, n.calls, n.us + t.unkept, n.over + t.unkept})
	}
	t.unkept += from.unkept
	if len(all) > maxNamed {
		slices.SortFunc(all, func(x, y named) int { return cmp.Or(cmp.Compare(y.us, x.us), compare(x.tag, y.tag)) })
		t.unkept = max(t.unkept, all[maxNamed].us)
		all = all[:maxNamed]
	}
	t.named, t.index = nil, nil
	for _, n := range all {
		t.put(n)
	}
	return t
}

func compare(x, y tags.Tag) int {
	return cmp.Or(cmp.Compare(one(y.Key == tags.Code), one(x.Key == tags.Code)), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Value, y.Value))
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Counts states the tags of each key, that of tags.Code first and the others by their name: those with
// the most time that is certain, 20 at most, and after them all others. Nil of none.
func (t *Tags) Counts() []Count {
	if t == nil {
		return nil
	}
	all := slices.Clone(t.named)
	slices.SortFunc(all, func(x, y named) int {
		if x.tag.Key == y.tag.Key {
			return cmp.Or(cmp.Compare(y.us-y.over, x.us-x.over), cmp.Compare(y.calls, x.calls), cmp.Compare(x.tag.Value, y.tag.Value))
		}
		return compare(x.tag, y.tag)
	})
	keys := slices.Clone(t.keys)
	slices.SortFunc(keys, func(x, y total) int { return compare(tags.Tag{Key: x.key}, tags.Tag{Key: y.key}) })
	var out []Count
	for _, k := range keys {
		n := 0
		for len(all) > 0 && all[0].tag.Key == k.key {
			if x := all[0]; n < shown {
				out = append(out, Count{k.key, x.tag.Value, x.calls, seconds(x.us - x.over)})
				k.calls, k.us = k.calls-x.calls, k.us-(x.us-x.over)
				n++
			}
			all = all[1:]
		}
		if k.calls > 0 {
			out = append(out, Count{k.key, Others, k.calls, seconds(k.us)})
		}
	}
	return out
}

func seconds(us uint64) float64 { return float64(us) / 1e6 }

// Stored is what Tags holds that their Counts do not tell.
type Stored struct {
	Named  []StoredTag `json:"named"`
	Keys   []StoredKey `json:"keys"`
	Unkept uint64      `json:"unkept,omitempty"` // microseconds
}

// StoredTag is a tag that is counted by itself.
type StoredTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Calls int64  `json:"calls"`
	Time  uint64 `json:"us"` // microseconds
	Over  uint64 `json:"over,omitempty"`
}

// StoredKey sums up the tags of a key.
type StoredKey struct {
	Key   string `json:"key"`
	Calls int64  `json:"calls"`
	Time  uint64 `json:"us"` // microseconds
}

// Store returns what it takes in addition to Counts to have the Tags again; nil if that is nothing.
func (t *Tags) Store() *Stored {
	if t == nil || t.unkept == 0 && !slices.ContainsFunc(t.Counts(), func(c Count) bool { return c.Value == Others }) {
		return nil
	}
	s := &Stored{Unkept: t.unkept}
	all := slices.Clone(t.named)
	slices.SortFunc(all, func(x, y named) int { return compare(x.tag, y.tag) })
	for _, n := range all {
		s.Named = append(s.Named, StoredTag{n.tag.Key, n.tag.Value, n.calls, n.us, n.over})
	}
	keys := slices.Clone(t.keys)
	slices.SortFunc(keys, func(x, y total) int { return cmp.Compare(x.key, y.key) })
	for _, k := range keys {
		s.Keys = append(s.Keys, StoredKey{k.key, k.calls, k.us})
	}
	return s
}

// Restore returns the Tags whose Store and Counts these are.
func Restore(s *Stored, counts []Count) (*Tags, error) {
	var t *Tags
	if s == nil {
		for _, c := range counts {
			t = t.Add([]tags.Tag{{Key: c.Key, Value: c.Value}}, c.Calls, uint64(math.Round(c.QueryTime*1e6)))
		}
		return t, nil
	}
	if len(s.Named) > maxNamed {
		return nil, errors.New("there are too many tags")
	}
	t = &Tags{unkept: s.Unkept}
	for _, n := range s.Named {
		t.put(named{tags.Tag{Key: n.Key, Value: n.Value}, n.Calls, n.Time, n.Over})
	}
	for _, k := range s.Keys {
		t.addKey(total{k.Key, k.Calls, k.Time})
	}
	return t, nil
}
