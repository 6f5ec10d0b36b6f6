package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

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
