package source

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// localLog makes up entries of a second each, of which one in a hundred is written late, by up to
// a minute, and some are longer than a sample. Old servers write the time where it changes, and
// without a zone.
func localLog(r *rand.Rand, from time.Time, size int, old bool) (string, []written) {
	var b strings.Builder
	var entries []written
	b.WriteString("mysqld, Version: 8.0.39. started with:\nTcp port: 3306\nTime Id Command Argument\n")
	for at := from; b.Len() < size; at = at.Add(time.Duration(r.IntN(2000)) * time.Millisecond) {
		t := at
		if r.IntN(100) == 0 {
			t = at.Add(-time.Duration(r.IntN(60)) * time.Second)
		}
		entries = append(entries, written{b.Len(), t})
		if !old {
			fmt.Fprintf(&b, "# Time: %s\n", t.Format("2006-01-02T15:04:05.000000Z"))
		} else if r.IntN(3) == 0 {
			fmt.Fprintf(&b, "# Time: %s\n", t.Add(2*time.Hour).Format("060102 15:04:05"))
		}
		long := 500
		if r.IntN(500) == 0 {
			long = 3 * sampleBytes
		}
		fmt.Fprintf(&b, "# User@Host: app[app] @ [10.0.0.1]\n# Query_time: 1 Lock_time: 0 Rows_sent: 1 Rows_examined: 1\nSET timestamp=%d;\nselect '%s\n%s';\n",
			t.Unix(), strings.Repeat("x", r.IntN(long)), strings.Repeat("# y\n", r.IntN(100)))
	}
	return b.String(), entries
}

// written is where an entry begins, and when it was written.
type written struct {
	at   int
	time time.Time
}

// firstSince is where the first entry of a time or later begins; the end where there is none.
func firstSince(entries []written, from time.Time, end int) int {
	for _, e := range entries {
		if !e.time.Truncate(time.Second).Before(from) {
			return e.at
		}
	}
	return end
}

// TestSeekFile: no entry from a time on is before the offset, at which an entry begins, and little
// else is after it. A file of several logs, one after the other, is read whole.
func TestSeekFile(t *testing.T) {
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	seeds, sought := uint64(10), 0
	if testing.Short() { // it starts no goroutines
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 0))
		old := seed%2 == 0
		text, entries := localLog(r, start, 12<<20, old)
		end := entries[len(entries)-1].time
		from := start.Add(time.Duration(r.Float64() * 1.1 * float64(end.Sub(start)))).Truncate(time.Second)
		begin, found := seekFile(strings.NewReader(text), int64(len(text)), from)
		first := firstSince(entries, from, len(text))
		if begin > int64(first) || int64(first)-begin > 5*seekGrain {
			t.Errorf("seed %d: byte %d of %d, and the first entry is at %d", seed, begin, len(text), first)
		}
		if found {
			if sought++; !header.MatchString(text[begin:begin+20]) || text[begin-1] != '\n' {
				t.Errorf("seed %d: no entry begins with %q", seed, text[begin:begin+20])
			}
		}
		for _, cut := range []int{len(text), len(text) / 2} {
			other, more := localLog(r, start, 4<<20, old)
			joined := text[:cut] + other
			first := min(firstSince(entries, from, len(joined)), cut+firstSince(more, from, len(other)))
			if begin, _ := seekFile(strings.NewReader(joined), int64(len(joined)), from); begin > int64(first) {
				t.Errorf("seed %d: byte %d of two logs, and the first entry is at %d", seed, begin, first)
			}
		}
	}
	if sought < int(seeds)/2 {
		t.Errorf("only %d were sought into", sought)
	}
}

// A file of seekSize is sought into, and says so; a smaller one, and one without a bound, is not.
func TestSeekIntoLocal(t *testing.T) {
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	text, entries := localLog(rand.New(rand.NewPCG(1, 1)), start, seekSize, false)
	path := filepath.Join(t.TempDir(), "slow.log")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	from := entries[len(entries)-1].time.Add(-15 * time.Minute)
	for _, c := range []struct {
		from time.Time
		size int
		most int64 // bytes read
		seek bool
	}{{from, len(text), 5 * seekGrain, true}, {from, len(text), int64(len(text)), false},
		{time.Time{}, len(text), int64(len(text)), true}, {from, seekSize - 1, seekSize, true}} {
		if err := os.Truncate(path, int64(c.size)); err != nil {
			t.Fatal(err)
		}
		l := Local{Paths: []string{path}, Seek: c.seek}
		files, err := l.LogFiles(context.Background(), "", c.from, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		log, err := l.Open(context.Background(), files[0])
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(log)
		cov := log.Coverage()
		_ = log.Close()
		if err != nil || int64(len(got)) > c.most || !cov.Complete || cov.Skipped+cov.BytesRead != int64(c.size) || (cov.Skipped > 0) != (len(cov.Notes) == 1) || cov.Sampled != (cov.Skipped > 0) ||
			(cov.Skipped > 0) != (c.most == 5*seekGrain) {
			t.Errorf("from %v: %d bytes, %v, %+v", c.from, len(got), err, cov)
		}
		if offset, known := log.Offset(0); !known || offset != cov.Skipped || !strings.HasPrefix(text[offset:], string(got[:1000])) {
			t.Errorf("it begins at byte %d, %v", offset, known)
		}
		if first := firstSince(entries, from, len(text)); cov.Skipped > int64(first) {
			t.Errorf("it begins at byte %d, and the first entry is at %d", cov.Skipped, first)
		}
	}
}
