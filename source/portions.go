package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// maxLines is the most lines that RDS puts into a portion, and its default.
const maxLines = 10000

// truncationNotice is what RDS appends where a portion ends within a line. The
// marker it returns with it lies behind the rest of that line.
var truncationNotice = []byte("\n [Your log message was truncated]\n")

// portion is one answer of DownloadDBLogFilePortion.
type portion struct {
	text      []byte // without the notice
	truncated bool   // the notice was there
	marker    string // where the next portion begins; empty if RDS did not say
	pending   bool   // RDS says that there is more
	retries   int
}

// fetch gets at most the given number of lines from a marker on.
func (s *RDS) fetch(ctx context.Context, f File, from string, lines int32) (portion, error) {
	out, err := s.client.DownloadDBLogFilePortion(ctx, &rds.DownloadDBLogFilePortionInput{
		DBInstanceIdentifier: &f.Instance,
		LogFileName:          &f.Name,
		Marker:               &from,
		NumberOfLines:        &lines,
	})
	if err != nil {
		var tried *retry.MaxAttemptsError
		var p portion
		if errors.As(err, &tried) {
			p.retries = tried.Attempt - 1
		}
		return p, fmt.Errorf("download slow log %s of %s: %w", f.Name, f.Instance, err)
	}
	p := portion{
		text:    []byte(aws.ToString(out.LogFileData)),
		marker:  aws.ToString(out.Marker),
		pending: aws.ToBool(out.AdditionalDataPending),
	}
	if attempts, ok := retry.GetAttemptResults(out.ResultMetadata); ok {
		p.retries = len(attempts.Results) - 1
	}
	p.text, p.truncated = bytes.CutSuffix(p.text, truncationNotice)
	return p, nil
}

// portions reads a file portion by portion.
type portions struct {
	rds    *RDS
	ctx    context.Context // of Open; ends with close
	cancel context.CancelFunc
	file   File
	marker string
	done   bool
}

func (p *portions) next(c *Coverage) ([]byte, error) {
	if p.done {
		return nil, io.EOF
	}
	got, err := p.rds.fetch(p.ctx, p.file, p.marker, maxLines)
	c.Retries += got.retries
	if err != nil {
		return nil, err
	}
	if whole := int32(bytes.Count(got.text, []byte("\n"))); got.truncated && whole > 0 {
		got, err = p.rds.fetch(p.ctx, p.file, p.marker, whole)
		c.Retries += got.retries + 1
		if err != nil {
			return nil, err
		}
	}
	if got.truncated {
		c.TruncatedLines++
		got.text = append(got.text, '\n')
	}
	c.Portions++
	c.BytesRead += int64(len(got.text))
	p.done = !got.pending || got.marker == "" || got.marker == p.marker
	p.marker = got.marker
	return got.text, nil
}

func (p *portions) close() error {
	p.cancel()
	return nil
}
