package digest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/parser"
)

// Filter chooses the calls that an Aggregator counts. Each list holds
// alternatives, an empty list leaves everything in, and what is set must all
// match. A report that was filtered names the filter.
type Filter struct {
	Users   []string `json:"users,omitempty"`
	Hosts   []string `json:"hosts,omitempty"` // as the log writes them; case does not matter
	Schemas []string `json:"schemas,omitempty"`
	IDs     []string `json:"ids,omitempty"` // of query classes; see ParseID
	// MinTime is the least query time of a call, in seconds, and MinTimes that of
	// a call on one of the instances that it lists, instead of MinTime.
	MinTime  float64            `json:"min_time,omitempty"`
	MinTimes map[string]float64 `json:"min_times,omitempty"`
}

// Empty reports whether the filter leaves everything in.
func (f *Filter) Empty() bool {
	return len(f.Users)+len(f.Hosts)+len(f.Schemas)+len(f.IDs)+len(f.MinTimes) == 0 && f.MinTime == 0
}

// ParseMinTime reads a number of seconds, or a time with its unit: 0.5 or 500ms.
func ParseMinTime(s string) (float64, error) {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil {
		var d time.Duration
		d, err = time.ParseDuration(s)
		seconds = d.Seconds()
	}
	if err != nil || !(seconds >= 0) || math.IsInf(seconds, 0) {
		return 0, fmt.Errorf("time %q: want 500ms, 2s, or a number of seconds", s)
	}
	return seconds, nil
}

// matches reports whether the call on an instance is to be counted, its class
// aside. A nil Filter matches everything.
func (f *Filter) matches(e *parser.Event, instance string) bool {
	return f == nil || e.QueryTime >= f.minTime(instance) &&
		(len(f.Users) == 0 || slices.Contains(f.Users, e.User)) &&
		(len(f.Schemas) == 0 || slices.Contains(f.Schemas, e.Schema)) &&
		(len(f.Hosts) == 0 || slices.ContainsFunc(f.Hosts, func(h string) bool { return strings.EqualFold(h, e.Host) }))
}

func (f *Filter) minTime(instance string) float64 {
	if least, own := f.MinTimes[instance]; own {
		return least
	}
	return f.MinTime
}

// matchesClass reports whether the calls of a class are to be counted.
func (f *Filter) matchesClass(key classKey) bool {
	if f == nil || len(f.IDs) == 0 {
		return true
	}
	id := key.id()
	return slices.ContainsFunc(f.IDs, func(digits string) bool { return hasID(id, digits) })
}
