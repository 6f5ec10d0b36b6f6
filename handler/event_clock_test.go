package handler_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/sqstest"
)

// A window is served from five minutes before its end by the clock, until it ended
// fifteen days ago.
func TestCheckWindow(t *testing.T) {
	const days = 24 * time.Hour
	w := digest.Window{Start: ten.Add(-time.Hour), End: ten}
	for _, c := range []struct {
		after time.Duration // its end
		want  string
	}{
		{-5*time.Minute - 1, "has not ended: it is 2026-11-23 09:54 UTC"},
		{-5 * time.Minute, ""}, {0, ""}, {15 * days, ""},
		{15*days + 1, "is older than any log: none is kept for more than 15 days"},
		{-100 * 365 * days, "has not ended"}, {200 * 365 * days, "older than any log"},
	} {
		err := handler.CheckWindow(w, ten.Add(c.after), handler.LogsKept)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v after its end: %v, want %q", c.after, err, c.want)
		}
	}
	for _, year := range []int{-1, 0, 1, 1970, 10000, 292e6} {
		end := time.Date(year, 1, 1, 1, 0, 0, 0, time.UTC)
		if err := handler.CheckWindow(digest.Window{Start: end.Add(-time.Hour), End: end}, ten, handler.LogsKept); err == nil {
			t.Errorf("year %d is served", year)
		}
	}
}

// Nothing is made of an event whose hour has not been or is too old, whether it
// comes from a schedule or from a queue.
func TestFleetServesNoFuture(t *testing.T) {
	for at, want := range map[string]string{
		"2026-11-23T10:04:59Z": "", "2026-11-23T10:59:59Z": "", "2026-12-08T10:00:00Z": "",
		"2026-11-23T09:54:59Z": "has not ended", "2026-12-08T10:00:01Z": "older than any log",
		"2025-11-23T10:05:00Z": "has not ended", "2027-11-23T10:05:00Z": "older than any log",
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		f, posted, outcomes := newFleet(t)
		f.Now, f.Kept = func() time.Time { return now }, 0
		_, err = f.HandleEvent(t.Context(), json.RawMessage(event))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || len(posted) > 0 == (want != "") {
			t.Errorf("event at %s: posted %v, error %v, want %q", at, posted, err, want)
		}
		clear(posted)
		*outcomes = nil
		queue := sqstest.New()
		defer queue.Close()
		queue.Put(string(mustEncode(t, "#dba")))
		answer, err := f.HandleEvent(t.Context(), queue.Receive(1))
		failed := len(answer.(events.SQSEventResponse).BatchItemFailures) > 0
		if err != nil || failed != (want != "") || len(posted) > 0 == failed || len(*outcomes) != 1 || !strings.Contains(fmt.Sprint((*outcomes)[0].Err), want) {
			t.Errorf("message at %s: posted %v, outcomes %+v", at, posted, *outcomes)
		}
	}
}
