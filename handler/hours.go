package handler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/source"
)

// stopWhereTimeRanOut shortens a reading of several hours to those that were
// read whole; the others are for a later run. If there is none, no later run
// can be expected to do better, and all that was read counts.
func (rd *reading) stopWhereTimeRanOut() {
	slices.SortStableFunc(rd.parts, func(a, b part) int { return a.file.LastWritten.Compare(b.file.LastWritten) })
	whole := 0
	for whole < len(rd.hours) && rd.readWhole(rd.window.Start.Add(time.Duration(whole+1)*time.Hour)) {
		whole++
	}
	if whole == 0 || whole == len(rd.hours) {
		return
	}
	rd.hours = rd.hours[:whole]
	rd.window.End = rd.window.Start.Add(time.Duration(whole) * time.Hour)
	rd.parts = slices.DeleteFunc(rd.parts, rd.needless(rd.window.End))
}

// lastHour returns the newest hour of the reading.
func (rd *reading) lastHour() digest.Window {
	return digest.Window{Start: rd.window.End.Add(-time.Hour), End: rd.window.End}
}

func (rd *reading) readWhole(end time.Time) bool {
	needless := rd.needless(end)
	for _, p := range rd.parts {
		if !needless(p) && p.cut {
			return false
		}
	}
	return true
}

// needless returns a function that reports, when it is called in the order of the
// files' last writes, whether a part can be done without for what happened before
// end. The rule is that of source, which takes two files of each instance
// that were written to later.
func (rd *reading) needless(end time.Time) func(part) bool {
	later := map[string]int{}
	return func(p part) bool {
		if !p.file.LastWritten.Before(end) {
			later[p.instance]++
		}
		return later[p.instance] > 2
	}
}

// report sums up all hours that were read.
func (rd *reading) report(l digest.Limit) *digest.Report {
	sum := rd.whole
	if rd.hours[0] != rd.whole {
		sum = rd.handler.aggregator(rd.window)
		sum.Detail = false // hours have no fine time line in common
		sum.Merge(rd.whole)
		for _, hour := range rd.hours {
			sum.Merge(hour)
		}
	}
	return rd.complete(sum.Report(l, rd.handler.OrderBy))
}

// hourly returns the reports of the single hours, with all classes. What is missing
// from a file may be missing from any of them.
func (rd *reading) hourly() []*digest.Report {
	var reports []*digest.Report
	for _, hour := range rd.hours {
		reports = append(reports, rd.complete(hour.Report(digest.Limit{}, rd.handler.OrderBy)))
	}
	return reports
}

// archivingTime is how long a run may take to archive what it has read, and archivingLate if its time for reading
// is over: the rest of postingTime is for the message.
const (
	archivingTime = time.Minute
	archivingLate = 5 * time.Second
)

// saving is archive.Save, or archive.Add for what was left open of an hour and is told by itself.
type saving func(ctx context.Context, s state.Store, channelKey string, r *digest.Report) error

// archiveHours keeps the reports of hours that are about to be told, but for those that are lost. It does so before
// anything is posted: a run that dies then has posted nothing, and the next one archives the same once more, while
// a run that died between the message and the archive would leave a hole in it. What cannot be archived is
// logged, and stays missing: the message and the state are worth more, and do not wait for it for long.
func archiveHours(ctx context.Context, h *Handler, save saving, hours []*digest.Report, lost []digest.Window) {
	if h.Keep <= 0 {
		return
	}
	if deadline, ok := ctx.Deadline(); ok {
		early, cancel := context.WithDeadline(ctx, deadline.Add(archivingLate-postingTime))
		defer cancel()
		ctx = early
	}
	ctx, cancel := context.WithTimeout(ctx, archivingTime)
	defer cancel()
	key := state.Key(h.Channel)
	for n, r := range hours {
		if slices.ContainsFunc(lost, func(w digest.Window) bool { return w.Contains(r.Window.Start) }) {
			continue
		}
		kept, err := digest.Archived(r)
		if err == nil {
			err = save(ctx, h.Store, key, kept)
		}
		if err != nil {
			h.logger().WarnContext(ctx, "an hour is not archived", "reason", errorNote(err), "window_start", r.Window.Start)
		}
		if left := len(hours) - n - 1; ctx.Err() != nil && left > 0 {
			h.logger().WarnContext(ctx, "hours are not archived", "reason", "the time ran out", "hours", left, "window_start", hours[n+1].Window.Start)
			return
		}
	}
	if err := archive.Prune(h.Store, key, hours[len(hours)-1].Window.End.Add(-h.Keep)); err != nil {
		h.logger().WarnContext(ctx, "old hours are still archived", "reason", errorNote(err))
	}
}

// complete adds what the aggregators do not know.
func (rd *reading) complete(r *digest.Report) *digest.Report {
	switch r.Instances = rd.ids.labels(rd.instances); {
	case len(rd.local) > 0:
		r.Instances = rd.local
	case len(r.Instances) == 0 && rd.known != nil:
		r.Instances = slices.Sorted(maps.Keys(rd.known.Instances)) // that were there
	}
	for _, p := range rd.parts {
		r.Coverage.Add(p.coverage)
	}
	rd.beginning(&r.Coverage, r.Window)
	rd.ending(&r.Coverage, r.Window)
	rd.copies(&r.Coverage)
	rd.addAbsent(&r.Coverage, r.Window)
	r.Coverage.AsListed = rd.asListed(r.Window) || rd.ids.err != nil // of whom is not known
	r.Coverage.Notes = append(r.Coverage.Notes, rd.handler.Notes...)
	slices.Sort(r.Coverage.Notes) // files are read in parallel, and end in any order
	r.Coverage.Notes = joinNotes(r.Coverage.Notes, rd.parts)
	slices.SortFunc(r.Coverage.Gaps, func(a, b digest.Gap) int {
		return cmp.Or(cmp.Compare(a.Instance, b.Instance), a.Before.Compare(b.Before), cmp.Compare(a.File, b.File), cmp.Compare(a.From, b.From))
	})
	return r
}

// asListed reports whether an instance has no file for an hour of w, which is usual for
// it, and may yet get one.
func (rd *reading) asListed(w digest.Window) bool {
	for _, hour := range w.Hours() {
		for _, id := range rd.instances {
			if slices.ContainsFunc(rd.absentIn(id, hour), func(p part) bool { return rd.absentAsUsual(id, p, hour) }) {
				return true
			}
		}
	}
	return false
}

// beginning says which part of a window lies before the local logs begin, those of each
// server by themselves. The instances of RDS have a list of their logs; what was before
// a file is not known.
func (rd *reading) beginning(c *digest.Coverage, w digest.Window) {
	first := map[string]time.Time{} // by server
	file := map[string]string{}
	for _, p := range rd.parts {
		if p.file.Instance != "" || p.file.Name == "" || p.err != nil {
			continue
		}
		server := serverOf(p.file.Name)
		if f := first[server]; f.IsZero() || !p.first.IsZero() && p.first.Before(f) {
			first[server] = p.first
		}
		if file[server] == "" {
			file[server] = p.file.Name
		}
	}
	start := rd.window.Start
	if start.IsZero() && rd.window.End.IsZero() {
		return
	}
	from := w.Start
	if start.IsZero() { // the window is all that the log has before its end
		from = rd.window.End.Add(-1)
	}
	for server, f := range first {
		if !f.IsZero() && !f.After(from) {
			continue
		}
		c.Complete = false
		log := "The log"
		if len(first) > 1 {
			log = file[server]
		}
		if f.IsZero() {
			note := "No log tells when it begins"
			if len(first) > 1 {
				note = log + " does not tell when it begins"
			}
			c.Notes = append(c.Notes, note+": what happened in the window is not known.")
			continue
		}
		before := f
		if !w.End.IsZero() && w.End.Before(before) {
			before = w.End
		}
		if !start.IsZero() {
			c.Gaps = append(c.Gaps, digest.Gap{File: file[server], After: w.Start, Before: before})
		}
		c.Notes = append(c.Notes, fmt.Sprintf("%s begins at %s: what happened before it is not known.", log, f.Format("2006-01-02 15:04:05 UTC")))
	}
}

// quiet is how long before the end of a window a log may end that is taken to hold all of it.
const quiet = time.Minute

// lateEnd is the part of a window, at its end, without an entry that is told of: of a server that logs something
// all the time it says that the log is an older copy.
const lateEnd = 4

// ending says which part of a window lies after the local logs end, those of each server by
// themselves: a file does not tell whether nothing was slow or nothing was written. Who digests a
// log that was copied knows that it ends, so nothing is taken to be missing unless he asks for it, or
// nothing of the window is there.
func (rd *reading) ending(c *digest.Coverage, w digest.Window) {
	none := rd.known == nil && c.InWindow == 0 && !w.Start.IsZero()
	missing := none || rd.handler.Ends
	if !none && w.End.IsZero() || !missing && (rd.known != nil || rd.window.Start.IsZero() || rd.window.End.IsZero()) {
		return
	}
	until := w.End.Add(-quiet)
	switch {
	case none:
		until = w.Start
	case !missing:
		until = w.End.Add(-max(quiet, w.End.Sub(w.Start)/lateEnd))
	}
	last := map[string]time.Time{} // by server
	file := map[string]string{}
	for _, p := range rd.parts {
		if p.file.Instance == "" && p.file.Name != "" && p.err == nil {
			server := serverOf(p.file.Name)
			if last[server] = later(last[server], p.last); file[server] == "" || last[server].Equal(p.last) {
				file[server] = p.file.Name
			}
		}
	}
	for _, server := range slices.Sorted(maps.Keys(last)) {
		l := last[server]
		if l.IsZero() || !l.Before(until) { // beginning has told of those without an entry
			continue
		}
		log := "The log"
		if len(last) > 1 {
			log = file[server]
		}
		note := fmt.Sprintf("%s ends at %s", log, l.UTC().Format("2006-01-02 15:04:05 UTC"))
		if missing {
			c.Complete = false
			c.Gaps = append(c.Gaps, digest.Gap{File: file[server], After: later(l, w.Start), Before: w.End})
			c.Notes = append(c.Notes, note+": what happened after it is not known.")
		} else {
			c.Notes = append(c.Notes, note+", before the window does: was nothing slow after it, or is it an older copy, or does another file go on?")
		}
	}
}

// copies tells of local logs that seem to be the same one: whoever unpacked a log next to itself has it read twice.
func (rd *reading) copies(c *digest.Coverage) {
	type text struct {
		bytes       int64
		first, last time.Time
	}
	alike := map[text][]string{}
	for _, p := range rd.parts {
		calls := int64(0)
		for _, n := range p.calls {
			calls += n
		}
		if p.file.Instance == "" && calls > 0 && p.err == nil {
			t := text{p.bytes, p.first.UTC(), p.last.UTC()}
			alike[t] = append(alike[t], logName(p.file))
		}
	}
	var notes []string
	for _, names := range alike {
		if slices.Sort(names); len(names) > 1 {
			notes = append(notes, fmt.Sprintf("%s and %s are as long as each other, and begin and end at the same times: is one a copy? All calls are counted.",
				strings.Join(names[:min(len(names)-1, mostCopies)], ", "), names[len(names)-1]))
		}
	}
	slices.Sort(notes)
	if more := len(notes) - mostCopies; more > 0 {
		notes = append(notes[:mostCopies], fmt.Sprintf("Of %d more logs there seem to be copies.", more))
	}
	c.Notes = append(c.Notes, notes...)
}

// mostCopies is how many logs that have copies are named, and how many copies of each.
const mostCopies = 3

// rotated is what rotation adds to the name of a log, and what compresses it.
var rotated = regexp.MustCompile(`(?:^|[._-])[0-9][0-9._-]*$`)

// serverOf returns what the names of logs have in common that may be one server's: slow.log.1,
// slow.log-20261123.gz, slow-2026-11-23.log and slow.log are of one.
func serverOf(path string) string {
	dir, name := filepath.Split(path)
	if n := strings.LastIndex(name, ".log"); n >= 0 {
		name = name[:n]
	}
	return dir + rotated.ReplaceAllString(strings.TrimSuffix(name, ".gz"), "")
}

// compressed is what ends the name of a log that is packed, renamed what rotation puts behind .log, and dated the date
// that it may put before it.
var (
	compressed = regexp.MustCompile(`\.(?:gz|bz2|xz|zst)$`)
	renamed    = regexp.MustCompile(`\.log(?:[._-][0-9][0-9._-]*)?$`)
	dated      = regexp.MustCompile(`[._-](?:19|20)[0-9]{2}[._-]?[0-9]{2}[._-]?[0-9]{2}(?:[._T-]?[0-9]{2})*$`)
)

// surelyOf is serverOf of logs that surely are: db-1.log and db-2.log may be of two servers.
func surelyOf(path string) string {
	if path = filepath.Clean(path); FileName(path) == path && filepath.IsAbs(path) { // a device
		return path
	}
	dir, name := filepath.Split(path)
	name = compressed.ReplaceAllString(name, "")
	if plain := renamed.ReplaceAllString(name, ""); plain != "" {
		name = plain
	}
	return dir + dated.ReplaceAllString(name, "")
}

// FileName is what a local log is called in a report: its name, without the directory that it is in. Devices keep it:
// of /dev/fd/62, as shells name a pipe, 62 alone says nothing.
func FileName(path string) string {
	if strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/") {
		return path
	}
	return filepath.Base(path)
}

// mostDirs is how many directories are named to tell servers apart whose logs have the same name.
const mostDirs = 8

// LocalNames returns what stands for the instance of each local log, and each of these once: one for all logs of a
// server, which is the shortest of their names, with directories as far as these tell it from other servers'.
func LocalNames(files []source.File) (byPath map[string]string, names []string) {
	shortest := map[string]string{} // path by server
	for _, f := range files {
		server := surelyOf(f.Name)
		if have := shortest[server]; f.Instance == "" && f.Name != "" && f.Omitted == "" && (have == "" || len(f.Name) < len(have)) {
			shortest[server] = f.Name
		}
	}
	named := map[string]string{} // by server
	for dirs := 0; len(named) < len(shortest) && dirs <= mostDirs; dirs++ {
		alike := map[string]int{}
		for _, path := range shortest {
			alike[lastDirs(path, dirs)]++
		}
		for server, path := range shortest {
			if name := lastDirs(path, dirs); named[server] == "" && (alike[name] == 1 || dirs == mostDirs) {
				named[server] = name
			}
		}
	}
	byPath, listed := map[string]string{}, map[string]bool{"": true}
	for _, f := range files {
		name := named[surelyOf(f.Name)]
		if byPath[f.Name] = name; !listed[name] {
			names, listed[name] = append(names, name), true
		}
	}
	return byPath, names
}

// lastDirs returns the name of a file with so many of the directories that it is in before it, joined by dots: a name
// with a slash would be no name of an instance to those who see only these.
func lastDirs(path string, dirs int) string {
	path = filepath.Clean(path)
	name, dir := FileName(path), filepath.Dir(path)
	if name == path {
		return name
	}
	for ; dirs > 0 && dir != filepath.Dir(dir); dirs-- {
		name, dir = filepath.Base(dir)+"."+name, filepath.Dir(dir)
	}
	if dirs > 0 && filepath.IsAbs(dir) {
		return "." + name
	}
	return name
}
