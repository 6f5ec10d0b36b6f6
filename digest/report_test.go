package digest

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	hour := Window{noon, noon.Add(time.Hour)}
	for _, test := range []struct {
		w    Window
		at   time.Time
		want bool
	}{
		{hour, noon.Add(-1), false}, {hour, noon, true}, {hour, noon.Add(time.Hour - 1), true}, {hour, noon.Add(time.Hour), false}, {hour, time.Time{}, false},
		{Window{Start: noon}, noon.Add(-1), false}, {Window{Start: noon}, noon, true}, {Window{Start: noon}, noon.AddDate(100, 0, 0), true},
		{Window{End: noon}, time.Time{}, true}, {Window{End: noon}, noon.Add(-1), true}, {Window{End: noon}, noon, false},
		{Window{}, time.Time{}, true}, {Window{}, noon, true},
	} {
		if got := test.w.Contains(test.at); got != test.want {
			t.Errorf("%v contains %v: %v", test.w, test.at, got)
		}
	}
}

func TestHoursOfAWindow(t *testing.T) {
	for _, test := range []struct {
		w    Window
		want int
	}{
		{Window{noon, noon.Add(time.Hour)}, 1}, {Window{noon, noon.Add(26 * time.Hour)}, 26}, {Window{noon, noon}, 0}, {Window{noon, noon.Add(-time.Hour)}, 0},
		{Window{noon, noon.Add(time.Hour + 1)}, 0}, {Window{noon.Add(1), noon.Add(time.Hour)}, 0}, {Window{noon.Add(-time.Minute), noon.Add(59 * time.Minute)}, 0},
		{Window{noon, noon.Add(time.Hour - 1)}, 0}, {Window{Start: noon}, 0}, {Window{End: noon}, 0}, {Window{End: time.Time{}.Add(time.Hour)}, 0}, {Window{}, 0},
	} {
		hours := test.w.Hours()
		if len(hours) != test.want {
			t.Errorf("%v has %d hours, want %d", test.w, len(hours), test.want)
		}
		for i, h := range hours {
			if want := (Window{noon.Add(time.Duration(i) * time.Hour), noon.Add(time.Duration(i+1) * time.Hour)}); h != want {
				t.Errorf("hour %d of %v is %v", i, test.w, h)
			}
		}
		if joined := JoinWindows(hours); test.want > 0 && !slices.Equal(joined, []Window{test.w}) {
			t.Errorf("the hours of %v joined are %v", test.w, joined)
		}
	}
	at := func(n time.Duration) time.Time { return noon.Add(n * time.Hour) }
	apart := []Window{{at(0), at(1)}, {at(2), at(3)}, {at(3), at(5)}}
	if got, want := JoinWindows(apart), []Window{apart[0], {at(2), at(5)}}; !slices.Equal(got, want) {
		t.Errorf("joined are %v, want %v", got, want)
	}
}

// Every number of a coverage is added up, also those that are still to come.
func TestCoverageAddsUp(t *testing.T) {
	part := Coverage{Complete: true, Notes: []string{"a"}, Gaps: []Gap{{File: "f"}}}
	numbers := reflect.ValueOf(&part).Elem()
	for i := range numbers.NumField() {
		if f := numbers.Field(i); f.CanInt() {
			f.SetInt(int64(i + 1))
		}
	}
	sum := Coverage{Complete: true}
	sum.Add(part)
	sum.Add(part)
	got := reflect.ValueOf(sum)
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		if f := got.Field(i); f.CanInt() && f.Int() != 2*int64(i+1) {
			t.Errorf("%s is %d, want %d", name, f.Int(), 2*(i+1))
		}
	}
	if !sum.Complete || len(sum.Notes) != 2 || len(sum.Gaps) != 2 {
		t.Errorf("%+v", sum)
	}
	sum.Add(Coverage{})
	if sum.Add(part); sum.Complete {
		t.Error("what is incomplete in a part is complete")
	}
}

// A window of a year has its hours, and a longer one none: an entry of the year 9998 would have
// millions of them.
func TestHoursAreBounded(t *testing.T) {
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for end, want := range map[time.Time]int{
		start.Add(366 * 24 * time.Hour): 366 * 24, start.Add((366*24 + 1) * time.Hour): 0,
		time.Date(9998, 12, 31, 23, 0, 0, 0, time.UTC): 0, start.Add(90 * time.Minute): 0,
	} {
		if got := len((Window{Start: start, End: end}).Hours()); got != want {
			t.Errorf("to %v: %d hours, want %d", end, got, want)
		}
	}
}
