package digest

import "time"

// Hours returns the hours of the clock that the window consists of, in order;
// none if it does not begin and end with one.
func (w Window) Hours() []Window {
	if w.Start.IsZero() || !w.Start.Truncate(time.Hour).Equal(w.Start) || !w.End.Truncate(time.Hour).Equal(w.End) {
		return nil
	}
	var hours []Window
	for at := w.Start; at.Before(w.End); at = at.Add(time.Hour) {
		hours = append(hours, Window{Start: at, End: at.Add(time.Hour)})
	}
	return hours
}

// JoinWindows returns windows in which those that follow on each other are one.
func JoinWindows(windows []Window) []Window {
	var joined []Window
	for _, w := range windows {
		if n := len(joined); n > 0 && joined[n-1].End.Equal(w.Start) {
			joined[n-1].End = w.End
		} else {
			joined = append(joined, w)
		}
	}
	return joined
}
