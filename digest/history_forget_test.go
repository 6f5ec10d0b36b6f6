package digest

import (
	"encoding/json"
	"testing"
	"time"
)

// A history from which hours are taken back is what it was before they came.
func TestForgetTakesBackTheFuture(t *testing.T) {
	hourOf := func(n int, ids ...string) *Report {
		start := noon.Add(time.Duration(n) * time.Hour)
		r := &Report{Window: Window{Start: start, End: start.Add(time.Hour)}, Coverage: Coverage{Complete: true}}
		for _, id := range ids {
			c := Class{ID: id}
			c.Calls, c.QueryTime.Sum = 30, 9
			r.Classes = append(r.Classes, c)
		}
		return r
	}
	text := func(h *History) string {
		b, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var h History
	for _, r := range []*Report{hourOf(0, "A", "B"), hourOf(1, "A"), hourOf(4, "A", "B"), hourOf(5, "A")} {
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	h.lines = nil // those of the last hours make room for later ones
	want := text(&h)
	for _, r := range []*Report{hourOf(6, "B", "C"), hourOf(9, "A", "C")} {
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	later := text(&h)
	if h.Forget(noon.Add(10 * time.Hour)); text(&h) != later {
		t.Errorf("an hour before the time was taken back: %s", text(&h))
	}
	h.Forget(noon.Add(6 * time.Hour))
	if h.lines = nil; text(&h) != want {
		t.Errorf("left %s, want %s", text(&h), want)
	}
	if h.Forget(noon); text(&h) != text(&History{}) {
		t.Errorf("left %s of nothing", text(&h))
	}
}
