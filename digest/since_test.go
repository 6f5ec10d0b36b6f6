package digest

import (
	"slices"
	"testing"
	"time"

	"slowdigest/digest/releases"
	"slowdigest/parser"
)

// lined is hourReport with time lines: the watched class takes much from a twelfth of the hour on, and 10 s an hour before;
// from 12 on it never does.
func lined(at hour, from int, much float64, release string) *Report {
	seconds := 10*float64(min(from, timelineBuckets))/timelineBuckets + much*float64(timelineBuckets-min(from, timelineBuckets))/timelineBuckets
	r := hourReport(at, work{seconds, int64(max(1, 10*seconds))})
	for i := range r.Classes {
		c := &r.Classes[i]
		c.Timeline = make([]float64, timelineBuckets)
		for k := range c.Timeline {
			if c.Timeline[k] = c.QueryTime.Sum / timelineBuckets; c.ID == watched {
				c.Timeline[k] = map[bool]float64{true: much, false: 10}[k >= from] / timelineBuckets
			}
		}
		if c.ID == watched && release != "" {
			c.Tags = []TagCount{{Key: "release", Value: release, Calls: c.Calls, QueryTime: c.QueryTime.Sum}}
		}
	}
	return r
}

const never = timelineBuckets

// A WORSE names the last release before it began if that is known to be within the hour, and so does FIXED.
func TestSinceRelease(t *testing.T) {
	begin := dayHour(20, 6)
	at := func(h hour, minute int) time.Time { return (begin + h).time().Add(time.Duration(minute) * time.Minute) }
	for name, c := range map[string]struct {
		marks []Release
		want  string
		each  float64 // minutes of a call
	}{
		"none":                        {nil, "", 0},
		"before":                      {[]Release{{Name: "v1", At: at(0, 22)}}, "v1", 0},
		"in the same five minutes":    {[]Release{{Name: "v1", At: at(0, 29)}}, "v1", 0},
		"at their end":                {[]Release{{Name: "v1", At: at(0, 30)}}, "", 0},
		"after it":                    {[]Release{{Name: "v1", At: at(0, 31)}}, "", 0},
		"the last of two":             {[]Release{{Name: "v1", At: at(0, 5)}, {Name: "v2", At: at(0, 22)}}, "v2", 0},
		"and one after it":            {[]Release{{Name: "v1", At: at(0, 5)}, {Name: "v2", At: at(0, 40)}}, "v1", 0},
		"in the hour before":          {[]Release{{Name: "v1", At: at(-1, 31)}}, "v1", 0},
		"more than an hour before it": {[]Release{{Name: "v1", At: at(-1, 29)}}, "", 0},
		"before, of five minutes":     {[]Release{{Name: "v1", At: at(0, 22)}}, "v1", 5},
		"before, of ten":              {[]Release{{Name: "v1", At: at(0, 22)}}, "", 10},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			for n := firstHour; n < begin; n++ {
				h.pass(t, lined(n, never, 0, ""))
			}
			for _, m := range c.marks {
				h.MarkRelease(m, true)
			}
			got := "not told"
			for i := range hour(3) {
				from := 0
				if i == 0 {
					from = 5 // 25 minutes past
				}
				h = *reread(t, &h)
				r := lined(begin+i, from, 300, "")
				if c.each > 0 {
					classIn(t, r, watched).QueryTime.Median = 60 * c.each
				}
				h.Compare(r, Options{})
				if x := classIn(t, r, watched).Change; x != nil && x.Since.IsZero() {
					if got = ""; x.Release != nil {
						got = x.Release.Name
					}
				}
				h.pass(t, r)
			}
			if got != c.want {
				t.Errorf("named %q, want %q", got, c.want)
			}
			h.MarkRelease(Release{Name: "fix", At: at(3, 10)}, true) // it is fixed a quarter past
			got = "not told"
			for i := hour(3); i < 34; i++ {
				from := never
				r := lined(begin+i, from, 0, "")
				if i == 3 {
					r = lined(begin+i, 3, 10, "")
					c := classIn(t, r, watched)
					for k := range 3 {
						c.Timeline[k] = 25
					}
					c.QueryTime.Sum += 75 - 2.5
				}
				h = *reread(t, &h)
				h.Compare(r, Options{})
				for _, f := range r.Past.Fixed {
					if got = ""; f.Release != nil {
						got = f.Release.Name
					}
				}
				h.pass(t, r)
			}
			if got != "fix" {
				t.Errorf("fixed: named %q", got)
			}
		})
	}
}

// What is NEW began with its first call, which is in the log when it ends.
func TestNewSinceRelease(t *testing.T) {
	begin := dayHour(20, 6)
	for _, test := range []struct {
		first, took int // minutes
		want        string
	}{{9, 0, ""}, {10, 0, "v1"}, {59, 0, "v1"}, {14, 5, ""}, {15, 5, "v1"}} {
		first, want := test.first, test.want
		var h History
		h.hoursOfWork(t, firstHour, int(begin-firstHour), work{})
		h.MarkRelease(Release{Name: "v1", At: begin.time().Add(10 * time.Minute)}, true)
		r := hourReport(begin, work{200, 100})
		c := classIn(t, r, watched)
		c.FirstSeen, c.QueryTime.Min = begin.time().Add(time.Duration(first)*time.Minute), float64(60*test.took)
		got := ""
		if h.Compare(r, Options{}); c.Change.Release != nil {
			got = c.Change.Release.Name
		}
		if got != want {
			t.Errorf("minute %d, after %d: %q, want %q", first, test.took, got, want)
		}
	}
}

// A tag marks by itself, and is named only with classes that have most of their time in that release, also where a
// pipeline marks it. What no tag names may be of any class.
func TestReleaseOfATag(t *testing.T) {
	begin := dayHour(20, 6)
	seen := func(r *Report, names ...string) *Report {
		for _, n := range names {
			r.Releases = append(r.Releases, releases.Seen{Application: "shop", Release: n, First: r.Window.Start.Add(10 * time.Minute)})
		}
		return r
	}
	for name, c := range map[string]struct {
		tag    string
		before []string // releases in the hours before
		marked string   // by a pipeline
		want   string
	}{
		"its own": {"v2", []string{"v1"}, "", "v2"}, "another's": {"v1", []string{"v1"}, "", ""}, "no tag": {"", []string{"v1"}, "", ""},
		"the first that has one": {"v2", nil, "", ""}, "it was there": {"v2", []string{"v1", "v2"}, "", ""},
		"its own, marked": {"v2", []string{"v1"}, "v2", "v2"}, "another's, marked": {"v1", []string{"v1"}, "v2", ""},
		"no tag, and marked": {"", []string{"v1"}, "v2", "v2"}, "by another name": {"v1", []string{"v1"}, "deploy-7", "deploy-7"},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			for n := firstHour; n < begin; n++ {
				h.pass(t, seen(hourReport(n, work{}), c.before...))
			}
			if c.marked != "" {
				h.MarkRelease(Release{Name: c.marked, At: begin.time().Add(5 * time.Minute)}, true)
			}
			for range 2 { // before and after the hour was added
				r := seen(hourReport(begin, work{200, 100}), "v1", "v2")
				x := classIn(t, r, watched)
				if x.FirstSeen = begin.time().Add(20 * time.Minute); c.tag != "" {
					x.Tags = []TagCount{{Key: "release", Value: c.tag, Calls: 100, QueryTime: 200}}
				}
				got := ""
				if h.Compare(r, Options{}); x.Change.Release != nil {
					got = x.Change.Release.Name
				}
				if got != c.want {
					t.Errorf("named %q, want %q", got, c.want)
				}
				h.pass(t, r)
				h = *reread(t, &h)
			}
		})
	}
}

// A report states the first call of each release, whatever the order of the calls, and one that was merged does too.
func TestReleasesOfAReport(t *testing.T) {
	w := Window{dayHour(3, 6).time(), dayHour(3, 8).time()}
	add := func(a *Aggregator, minute int, comment string) {
		a.Stream("db").Add(&parser.Event{Time: w.Start.Add(time.Duration(minute) * time.Minute), QueryTime: 1, Weight: 1, SQL: []byte("select 1 " + comment)})
	}
	a, b := NewAggregator(w), NewAggregator(w)
	add(a, 20, "/*application='shop',release='v2'*/")
	add(a, 10, "/*application='shop',release='v2'*/")
	add(a, 200, "/*application='shop',release='v3'*/") // after the window
	add(a, 5, "/* nothing */")
	add(b, 15, "/*application='shop',release='v1'*/")
	add(b, 5, "/*application='shop',release='v2'*/")
	a.Merge(b)
	got := a.Report(Limit{}, OrderBySum).Releases
	want := []releases.Seen{{Application: "shop", Release: "v2", First: w.Start.Add(5 * time.Minute)}, {Application: "shop", Release: "v1", First: w.Start.Add(15 * time.Minute)}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
