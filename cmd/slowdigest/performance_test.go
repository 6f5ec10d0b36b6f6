package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/source/rdstest"
)

// BenchmarkPerformance measures what docs/performance.md says and, with -update, writes it. The
// programs run in turn on the same files, so that the noise of the machine is in all of them, and each
// figure is the median of its runs. SLOWDIGEST_GO_MYSQL is a checkout of github.com/percona/go-mysql.
func BenchmarkPerformance(b *testing.B) {
	ours, err := build()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		doc := &performance{b: b, ours: ours, runs: 5}
		doc.findOthers()
		doc.head()
		doc.programs()
		doc.sizes()
		doc.classes()
		doc.start()
		doc.executable()
		doc.download()
		if *update {
			if err := os.WriteFile(filepath.Join("..", "..", "docs", "performance.md"), []byte(doc.String()), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}

type performance struct {
	strings.Builder
	b       *testing.B
	ours    string
	goMySQL string // empty if its source is not at hand
	pt      string // empty if it is not installed
	runs    int
}

// reportAll is the call that is measured.
var reportAll = []string{"report", "--format", "json", "--limit", "all"}

// contender is one of those that read a log in turn.
type contender struct {
	name  string
	env   []string
	args  []string // the log comes after them
	stdin bool     // or is its standard input
	log   string   // another than that of all
	once  bool     // it takes too long for more
}

func (p *performance) findOthers() {
	if path, err := exec.LookPath("pt-query-digest"); err == nil {
		p.pt = path
	}
	if source := os.Getenv("SLOWDIGEST_GO_MYSQL"); source != "" {
		p.goMySQL = p.buildGoMySQL(source)
	}
}

// buildGoMySQL builds, outside of the repository, a program that reads, fingerprints and adds up a log
// by the packages of go-mysql.
func (p *performance) buildGoMySQL(source string) string {
	dir := p.b.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			p.b.Fatal(err)
		}
	}
	write("main.go", `package main

import (
	"fmt"
	"os"
	"time"

	"github.com/percona/go-mysql/event"
	"github.com/percona/go-mysql/log"
	"github.com/percona/go-mysql/log/slow"
	"github.com/percona/go-mysql/query"
)

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	p := slow.NewSlowLogParser(f, log.Options{})
	a := event.NewAggregator(false, 0, 0)
	go p.Start()
	n := 0
	for e := range p.EventChan() {
		text := query.Fingerprint(e.Query)
		a.AddEvent(e, query.Id(text), "", "", "", "", text)
		n++
	}
	fmt.Println(n, len(a.Finalize().Class), time.Now())
}
`)
	write("go.mod", "module measured\n\ngo 1.25.4\n\nrequire github.com/percona/go-mysql v0.0.0\n\nreplace github.com/percona/go-mysql => "+source+"\n")
	path := filepath.Join(dir, "go-mysql")
	build := exec.Command("go", "build", "-mod=mod", "-o", path, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		p.b.Fatalf("build go-mysql: %v\n%s", err, out)
	}
	return path
}

func (p *performance) head() {
	model, _ := os.ReadFile("/proc/cpuinfo")
	_, name, _ := strings.Cut(string(model), "model name\t: ")
	name, _, _ = strings.Cut(name, "\n")
	fmt.Fprintf(p, "# Performance\n\nWritten by `make bench`, on %s, %d cores, %s/%s, %s. Such machines are shared and noisy: the programs of a table run in turn on the same\n"+
		"file, each figure is the median of %d runs, of go-mysql and pt-query-digest of one, and the ratios are what to quote. slowdigest is called as `%s`.\n",
		cmp.Or(name, "an unknown processor"), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), p.runs, strings.Join(append([]string{"slowdigest"}, reportAll...), " "))
}

// run has the programs read a log in turn.
func (p *performance) run(log string, all []contender) map[string]used {
	each := map[string][]used{}
	for n := range p.runs {
		for _, x := range all {
			if x.once && n > 0 {
				continue
			}
			each[x.name] = append(each[x.name], p.once(log, x))
		}
	}
	out := map[string]used{}
	for name, runs := range each {
		middle := func(of func(used) int64) int64 {
			var v []int64
			for _, m := range runs {
				v = append(v, of(m))
			}
			slices.Sort(v)
			return v[len(v)/2]
		}
		out[name] = used{
			time.Duration(middle(func(m used) int64 { return int64(m.wall) })), time.Duration(middle(func(m used) int64 { return int64(m.processor) })),
			middle(func(m used) int64 { return m.kilobytes }),
		}
	}
	return out
}

func (p *performance) once(log string, x contender) used {
	p.b.Helper()
	args := slices.Clone(x.args[1:])
	log = cmp.Or(x.log, log)
	cmd := exec.Command(x.args[0], args...)
	if x.stdin {
		in, err := os.Open(log)
		if err != nil {
			p.b.Fatal(err)
		}
		defer in.Close()
		cmd.Stdin = in
		cmd.Args = append(cmd.Args, "-")
	} else {
		cmd.Args = append(cmd.Args, log)
	}
	cmd.Env = append(os.Environ(), x.env...)
	var u used
	u.follow(p.b, cmd)
	return u
}

func (p *performance) programs() {
	for _, l := range []struct {
		name  string
		write func(testing.TB, *bufio.Writer)
	}{{"An ordinary log: 300 classes, some 650 bytes an entry", ordinaryLog}, {"The logs of real servers in testdata, which are mostly long INSERTs", realLogs}} {
		log, size := logOf(p.b, benchLogSize, l.write)
		zipped := gzipped(p.b, log)
		report := append([]string{p.ours}, reportAll...)
		oneCore := []string{"GOMAXPROCS=1"}
		all := []contender{
			{name: "slowdigest, one core", env: oneCore, args: report},
			{name: "slowdigest, all cores", args: report},
			{name: "slowdigest, from a pipe", args: report, stdin: true},
			{name: "slowdigest, gzip", args: report, log: zipped},
			{name: "wc -l", args: []string{"wc", "-l"}},
		}
		if p.goMySQL != "" {
			all = append(all, contender{name: "go-mysql, one core", env: oneCore, args: []string{p.goMySQL}, once: true})
		}
		if p.pt != "" {
			all = append(all, contender{name: "pt-query-digest", args: []string{p.pt}, once: true})
		}
		got := p.run(log, all)
		first := got[all[0].name]
		fmt.Fprintf(p, "\n## %s\n\n%.1f MB.\n\n| program | time | of slowdigest's on one core | MB/s | MiB resident |\n|---|--:|--:|--:|--:|\n", l.name, float64(size)/1e6)
		for _, x := range all {
			m := got[x.name]
			fmt.Fprintf(p, "| %s | %s | %s | %.0f | %.0f |\n", x.name, seconds(m.wall), figure(m.wall.Seconds()/first.wall.Seconds()), float64(size)/1e6/m.wall.Seconds(), float64(m.kilobytes)/1024)
		}
		p.b.ReportMetric(float64(size)/1e6/first.wall.Seconds(), "MB/s-one-core")
		p.b.ReportMetric(first.wall.Seconds()/got[all[1].name].wall.Seconds(), "times-by-all-cores")
		p.remove(log, zipped)
	}
	if p.goMySQL == "" {
		fmt.Fprintf(p, "\ngo-mysql was not measured: its source was not at hand (SLOWDIGEST_GO_MYSQL).\n")
	}
	if p.pt == "" {
		fmt.Fprintf(p, "\npt-query-digest was not measured: it is not installed.\n")
	}
}

func (p *performance) sizes() {
	report := append([]string{p.ours}, reportAll...)
	for _, l := range []struct {
		name  string
		write func(testing.TB, *bufio.Writer)
		sizes []int64
	}{{"the ordinary one", ordinaryLog, []int64{20e6, 200e6, 2000e6}}, {"those of real servers", realLogs, []int64{2000e6}}} {
		fmt.Fprintf(p, "\n## Growth with the size of a log: %s\n\nOn all cores.\n\n| MB | time | of that on one core | MB/s | MiB resident |\n|--:|--:|--:|--:|--:|\n", l.name)
		for _, size := range l.sizes {
			log, size := logOf(p.b, size, l.write)
			got := p.run(log, []contender{{name: "all", args: report}, {name: "one", env: []string{"GOMAXPROCS=1"}, args: report}})
			m := got["all"]
			fmt.Fprintf(p, "| %.0f | %s | %s | %.0f | %.0f |\n", float64(size)/1e6, seconds(m.wall), figure(m.wall.Seconds()/got["one"].wall.Seconds()), float64(size)/1e6/m.wall.Seconds(), float64(m.kilobytes)/1024)
			p.remove(log)
		}
	}
}

func (p *performance) classes() {
	fmt.Fprintf(p, "\n## Growth with the number of classes\n\n500,000 entries, each by a user and from a host of its class. Beyond 10,000 classes the rarest are only counted together.\n\n"+
		"| classes | time | MB/s | MiB resident |\n|--:|--:|--:|--:|\n")
	for _, classes := range []int{300, 30_000, 500_000} {
		log, size := logOf(p.b, 1, func(_ testing.TB, w *bufio.Writer) { classesLog(w, classes) })
		m := p.run(log, []contender{{name: "x", args: []string{p.ours, "report", "--format", "json"}}})["x"]
		fmt.Fprintf(p, "| %d | %s | %.0f | %.0f |\n", classes, seconds(m.wall), float64(size)/1e6/m.wall.Seconds(), float64(m.kilobytes)/1024)
		p.remove(log)
	}
}

// start measures how long Lambda waits for the program to ask for its first event.
func (p *performance) start() {
	const runs = 31
	var took []time.Duration
	for range runs {
		api, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			p.b.Fatal(err)
		}
		cmd := exec.Command(p.ours)
		cmd.Env = append(environment(nil), "AWS_LAMBDA_RUNTIME_API="+api.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=slowdigest", "_HANDLER=bootstrap")
		began := time.Now()
		if err := cmd.Start(); err != nil {
			p.b.Fatal(err)
		}
		if err := api.(*net.TCPListener).SetDeadline(began.Add(10 * time.Second)); err != nil {
			p.b.Fatal(err)
		}
		conn, err := api.Accept()
		if err != nil {
			p.b.Fatal(err)
		}
		took = append(took, time.Since(began))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_, _ = conn.Close(), api.Close()
	}
	slices.Sort(took)
	fmt.Fprintf(p, "\n## Start in Lambda\n\nFrom the start of the process to its first request to the Runtime API, of %d starts: %.1f ms at the median, %.1f ms at best.\n",
		runs, float64(took[runs/2].Microseconds())/1000, float64(took[0].Microseconds())/1000)
	p.b.ReportMetric(float64(took[runs/2].Microseconds())/1000, "ms-to-start")
}

// executable builds what Lambda gets.
func (p *performance) executable() {
	path := filepath.Join(p.b.TempDir(), "bootstrap")
	if out, err := exec.Command("make", "-C", filepath.Join("..", ".."), "build", "BOOTSTRAP="+path).CombinedOutput(); err != nil {
		p.b.Fatalf("build for Lambda: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		p.b.Fatal(err)
	}
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	if w, err := z.Create("bootstrap"); err != nil {
		p.b.Fatal(err)
	} else if _, err := w.Write(raw); err != nil {
		p.b.Fatal(err)
	}
	if err := z.Close(); err != nil {
		p.b.Fatal(err)
	}
	fmt.Fprintf(p, "\n## The executable\n\nFor arm64 it has %.1f MB, zipped %.1f MB.\n", float64(len(raw))/1e6, float64(zipped.Len())/1e6)
}

// download has the command read an hour of 8 files from the fake RDS, each portion of which takes 150 ms.
func (p *performance) download() {
	const files, size, latency = 8, 25 << 20, 150 * time.Millisecond
	path, _ := logOf(p.b, size, ordinaryLog)
	text, err := os.ReadFile(path)
	if err != nil {
		p.b.Fatal(err)
	}
	text = text[:bytes.LastIndexByte(text[:size], '\n')+1]
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.Latency = latency
	db := srv.AddInstance("orders-1")
	end := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	db.Write(rdstest.SlowLog, text, end.Add(-time.Millisecond))
	for i := range files - 1 {
		db.Write(fmt.Sprintf("slowquery/part-%d.log.2026-11-23.10", i), text, end.Add(-time.Second))
	}
	var took []time.Duration
	var report digest.Report
	for range p.runs {
		cmd := exec.Command(p.ours, "run", "--instance=orders-1", "--since=2026-11-23T09:00", "--until=2026-11-23T10:00", "--format=json", "--limit=1")
		cmd.Env = append(environment(map[string]string{"AWS_ENDPOINT_URL_RDS": srv.URL}), "PATH="+os.Getenv("PATH"))
		began := time.Now()
		out, err := cmd.Output()
		if err != nil {
			p.b.Fatalf("run: %v\n%s", err, out)
		}
		took = append(took, time.Since(began))
		if err := json.Unmarshal(out, &report); err != nil {
			p.b.Fatal(err)
		}
	}
	slices.Sort(took)
	middle, loop := took[len(took)/2], time.Duration(report.Coverage.Portions)*latency
	fmt.Fprintf(p, "\n## Download\n\nAn hour of %d files, %.0f MB together, each portion of which takes %d ms: %s, and %s by a plain loop over its %d portions, which is %s times as long.\n",
		files, float64(report.Coverage.BytesRead)/1e6, latency.Milliseconds(), seconds(middle), seconds(loop), report.Coverage.Portions, figure(loop.Seconds()/middle.Seconds()))
	p.b.ReportMetric(loop.Seconds()/middle.Seconds(), "times-a-loop")
}

func (p *performance) remove(paths ...string) {
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			p.b.Fatal(err)
		}
	}
}

// classesLog writes 500,000 entries of so many classes. Their names have no digits.
func classesLog(w *bufio.Writer, classes int) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range 500_000 {
		name := strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(i%classes))
		fmt.Fprintf(w, "# Time: %s\n# User@Host: u%s[u%s] @ h%s [10.0.0.1]  Id: 5\n# Query_time: 0.5  Lock_time: 0.0001 Rows_sent: 1  Rows_examined: 10\nSET timestamp=%d;\nselect %s_ from t where id = %d;\n",
			at.Format("2006-01-02T15:04:05.000000Z"), name, name, name, at.Unix(), name, i)
		at = at.Add(5 * time.Millisecond)
	}
}

func gzipped(b testing.TB, log string) string {
	b.Helper()
	in, err := os.Open(log)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(log + ".gz")
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	z := gzip.NewWriter(out)
	if _, err := io.Copy(z, in); err != nil {
		b.Fatal(err)
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Name()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// figure has two digits that tell something.
func figure(f float64) string {
	if f >= 10 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.*f", max(0, 1-int(math.Floor(math.Log10(f)))), f)
}
