package source

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// listing holds all that RDS listed for an instance at one time, oldest first.
type listing struct {
	files   []File
	unknown []File // whose names are not those of slow logs
	budget  *budget
}

// newListing sorts files. What is listed twice counts once, even under two names
// that differ by a zero ("log.9", "log.09"), or as the live file and already as the
// rotated one.
func newListing(listed []File) *listing {
	byName := map[string]File{}
	var unknown []File
	for _, f := range listed {
		switch _, ok := parseName(f.Name); {
		case !ok && !slices.ContainsFunc(unknown, func(g File) bool { return g.Name == f.Name }):
			unknown = append(unknown, f)
		case ok && !byName[f.Name].LastWritten.After(f.LastWritten):
			byName[f.Name] = f
		}
	}
	files := slices.SortedFunc(maps.Values(byName), older)
	files = slices.CompactFunc(files, func(a, b File) bool {
		nameA, _ := parseName(a.Name)
		nameB, _ := parseName(b.Name)
		return nameA == nameB && a.Size == b.Size && a.LastWritten.Equal(b.LastWritten)
	})
	if n := len(files); n > 1 {
		live, newest := files[n-1], files[n-2]
		if live.Size == newest.Size && live.LastWritten.Equal(newest.LastWritten) && live.Size > 0 {
			files = files[:n-1]
		}
	}
	return &listing{files: files, unknown: unknown}
}

// older orders files by their last write, the live file after all others.
func older(a, b File) int {
	nameA, _ := parseName(a.Name)
	nameB, _ := parseName(b.Name)
	switch {
	case nameA.live() && !nameB.live():
		return 1
	case nameB.live() && !nameA.live():
		return -1
	}
	return cmp.Or(a.LastWritten.Compare(b.LastWritten),
		nameA.rotated(a.LastWritten).Compare(nameB.rotated(b.LastWritten)),
		cmp.Compare(a.Name, b.Name))
}

func (l *listing) find(name string) (File, bool) {
	for _, f := range slices.Concat(l.files, l.unknown) {
		if f.Name == name {
			return f, true
		}
	}
	return File{}, false
}

// rotatedSince returns the files of a later listing that are not in l and that a live
// file may have become, the oldest first. A name without a date is another file
// when it is written to anew, and another name is the same file if its last write
// is.
func (l *listing) rotatedSince(live File, now *listing) []File {
	if l == nil {
		return nil
	}
	var files []File
	of, _ := parseName(live.Name)
	for _, f := range now.files {
		name, _ := parseName(f.Name)
		before, known := l.find(f.Name)
		reused := name.date == "" && f.LastWritten.Sub(before.LastWritten) > time.Hour/2
		if name.base == of.base && !name.live() && (!known || reused) && !slices.ContainsFunc(l.files, f.sameAs) {
			files = append(files, f)
		}
	}
	return files
}

// sameAs reports whether g seems to be the same file, and rotated. No two files are
// written to in the same millisecond and then no more.
func (f File) sameAs(g File) bool {
	name, _ := parseName(g.Name)
	return !name.live() && f.LastWritten.Equal(g.LastWritten)
}

// renamed finds the file under the name that it has in a later listing.
func (l *listing) renamed(f File) (File, bool) {
	for _, g := range l.files {
		if g.Name != f.Name && f.sameAs(g) {
			return g, true
		}
	}
	return File{}, false
}

// live returns the live file; false if it is not listed.
func (l *listing) live() (File, bool) {
	if n := len(l.files); n > 0 {
		return l.files[n-1], l.files[n-1].live()
	}
	return File{}, false
}

// rotating reports whether the live file is not listed though the window may reach
// into it, as may be the case during a rotation.
func (l *listing) rotating(end time.Time) bool {
	_, listed := l.live()
	return len(l.files) > 0 && !listed && l.files[len(l.files)-1].LastWritten.Before(end)
}

// budget limits what may be read of an instance, in bytes; nil if there is no limit.
type budget struct {
	max  int64
	left atomic.Int64
}

// take takes n bytes from the budget; false if it does not last.
func (b *budget) take(n int64) bool { return b == nil || b.left.Add(-n) >= 0 }

// budget returns the budget of the file's instance.
func (f File) budget() *budget {
	if f.listing == nil {
		return nil
	}
	return f.listing.budget
}
