package source_test

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

var downloadFaults = []rdstest.Kind{
	rdstest.Throttling, rdstest.AccessDenied, rdstest.InternalFailure, rdstest.InstanceNotReady, rdstest.FileNotFound,
	rdstest.CutConnection, rdstest.NilFields, rdstest.NoData, rdstest.NoMarker, rdstest.StuckMarker, rdstest.BackwardMarker,
	rdstest.EarlyEnd, rdstest.TruncatedEnd, rdstest.BytesLeftOut, rdstest.BytesRepeated, rdstest.BrokenXML,
	rdstest.SuddenlyShorter, rdstest.Rotated, rdstest.RotatedTwice, rdstest.Renamed, rdstest.Removed,
}

var listFaults = []rdstest.Kind{
	rdstest.Throttling, rdstest.AccessDenied, rdstest.InternalFailure, rdstest.InstanceNotReady,
	rdstest.CutConnection, rdstest.Unlisted, rdstest.ListedTwice,
}

// fromEnv is a number that the environment may set, such as SLOWDIGEST_SEED.
func fromEnv(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestFaults reads an hour under each fault alone, and then under random
// combinations of them, for some seconds. SLOWDIGEST_RUNS makes it so many runs
// however long they take, and SLOWDIGEST_SEED repeats those that begin with a seed.
func TestFaults(t *testing.T) {
	var single []rdstest.Fault
	for _, times := range []int{1, 2, -1} {
		for _, kind := range downloadFaults {
			single = append(single, rdstest.Fault{Kind: kind, Times: times})
		}
		for _, kind := range listFaults {
			single = append(single, rdstest.Fault{Kind: kind, Times: times, Action: "rds:DescribeDBLogFiles"})
		}
	}
	var runs atomic.Int32
	began := time.Now()
	jobs := make(chan func())
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for job := range jobs {
				job()
				runs.Add(1)
			}
		})
	}
	skips := uint64(6)
	if testing.Short() {
		skips = 1
	}
	for _, f := range single {
		for seed := range skips {
			f := f // of this run alone
			f.Skip = int(seed)
			jobs <- func() { underFaults(t, seed, f) }
		}
	}
	first := fromEnv(t, "SLOWDIGEST_SEED", uint64(1))
	wanted := fromEnv(t, "SLOWDIGEST_RUNS", 0)
	for seed := first; !t.Failed() && (seed < first+wanted || wanted == 0 && time.Since(began) < 9*time.Second); seed++ {
		jobs <- func() { underFaults(t, seed, randomFaults(seed, single)...) }
	}
	close(jobs)
	workers.Wait()
	t.Logf("%d runs, the random ones from SLOWDIGEST_SEED=%d on", runs.Load(), first)
}

func randomFaults(seed uint64, from []rdstest.Fault) []rdstest.Fault {
	random := rand.New(rand.NewPCG(seed, 1))
	var faults []rdstest.Fault
	for range 1 + random.IntN(4) {
		f := from[random.IntN(len(from))]
		f.Skip = random.IntN(12)
		if f.Times > 0 {
			f.Times = 1 + random.IntN(5)
		}
		faults = append(faults, f)
	}
	return faults
}

func underFaults(t *testing.T, seed uint64, faults ...rdstest.Fault) {
	s := randomScene(seed)
	defer s.srv.Close()
	s.srv.Inject(faults...)
	s.growth = max(0, s.random.IntN(6)-3)
	for _, f := range faults {
		if f.Kind == rdstest.SuddenlyShorter || f.Kind == rdstest.Removed {
			s.growth = 0 // what is lost cannot be told from what is written in its place
		}
	}
	o := source.Options{
		Sequential: s.random.IntN(3) == 0,
		Download:   []source.Download{source.Portions, source.Portions, source.Auto, source.Complete}[s.random.IntN(4)],
		Now:        time.Now,
	}
	if _, _, wrong := s.run(o); wrong != nil {
		t.Errorf("SLOWDIGEST_SEED=%d, %+v, growth %d, %s, sequential %v, faults %+v: %v", seed, s.setting, s.growth, o.Download, o.Sequential, faults, wrong)
	}
}

// TestOutcomeOfFaults says what becomes of each fault, met once and forever.
func TestOutcomeOfFaults(t *testing.T) {
	const (
		whole = "" // complete, and every entry is there
		lost  = "lost"
	)
	tests := []struct {
		kind          rdstest.Kind
		late          bool   // the file is the live one
		once, forever string // whole, or a part of what is said: of a note, of the hint of an error, or lost for any
	}{
		{rdstest.Throttling, false, whole, "limits the calls"},
		{rdstest.AccessDenied, false, "rds:DownloadDBLogFilePortion on arn:aws:rds:eu-central-1:123456789012:db:orders-1", "rds:DownloadDBLogFilePortion"},
		{rdstest.InternalFailure, false, whole, lost},
		{rdstest.InstanceNotReady, false, "not ready any more", "not ready any more"},
		{rdstest.FileNotFound, false, whole, "no longer there"},
		{rdstest.CutConnection, false, whole, lost},
		{rdstest.NilFields, false, whole, "answered with nothing"},
		{rdstest.NoData, false, whole, "answered with nothing"},
		{rdstest.NoMarker, false, whole, "did not say where it goes on"},
		{rdstest.StuckMarker, false, whole, "did not move on"},
		{rdstest.BackwardMarker, false, whole, "did not move on"},
		{rdstest.EarlyEnd, false, whole, whole},
		{rdstest.TruncatedEnd, false, whole, whole},
		{rdstest.BytesLeftOut, false, whole, whole},
		{rdstest.BytesRepeated, false, whole, whole},
		{rdstest.BrokenXML, false, whole, "RDS does not deliver"},
		{rdstest.SuddenlyShorter, false, "has become smaller", "has become smaller"},
		{rdstest.Rotated, true, whole, whole},
		{rdstest.RotatedTwice, true, whole, whole},
		{rdstest.Renamed, false, whole, whole},
		{rdstest.Removed, false, "no longer there", "no longer there"},
	}
	for _, test := range tests {
		for _, sequential := range []bool{true, false} {
			for times, want := range map[int]string{1: test.once, -1: test.forever} {
				s := newScene(newHistory(1), setting{late: test.late, longest: 40})
				s.srv.Inject(rdstest.Fault{Kind: test.kind, Skip: 1, Times: times})
				cov, failure, wrong := s.run(source.Options{Sequential: sequential})
				said := strings.Join(cov.Notes, " ") + source.Hint(failure)
				switch {
				case wrong != nil:
					t.Errorf("%s, %d times: %v", test.kind, times, wrong)
				case cov.Complete && times == 1 && !sequential:
					// A range that fails is asked for again.
				case want == whole && !cov.Complete, want != whole && cov.Complete, want != lost && !strings.Contains(said, want):
					t.Errorf("%s, %d times, sequential %v: complete is %v, said is %q, want %q", test.kind, times, sequential, cov.Complete, said, want)
				}
				s.srv.Close()
			}
		}
	}
}
