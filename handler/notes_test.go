package handler_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier"
	"slowdigest/source/rdstest"
)

// Where a hundred files are denied for one cause, it stands there once, and in a chat
// what is to be done can be read. Another cause is another note.
func TestCauseStandsOnce(t *testing.T) {
	for files, want := range map[int]string{1: "the role must allow ", 2: "2 times: the role must allow ", 100: "100 times: the role must allow "} {
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
