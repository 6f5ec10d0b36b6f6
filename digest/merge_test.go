package digest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/parser"
)

// The hours of an outage, merged, are the report of one reading of all of it.
func TestMergedHoursAreOneReading(t *testing.T) {
	start := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	for _, hours := range []int{1, 3, 24} {
		rng := rand.New(rand.NewPCG(6, uint64(hours)))
		whole := digest.NewAggregator(digest.Window{Start: start, End: start.Add(time.Duration(hours) * time.Hour)})
		merged := digest.NewAggregator(digest.Window{Start: start, End: start.Add(time.Duration(hours) * time.Hour)})
		parts := make([]*digest.Aggregator, hours)
		for i := range parts {
			from := start.Add(time.Duration(i) * time.Hour)
			parts[i] = digest.NewAggregator(digest.Window{Start: from, End: from.Add(time.Hour)})
		}
		for range 5000 {
			at := time.Duration(rng.Int64N(int64(hours) * int64(time.Hour)))
			e := &parser.Event{
				Time: start.Add(at), Weight: 1, QueryTime: rng.ExpFloat64(), LockTime: rng.Float64() / 1e3,
				RowsExamined: rng.Uint64N(1e6), RowsSent: rng.Uint64N(100), Has: parser.Fields(rng.IntN(4)), BytesSent: 7, RowsAffected: 3,
				SQL:  fmt.Appendf(nil, "select c%d from t where id = 7", int(rng.ExpFloat64()*20)),
				User: []string{"app", "report", ""}[rng.IntN(3)], Cut: rng.IntN(50) == 0,
			}
			if rng.IntN(30) == 0 {
				e.Weight = 10
			}
			db := []string{"a", "b", "b"}[rng.IntN(3)]
			whole.Stream(db).Add(e)
			parts[at/time.Hour].Stream(db).Add(e)
		}
		for _, p := range parts {
			merged.Merge(p)
		}
		got, want := reportText(t, merged), reportText(t, whole)
		if got != want {
			t.Errorf("%d hours merged:\n%s\nread at once:\n%s", hours, got, want)
		}
	}
}

func reportText(t *testing.T, a *digest.Aggregator) string {
	t.Helper()
	b, err := json.MarshalIndent(a.Report(digest.Limit{}, digest.OrderBySum), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
