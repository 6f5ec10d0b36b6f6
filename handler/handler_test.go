package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

var (
	ten    = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	window = digest.Window{Start: ten.Add(-time.Hour), End: ten}
)

// entry is a slow-log entry as MySQL 8 writes it.
func entry(at time.Time, sql string) string {
	return fmt.Sprintf("# Time: %s\n# User@Host: app[app] @ web-1 [10.0.0.7]  Id:    42\n"+
		"# Query_time: 2.500000  Lock_time: 0.000100 Rows_sent: 1  Rows_examined: 5000\nSET timestamp=%d;\n%s;\n",
		at.Format("2006-01-02T15:04:05.000000Z"), at.Unix()-2, sql)
}

// posted is a notifier that keeps the report, or fails.
type posted struct {
	report *digest.Report
	err    error
}

func (p *posted) Notify(_ context.Context, r *digest.Report) error {
	p.report = r
	return p.err
}

func newHandler(t *testing.T, instances ...string) (*rdstest.Server, *handler.Handler, *posted) {
	server := rdstest.NewServer()
	t.Cleanup(server.Close)
	to := &posted{}
	return server, &handler.Handler{
		Source:    source.NewRDS(server.Config(), source.Options{}),
		Notifier:  to,
		Instances: instances,
		Limit:     digest.DefaultLimit,
	}, to
}

const event = `{"source":"aws.events","detail-type":"Scheduled Event","time":"2026-11-23T10:05:00Z"}`

func TestRunReadsAllInstances(t *testing.T) {
	server, h, to := newHandler(t, "orders-1", "orders-2")
	db := server.AddInstance("orders-1")
	db.Write("slowquery/mysql-slowquery.log.2026-11-23.10", []byte(
		entry(ten.Add(-61*time.Minute), "select too_early from t")+
			entry(ten.Add(-30*time.Minute), "select a from t where id = 1")), ten)
	// Rotation is not exact: entries of the hour may stand in the live file.
	db.Write("slowquery/mysql-slowquery.log", []byte(
		entry(ten.Add(-time.Second), "select a from t where id = 2")+
			entry(ten.Add(time.Second), "select too_late from t")), ten.Add(4*time.Minute))
	server.AddInstance("orders-2").Write("slowquery/mysql-slowquery.log", []byte(
		entry(ten.Add(-time.Minute), "select a from t where id = 3")), ten)

	answer, err := h.Run(t.Context(), window)
	if err != nil {
		t.Fatal(err)
	}
	r := to.report
	if answer != r || r.Window != window {
		t.Errorf("answered %p with window %v, posted %p", answer, r.Window, r)
	}
	if len(r.Classes) != 1 || r.Classes[0].Calls != 3 || r.Classes[0].Fingerprint != "select a from t where id = ?" {
		t.Fatalf("classes %+v", r.Classes)
	}
	if got := r.Classes[0].Instances; got["orders-1"] != 2 || got["orders-2"] != 1 {
		t.Errorf("instances %v", got)
	}
	c := r.Coverage
	if !c.Complete || c.Files != 3 || c.Events != 5 || c.InWindow != 3 || c.BytesRead != c.BytesListed || c.Unreadable != 0 {
		t.Errorf("coverage %+v", c)
	}
}

func TestIncompleteIsPostedAndPartialIsNoError(t *testing.T) {
	server, h, to := newHandler(t, "orders-1", "nowhere")
	server.AddInstance("orders-1").Write("slowquery/mysql-slowquery.log", []byte(entry(ten.Add(-time.Minute), "select 1")), ten)
	if _, err := h.Run(t.Context(), window); err != nil {
		t.Errorf("a partial digest is an error: %v", err)
	}
	c := to.report.Coverage
	if c.Complete || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "nowhere") || to.report.Overall.Calls != 1 {
		t.Errorf("partial: %+v", to.report)
	}

	h.Instances = []string{"nowhere"}
	if _, err := h.Run(t.Context(), window); err == nil || source.Hint(err) == "" {
		t.Errorf("no such instance: error %v, hint %q", err, source.Hint(err))
	}
	if to.report.Coverage.Complete || len(to.report.Coverage.Notes) != 1 || h.Done != 0 {
		t.Errorf("nothing read: %+v", to.report)
	}
}

func TestNotifierErrorIsReturned(t *testing.T) {
	server, h, to := newHandler(t, "orders-1")
	server.AddInstance("orders-1").Write("slowquery/mysql-slowquery.log", []byte(entry(ten.Add(-time.Minute), "select 1")), ten)
	to.err = errors.New("channel_not_found")
	r, err := h.Run(t.Context(), window)
	if !errors.Is(err, to.err) || r == nil || h.Done != 0 {
		t.Errorf("Run = %v, %v; %d hours done", r, err, h.Done)
	}
	to.err = nil
	if _, err := h.Run(t.Context(), window); err != nil || h.Done != 1 {
		t.Errorf("Run = %v; %d hours done", err, h.Done)
	}
}

// The window ends some time before the function does, so that what was read is
// still posted.
func TestDeadlineYieldsPartialReport(t *testing.T) {
	server, h, to := newHandler(t, "orders-1")
	server.AddInstance("orders-1").Write("slowquery/mysql-slowquery.log", []byte(entry(ten.Add(-time.Minute), "select 1")), ten)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := h.Run(ctx, window); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if to.report == nil || to.report.Coverage.Complete {
		t.Errorf("report %+v", to.report)
	}
}
