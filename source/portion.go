package source

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// maxLines is the most lines that RDS puts into a portion, and its default.
const maxLines = 10000

// truncationNotice is what RDS appends where a portion ends within a line. The
// marker it returns with it lies after the rest of that line.
var truncationNotice = []byte("[Your log message was truncated]")

// cutLine is the notice as a line of its own. It stands in what a Log delivers
// wherever an entry is cut, for RDS would put it there, and a reader could not
// tell a statement that was cut from one that goes on.
const cutLine = " [Your log message was truncated]\n"

// portion is one answer of DownloadDBLogFilePortion.
type portion struct {
	text      []byte // without the notice
	truncated bool   // the notice was there
	marker    string // where the next portion begins; empty if RDS did not say
	pending   bool   // RDS says that there is more
	lineLost  bool   // its last line was cut although it would fit into a portion
	retries   int
}

// fetch gets at most the given number of lines from a marker on. The SDK's own
// paginator is of no use here: it goes by the marker alone, which RDS returns at
// the end too, and so never ends.
func (s *RDS) fetch(ctx context.Context, f File, from string, lines int) (portion, error) {
	if err := s.take(ctx); err != nil {
		return portion{}, err
	}
	defer func() { <-s.slots }()
	out, err := s.client.DownloadDBLogFilePortion(ctx, &rds.DownloadDBLogFilePortionInput{
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
	p.cutNotice()
	return p, nil
}

// take waits for a place among the calls under way; it is given back by receiving
// from s.slots.
func (s *RDS) take(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cutNotice removes the truncation notice. A log may hold the very same text, and
// a line that ends so is taken for a cut one if it ends a portion by itself.
func (p *portion) cutNotice() {
	text, found := bytes.CutSuffix(bytes.TrimRight(p.text, " \n"), truncationNotice)
	if !found {
		return
	}
	text = bytes.TrimSuffix(text, []byte(" "))
	p.text, p.truncated = bytes.TrimSuffix(text, []byte("\n")), true
}

// unreadable reports whether the API will not or cannot deliver the bytes of a
// portion: it refuses what is not text, and what is no XML breaks its answer.
func unreadable(err error) bool {
	var broken *xml.SyntaxError
	if errors.As(err, &broken) {
		return broken.Msg != "unexpected EOF" // that is a connection that was cut
	}
	return errorCode(err) == "InvalidParameterValue" && strings.Contains(err.Error(), "binary data")
}

func fileNotFound(err error) bool {
	var fault *types.DBLogFileNotFoundFault
	return errors.As(err, &fault)
}

func notReady(err error) bool {
	var fault *types.DBInstanceNotReadyFault
	return errors.As(err, &fault)
}
