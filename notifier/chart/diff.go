package chart

import (
	"fmt"
	"math"
	"strings"
)

// Change draws a bar from the middle: to the right for more, and to the left for less. It
// reaches the edge where it is as large as most. What it says stands next to it as a number.
func Change(change, most float64) string {
	long := 100 * part(math.Abs(change), most)
	from, color := 100.0, "c6"
	if change < 0 {
		from, color = 100-long, "c3"
	}
	return fmt.Sprintf(`<svg class="bar" aria-hidden="true" viewBox="0 0 200 10" preserveAspectRatio="none"><rect class="%s" x="%s" width="%s" height="10"/><line x1="100" x2="100" y2="10"/></svg>`,
		color, short(from), short(long))
}

// Sides draws two numbers as bars, one below the other, the greater as long as there is room.
func Sides(before, after float64) string {
	var b strings.Builder
	b.WriteString(`<svg class="bar sides" aria-hidden="true" viewBox="0 0 100 20" preserveAspectRatio="none">`)
	for i, v := range []float64{before, after} {
		fmt.Fprintf(&b, `<rect class="%s" y="%d" width="%s" height="9"/>`, []string{"c-other", "c1"}[i], 11*i, short(100*part(v, max(before, after))))
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// part is how much of the whole v is, from 0 to 1. What is there is seen: it is a hundredth at least.
func part(v, whole float64) float64 {
	if !(v > 0) || !(whole > 0) || math.IsInf(whole, 0) {
		return 0
	}
	return min(1, max(0.01, v/whole))
}
