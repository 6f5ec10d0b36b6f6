package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go/middleware"
)

// api makes the calls of an RDS, no more at a time than its options allow. It is
// safe for concurrent use.
type api struct {
	client  *rds.Client
	opts    Options
	slots   chan struct{} // filled by the calls under way
	held    chan struct{} // filled by the portions fetched ahead
	refused atomic.Bool   // complete downloads were denied
	counters
}

// take waits for a slot among the calls under way; it is given back by receiving
// from slots.
func (a *api) take(ctx context.Context) error {
	select {
	case a.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// portion fetches at most the given number of lines from a marker on. The SDK's
// own paginator is of no use here: it goes by the marker alone, which RDS returns
// at the end too, and so never ends.
func (a *api) portion(ctx context.Context, f File, from string, lines int) (portion, error) {
	if err := a.take(ctx); err != nil {
		return portion{}, err
	}
	defer func() { <-a.slots }()
	out, err := a.client.DownloadDBLogFilePortion(ctx, &rds.DownloadDBLogFilePortionInput{
		DBInstanceIdentifier: &f.Instance,
		LogFileName:          &f.Name,
		Marker:               &from,
		NumberOfLines:        aws.Int32(int32(lines)),
	})
	if err != nil {
		var p portion
		var tried *retry.MaxAttemptsError
		if errors.As(err, &tried) {
			p.retries = tried.Attempt - 1
		}
		return p, callFailed("download slow log %s of %s: %w", f.Name, f.Instance, err)
	}
	p := portion{
		text:    []byte(aws.ToString(out.LogFileData)),
		marker:  aws.ToString(out.Marker),
		pending: aws.ToBool(out.AdditionalDataPending),
	}
	if attempts, ok := retry.GetAttemptResults(out.ResultMetadata); ok {
		p.retries = len(attempts.Results) - 1
	}
	p.cutNotice()
	return p, nil
}

// latestWrite is the end of the year 9998 in milliseconds: a report could not hold what
// comes a year later.
const latestWrite = 253_370_764_799_999

// list asks for all slow logs of an instance.
func (a *api) list(ctx context.Context, instance string) (*listing, error) {
	pages := rds.NewDescribeDBLogFilesPaginator(a.client, &rds.DescribeDBLogFilesInput{
		DBInstanceIdentifier: &instance,
		FilenameContains:     aws.String("slowquery/"),
	}, func(o *rds.DescribeDBLogFilesPaginatorOptions) { o.StopOnDuplicateToken = true })
	var files []File
	for pages.HasMorePages() {
		if err := a.take(ctx); err != nil {
			return nil, callFailed("list slow logs of %s: %w", instance, err)
		}
		page, err := pages.NextPage(ctx)
		<-a.slots
		if err != nil {
			return nil, callFailed("list slow logs of %s: %w", instance, err)
		}
		for _, d := range page.DescribeDBLogFiles {
			files = append(files, File{
				Instance:    instance,
				Name:        aws.ToString(d.LogFileName),
				Size:        aws.ToInt64(d.Size),
				LastWritten: time.UnixMilli(min(max(aws.ToInt64(d.LastWritten), 0), latestWrite)).UTC(),
			})
		}
	}
	return newListing(files), nil
}

// describe asks for all instances that pass the filters.
func (a *api) describe(ctx context.Context, filters ...types.Filter) ([]types.DBInstance, error) {
	var all []types.DBInstance
	pages := rds.NewDescribeDBInstancesPaginator(a.client, &rds.DescribeDBInstancesInput{Filters: filters},
		func(o *rds.DescribeDBInstancesPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.DBInstances...)
	}
	return all, nil
}

// wait returns after d, or when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// counters count the calls so far.
type counters struct{ begun, made, refusals atomic.Int64 }

func (c *counters) attempt(err error) {
	c.made.Add(1)
	if throttled(err) {
		c.refusals.Add(1)
	}
}

// count has the SDK count its calls, and each attempt at them.
func (c *counters) count(stack *middleware.Stack) error {
	if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("CountCalls", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		c.begun.Add(1)
		return next.HandleInitialize(ctx, in)
	}), middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CountAttempts", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleFinalize(ctx, in)
		c.attempt(err)
		return out, metadata, err
	}), "Retry", middleware.After)
}

// RDS may send nothing within an answer for as long as maxSilence. The SDK would
// wait forever, as it would for a connection that a NAT gateway has forgotten.
const maxSilence = time.Minute

// What fails is read again in the next run. So all attempts at a call, and the pauses
// between them, last no longer than maxCall: there may be several such calls, and the
// 15 minutes of a run are also for what can be read.
const maxCall = 2 * time.Minute

// maxBackoff is the longest pause after a failure that is none of the rate of calls, and maxRefused
// that after a connection was refused.
const (
	maxBackoff = 3 * time.Second
	maxRefused = 100 * time.Millisecond
)

// backoff has the SDK's pauses, of up to 20 s, only where RDS throttles.
type backoff struct{ aws.RetryerV2 }

func (b backoff) RetryDelay(attempt int, err error) (time.Duration, error) {
	delay, failed := b.RetryerV2.RetryDelay(attempt, err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED): // nobody is there, and so nobody is to be spared
		delay = min(delay, maxRefused)
	case !throttled(err):
		delay = min(delay, maxBackoff)
	}
	return delay, failed
}

// limitCall has the SDK end a call after maxCall.
func limitCall(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("LimitCall", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, maxCall, errSilent)
		defer cancel()
		out, metadata, err := next.HandleInitialize(ctx, in)
		if err != nil && context.Cause(ctx) == errSilent {
			err = fmt.Errorf("%w: %w", errSilent, err)
		}
		return out, metadata, err
	}), middleware.Before)
}

// errSilent says that a call was given up after maxCall.
var errSilent = errors.New("no answer within two minutes")

// httpClient makes a client of the SDK fit for us. One that was configured keeps
// the limits it has.
func httpClient(c aws.HTTPClient) aws.HTTPClient {
	if b, ok := c.(*awshttp.BuildableClient); ok {
		if _, limited := b.GetReadTimeout(); !limited {
			c = b.WithReadTimeout(maxSilence)
		}
	}
	return plainBodies{c}
}

// plainBodies hides that the SDK's request bodies are io.WriterTo. The SDK closes
// a body when the answer begins, while net/http may still be looking whether the
// body really ends where it should. WriteTo of a closed body then says io.EOF, as
// Read would, but from WriteTo that is an error, for which net/http closes the
// connection in the middle of the answer. It happens where RDS is near and there
// is little CPU, as in a small Lambda function.
type plainBodies struct{ aws.HTTPClient }

func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.HTTPClient.Do(r)
}
