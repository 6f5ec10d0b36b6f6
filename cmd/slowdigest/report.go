package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/cmd/slowdigest/entry"
	"slowdigest/cmd/slowdigest/live"
	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/parser/fingerprint"
	"slowdigest/source"
)

func declareReport(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	var since, until timeValue
	var last time.Duration
	var post, fromState bool
	c.declareRanking(f)
	c.declareBy(f)
	c.declareFilter(f)
	c.declareFormat(f)
	c.declareOwners(f)
	c.declareFromState(f, &fromState)
	c.declareChannel(f, "Slack `channel` to post to with --post, and whose archive --from-state reads")
	c.declareSlack(f)
	c.declareLinks(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	declareWindow(f, &since, &until, &last)
	f.boolean(&post, "post", "", "post the digest to the channel in addition to printing it")
	return func(ctx context.Context, files []string) error {
		if len(files) == 0 && !fromState {
			return usageError{errors.New("report: no file is given"), "name slow logs, or - for the standard input"}
		}
		if post && c.Channel == "" {
			return errNoChannel("report")
		}
		if fromState {
			return reportArchive(ctx, p, &c, files, post, func() (digest.Window, error) {
				return archivedWindow(p, "report", since, until, last, time.Now().UTC())
			})
		}
		c.State = "" // which the logs are not of
		if err := c.checkBy(f, "report"); err != nil {
			return err
		}
		w, err := reportWindow(since, until, last, time.Now().UTC())
		if err != nil {
			return err
		}
		to, err := reportTo(ctx, p, &c, post)
		if err != nil {
			return err
		}
		h := c.newHandler(source.Local{Paths: files, Stdin: p.stdin, Seek: c.seeks()}, c.route(""))
		if err := c.nameOwners(ctx, h); err != nil {
			return err
		}
		stop := watch(p, h, &c, live.Options{}, c.Format == "text")
		r, err := h.Collect(ctx, w)
		stop()
		if err := nothingRead(r, err, files); errors.Is(err, fs.ErrNotExist) && len(files) == 1 && instanceName.MatchString(files[0]) {
			return hinted{err, "slowdigest run --instance " + files[0] + " reads a DB instance"}
		} else if err != nil {
			return err
		}
		return printReport(ctx, to, r, err)
	}
}

// reportArchive reports on hours that are archived.
func reportArchive(ctx context.Context, p *process, c *Config, files []string, post bool, window func() (digest.Window, error)) error {
	if len(files) > 0 {
		return usageError{errors.New("report: --from-state reads what is archived, and no file"), "--channel says whose; leave out " + files[0]}
	}
	w, err := window()
	if err != nil {
		return err
	}
	to, err := reportTo(ctx, p, c, post)
	if err != nil {
		return err
	}
	o, err := c.readOwners(ctx)
	if err != nil {
		return err
	}
	r, err := archived(ctx, c, w, c.Limit)
	if r == nil {
		return err
	}
	for i := range r.Classes {
		r.Classes[i].Owners = o.Of(&r.Classes[i])
	}
	return printReport(ctx, to, r, err)
}

// declareWindow adds what bounds the window of local logs.
func declareWindow(f *flags, since, until *timeValue, last *time.Duration) {
	f.declare(&parsedValue[time.Duration]{last, parseShift, ""}, "last", "", "leave out entries from before the `time` up to --until, or else up to now, such as 15m or 2h")
	f.declare(since, "since", "", "leave out entries before this `time`, UTC unless it names a zone, or so long ago, such as 2h")
	f.declare(until, "until", "", "leave out entries from this `time` on")
}

// reportWindow is open to both sides where nothing bounds it.
func reportWindow(since, until timeValue, last time.Duration, now time.Time) (digest.Window, error) {
	if last == 0 {
		return window(since, until, now)
	}
	return runWindow(since, until, last, now)
}

// reportTo returns what prints the report of local logs, and posts it if that is asked for.
func reportTo(ctx context.Context, p *process, c *Config, post bool) (notifier.Notifier, error) {
	cfg, err := tokenAWS(ctx, c, post)
	if err != nil {
		return nil, err
	}
	return printAndPost(ctx, p, c, cfg, post)
}

// tokenAWS loads the AWS configuration where it takes AWS to know the token, as nothing else of
// what local logs need is there.
func tokenAWS(ctx context.Context, c *Config, post bool) (aws.Config, error) {
	if !post || c.Token != "" || c.TokenParameter == "" {
		return aws.Config{}, nil
	}
	return loadAWS(ctx)
}

var instanceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// nothingRead returns the error, with advice that fits, where there is nothing to report on. A
// log that is one, and has no entry, says that nothing was slow.
func nothingRead(r *digest.Report, err error, files []string) error {
	what := files[0]
	if len(files) > 1 {
		what = fmt.Sprintf("%s and %d more", what, len(files)-1)
	}
	switch {
	case r.Coverage.Events > 0:
		return nil
	case errors.Is(err, handler.ErrNotSlowLog):
		if saved, _, errSaved := savedReport(files[0], nil); saved != nil {
			return hinted{err, "it is a saved report, which slowdigest diff compares with another, or with a slow log"}
		} else if errors.As(errSaved, new(comparison)) {
			return hinted{err, "it is what slowdigest diff prints; report reads slow logs"}
		}
		return hinted{err, "an entry begins with a line \"# Time:\" or \"# User@Host:\"; error, general and binary logs have none"}
	case err == nil && r.Coverage.Unreadable > 0:
		return hinted{fmt.Errorf("read %s: %s", what, notifier.Plural(r.Coverage.Unreadable, "entry cannot", "entries cannot")+" be read, and none can"), "is it a slow log?"}
	case err == nil && r.Coverage.BytesRead == 0:
		return hinted{fmt.Errorf("read %s: there is no text to read", what), "a server begins a slow log with its version; was it copied as a whole?"}
	}
	return err
}

// printReport shows what could be read, also where an error or an interrupt ended
// the reading.
func printReport(ctx context.Context, to notifier.Notifier, r *digest.Report, err error) error {
	return errors.Join(to.Notify(context.WithoutCancel(ctx), r), err)
}

// window is open where a bound is not set. Neither may lie in the future, for
// which no report could be complete.
func window(since, until timeValue, now time.Time) (digest.Window, error) {
	for _, bound := range []timeValue{since, until} {
		if !bound.IsZero() && handler.CheckWindow(digest.Window{End: bound.Time}, now, math.MaxInt64) != nil {
			return digest.Window{}, usageError{fmt.Errorf("%s lies in the future: it is %s", bound.String(), now.UTC().Format(time.RFC3339)),
				"times are in UTC unless they name a zone; without --until the window is up to now"}
		}
	}
	if !since.IsZero() && !until.IsZero() && !since.Before(until.Time) {
		return digest.Window{}, usageError{errors.New("--since is not before --until"), "the window is from --since up to, but without, --until"}
	}
	return digest.Window{Start: since.Time, End: until.Time}, nil
}

// maxStatement bounds a statement of `fingerprint`: MySQL's largest
// max_allowed_packet is 1 GiB, and one of a slow log is cut long before.
const maxStatement = 1 << 30

func declareFingerprint(f *flags, p *process) func(context.Context, []string) error {
	var zero bool
	f.boolean(&zero, "0", "", "statements end with a NUL byte, and may span lines")
	return func(ctx context.Context, args []string) error {
		in := p.stdin
		switch {
		case len(args) > 1:
			return usageError{errors.New("fingerprint: more than one file is given"), "concatenate them into the standard input"}
		case len(args) == 1 && args[0] != "-":
			file, err := source.OpenFile(ctx, args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			counted, stop := watchFile(p, file, args[0])
			defer stop()
			in = counted
		}
		end := byte('\n')
		if zero {
			end = 0
		}
		return printFingerprints(p.stdout, in, end, isTerminal(p.stdout))
	}
}

// watchFile shows how much of a file was read, unless what is made of it goes to the terminal.
func watchFile(p *process, file io.Reader, name string) (in io.Reader, stop func()) {
	if isTerminal(p.stdout) {
		return file, func() {}
	}
	c := handler.Counts{Files: 1, Unsized: true}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		c.Listed, c.Unsized = info.Size(), false
	}
	var read atomic.Int64
	counts := func() handler.Counts {
		now := c
		now.Read = read.Load()
		return now
	}
	return countingReader{file, &read}, live.Watch(live.Options{Stderr: p.stderr, Getenv: p.getenv, What: "reading statements", Counts: counts})
}

type countingReader struct {
	io.Reader
	n *atomic.Int64
}

func (r countingReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.n.Add(int64(n))
	return n, err
}

// printFingerprints writes to a terminal nothing that it would obey, and to others all.
func printFingerprints(w io.Writer, r io.Reader, end byte, terminal bool) error {
	out := bufio.NewWriter(w)
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), maxStatement)
	in.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, end); i >= 0 {
			return i + 1, data[:i], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	for in.Scan() {
		fp := fingerprint.Of(in.Text())
		line := fmt.Sprintf("%s\t%s\n", fingerprint.ID(fp), fp)
		if terminal {
			line = harmless(line)
		}
		_, _ = out.WriteString(line) // Flush tells the error
	}
	if err := in.Err(); err != nil {
		return errors.Join(fmt.Errorf("read statements: %w", err), out.Flush())
	}
	return out.Flush()
}

func declareEntry(_ *flags, p *process) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		if len(args) != 2 {
			return usageError{errors.New("entry: wants a file and an offset"), "report names both for the slowest call of each class; - is the standard input"}
		}
		offset, err := strconv.ParseInt(strings.ReplaceAll(args[1], ",", ""), 10, 64)
		if err != nil || offset < 0 {
			hint := "the text of a compressed log counts, not what is stored"
			if _, err := strconv.ParseInt(args[0], 10, 64); err == nil {
				hint = "the file comes first: slowdigest entry FILE OFFSET"
			}
			return usageError{fmt.Errorf("entry: offset %q: want a number of bytes from the start of the log", args[1]), hint}
		}
		e, err := entry.Read(ctx, p.stdin, args[0], offset)
		if e == nil {
			if errors.As(err, new(*fs.PathError)) { // which names the file
				return err
			}
			return fmt.Errorf("read %s: %w", args[0], err)
		}
		return errors.Join(printEntry(p, e, offset), err)
	}
}

// printEntry writes to a terminal nothing that it would obey, and to others the bytes of the log.
func printEntry(p *process, e *entry.Entry, offset int64) error {
	notes := "this is the statement with its values; do not paste it where others read"
	if e.Offset != offset {
		notes += fmt.Sprintf("\nbyte %d is within the entry that begins at byte %d; has the log changed since it was reported?", offset, e.Offset)
	}
	if !e.Time.IsZero() {
		notes += "\nits time stands in the log before an earlier entry: " + e.Time.Format(time.RFC3339Nano)
	}
	if e.Schema != "" {
		notes += "\nits database is that of an earlier entry: " + e.Schema
	}
	text := e.Text
	if isTerminal(p.stdout) {
		if text = entry.Visible(text); len(text) != len(e.Text) {
			notes += "\n" + `what a terminal would obey is shown as \x1b or \u202e; a file or a pipe gets the bytes of the log`
		}
	}
	_, err := p.stdout.Write(text)
	for line := range strings.SplitSeq(notes, "\n") {
		err = errors.Join(err, say(p.stderr, "slowdigest: %s\n", line))
	}
	return err
}
