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
	"path/filepath"
	"slices"
	"strings"
	"time"

	"slowdigest/cmd/slowdigest/live"
	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/source"
)

var diffFormats = []string{"text", "json", "markdown"}

func declareDiff(f *flags, p *process) func(context.Context, []string) error {
	c := Config{OrderBy: digest.OrderBySum}
	format, limit := "text", digest.Limit{Count: 20}
	f.declare(&parsedValue[string]{&format, parseDiffFormat, format}, "format", "", "`form` of what is printed: "+strings.Join(diffFormats, ", "))
	f.declare(&parsedValue[digest.Limit]{&limit, digest.ParseLimit, "20"}, "limit", "",
		"changes to show, the greatest first: a `share` of them all, a number, both (95%:20), or all")
	c.declareFilter(f)
	c.declareMinTime(f, "")
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	return func(ctx context.Context, args []string) error {
		if len(args) != 2 {
			return usageError{errors.New("diff: wants two windows"), "name what was before and what was after: slow logs, directories of them, or reports saved with --format json"}
		}
		if args[0] == "-" && args[1] == "-" {
			return usageError{errors.New("diff: the standard input cannot be both windows"), "name a file for one of them"}
		}
		before, errBefore := side(ctx, p, &c, args[0])
		if before == nil {
			return errBefore
		}
		after, errAfter := side(ctx, p, &c, args[1])
		if after == nil {
			return errAfter
		}
		return errors.Join(printDiff(p, digest.Compare(before, after), format, limit, c.Zone), errBefore, errAfter)
	}
}

func parseDiffFormat(s string) (string, error) {
	if !slices.Contains(diffFormats, s) {
		return "", fmt.Errorf("format %q: want %s", s, strings.Join(diffFormats, ", "))
	}
	return s, nil
}

func printDiff(p *process, d *digest.Diff, format string, limit digest.Limit, zone *time.Location) error {
	d.Shorten(limit)
	switch format {
	case "json":
		return notifier.WriteDiffJSON(p.stdout, d)
	case "markdown":
		return notifier.WriteDiffMarkdown(p.stdout, d, zone)
	}
	return notifier.WriteDiffText(p.stdout, d, textOptions(p, zone))
}

// side reads one of the windows that are compared: a saved report, if that is
// what the file holds, else slow logs. The report is nil if nothing could be
// read, and else may be partial.
func side(ctx context.Context, p *process, c *Config, path string) (*digest.Report, error) {
	stdin := bufio.NewReader(p.stdin)
	h := c.newHandler(source.Local{Paths: []string{path}, Stdin: stdin}, c.route(""))
	r, err := savedReport(path, stdin)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read report %s: %w", path, err)
	case r != nil && h.Filter != nil:
		return nil, usageError{fmt.Errorf("filter report %s: it holds no single calls", path), "filters are for slow logs; save the report with the same filter instead"}
	case r != nil:
		return r, nil
	}
	stop := watch(p, h, c, live.Options{What: harmless(filepath.Base(path))}, false, nil)
	r, err = h.Collect(ctx, digest.Window{})
	stop()
	r.Instances = []string{filepath.Base(path)}
	if err := nothingRead(r, err, []string{path}); errors.Is(err, handler.ErrNotSlowLog) {
		return nil, hinted{err, "diff compares slow logs, directories of them, and reports saved with --format json"}
	} else if err != nil {
		return nil, err
	}
	return r, err
}

// maxReport bounds the size of a saved report, in bytes.
const maxReport = 256 << 20

// savedReport returns nil if the file is no report: if its first character is
// not that of a JSON object, or it is no regular file.
func savedReport(path string, stdin *bufio.Reader) (*digest.Report, error) {
	in := stdin
	if path != "-" {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return nil, nil // source.Local tells what is wrong
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = bufio.NewReader(file)
	}
	if head, _ := in.Peek(512); !bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) {
		return nil, nil
	}
	text, err := io.ReadAll(io.LimitReader(in, maxReport))
	if err != nil {
		return nil, err
	}
	var r digest.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	if r.Version != 1 || r.Classes == nil {
		return nil, hinted{errors.New(`it is no report of slowdigest of "version": 1`), "save one with slowdigest report --format json"}
	}
	return &r, nil
}

// compare collects the window, and the one that lies the shift before,
// with all their classes. What could not be read is reported in the difference.
func compare(ctx context.Context, h *handler.Handler, w digest.Window, shift time.Duration) (*digest.Diff, error) {
	whole := *h
	whole.Limit, whole.Detail = digest.Limit{}, false
	after, errAfter := whole.Collect(ctx, w)
	before, errBefore := whole.Collect(ctx, digest.Window{Start: w.Start.Add(-shift), End: w.End.Add(-shift)})
	err := errors.Join(errBefore, errAfter)
	if err != nil && before.Coverage.Events == 0 && after.Coverage.Events == 0 {
		return nil, err
	}
	return digest.CompareBy(h.OrderBy, before, after), err
}

// runCompare prints what changed from the window that lies the shift before.
func runCompare(ctx context.Context, p *process, c *Config, h *handler.Handler, w digest.Window, shift time.Duration) error {
	if _, err := parseDiffFormat(c.Format); err != nil {
		return usageError{err, "--compare prints what changed in these forms"}
	}
	stop := watch(p, h, c, live.Options{}, false, nil)
	d, err := compare(ctx, h, w, shift)
	stop()
	if d == nil {
		return err
	}
	return errors.Join(printDiff(p, d, c.Format, c.Limit, c.Zone), err)
}

func parseShift(s string) (time.Duration, error) {
	d, err := notifier.ParseDays(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("time %q: want a time such as 24h or 7d", s)
	}
	return d, err
}
