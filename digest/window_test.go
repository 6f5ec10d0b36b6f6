package digest

import (
	"slices"
	"testing"
	"time"
)

func TestWindowsJoined(t *testing.T) {
	at := func(d time.Duration) time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC).Add(d) }
	for _, c := range []struct {
		w    Window
		want int
	}{
		{Window{at(0), at(time.Hour)}, 1},
		{Window{at(0), at(3 * time.Hour)}, 3},
		{Window{at(0), at(0)}, 0},
		{Window{at(time.Hour), at(0)}, 0},
		{Window{at(time.Nanosecond), at(time.Hour)}, 0},
		{Window{at(0), at(time.Hour - time.Nanosecond)}, 0},
		{Window{at(0), at(time.Hour + time.Nanosecond)}, 0},
		{Window{time.Time{}, at(0)}, 0},
		{Window{time.Time{}, time.Time{}.Add(time.Hour)}, 0},
	} {
		hours := c.w.Hours()
		if len(hours) != c.want {
			t.Errorf("%v has %d hours, want %d", c.w, len(hours), c.want)
		}
		if joined := JoinWindows(hours); c.want > 0 && !slices.Equal(joined, []Window{c.w}) {
			t.Errorf("the hours of %v joined are %v", c.w, joined)
		}
	}
	apart := []Window{{at(0), at(time.Hour)}, {at(2 * time.Hour), at(3 * time.Hour)}, {at(3 * time.Hour), at(5 * time.Hour)}}
	if got, want := JoinWindows(apart), []Window{apart[0], {at(2 * time.Hour), at(5 * time.Hour)}}; !slices.Equal(got, want) {
		t.Errorf("joined are %v, want %v", got, want)
	}
}
