// Package chart draws the charts of the HTML report as SVG, of numbers alone. They
// need no scripts, are as wide as their place, and take their colours from the
// page's style sheet, by the classes c1 to c8 and c-other. Scripts of the page draw
// the same anew, in the same parts, once a reader zooms.
//
// The shapes are in an inner svg that is stretched; lines and texts stand at parts
// of a hundred of the outer one, so that no letter is stretched with them.
package chart

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Line is a time line of equal steps, and what of it a chart shows. Its times are
// seconds since 1970.
type Line struct {
	Start    int64   // of the first step
	Step     float64 // seconds, not zero
	From, To int64   // the edges of the chart
	Zone     *time.Location
}

// Layer is a part of a stack, or a line alone: values from the step First on.
type Layer struct {
	Color  string // a class of the style sheet
	First  int
	Values []float64
}

// height is how many units the shapes are high.
const height = 1000

// Stack draws the layers over each other, the first at the bottom. The label is
// what a screen reader says, and the unit stands with the highest number.
func (l Line) Stack(label, unit string, layers []Layer) string {
	steps := 0
	for _, x := range layers {
		steps = max(steps, x.First+len(x.Values))
	}
	sums := make([][]float64, len(layers)+1)
	sums[0] = make([]float64, steps)
	for i, x := range layers {
		sums[i+1] = slices.Clone(sums[i])
		for k, v := range x.Values {
			sums[i+1][x.First+k] += v
		}
	}
	top := 0.0
	for _, v := range sums[len(layers)] {
		top = max(top, v)
	}
	top = scaleTo(top)
	var b strings.Builder
	open(&b, label)
	fmt.Fprintf(&b, `<svg class="shapes" viewBox="%s 0 %s %d" preserveAspectRatio="none">`,
		short(float64(l.From-l.Start)/l.Step), short(float64(l.To-l.From)/l.Step), height)
	// The highest is drawn first, each down to zero, and the next over it.
	for i := len(layers) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, `<path class="%s" d="%s"/>`, layers[i].Color, stepped(sums[i+1], top))
	}
	b.WriteString(`</svg>`)
	values(&b, top, unit)
	l.times(&b)
	b.WriteString(`</svg>`)
	return b.String()
}

// Coarser draws with wider steps, so that there are at most so many: each has the mean of
// those in it.
func (l Line) Coarser(most int, x Layer) (Line, Layer) {
	n := int(math.Ceil(float64(l.To-l.From) / l.Step / float64(most)))
	if n < 2 {
		return l, x
	}
	out := Layer{Color: x.Color, First: x.First / n}
	for i, v := range x.Values {
		k := (x.First+i)/n - out.First
		for len(out.Values) <= k {
			out.Values = append(out.Values, 0)
		}
		out.Values[k] += v / float64(n)
	}
	l.Step *= float64(n)
	return l, out
}

// stepped is the outline of values down to zero, as the d of a path.
func stepped(v []float64, top float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M0 %d", height)
	last, from := height, 0
	for i := range v {
		if y := height - int(math.Round(height*v[i]/top)); y != last {
			fmt.Fprintf(&b, "h%dv%d", i-from, y-last)
			last, from = y, i
		}
	}
	fmt.Fprintf(&b, "H%dV%dZ", len(v), height)
	return b.String()
}

func open(b *strings.Builder, label string) {
	fmt.Fprintf(b, `<svg class="plot" role="img" aria-label="%s">`, html.EscapeString(label))
}

// scaleTo is the top of a scale for values up to most: some room above them. Of less than a
// millionth of a millionth there is nothing to see.
func scaleTo(most float64) float64 {
	if !(most > 1e-12) || math.IsInf(most*1.05, 0) {
		return 1
	}
	return most * 1.05
}

// values writes the lines and numbers of the upright scale.
func values(b *strings.Builder, top float64, unit string) {
	b.WriteString(`<g class="scale">`)
	per := nice(top / 4)
	for n := 1; float64(n)*per <= top; n++ {
		text := Figure(float64(n) * per)
		if float64(n+1)*per > top {
			text = counted(text, unit)
		}
		at := short(100 - 100*float64(n)*per/top)
		fmt.Fprintf(b, `<line x2="100%%" y1="%s%%" y2="%s%%"/><text x="2" y="%s%%" dy="12">%s</text>`, at, at, at, html.EscapeString(text))
	}
	b.WriteString(`</g>`)
}

// nice is the least of 1, 2 and 5 times the powers of ten that is no less than v.
func nice(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= v*(1-1e-9) {
			return n * power
		}
	}
	return 10 * power
}

// ticks are how many seconds can be between two times that a scale names.
var ticks = []int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800}

// times writes the times under a chart, at most five, so that there is room on a phone.
func (l Line) times(b *strings.Builder) {
	span := l.To - l.From
	per := ticks[0]
	for i := 1; span/per > 4; i++ {
		if i < len(ticks) {
			per = ticks[i]
		} else {
			per *= 2
		}
	}
	b.WriteString(`<g class="times">`)
	_, offset := time.Unix(l.From, 0).In(l.Zone).Zone()
	from := l.From + int64(offset)
	for t := (from + per - 1) / per * per; t <= from+span; t += per {
		x := 100 * float64(t-from) / float64(max(span, 1))
		text := time.Unix(t-int64(offset), 0).In(l.Zone).Format(layout(per, span))
		fmt.Fprintf(b, `<text x="%s%%" y="100%%" dy="16"%s>%s</text>`, short(x), anchor(x), text)
	}
	b.WriteString(`</g>`)
}

func layout(per, span int64) string {
	switch {
	case per >= 86400:
		return "01-02"
	case span > 86400:
		return "01-02 15:04"
	case per >= 60:
		return "15:04"
	}
	return "15:04:05"
}

// anchor keeps a text at the edge inside the chart.
func anchor(percent float64) string {
	switch {
	case percent < 8:
		return ` class="start"`
	case percent > 92:
		return ` class="end"`
	}
	return ""
}

// Bar of a chart of counts, which begins at what From says.
type Bar struct {
	From  string
	Count int64
}

// Bars draws counts, their height as the logarithm.
func Bars(label, unit string, bars []Bar) string {
	var b strings.Builder
	open(&b, label)
	most := int64(1)
	for _, bar := range bars {
		most = max(most, bar.Count)
	}
	top := math.Log1p(1.2 * float64(most))
	up := func(n float64) float64 { return math.Log1p(n) / top }
	fmt.Fprintf(&b, `<svg class="shapes c1" viewBox="0 0 %d %d" preserveAspectRatio="none">`, 10*len(bars), height)
	for i, bar := range bars {
		h := int(math.Round(height * up(float64(max(bar.Count, 0)))))
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="9" height="%d"/>`, 10*i, height-h, h)
	}
	b.WriteString(`</svg><g class="scale">`)
	by := 10.0
	if most > 1e4 {
		by = 100
	}
	for v := 1.0; v <= float64(most); v *= by {
		text := Figure(v)
		if v*by > float64(most) {
			text = counted(text, unit)
		}
		at := short(100 - 100*up(v))
		fmt.Fprintf(&b, `<line x2="100%%" y1="%s%%" y2="%s%%"/><text x="100%%" class="end" y="%s%%" dy="12">%s</text>`, at, at, at, html.EscapeString(text))
	}
	b.WriteString(`</g><g class="times">`)
	few := (len(bars) + 5) / 6
	for i := 0; i < len(bars); i += few {
		x := 100 * float64(i) / float64(len(bars))
		fmt.Fprintf(&b, `<text x="%s%%" y="100%%" dy="16" class="start">%s</text>`, short(x), html.EscapeString(bars[i].From))
	}
	b.WriteString(`</g></svg>`)
	return b.String()
}

// counted writes a number with its unit, such as "2 calls at a time": of 1, "1 call at a time".
func counted(figure, unit string) string {
	if first, rest, _ := strings.Cut(unit, " "); figure == "1" {
		unit = strings.TrimSpace(strings.TrimSuffix(first, "s") + " " + rest)
	}
	return figure + " " + unit
}

// short writes a number with two digits after the point at most.
func short(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// Figure writes a number with three digits that count, and a large one in thousands or
// millions.
func Figure(v float64) string {
	switch {
	case v >= 1e9:
		return plain(v/1e9) + "G"
	case v >= 1e6:
		return plain(v/1e6) + "M"
	case v >= 1e4:
		return plain(v/1e3) + "k"
	}
	return plain(v)
}

func plain(v float64) string {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return strconv.FormatFloat(f, 'f', -1, 64)
}
