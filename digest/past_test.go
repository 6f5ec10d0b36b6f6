package digest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPastAdds(t *testing.T) {
	var p past
	add := func(at hour, seconds float64, calls int64) {
		c := classOf(watched, work{seconds, calls})
		p.add(at, &c)
	}
	for _, test := range []struct {
		at                  hour
		calls               int64
		first, before, from hour
		gap                 hour
		p95                 bool
	}{
		{100, 19, 100, 0, 100, 0, false},
		{101, 20, 100, 100, 100, 0, true}, // an absence shows when it is over
		{111, 21, 100, 101, 100, 1, true},
		{112, 1, 100, 111, 100, 10, false},
		{115, 1, 100, 112, 100, 10, false},
	} {
		add(test.at, 1, test.calls)
		last := p.hours[len(p.hours)-1]
		if p.last != test.at || p.first != test.first || p.before != test.before || p.from != test.from || p.gap != test.gap ||
			last.at != test.at || last.time != levelOf(1, timeUnit) || last.calls != levelOf(float64(test.calls), callsUnit) || (last.p95 > 0) != test.p95 {
			t.Errorf("at %d: %+v", test.at, p)
		}
	}
	p.hours = nil // too long ago
	if add(2000, 1, 1); p.from != 2000 || p.first != 100 {
		t.Errorf("after a long time: %+v", p)
	}
}

func TestPastOfAWindow(t *testing.T) {
	p := past{first: 10, last: 50, before: 40, gap: 7, hours: []classHour{{at: 30}, {at: 40}, {at: 50}}}
	for _, test := range []struct{ start, seen, gap hour }{
		{60, 50, 10}, {51, 50, 10}, {50, 40, 7}, {41, 40, 7}, {40, 30, 7}, {31, 30, 7}, {30, 0, 7}, {20, 0, 7},
	} {
		if seen, gap := p.seenBefore(test.start), p.longestGap(test.start); seen != test.seen || gap != test.gap {
			t.Errorf("before %d: seen at %d, gap %d; want %d, %d", test.start, seen, gap, test.seen, test.gap)
		}
	}
	p.hours = p.hours[2:] // only before tells more
	if a, b := p.seenBefore(41), p.seenBefore(40); a != 40 || b != 0 {
		t.Errorf("seen at %d and %d", a, b)
	}
	if p.gap = 11; p.longestGap(60) != 11 {
		t.Errorf("gap %d", p.longestGap(60))
	}
	if once := (past{first: 10, last: 10}); once.longestGap(60) != 0 || once.rhythm() != 0 {
		t.Error("what was seen once has a gap")
	}
	if p := (past{hours: []classHour{{at: 1}, {at: 2}, {at: 9}, {at: 12}}}); p.rhythm() != 7 {
		t.Errorf("rhythm %d", p.rhythm())
	}
}

// Each number of a past is written and read.
func TestPastIsReadAsWritten(t *testing.T) {
	for _, p := range []past{
		{},
		{first: 1, last: 2, before: 3, gap: 4, from: 5, worse: 6, better: 7, gone: 8, highest: classHour{time: 9, p95: 10}},
		{first: 100, last: 500, before: 400, gap: 50, from: 120, hours: []classHour{{200, 1, 2, 3, 4, 5}, {400, 4, 5, 6, 0, 255}, {499, 255, 0, 255, 255, 0}}},
		{first: 100, last: 500, from: 100, worse: 480, told: 490, ended: 491, owed: 470, unseen: 300, prior: 400},
		{first: 100, last: 500, from: 100, told: 490},
		{first: 100, last: 500, from: 100, worse: 490, found: finding{slowest, 24, 255}},
		{first: 100, last: 500, from: 100, ended: 491},
		{first: maxHour, last: 2 * maxHour, before: maxHour, gap: maxHour, from: 2 * maxHour, worse: maxHour, better: maxHour, gone: maxHour},
	} {
		var h History // which has some of them apart
		err := json.Unmarshal([]byte(marshal(t, History{classes: map[string]*past{watched: &p, "other": {first: 1, last: 1, from: 1, hours: []classHour{{at: 1, rest: 9}}}}})), &h)
		if got := h.classes[watched]; err != nil || !reflect.DeepEqual(got, &p) {
			t.Errorf("%+v, %v, want %+v", got, err, p)
		}
	}
	whole := (&past{first: 1, last: 2, from: 1, hours: []classHour{{at: 1, time: 2, p95: 3, calls: 4}}}).append(nil)
	for n := range whole {
		if _, err := readPast(whole[:n]); (err == nil) != (n == len(whole)-4) { // without its hour it is one as well
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	beyond := past{first: 1, last: 2, from: 1, worse: maxHour + 1}
	if _, err := readPast(beyond.append(nil)); err == nil {
		t.Error("an hour beyond the last possible one is read")
	}
}

// What is known of calls' times is of the hours beside it: where an earlier release has added
// hours since, it is unknown, and so it is in a state without it.
func TestMoreOfAnEarlierRelease(t *testing.T) {
	h := History{classes: map[string]*past{watched: {first: 7, last: 8, from: 7, hours: []classHour{{7, 1, 2, 3, 4, 5}, {8, 1, 2, 3, 6, 7}}}}}
	whole := marshal(t, h)
	for _, c := range []struct {
		more string
		rest noted
	}{{`"BAUGBw=="`, 4}, {`"BAUG"`, 0}, {`"BAUGBwQF"`, 0}, {`""`, 0}, {`null`, 0}} {
		var got History
		text := strings.Replace(whole, `"BAUGBw=="`, c.more, 1)
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.classes[watched].hours[0].rest != c.rest || got.classes[watched].hours[1].time != 1 {
			t.Errorf("%s: %+v, %v", text, got.classes[watched], err)
		}
	}
}

func TestHourRange(t *testing.T) {
	at := hourOf(noon)
	for _, test := range []struct {
		from, to time.Duration
		start, n hour
	}{
		{0, time.Hour, 0, 1}, {0, 3 * time.Hour, 0, 3}, {0, time.Hour + 1, 0, 2}, {0, 2*time.Hour - 1, 0, 2}, {1, time.Hour, 0, 1}, {time.Minute, time.Hour + time.Minute, 0, 2},
		{0, 0, 0, 1}, {-1, time.Hour, -1, 2}, {0, time.Minute, 0, 1}, {time.Hour, 0, 1, 1},
	} {
		start, end := hourRange(Window{noon.Add(test.from), noon.Add(test.to)})
		if start != at+test.start || end-start != test.n {
			t.Errorf("%v to %v: %d hours from %d", test.from, test.to, end-start, start-at)
		}
	}
	if !at.time().Equal(noon) || hourOf(noon.Add(time.Hour-1)) != at || hourOf(noon.Add(-1)) != at-1 {
		t.Error("an hour is not its own")
	}
}

// A history's hours are written and read, those of incomplete coverage as such.
func TestHoursAreReadAsWritten(t *testing.T) {
	h := History{hours: []wholeHour{{100, 7, false, 0, 1, false}, {101, 0, true, 1, 0, true}, {400, 255, false, 255, 255, true}}}
	var got History
	if err := json.Unmarshal([]byte(marshal(t, h)), &got); err != nil || !slices.Equal(got.hours, h.hours) {
		t.Errorf("%+v, %v", got.hours, err)
	}
}
