package source

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
)

// maxLines is the most lines that RDS puts into a portion, and its default.
const maxLines = 10000

// RDS appends truncationNotice where a portion ends within a line. The
// marker it returns with it lies after the rest of that line.
var truncationNotice = []byte("[Your log message was truncated]")

// cutLine is the notice on a line of its own. It stands in the text of a Log
// wherever an entry is cut, for RDS would put it there, and a parser could not
// tell a statement that was cut from one that goes on.
const cutLine = " [Your log message was truncated]\n"

// portion holds one answer of DownloadDBLogFilePortion.
type portion struct {
	text      []byte // without the notice
	truncated bool   // the notice was there
	marker    string // where the next portion begins; empty if RDS did not say
	pending   bool   // RDS says that there is more
	lineLost  bool   // its last line was cut although it would fit into a portion
	retries   int
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

// marker names a position in a file for DownloadDBLogFilePortion. Of a marker
// we know by observation that it is PREFIX:OFFSET, where the prefix names the
// hour of a rotation (such as "12" or "2026-10-10.7") and the offset is in bytes.
// That is no contract, so whatever has another form is only handed back.
type marker struct {
	prefix string
	offset int64
}

func parseMarker(s string) (marker, bool) {
	prefix, digits, found := strings.Cut(s, ":")
	if !found {
		return marker{}, false
	}
	offset, err := strconv.ParseInt(digits, 10, 64)
	return marker{prefix, offset}, err == nil && offset >= 0
}

func (m marker) String() string { return m.prefix + ":" + strconv.FormatInt(m.offset, 10) }

// fetcher asks RDS for the text of a file, and counts the calls that had to be
// repeated.
type fetcher struct {
	api *api
	ctx context.Context // of Open; ends with the Log
	cov *Coverage
}

// portion fetches at most the given number of lines from a marker on.
func (f *fetcher) portion(file File, from string, lines int) (portion, error) {
	p, err := f.api.portion(f.ctx, file, from, lines)
	f.cov.Retries += p.retries
	return p, err
}

// whole makes up for a line that was cut: the portion is fetched again with only
// the lines before it. If there are none, the line is larger than a portion and
// stays cut.
func (f *fetcher) whole(file File, from string, p portion) (portion, error) {
	for try := range 2 * tries {
		lines := bytes.Count(p.text, []byte("\n"))
		if !p.truncated || lines == 0 {
			return p, nil
		}
		if try > 1 { // the end of a portion may not be all that is cut
			lines = (lines + 1) / 2
		}
		f.cov.Retries++
		var err error
		if p, err = f.portion(file, from, lines); err != nil {
			return p, err
		}
	}
	p.lineLost = p.truncated
	return p, nil
}

// piece carries text on its way from the goroutine that fetches it to the Log, with
// what is known of the file by then. The last one has an error.
type piece struct {
	text []byte
	cov  Coverage
	err  error
}

// pipe holds so many pieces that wait to be taken: one more that is sent waits for room.
type pipe struct {
	pieces chan piece
	quit   chan struct{} // closed by close
	cancel func()        // ends what sends
}

func newPipe(holds int, cancel func()) *pipe {
	return &pipe{cancel: cancel, pieces: make(chan piece, holds), quit: make(chan struct{})}
}

var errClosed = errors.New("the log was closed")

func (p *pipe) send(x piece) error {
	select {
	case p.pieces <- x:
		return nil
	case <-p.quit:
		return errClosed
	}
}

func (p *pipe) next(cov *Coverage) ([]byte, error) {
	select {
	case x := <-p.pieces:
		*cov = x.cov
		return x.text, x.err
	case <-p.quit:
		return nil, errClosed
	}
}

func (p *pipe) close() error {
	select {
	case <-p.quit:
	default:
		close(p.quit)
	}
	p.cancel()
	return nil
}
