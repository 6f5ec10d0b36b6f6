// Package archive keeps the report of each hour of a channel, with all its classes, next to the
// state: one object for each hour of the clock, so that a window of the past can be looked at
// without its logs.
//
// An object is a digest.Report as compact JSON, compressed by gzip, and has the same bytes for the
// same report. It can hold no literal, for a report has no place for one. Like state, the package
// reads no clock.
//
// It keeps its objects in a state.Store, so that it needs no permission that the state does not: it lists nothing, and
// deletes nothing in S3.
package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
)

// Prefix is what all keys begin with, so that a bucket can expire them by a lifecycle rule.
const Prefix = "reports/"

// layout is that of an hour in a key, in UTC.
const layout = "2006/01/02/15"

const suffix = ".json.gz"

// Key returns the key of the hour that begins at a time, of the channel whose state has channelKey, as
// state.Key returns it: reports/C0123456789/2026/11/27/10.json.gz.
func Key(channelKey string, hour time.Time) string {
	return dir(channelKey) + "/" + hour.UTC().Format(layout) + suffix
}

// dir is of a channel of any name but for one of dots alone, which would be a directory above.
func dir(channelKey string) string {
	name := strings.TrimSuffix(channelKey, ".json")
	if strings.Trim(name, ".") == "" {
		name = channelKey
	}
	return Prefix + name
}

// maxTries is how often Save begins again where somebody else was quicker.
const maxTries = 3

// Save keeps the report of an hour of the clock, in the place of one that is there. One that counts more entries, those
// left out by a filter not among them, or as many and is complete where r is not, stays: what was read of an hour is
// not lost where a later run can read less of it. Saving the same again changes nothing.
func Save(ctx context.Context, store state.Store, channelKey string, r *digest.Report) error {
	if len(r.Window.Hours()) != 1 {
		return fmt.Errorf("archive the report from %s: it is not of an hour of the clock", r.Window.Start.Format(time.RFC3339))
	}
	data, err := encode(r)
	if err != nil {
		return fmt.Errorf("archive the report of %s: %w", name(r.Window), err)
	}
	key := Key(channelKey, r.Window.Start)
	for try := 1; ; try++ {
		before, tag, err := store.Load(ctx, key)
		if err != nil {
			return fmt.Errorf("archive the report of %s: %w", name(r.Window), err)
		}
		if bytes.Equal(before, data) {
			return nil
		}
		if tag != "" {
			old, err := decode(before, r.Window)
			if errors.Is(err, errNewer) {
				return fmt.Errorf("archive the report of %s: %s: %w", name(r.Window), key, err)
			}
			if err == nil && fuller(old, r) { // what cannot be read is worth nothing
				return nil
			}
		}
		if _, err = store.Save(ctx, key, data, tag); err == nil {
			return nil
		}
		if !errors.Is(err, state.ErrConflict) || try == maxTries {
			return fmt.Errorf("archive the report of %s: %w", name(r.Window), err)
		}
	}
}

// fuller reports whether more is known by the one than by the other: of instances that the other does not have, or
// of more entries. What a filter left out is not known.
func fuller(one, other *digest.Report) bool {
	switch {
	case without(one.Instances, other.Instances):
		return true
	case without(other.Instances, one.Instances):
		return false
	}
	a, b := one.Coverage, other.Coverage
	counted, others := a.InWindow-a.Filtered, b.InWindow-b.Filtered
	return counted > others || counted == others && a.Complete && !b.Complete
}

// without reports whether one of the names is not among others.
func without(names, others []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(others, name) })
}

func name(hour digest.Window) string { return hour.Start.UTC().Format("2006-01-02 15:04 UTC") }

// encode writes the report as compact JSON, compressed.
func encode(r *digest.Report) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	e := json.NewEncoder(z)
	e.SetEscapeHTML(false)
	err := errors.Join(e.Encode(r), z.Close())
	return b.Bytes(), err
}

// maxReport bounds the text of an object, in bytes.
const maxReport = 256 << 20

var errNewer = errors.New("a newer release has written it")

// decode reads the report of an hour.
func decode(data []byte, hour digest.Window) (*digest.Report, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, maxReport+1))
	if err == nil && len(text) > maxReport {
		err = fmt.Errorf("it is larger than %d MB", maxReport>>20)
	}
	if err != nil {
		return nil, err
	}
	r := new(digest.Report)
	err = json.Unmarshal(text, r)
	switch {
	case r.Version > 1:
		return nil, errNewer
	case err != nil:
		return nil, err
	case r.Version != 1 || !r.Window.Start.Equal(hour.Start) || !r.Window.End.Equal(hour.End):
		return nil, errors.New("it is no report of this hour")
	}
	return r, nil
}

// parallel is how many objects are loaded at a time. They are small as they are stored; of the reports
// that are made of them one is held at a time.
const parallel = 8

type loaded struct {
	data []byte
	tag  string
	err  error
}

// Reports reads the reports of the hours of a window, which consists of hours of the clock, in order.
// Hours that are not there are left out. An error is of one hour, which is then missing too; that of ctx is told
// once, and is the last. Who wants no more of them stops. The reports have no Past: nothing was compared.
func Reports(ctx context.Context, store state.Store, channelKey string, w digest.Window) iter.Seq2[*digest.Report, error] {
	return func(yield func(*digest.Report, error) bool) {
		hours := w.Hours()
		if len(hours) == 0 {
			yield(nil, fmt.Errorf("read the archive: the window from %s to %s does not consist of hours of the clock, or is longer than a year",
				w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339)))
			return
		}
		loading, cancel := context.WithCancel(ctx)
		results, wait := load(loading, store, channelKey, hours)
		defer wait()
		defer cancel()
		for _, hour := range hours {
			var l loaded
			if got, ok := <-results; ok {
				l = <-got
			}
			// Asked here, because a store need not notice it, and what was loaded ahead goes on without end.
			if err := ctx.Err(); err != nil {
				yield(nil, fmt.Errorf("read the archive: %w", err))
				return
			}
			if l.err == nil && l.tag == "" {
				continue
			}
			r, err := (*digest.Report)(nil), l.err
			if err == nil {
				r, err = decode(l.data, hour)
			}
			if err != nil {
				r, err = nil, fmt.Errorf("read the archived report of %s: %w", name(hour), err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// load loads the objects of hours some ahead of who takes them, in their order, until ctx ends.
func load(ctx context.Context, store state.Store, channelKey string, hours []digest.Window) (results <-chan chan loaded, wait func()) {
	ahead := make(chan chan loaded, parallel)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(ahead)
		for _, hour := range hours {
			got := make(chan loaded, 1)
			select {
			case ahead <- got:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				var l loaded
				l.data, l.tag, l.err = store.Load(ctx, Key(channelKey, hour.Start))
				got <- l
			})
		}
	})
	return ahead, wg.Wait
}

// Prune removes the hours before a time where the store is a directory. The objects of a bucket expire by its
// lifecycle rule: that needs no permission to delete.
func Prune(store state.Store, channelKey string, before time.Time) error {
	files, ok := store.(state.FileStore)
	if !ok {
		return nil
	}
	root := filepath.Join(files.Dir, filepath.FromSlash(dir(channelKey)))
	var empty []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if err == nil && path != root {
				empty = append(empty, path)
			}
			return err
		}
		name, _ := filepath.Rel(root, path)
		hour, err := time.Parse(layout+suffix, filepath.ToSlash(name))
		if err != nil || !hour.Before(before) { // or somebody else's
			return nil
		}
		return os.Remove(path)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing is archived yet, or somebody else was quicker
	}
	for _, path := range slices.Backward(empty) {
		_ = os.Remove(path) // which only does it where it is empty
	}
	if err != nil {
		return fmt.Errorf("remove archived reports: %w", err)
	}
	return nil
}
