package source_test

import (
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// TestCalls compares what a source counts with what the server has received.
func TestCalls(t *testing.T) {
	for _, download := range []source.Download{source.Portions, source.Complete} {
		srv := rdstest.NewServer()
		defer srv.Close()
		srv.AddInstance("orders-1").Write(live, []byte("# entry\n"), minutesPastEight(30))
		srv.Inject(
			rdstest.Fault{Kind: rdstest.Throttling, Action: "rds:DescribeDBLogFiles", Times: 2},
			rdstest.Fault{Kind: rdstest.Throttling, Times: 1},
			rdstest.Fault{Kind: rdstest.InternalFailure, Times: 1},
		)
		s := source.NewRDS(patient(srv.Config()), source.Options{Download: download, Patience: time.Microsecond, Now: time.Now})
		files, err := s.LogFiles(t.Context(), "orders-1", minutesPastEight(0), minutesPastEight(60))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			read(t, s, f)
		}
		if got := s.Calls(); got.Made != int64(len(srv.Calls())) || got.Throttled != 3 || got.Repeated != 4 {
			t.Errorf("%s: %+v, and the server has received %d", download, got, len(srv.Calls()))
		}
	}
}
