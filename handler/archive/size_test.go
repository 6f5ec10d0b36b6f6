package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/parser"
)

var update = flag.Bool("update", false, "write the table of docs/archive.md anew")

var (
	nouns = strings.Fields("order customer invoice payment product stock shipment address cart coupon session event audit category supplier price review account refund warehouse")
	parts = strings.Fields("id name state created_at updated_at amount currency quantity customer_id order_id product_id email_hash kind position note region priority")
)

// busyStatement makes the nth of many statements as applications have them: joins of some tables, with
// columns that are named, and a tag of a framework.
func busyStatement(n int) string {
	rng := rand.New(rand.NewPCG(22, uint64(n)))
	word := func(of []string) string { return of[rng.IntN(len(of))] }
	tables := []string{}
	for range 1 + rng.IntN(3) {
		tables = append(tables, word(nouns)+"_"+word(nouns)+"s")
	}
	var columns, where []string
	for range 3 + rng.IntN(12) {
		columns = append(columns, fmt.Sprintf("`%s`.`%s`", tables[rng.IntN(len(tables))], word(parts)))
	}
	for range 1 + rng.IntN(4) {
		where = append(where, fmt.Sprintf("`%s`.`%s` = 7", tables[0], word(parts)))
	}
	from := "`" + tables[0] + "`"
	for _, t := range tables[1:] {
		from += fmt.Sprintf(" INNER JOIN `%s` ON `%s`.`id` = `%s`.`%s`", t, t, tables[0], word(parts))
	}
	return fmt.Sprintf("SELECT %s, %d FROM %s WHERE %s ORDER BY `%s`.`id` DESC LIMIT 50 /*controller='%ss',action='%s',application='shop'*/",
		strings.Join(columns, ", "), n, from, strings.Join(where, " AND "), tables[0], word(nouns), word(parts))
}

// busyHour makes the report of an hour of so many classes, on two instances: the nth has an nth of the
// calls of the first.
func busyHour(tb testing.TB, at time.Time, classes int) *digest.Report {
	tb.Helper()
	a := digest.NewAggregator(digest.Window{Start: at, End: at.Add(time.Hour)})
	a.Keep = true
	writer, reader := a.Stream("orders-writer"), a.Stream("orders-reader")
	rng := rand.New(rand.NewPCG(uint64(classes), uint64(at.Unix())))
	for n := range classes {
		// The number in the list of columns is a literal; the alias is what tells the classes apart.
		sql := []byte(strings.Replace(busyStatement(n), fmt.Sprintf(", %d FROM", n), fmt.Sprintf(" AS c%s FROM", letters(n)), 1))
		for range max(1, 10_000/(n+1)) {
			e := &parser.Event{
				Time: at.Add(time.Duration(rng.Int64N(int64(time.Hour)))).Truncate(time.Microsecond), Weight: 1, SQL: sql, SQLBytes: int64(len(sql)),
				QueryTime: 0.2 + math.Exp(rng.NormFloat64()-2), LockTime: float64(rng.IntN(200)) / 1e6, RowsSent: rng.Uint64N(50), RowsExamined: rng.Uint64N(1 << (5 + n%15)),
				BytesSent: rng.Uint64N(5000), Has: parser.HasBytesSent | parser.HasTmpTables | parser.HasTmpDiskTables | parser.HasErrno,
				User: []string{"shop", "shop", "report"}[n%3], Host: fmt.Sprintf("10.0.3.%d", rng.IntN(12)), Schema: "shop", ConnectionID: rng.Uint64N(9000), Offset: rng.Int64N(1 << 28),
			}
			to := writer
			if n%2 == 0 && rng.IntN(3) > 0 {
				to = reader
			}
			to.File = "slowquery/mysql-slowquery.log.2026-11-23.10"
			to.Add(e)
		}
	}
	r, err := digest.Archived(a.Report(digest.Limit{}, digest.OrderBySum))
	if err != nil {
		tb.Fatal(err)
	}
	if len(r.Classes) != classes {
		tb.Fatalf("%d classes, want %d", len(r.Classes), classes)
	}
	return r
}

// letters writes a number in letters, which no rule takes for one.
func letters(n int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(n))
}

// sizes are how many classes an hour has in docs/archive.md.
var sizes = []int{50, 300, 5000}

// TestSizes holds the table of docs/archive.md: how large the archive is.
func TestSizes(t *testing.T) {
	const path, begin, end = "../../docs/archive.md", "<!-- sizes: -update -->\n\n", "\n<!-- end -->\n"
	table := "| classes in an hour | an hour, as text | an hour, as it is stored | a month | 35 days | USD a month in S3 |\n|---|---|---|---|---|---|\n"
	for _, classes := range sizes {
		data, err := encode(busyHour(t, start, classes))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.Copy(io.Discard, z)
		if err != nil {
			t.Fatal(err)
		}
		const month, kept = 730, 840 // hours
		size := float64(len(data))
		cost := size*kept/1e9*0.023 + month*(0.005+0.0004)/1000
		table += fmt.Sprintf("| %d | %s | %s | %s | %s | %.2f |\n", classes, bytesOf(float64(text)), bytesOf(size), bytesOf(size*month), bytesOf(size*kept), cost)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("docs/archive.md has no place for the table")
	}
	want := before + begin + table + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(page) {
		t.Errorf("go test ./handler/archive -run TestSizes -update writes it anew:\n%s", table)
	}
}

// bytesOf has two digits that tell something.
func bytesOf(n float64) string {
	for _, unit := range []string{"B", "kB", "MB"} {
		if n < 999.5 {
			if n < 9.95 {
				return fmt.Sprintf("%.1f %s", n, unit)
			}
			digits := math.Pow(10, math.Floor(math.Log10(n))-1)
			return fmt.Sprintf("%.0f %s", math.Round(n/digits)*digits, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.1f GB", n)
}

// A window of any length takes the memory of its classes, and of the hour that is read.
func TestMemoryOfAWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: writes hours of 5,000 classes")
	}
	s := state.FileStore{Dir: t.TempDir()}
	const hours = 10
	r := busyHour(t, start, 5000)
	for n := range hours { // which are alike but for their window
		r.Window.Start = start.Add(time.Duration(n) * time.Hour)
		r.Window.End = r.Window.Start.Add(time.Hour)
		if err := Save(t.Context(), s, channel, r); err != nil {
			t.Fatal(err)
		}
	}
	most := uint64(0)
	for r, err := range Reports(t.Context(), s, channel, window(hours)) {
		if err != nil || len(r.Classes) != 5000 {
			t.Fatal(err)
		}
		most = max(most, heap())
	}
	t.Logf("%d MiB at most", most>>20)
	if most > 150<<20 {
		t.Errorf("%d MiB are held", most>>20)
	}
}

func BenchmarkReport(b *testing.B) {
	for _, classes := range sizes {
		b.Run(fmt.Sprint(classes), func(b *testing.B) {
			s := state.FileStore{Dir: b.TempDir()}
			const hours = 24
			for n := range hours {
				if err := Save(context.Background(), s, channel, busyHour(b, start.Add(time.Duration(n)*time.Hour), classes)); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if _, err := Report(context.Background(), s, Query{Channel: channel, Window: window(hours), Limit: digest.DefaultLimit, OrderBy: digest.OrderBySum}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/hours, "ms/hour")
		})
	}
}

// heap returns how many bytes are in use once the rest is collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
