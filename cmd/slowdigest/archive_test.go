package main

import (
	"context"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
)

// archiveHours archives in a directory what local logs have in some hours.
func archiveHours(t *testing.T, dir string, from time.Time, hours int, logs ...string) {
	t.Helper()
	h := &handler.Handler{Source: source.Local{Paths: logs}, Instances: []string{""}, Keep: time.Hour}
	_, all, err := h.CollectHours(context.Background(), digest.Window{Start: from, End: from.Add(time.Duration(hours) * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		kept, err := r.Archived()
		if err != nil {
			t.Fatal(err)
		}
		if err := archive.Save(t.Context(), state.FileStore{Dir: dir}, state.Key(slacktest.Channel), kept); err != nil {
			t.Fatal(err)
		}
	}
}
