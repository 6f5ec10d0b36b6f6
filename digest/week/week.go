// Package week sums up the hours of a week and of the four before it: what cost the most and how that has
// changed, what was new and stayed, and what was fixed. Like package digest it holds numbers and facts, and
// no sentences.
package week

import (
	"slices"
	"time"

	"slowdigest/digest"
)

// Earlier is how many weeks a week is compared with.
const Earlier = 4

// Week states what a week was like, and how it differs from the ones before. All times are UTC, and all
// durations are seconds of query time.
type Week struct {
	Version   int           `json:"version"` // of this format; 1
	Window    digest.Window `json:"window"`  // from Monday to Monday at midnight in Zone, in whole hours
	Zone      string        `json:"zone"`
	Instances []string      `json:"instances,omitempty"` // that were read in it
	Hours     Hours         `json:"hours"`
	Known     bool          `json:"known"` // nine tenths of its hours were read, so that it is compared with others
	Sum
	Classes int `json:"classes"` // how many there were
	// Earlier are the weeks before, the last one first. Usual is the mean of the query time of those that are
	// Known, for as many hours as were read of this one, and UsualOf how many these are.
	Earlier [Earlier]EarlierWeek `json:"earlier"`
	Usual   float64              `json:"usual,omitempty"`
	UsualOf int                  `json:"usual_of"`
	// ByHour is the query time by hour of the day in Zone.
	ByHour [24]float64 `json:"by_hour"`
	Top    []Class     `json:"top"` // that cost the most, as many as were asked for
	// New are those that no earlier hour had, and that the last day has, the most time first: 10 of NewCount.
	New      []Class `json:"new,omitempty"`
	NewCount int     `json:"new_count"`
	Fixed    []Fixed `json:"fixed,omitempty"` // that were NEW or WORSE and are not any more, the last first
	Muted    []Muted `json:"muted,omitempty"` // at the end of the week
	// RulesSince is set where query IDs are made by other rules since then: what classes did before is not known.
	RulesSince time.Time `json:"rules_since,omitzero"`
	// Unreadable is how many hours of all weeks are kept and could not be read.
	Unreadable int `json:"unreadable,omitempty"`
}

// Hours states how much of a week is known.
type Hours struct {
	All     int `json:"all"`               // 168, or one more or less where clocks were changed
	Read    int `json:"read"`              // that are kept
	Partial int `json:"partial,omitempty"` // of these, of which something is missing
	// AsListed are those of which nothing is known to be missing, and an instance listed no file for a part; see
	// digest.Coverage.
	AsListed int `json:"as_listed,omitempty"`
}

// Sum states calls and their time.
type Sum struct {
	Calls     int64   `json:"calls"`
	QueryTime float64 `json:"query_time"`
}

func (s *Sum) add(calls int64, seconds float64) {
	s.Calls, s.QueryTime = s.Calls+calls, s.QueryTime+seconds
}

// EarlierWeek sums up one of the weeks before.
type EarlierWeek struct {
	Window digest.Window `json:"window"`
	Hours  Hours         `json:"hours"`
	Known  bool          `json:"known"` // as of Week
	Sum
}

// Class states what a query class did in the week.
type Class struct {
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"`
	Sum
	Max   float64 `json:"max"`   // the longest call
	Share float64 `json:"share"` // of the week's query time, 0 to 1
	// Earlier is the query time in each of the weeks before, the last one first; nil is not known. Usual is the
	// mean of those that are known, for as many hours as this one has; nil where the week is not Known, or none of these is.
	Earlier [Earlier]*float64 `json:"earlier"`
	Usual   *float64          `json:"usual"`
	ByHour  [24]float64       `json:"by_hour"` // by hour of the day, as Week.ByHour
	Since   time.Time         `json:"since"`   // the first hour in which it was, of all that were read
	First   time.Time         `json:"first"`   // and its first call in that
	// Release is that with which one that is New began, if one fits.
	Release *digest.Release `json:"release,omitempty"`
	// In is the class in the hour in which it took the most time, for its names, tags, owners and plans.
	In *digest.Class `json:"highest_hour,omitempty"`
}

// Fixed states what a class that was reported as NEW or WORSE was like before and after.
type Fixed struct {
	digest.ToldFixed
	Fingerprint string `json:"fingerprint,omitempty"` // empty where no hour has it
	// Lately is the query time per hour in the last day of the week, as far as it was after it was fixed, and Again
	// is set where that is more like before than like after.
	Lately float64       `json:"lately,omitempty"`
	Again  bool          `json:"again,omitempty"`
	In     *digest.Class `json:"highest_hour,omitempty"` // as of Class

	hours int // of Lately
}

// Muted states a mute, with what the class did in the week.
type Muted struct {
	digest.Mute
	Sum
	In *digest.Class `json:"highest_hour,omitempty"` // as of Class
}

// Named returns what the classes of the week are named by, to be added to: each once.
func (w *Week) Named() []*digest.Class {
	var all []*digest.Class
	add := func(c *digest.Class) {
		if c != nil && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for i := range w.Top {
		add(w.Top[i].In)
	}
	for i := range w.New {
		add(w.New[i].In)
	}
	for i := range w.Fixed {
		add(w.Fixed[i].In)
	}
	for i := range w.Muted {
		add(w.Muted[i].In)
	}
	return all
}

// Last returns the last whole week, from Monday to Monday at midnight in a zone, that has ended at a time.
func Last(now time.Time, zone *time.Location) digest.Window {
	t := now.In(zone)
	sinceMonday := (int(t.Weekday()) + 6) % 7
	return window(t, -sinceMonday-7, zone)
}

// Of returns the week that a time is in.
func Of(t time.Time, zone *time.Location) digest.Window {
	return Last(t.In(zone).AddDate(0, 0, 7), zone)
}

// window is that of seven days in whole hours, the first of which is so many days after t.
func window(t time.Time, days int, zone *time.Location) digest.Window {
	midnight := func(day int) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day()+day, 0, 0, 0, 0, zone).UTC().Truncate(time.Hour)
	}
	return digest.Window{Start: midnight(days), End: midnight(days + 7)}
}
