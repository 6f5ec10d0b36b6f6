package digest

import "math"

// A level is a number on a logarithmic scale with steps of 7 %, in one byte: what
// a History keeps of a quantity, for a change that matters is a multiple. It
// rounds up, so that "at most" stays true. 0 is none at all.
type level uint8

const levelStep = 1.07

// The numbers of level 1. Level 255 is 29 million times that, and all above it.
const (
	timeUnit  = 0.01   // seconds of query time in an hour
	p95Unit   = 0.0001 // seconds
	callsUnit = 1
)

// Differences of levels, in steps of 7 %.
const (
	quarterMore = 3  // 1.07^3 = 1.23
	halfMore    = 6  // 1.07^6 = 1.50
	doubled     = 10 // 1.07^10 = 1.97
)

func levelOf(v, unit float64) level {
	if !(v > 0) {
		return 0
	}
	l := 1 + math.Ceil(math.Log(v/unit)/math.Log(levelStep)-1e-9)
	return level(min(max(l, 1), 255))
}

// about returns the middle of the values that have the level.
func (l level) about(unit float64) float64 { return l.value(unit) / math.Sqrt(levelStep) }

// value returns the highest of them.
func (l level) value(unit float64) float64 {
	if l == 0 {
		return 0
	}
	return unit * math.Pow(levelStep, float64(l)-1)
}
