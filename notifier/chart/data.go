package chart

import (
	"cmp"
	"fmt"
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
	Steps   int     `json:"steps"`
	From    int64   `json:"from"` // the edges of the charts
	To      int64   `json:"to"`
	Zone    string  `json:"zone"`   // of the times, as IANA names it
	Offset  int     `json:"offset"` // of the zone at From, in seconds
	All     Series  `json:"all"`
	Classes []Class `json:"classes"` // in the order of the report
	// Slices are what was run by whom, by "user", "host", "schema" and "instance": those
	// with the most time first, and of each kind only where it has two names.
	Slices map[string][]Slice `json:"slices"`
	// More are the kinds of which the report has names that are not in Slices.
	More map[string]bool `json:"more"`
	// Partial are the classes, by index, with calls of the kind that are known to be of no one
	// name: what a slice has of them is the least that it can be.
	Partial map[string][]int `json:"partial"`

	zone *time.Location
}

// Series is a time line of each measure, per second of its steps. A measure of which there is
// nothing is nil.
type Series struct {
	First int    `json:"first"` // the step at which it begins
	Time  Values `json:"time"`  // query time: the calls that ran at a time, on average
	Calls Values `json:"calls"` // that ended
	Rows  Values `json:"rows"`  // examined
	Lock  Values `json:"lock"`  // lock time: the calls that waited at a time
}

// Values are a time line, none of them below zero. Most classes run now and then only: as JSON
// -n stands for n zeros, so that a page of thousands of classes is not mostly zeros.
type Values []float64

// MarshalJSON writes nil as null.
func (v Values) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	out := []byte("[")
	for i := 0; i < len(v); i++ {
		zeros := 0
		for i+zeros < len(v) && v[i+zeros] == 0 {
			zeros++
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if zeros > 1 {
			out = strconv.AppendInt(out, int64(-zeros), 10)
			i += zeros - 1
		} else {
			out = strconv.AppendFloat(out, v[i], 'g', -1, 64)
		}
	}
	return append(out, ']'), nil
}

func seriesOf(l digest.Lines, step float64) Series {
	return Series{l.First, perSecond(l.Load, step), perSecond(l.Calls, step), perSecond(l.RowsExamined, step), perSecond(l.LockTime, step)}
}

// Slice is what one user, host, schema or instance ran. Of are its calls of each class that it
// is known to have run, by the class's index in the report.
type Slice struct {
	Name string `json:"name"`
	Series
	Of map[int]int64 `json:"of"`
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
	d.All, d.Steps = seriesOf(r.Detail.Lines, d.Step), len(r.Detail.Load)
	d.From = min(r.Window.Start.Unix(), d.Start)
	d.To = max(r.Window.End.Unix(), d.Start+int64(d.Step)*int64(d.Steps), d.From+1)
	_, d.Offset = time.Unix(d.From, 0).In(zone).Zone()
	for i := range r.Classes {
		c := &r.Classes[i]
		data := Class{Name: fmt.Sprintf("#%d %s", c.Rank, c.Label), Bins: [][2]float64{}}
		if c.Detail != nil {
			data.Series = seriesOf(*c.Detail, d.Step)
		}
		for _, bin := range c.Distribution {
			data.Bins = append(data.Bins, [2]float64{bin.From, float64(bin.Calls)})
		}
		d.Classes = append(d.Classes, data)
	}
	d.slice(r)
	return d
}

// maxSlices is how many names of a kind can be chosen in the page.
const maxSlices = 20

// slice fills Slices, More and Partial. What is under digest.OtherNames is no slice: in each class it
// stands for others.
func (d *Data) slice(r *digest.Report) {
	d.Slices, d.More, d.Partial = map[string][]Slice{}, map[string]bool{}, map[string][]int{}
	all := r.Detail.Slices
	for _, kind := range []struct {
		name   string
		slices []digest.Slice
		calls  func(*digest.Class) map[string]int64
	}{
		{"user", all.Users, func(c *digest.Class) map[string]int64 { return c.Users }},
		{"host", all.Hosts, func(c *digest.Class) map[string]int64 { return c.Hosts }},
		{"schema", all.Schemas, func(c *digest.Class) map[string]int64 { return c.Schemas }},
		{"instance", all.Instances, func(c *digest.Class) map[string]int64 { return c.Instances }},
	} {
		named := slices.DeleteFunc(slices.Clone(kind.slices), func(s digest.Slice) bool { return s.Name == digest.OtherNames })
		if len(named) < 2 {
			continue
		}
		shown := named[:min(maxSlices, len(named))]
		if len(shown) < len(kind.slices) {
			d.More[kind.name] = true
		}
		for i := range r.Classes {
			if kind.calls(&r.Classes[i])[digest.OtherNames] > 0 {
				d.Partial[kind.name] = append(d.Partial[kind.name], i)
			}
		}
		for _, s := range shown {
			slice := Slice{Name: s.Name, Series: seriesOf(s.Lines, r.Detail.Step), Of: map[int]int64{}}
			for i := range r.Classes {
				if n := kind.calls(&r.Classes[i])[s.Name]; n > 0 {
					slice.Of[i] = n
				}
			}
			d.Slices[kind.name] = append(d.Slices[kind.name], slice)
		}
	}
}

// perSecond divides what was in each step by its seconds, to four digits: no chart shows
// more. It is nil of nothing.
func perSecond(line []float64, step float64) Values {
	var out Values
	for i, v := range line {
		if v /= step; v != 0 && !math.IsInf(v, 0) && !math.IsNaN(v) {
			if out == nil {
				out = make(Values, len(line))
			}
			out[i], _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
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
func (d *Data) Load() (string, []Key) {
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
	others := []float64(slices.Clone(d.All.Time))
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
func (d *Data) Class(i int, name func(seconds float64) string) (load, distribution string) {
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
