package digest

import (
	"fmt"
	"strconv"
)

// said is a change in words, for tables of tests to compare. What people read is
// written by package notifier.
func said(r *Report) string {
	for i := range r.Classes {
		if c := &r.Classes[i]; c.ID == watched && c.Change != nil {
			return string(c.Change.Kind) + ": " + changeSaid(c, c.Change)
		}
	}
	for _, g := range r.Past.Gone {
		if g.ID == watched {
			every := "one after the other"
			if g.LongestGap > 1 {
				every = fmt.Sprintf("never more than %d hours apart", g.LongestGap)
			}
			return fmt.Sprintf("GONE: last seen on %s; before that %s an hour in %d hours, %s",
				g.LastSeen.Format("2006-01-02 at 15:04"), seconds(g.Mean), g.Hours, every)
		}
	}
	return ""
}

func changeSaid(c *Class, x *Change) string {
	calls := "1 call"
	if c.Calls != 1 {
		calls = grouped(float64(c.Calls)) + " calls"
	}
	took := fmt.Sprintf("%s in %s", seconds(c.QueryTime.Sum), calls)
	switch x.Kind {
	case New:
		return fmt.Sprintf("%s; not seen in the %s before", took, span(x.Unseen))
	case Back:
		return fmt.Sprintf("%s; last seen on %s, %s before", took, x.LastSeen.Format("2006-01-02 at 15:04"), span(x.Unseen))
	case Better:
		return fmt.Sprintf("%s an hour in the last %d hours; usually %s around this time of %d days",
			seconds(x.Now), x.MeanOf, seconds(x.Median), x.Days)
	}
	p95 := func(v Values) string {
		return fmt.Sprintf("p95 %s; at most %s %s", seconds(v.Now), seconds(v.Highest), pastSaid(v))
	}
	s := p95(x.Values)
	if x.Of == "query_time" {
		hourly := "this hour"
		if x.MeanOf > 1 {
			hourly = fmt.Sprintf("an hour in %d hours", x.MeanOf)
		}
		s = fmt.Sprintf("%s %s; at most %s %s", seconds(x.Now), hourly, seconds(x.Highest), pastSaid(x.Values))
		switch {
		case x.TimesCalls > 0:
			s += fmt.Sprintf("; %.2g times the usual calls", x.TimesCalls)
		case x.TimesEach > 0:
			s += fmt.Sprintf("; a call takes %.2g times as long as usual", x.TimesEach)
		}
	}
	if x.P95 != nil {
		s += "; " + p95(*x.P95)
	}
	if !x.Since.IsZero() {
		s += "; since " + x.Since.Format("15:04") + " UTC"
	}
	return s
}

func pastSaid(v Values) string {
	switch {
	case v.Days > 0:
		return fmt.Sprintf("around this hour on %d days", v.Days)
	case v.Hours > 0:
		return fmt.Sprintf("in the %d hours it was seen in", v.Hours)
	}
	return "in any hour before"
}

func span(seconds float64) string {
	if seconds < 48*3600 {
		return fmt.Sprintf("%.0f hours", seconds/3600)
	}
	return fmt.Sprintf("%.0f days", seconds/24/3600)
}

func seconds(s float64) string {
	switch {
	case s >= 1000:
		return grouped(s) + " s"
	case s >= 0.9995:
		return fmt.Sprintf("%.3g s", s)
	case s >= 0.0009995:
		return fmt.Sprintf("%.3g ms", s*1e3)
	}
	return fmt.Sprintf("%.3g µs", s*1e6)
}

func grouped(f float64) string {
	s := strconv.FormatFloat(f, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
