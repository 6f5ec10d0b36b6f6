package chart

import (
	"math"
	"strings"
	"testing"
)

// A bar is as long as its number is large, to its side, and stays within the picture whatever
// the number is; the least that is there can be seen.
func TestBarsOfChange(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		change, most float64
		want         string
	}{
		{5, 10, `class="c6" x="100" width="50"`}, {-5, 10, `class="c3" x="50" width="50"`}, {10, 10, `class="c6" x="100" width="100"`},
		{-20, 10, `class="c3" x="0" width="100"`}, {1e-9, 10, `class="c6" x="100" width="1"`}, {0, 10, `x="100" width="0"`},
		{0, 0, `x="100" width="0"`}, {nan, 10, `width="0"`}, {5, nan, `width="0"`}, {inf, inf, `width="0"`}, {-inf, 10, `x="0" width="100"`},
	} {
		svg := Change(c.change, c.most)
		valid(t, svg)
		if !strings.Contains(svg, c.want) {
			t.Errorf("%v of %v: %s, want %s", c.change, c.most, svg, c.want)
		}
	}
	for _, c := range []struct {
		before, after float64
		want          [2]string
	}{
		{1, 4, [2]string{`"c-other" y="0" width="25"`, `"c1" y="11" width="100"`}}, {4, 1, [2]string{`y="0" width="100"`, `y="11" width="25"`}},
		{0, 0, [2]string{`y="0" width="0"`, `y="11" width="0"`}}, {nan, 1, [2]string{`y="0" width="0"`, `y="11" width="0"`}},
	} {
		svg := Sides(c.before, c.after)
		valid(t, svg)
		if !strings.Contains(svg, c.want[0]) || !strings.Contains(svg, c.want[1]) {
			t.Errorf("%v and %v: %s", c.before, c.after, svg)
		}
	}
}
