package handler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/source"
)

// former is an instance whose name is another's since a blue/green switchover, or
// nobody's, as within one. It is called NAME-oldN then, "where n is a number" ("Switching
// a blue/green deployment" in the Amazon RDS User Guide).
type former struct{ id, name string } // the name before, and now

// over are those whose names are another's since the state was saved.
type over []former

// before returns the name that one of them had; of any other, its own.
func (o over) before(name string) string {
	if n := slices.IndexFunc(o, func(f former) bool { return f.name == name }); n >= 0 {
		return o[n].id
	}
	return name
}

// now returns the name that the one which had a name has now; of any other, that.
func (o over) now(id string) string {
	if n := slices.IndexFunc(o, func(f former) bool { return f.id == id }); n >= 0 {
		return o[n].name
	}
	return id
}

func formerName(id string, n int) string { return fmt.Sprintf("%s-old%d", id, n) }

// formerOf returns the name that an instance had before a switchover; false if it has none
// of the names that one gives.
func formerOf(name string) (id string, ok bool) {
	n := strings.LastIndex(name, "-old")
	if n < 0 {
		return "", false
	}
	_, err := strconv.Atoi(name[n+len("-old"):])
	return name[:n], err == nil
}

// formers looks for what was logged under the names of a reading by instances that are
// called otherwise now. Files are those of the instances that have the names.
type formers struct {
	rd    *reading
	files []source.File
}

// list lists the files of those that had a name within the window.
func (fs formers) list(ctx context.Context) []source.File {
	rd := fs.rd
	if rd.known == nil || rd.handler.only {
		return nil
	}
	var old []source.File
	for _, id := range slices.Clone(rd.instances) {
		seen := rd.known.Instances[id]
		if vanished := rd.missing(id) && rd.was(id) && seen.Gone.IsZero(); vanished || fs.another(id) {
			over := len(rd.over)
			if old = append(old, fs.find(ctx, id)...); len(rd.over) == over && !vanished {
				fs.remade(ctx, id)
			}
		}
		var names []string
		if seen.HadName(rd.window) {
			names = append(names, cmp.Or(seen.Former, formerName(id, 1)))
		}
		for _, o := range rd.known.Open.In(rd.window) {
			if of, ok := formerOf(o.Instance); ok && of == id {
				names = append(names, o.Instance)
			}
		}
		for _, name := range names {
			if !slices.Contains(rd.instances, name) && !slices.Contains(rd.gone, name) {
				old = append(old, fs.again(ctx, name)...)
			}
		}
	}
	return old
}

// come reports whether what an instance logged before its name became another's may still be
// read.
func (fs formers) come(id string, hour digest.Window) bool {
	return slices.ContainsFunc(fs.rd.over, func(f former) bool { return f.id == id && comes(fs.rd.cause(f.name, hour)) })
}

// again lists the files of an instance that was found before.
func (fs formers) again(ctx context.Context, name string) []source.File {
	rd := fs.rd
	files, err := rd.handler.Source.LogFiles(ctx, name, rd.window.Start, rd.window.End)
	if err != nil && source.CauseOf(err) == source.Gone {
		rd.gone = append(rd.gone, name)
		return nil
	}
	rd.instances, rd.former = append(rd.instances, name), append(rd.former, name)
	if err != nil {
		rd.add(part{instance: name, err: err, cut: ctx.Err() != nil, coverage: digest.Coverage{Complete: true}, absent: absence(rd.window.Start, rd.window.End, err)})
	}
	return files
}

// find lists the files of the instance that had a name an hour ago: the one that still
// lists what that listed then, or else the newest that lists nothing now. If there is none,
// the files were only deleted.
func (fs formers) find(ctx context.Context, id string) []source.File {
	rd, seen := fs.rd, fs.rd.known.Instances[id]
	var name string
	var found []source.File
	for n := 1; n < 10; n++ { // nobody keeps as many
		next := formerName(id, n)
		files, err := fs.of(ctx, next)
		if err != nil && source.CauseOf(err) == source.Gone {
			break
		}
		if err != nil {
			p := part{instance: next, err: err, coverage: digest.Coverage{Complete: true}, absent: absence(rd.window.Start, rd.window.End, err)}
			p.absent.Cause = source.Gone // it will not be looked for again
			p.absent.Note = fmt.Sprintf("Older files of %s are listed no more. Whether they are on %s, as after a blue/green switchover, could not be found out: %s", id, next, p.absent.Note)
			rd.add(p)
			rd.instances = append(rd.instances, next)
			return nil
		}
		lists, known := keeps(files, next, seen.Files)
		if lists || !known {
			name, found = next, files
		}
		if lists {
			break
		}
	}
	if name == "" {
		return nil
	}
	rd.over = append(rd.over, former{id, name})
	if slices.Contains(rd.instances, name) {
		return nil
	}
	rd.instances, rd.former = append(rd.instances, name), append(rd.former, name)
	return found
}

// remade notes that an instance was deleted if one of the same name was made since it was
// read, as from a snapshot.
func (fs formers) remade(ctx context.Context, id string) {
	read, at := fs.rd.known.Instances[id].Read, fs.rd.handler.created(ctx, id)
	if !read.IsZero() && at.After(read) {
		fs.rd.remade = append(fs.rd.remade, state.Open{Instance: id, Start: read, End: at})
	}
}

// of returns the files of an instance, which may be one of those that are read anyway.
func (fs formers) of(ctx context.Context, name string) ([]source.File, error) {
	rd := fs.rd
	if !slices.Contains(rd.instances, name) {
		return rd.handler.Source.LogFiles(ctx, name, rd.window.Start, rd.window.End)
	}
	return slices.DeleteFunc(slices.Clone(fs.files), func(f source.File) bool { return f.Instance != name }), nil
}

// another reports whether the files of an instance are not those that it had an hour
// ago, though RDS would still have them.
func (fs formers) another(id string) bool {
	seen := fs.rd.known.Instances[id].Files
	for _, written := range seen {
		if written.Before(fs.rd.window.End.Add(-source.LeastKept)) {
			return false
		}
	}
	lists, known := keeps(fs.files, id, seen)
	return known && !lists
}

// keeps reports whether an instance still lists one of some files; not known is that of
// one that lists nothing now.
func keeps(files []source.File, id string, seen map[string]time.Time) (lists, known bool) {
	for _, f := range files {
		if f.Instance == id {
			if lists, known := f.ListedWith(seen); known {
				return lists, len(seen) > 0
			}
		}
	}
	return false, false
}

// switched notes that the name of an instance is another's. If the name that it has now was
// that of a third before, nothing more will come of that.
func (fs formers) switched(f former, at time.Time, result *state.Result) {
	before, seen := fs.rd.known.Instances[f.id], result.Seen[f.id]
	if between := !before.Gone.IsZero() && before.Former == f.name; !between {
		fs.end(f.name, "%s is another instance since a later switchover. What the one before logged %s was not read, and is no longer to be found.", result)
		if seen.FormerFrom = (time.Time{}); !seen.Switched.IsZero() {
			seen.FormerFrom = seen.Switched.Add(-time.Hour) // in the hour before it was found
		}
		seen.Switched = time.Time{}
	}
	if seen.Gone.IsZero() { // else what has become of it is said
		result.News = append(result.News, fmt.Sprintf("%s is another instance now, as after a blue/green switchover. What the one before has logged is read from %s.", f.id, f.name))
	}
	var listed time.Time // when it was the one before for sure
	for _, written := range before.Files {
		listed = later(listed, written.UTC().Round(time.Hour))
	}
	result.Renamed = append(result.Renamed, state.Renamed{From: f.id, To: f.name, Before: listed})
	seen.Former, seen.Switched, seen.Files = f.name, state.HourSince(at), nil // these are those of the one before
	result.Seen[f.id] = seen
}

// probe looks for those that have an open part and are called otherwise now, and returns
// those that answer again. Of others it may say that they are gone.
func (fs formers) probe(ctx context.Context, result *state.Result) (answering []string) {
	rd := fs.rd
	for _, o := range rd.known.Open {
		id, ok := formerOf(o.Instance)
		if !ok || !slices.Contains(rd.instances, id) || slices.Contains(rd.instances, o.Instance) ||
			slices.Contains(answering, o.Instance) || slices.Contains(result.Ended, o.Instance) {
			continue
		}
		files, err := rd.handler.Source.LogFiles(ctx, o.Instance, o.Start, o.End)
		switch {
		case err != nil && source.CauseOf(err) == source.Gone:
			fs.end(o.Instance, "%s does not exist any more. What it logged %s was not read.", result)
		case err == nil && !slices.ContainsFunc(files, func(f source.File) bool { return f.Absent != nil && f.Absent.Cause == source.Waiting }):
			answering = append(answering, o.Instance)
		}
	}
	return answering
}

// end says that nothing more will come of what is open of an instance, if anything is.
func (fs formers) end(name, format string, result *state.Result) {
	result.Ended = append(result.Ended, name)
	if spans := fs.unread(name); spans != "" {
		result.News = append(result.News, fmt.Sprintf(format, name, spans))
	}
}

// unread says when an instance has logged what is missing; empty if nothing is.
func (fs formers) unread(name string) string {
	var spans []string
	for _, o := range fs.rd.known.Open {
		if o.Instance == name && !o.Usual && !o.Slept {
			spans = append(spans, "from "+state.Span(o.Start, o.End))
		}
	}
	return strings.Join(spans, ", ")
}
