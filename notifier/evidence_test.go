package notifier

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		reason digest.Reason
		want   string
	}{
		{digest.Reason{Kind: digest.FullScans, Count: 2, Of: 4}, "full scan in 2 of the 4 calls"},
		{digest.Reason{Kind: digest.FullScans, Count: 2, Of: 4, Partly: true}, "full scan in 2 of the 4 calls whose log tells it"},
		{digest.Reason{Kind: digest.FullScans, Count: 4, Of: 4, Partly: true}, "full scan in all of the 4 calls whose log tells it"},
		{digest.Reason{Kind: digest.FullScans, Count: 1, Of: 1, Partly: true}, "full scan in the one call whose log tells it"},
		{digest.Reason{Kind: digest.FullScans, Count: 2, Of: 2, Partly: true}, "full scan in all of the 2 calls whose log tells it"},
		{digest.Reason{Kind: digest.FullScans, Count: 1, Of: 1}, "full scan in every call"},
		{digest.Reason{Kind: digest.RowsExamined, Rows: 10_000, Result: "sent"}, "10,000 rows examined per row sent"},
		{digest.Reason{Kind: digest.RowsExamined, Rows: 2_500, Result: "affected"}, "2,500 rows examined per row affected"},
		{digest.Reason{Kind: digest.RowsExamined, Rows: 5_000, Result: "sent", NoResult: true}, "5,000 rows examined per call, none sent"},
		{digest.Reason{Kind: digest.RowsExamined, Rows: 1, Result: "sent", NoResult: true}, "1 row examined per call, none sent"},
		{digest.Reason{Kind: digest.TmpDiskTables, Count: 1, Of: 4}, "1 temporary table on disk in 4 calls"},
		{digest.Reason{Kind: digest.TmpDiskTables, Count: 1_300, Of: 1_200}, "1,300 temporary tables on disk in 1,200 calls"},
		{digest.Reason{Kind: digest.Growing, Growth: digest.Growth{From: 4, To: 43.3, Every: 300}}, "it grew from 4s per 5m00s in the first quarter to 43.3s in the last"},
		{digest.Reason{Kind: digest.LockTime, Share: 0.93}, "lock time is 93% of the query time"},
		{digest.Reason{Kind: digest.Errors, Count: 4, Of: 4}, "every call ended in an error"},
		{digest.Reason{Kind: digest.TmpDiskTables, Count: 5, Of: 4, Partly: true}, "5 temporary tables on disk in 4 calls whose log tells it"},
		{digest.Reason{Kind: digest.LongLists, Count: 12_000, Share: 0.9}, "lists of up to 12,000; the long ones took 90% of the time"},
		{digest.Reason{Kind: digest.OneCall, Longest: 115, Share: 0.8, Median: 0.02}, "one call of 1m55s took 80% of the time, the median is 20ms"},
	} {
		if got := reason(c.reason); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	full := digest.Class{Totals: digest.Totals{Calls: 4, FullScans: new(int64), Errors: new(int64)}}
	*full.FullScans, *full.Errors = 4, 4
	if got := Reasons(&full); !slices.Equal(got, []string{"full scan in every call", "every call ended in an error"}) {
		t.Errorf("%q", got)
	}
}

func TestEvidence(t *testing.T) {
	const day = 24 * 3600
	at := time.Date(2026, 12, 10, 23, 0, 0, 0, time.UTC)
	around := digest.Values{Now: 60, Median: 10.3, Highest: 10.6, Days: 14}
	for _, c := range []struct {
		change digest.Change
		want   string
	}{
		{digest.Change{Kind: digest.New, Unseen: 14 * day}, "NEW: 1m55s in 1,234 calls; not seen in the 14 days before"},
		{digest.Change{Kind: digest.New, Unseen: 2 * day}, "NEW: 1m55s in 1,234 calls; not seen in the 2 days before"},
		{digest.Change{Kind: digest.New, Unseen: 2*day - 3600}, "NEW: 1m55s in 1,234 calls; not seen in the 47 hours before"},
		{digest.Change{Kind: digest.Back, LastSeen: at, Unseen: 3600},
			"BACK: 1m55s in 1,234 calls; last seen 2026-12-10 23:00 UTC, 1 hour before"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: around, MeanOf: 1, TimesCalls: 5.83},
			"WORSE: 1m00s this hour; at most 10.6s around this hour on 14 days; 5.8 times the usual calls"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 120, Highest: 10, Hours: 9}, MeanOf: 2, TimesEach: 123},
			"WORSE: 2m00s per hour in 2 hours; at most 10s in the 9 hours it was seen in; a call takes 123 times as long as usual"},
		{digest.Change{Kind: digest.Worse, Of: "p95", Values: digest.Values{Now: 0.447, Highest: 0.062}, Since: at},
			"Still worse: p95 447ms; at most 62ms in any hour before"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: around, MeanOf: 1, P95: &digest.Values{Now: 2, Highest: 1, Days: 1}},
			"WORSE: 1m00s this hour; at most 10.6s around this hour on 14 days; p95 2s; at most 1s around this hour on 1 day"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 477, Highest: 62, Hours: 27}, MeanOf: 1, TimesEach: 7.8, P95: &digest.Values{Now: 26.3, Highest: 2.73, Hours: 27}},
			"WORSE: 7m57s this hour; at most 1m02s in the 27 hours it was seen in; a call takes 7.8 times as long as usual; p95 26.3s, before that at most 2.73s"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 477, Highest: 62, Hours: 27}, MeanOf: 1, P95: &digest.Values{Now: 26.3, Highest: 2.73, Hours: 26}},
			"WORSE: 7m57s this hour; at most 1m02s in the 27 hours it was seen in; p95 26.3s; at most 2.73s in the 26 hours it was seen in"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 12, Median: 5, Days: 3}, MeanOf: 1, P95: &digest.Values{Now: 2, Median: 1, Days: 3}},
			"WORSE: 12s this hour; usually 5s around this hour on 3 days; p95 2s, before that usually 1s"},
		{digest.Change{Kind: digest.New, Unseen: 14 * day, First: at}, "NEW: 1m55s in 1,234 calls; first seen 2026-12-10 23:00 UTC, and not in the 14 days before that"},
		{digest.Change{Kind: digest.Back, LastSeen: at.Add(-20 * day * time.Second), Unseen: 20 * day, First: at},
			"BACK: 1m55s in 1,234 calls; seen again 2026-12-10 23:00 UTC; before that last seen 2026-11-20 23:00 UTC, 20 days earlier"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 60, Median: 10.3, Days: 14}, MeanOf: 1, TimesEach: 5.8},
			"WORSE: 1m00s this hour; usually 10.3s around this hour on 14 days; a call takes 5.8 times as long as usual"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 12, Median: 5, Days: 9}, MeanOf: 6},
			"WORSE: 12s per hour in 6 hours; usually 5s around this hour on 9 days"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 12, Median: 5}, MeanOf: 1, P95: &digest.Values{Now: 2, Median: 1, Days: 3}},
			"WORSE: 12s this hour; usually 5s in the hours before; p95 2s; usually 1s around this hour on 3 days"},
		{digest.Change{Kind: digest.Better, Of: "query_time", Values: digest.Values{Now: 2.02, Median: 252, Days: 14}, MeanOf: 6},
			"BETTER: 2.02s per hour in the last 6 hours; usually 4m12s around this time of 14 days"},
		{digest.Change{Kind: digest.New, Unseen: 14 * day, Release: &digest.Release{Name: "v142", At: at.Add(5 * time.Minute)}},
			"NEW: 1m55s in 1,234 calls; not seen in the 14 days before; since v142 (2026-12-10 23:05 UTC)"},
		{digest.Change{Kind: digest.Worse, Of: "query_time", Values: digest.Values{Now: 12, Median: 5, Days: 9}, MeanOf: 6, Release: &digest.Release{Name: "v142", At: at}},
			"WORSE: 12s per hour in 6 hours; usually 5s around this hour on 9 days; since v142 (2026-12-10 23:00 UTC)"},
	} {
		class := digest.Class{Change: &c.change}
		class.QueryTime.Sum, class.Calls = 115, 1234
		if got := Evidence(&class); got != c.want {
			t.Errorf("\ngot  %s\nwant %s", got, c.want)
		}
	}
	for gap, want := range map[int]string{1: "one after the other", 2: "never more than 2 hours apart"} {
		got := GoneEvidence(digest.GoneClass{LastSeen: at, Mean: 220, Hours: 160, LongestGap: gap})
		if got != "last seen 2026-12-10 23:00 UTC; before that 3m40s per hour in 160 hours, "+want {
			t.Errorf("%s", got)
		}
	}
}

// What is FIXED is a line at the end and news, but neither leads nor has details.
func TestFixedIsALine(t *testing.T) {
	six := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	fixed := digest.FixedClass{ID: "00AB", Label: "SELECT t1", Was: digest.Worse, From: six, To: six.Add(3 * time.Hour), Before: 60, Now: 2, Usual: 1.8, Hours: 24,
		Release: &digest.Release{Name: "v143", At: six.Add(175 * time.Minute)}}
	r := &digest.Report{Window: digest.Window{Start: six.Add(27 * time.Hour), End: six.Add(28 * time.Hour)}, Coverage: digest.Coverage{Complete: true}, Past: &digest.Past{Since: six.AddDate(0, -1, 0)}}
	r.Overall.Calls = 10
	if News(r) || Details(r) {
		t.Fatal("it has news")
	}
	r.Past.Fixed = []digest.FixedClass{fixed, {ID: "00CD", Fingerprint: "select a from t2", Was: digest.New, From: six, To: six.Add(time.Hour), Before: 60, Hours: 24}}
	var got []string
	for _, x := range Changes(r) {
		got = append(got, x.Label()+x.String())
	}
	want := []string{
		"FIXED SELECT t1 00AB: worse from 2026-11-23 06:00 to 09:00 UTC with 1m00s per hour; 2s per hour in the 24 hours up to now, usually 1.8s; since v143 (2026-11-23 08:55 UTC)",
		"FIXED SELECT t2 00CD: new from 2026-11-23 06:00 to 07:00 UTC with 1m00s per hour; none in the 24 hours up to now",
	}
	if !slices.Equal(got, want) || !News(r) || Details(r) || len(Leading(r)) > 0 || !strings.HasPrefix(Title(r), "2 fixed on ") || strings.Contains(Title(r), "⚠") {
		t.Errorf("%q, title %q, news %v, details %v", got, Title(r), News(r), Details(r))
	}
}
