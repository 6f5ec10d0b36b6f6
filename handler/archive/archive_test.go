package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
)

var start = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

const channel = "C0SLOWLOGS.json"

// hour makes the report of the nth hour from start, of so many entries.
func hour(n int, entries int64, complete bool) *digest.Report {
	at := start.Add(time.Duration(n) * time.Hour)
	return &digest.Report{Version: 1, Window: digest.Window{Start: at, End: at.Add(time.Hour)},
		Coverage: digest.Coverage{InWindow: entries, Complete: complete, Notes: []string{}},
		Classes:  []digest.Class{{ID: strings.Repeat("A", 32), Fingerprint: "select a < ? from `t`", Users: map[string]int64{"b": 1, "a": 2}}}}
}

func window(hours int) digest.Window {
	return digest.Window{Start: start, End: start.Add(time.Duration(hours) * time.Hour)}
}

// stores are all kinds of them.
func stores(t *testing.T) map[string]state.Store {
	return map[string]state.Store{"files": state.FileStore{Dir: t.TempDir()}, "S3": state.NewS3Store(s3test.New(t, nil), s3test.Bucket, "prod")}
}

// entries returns those of each hour that is there.
func entries(t *testing.T, s state.Store, w digest.Window) map[int]int64 {
	t.Helper()
	all := map[int]int64{}
	last := time.Time{}
	for r, err := range Reports(t.Context(), s, channel, w) {
		if err != nil {
			t.Fatal(err)
		}
		if !r.Window.Start.After(last) {
			t.Errorf("%s comes after %s", r.Window.Start, last)
		}
		last = r.Window.Start
		all[int(last.Sub(start)/time.Hour)] = r.Coverage.InWindow
	}
	return all
}

func TestKey(t *testing.T) {
	at := time.Date(2026, 11, 27, 10, 0, 0, 0, time.FixedZone("", 2*3600))
	for channel, want := range map[string]string{
		"C0SLOWLOGS": "reports/C0SLOWLOGS/2026/11/27/08.json.gz", "#slow/a..b": "reports/slow%2Fa..b/2026/11/27/08.json.gz",
	} {
		if got := Key(state.Key(channel), at); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// What is saved comes back in the order of time; hours that are not there are left out.
func TestSaveAndRead(t *testing.T) {
	for kind, s := range stores(t) {
		for _, n := range []int{30, 2, 5, 0, 29} {
			if err := Save(t.Context(), s, channel, hour(n, int64(n)+1, true)); err != nil {
				t.Fatal(kind, err)
			}
		}
		if got := entries(t, s, window(30)); !maps.Equal(got, map[int]int64{0: 1, 2: 3, 5: 6, 29: 30}) {
			t.Error(kind, got)
		}
		if got := entries(t, s, digest.Window{Start: start.AddDate(0, 0, -300), End: start}); len(got) != 0 {
			t.Error(kind, got)
		}
		for r, err := range Reports(t.Context(), s, "other.json", window(3)) {
			t.Error(kind, r, err)
		}
	}
}

// A fuller report takes the place of another, and a poorer one never does.
func TestFullerStays(t *testing.T) {
	for kind, s := range stores(t) {
		for i, c := range []struct {
			entries, filtered int64
			complete          bool
			want              int64
			whole             bool
		}{
			{5, 0, false, 5, false}, {4, 0, true, 5, false}, {5, 0, true, 5, true}, {5, 0, false, 5, true}, {9, 0, false, 9, false},
			{8, 0, true, 9, false}, {0, 0, true, 9, false}, {12, 4, true, 9, false}, {12, 3, true, 12, true}, {13, 3, true, 13, true},
		} {
			r := hour(0, c.entries, c.complete)
			r.Coverage.Filtered = c.filtered
			if err := Save(t.Context(), s, channel, r); err != nil {
				t.Fatal(kind, err)
			}
			for r, err := range Reports(t.Context(), s, channel, window(1)) {
				if err != nil || r.Coverage.InWindow != c.want || r.Coverage.Complete != c.whole {
					t.Errorf("%s, step %d: %d entries, complete %v, %v", kind, i, r.Coverage.InWindow, r.Coverage.Complete, err)
				}
			}
		}
	}
}

// An hour of other instances takes the place of none, and one of more does.
func TestInstancesStay(t *testing.T) {
	for _, c := range []struct{ before, after, want []string }{
		{[]string{"a"}, []string{"b"}, []string{"a"}}, {[]string{"a", "b"}, []string{"a"}, []string{"a", "b"}},
		{[]string{"a"}, []string{"b", "a"}, []string{"b", "a"}}, {[]string{"a"}, []string{"a"}, []string{"a"}},
	} {
		s := state.FileStore{Dir: t.TempDir()}
		for i, names := range [][]string{c.before, c.after} {
			r := hour(0, int64(5-i+2*len(names)*i), true)
			if r.Instances = names; Save(t.Context(), s, channel, r) != nil {
				t.Fatal(names)
			}
		}
		for r, err := range Reports(t.Context(), s, channel, window(1)) {
			if err != nil || !slices.Equal(r.Instances, c.want) {
				t.Errorf("%v, %v: %v %v", c.before, c.after, r.Instances, err)
			}
		}
	}
}

// recorder counts the calls, and may fail or answer late.
type recorder struct {
	state.Store
	loads, saves, at, most atomic.Int64
	before                 func(ctx context.Context, key string) error
}

func (s *recorder) Load(ctx context.Context, key string) ([]byte, string, error) {
	s.loads.Add(1)
	n := s.at.Add(1)
	defer s.at.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	if s.before != nil {
		if err := s.before(ctx, key); err != nil {
			return nil, "", err
		}
	}
	return s.Store.Load(ctx, key)
}

func (s *recorder) Save(ctx context.Context, key string, data []byte, tag string) (string, error) {
	s.saves.Add(1)
	return s.Store.Save(ctx, key, data, tag)
}

// The same report has the same bytes, and is written once.
func TestSameBytes(t *testing.T) {
	s := &recorder{Store: state.FileStore{Dir: t.TempDir()}}
	var first []byte
	for range 20 {
		data, err := encode(hour(0, 1, true))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(data, first) {
			t.Fatal("the bytes differ")
		}
		if err := Save(t.Context(), s, channel, hour(0, 1, true)); err != nil {
			t.Fatal(err)
		}
	}
	if s.saves.Load() != 1 {
		t.Errorf("written %d times", s.saves.Load())
	}
}

// Of those who save an hour at a time the fullest report stays.
func TestSaveAtATime(t *testing.T) {
	for kind, s := range stores(t) {
		var wg sync.WaitGroup
		for n := range 3 {
			wg.Go(func() {
				if err := Save(t.Context(), s, channel, hour(0, int64(n)+1, true)); err != nil {
					t.Error(kind, err)
				}
			})
		}
		wg.Wait()
		if got := entries(t, s, window(1)); got[0] != 3 {
			t.Error(kind, got)
		}
	}
}

// What cannot be read is an error of its hour, and is replaced by a report, unless a newer release has written it.
func TestDamaged(t *testing.T) {
	whole, err := encode(hour(1, 7, true))
	if err != nil {
		t.Fatal(err)
	}
	other, newer := hour(2, 7, true), hour(1, 7, true)
	newer.Version = 2
	of := func(r *digest.Report) []byte { data, _ := encode(r); return data }
	for what, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":         {[]byte{}, "EOF"},
		"half":            {whole[:len(whole)/2], "EOF"},
		"text":            {[]byte("{}"), "EOF"},
		"of another hour": {of(other), "no report of this hour"},
		"newer":           {of(newer), "newer release"},
	} {
		s := state.FileStore{Dir: t.TempDir()}
		for n := range 3 {
			if err := Save(t.Context(), s, channel, hour(n, 5, true)); err != nil {
				t.Fatal(err)
			}
		}
		_, tag, _ := s.Load(t.Context(), Key(channel, start.Add(time.Hour)))
		if _, err := s.Save(t.Context(), Key(channel, start.Add(time.Hour)), c.data, tag); err != nil {
			t.Fatal(err)
		}
		var got []string
		for r, err := range Reports(t.Context(), s, channel, window(3)) {
			if err != nil {
				got = append(got, err.Error())
			} else {
				got = append(got, r.Window.Start.Format("15"))
			}
		}
		if len(got) != 3 || got[0] != "10" || got[2] != "12" || !strings.Contains(got[1], c.want) || !strings.Contains(got[1], "2026-11-27 11:00 UTC") {
			t.Errorf("%s: %q", what, got)
		}
		err := Save(t.Context(), s, channel, hour(1, 3, false))
		if what == "newer" {
			if !errors.Is(err, errNewer) {
				t.Error(err)
			}
			continue
		}
		if all := entries(t, s, window(3)); err != nil || all[1] != 3 {
			t.Errorf("%s: %v, %v", what, all, err)
		}
	}
}

// A window that is not of whole hours, or of too many, is refused.
func TestWholeHours(t *testing.T) {
	for _, w := range []digest.Window{
		{}, {Start: start}, {End: start}, {Start: start, End: start.Add(time.Minute)}, {Start: start.Add(time.Second), End: start.Add(time.Hour)},
		{Start: start, End: start.AddDate(2, 0, 0)},
	} {
		n := 0
		for _, err := range Reports(t.Context(), state.FileStore{Dir: t.TempDir()}, channel, w) {
			if n++; err == nil || n > 1 {
				t.Error(w, err)
			}
		}
		if n != 1 {
			t.Error(w, n)
		}
	}
	if err := Save(t.Context(), state.FileStore{Dir: t.TempDir()}, channel, &digest.Report{Version: 1, Window: window(2)}); err == nil {
		t.Error("two hours are saved")
	}
}

// Several are loaded at a time, but not more than are needed ahead; who stops leaves none at work.
func TestReadsAhead(t *testing.T) {
	s := &recorder{Store: state.FileStore{Dir: t.TempDir()}, before: func(context.Context, string) error { time.Sleep(time.Millisecond); return nil }}
	for n := range 100 {
		if err := Save(t.Context(), s, channel, hour(n, 5, true)); err != nil {
			t.Fatal(err)
		}
	}
	s.loads.Store(0)
	n := 0
	for _, err := range Reports(t.Context(), s, channel, window(100)) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 20 {
			time.Sleep(20 * time.Millisecond)
			break
		}
	}
	if got := s.loads.Load(); got > 20+parallel+1 {
		t.Errorf("%d were loaded for 20", got)
	}
	if s.most.Load() < 2 || s.most.Load() > parallel+1 {
		t.Errorf("%d at a time", s.most.Load())
	}
	tenth := Key(channel, window(10).End)
	s.before = func(ctx context.Context, key string) error {
		if key >= tenth {
			<-ctx.Done()
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	}
	n = 0
	for _, err := range Reports(t.Context(), s, channel, window(100)) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10 {
			break
		}
	}
	if left := s.at.Load(); left > 0 {
		t.Errorf("%d are at work", left)
	}
}

// An error of the store is of its hour; the end of the time is told once.
func TestErrors(t *testing.T) {
	inner := state.FileStore{Dir: t.TempDir()}
	for n := range 30 {
		if err := Save(t.Context(), inner, channel, hour(n, 5, true)); err != nil {
			t.Fatal(err)
		}
	}
	denied := errors.New("denied")
	s := &recorder{Store: inner, before: func(_ context.Context, key string) error {
		if strings.HasSuffix(key, "/12.json.gz") {
			return fmt.Errorf("load: %w", denied)
		}
		return nil
	}}
	var bad []int
	n := 0
	for r, err := range Reports(t.Context(), s, channel, window(30)) {
		if err != nil {
			if !errors.Is(err, denied) || r != nil {
				t.Error(r, err)
			}
			bad = append(bad, n)
		}
		n++
	}
	if n != 30 || !slices.Equal(bad, []int{2, 26}) {
		t.Error(n, bad)
	}
	if err := Save(t.Context(), s, channel, hour(2, 9, true)); !errors.Is(err, denied) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n = 0
	var last error
	for _, err := range Reports(ctx, inner, channel, window(30)) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if n != 4 || !errors.Is(last, context.Canceled) {
		t.Errorf("after three hours came %d more, and %v", n-3, last)
	}
}
