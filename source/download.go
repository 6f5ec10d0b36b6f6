package source

import (
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Download selects how the files of RDS are read.
type Download string

const (
	// Portions reads by DownloadDBLogFilePortion. Bytes that are not ASCII text
	// may arrive replaced, and lines over 1 MB cut.
	Portions Download = "portions"
	// Complete reads by downloadCompleteLogFile, which delivers every byte. It
	// needs the permission rds:DownloadCompleteDBLogFile.
	Complete Download = "complete"
	// Auto is Complete where that is possible, else Portions.
	Auto Download = "auto"
)

const (
	emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	streamChunk = 256 << 10
)

// completely reports whether to try a complete download.
func (a *api) completely() bool {
	return a.opts.Download == Complete || a.opts.Download == Auto && a.opts.Now != nil && !a.refused.Load()
}

// stream reads a file by a complete download.
type stream struct {
	r   *reader
	sum maphash.Hash // of what was delivered
}

// run downloads until the file was read to its end. A download that breaks off is
// begun anew, and what was delivered before is left out if it is the same. It is
// false if the file is better read by portions, nothing having been delivered.
func (s *stream) run() (bool, error) {
	r, t := s.r, s.r.track
	r.rot.streamed = true
	for failed := 0; !t.finished; {
		before := t.pos
		err := s.once()
		if t.finished || errors.Is(err, errStopped) || errors.Is(err, errClosed) {
			return true, err
		}
		if a := r.fetch.api; a.opts.Download == Auto && t.pos == 0 && err != nil && !fileNotFound(err) && r.fetch.ctx.Err() == nil {
			if denied(err) {
				a.refused.Store(true)
			}
			r.rot.streamed = false
			return false, nil
		}
		if t.pos > before {
			failed = 0
		}
		failed++
		moved, err := r.retry(failed, portion{}, err)
		if err != nil {
			return true, err
		}
		if moved {
			failed = 0
		}
	}
	return true, nil
}

// once downloads the file and delivers what lies after the tracker's offset.
func (s *stream) once() error {
	f, t := s.r.fetch, s.r.track
	body, retries, err := f.api.download(f.ctx, t.file)
	t.cov.Retries += retries
	if err != nil {
		return err
	}
	defer body.Close()
	if t.pos == 0 {
		s.sum.Reset() // of another file
	}
	var again maphash.Hash
	again.SetSeed(s.sum.Seed())
	if n, err := io.CopyN(&again, body, t.pos); err != nil || again.Sum64() != s.sum.Sum64() {
		return errUnexpectedAnswer(fmt.Sprintf("a second download is different within its first %d bytes", n))
	}
	for {
		buf := make([]byte, streamChunk)
		n, err := io.ReadFull(body, buf)
		if err := t.deliver(buf[:n]); err != nil {
			return err
		}
		_, _ = s.sum.Write(buf[:n])
		t.pos += int64(n)
		ended := err == io.EOF || err == io.ErrUnexpectedEOF
		switch {
		case t.pos >= t.file.Size && (t.file.live() || ended):
			t.finished = true
			return nil
		case ended:
			return errUnexpectedAnswer("the download ends before the listed size")
		case err != nil:
			return callFailed("download slow log %s of %s: %w", t.file.Name, t.file.Instance, err)
		}
	}
}

// download asks for a complete file. It is no operation of the SDK, so the
// request is made and signed here, and tried as often as the SDK would.
func (a *api) download(ctx context.Context, f File) (body io.ReadCloser, retries int, err error) {
	if err := a.take(ctx); err != nil {
		return nil, 0, err
	}
	defer func() { <-a.slots }()
	retryer := a.client.Options().Retryer
	ctx, end := context.WithCancelCause(ctx) // the body needs it, too
	timer := time.AfterFunc(maxCall, func() { end(errSilent) })
	defer timer.Stop()
	a.begun.Add(1)
	for attempt := 1; ; attempt++ {
		body, err = a.downloadOnce(ctx, f)
		a.attempt(err)
		if err == nil {
			return body, attempt - 1, nil
		}
		if errors.Is(context.Cause(ctx), errSilent) {
			err = fmt.Errorf("%w: %w", errSilent, err)
		}
		err = callFailed("download complete slow log %s of %s: %w", f.Name, f.Instance, err)
		if attempt >= retryer.MaxAttempts() || !retryer.IsErrorRetryable(err) || ctx.Err() != nil {
			return nil, attempt - 1, err
		}
		delay, delayErr := retryer.RetryDelay(attempt, err)
		if delayErr != nil {
			return nil, attempt - 1, err
		}
		wait(ctx, delay)
	}
}

func (a *api) downloadOnce(ctx context.Context, f File) (io.ReadCloser, error) {
	o := a.client.Options()
	endpoint, err := o.EndpointResolverV2.ResolveEndpoint(ctx, rds.EndpointParameters{
		Region:       &o.Region,
		Endpoint:     o.BaseEndpoint,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	})
	if err != nil {
		return nil, err
	}
	at := endpoint.URI.JoinPath("v13/downloadCompleteLogFile", url.PathEscape(f.Instance), f.Name)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	keys, err := o.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, emptySHA256, "rds", o.Region, a.opts.Now()); err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := o.HTTPClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: resp}, Err: responseError(resp)}
	}
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return resp.Body, nil
	}
	text, err := gzip.NewReader(resp.Body)
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{text, resp.Body}, nil
}

// responseError returns the error in an answer of RDS, of the same type as the SDK's.
func responseError(resp *http.Response) error {
	var e struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if err := xml.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&e); err != nil || e.Code == "" {
		e.Code, e.Message = http.StatusText(resp.StatusCode), resp.Status
		if resp.StatusCode == http.StatusForbidden {
			e.Code = "AccessDenied"
		}
	}
	switch e.Code {
	case "DBLogFileNotFoundFault", "DBLogFileNotFound":
		return &types.DBLogFileNotFoundFault{Message: &e.Message}
	case "DBInstanceNotFound", "DBInstanceNotFoundFault":
		return &types.DBInstanceNotFoundFault{Message: &e.Message}
	case "DBInstanceNotReady", "DBInstanceNotReadyFault":
		return &types.DBInstanceNotReadyFault{Message: &e.Message}
	}
	return &smithy.GenericAPIError{Code: e.Code, Message: e.Message}
}
