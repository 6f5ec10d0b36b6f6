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

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Download is a way to read the files of RDS.
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
func (s *RDS) completely() bool {
	return s.opts.Download == Complete || s.opts.Download == Auto && s.opts.Now != nil && !s.refused.Load()
}

// stream reads a file by a complete download. One that breaks off is begun anew,
// and what was delivered before is left out if it is the same. It is false if
// the file is better read by portions, nothing having been delivered.
func (w *walk) stream() (bool, error) {
	w.streamed = true
	for failed := 0; !w.finished; {
		before := w.pos
		err := w.streamOnce()
		if w.finished || errors.Is(err, errStopped) || errors.Is(err, errClosed) {
			return true, err
		}
		if w.rds.opts.Download == Auto && w.pos == 0 && err != nil && !fileNotFound(err) && w.ctx.Err() == nil {
			if denied(err) {
				w.rds.refused.Store(true)
			}
			w.streamed = false
			return false, nil
		}
		if w.pos > before {
			failed = 0
		}
		failed++
		moved, err := w.recover(failed, portion{}, err)
		if err != nil {
			return true, err
		}
		if moved {
			failed = 0
		}
	}
	return true, nil
}

// streamOnce downloads the file and delivers what lies after w.pos.
func (w *walk) streamOnce() error {
	body, retries, err := w.rds.download(w.ctx, w.file)
	w.cov.Retries += retries
	if err != nil {
		return err
	}
	defer body.Close()
	var again maphash.Hash
	again.SetSeed(w.sum.Seed())
	if n, err := io.CopyN(&again, body, w.pos); err != nil || again.Sum64() != w.sum.Sum64() {
		return trouble(fmt.Sprintf("a second download is different within its first %d bytes", n))
	}
	for {
		buf := make([]byte, streamChunk)
		n, err := io.ReadFull(body, buf)
		if err := w.deliver(buf[:n]); err != nil {
			return err
		}
		_, _ = w.sum.Write(buf[:n])
		w.pos += int64(n)
		switch {
		case w.live && w.pos >= w.file.Size, err == io.EOF && w.pos >= w.file.Size,
			err == io.ErrUnexpectedEOF && w.pos >= w.file.Size:
			w.finished = true
			return nil
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			return trouble("the download ends before the listed size")
		case err != nil:
			return fmt.Errorf("download slow log %s of %s: %w", w.file.Name, w.file.Instance, err)
		}
	}
}

// download asks for a complete file. It is no operation of the SDK, so the
// request is made and signed here, and tried as often as the SDK would.
func (s *RDS) download(ctx context.Context, f File) (body io.ReadCloser, retries int, err error) {
	if err := s.take(ctx); err != nil {
		return nil, 0, err
	}
	defer func() { <-s.slots }()
	retryer := s.client.Options().Retryer
	s.begun.Add(1)
	for attempt := 1; ; attempt++ {
		body, err = s.downloadOnce(ctx, f)
		s.attempt(err)
		if err == nil {
			return body, attempt - 1, nil
		}
		err = fmt.Errorf("download complete slow log %s of %s: %w", f.Name, f.Instance, err)
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

func (s *RDS) downloadOnce(ctx context.Context, f File) (io.ReadCloser, error) {
	o := s.client.Options()
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
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, emptySHA256, "rds", o.Region, s.opts.Now()); err != nil {
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

// responseError is the error in an answer of RDS, of the same type as the SDK's.
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
