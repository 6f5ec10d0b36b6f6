package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// Options are the settings of an RDS. The zero value is ready for use.
type Options struct {
	// Download is how files are read; by portions if empty.
	Download Download

	// Concurrency is how many listings and downloads may be under way at a time,
	// over all files and instances; 10 if zero. It also bounds the portions of 1 MB that
	// are held before they are read. A complete download counts until it begins.
	Concurrency int

	// Sequential asks for a portion only when the one before it has named its
	// marker. Otherwise markers of the known form PREFIX:OFFSET are predicted,
	// and what comes back is used only if it joins on to the portion before.
	Sequential bool

	// Seek begins to read a large file where the window begins, not at its own
	// beginning. That is found by markers made up, so it needs the known form of
	// them, and that entries are written in the order of their times, to a minute.
	// What is written only where it changes, as the database is, may be unknown for
	// the first entries. Complete downloads and Sequential ones do without.
	Seek bool

	// Poll is how long Follow waits between two looks; 5 s if zero.
	Poll time.Duration

	// MaxBytes is how much is read of one instance between two calls of
	// LogFiles; no limit if zero. The rest is reported as missing.
	MaxBytes int64

	// MaxAttempts is how often a call is tried before its error counts; 8 if zero.
	MaxAttempts int

	// Patience is how long to wait between two looks at a file that does not
	// answer, as in the minutes of its rotation; 5 s if zero.
	Patience time.Duration

	// Now is the clock for the signatures of complete downloads, which are not
	// possible if it is nil.
	Now func() time.Time
}

// RDS reads the slow logs of RDS instances. It is safe for concurrent use.
type RDS struct{ *api }

// NewRDS uses the region, the credentials, the HTTP client and the endpoint of
// cfg. If cfg has a Retryer it takes the place of ours, which tries more often
// than the SDK's and slows down when RDS throttles.
func NewRDS(cfg aws.Config, o Options) *RDS {
	o.Download = cmp.Or(o.Download, Portions)
	o.Concurrency = cmp.Or(o.Concurrency, 10)
	o.MaxAttempts = cmp.Or(o.MaxAttempts, 8)
	o.Patience = cmp.Or(o.Patience, 5*time.Second)
	o.Poll = cmp.Or(o.Poll, 5*time.Second)
	a := &api{
		opts:  o,
		slots: make(chan struct{}, o.Concurrency),
		held:  make(chan struct{}, o.Concurrency),
	}
	a.client = rds.NewFromConfig(cfg, func(c *rds.Options) {
		if cfg.Retryer == nil {
			c.Retryer = retry.AddWithMaxAttempts(retry.NewAdaptiveMode(), o.MaxAttempts)
		}
		c.HTTPClient = httpClient(c.HTTPClient)
		c.APIOptions = append(c.APIOptions, a.count)
	})
	return &RDS{a}
}

// Calls counts the calls of an RDS. Each attempt counts.
type Calls struct {
	Made      int64
	Repeated  int64 // of those made, for the attempt before them had failed
	Throttled int64 // of those made, that RDS refused for their rate
}

// Calls returns the number of those made so far.
func (s *RDS) Calls() Calls {
	made := s.made.Load()
	return Calls{Made: made, Repeated: made - s.begun.Load(), Throttled: s.refusals.Load()}
}

// Open begins to read a file that LogFiles has listed. It waits for nothing: what
// is wrong with the file is for Read to say. The next portion is fetched while
// the last one is read. If the deadline of ctx passes, the Log ends there and its
// Coverage says what is missing. The Log must be closed.
func (s *RDS) Open(ctx context.Context, f File) (*Log, error) {
	if f.missing != "" {
		return newLog(absent{f.missing}), nil
	}
	if _, ok := parseName(f.Name); !ok {
		return nil, fmt.Errorf("open slow log: %q is not the name of a slow log", f.Name)
	}
	if s.opts.Download == Complete && s.opts.Now == nil {
		return nil, errors.New("open slow log: a complete download needs a clock to sign with")
	}
	ctx, cancel := context.WithCancel(ctx)
	p := newPipe(cancel)
	cov := Coverage{Complete: true}
	r := newReader(ctx, s.api, p, &cov, f, beginning, false)
	go func() {
		err := r.run()
		r.track.reportLeft()
		if err == nil {
			err = io.EOF
		}
		_ = p.send(piece{cov: cov, err: err})
	}()
	return newLog(p), nil
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

// piece is text on its way from the goroutine that fetches it to the Log, with
// what is known of the file by then. The last one has an error.
type piece struct {
	text []byte
	cov  Coverage
	err  error
}

// pipe holds no piece: while one waits to be taken, nothing more is fetched.
type pipe struct {
	pieces chan piece
	quit   chan struct{} // closed by close
	cancel context.CancelFunc
}

func newPipe(cancel context.CancelFunc) *pipe {
	return &pipe{cancel: cancel, pieces: make(chan piece), quit: make(chan struct{})}
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
