package notifier

import (
	"slices"
	"strings"
	"testing"

	"slowdigest/digest"
)

func TestCoverageNotes(t *testing.T) {
	users := &digest.Filter{Users: []string{"app"}}
	for _, c := range []struct {
		coverage digest.Coverage
		filter   *digest.Filter
		want     []string
	}{
		{digest.Coverage{}, nil, nil},
		{digest.Coverage{Notes: []string{"A file is missing."}, Untimed: 1}, nil,
			[]string{"A file is missing.", "1 entry has no timestamp and is not counted."}},
		{digest.Coverage{InWindow: 6000, Filtered: 2000, Untimed: 2, Throttled: 14, Folded: 5000}, users, []string{
			"Filtered: only user app. 2,000 of 6,000 entries in the window are left out, and shares are of the others.",
			"2 entries have no timestamp and are not counted.",
			"The server left out 14 statements without an index (log_throttle_queries_not_using_indexes).",
			"There were too many classes to keep; the least 5,000 are only counted together, and one that came back may be counted twice.",
		}},
		{digest.Coverage{InWindow: 9, Filtered: 3, Unanswered: 1, Unknown: []string{"errno"}}, &digest.Filter{Users: []string{"app"}, Expression: `errno > 0 and ? in query`}, []string{
			"Filtered: only user app, where errno > 0 and ? in query. 3 of 9 entries in the window are left out, and shares are of the others.",
			"1 entry lacks errno, on which the filter depends, and is not counted.",
		}},
		{digest.Coverage{Unanswered: 12, Unknown: []string{"a", "b", "c", "d", "e", "f", "g"}}, nil,
			[]string{"12 entries lack a, b, c, d, e, f and 1 more, on which the filter depends, and are not counted."}},
		{digest.Coverage{InWindow: 1, Filtered: 1}, &digest.Filter{},
			[]string{"Filtered: 1 of 1 entry in the window are left out, and shares are of the others."}},
	} {
		got := coverageNotes(&c.coverage, c.filter, digest.ByClass)
		if !slices.Equal(got, c.want) {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
		// They are in a report that was saved as JSON, and are not repeated of it.
		c.coverage.Notes = got
		if again := coverageNotes(&c.coverage, c.filter, digest.ByClass); !slices.Equal(again, got) {
			t.Errorf("repeated: %q", again)
		}
	}
	before := digest.Coverage{Notes: []string{"Filtered: only user app, in other words."}}
	if got := coverageNotes(&before, users, digest.ByClass); len(got) != 1 {
		t.Errorf("of a report saved before: %q", got)
	}
}

func TestFilterText(t *testing.T) {
	f := &digest.Filter{Users: []string{"a", "b"}, Hosts: []string{"h"}, Schemas: []string{"s"}, IDs: []string{"1F"}, MinTime: 0.5,
		MinTimes: map[string]float64{"orders-2": 2, "orders-1": 0.25}}
	const want = "user a or b, host h, schema s, query ID 1F, query time of 500ms or more, " +
		"query time of 250ms or more on orders-1, query time of 2s or more on orders-2"
	if got := filterText(f); got != want {
		t.Errorf("%s", got)
	}
	if got := filterText(&digest.Filter{Users: []string{"a"}}); got != "user a" {
		t.Errorf("%s", got)
	}
}

func TestTooManyGroups(t *testing.T) {
	r := &digest.Report{By: digest.ByUser, Coverage: digest.Coverage{Folded: 5000}}
	if got := strings.Join(CoverageNotes(r), " "); !strings.HasPrefix(got, "There were too many users to keep; the least 5,000 are only counted together") {
		t.Error(got)
	}
}

// What samples alone say is not called complete.
func TestTrustInSamples(t *testing.T) {
	for _, c := range []struct {
		complete, sampled bool
		want              string
	}{{true, false, "Complete"}, {true, true, "By samples"}, {false, true, "PARTIAL"}} {
		r := &digest.Report{Coverage: digest.Coverage{Complete: c.complete, Sampled: c.sampled, InWindow: 1}}
		if got := Trust(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
