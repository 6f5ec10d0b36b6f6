package digest

import (
	"math"
	"testing"
)

func TestLevelsRoundUp(t *testing.T) {
	for _, test := range []struct {
		v    float64
		want level
	}{
		{0, 0}, {-1, 0}, {math.NaN(), 0}, {1e-300, 1}, {0.5, 1}, {1, 1}, {1.0001, 2}, {1.07, 2}, {1.0701, 3}, {1.1449, 3},
		{math.Pow(levelStep, 253) * 1.01, 255}, {math.Pow(levelStep, 253) * 0.99, 254}, {1e300, 255}, {math.Inf(1), 255},
	} {
		if got := levelOf(test.v, 1); got != test.want {
			t.Errorf("level of %v: %d, want %d", test.v, got, test.want)
		}
	}
	for l := level(1); l < 255; l++ {
		value, about := l.value(timeUnit), l.about(timeUnit)
		if levelOf(value, timeUnit) != l || levelOf(about, timeUnit) != l || levelOf(value*1.0001, timeUnit) != l+1 {
			t.Errorf("level %d: %v, about %v", l, value, about)
		}
		if next := (l + 1).value(timeUnit); math.Abs(next/value-1.07) > 1e-9 || math.Abs(about*about/(value*value/1.07)-1) > 1e-9 {
			t.Errorf("level %d: %v, about %v, next %v", l, value, about, next)
		}
	}
	if level(0).value(1) != 0 || level(0).about(1) != 0 || level(1).value(p95Unit) != p95Unit {
		t.Error("level 0 is nothing, and level 1 the unit")
	}
	if most := level(255).value(1); most < 29e6 || most > 30e6 {
		t.Errorf("level 255 is %v", most)
	}
}
