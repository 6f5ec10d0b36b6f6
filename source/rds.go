package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Options are the settings of an RDS. The zero value is ready for use.
type Options struct {
	// Download selects how files are read; by portions if empty.
	Download Download

	// Concurrency limits the listings and downloads that are under way at a time,
	// over all files and instances; 10 if zero. It also bounds the portions of 1 MB that
	// are held before they are read. A complete download counts until it begins.
	Concurrency int

	// Sequential asks for a portion only when the one before it has named its
	// marker. Otherwise markers of the known form PREFIX:OFFSET are predicted,
	// and what comes back is used only if it overlaps with the portion before.
	Sequential bool

	// Seek begins to read a large file where the window begins, not at its own
	// beginning. That is found by markers made up, so it needs the known form of
	// them, and that entries are written in the order of their times, to a minute.
	// What is written only where it changes, such as the database, may be unknown for
	// the first entries. Complete downloads and Sequential ones do without.
	Seek bool

	// Poll is the time between two looks of Follow; 5 s if zero.
	Poll time.Duration

	// MaxBytes limits what is read of one instance between two calls of
	// LogFiles; no limit if zero. The rest is reported as missing.
	MaxBytes int64

	// MaxAttempts is the number of tries before the error of a call counts; 8 if zero.
	MaxAttempts int

	// Patience is the time between two looks at a file that does not answer, such as
	// in the minutes of its rotation; 5 s if zero.
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
			c.Retryer = retry.AddWithMaxAttempts(backoff{retry.NewAdaptiveMode()}, o.MaxAttempts)
		}
		c.HTTPClient = httpClient(c.HTTPClient)
		c.APIOptions = append(c.APIOptions, a.count, limitCall)
	})
	return &RDS{a}
}

// LogFiles names the files that may hold entries of [start, end), oldest first
// and the live file last. The window must be past: entries written after the
// call are not waited for. What cannot be read, such as hours that are not there any
// more or a paused instance, is a File that is Absent. An instance without any slow
// log is a NoSlowLogError; CauseOf tells what an error means. The name of a cluster
// stands for its members, if the role may describe all instances.
func (s *RDS) LogFiles(ctx context.Context, instance string, start, end time.Time) ([]File, error) {
	start, end = start.UTC(), end.UTC()
	all, err := s.list(ctx, instance)
	if err != nil && notReady(err) {
		return s.unready(ctx, instance, start, end)
	}
	for try := 1; err == nil && all.rotating(end) && try < tries; try++ {
		wait(ctx, s.opts.Patience)
		all, err = s.list(ctx, instance)
	}
	var unknown *types.DBInstanceNotFoundFault
	if errors.As(err, &unknown) {
		if ids := members(ctx, s.api, instance); len(ids) > 0 {
			return s.memberFiles(ctx, ids, start, end), nil
		}
	}
	if err != nil {
		return nil, err
	}
	if len(all.files)+len(all.unknown) == 0 {
		why, _ := logging(ctx, s, instance) // the hint is less exact without it
		return nil, &NoSlowLogError{Instance: instance, Reason: why}
	}
	files := s.selectFiles(ctx, all, instance, start, end)
	for i := range files {
		if files[i].listing = all; s.opts.Seek {
			files[i].from = start
		}
	}
	return files, nil
}

// unready is LogFiles of an instance that is not ready. One that is paused is available by
// its status; without rds:DescribeDBInstances any is taken for that.
func (s *RDS) unready(ctx context.Context, instance string, start, end time.Time) ([]File, error) {
	i, err := s.Inspect(ctx, instance)
	if err == nil && !slices.Contains(asleep, i.Status) {
		return nil, callFailed("list slow logs of %s: the status of the instance is %s", instance, i.Status)
	}
	return []File{absentFile(instance, start, end, Waiting, "Instance %s is paused or stopped: its slow logs cannot be read now.", instance)}, nil
}

// asleep are the statuses of instances that run nothing, and are to, by "Viewing Amazon RDS DB
// instance status" in the Amazon RDS User Guide. In all others somebody may wait for the server:
// rebooting, upgrading, storage-full, failed, inaccessible-encryption-credentials.
var asleep = []string{"available", "paused", "pausing", "resuming", "stopped", "stopping", "starting", "creating"}

// selectFiles returns what is to be read of a listing, and what cannot be.
func (s *RDS) selectFiles(ctx context.Context, all *listing, instance string, start, end time.Time) []File {
	if s.opts.MaxBytes > 0 {
		all.budget = &budget{max: s.opts.MaxBytes}
		all.budget.left.Store(s.opts.MaxBytes)
	}
	now := later(end, all.written())
	if s.opts.Now != nil {
		now = later(now, s.opts.Now().UTC())
	}
	files := append(all.absent(instance, start, end, now), choose(all, start, end)...)
	if from := later(start, roundUp(all.written().Add(Soon))); !start.IsZero() && from.Before(end) {
		if f := s.silent(ctx, instance, all.written(), from, end); f != nil {
			return append(files, *f)
		}
	}
	if hours := all.liveAbsent(instance, start, end, now); hours != nil {
		if n := len(files); n > 0 && files[n-1].live() && files[n-1].Absent == nil {
			files[n-1].Unlisted = hours
		} else {
			files = append(files, File{Instance: instance, Name: liveName, Absent: hours})
		}
	}
	if all.rotating(end) {
		files = append(files, absentFile(instance, later(start, all.latest()), end, Passing,
			"The slow log that is being written to is not listed for instance %s.", instance))
	}
	return files
}

func absentFile(instance string, from, to time.Time, c Cause, format string, args ...any) File {
	return File{Instance: instance, Name: liveName, Absent: &Absence{From: from, To: to, Cause: c, Note: fmt.Sprintf(format, args...)}}
}

// silent says why nothing may have been written since a time, of the hours that began
// long after it; nil if the server logs.
func (s *RDS) silent(ctx context.Context, instance string, since, from, to time.Time) *File {
	var f File
	switch why, err := logging(ctx, s, instance); {
	case why != "":
		f = absentFile(instance, from, to, Off, "Instance %s has not written to its slow log since %s: %s.",
			instance, since.Format("2006-01-02 15:04 UTC"), why)
	case err != nil:
		f = absentFile(instance, from, to, Unproven, "Instance %s has not written to its slow log since %s, and its parameters, which say whether it logs, could not be read: %s.",
			instance, since.Format("2006-01-02 15:04 UTC"), cmp.Or(Hint(err), err.Error()))
	default:
		return nil
	}
	return &f
}

// memberFiles returns the files of several instances. For one whose files could not be
// listed there is a File that tells so.
func (s *RDS) memberFiles(ctx context.Context, members []string, start, end time.Time) []File {
	var files []File
	for _, id := range members {
		of, err := s.LogFiles(ctx, id, start, end)
		if err != nil {
			of = []File{absentFile(id, start, end, CauseOf(err), "Instance %s was not read: %v.", id, err)}
		}
		files = append(files, of...)
	}
	return files
}

// Open begins to read a file that LogFiles has listed. It waits for nothing: what
// is wrong with the file is for Read to say. The next portion is fetched while
// the last one is read. If the deadline of ctx passes, the Log ends there and its
// Coverage says what is missing. The Log must be closed.
func (s *RDS) Open(ctx context.Context, f File) (*Log, error) {
	if f.Absent != nil {
		return newLog(absent{f.Absent.Note}), nil
	}
	if _, ok := parseName(f.Name); !ok && !f.Unknown {
		return nil, fmt.Errorf("open slow log: %q is not the name of a slow log", f.Name)
	}
	if s.opts.Download == Complete && s.opts.Now == nil {
		return nil, errors.New("open slow log: a complete download needs a clock to sign with")
	}
	ctx, cancel := context.WithCancel(ctx)
	p := newPipe(0, cancel)
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

// Follow reads the slow log of an instance from a time on, and goes on as it is
// written to, from one hour's file to the next, until ctx ends: then Read returns
// io.EOF. Entries of before the time may come first. It reads by portions,
// whatever the options say, and waits for nothing. An outage is waited for to
// end; Read returns an error where RDS will not answer at all, such as for want of
// permission. The Coverage is that of all files together, and up to date with what
// was read. The Log must be closed.
func (s *RDS) Follow(ctx context.Context, instance string, from time.Time) *Log {
	ctx, cancel := context.WithCancel(ctx)
	p := newPipe(0, cancel)
	f := &follower{api: s.api, ctx: ctx, out: p, instance: instance, from: from.UTC(), at: beginning, cov: Coverage{Complete: true}}
	go func() {
		err := f.run()
		if err == nil {
			err = io.EOF
		}
		_ = p.send(piece{cov: f.cov, err: err})
	}()
	log := newLog(p)
	log.exact.Store(0) // of several files
	return log
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
