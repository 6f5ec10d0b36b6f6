package parser

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// generator writes random logs together with the events that are in them.
type generator struct {
	*rand.Rand
	kind   string // of server
	zone   time.Duration
	at     time.Time
	second int64  // of the last "# Time:"
	db     string // of the last use
	log    bytes.Buffer
	events []Event
	cut    []int64 // where those begin that are not whole
	tame   bool    // no literal holds an entry
	held   int     // literals that hold entries
}

var kinds = []string{"5.6", "8.0", "extra", "percona", "mariadb", "mariadb verbose"}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	g.kind = pick(g, kinds...)
	g.zone = time.Duration(g.IntN(96)-48) * 15 * time.Minute
	g.at = time.Unix(1.6e9+g.Int64N(2e8), 0).UTC()
	return g
}

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

func (g *generator) banner() {
	version := map[string]string{"5.6": "5.6.40-log (MySQL)", "8.0": "8.0.32 (Source)", "extra": "9.7.4-2 ((Debian))", "percona": "5.7.44-48-log (Percona)"}[g.kind]
	if version == "" {
		version = "10.11.19-MariaDB-log (MariaDB)"
	}
	fmt.Fprintf(&g.log, "/usr/sbin/mysqld, Version: %s. started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n", version)
	g.db = ""
}

func (g *generator) isLocal() bool { return g.kind == "5.6" || strings.HasPrefix(g.kind, "mariadb") }

// entry writes one entry and what is to be read from it.
func (g *generator) entry() {
	g.at = g.at.Add(time.Duration(g.Int64N(3e6)) * time.Microsecond)
	e := Event{Offset: int64(g.log.Len()), Weight: 1, Time: g.at}
	micros := func(max int64) (string, float64) {
		n := g.Int64N(max)
		return fmt.Sprintf("%d.%06d", n/1e6, n%1e6), float64(n) / 1e6
	}
	var query, lock string
	query, e.QueryTime = micros(30e6)
	lock, e.LockTime = micros(1e6)
	e.RowsSent, e.RowsExamined = g.Uint64N(1000), g.Uint64N(1e9)
	e.User = pick(g, "app", "we[ird] us@er", "bob@corp.com", "a", "佐藤")
	e.ConnectionID = 1 + g.Uint64N(20)
	name, ip := pick(g, "localhost", "web.host", ""), pick(g, "", "10.0.0.1", "::1")
	if e.Host = name; name == "" {
		e.Host = ip
	}
	e.Schema = pick(g, "shop", "shop", "odd-db", "my db", "`x`")
	if g.isLocal() {
		e.Time = g.at.Truncate(time.Second)
	}
	e.Start = e.Time.Add(-time.Duration(e.QueryTime * 1e9))

	w := &g.log
	if !g.isLocal() {
		fmt.Fprintf(w, "# Time: %s\n", pick(g, g.at.Format("2006-01-02T15:04:05.000000Z"), g.at.In(time.FixedZone("", 9*3600)).Format("2006-01-02T15:04:05.000000-07:00")))
	} else if e.Time.Unix() != g.second {
		g.second = e.Time.Unix()
		fmt.Fprintf(w, "# Time: %s\n", g.at.Add(g.zone).Format("060102 15:04:05"))
	}
	fmt.Fprintf(w, "# User@Host: %s[%s] @ %s [%s]", e.User, e.User, name, ip)
	if !strings.HasPrefix(g.kind, "mariadb") {
		fmt.Fprintf(w, "  Id: %5d", e.ConnectionID)
	}
	w.WriteByte('\n')
	g.lines(&e, query, lock)
	g.statement(&e)
	g.events = append(g.events, e)
}

// lines writes the lines from Query_time to SET timestamp.
func (g *generator) lines(e *Event, query, lock string) {
	w := &g.log
	yes := func(to *bool, has Fields) string {
		*to = g.IntN(2) == 0
		e.Has |= has
		if *to {
			return "Yes"
		}
		return "No"
	}
	switch g.kind {
	case "percona":
		e.Errno, e.Has = g.Uint64N(3)*1000, e.Has|HasErrno|HasBytesSent|HasTmpTables|HasTmpDiskTables|HasRowsAffected
		fmt.Fprintf(w, "# Schema: %s  Last_errno: %d  Killed: 0\n", e.Schema, e.Errno)
		e.RowsAffected, e.BytesSent, e.TmpTables, e.TmpDiskTables = g.Uint64N(99), g.Uint64N(1e6), g.Uint64N(3), g.Uint64N(3)
		fmt.Fprintf(w, "# Query_time: %s  Lock_time: %s  Rows_sent: %d  Rows_examined: %d  Rows_affected: %d\n", query, lock, e.RowsSent, e.RowsExamined, e.RowsAffected)
		fmt.Fprintf(w, "# Bytes_sent: %d  Tmp_tables: %d  Tmp_disk_tables: %d  Tmp_table_sizes: 0\n", e.BytesSent, e.TmpTables, e.TmpDiskTables)
		e.Weight = 1 + g.Uint64N(100)
		fmt.Fprintf(w, "# No InnoDB statistics available for this query\n# Log_slow_rate_type: query  Log_slow_rate_limit: %d\n", e.Weight)
	case "mariadb", "mariadb verbose":
		if e.Schema = pick(g, e.Schema, ""); g.IntN(3) == 0 {
			e.Schema = "two words"
		}
		e.MariaDB, e.RowsAffected, e.BytesSent, e.Has = true, g.Uint64N(99), g.Uint64N(1e6), HasRowsAffected|HasBytesSent
		fmt.Fprintf(w, "# Thread_id: %d  Schema: %s  QC_hit: No\n", e.ConnectionID, e.Schema)
		fmt.Fprintf(w, "# Query_time: %s  Lock_time: %s  Rows_sent: %d  Rows_examined: %d\n# Rows_affected: %d  Bytes_sent: %d\n", query, lock, e.RowsSent, e.RowsExamined, e.RowsAffected, e.BytesSent)
		if g.kind == "mariadb verbose" {
			fmt.Fprintf(w, "# Pages_accessed: 184  Pages_read: 95  Pages_updated: 0  Old_rows_read: 1\n# Pages_read_time: 17.0204  Engine_time: 248.1297\n")
			fmt.Fprintf(w, "# Full_scan: %s  Full_join: %s  Tmp_table: No  Tmp_table_on_disk: No\n", yes(&e.FullScan, HasFullScan), yes(&e.FullJoin, HasFullJoin))
			fmt.Fprintf(w, "# Filesort: %s  Filesort_on_disk: %s  Merge_passes: 0  Priority_queue: No\n", yes(&e.Filesort, HasFilesort), yes(&e.FilesortOnDisk, HasFilesortOnDisk))
			e.Explain = []byte("# explain: id\tselect_type\ttable\n# explain: 1\tSIMPLE\tRows_sent: 5\n")
			fmt.Fprintf(w, "#\n%s#\n", e.Explain)
		}
	default:
		fmt.Fprintf(w, "# Query_time: %s  Lock_time: %s Rows_sent: %d  Rows_examined: %d", query, lock, e.RowsSent, e.RowsExamined)
		if g.kind == "extra" {
			e.Has = HasErrno | HasBytesSent | HasTmpTables | HasTmpDiskTables | HasFullScan
			e.Errno, e.BytesSent, e.TmpTables, e.TmpDiskTables = g.Uint64N(3)*1000, g.Uint64N(1e6), g.Uint64N(3), g.Uint64N(3)
			first, next := g.IntN(2), g.IntN(2)*1000
			e.FullScan = first > 0 && next > 0
			fmt.Fprintf(w, " Thread_id: %d Errno: %d Killed: 0 Bytes_received: 1 Bytes_sent: %d Read_first: %d Read_key: 1 Read_rnd_next: %d Created_tmp_disk_tables: %d Created_tmp_tables: %d  Start: %s End: %s",
				e.ConnectionID, e.Errno, e.BytesSent, first, next, e.TmpDiskTables, e.TmpTables, e.Start.Format("2006-01-02T15:04:05.000000Z"), e.Time.Format("2006-01-02T15:04:05.000000Z"))
		}
		w.WriteByte('\n')
	}
	e.Start = e.Start.Truncate(0)
	if g.kind == "extra" {
		e.Start, _ = time.Parse(time.RFC3339Nano, e.Start.Format("2006-01-02T15:04:05.000000Z"))
	}
	if !strings.HasPrefix(g.kind, "mariadb") && (e.Schema != g.db || g.kind == "percona") {
		g.db = e.Schema
		fmt.Fprintf(w, "use `%s`;\n", strings.ReplaceAll(e.Schema, "`", "``"))
	}
	stamp := e.Time
	if g.kind == "8.0" || g.kind == "extra" {
		stamp = e.Start
	}
	fmt.Fprintf(w, "SET %stimestamp=%d;\n", pick(g, "", "", "last_insert_id=5,", "last_insert_id=5,insert_id=6,"), stamp.Unix())
}

func (g *generator) statement(e *Event) {
	sql := ""
	switch g.IntN(12) {
	case 0:
		sql = pick(g, "Quit", "Ping", "Binlog Dump GTID")
		fmt.Fprintf(&g.log, "%s%s;\n", adminPrefix, sql)
		e.SQL, e.SQLBytes, e.Admin, e.RowsSent, e.RowsExamined = []byte(sql), int64(len(sql)), true, 0, 0
		return
	case 1:
		sql = pick(g, "SET timestamp=1700000000", "use shop", "update t\nSET timestamp=5", "commit")
	case 2:
		sql = pick(g, "create procedure p()\nbegin\nselect 1;\n# User@Host: x\nselect 2;\nend", "# Dashboard query\nselect 1\n# admin\nfrom t")
	default:
		sql = g.sql()
	}
	fmt.Fprintf(&g.log, "%s;\n", sql)
	e.SQL, e.SQLBytes = []byte(sql), int64(len(sql))
}

// sql is a statement with hard literals.
func (g *generator) sql() string {
	var b strings.Builder
	b.WriteString(pick(g, "select ", "SELECT a, ", "insert into t values (", "update t set a = "))
	for i := range 1 + g.IntN(4) {
		if i > 0 {
			b.WriteString(pick(g, ", ", ",\n", " and b = ", " + "))
		}
		b.WriteString(g.literal())
	}
	b.WriteString(pick(g, "", " from t", "\nfrom t where c like '%x%'", ")", " -- it's\nlimit 5", " /* it's */", " # it's", " -- done"))
	return b.String()
}

func (g *generator) literal() string {
	text := g.text()
	switch g.IntN(8) {
	case 0:
		return "5"
	case 1:
		return "`" + strings.ReplaceAll(text, "`", "``") + "`"
	case 2:
		return "/* " + strings.ReplaceAll(text, "*", "") + " */ 1"
	case 3:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `""`).Replace(text) + `"`
	case 4:
		return pick(g, "N", "x", "_utf8mb4", "") + "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
	default:
		return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(text) + "'"
	}
}

// text is what a literal can hold: all that could lead a reader astray, and
// whole entries of this very log.
func (g *generator) text() string {
	var b strings.Builder
	for range g.IntN(5) {
		b.WriteString(pick(g, "paid", " ", "'", "''", `"`, "`", `\`, ";", ";\n", "\n", "\r\n", "*/", "/*", "-- ", "#", "\x00", "\xff", "佐藤", "it's",
			"\n# Time: 2001-01-01T00:00:00.000000Z\n", "\nSET timestamp=1;\n", "\nTcp port: 5\n", "\n# administrator command: Quit;\n", strings.Repeat("x", g.IntN(3000))))
	}
	if g.IntN(4) == 0 && len(g.events) > 0 && !g.tame {
		g.held++
		from := g.events[g.IntN(len(g.events))].Offset
		b.WriteString(pick(g, "\n", ";\n"))
		b.Write(g.log.Bytes()[from:g.log.Len():g.log.Len()][:min(2000, g.log.Len()-int(from))])
		b.WriteString(pick(g, "x", "\n", ";\n")) // else it could end as code does before a literal
	}
	return b.String()
}

var generateFor = flag.Duration("generate", 2*time.Second, "how long to read random logs")

// TestGenerated reads random logs back, whole and in portions.
func TestGenerated(t *testing.T) {
	deadline := time.Now().Add(*generateFor)
	seed := firstSeed()
	logs, entries, doubts, held := 0, 0, 0, 0
	for ; time.Now().Before(deadline) && !t.Failed(); seed++ {
		logs++
		g := newGenerator(seed)
		if g.IntN(4) > 0 {
			g.banner()
		}
		for range 1 + g.IntN(60) {
			if g.entry(); g.IntN(20) == 0 {
				g.banner()
			}
		}
		log := g.log.Bytes()
		for _, r := range []io.Reader{bytes.NewReader(log), iotest.HalfReader(iotest.DataErrReader(bytes.NewReader(log))), &randomReader{g.Rand, log}} {
			events, stats := readAll(t, r, Options{Location: time.FixedZone("", int(g.zone.Seconds()))})
			compare(t, seed, events, g.events)
			// Where a literal holds an entry that fits the log, that is told.
			for _, p := range stats.Problems {
				if p.Reason != reasonUndecided {
					t.Errorf("seed %d: %+v", seed, stats)
				}
				doubts += int(p.Count)
			}
			held += g.held
			entries += len(events)
			if stats.Bytes != int64(len(log)) {
				t.Errorf("seed %d: %+v", seed, stats)
			}
		}
	}
	t.Logf("%d logs, to seed %d; of %d entries, %d literals hold some, and %d are in doubt", logs, seed-1, entries, held, doubts)
	if doubts > held {
		t.Errorf("%d doubts, though %d literals hold entries", doubts, held)
	}
}

func compare(t *testing.T, seed uint64, got, want []Event) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) {
			t.Errorf("seed %d: %d events, want %d", seed, len(got), len(want))
			return
		}
		g, w := got[i], want[i]
		if !bytes.Equal(g.SQL, w.SQL) {
			t.Errorf("seed %d, event %d at %d:\ngot  %.2000q\nwant %.2000q", seed, i, w.Offset, g.SQL, w.SQL)
			return
		}
		g.SQL, w.SQL, g.Doubt = nil, nil, 0 // the generator has no doubts
		if g, w := fmt.Sprintf("%+v", g), fmt.Sprintf("%+v", w); g != w {
			t.Errorf("seed %d, event %d:\ngot  %s\nwant %s", seed, i, g, w)
			return
		}
	}
}

// randomReader gives portions of random length.
type randomReader struct {
	*rand.Rand
	rest []byte
}

func (r *randomReader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), r.IntN(300))], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
