package digest

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
