package handler

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"slowdigest/digest"
)

// stopWhereTimeRanOut shortens a reading of several hours to those that were
// read whole; the others are for a later run. If there is none, no later run
// can be expected to do better, and all that was read counts.
func (rd *reading) stopWhereTimeRanOut() {
	slices.SortStableFunc(rd.parts, func(a, b part) int { return a.file.LastWritten.Compare(b.file.LastWritten) })
	whole := 0
	for whole < len(rd.hours) && rd.readWhole(rd.window.Start.Add(time.Duration(whole+1)*time.Hour)) {
		whole++
	}
	if whole == 0 || whole == len(rd.hours) {
		return
	}
	rd.hours = rd.hours[:whole]
	rd.window.End = rd.window.Start.Add(time.Duration(whole) * time.Hour)
	rd.parts = slices.DeleteFunc(rd.parts, rd.needless(rd.window.End))
}

// lastHour returns the newest hour of the reading.
func (rd *reading) lastHour() digest.Window {
	return digest.Window{Start: rd.window.End.Add(-time.Hour), End: rd.window.End}
}

func (rd *reading) readWhole(end time.Time) bool {
	needless := rd.needless(end)
	for _, p := range rd.parts {
		if !needless(p) && p.cut {
			return false
		}
	}
	return true
}

// needless returns a function that reports, when it is called in the order of the
// files' last writes, whether a part can be done without for what happened before
// end. The rule is that of source, which takes two files of each instance
// that were written to later.
func (rd *reading) needless(end time.Time) func(part) bool {
	later := map[string]int{}
	return func(p part) bool {
		if !p.file.LastWritten.Before(end) {
			later[p.instance]++
		}
		return later[p.instance] > 2
	}
}

// report sums up all hours that were read.
func (rd *reading) report(l digest.Limit) *digest.Report {
	sum := rd.whole
	if rd.hours[0] != rd.whole {
		sum = rd.handler.aggregator(rd.window)
		sum.Detail = false // hours have no fine time line in common
		sum.Merge(rd.whole)
		for _, hour := range rd.hours {
			sum.Merge(hour)
		}
	}
	return rd.complete(sum.Report(l, rd.handler.OrderBy))
}

// hourly returns the reports of the single hours, with all classes. What is missing
// from a file may be missing from any of them.
func (rd *reading) hourly() []*digest.Report {
	var reports []*digest.Report
	for _, hour := range rd.hours {
		reports = append(reports, rd.complete(hour.Report(digest.Limit{}, rd.handler.OrderBy)))
	}
	return reports
}

// complete adds what the aggregators do not know.
func (rd *reading) complete(r *digest.Report) *digest.Report {
	r.Instances = rd.instances
	for _, p := range rd.parts {
		r.Coverage.Add(p.coverage)
	}
	rd.beginning(&r.Coverage, r.Window)
	rd.addAbsent(&r.Coverage, r.Window)
	r.Coverage.Notes = append(r.Coverage.Notes, rd.handler.Notes...)
	slices.Sort(r.Coverage.Notes) // files are read in parallel, and end in any order
	r.Coverage.Notes = joinNotes(r.Coverage.Notes, rd.parts)
	slices.SortFunc(r.Coverage.Gaps, func(a, b digest.Gap) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), a.Before.Compare(b.Before), cmp.Compare(a.File, b.File), cmp.Compare(a.From, b.From))
	})
	return r
}

// beginning says which part of a window lies before the local logs begin. The
// instances of RDS have a list of their logs; what was before a file is not
// known.
func (rd *reading) beginning(c *digest.Coverage, w digest.Window) {
	var first time.Time
	var local []part
	for _, p := range rd.parts {
		if p.file.Instance != "" || p.file.Name == "" || p.err != nil {
			continue
		}
		local = append(local, p)
		if first.IsZero() || !p.first.IsZero() && p.first.Before(first) {
			first = p.first
		}
	}
	if len(local) == 0 || rd.window.Start.IsZero() || !first.IsZero() && !first.After(w.Start) {
		return
	}
	c.Complete = false
	if first.IsZero() {
		c.Notes = append(c.Notes, "No log tells when it begins: what happened in the window is not known.")
		return
	}
	before := first
	if !w.End.IsZero() && w.End.Before(before) {
		before = w.End
	}
	c.Gaps = append(c.Gaps, digest.Gap{File: local[0].file.Name, After: w.Start, Before: before})
	c.Notes = append(c.Notes, fmt.Sprintf("The log begins at %s: what happened before it is not known.", first.Format("2006-01-02 15:04:05 UTC")))
}
