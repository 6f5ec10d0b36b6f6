package source_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// endless is a log of any size that takes no memory.
type endless struct {
	block []byte
	size  int64
}

func newEndless(size int64) endless {
	var block bytes.Buffer
	for i := range 5000 {
		at := tenOClock.Add(-time.Hour + time.Duration(i)*700*time.Millisecond)
		fmt.Fprintf(&block, "# Time: %s\n# User@Host: app[app] @ [10.0.0.1]  Id: 7\n# Query_time: 0.%06d  Lock_time: 0.000004 Rows_sent: 1  Rows_examined: %d\nSET timestamp=%d;\nSELECT id, total FROM orders WHERE user_id = %d AND note <> '%s';\n",
			at.Format("2006-01-02T15:04:05.000000Z"), i, i*7919, at.Unix(), i, strings.Repeat("x", i%100))
	}
	return endless{block.Bytes(), size}
}

func (e endless) Size() int64 { return e.size }

func (e endless) ReadAt(p []byte, offset int64) (int, error) {
	n := 0
	for n < len(p) && offset < e.size {
		at := offset % int64(len(e.block))
		k := copy(p[n:], e.block[at:min(int64(len(e.block)), at+e.size-offset)])
		n, offset = n+k, offset+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// busyHour serves an hour of an instance in files of the given size.
func busyHour(files int, size int64, portion int, latency time.Duration) *rdstest.Server {
	srv := rdstest.NewServer()
	srv.Latency, srv.PortionBytes = latency, portion
	db := srv.AddInstance("orders-1")
	log := newEndless(size)
	db.WriteContent(live, log, tenOClock.Add(-time.Millisecond))
	for i := range files - 1 {
		db.WriteContent(fmt.Sprintf("slowquery/part-%d.log.2026-11-23.10", i), log, tenOClock.Add(-time.Second))
	}
	return srv
}

// loop reads an hour as the documentation has it: one portion after
// the other, one file after the other.
func loop(tb testing.TB, cfg aws.Config, files []source.File) (n int64) {
	client := rds.NewFromConfig(cfg)
	for _, f := range files {
		for marker, pending := "0", true; pending; {
			out, err := client.DownloadDBLogFilePortion(context.Background(), &rds.DownloadDBLogFilePortionInput{
				DBInstanceIdentifier: &f.Instance, LogFileName: &f.Name, Marker: &marker})
			if err != nil {
				tb.Fatal(err)
			}
			n += int64(len(*out.LogFileData))
			marker, pending = *out.Marker, *out.AdditionalDataPending
		}
	}
	return n
}

// readAll reads the files as the handler does, four side by side.
func readAll(tb testing.TB, s *source.RDS, files []source.File) (n int64) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	free := make(chan struct{}, 4)
	for _, f := range files {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			l, err := s.Open(context.Background(), f)
			if err != nil {
				tb.Error(err)
				return
			}
			defer l.Close()
			read, err := io.Copy(io.Discard, l)
			if cov := l.Coverage(); err != nil || !cov.Complete {
				tb.Errorf("%s: %v, %+v", f.Name, err, cov)
			}
			mu.Lock()
			n += read
			mu.Unlock()
		})
	}
	wg.Wait()
	return n
}

func list(tb testing.TB, s *source.RDS) []source.File {
	files, err := s.LogFiles(context.Background(), "orders-1", tenOClock.Add(-time.Hour), tenOClock)
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// BenchmarkHour reads 200 MB in 8 files, each portion taking 150 ms, by a loop
// and by this package. The server is another process; the memory is this one's.
func BenchmarkHour(b *testing.B) {
	const files, size = 8, 25 << 20
	cfg := serveElsewhere(b)
	s := source.NewRDS(cfg, source.Options{})
	for _, way := range []struct {
		name string
		read func() int64
	}{
		{"loop", func() int64 { return loop(b, cfg, list(b, s)) }},
		{"ours", func() int64 { return readAll(b, s, list(b, s)) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(files * size)
			for b.Loop() {
				if n := way.read(); way.name == "ours" && n != files*size {
					b.Fatalf("read %d bytes of %d", n, files*size)
				}
			}
			b.ReportMetric(peakMemory(b), "peak-MB")
		})
	}
}

// peakMemory returns the most that this process has had in memory, in MB.
func peakMemory(tb testing.TB) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		tb.Skipf("the peak of the memory is not to be had: %v", err)
	}
	var kb float64
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(after, &kb); err != nil {
		tb.Fatal(err)
	}
	return kb / 1024
}

const serveVariable = "SLOWDIGEST_TEST_SERVE"

// TestMain makes this binary the server of a benchmark, when told so.
func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	srv := busyHour(8, 25<<20, 0, 150*time.Millisecond)
	fmt.Println(srv.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends
}

func serveElsewhere(b *testing.B) aws.Config {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	here := rdstest.NewServer()
	b.Cleanup(here.Close)
	cfg := here.Config()
	cfg.BaseEndpoint = aws.String(strings.TrimSpace(url))
	return cfg
}

// TestPredictionIsFaster is the benchmark made small. What a loop takes at least is
// the sum of what its calls take, however busy the machine is.
func TestPredictionIsFaster(t *testing.T) {
	const files, portions, latency = 8, 24, 150 * time.Millisecond
	srv := busyHour(files, portions*32<<10, 32<<10, latency)
	defer srv.Close()
	s := source.NewRDS(srv.Config(), source.Options{})
	began := time.Now()
	if n := readAll(t, s, list(t, s)); n != files*portions*32<<10 {
		t.Errorf("read %d bytes", n)
	}
	took := time.Since(began)
	t.Logf("took %v, where a loop takes %v", took, files*portions*latency)
	if took*5 > files*portions*latency {
		t.Errorf("took %v, where a loop takes %v", took, files*portions*latency)
	}
}
