package handler_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/source"
)

// slow is a source in which the time of the run ends within a file.
type slow struct {
	inner interface {
		LogFiles(ctx context.Context, instance string, start, end time.Time) ([]source.File, error)
		Open(ctx context.Context, f source.File) (*source.Log, error)
	}
	last time.Time // files written to later are not opened in time
}

func (s slow) LogFiles(ctx context.Context, instance string, start, end time.Time) ([]source.File, error) {
	return s.inner.LogFiles(ctx, instance, start, end)
}

func (s slow) Open(ctx context.Context, f source.File) (*source.Log, error) {
	if f.LastWritten.After(s.last) {
		<-ctx.Done()
		return nil, fmt.Errorf("open %s: %w", f.Name, ctx.Err())
	}
	return s.inner.Open(ctx, f)
}

// The hours for which there is no time are left for a later run, and none is
// posted in part.
func TestWhatTheTimeDoesNotAllowIsLeft(t *testing.T) {
	c := newChannel(t)
	for i := range 7 {
		c.hour(ten.Add(time.Duration(i) * time.Hour))
	}
	c.mustRun(ten)
	five := ten.Add(5 * time.Hour)
	c.now = five.Add(5 * time.Minute)
	h := c.handler("short of time")
	h.Source = slow{inner: h.Source, last: ten.Add(4 * time.Hour)}
	ctx, cancel := context.WithTimeout(t.Context(), 21*time.Second) // of which 20 s are to post
	defer cancel()
	r, err := h.Run(ctx, hourEnding(five))
	if err == nil || r == nil || r.Overall.Calls != 3 || !r.Coverage.Complete {
		t.Fatalf("error %v, report %+v", err, r)
	}
	c.expect("09-10 10-13") // the end of an hour may stand in two files after it
	if r := c.mustRun(five.Add(time.Hour)); r.Overall.Calls != 3 || r.Past.CatchUp != 3 {
		t.Errorf("the next run: %+v, %+v", r.Overall, r.Past)
	}
	c.expect("09-10 10-13 13-16")
}

// If not even the oldest hour can be read, waiting would not help: all that was
// read is posted, as partial.
func TestNoTimeForAnyHour(t *testing.T) {
	c := newChannel(t)
	for i := range 4 {
		c.hour(ten.Add(time.Duration(i) * time.Hour))
	}
	c.mustRun(ten)
	h := c.handler("short of time")
	h.Source = slow{inner: h.Source, last: ten.Add(time.Hour)}
	ctx, cancel := context.WithTimeout(t.Context(), 21*time.Second)
	defer cancel()
	c.now = ten.Add(3 * time.Hour)
	r, err := h.Run(ctx, digest.Window{Start: ten.Add(2 * time.Hour), End: c.now})
	if err != nil || r.Coverage.Complete || r.Past.CatchUp != 3 || r.Overall.Calls != 1 {
		t.Errorf("error %v, report %+v", err, r)
	}
}
