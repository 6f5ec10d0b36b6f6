package releases

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

var ten = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// clock is a time of that day.
func clock(s string) time.Time {
	t, err := time.Parse("15:04:05", s)
	if err != nil {
		panic(err)
	}
	return ten.Truncate(24 * time.Hour).Add(t.Sub(t.Truncate(24 * time.Hour)))
}

// The last mark before something is named for less than an hour.
func TestSince(t *testing.T) {
	marks := Marks{{Name: "v1", At: clock("10:05:00")}, {Name: "v2", At: clock("10:20:00")}}
	for at, want := range map[string]string{
		"10:04:59": "", "10:05:00": "v1", "10:19:59": "v1", "10:20:00": "v2", "11:10:00": "v2", "11:19:59": "v2", "11:20:00": "",
	} {
		got := ""
		if m := marks.Since(At(clock(at))); m != nil {
			got = m.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
	for _, c := range []struct {
		at, from, to, want string
	}{
		{"10:06:00", "09:45:00", "10:10:00", "v1"}, {"10:06:00", "09:44:59", "10:10:00", ""},
		{"10:40:00", "10:30:00", "11:24:59", "v2"}, {"10:40:00", "10:30:00", "11:25:00", ""},
		{"11:19:59", "11:10:00", "11:22:00", "v2"}, {"11:20:00", "11:10:00", "11:22:00", ""},
	} {
		got := ""
		if m := marks.Since(Began{clock(c.at), clock(c.from), clock(c.to)}); m != nil {
			got = m.Name
		}
		if got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// A name is one mark. A request that is sent again within an hour does not move it, a given time does.
func TestSet(t *testing.T) {
	for _, c := range []struct {
		before Mark
		at     string
		given  bool
		want   string
	}{
		{Mark{}, "10:00:00", false, "10:00:00"},
		{Mark{Name: "v1", At: clock("09:00:01")}, "10:00:00", false, "09:00:01"},
		{Mark{Name: "v1", At: clock("09:00:00")}, "10:00:00", false, "10:00:00"}, // rolled out again, or back
		{Mark{Name: "v1", At: clock("09:59:00")}, "09:30:00", true, "09:30:00"},
		{Mark{Name: "v1", At: clock("09:59:00"), ByTag: true}, "09:58:00", false, "09:58:00"},
	} {
		var m Marks
		if c.before.Name != "" {
			m = Marks{c.before}
		}
		m.Set(Mark{Name: "v0", At: clock("09:10:00")}, false)
		got := m.Set(Mark{Name: "v1", At: clock(c.at)}, c.given)
		if !got.At.Equal(clock(c.want)) || len(m) != 2 || m[0].At.After(m[1].At) {
			t.Errorf("%+v: %v, %v", c, got, m)
		}
		if !m.Remove("v1") || m.Remove("v1") || len(m) != 1 {
			t.Errorf("removed: %v", m)
		}
	}
}

func TestBounds(t *testing.T) {
	var m Marks
	for i := range Max + 1 {
		m.Set(Mark{Name: fmt.Sprint("v", i), At: ten.Add(time.Duration(i) * time.Minute)}, false)
	}
	if len(m) != Max || m[0].Name != "v1" {
		t.Errorf("%d marks from %s", len(m), m[0].Name)
	}
	for i := range 2 * Max { // those of tags push out no other
		m.Set(Mark{Name: fmt.Sprint("pr-", i), At: ten.Add(time.Duration(100+i) * time.Minute), ByTag: true}, true)
	}
	if len(m) != Max || m[0].Name != "v1" || m[Max-1].ByTag {
		t.Errorf("%d marks from %s to %+v", len(m), m[0].Name, m[Max-1])
	}
	m = Marks{{Name: "old", At: ten.Add(-Kept - 1)}, {Name: "kept", At: ten.Add(-Kept)}}
	if m.Keep(ten); len(m) != 1 || m[0].Name != "kept" {
		t.Errorf("%v", m)
	}
	var f First
	for i := range maxSeen + 1 {
		if i == maxSeen && len(f.Report()) != maxSeen {
			t.Errorf("%v", f.Report())
		}
		f.Add(Seen{Release: fmt.Sprint("v", i), First: ten})
	}
	if f.Report() != nil {
		t.Errorf("a value for each call: %v", f.Report())
	}
	var w Watch
	for i := range Max + 1 {
		w.Add(ten.Add(time.Duration(i)*time.Hour), []Seen{{Release: fmt.Sprint("v", i)}})
	}
	if len(w) != maxWatched {
		t.Errorf("%d are remembered", len(w))
	}
}

func TestFirst(t *testing.T) {
	var a, b First
	a.Add(Seen{"shop", "v2", clock("10:30:00")})
	a.Add(Seen{"shop", "v2", clock("10:20:00")})
	a.Add(Seen{"", "v2", clock("10:10:00")})
	a.Add(Seen{"shop", "", clock("10:10:00")})
	a.Add(Seen{"shop", "v3", time.Time{}})
	b.Add(Seen{"shop", "v2", clock("10:15:00")})
	b.Add(Seen{"shop", "v1", clock("10:00:00")})
	a.Merge(&b)
	want := []Seen{{"shop", "v1", clock("10:00:00")}, {"", "v2", clock("10:10:00")}, {"shop", "v2", clock("10:15:00")}}
	if got := a.Report(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// A tag marks a release that was never seen where another one of the application was in the day before: not the first
// that has a tag at all, nor one that is back, nor one that is side by side with another.
func TestWatch(t *testing.T) {
	at := func(h int) time.Time { return ten.Add(time.Duration(h) * time.Hour) }
	var w Watch
	for _, c := range []struct {
		hour int
		seen string // application and release, of one letter each
		want string
	}{
		{0, "a1", ""}, {1, "a1 a2", "2"}, {2, "a1 a2", ""}, {3, "a2 b1", ""}, {4, "b2 a1", "2"}, {30, "a3", ""}, {31, "a3 a4", "4"}, {55, "a5", "5"},
	} {
		var seen []Seen
		for i := 0; i < len(c.seen); i += 3 {
			seen = append(seen, Seen{c.seen[i : i+1], c.seen[i+1 : i+2], at(c.hour).Add(time.Minute)})
		}
		for range 2 { // before and after it was added
			got := ""
			for _, m := range w.New(at(c.hour), seen) {
				got += m.Name
				if !m.ByTag || !m.At.Equal(at(c.hour).Add(time.Minute)) {
					t.Errorf("%+v", m)
				}
			}
			if got != c.want {
				t.Errorf("hour %d: %q, want %q", c.hour, got, c.want)
			}
			w.Add(at(c.hour), seen)
		}
	}
	if w.Forget(at(31)); len(w.New(at(31), []Seen{{"a", "4", at(31)}})) != 1 {
		t.Errorf("%v", w)
	}
}

// bins are of five minutes from ten o'clock on, with so many seconds each.
func bins(before, after float64, took ...float64) []Bin {
	var out []Bin
	for i, s := range took {
		start := ten.Add(time.Duration(i) * 5 * time.Minute)
		out = append(out, Bin{start, start.Add(5 * time.Minute), s, before, after})
	}
	return out
}

func TestBegin(t *testing.T) {
	for _, c := range []struct {
		name  string
		bins  []Bin
		each  float64
		known bool
		at    string
	}{
		{"it triples", bins(10, 30, 11, 9, 10, 30, 29, 31, 30), 1, true, "10:20:00"},
		{"within a part", bins(10, 30, 11, 9, 10, 24, 29, 31, 30), 1, true, "10:20:00"},
		{"it is new", bins(0, 30, 0, 0, 0, 30, 30), 1, true, "10:20:00"},
		{"it is gone", bins(30, 0, 30, 30, 30, 0, 0, 0), 1, true, "10:20:00"},
		{"few calls", bins(10, 30, 11, 9, 10, 30, 29, 31, 30), 200, false, ""},
		{"from the first on", bins(10, 30, 30, 29, 31, 30), 1, false, ""},
		{"never", bins(10, 30, 10, 10, 10, 10), 1, false, ""},
		{"one part", bins(10, 30, 30), 1, false, ""},
		{"no calls", bins(10, 30, 10, 10, 30, 30), 0, false, ""},
	} {
		b, known := Begin(c.bins, c.each)
		if known != c.known || known && !b.At.Equal(clock(c.at).Add(-1)) || known && (b.From.After(b.At) || b.To.Before(b.At)) {
			t.Errorf("%s: %v, %v", c.name, b, known)
		}
	}
	hours := []Bin{{ten, ten.Add(time.Hour), 100, 100, 300}, {ten.Add(time.Hour), ten.Add(2 * time.Hour), 300, 100, 300}, {ten.Add(2 * time.Hour), ten.Add(3 * time.Hour), 300, 100, 300}}
	if b, known := Begin(hours, 1); known || b.To.Sub(b.From) != 90*time.Minute {
		t.Errorf("whole hours: %v, %v", b, known)
	}
}

func TestLast(t *testing.T) {
	for name, c := range map[string]struct {
		bins []Bin
		each float64
		want int
		ok   bool
	}{
		"it ends":       {bins(30, 10, 30, 29, 31, 10, 9, 11, 10), 1, 3, true},
		"too few calls": {bins(30, 10, 30, 29, 31, 10, 9, 11, 10), 10, 3, false},
		"it is back":    {bins(30, 10, 30, 31, 10, 10, 10, 10, 10, 30), 1, 2, false},
		"it stays":      {bins(30, 10, 30, 30, 30), 1, 3, false},
		"nothing":       {nil, 1, 0, false},
	} {
		if got, ok := Last(c.bins, c.each); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
	}
}
