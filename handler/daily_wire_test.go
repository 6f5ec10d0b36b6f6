package handler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/handler"
	"slowdigest/source/rdstest"
)

// A run that leaves an hour out of the channel, for it has no news or no slow query, is not
// said to have posted it, and the hour is done.
func TestHourWithoutNewsIsNotPosted(t *testing.T) {
	c := newChannel(t)
	daily, err := handler.ParseDaily("09:00")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		end := ten.Add(time.Duration(n) * time.Hour)
		const quiet = 10
		if n == quiet {
			c.db.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(rdstest.Banner), end)
		} else {
			c.hour(end)
		}
		c.now = end.Add(5 * time.Minute)
		h := c.handler("request-" + end.Format("02T15"))
		h.Daily = daily
		before := len(c.slack.Messages())
		r, err := h.Run(t.Context(), hourEnding(end))
		posted := len(c.slack.Messages()) - before
		if err != nil || r == nil || h.Done != 1 || h.Silent != (posted == 0) {
			t.Errorf("hour %d: %d posted, silent %v, %d done, %v", n, posted, h.Silent, h.Done, err)
		}
		if silent := n == quiet || n >= 24; silent != (posted == 0) {
			t.Errorf("hour %d: %d posted", n, posted)
		}
	}
}

// An hour of which it is known that it had no slow query is told in a short message; one
// of which no file is listed is not, for the file may be late.
func TestHourWithoutSlowQuery(t *testing.T) {
	for _, listed := range []bool{true, false} {
		c := newChannel(t)
		c.hour(ten)
		c.mustRun(ten)
		end := ten.Add(time.Hour)
		if listed {
			c.db.Write(rdstest.SlowLog+end.Format(".2006-01-02.15"), []byte(rdstest.Banner), end)
		} else {
			c.db.Quiet = rdstest.NoQuietFile
			c.db.Append(rdstest.SlowLog, []byte(rdstest.Banner), ten.Add(-time.Minute))
		}
		c.now = end.Add(5 * time.Minute)
		before := len(c.slack.Messages())
		h := c.handler("request-2")
		if _, err := h.Run(t.Context(), hourEnding(end)); err != nil || h.Done != 1 {
			t.Errorf("listed %v: %d done, %v", listed, h.Done, err)
		}
		posted := c.slack.Messages()[before:]
		if (len(posted) == 1) != listed || len(posted) > 1 || listed && !strings.HasPrefix(posted[0].Text, "No slow query logged on orders-1") {
			t.Errorf("listed %v: %+v", listed, posted)
		}
	}
}

// In the first week a digest says once a day what it cannot see yet: with a time for the
// day the message that tells the day, and no other.
func TestFirstWeekIsToldOnceADay(t *testing.T) {
	for daily, want := range map[string][]int{"": {24, 48}, "12:00": {26, 50}} {
		c := newChannel(t)
		var said []int
		for n := range 60 {
			end := ten.Add(time.Duration(n) * time.Hour)
			c.hour(end)
			c.now = end.Add(5 * time.Minute)
			h := c.handler("request-" + end.Format("02T15"))
			if daily != "" {
				var err error
				if h.Daily, err = handler.ParseDaily(daily); err != nil {
					t.Fatal(err)
				}
			}
			before := len(c.slack.Messages())
			if _, err := h.Run(t.Context(), hourEnding(end)); err != nil {
				t.Fatal(err)
			}
			for _, m := range c.slack.Messages()[before:] {
				if strings.Contains(m.Shown(), "of history: neither daily nor weekly rhythm is known yet") {
					said = append(said, n)
				}
			}
		}
		if !slices.Equal(said, want) {
			t.Errorf("daily %q: it is said after %v hours, want %v", daily, said, want)
		}
	}
}
