package main

import (
	"context"
	"log/slog"
	"time"

	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/source"
)

// metric is a number that CloudWatch keeps.
type metric struct{ Name, Unit string }

// metrics are those of a digest. Adding them up over the channels of an hour
// makes sense for all but Complete, of which the minimum does.
var metrics = []metric{
	{"DigestsPosted", "Count"}, // 1, or 0 where nothing was posted
	{"HoursDone", "Count"},     // finished, also where there was nothing to tell; 0 where nothing was left to do
	{"HoursPending", "Count"},  // that are there and could not be read yet; the maximum makes sense, too; none where the state could not be read
	{"Events", "Count"},        // entries read
	{"Classes", "Count"},
	{"BytesRead", "Bytes"},
	{"Seconds", "Seconds"}, // that it took
	{"Calls", "Count"},     // of the RDS API
	{"Retries", "Count"},   // of these
	{"Throttles", "Count"}, // of these
	{"Complete", "Count"},  // 1 if nothing of the hour is known to be missing
}

// embedded makes metrics of a line of the log, by CloudWatch's embedded metric
// format. The dimension is the stage alone, for each channel would be
// charged as metrics of its own; the channel is a property, to search by.
type embedded struct {
	Timestamp         int64 // POSIX time, in milliseconds
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
}

// runLog writes the lines of one invocation.
type runLog struct {
	log    *slog.Logger
	stage  string
	now    func() time.Time
	calls  func() source.Calls
	last   source.Calls // at the end of the digest before
	logged bool         // a line says how a digest ended
}

func newRunLog(log *slog.Logger) *runLog {
	return &runLog{log: log, now: time.Now, calls: func() source.Calls { return source.Calls{} }}
}

// done writes the one line about a digest that says it all, and from which
// CloudWatch takes the metrics.
func (l *runLog) done(ctx context.Context, o handler.Outcome) {
	now := l.calls()
	calls := source.Calls{Made: now.Made - l.last.Made, Repeated: now.Repeated - l.last.Repeated, Throttled: now.Throttled - l.last.Throttled}
	l.last, l.logged = now, true

	attrs := []slog.Attr{slog.String("Channel", o.Job.Channel)}
	if o.Message != "" {
		attrs = append(attrs, slog.String("message_id", o.Message))
	}
	if !o.Job.Window.Start.IsZero() {
		attrs = append(attrs, slog.Time("window_start", o.Job.Window.Start))
	}
	names := o.Job.Instances
	attrs = append(attrs, slog.Int("instance_count", len(names)), slog.Any("instances", names[:min(len(names), 20)]))
	values := map[string]any{"Seconds": o.Took.Seconds(), "Calls": calls.Made, "Retries": calls.Repeated, "Throttles": calls.Throttled,
		"DigestsPosted": count(o.Err == nil && o.Report != nil && !o.Silent && !notifier.Quiet(o.Report)), "HoursDone": o.Done,
		"Events": 0, "Classes": 0, "BytesRead": 0, "Complete": count(o.Err == nil)}
	if o.Pending != nil {
		values["HoursPending"] = *o.Pending
	}
	if r := o.Report; r != nil {
		values["Events"], values["Classes"] = r.Coverage.Events, r.Overall.Classes
		values["BytesRead"], values["Complete"] = r.Coverage.BytesRead, count(r.Coverage.Complete)
		attrs = append(attrs, slog.Int("files", r.Coverage.Files), slog.Int64("bytes_listed", r.Coverage.BytesListed),
			slog.Int("portions", r.Coverage.Portions), slog.Int("gaps", len(r.Coverage.Gaps)),
			slog.Int64("truncated", r.Coverage.Truncated), slog.Int64("unreadable", r.Coverage.Unreadable), slog.Int64("calls_in_window", r.Overall.Calls),
			slog.Float64("query_time", r.Overall.QueryTime.Sum), slog.Any("notes", notifier.CoverageNotes(r)))
	}
	level, msg := slog.LevelInfo, "digest made"
	switch {
	case o.Err != nil:
		level, msg = slog.LevelError, "digest not made or not posted"
		attrs = append(attrs, slog.String("error", errorText(withHint(o.Err), maxLineText)))
	case o.Report == nil:
		msg = "nothing left to do"
	}
	l.log.LogAttrs(ctx, level, msg, append(attrs, l.embed(values)...)...)
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// embed adds what CloudWatch wants to the values of the metrics. One without a value is
// left out.
func (l *runLog) embed(values map[string]any) []slog.Attr {
	d := directive{Namespace: "slowdigest", Dimensions: [][]string{{}}}
	var attrs []slog.Attr
	if l.stage != "" {
		d.Dimensions[0] = []string{"Stage"}
		attrs = append(attrs, slog.String("Stage", l.stage))
	}
	for _, m := range metrics {
		if v, known := values[m.Name]; known {
			d.Metrics = append(d.Metrics, m)
			attrs = append(attrs, slog.Any(m.Name, notNegative(v)))
		}
	}
	return append(attrs, slog.Any("_aws", embedded{l.now().UnixMilli(), []directive{d}}))
}

// notNegative takes the value of a metric for 0 where a clock was set back, or a
// call was begun and not made.
func notNegative(value any) any {
	switch v := value.(type) {
	case int:
		return max(v, 0)
	case int64:
		return max(v, 0)
	case float64:
		return max(v, 0)
	}
	return value
}

// ended writes what no line about a digest says.
func (l *runLog) ended(ctx context.Context, answer any, err error) {
	if d, ok := answer.(*handler.Dispatched); ok {
		l.log.InfoContext(ctx, "channels served", "window_start", d.Window.Start, "channels", d.Channels,
			"queued", d.Queued, "failed", d.Failed, "left", d.Left)
	}
	if err != nil && !l.logged {
		l.log.ErrorContext(ctx, "event not served", "error", errorText(err, maxLineText))
	}
}
