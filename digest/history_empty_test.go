package digest_test

import (
	"encoding/json"
	"testing"
	"time"

	"slowdigest/digest"
)

// A history is saved before its first hour, and is none the worse for it.
func TestEmptyHistoryIsReadAsOne(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	r := digest.NewAggregator(digest.Window{Start: start, End: start.Add(time.Hour)}).Report(digest.Limit{}, digest.OrderBySum)
	var fresh, saved digest.History
	empty, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(empty, &saved); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*digest.History{&fresh, &saved} {
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := json.Marshal(fresh)
	b, _ := json.Marshal(saved)
	if string(a) != string(b) {
		t.Errorf("%s, after it was saved %s", a, b)
	}
}
