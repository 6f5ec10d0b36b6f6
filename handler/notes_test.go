package handler_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// Where a hundred files are denied for one cause, it stands there once, and in a chat
// what is to be done can be read. Another cause is another note.
func TestCauseStandsOnce(t *testing.T) {
	for files, want := range map[int]string{1: "the role must allow ", 2: "2 times (orders-0, orders-1): the role must allow ", 100: "100 times (orders-0, orders-1, orders-10, …): the role must allow "} {
		server, h, _ := newHandler(t, "orders-1")
		h.Instances = nil
		for i := range files {
			id := fmt.Sprintf("orders-%d", i)
			h.Instances = append(h.Instances, id)
			server.AddInstance(id).Write(rdstest.SlowLog, []byte(strings.Repeat(entry(ten.Add(-time.Minute), "select 1"), 1+i%7)), ten)
		}
		h.Instances = append(h.Instances, "orders-off")
		server.AddInstance("orders-off")
		server.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Times: -1})
		r, err := h.Collect(t.Context(), window)
		notes, more := notifier.Notes(r)
		if err == nil || more > 0 || len(notes) != 2 || !strings.Contains(notes[0]+notes[1], "instance orders-off has no slow log files") {
			t.Fatalf("%d files: %q, %v", files, r.Coverage.Notes, err)
		}
		denied := notes[0]
		if strings.Contains(denied, "orders-off") {
			denied = notes[1]
		}
		if !strings.HasPrefix(denied, want+"rds:DownloadDBLogFilePortion on arn:aws:rds:"+rdstest.Region+":"+rdstest.Account+":db:orders-0 (read orders-0/"+rdstest.SlowLog) {
			t.Errorf("%d files: %q", files, denied)
		}
	}
}

// Whenever a file is said to have been written, the report is JSON.
func TestReportOfAnyTimeIsJSON(t *testing.T) {
	for _, written := range []time.Time{time.Date(9998, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.UnixMilli(1 << 62), time.UnixMilli(-1 << 62)} {
		for _, fault := range []rdstest.Kind{rdstest.AccessDenied, rdstest.Removed, rdstest.EarlyEnd, rdstest.Unlisted} {
			server, h, _ := newHandler(t, "orders-1")
			db := server.AddInstance("orders-1")
			db.Write(rdstest.SlowLog+".2026-11-23.10", []byte(entry(ten.Add(-time.Minute), "select 1")), written)
			db.Write(rdstest.SlowLog, []byte(strings.Repeat(entry(ten.Add(-time.Minute), "select 1"), 2)), written)
			action := ""
			if fault == rdstest.Unlisted {
				action = "rds:DescribeDBLogFiles"
			}
			server.Inject(rdstest.Fault{Kind: fault, Times: -1, Action: action})
			h.Source = source.NewRDS(server.Config(), source.Options{Patience: time.Millisecond})
			r, _ := h.Collect(t.Context(), window)
			if _, err := json.Marshal(notifier.JSON(r)); err != nil {
				t.Errorf("written %v, %s: %v", written, fault, err)
			}
		}
	}
}
