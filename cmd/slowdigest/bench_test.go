package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// BenchmarkWholeProgram runs the command on 200 MB of real logs, and beside it,
// in turn, on the same file, `wc -l` and pt-query-digest where it is installed.
// The machine's noise is in all three, so the ratios are what to quote.
func BenchmarkWholeProgram(b *testing.B) {
	path, size := bigLog(b, 200<<20)
	binary, err := build()
	if err != nil {
		b.Fatal(err)
	}
	_, noPT := exec.LookPath("pt-query-digest")
	var ours, oneCore, wc, pt time.Duration
	var resident int64
	for b.Loop() {
		took, kilobytes := timed(b, nil, binary, "report", path)
		ours += took
		resident = max(resident, kilobytes)
		took, _ = timed(b, []string{"GOMAXPROCS=1"}, binary, "report", path)
		oneCore += took
		took, _ = timed(b, nil, "wc", "-l", path)
		wc += took
		if noPT == nil {
			took, _ = timed(b, nil, "pt-query-digest", path)
			pt += took
		}
	}
	megabytes := float64(size) * float64(b.N) / 1e6
	b.ReportMetric(0, "ns/op") // of all programs together, which says nothing
	b.ReportMetric(megabytes/ours.Seconds(), "MB/s")
	b.ReportMetric(megabytes/oneCore.Seconds(), "MB/s-one-core")
	b.ReportMetric(float64(resident)/1024, "MiB-resident")
	b.ReportMetric(ours.Seconds()/wc.Seconds(), "times-wc")
	if noPT == nil {
		b.ReportMetric(pt.Seconds()/oneCore.Seconds(), "times-as-fast-as-pt")
	} else {
		b.Log("pt-query-digest is not installed")
	}
}

// timed runs a program and returns how long it took and how many KiB were
// resident.
func timed(b *testing.B, env []string, name string, args ...string) (time.Duration, int64) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%.1000s", name, err, out)
	}
	return time.Since(start), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}

// bigLog writes the real logs, over and over, to a file of at least n bytes.
func bigLog(b *testing.B, n int64) (path string, size int64) {
	b.Helper()
	names, err := filepath.Glob(logs + "*.log")
	if err != nil || len(names) == 0 {
		b.Fatalf("no logs: %v", err)
	}
	out, err := os.Create(filepath.Join(b.TempDir(), "big.log"))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	for size < n {
		for _, name := range names {
			in, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			copied, err := io.Copy(out, in)
			in.Close()
			if err != nil {
				b.Fatal(err)
			}
			size += copied
		}
	}
	return out.Name(), size
}
