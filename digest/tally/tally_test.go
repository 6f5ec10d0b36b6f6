package tally

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"slowdigest/parser/tags"
)

type truth map[tags.Tag]Count

func (w truth) add(tag tags.Tag, us uint64) {
	c := w[tag]
	w[tag] = Count{tag.Key, tag.Value, c.Calls + 1, c.QueryTime + float64(us)/1e6}
}

// check compares counts with the truth: no tag has more than it had, each with much time is there, and all add up.
func check(t *testing.T, got []Count, want truth) {
	t.Helper()
	all, sums := map[string]Count{}, map[string]Count{}
	add := func(to map[string]Count, c Count) {
		x := to[c.Key]
		to[c.Key] = Count{c.Key, "", x.Calls + c.Calls, x.QueryTime + c.QueryTime}
	}
	total := 0.0
	for _, c := range want {
		add(all, c)
		total += c.QueryTime
	}
	for _, c := range got {
		add(sums, c)
		if c.Value == Others {
			continue
		}
		if w := want[tags.Tag{Key: c.Key, Value: c.Value}]; c.Calls > w.Calls || c.QueryTime > w.QueryTime+1e-6 {
			t.Errorf("%+v, and it had %+v", c, w)
		}
	}
	for key, w := range all {
		if s := sums[key]; s.Calls != w.Calls || s.QueryTime < w.QueryTime-1e-6 || s.QueryTime > w.QueryTime+1e-6 {
			t.Errorf("%s: the counts add up to %+v, and not to %+v", key, s, w)
		}
	}
	for tag, w := range want {
		if w.QueryTime > 2*total/maxNamed && !slices.ContainsFunc(got, func(c Count) bool { return c.Key == tag.Key && c.Value == tag.Value }) {
			t.Errorf("%v with %.0f of %.0f s is not named", tag, w.QueryTime, total)
		}
	}
}

// Few tags are exact; of many the heaviest are named, none has more than it had, and all add up. What
// was counted in parts and merged is as good.
func TestTags(t *testing.T) {
	for _, values := range []int{1, few, few + 1, shown, maxNamed / 2, 10_000} {
		r := rand.New(rand.NewPCG(1, uint64(values)))
		want := truth{}
		var whole, merged *Tags
		parts := make([]*Tags, 4)
		for i := range 50_000 {
			v := r.IntN(values)
			if i%10 == 0 {
				v = 0 // which is heavy
			}
			found := []tags.Tag{{Key: "controller", Value: fmt.Sprint("c", v)}}
			if i%2 == 0 {
				found = append(found, tags.Tag{Key: "action", Value: fmt.Sprint("a", v%3)})
			}
			us := uint64(r.IntN(2_000_000))
			for _, tag := range found {
				want.add(tag, us)
			}
			whole = whole.Add(found, 1, us)
			parts[i%4] = parts[i%4].Add(found, 1, us)
		}
		for _, p := range parts {
			merged = merged.Merge(p)
		}
		for _, x := range []*Tags{whole, merged} {
			got := x.Counts()
			check(t, got, want)
			if len(x.named) > maxNamed || len(x.index) > maxNamed || len(got) > 2*(shown+1) {
				t.Errorf("%d values: %d kept, %d shown", values, len(x.named), len(got))
			}
			if values <= shown && (len(got) != values+min(values, 3) || slices.ContainsFunc(got, func(c Count) bool {
				w := want[tags.Tag{Key: c.Key, Value: c.Value}]
				return c.Calls != w.Calls || c.QueryTime < w.QueryTime-1e-3
			})) {
				t.Errorf("%d values: %+v", values, got)
			}
		}
	}
}

// A class without tags has none, and merging does not change what is merged.
func TestNone(t *testing.T) {
	var none *Tags
	if none.Add(nil, 1, 1) != nil || none.Merge(nil) != nil || none.Counts() != nil {
		t.Error("there are tags")
	}
	a := none.Add([]tags.Tag{{Key: "job", Value: "x"}, {Key: tags.Code, Value: "x"}}, 2, 3e6)
	b := none.Merge(a).Merge(a)
	if got, want := fmt.Sprint(b.Counts(), a.Counts()), "[{code x 4 6} {job x 4 6}] [{code x 2 3} {job x 2 3}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Counting known tags allocates nothing.
func TestNoAllocation(t *testing.T) {
	var x *Tags
	all := make([][]tags.Tag, 2*few)
	for i := range all {
		all[i] = []tags.Tag{{Key: "controller", Value: fmt.Sprint(i)}}
		x = x.Add(all[i], 1, 1)
	}
	i := 0
	if n := testing.AllocsPerRun(100, func() { x = x.Add(all[i%len(all)], 1, 1); i++ }); n > 0 {
		t.Errorf("%.1f allocations", n)
	}
}

// A tag that comes again and again in small pieces, between others of which each has more, is found. What
// is said of those that are kept, and of those that are not, bounds what they had, also after merging.
func TestBounds(t *testing.T) {
	tag := func(v any) []tags.Tag { return []tags.Tag{{Key: "job", Value: fmt.Sprint(v)}} }
	had := map[string]uint64{}
	check := func(x *Tags) {
		t.Helper()
		kept := map[string]bool{}
		for _, n := range x.named {
			kept[n.tag.Value] = true
			if us := had[n.tag.Value]; n.us < us || n.us-n.over > us {
				t.Fatalf("%s had %d, and not %d less %d", n.tag.Value, us, n.us, n.over)
			}
		}
		for v, us := range had {
			if !kept[v] && us > x.unkept {
				t.Fatalf("%s had %d, and at most %d is said", v, us, x.unkept)
			}
		}
	}
	var x *Tags
	add := func(to **Tags, v any, us uint64) {
		had[fmt.Sprint(v)] += us
		*to = (*to).Add(tag(v), 1, us)
	}
	for i := range maxNamed {
		add(&x, i, 10)
	}
	for i := range 1000 {
		add(&x, "heavy", 1)
		add(&x, 1000+i, 2)
		check(x)
	}
	if !slices.ContainsFunc(x.Counts(), func(c Count) bool { return c.Value == "heavy" && c.Calls > 0 }) {
		t.Error("the heaviest is not named")
	}

	clear(had)
	r := rand.New(rand.NewPCG(3, 4))
	var sum *Tags
	for range 20 {
		var part *Tags
		for range 400 {
			add(&part, r.IntN(1+r.IntN(500)), uint64(r.IntN(50)))
		}
		sum = sum.Merge(part)
		check(sum)
	}
}
