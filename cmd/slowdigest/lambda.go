package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slowdigest/cmd/slowdigest/forms"
	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/source"
)

// serveLambda answers the events of Lambda. The configuration is read and the
// token is fetched for each event: they cost little in comparison with a log, a
// token that was changed is used at once, and what is wrong with them is an error
// of the invocation that alarms and retries see. Only the signing secret is kept, by
// the process, for a request costs whoever sends it nothing.
func serveLambda(p *process) {
	log := slog.New(slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{ReplaceAttr: boundAttr}))
	lambda.Start(func(ctx context.Context, event json.RawMessage) (any, error) {
		l := newRunLog(log)
		if request, ok := lambdacontext.FromContext(ctx); ok {
			l.log = log.With("request_id", request.AwsRequestID)
		}
		answer, err := handleEvent(ctx, p, event, l)
		err = withHint(err)
		l.ended(ctx, answer, err)
		if err == nil {
			answer, err = boundAnswer(answer)
		}
		return answer, boundError(err)
	})
}

// handleEvent serves an event by the configuration in the environment. Where that is
// wrong a request of the function URL, which may be a stranger's, is no failed invocation.
func handleEvent(ctx context.Context, p *process, event json.RawMessage, l *runLog) (any, error) {
	s, err := lambdaService(ctx, p, l, asksDoctor(event))
	switch {
	case err != nil && urlRequest(event) != nil:
		l.log.ErrorContext(ctx, "request not served", "error", withHint(err).Error())
		return events.LambdaFunctionURLResponse{StatusCode: http.StatusServiceUnavailable}, nil
	case err != nil:
		return nil, err
	}
	return s.handleEvent(ctx, event)
}

// lambdaService makes a service of the environment. It refuses what cannot be read, for the digest
// would be another than is meant; a lenient one is for doctor, who tells all of that at once. What
// is only of a wrong form it takes, other than `slowdigest check` and doctor: an hour can be posted
// where a user who may ask is misspelt, and what does need that value fails by itself.
func lambdaService(ctx context.Context, p *process, l *runLog, lenient bool) (*service, error) {
	var c Config
	f := newFlags(p.getenv)
	f.lenient = lenient
	c.declareLambda(f)
	if _, err := f.parse(nil); err != nil {
		return nil, err
	}
	l.stage = c.Stage
	cfg, err := loadAWS(ctx)
	if err != nil {
		return nil, err
	}
	s := newService(&c, cfg, l.log)
	s.variables, s.signing, s.agents = p.variables(f, false), &p.signing, &p.agents
	s.start = func(ctx context.Context, event []byte) error {
		return invokeAnswering(ctx, &c, cfg, types.InvocationTypeEvent, event)
	}
	s.done, l.calls = l.done, s.from.Calls
	return s, nil
}

func withHint(err error) error {
	if hint := source.Hint(err); err != nil && hint != "" {
		return fmt.Errorf("%w (%s)", err, hint)
	}
	return err
}

// What Lambda and CloudWatch take, in bytes of JSON, and our shares of it.
const (
	maxAnswer = 6_291_556 // of a synchronous invocation
	maxError  = 64 << 10  // of an error, which goes to the failure destination with its event
	maxLine   = 256 << 10 // of the log; a longer line is split, and its metrics are lost

	// A line has few texts and lists that can be long: an error, notes, names.
	maxLineText = maxLine / 8
	maxLineList = maxLine / 8
)

// boundAttr keeps a line of the log under maxLine, whatever the fleet.
func boundAttr(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(cut(v, maxLineText))
	case error:
		a.Value = slog.StringValue(cut(v.Error(), maxLineText))
	case []string:
		a.Value = slog.AnyValue(cutList(v, maxLineList))
	}
	return a
}

// jsonSize returns how many bytes a text takes as JSON.
func jsonSize(s string) int {
	b, _ := json.Marshal(s) // a string marshals
	return len(b)
}

// cut shortens a text to a number of bytes of JSON, and says by how much. It hides credentials, as
// say does.
func cut(s string, most int) string {
	s = forms.Hide(s)
	short := s
	for keep := most; jsonSize(short) > most && keep > 0; keep -= max(1, keep/8) {
		keep = min(keep, len(s))
		short = fmt.Sprintf("%s… (%d more bytes)", strings.ToValidUTF8(s[:keep], ""), len(s)-keep)
	}
	return short
}

// cutList shortens a list likewise.
func cutList(list []string, most int) []string {
	const more = 32 // for the last sentence
	size := more
	for i, s := range list {
		short := cut(s, most/8)
		if size += jsonSize(short) + 1; size > most {
			return append(list[:i:i], fmt.Sprintf("and %d more", len(list)-i))
		}
		if short != s {
			list = slices.Clone(list)
			list[i] = short
		}
	}
	return list
}

// errorText returns the text of an error in a number of bytes of JSON. What is left
// out is of its middle: the hint, which withHint has put at its end, stays.
func errorText(err error, most int) string {
	text := err.Error()
	if hint := source.Hint(err); hint != "" && jsonSize(text) > most {
		hint = cut(" ("+hint+")", most/4)
		return cut(text, most-jsonSize(hint)) + hint
	}
	return cut(text, most)
}

// boundedError is an error whose text is shortened.
type boundedError struct {
	error
	text string
}

func (e boundedError) Error() string { return e.text }
func (e boundedError) Unwrap() error { return e.error }

// boundError keeps an error under maxError.
func boundError(err error) error {
	if err == nil {
		return nil
	}
	return boundedError{err, errorText(err, maxError-1024)} // for what the runtime adds
}

// boundAnswer keeps an answer under maxAnswer.
func boundAnswer(answer any) (any, error) {
	switch a := answer.(type) {
	case *digest.Report:
		if a != nil {
			return boundReport(a, maxAnswer)
		}
	case *handler.Dispatched:
		if a != nil {
			short := *a
			short.Failed, short.Left = cutList(a.Failed, maxAnswer/4), cutList(a.Left, maxAnswer/4)
			return &short, nil
		}
	}
	return answer, nil
}

const (
	fewNotes = 100
	fewGaps  = 1000
)

// boundReport returns a report as JSON. One that is too long for the answer of a
// function is shortened, and says so.
func boundReport(r *digest.Report, most int) (json.RawMessage, error) {
	b, err := json.Marshal(notifier.JSON(r))
	if err != nil || len(b) <= most {
		return b, err
	}
	for keep := len(r.Classes); ; keep /= 2 {
		b, err = json.Marshal(notifier.JSON(shortReport(r, keep)))
		if err != nil || len(b) <= most || keep == 0 {
			return b, err
		}
	}
}

// shortReport returns a copy of r with few notes and the first of its classes.
func shortReport(r *digest.Report, classes int) *digest.Report {
	short := *r
	short.Keep(classes)
	notes := cutList(r.Coverage.Notes[:min(len(r.Coverage.Notes), fewNotes)], maxAnswer/8)
	short.Coverage.Notes = append([]string{fmt.Sprintf("A function's answer has room for 6 MB: %d of %d classes are left out of it, and of the notes and gaps all but the first.",
		len(r.Classes)-classes, len(r.Classes))}, notes...)
	short.Coverage.Gaps = r.Coverage.Gaps[:min(len(r.Coverage.Gaps), fewGaps)]
	if r.Past != nil {
		past := *r.Past
		past.Muted = past.Muted[:min(len(past.Muted), fewNotes)]
		past.Gone = past.Gone[:min(len(past.Gone), fewNotes)]
		past.Fixed = past.Fixed[:min(len(past.Fixed), fewNotes)]
		short.Past = &past
	}
	return &short
}

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
