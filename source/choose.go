package source

import (
	"fmt"
	"time"
)

// choose picks the files that may hold entries of the window. A file cannot hold
// what happened after its last write. Nor can it hold what happened before the
// last write to the file before it, but that is less sure, since a write of a
// mere header counts too: so two files that were last written to after the window
// are taken, not one, and besides whatever is named by an hour of the window.
func choose(all *listing, instance string, start, end time.Time) []File {
	chosen := all.purged(instance, start, end)
	after := 0
	for _, f := range all.files {
		if f.LastWritten.Before(start) {
			continue
		}
		name, _ := parseName(f.Name)
		named := !name.live() && overlaps(name.rotated(f.LastWritten), start, end)
		if !f.LastWritten.Before(end) {
			after++
			if after > 2 && !named {
				continue
			}
		}
		f.listing = all
		chosen = append(chosen, f)
	}
	return chosen
}

// overlaps reports whether the file that was rotated at the given hour, or a few
// minutes after it, may hold entries of the window.
func overlaps(rotated, start, end time.Time) bool {
	return rotated.After(start.Add(-time.Hour)) && !rotated.After(end.Add(time.Hour))
}

// purged returns a File for each stretch of the window whose hours are not
// listed though later ones are. The latest hours may still be in the live file.
func (l *listing) purged(instance string, start, end time.Time) []File {
	if start.IsZero() {
		return nil
	}
	listed := map[time.Time]bool{}
	var latest time.Time
	for _, f := range l.files {
		if name, _ := parseName(f.Name); !name.live() {
			hour := name.rotated(f.LastWritten)
			listed[hour] = true
			if hour.After(latest) {
				latest = hour
			}
		}
	}
	var missing []File
	var from time.Time
	for hour := start.Truncate(time.Hour).Add(time.Hour); !from.IsZero() || hour.Before(end.Add(time.Hour)); hour = hour.Add(time.Hour) {
		gone := hour.Before(end.Add(time.Hour)) && hour.Before(latest) && !listed[hour]
		if gone && from.IsZero() {
			from = hour.Add(-time.Hour)
		}
		if !gone && !from.IsZero() {
			to := hour.Add(-time.Hour)
			missing = append(missing, File{Instance: instance, Name: liveName + "." + hourPrefix(from.Add(time.Hour)),
				PurgedFrom: from, PurgedTo: to, missing: fmt.Sprintf(
					"Instance %s has no slow log for %s to %s, but for later hours: it was purged, or not written.",
					instance, from.Format("2006-01-02 15:04"), to.Format("2006-01-02 15:04 UTC"))})
			from = time.Time{}
		}
	}
	return missing
}

// rotating reports whether the live file is not listed though the window may reach
// into it, as may be the case during a rotation.
func (l *listing) rotating(end time.Time) bool {
	if len(l.files) == 0 {
		return false
	}
	newest := l.files[len(l.files)-1]
	name, _ := parseName(newest.Name)
	return !name.live() && newest.LastWritten.Before(end)
}
