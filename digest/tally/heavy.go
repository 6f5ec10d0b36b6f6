// Package tally counts by name in bounded memory: users, hosts, instances, query classes, tags.
package tally

import (
	"cmp"
	"slices"
)

// few keys are looked at one after the other. Most classes have one user and one schema, and ten thousand
// maps would take more memory than all else: only where the keys are many is there an index of them.
const few = 8

// MaxKept is the greatest bound of a list.
const MaxKept = 1 << 8

// Item is what a list keeps of a key.
type Item[K comparable, V any] struct {
	Value  V      `json:"value,omitzero"` // the caller's
	Key    K      `json:"key"`
	Amount uint64 `json:"n"`
	Over   uint64 `json:"over,omitempty"` // how much of the amount may be of other keys, in Heavy
}

type list[K comparable, V any] struct {
	Items []Item[K, V] // not to be added to, but by the methods
	index map[K]uint8  // nil up to few
}

// find returns where a key is, or would be put.
func (l *list[K, V]) find(key K) (i int, found bool) {
	if l.index != nil {
		if at, found := l.index[key]; found {
			return int(at), true
		}
		return len(l.Items), false
	}
	for i := range l.Items {
		if l.Items[i].Key == key {
			return i, true
		}
	}
	return len(l.Items), false
}

// Has reports whether a key is kept.
func (l *list[K, V]) Has(key K) bool {
	_, found := l.find(key)
	return found
}

func (l *list[K, V]) put(item Item[K, V]) *Item[K, V] {
	at := len(l.Items)
	l.Items = append(l.Items, item)
	switch {
	case l.index != nil:
		l.index[item.Key] = uint8(at)
	case at == few:
		l.index = make(map[K]uint8, 2*few)
		for i := range l.Items {
			l.index[l.Items[i].Key] = uint8(i)
		}
	}
	return &l.Items[at]
}

func (l *list[K, V]) replace(i int, item Item[K, V]) *Item[K, V] {
	if l.index != nil {
		delete(l.index, l.Items[i].Key)
		l.index[item.Key] = uint8(i)
	}
	l.Items[i] = item
	return &l.Items[i]
}

// First counts the keys that come first one by one, and all later ones under one key. The zero First is empty.
type First[K comparable, V any] struct{ list[K, V] }

// Add returns the item of a key, or, if there are most of them already, that of others.
func (f *First[K, V]) Add(key K, amount uint64, most int, others K) *Item[K, V] {
	i, found := f.find(key)
	if !found && len(f.Items) >= most {
		key = others
		i, found = f.find(key)
	}
	if !found {
		return f.put(Item[K, V]{Key: key, Amount: amount})
	}
	f.Items[i].Amount += amount
	return &f.Items[i]
}

// Heavy finds the keys to which most of an amount belongs ("space-saving"): one that comes when there is no
// room may have had as much as any that is not kept, and takes the place of the least one if that makes it
// more. So a key with more than one part in most of the amount is always among them, whenever it came, and
// each has its amount less Over at least. The zero Heavy is empty.
type Heavy[K comparable, V any] struct {
	list[K, V]
	Total  uint64 // of all keys
	Unkept uint64 // no key that is not kept has more
}

// Add counts an amount of a key where most are kept, and says whether the key was kept before. It returns nil
// if it is not now. A key that takes the place of another has the zero Value.
func (h *Heavy[K, V]) Add(key K, amount uint64, most int) (item *Item[K, V], known bool) {
	h.Total += amount
	i, found := h.find(key)
	if found {
		h.Items[i].Amount += amount
		return &h.Items[i], true
	}
	return h.enter(Item[K, V]{Key: key, Amount: h.Unkept + amount, Over: h.Unkept}, most), false
}

// enter keeps an item if there is room, or in the place of the one with the least amount.
func (h *Heavy[K, V]) enter(item Item[K, V], most int) *Item[K, V] {
	if len(h.Items) < most {
		return h.put(item)
	}
	least := 0
	for i := range h.Items {
		if h.Items[i].Amount < h.Items[least].Amount {
			least = i
		}
	}
	if item.Amount <= h.Items[least].Amount {
		h.Unkept = max(h.Unkept, item.Amount)
		return nil
	}
	h.Unkept = max(h.Unkept, h.Items[least].Amount)
	return h.replace(least, item)
}

// Merge adds what from has counted, which stays as it is. A key that one of them does not keep may have had
// its Unkept amount there. Of keys with the same amount, for which there is no room, those are kept that come
// first by compare.
func (h *Heavy[K, V]) Merge(from *Heavy[K, V], most int, compare func(x, y K) int, join func(to *V, from V)) {
	all := slices.Clone(h.Items)
	for i := range all {
		all[i].Amount, all[i].Over = all[i].Amount+from.Unkept, all[i].Over+from.Unkept
	}
	for _, x := range from.Items {
		i, found := h.find(x.Key)
		if !found {
			x.Amount, x.Over = x.Amount+h.Unkept, x.Over+h.Unkept
			all = append(all, x)
			continue
		}
		to := &all[i]
		to.Amount, to.Over = to.Amount+x.Amount-from.Unkept, to.Over+x.Over-from.Unkept
		join(&to.Value, x.Value)
	}
	h.Total, h.Unkept = h.Total+from.Total, h.Unkept+from.Unkept
	if len(all) > most {
		slices.SortFunc(all, func(x, y Item[K, V]) int { return cmp.Or(cmp.Compare(y.Amount, x.Amount), compare(x.Key, y.Key)) })
		h.Unkept = max(h.Unkept, all[most].Amount)
		all = all[:most]
	}
	h.list = list[K, V]{}
	for _, x := range all {
		h.put(x)
	}
}

// Stored is a Heavy as it is kept elsewhere.
type Stored[K comparable, V any] struct {
	Items  []Item[K, V] `json:"items"`
	Total  uint64       `json:"total"`
	Unkept uint64       `json:"unkept,omitempty"`
}

// Store returns what Restore takes. It shares the items.
func (h *Heavy[K, V]) Store() *Stored[K, V] { return &Stored[K, V]{h.Items, h.Total, h.Unkept} }

// Restore returns the Heavy that was stored, with most items at most.
func (s *Stored[K, V]) Restore(most int) (h Heavy[K, V]) {
	h.Total, h.Unkept = s.Total, s.Unkept
	for _, x := range s.Items[:min(len(s.Items), most)] {
		h.put(x)
	}
	return h
}
