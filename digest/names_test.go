package digest

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// 128 names are counted separately, and the others together.
func TestMaxNames(t *testing.T) {
	for _, test := range []struct{ names, kept int }{{127, 127}, {128, 128}, {129, 128}, {300, 128}} {
		var c, merged heavyNames
		for range 2 {
			for i := range test.names {
				c.add(fmt.Sprint(i), 3)
			}
			c.add("", 7)
		}
		merged.merge(&c)
		merged.merge(&c)
		for times, x := range map[int64]*heavyNames{1: &c, 2: &merged} {
			got := x.counts()
			kept, sum := 0, int64(0)
			for name, n := range got {
				sum += n
				if name != OtherNames {
					kept++
				}
			}
			all := test.names == test.kept
			if kept != test.kept || sum != times*int64(6*test.names) || all != (got[OtherNames] == 0) || all != (x.most() == 0) {
				t.Errorf("%d names, %d times: %d kept, %d calls, %d of others, at most %d", test.names, times, kept, sum, got[OtherNames], x.most())
			}
			if _, ok := got[""]; ok {
				t.Errorf("%d names: calls without a name are listed", test.names)
			}
		}
	}
}

// However names come, and however hours are merged: each has the calls that are said to be
// its own at least, none has more than the bound, and who has a hundredth of them is named.
func TestHeavyNames(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		truth := map[string]int64{}
		var sum heavyNames
		total := int64(0)
		for range 1 + r.IntN(4) { // hours
			var hour heavyNames
			names, late := 1+r.IntN(400), r.IntN(2000)
			for i := range 2000 {
				name := fmt.Sprint(r.IntN(names))
				if i >= late && r.IntN(3) > 0 {
					name = "late" + fmt.Sprint(r.IntN(1+names/100))
				}
				n := 1 + int64(r.IntN(3))
				hour.add(name, uint64(n))
				truth[name], total = truth[name]+n, total+n
			}
			sum.merge(&hour)
		}
		got := sum.counts()
		for name, calls := range truth {
			if got[name] > calls || sum.most() > 0 && calls > sum.most() || sum.most() == 0 && got[name] != calls || calls*100 >= total && got[name] == 0 {
				t.Fatalf("seed %d: %q has %d of %d calls, %d are said to be its own, and none to have more than %d", seed, name, calls, total, got[name], sum.most())
			}
		}
		if sum.Unkept*(maxNames+1) > uint64(total) {
			t.Fatalf("seed %d: a name may have %d of %d calls and not be kept", seed, sum.Unkept, total)
		}
	}
}

// Hosts have the network or domain in common that all of them are in but one, also those that
// are not named.
func TestHostNetwork(t *testing.T) {
	for _, test := range []struct {
		hosts []string
		want  string
	}{
		{nil, ""},
		{[]string{"10.1.2.3"}, "10.1.2.0/24"},
		{[]string{"10.1.2.3", "10.1.2.255"}, "10.1.2.0/24"},
		{[]string{"10.1.2.3", "10.1.3.3"}, "10.1.0.0/16"},
		{[]string{"10.1.2.3", "10.2.2.3"}, ""},
		{[]string{"10.1.2.3", "10.1.3.3", "web-1"}, "10.1.0.0/16 but web-1"},
		{[]string{"web-1", "10.1.2.3", "10.1.3.3", "web-1"}, "10.1.0.0/16 but web-1"},
		{[]string{"10.1.2.3", "10.1.3.3", "10.2.2.3", "10.2.2.3"}, "10.1.0.0/16 but 10.2.2.3"},
		{[]string{"10.1.2.3", "10.1.3.3", "10.2.2.3", "10.2.2.4"}, ""},
		{[]string{"10.1.2.3", "10.1.3.3", "10.2.2.3", "web-1"}, ""},
		{[]string{"web-1", "web-2", "web-1"}, ""},
		{[]string{"10.1.2.3", "fe80::1"}, ""},
		{[]string{"2001:db8:0:1::1", "2001:DB8::1:0:0:0:2", "2001:0db8:0:1:a:b:c:d"}, "2001:db8:0:1::/64"},
		{[]string{"2001:db8:0:1::1", "2001:db8:0:2::1"}, "2001:db8:0::/48"},
		{[]string{"2001:db8:0:1::1", "2001:db8:1:1::1"}, ""},
		{[]string{"2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:2"}, "2001:db8:0:1::/64 but 2001:db8:0:1:2"},
		{[]string{"web-1.eu.example.com", "web-2.EU.example.com"}, "*.eu.example.com"},
		{[]string{"web-1.eu.example.com", "web-2.us.example.com"}, "*.example.com"},
		{[]string{"web-1.eu.example.com", "web-2.eu.example.org", "web-3.eu.example.org"}, "*.eu.example.org but web-1.eu.example.com"},
		{[]string{"web-1.com", "web-2.com"}, ""},
		{[]string{"a..example.com", "b..example.com"}, ""},
		{[]string{"10.1.2.3", "10.1.2"}, ""},
		{[]string{"10.1.2.3", "10.1.2.03"}, ""},
		{[]string{"10.1.2.3", "10.1.2.256"}, ""},
		{[]string{"10.1.2.3", "", "web-1", "10.1.2.3"}, ""},
	} {
		var stream, merged network
		for _, h := range test.hosts {
			stream.join(networkOf(h))
			var other network
			other.join(networkOf(h))
			merged.join(other)
		}
		for _, n := range []network{stream, merged} {
			got, outside := n.common()
			if outside != "" {
				got += " but " + outside
			}
			if got != test.want {
				t.Errorf("%v have %s in common, want %s", test.hosts, got, test.want)
			}
		}
	}
}

// Of more than 128 instances the later ones are counted together, by their calls and by what
// they did.
func TestMaxInstances(t *testing.T) {
	for _, test := range []struct{ instances, parts int }{{127, 127}, {128, 128}, {129, 129}, {300, 129}} {
		var c, merged class
		for i := range test.instances {
			c.instances.add(fmt.Sprint(i), 2, part{time: perSecond})
		}
		merged.merge(&c, new(int), nil)
		merged.merge(&c, new(int), nil)
		others := int64(max(0, test.instances-maxNames))
		for times, x := range map[int64]*class{1: &c, 2: &merged} {
			all := x.byInstance(OrderBySum)
			if n := x.instances.counts(); len(n) != test.parts || n["0"] != 2*times || n[OtherNames] != 2*times*others || len(all) != test.parts {
				t.Errorf("%d instances, %d times: %d counted, %d of others, %d parts", test.instances, times, len(n), n[OtherNames], len(all))
			}
			if last := all[len(all)-1]; others > 0 && (last.Instance != OtherNames || last.QueryTime != float64(times*others)) {
				t.Errorf("%d instances: the last is %+v", test.instances, last)
			}
		}
	}
}
