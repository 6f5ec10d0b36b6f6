package digest

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The rules that are simpler than ours, of which each says a word where it is broken and was not in
// the hour before. All have the floor: a second, and a hundredth of the whole time.
var simpleRules = [...]string{
	"two standard deviations above the mean of the same hour",
	"mean time of a call over its p99, and over twice its median",
	"CUSUM of the log residual, in robust deviations (slack 1, bound 8)",
}

// simplePast is what they remember of a class: its time and mean time of each of the last 14 days'
// hours, by the hour modulo that; NaN is unknown.
type simplePast struct {
	time, mean [historyHours]float64
	sum        float64 // of the residuals
	broken     [len(simpleRules)]bool
}

func newSimplePast() *simplePast {
	var p simplePast
	for i := range p.time {
		p.time[i], p.mean[i] = math.NaN(), math.NaN()
	}
	return &p
}

// known14 returns the values that are known, in order: those of the same hour of day as n, or all.
func known14(values *[historyHours]float64, n int, all bool) []float64 {
	var out []float64
	for i, v := range values {
		if !math.IsNaN(v) && (all || i%hoursADay == n%hoursADay) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

// judge returns which rules say a word of an hour, and remembers it. now is nil where the class was
// not seen.
func (p *simplePast) judge(n int, now *Class, total float64) (words [len(simpleRules)]bool) {
	time, mean, broken := 0.0, math.NaN(), [len(simpleRules)]bool{}
	if now != nil {
		time, mean = now.QueryTime.Sum, now.QueryTime.Mean
	}
	if same := known14(&p.time, n, false); len(same) >= fewDays {
		average, squares := 0.0, 0.0
		for _, v := range same {
			average += v / float64(len(same))
		}
		var residuals []float64
		median := same[len(same)/2]
		for _, v := range same {
			squares += (v - average) * (v - average) / float64(len(same))
			residuals = append(residuals, math.Abs(math.Log((1+v)/(1+median))))
		}
		slices.Sort(residuals)
		broken[0] = matters(time-average, 1, total) && time > average+2*math.Sqrt(squares)
		z := math.Log((1+time)/(1+median)) / max(1.48*residuals[len(residuals)/2], 0.1)
		p.sum = max(0, p.sum+min(z, 6)-1)
		broken[2] = p.sum > 8 && matters(time-median, 1, total)
		if broken[2] {
			p.sum = 0
		}
	}
	above := 0
	for _, v := range p.mean {
		if v >= mean {
			above++
		}
	}
	if now != nil && above <= historyHours/100+1 && matters(time, 1, total) { // nearly never
		means := known14(&p.mean, n, true)
		if len(means) < fewWindows {
			means = []float64{math.Inf(1)}
		}
		median := means[len(means)/2]
		broken[1] = mean > means[len(means)*99/100] && mean > 2*median && matters(time*(1-median/mean), 1, total)
	}
	for i := range broken {
		words[i] = broken[i] && !p.broken[i]
	}
	p.broken = broken
	p.time[n%historyHours], p.mean[n%historyHours] = time, mean
	return words
}

// simpleWords counts what a rule said of months.
type simpleWords struct {
	wrong, inEvents int
	delays          map[string][]int
}

// simpleTable states what the rules say, and ours in the last row.
func simpleTable(sizes []int, by map[int]*monthWords) string {
	var b strings.Builder
	b.WriteString("| words a channel-week |")
	for _, size := range sizes {
		fmt.Fprintf(&b, " %d classes: wrong | of events | 3 times, 2nd hour | twice, 24 h |", size)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|--:|--:|--:|", len(sizes)) + "\n")
	row := func(name string, of func(w *monthWords) (wrong, events int, delays map[string][]int)) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, size := range sizes {
			w := by[size]
			wrong, events, delays := of(w)
			count := func(what string, hours int) string {
				told, all := 0, 0
				for _, x := range []string{"calls", "time"} {
					g := what + " × " + x + " | steady, 30 or more"
					all += w.trials[g]
					for _, d := range delays[g] {
						if d < hours {
							told++
						}
					}
				}
				return fmt.Sprintf("%d of %d", told, all)
			}
			fmt.Fprintf(&b, " %.2f | %.2f | %s | %s |", float64(wrong)/w.weeks, float64(events)/w.weeks, count("3", 2), count("2", 24))
		}
		b.WriteString("\n")
	}
	for i, name := range simpleRules {
		row(name, func(w *monthWords) (int, int, map[string][]int) {
			return w.simple[i].wrong, w.simple[i].inEvents, w.simple[i].delays
		})
	}
	row("**the rule of this page**", func(w *monthWords) (int, int, map[string][]int) {
		events := 0
		for _, n := range w.inEvents {
			events += n
		}
		return w.all(), events, w.delays
	})
	return b.String()
}
