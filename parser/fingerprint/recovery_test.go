package fingerprint_test

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

// truth holds the calls of one class in a generated log.
type truth struct {
	times, rows []float64 // query times in seconds, rows examined
}

// TestRecovery generates logs of which every class is known, their statements
// written in as many ways as there are, with literals that look like code and
// like headers, and asks the report for exactly these classes and numbers.
func TestRecovery(t *testing.T) {
	g := newRenderer(t)
	for _, header := range []func(*renderer, *strings.Builder, time.Time, float64, int){mysql8Header, mariadbHeader} {
		classes := map[string]*truth{} // by the fingerprint of a plain member
		var names []string
		for _, shape := range shapes {
			for j := range 24 { // names of their own make 24 classes of a shape
				names = append(names, strings.ReplaceAll(shape, " a ", fmt.Sprintf(" col_%d ", j)))
			}
		}
		var log strings.Builder
		log.WriteString("mysqld, Version: 8.4.3 (Source distribution). started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n")
		at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		const events = 30_000
		for range events {
			shape := names[int(math.Abs(g.r.NormFloat64())*float64(len(names))/4)%len(names)]
			seconds := math.Round(1e6*math.Exp(g.r.NormFloat64()-3)) / 1e6
			rows := g.r.IntN(10000)
			at = at.Add(time.Duration(g.r.IntN(200)) * time.Millisecond)
			header(g, &log, at, seconds, rows)
			log.WriteString(strings.TrimRight(g.render(shape), "; \n") + "\n;\n")
			c := classes[shape]
			if c == nil {
				c = new(truth)
				classes[shape] = c
			}
			c.times, c.rows = append(c.times, seconds), append(c.rows, float64(rows))
		}
		compare(t, classes, report(t, log.String()))
	}
}

func mysql8Header(_ *renderer, w *strings.Builder, at time.Time, seconds float64, rows int) {
	fmt.Fprintf(w, "# Time: %s\n# User@Host: app[app] @ web-1 [10.0.0.7]  Id: 7\n"+
		"# Query_time: %.6f  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: %d\nSET timestamp=%d;\n",
		at.Format("2006-01-02T15:04:05.000000Z"), seconds, rows, at.Unix())
}

func mariadbHeader(g *renderer, w *strings.Builder, at time.Time, seconds float64, rows int) {
	if g.r.IntN(3) == 0 {
		fmt.Fprintf(w, "# Time: %s\n", at.Format("060102 15:04:05"))
	}
	fmt.Fprintf(w, "# User@Host: app[app] @ web-1 [10.0.0.7]\n# Thread_id: 7  Schema: shop  QC_hit: No\n"+
		"# Query_time: %.6f  Lock_time: 0.000001  Rows_sent: 1  Rows_examined: %d\n# Rows_affected: 0  Bytes_sent: 11\nSET timestamp=%d;\n",
		seconds, rows, at.Unix())
}

func report(t *testing.T, log string) *digest.Report {
	t.Helper()
	a := digest.NewAggregator(digest.Window{})
	s := a.Stream("db-1")
	p := parser.New(strings.NewReader(log), parser.Options{})
	for {
		e, err := p.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		s.Add(e)
	}
	if n := p.Stats().Unreadable; n > 0 {
		t.Errorf("%d entries are unreadable: %+v", n, p.Stats().Problems)
	}
	return a.Report(digest.Limit{}, digest.OrderBySum)
}

func compare(t *testing.T, classes map[string]*truth, r *digest.Report) {
	t.Helper()
	byFingerprint := map[string]*truth{}
	plain := strings.NewReplacer(" L", " 1", " V", " 1", " I", " (1)", " R", " (1)", " T", " orders_1")
	for shape, c := range classes {
		byFingerprint[fingerprint.Of(plain.Replace(shape))] = c
	}
	if len(byFingerprint) != len(classes) || len(r.Classes) != len(classes) {
		t.Errorf("%d classes were written, %d are told apart, %d reported", len(classes), len(byFingerprint), len(r.Classes))
	}
	for _, c := range r.Classes {
		want := byFingerprint[c.Fingerprint]
		if want == nil {
			t.Errorf("no such class was written: %s", c.Fingerprint)
			continue
		}
		if c.Calls != int64(len(want.times)) {
			t.Errorf("%s: %d calls, want %d", c.Fingerprint, c.Calls, len(want.times))
		}
		compareMetrics(t, c.Fingerprint+": query time", c.QueryTime, want.times, 1e-9)
		compareMetrics(t, c.Fingerprint+": rows examined", c.RowsExamined, want.rows, 0)
	}
}

func compareMetrics(t *testing.T, name string, got digest.Metrics, values []float64, tolerance float64) {
	t.Helper()
	slices.Sort(values)
	n := len(values)
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if math.Abs(got.Sum-sum) > tolerance || got.Min != values[0] || got.Max != values[n-1] || math.Abs(got.Mean-sum/float64(n)) > 1e-9*sum {
		t.Errorf("%s: %+v, want sum %v, min %v, max %v", name, got, sum, values[0], values[n-1])
	}
	for f, q := range map[float64]float64{0.5: got.Median, 0.95: got.P95} {
		low, high := values[int(f*float64(n-1))], values[int(math.Ceil(f*float64(n-1)))]
		if q < 0.99*low || q > 1.01*high {
			t.Errorf("%s: quantile %v is %v, want %v to %v", name, f, q, low, high)
		}
	}
}

// The bounds of FOR PORTION are strings with a word between them, under NO_BACKSLASH_ESCAPES too.
func TestWordBetweenStrings(t *testing.T) {
	for _, set := range []string{"b", "`b c`", "`b\nc`"} { // no name has a second line by custom, but it may
		sql := "update t for portion of p from 'a\\' to 'secret\n/* x\n' set " + set + " = 5, d = 'z' /*\\'y', '*/"
		if got := string(fingerprint.Append(nil, []byte(sql), false)); got != "update t for portion of p from ? ..." {
			t.Errorf("%q has the fingerprint %q", sql, got)
		}
	}
}
