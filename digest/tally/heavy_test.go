package tally

import (
	"cmp"
	"math/rand/v2"
	"testing"
)

// A key that comes again and again in small pieces, between others of which each has more, is found. What
// is said of those that are kept, and of those that are not, bounds what they had, also after merging.
func TestHeavy(t *testing.T) {
	const most = 64
	had := map[int]uint64{}
	total := uint64(0)
	check := func(h *Heavy[int, int]) {
		t.Helper()
		kept := map[int]bool{}
		for _, x := range h.Items {
			kept[x.Key] = true
			if n := had[x.Key]; x.Amount < n || x.Amount-x.Over > n {
				t.Fatalf("%d had %d, and not %d less %d", x.Key, n, x.Amount, x.Over)
			}
			if i, found := h.find(x.Key); !found || h.Items[i].Key != x.Key {
				t.Fatalf("%d is kept, and not found", x.Key)
			}
		}
		if len(kept) != len(h.Items) || len(h.Items) > most || len(h.index) > most || h.Total != total {
			t.Fatalf("%d of %d keys, %d in the index, %d in all", len(kept), len(h.Items), len(h.index), h.Total)
		}
		for key, n := range had {
			if !kept[key] && (n > h.Unkept || n > total/most) {
				t.Fatalf("%d had %d of %d, and at most %d is said", key, n, total, h.Unkept)
			}
		}
	}
	add := func(to *Heavy[int, int], key int, n uint64) {
		had[key], total = had[key]+n, total+n
		if x, known := to.Add(key, n, most); x != nil {
			if x.Value++; !known && x.Value != 1 {
				t.Fatalf("%d is new, and has %d", key, x.Value)
			}
		}
	}
	var h Heavy[int, int]
	for i := range most {
		add(&h, i, 10)
	}
	for i := range 1000 {
		add(&h, -1, 1)
		add(&h, 1000+i, 2)
		check(&h)
	}
	if i, found := h.find(-1); !found || h.Items[i].Value == 0 {
		t.Error("the heaviest is not kept")
	}

	clear(had)
	total = 0
	r := rand.New(rand.NewPCG(3, 4))
	var sum Heavy[int, int]
	for range 20 {
		var part Heavy[int, int]
		for range 400 {
			add(&part, r.IntN(1+r.IntN(500)), uint64(r.IntN(50)))
		}
		sum.Merge(&part, most, cmp.Compare, func(to *int, from int) { *to += from })
		check(&sum)
	}
}

// The first keys are counted one by one, and the others together.
func TestFirst(t *testing.T) {
	for _, test := range []struct{ keys, kept, others int }{{1, 1, 0}, {few + 1, few + 1, 0}, {20, 20, 0}, {21, 21, 1}, {40, 21, 20}} {
		var f First[int, int]
		for range 3 {
			for key := range test.keys {
				f.Add(key, 2, 20, -1).Value++
			}
		}
		others := 0
		for i, x := range f.Items {
			if x.Key == -1 {
				others = x.Value / 3
			} else if x.Key != i || x.Amount != 6 || x.Value != 3 {
				t.Errorf("%d keys: %+v", test.keys, x)
			}
		}
		if len(f.Items) != test.kept || others != test.others {
			t.Errorf("%d keys: %d are kept, %d others, want %+v", test.keys, len(f.Items), others, test)
		}
	}
}

// With the greatest bound each key is found.
func TestMaxKept(t *testing.T) {
	var h Heavy[int, struct{}]
	for i := range 2 * MaxKept {
		h.Add(i%MaxKept, 1, MaxKept)
	}
	if len(h.Items) != MaxKept || h.Items[MaxKept-1].Amount != 2 || h.Unkept != 0 {
		t.Errorf("%d kept, at most %d of others", len(h.Items), h.Unkept)
	}
}
