package chart

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"time"

	"slowdigest/digest"
)

// Data holds what the charts of a report draw, as JSON for the page's scripts.
type Data struct {
	Start   int64   `json:"start"` // of the first step, in seconds since 1970
	Step    float64 `json:"step"`  // seconds
	From    int64   `json:"from"`  // the edges of the charts
	To      int64   `json:"to"`
	Zone    string  `json:"zone"`   // of the times, as IANA names it
	Offset  int     `json:"offset"` // of the zone at From, in seconds
	All     Series  `json:"all"`
	Classes []Class `json:"classes"` // in the order of the report

	zone *time.Location
}

// Series is a time line of each measure, per second of its steps.
type Series struct {
	First int       `json:"first"` // the step at which it begins
	Time  []float64 `json:"time"`  // query time: the calls that ran at a time, on average
}

// Class is what the charts draw of one class.
type Class struct {
	Name string `json:"name"`
	Series
	Bins [][2]float64 `json:"bins"` // from how many seconds, calls
}

// Of returns nil where there is nothing to draw. The report is one that others may see; a
// nil zone is UTC.
func Of(r *digest.Report, zone *time.Location) *Data {
	if r.Detail == nil || len(r.Classes) == 0 {
		return nil
	}
	zone = cmp.Or(zone, time.UTC)
	d := &Data{Start: r.Detail.Start.Unix(), Step: r.Detail.Step, Zone: zone.String(), zone: zone}
	d.All.Time = perStep(r.Detail.Load, d.Step)
	d.From = min(r.Window.Start.Unix(), d.Start)
	d.To = max(r.Window.End.Unix(), d.Start+int64(d.Step)*int64(len(d.All.Time)), d.From+1)
	_, d.Offset = time.Unix(d.From, 0).In(zone).Zone()
	for i := range r.Classes {
		c := &r.Classes[i]
		data := Class{Name: fmt.Sprintf("#%d %s", c.Rank, c.Label), Series: Series{Time: []float64{}}, Bins: [][2]float64{}}
		if c.Detail != nil {
			data.First, data.Time = c.Detail.First, perStep(c.Detail.Load, d.Step)
			for _, bin := range c.Detail.Distribution {
				data.Bins = append(data.Bins, [2]float64{bin.From, float64(bin.Calls)})
			}
		}
		d.Classes = append(d.Classes, data)
	}
	return d
}

// perStep divides query time by the time in which it passed, to four digits: no
// chart shows more.
func perStep(load []float64, step float64) []float64 {
	out := make([]float64, len(load))
	for i, s := range load {
		if s /= step; !math.IsInf(s, 0) && !math.IsNaN(s) {
			out[i], _ = strconv.ParseFloat(strconv.FormatFloat(s, 'g', 4, 64), 64)
		}
	}
	return out
}

func (d *Data) line() Line {
	return Line{Start: d.Start, Step: d.Step, From: d.From, To: d.To, Zone: d.zone}
}

// Key names a layer of the chart of all classes; Class is its index in the report, and
// -1 for the other classes.
type Key struct {
	Color, Name string
	Class       int
}

// layers of a stack, the others aside: more cannot be told apart.
const layers = 8

// Load draws the load of all classes, those with the most stacked by class, and returns what
// the colours stand for.
func (d *Data) Load() (template.HTML, []Key) {
	sums := make([]float64, len(d.Classes))
	order := make([]int, len(d.Classes))
	for i := range d.Classes {
		order[i] = i
		for _, v := range d.Classes[i].Time {
			sums[i] += v
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sums[b], sums[a]) })
	var keys []Key
	var stack []Layer
	others := slices.Clone(d.All.Time)
	for n, i := range order[:min(layers, len(order))] {
		c := &d.Classes[i]
		if sums[i] == 0 {
			break
		}
		color := fmt.Sprintf("c%d", n+1)
		keys = append(keys, Key{color, c.Name, i})
		stack = append(stack, Layer{Color: color, First: c.First, Values: c.Time})
		for k, v := range c.Time {
			if at := c.First + k; at < len(others) {
				others[at] = max(0, others[at]-v)
			}
		}
	}
	if len(others) > 0 && slices.Max(others) > slices.Max(d.All.Time)/1000 {
		keys = append(keys, Key{"c-other", "Other classes", -1})
		stack = append(stack, Layer{Color: "c-other", Values: others})
	}
	return d.line().Stack("Load by class", "calls at a time", stack), keys
}

// coarse is how many steps a class's own chart has until scripts draw it anew.
const coarse = 90

// Class draws the load of the class at an index, and the distribution of its calls, empty
// where it has none. The name of a query time is for the caller to say.
func (d *Data) Class(i int, name func(seconds float64) string) (load, distribution template.HTML) {
	c := &d.Classes[i]
	line, layer := d.line().Coarser(coarse, Layer{Color: "c1", First: c.First, Values: c.Time})
	load = line.Stack("Load", "calls at a time", []Layer{layer})
	if len(c.Bins) == 0 {
		return load, ""
	}
	bars := make([]Bar, len(c.Bins))
	for k, bin := range c.Bins {
		bars[k] = Bar{From: name(bin[0]), Count: int64(bin[1])}
	}
	return load, Bars("Distribution", "calls", bars)
}
