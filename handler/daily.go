package handler

import (
	"fmt"
	"maps"
	"strings"
	"time"
	_ "time/tzdata" // Lambda's runtime has none

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
)

// Daily is a time of day, at which a channel hears what the day before it was like.
// In exchange, hours without news are not posted. The zero value posts each hour.
type Daily struct {
	at   time.Duration // since midnight
	zone *time.Location
}

// ParseDaily reads a time of day and, if it is not UTC, a time zone as IANA names them:
// "09:00", "09:00 Europe/Berlin".
func ParseDaily(s string) (Daily, error) {
	clock, name, _ := strings.Cut(s, " ")
	at, err := time.Parse("15:04", clock)
	if err != nil {
		return Daily{}, fmt.Errorf(`daily %q: want a time such as "09:00" or "09:00 Europe/Berlin"`, s)
	}
	zone, err := ParseZone(name)
	if err != nil {
		return Daily{}, fmt.Errorf("daily %q: %w", s, err)
	}
	return Daily{time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, zone}, nil
}

// ParseZone reads the name of a time zone as IANA has it. No name is UTC. The zone that
// the machine happens to be in has no name.
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("time zone %q: want a name such as Europe/Berlin", name)
	}
	return zone, nil
}

// String returns a text that ParseDaily reads, or none.
func (d Daily) String() string {
	if d.zone == nil {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprintf("%02d:%02d %s", int(d.at.Hours()), int(d.at.Minutes())%60, d.zone), " UTC")
}

// last returns the end of the last hour of a window of whole hours in which the time of
// day is, and false if it is in none.
func (d Daily) last(w digest.Window) (time.Time, bool) {
	if d.zone == nil {
		return time.Time{}, false
	}
	end := w.End.In(d.zone)
	for _, day := range []int{0, -1} {
		at := time.Date(end.Year(), end.Month(), end.Day()+day, 0, int(d.at.Minutes()), 0, 0, d.zone)
		if at.After(w.Start) && !at.After(w.End) {
			return at.Add(time.Hour - 1).Truncate(time.Hour).UTC(), true
		}
	}
	return time.Time{}, false
}

// day sums up the hours since the time of day before, if the time of day is in the window of which r is
// the report, and which is about to be posted; else it is nil. Open are the parts of that
// window that are yet to be read. An hour of which one is, is not said to be read.
func (d Daily) day(s *state.State, r *digest.Report, open state.Parts) *digest.Day {
	end, due := d.last(r.Window)
	if !due {
		return nil
	}
	start, found := d.last(digest.Window{Start: end.Add(-28 * time.Hour), End: end.Add(-time.Hour)})
	if !found { // the zone left out a day
		start = end.Add(-24 * time.Hour)
	}
	day := &digest.Day{Window: digest.Window{Start: start, End: end}}
	partial := s.History.Partial()
	for _, hour := range day.Window.Hours() {
		e, entered := s.Entries.At(hour.Start)
		now, parts := r.Window.Contains(hour.Start), s.Open
		if now {
			parts = open
		}
		if now {
			partial[hour.Start] = notifier.Incomplete(r)
		}
		slept, left := map[string]bool{}, false
		for _, o := range parts.In(hour) {
			slept[o.Key()] = slept[o.Key()] || o.Slept
			left = left || !o.Usual && !o.Slept
		}
		maps.DeleteFunc(slept, func(_ string, is bool) bool { return !is })
		switch {
		case len(slept) > 0:
			day.Asleep++
		case partial[hour.Start] && !left:
			day.Partial++
		}
		switch {
		case !now && hour.Start.Before(s.Since):
		case len(slept) > 0 && len(slept) >= s.Instances.There(): // nothing was to be read
		case left, !now && (!entered || e.Kind == state.FailureReported):
			day.Left++
		case now && !notifier.News(r):
			day.Silent++ // but for telling the day
		case now:
			day.Posted++
		case e.Kind == state.Missed:
			day.Missed++
		case e.Silent:
			day.Silent++
		default:
			day.Posted++
		}
	}
	day.QueryTime = s.History.Total(day.Window)
	if day.Window.Contains(r.Window.Start) { // which is not added yet
		day.QueryTime += r.Overall.QueryTime.Sum
	}
	day.Add(&s.History, r, func(hour time.Time) bool {
		e, entered := s.Entries.At(hour)
		return entered && e.Silent
	})
	return day
}
