package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/cmd/slowdigest/live"
	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/notifier/slack"
	"slowdigest/source"
	"slowdigest/source/unpack"
)

func declareDiff(f *flags, p *process) func(context.Context, []string) error {
	c := Config{OrderBy: digest.OrderBySum}
	var since, until timeValue
	var last time.Duration
	var shift time.Duration
	var fromState bool
	limit, post := digest.Limit{Count: 20}, false
	c.declareFormat(f)
	f.declare(&parsedValue[digest.Limit]{&limit, digest.ParseLimit, "20"}, "limit", "",
		"changes to show, the greatest first: a `share` of them all, a number, both (95%:20), or all")
	c.declareBy(f)
	c.declareFilter(f)
	c.declareMinTime(f, "")
	c.declareFromState(f, &fromState)
	f.declare(&parsedValue[time.Duration]{&shift, parseShift, ""}, "compare", "", "with --from-state: what was before is the same window this `time` earlier, such as 24h or 7d")
	c.declareChannel(f, "Slack `channel` to post to with --post, and whose archive --from-state reads")
	c.declareSlack(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	declareWindow(f, &since, &until, &last)
	f.boolean(&post, "post", "", "post what changed to the channel in addition to printing it")
	return func(ctx context.Context, args []string) error {
		switch {
		case fromState && len(args) > 0:
			return usageError{errors.New("diff: --from-state compares what is archived, and no file"), "--channel says whose; leave out " + args[0]}
		case fromState && (shift == 0 || shift%time.Hour != 0):
			return usageError{errors.New("diff: --from-state wants --compare, of whole hours"), "use, for example, --last 24h --compare 7d"}
		case !fromState && len(args) != 2:
			return usageError{errors.New("diff: wants two windows"), "name what was before and what was after: slow logs, directories of them, or reports " + savedAs}
		case !fromState && args[0] == "-" && args[1] == "-":
			return usageError{errors.New("diff: the standard input cannot be both windows"), "name a file for one of them"}
		case post && c.Channel == "":
			return errNoChannel("diff")
		}
		w, err := reportWindow(since, until, last, time.Now().UTC())
		if fromState {
			w, err = archivedWindow(p, "diff", since, until, last, time.Now().UTC())
		}
		if err != nil {
			return err
		}
		cfg, err := tokenAWS(ctx, &c, post)
		if err != nil {
			return err
		}
		to, err := diffPosterTo(ctx, p, &c, cfg, post)
		if err != nil {
			return err
		}
		if fromState && shift < w.End.Sub(w.Start) {
			return usageError{errors.New("diff: --compare is shorter than the window, so that hours would be in both"), "use a longer --compare, or a shorter window"}
		}
		if fromState {
			return diffArchive(ctx, p, &c, to, w, shift, limit)
		}
		before, savedBefore, errBefore := side(ctx, p, &c, args[0], "window 1 of 2", w)
		if before == nil {
			return errBefore
		}
		after, savedAfter, errAfter := side(ctx, p, &c, args[1], "window 2 of 2", w)
		if after == nil {
			return errAfter
		}
		if savedBefore && savedAfter && w != (digest.Window{}) {
			return usageError{errors.New("diff: both are saved reports, which have windows of their own"), "leave out --since, --until and --last, which are for slow logs"}
		}
		if err := comparable(args, before, after); err != nil {
			return err
		}
		if before.By == digest.ByInstance && !(savedBefore && savedAfter) && !sameNames(before, after) {
			return usageError{fmt.Errorf("diff: an instance of a local log is its file, and %s and %s have no name in common", args[0], args[1]),
				"compare two directories, in which the log of an instance has the same name; or leave out --by instance"}
		}
		return errors.Join(showDiff(ctx, p, &c, to, digest.Compare(before, after), limit), errBefore, errAfter)
	}
}

// diffArchive shows what changed from the window that lies the shift before, of hours that are archived.
func diffArchive(ctx context.Context, p *process, c *Config, to diffPoster, w digest.Window, shift time.Duration, limit digest.Limit) error {
	before, errBefore := archived(ctx, c, digest.Window{Start: w.Start.Add(-shift), End: w.End.Add(-shift)}, digest.Limit{})
	if before == nil {
		return errBefore
	}
	after, errAfter := archived(ctx, c, w, digest.Limit{})
	if after == nil {
		return errAfter
	}
	if before.PerInstance != after.PerInstance {
		return hinted{errors.New("compare archived windows: one has each statement once for each instance, and the other once for all"),
			"choose windows on one side of the change of --per-instance"}
	}
	return errors.Join(showDiff(ctx, p, c, to, digest.Compare(before, after), limit), errBefore, errAfter)
}

// comparable returns an error where the classes of one report mean something else than those of the other.
func comparable(args []string, before, after *digest.Report) error {
	if before.By != after.By {
		return usageError{fmt.Errorf("diff: %s is grouped by %s, and %s by %s", args[0], before.By, args[1], after.By),
			"compare what is grouped by the same; --by says it of slow logs, and a saved report has its own"}
	}
	if before.PerInstance != after.PerInstance {
		each, whole := args[0], args[1]
		if after.PerInstance {
			each, whole = whole, each
		}
		return usageError{fmt.Errorf("diff: %s has each statement once for each instance, and %s once for all", each, whole),
			"save the report without --per-instance"}
	}
	return nil
}

// sameNames reports whether a group of one report has the name of one of the other, or one of them has none at all.
func sameNames(before, after *digest.Report) bool {
	return len(before.Classes) == 0 || len(after.Classes) == 0 || slices.ContainsFunc(before.Classes, func(b digest.Class) bool {
		return slices.ContainsFunc(after.Classes, func(a digest.Class) bool { return a.ID == b.ID })
	})
}

// diffPoster posts what changed between two windows.
type diffPoster interface {
	PostDiff(context.Context, *digest.Diff) error
}

// diffPosterTo returns what posts to the channel; nil where that is not asked for. It is an answer
// to who runs this.
func diffPosterTo(ctx context.Context, p *process, c *Config, cfg aws.Config, post bool) (diffPoster, error) {
	if !post {
		return nil, nil
	}
	chat, err := answerIn(ctx, p, c, cfg)
	if err != nil {
		return nil, err
	}
	to, ok := chat.(diffPoster)
	if !ok {
		return nil, hinted{errors.New("post what changed: Teams gets digests only"), "print it with --format markdown, and paste that; or post it to Slack"}
	}
	return to, nil
}

// showDiff prints what changed, and posts it where somebody does. It does so also where an
// interrupt ended the reading.
func showDiff(ctx context.Context, p *process, c *Config, to diffPoster, d *digest.Diff, limit digest.Limit) error {
	d.Shorten(limit)
	err := printDiff(p, c, d)
	if to != nil {
		err = errors.Join(err, to.PostDiff(context.WithoutCancel(ctx), d))
	}
	return err
}

func printDiff(p *process, c *Config, d *digest.Diff) error {
	switch c.Format {
	case "json":
		return notifier.WriteDiffJSON(p.stdout, d)
	case "markdown":
		return notifier.WriteDiffMarkdown(p.stdout, d, c.Zone)
	case "html":
		return notifier.WriteDiffHTML(p.stdout, d, c.Zone)
	case "slack":
		return slack.WriteDiffJSON(p.stdout, d, slack.Options{Zone: c.Zone})
	}
	return notifier.WriteDiffText(p.stdout, d, textOptions(p, c.Zone))
}

// side reads one of the windows that are compared: a saved report, if that is
// what the file holds, which has its own window, else what slow logs have in w. The
// report is nil if nothing could be read, and else may be partial.
func side(ctx context.Context, p *process, c *Config, path, step string, w digest.Window) (r *digest.Report, saved bool, err error) {
	logs := source.Local{Paths: []string{path}, Seek: c.seeks()}
	stream, close, err := streamOf(ctx, p, path)
	if err != nil {
		return nil, false, err
	}
	r, again, err := savedReport(path, stream)
	if stream != nil {
		defer func() { _ = close() }()
		logs = source.Local{Paths: []string{"-"}, Stdin: again}
	}
	h := c.newHandler(logs, c.route(""))
	h.Owners = nil // a difference names none
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("read report %s: %w", path, err)
	case r != nil && h.Filter != nil:
		return nil, true, usageError{fmt.Errorf("filter report %s: it holds no single calls", path), "filters are for slow logs; save the report with the same filter instead"}
	case r != nil && c.By != digest.ByClass && c.By != r.By:
		return nil, true, usageError{fmt.Errorf("group report %s by %s: it is grouped by %s, and holds no single calls", path, c.By, r.By),
			"save the report with --by " + c.By.String() + " instead"}
	case r != nil:
		return r, true, nil
	}
	stop := watch(p, h, c, live.Options{What: harmless(handler.FileName(path)), Step: step}, false)
	r, err = h.Collect(ctx, w)
	stop()
	r.Instances = []string{handler.FileName(path)}
	if err := nothingRead(r, err, []string{path}); errors.Is(err, handler.ErrNotSlowLog) {
		return nil, false, hinted{err, "diff compares slow logs, directories of them, and reports " + savedAs}
	} else if err != nil {
		return nil, false, err
	}
	return r, false, err
}

// savedAs says how a report is saved that diff can compare in full.
const savedAs = "saved by report --limit all --format json"

// streamOf returns what can be read once alone, such as the standard input or a pipe; nil for files
// and directories, and for what does not exist.
func streamOf(ctx context.Context, p *process, path string) (in io.Reader, close func() error, err error) {
	if path == "-" {
		return p.stdin, func() error { return nil }, nil
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().IsRegular() || info.IsDir() {
		return nil, nil, nil // source.Local tells what is wrong
	}
	file, err := source.OpenFile(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	return file, file.Close, nil
}

// maxReport bounds the size of a saved report, in bytes.
const maxReport = 256 << 20

// savedReport returns nil if there is no report: if the first character, decompressed, is not that of a
// JSON object. The stream can be read again then, from its beginning; without one the file is read.
func savedReport(path string, stream io.Reader) (r *digest.Report, again io.Reader, err error) {
	if stream == nil {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return nil, nil, nil // source.Local tells what is wrong
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		stream = file
	}
	var taken bytes.Buffer
	again = io.MultiReader(&taken, stream)
	stored, _, err := unpack.Text(io.TeeReader(stream, &taken))
	if err != nil {
		return nil, again, nil // source.Local tells what is wrong
	}
	in := bufio.NewReader(stored)
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" { // of editors
		_, _ = in.Discard(3)
	}
	if head, _ := in.Peek(512); !bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) {
		return nil, again, nil
	}
	text, err := io.ReadAll(io.LimitReader(in, maxReport))
	if err != nil {
		return nil, nil, err
	}
	r, err = parseReport(text)
	return r, nil, err
}

// comparison says that the JSON is a digest.Diff.
type comparison struct{}

func (comparison) Error() string { return "it is a comparison, not a report" }

func parseReport(text []byte) (*digest.Report, error) {
	var r struct {
		digest.Report
		Before, After json.RawMessage // of a digest.Diff
	}
	err := json.Unmarshal(text, &r)
	switch {
	case r.Before != nil && r.After != nil: // and what else is of other types
		return nil, hinted{comparison{}, "diff prints it, and compares what it was made of: slow logs, or reports " + savedAs}
	case err != nil:
		return nil, hinted{err, "was it saved as a whole?"}
	}
	_, errBy := digest.ParseBy(r.By.String())
	ungrouped := slices.ContainsFunc(r.Classes, func(c digest.Class) bool { return (c.Group == nil) != (r.By == digest.ByClass) })
	if r.Version != 1 || r.Classes == nil || errBy != nil || ungrouped {
		return nil, hinted{errors.New(`it is no report of slowdigest of "version": 1`), "save one with slowdigest report --limit all --format json"}
	}
	ids := map[string]bool{}
	for i := range r.Classes {
		ids[r.Classes[i].ID] = true
	}
	if len(ids) < len(r.Classes) || len(ids) > 0 && r.Overall.Calls == 0 || r.Window.End.Before(r.Window.Start) {
		return nil, hinted{errors.New("the saved report contradicts itself"), "was it edited? save it anew with slowdigest report --limit all --format json"}
	}
	return &r.Report, nil
}

// runCompare shows what changed from the window that lies the shift before, of all their
// classes. What could not be read is reported in the difference.
func runCompare(ctx context.Context, p *process, c *Config, h *handler.Handler, to diffPoster, w digest.Window, shift time.Duration) error {
	whole := *h
	whole.Limit, whole.Detail = digest.Limit{}, false
	collect := func(step string, w digest.Window) (*digest.Report, error) {
		defer watch(p, &whole, c, live.Options{Step: step}, false)()
		return whole.Collect(ctx, w)
	}
	after, errAfter := collect("window 1 of 2", w)
	before, errBefore := collect("window 2 of 2", digest.Window{Start: w.Start.Add(-shift), End: w.End.Add(-shift)})
	err := errors.Join(errBefore, errAfter)
	if err != nil && before.Coverage.Events == 0 && after.Coverage.Events == 0 {
		return err
	}
	return errors.Join(showDiff(ctx, p, c, to, digest.CompareBy(h.OrderBy, before, after), c.Limit), err)
}

func parseShift(s string) (time.Duration, error) {
	d, err := notifier.ParseDays(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("time %q: want a time such as 24h or 7d", s)
	}
	return d, err
}
