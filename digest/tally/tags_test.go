package tally

import (
	"fmt"
	"math/rand/v2"
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
	for _, c := range want {
		add(all, c)
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
}

// Up to 128 values of a key are exact, however many others there are; of more each is kept that has more than
// this part of the time of its key, none has more than it had, and all add up. What was counted in parts and
// merged is as good.
func TestTags(t *testing.T) {
	for _, values := range []int{1, few, few + 1, shown, maxValues, maxValues + 1, 10_000} {
		r := rand.New(rand.NewPCG(1, uint64(values)))
		want := truth{}
		var whole, merged *Tags
		parts := make([]*Tags, 4)
		room := [6]int{Room, Room, Room, Room, Room, Room}
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
			whole = whole.Add(found, 1, us, &room[4])
			parts[i%4] = parts[i%4].Add(found, 1, us, &room[i%4])
		}
		for _, p := range parts {
			merged = merged.Merge(p, &room[5])
		}
		total := map[string]float64{}
		for tag, c := range want {
			total[tag.Key] += c.QueryTime
		}
		for i, x := range []*Tags{whole, merged} {
			got := x.Counts()
			check(t, got, want)
			if n := x.Kept(); n > min(values, maxValues)+3 || room[4+i] != Room-n || len(got) > 2*(shown+1) {
				t.Errorf("%d values: %d kept, room for %d, %d shown", values, n, room[4+i], len(got))
			}
			for _, k := range x.keys {
				for _, v := range k.values.Items {
					if w := want[tags.Tag{Key: k.name, Value: v.Key}]; values <= maxValues && (v.Value != w.Calls || v.Over > 0) {
						t.Errorf("%d values: %+v, and it had %+v", values, v, w)
					}
				}
			}
			for tag, c := range want {
				k := x.key(tag.Key)
				if _, kept := k.values.find(tag.Value); !kept && c.QueryTime > total[tag.Key]/maxValues {
					t.Errorf("%d values: %v with %.0f of %.0f s is not kept", values, tag, c.QueryTime, total[tag.Key])
				}
			}
		}
	}
}

// docs/tags.md has these numbers.
func TestNumbers(t *testing.T) {
	if maxValues != 128 || Room != 50_000 || shown != 20 {
		t.Errorf("%d values of a key, %d of all classes, %d shown", maxValues, Room, shown)
	}
}

// When the room is used up, a key keeps one value more, and what is kept stays.
func TestRoom(t *testing.T) {
	room := 3
	var x, y, sum *Tags
	want := truth{}
	add := func(to **Tags, value string, us uint64) {
		tag := tags.Tag{Key: "job", Value: value}
		want.add(tag, us)
		*to = (*to).Add([]tags.Tag{tag}, 1, us, &room)
	}
	for i := range 4 {
		add(&x, fmt.Sprint(i), 1e6)
	}
	if room != 0 || x.Kept() != 3 {
		t.Errorf("room for %d, %d kept", room, x.Kept())
	}
	for i := range 9 {
		add(&y, fmt.Sprint(i%2), 1e6*uint64(1+i%2))
	}
	if room != -1 || y.Kept() != 1 || y.Counts()[0].Value != "1" {
		t.Errorf("room for %d, %+v", room, y.Counts())
	}
	sum = sum.Merge(x, &room).Merge(y, &room)
	if room != -2 || sum.Kept() != 1 {
		t.Errorf("merged, room for %d, %+v", room, sum.Counts())
	}
	check(t, sum.Counts(), want)
}

// A class without tags has none, and merging does not change what is merged.
func TestNone(t *testing.T) {
	var none *Tags
	room := Room
	if none.Add(nil, 1, 1, &room) != nil || none.Merge(nil, &room) != nil || none.Counts() != nil || none.Kept() != 0 || room != Room {
		t.Error("there are tags")
	}
	a := none.Add([]tags.Tag{{Key: "job", Value: "x"}, {Key: tags.Code, Value: "x"}}, 2, 3e6, &room)
	b := none.Merge(a, &room).Merge(a, &room)
	if got, want := fmt.Sprint(b.Counts(), a.Counts()), "[{code x 4 6} {job x 4 6}] [{code x 2 3} {job x 2 3}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Counting known tags allocates nothing.
func TestNoAllocation(t *testing.T) {
	var x *Tags
	room := Room
	all := make([][]tags.Tag, 2*few)
	for i := range all {
		all[i] = []tags.Tag{{Key: "controller", Value: fmt.Sprint(i)}}
		x = x.Add(all[i], 1, 1, &room)
	}
	i := 0
	if n := testing.AllocsPerRun(100, func() { x = x.Add(all[i%len(all)], 1, 1, &room); i++ }); n > 0 {
		t.Errorf("%.1f allocations", n)
	}
}
