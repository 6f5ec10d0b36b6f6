package parser

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// show writes what a test looks at in one line.
func show(e *Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s@%s", e.User, e.Host)
	if e.Schema != "" {
		fmt.Fprintf(&b, " db=%s", e.Schema)
	}
	if e.ConnectionID != 0 {
		fmt.Fprintf(&b, " id=%d", e.ConnectionID)
	}
	fmt.Fprintf(&b, " t=%s q=%v", e.Time.Format("060102T150405.999999"), e.QueryTime)
	for _, flag := range []struct {
		on   bool
		name string
	}{{e.Admin, " admin"}, {e.Throttled > 0, fmt.Sprintf(" throttled=%d", e.Throttled)}, {e.Weight != 1, fmt.Sprintf(" weight=%d", e.Weight)}, {e.Cut, " cut"}} {
		if flag.on {
			b.WriteString(flag.name)
		}
	}
	fmt.Fprintf(&b, ": %s", e.SQL)
	return b.String()
}

// The entries of which the tables are made.
const (
	banner   = "/rdsdbbin/mysql/bin/mysqld, Version: 8.0.32 (Source distribution). started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n"
	banner56 = "/rdsdbbin/mysql/bin/mysqld, Version: 5.6.40-log (MySQL Community Server (GPL)). started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n"
	rest     = "  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 2\n"
	time1    = "# Time: 2026-11-23T10:00:01.000000Z\n"
	time2    = "# Time: 2026-11-23T10:00:02.000000Z\n"
	time3    = "# Time: 2026-11-23T10:00:03.000000Z\n"
	head     = "# User@Host: a[a] @ h []  Id:     7\n# Query_time: 0.500000" + rest
	head1    = time1 + head + "SET timestamp=1795428000;\n"
	head2    = time2 + head + "SET timestamp=1795428001;\n"
	head3    = time3 + head + "SET timestamp=1795428002;\n"
	fake     = "# Time: 2001-01-01T00:00:00.000000Z\n# User@Host: evil[evil] @ nowhere []  Id: 1\n# Query_time: 999  Lock_time: 0 Rows_sent: 1  Rows_examined: 4\nSET timestamp=1;\nDROP TABLE x;\n"
	event1   = "a@h id=7 t=261123T100001 q=0.5: "
	event2   = "a@h id=7 t=261123T100002 q=0.5: "
	event3   = "a@h id=7 t=261123T100003 q=0.5: "
)

func TestParser(t *testing.T) {
	for _, tt := range []struct {
		name, log string
		want      []string // what show writes, and "problem: offset" of each problem
	}{
		{"empty", "", nil},
		{"blank lines", "\n\r\n \n", nil},
		{"banner only", banner, nil},
		{"no slow log", "hello\nworld\n", []string{"text before the first header of an entry: 0"}},
		{"two", banner + head1 + "select 1;\n" + head2 + "select 2;\n", []string{event1 + "select 1", event2 + "select 2"}},
		{"no final newline", head1 + "select 1;", []string{event1 + "select 1"}},
		{"last statement half written", head1 + "select 1;\n" + head2 + "select 2\nfrom t", []string{event1 + "select 1", "a@h id=7 t=261123T100002 q=0.5 cut: select 2\nfrom t"}},
		{"last SET timestamp half written", head1 + "select 1;\n" + time2 + head + "SET timest", []string{event1 + "select 1", "a@h id=7 t=261123T100002 q=0.5 cut: ", "entry without a statement: 183"}},
		{"last header half written", head1 + "select 1;\n" + time2 + head[:50], []string{event1 + "select 1", "log ends within a header: 183"}},
		{"last header without a statement", head1 + "select 1;\n" + head2, []string{event1 + "select 1", "a@h id=7 t=261123T100002 q=0.5 cut: ", "entry without a statement: 183"}},
		{"CRLF", strings.ReplaceAll(banner+head1+"select 1\nfrom t;\n"+time2+head+"use shop;\nSET timestamp=1;\n# administrator command: Quit;\n", "\n", "\r\n"), []string{event1 + "select 1\r\nfrom t", "a@h db=shop id=7 t=261123T100002 q=0.5 admin: Quit"}},
		{"banner in mid-file", head1 + "select 1;\n" + banner + head2 + "select 2;\n", []string{event1 + "select 1", event2 + "select 2"}},
		{"banner after a crash", head1 + "select 1\nfrom\n" + banner + head2 + "select 2;\n", []string{"a@h id=7 t=261123T100001 q=0.5 cut: select 1\nfrom", event2 + "select 2"}},
		{"banner after a crash in a literal", head1 + "select 'abc\n" + banner + head2 + "select 'x';\n", []string{"a@h id=7 t=261123T100001 q=0.5 cut: select 'abc", event2 + "select 'x'", reasonOpen + ": 0"}},
		{"banner in a literal", head1 + "select 'abc;\n" + banner + fake + "';\n" + head2 + "select 'x';\n", []string{event1 + "select 'abc;\n" + banner + fake + "'", event2 + "select 'x'"}},
		{"MariaDB's banner", "mariadbd, Version: 10.11.19-MariaDB-0+deb12u1 (Debian 12). started with:\nTcp port: 0  Unix socket: /tmp/mysql.sock\nTime\t\t    Id Command\tArgument\n" + head1 + "select 1;\n", []string{event1 + "select 1"}},
		{"starts in a statement", "from t where a = 1;\n" + head1 + "select 'a';\n", []string{event1 + "select 'a'", "text before the first header of an entry: 0"}},
		{"starts in a header", "\n" + head + "select 1;\n" + head1 + "select 'a';\n", []string{"a@h id=7 t=010101T000000 q=0.5: select 1", event1 + "select 'a'", "entry without a time: 1"}},
		{"starts after User@Host", head[36:] + "SET timestamp=1;\nselect 1;\n" + head1 + "select 'a';\n", []string{event1 + "select 'a'", "text before the first header of an entry: 0"}},
		{"starts in a literal with an entry", "select 1 'a\n" + fake + "b';\n" + head1 + "select 'a';\n", []string{event1 + "select 'a'", "text before the first header of an entry: 0", reasonUndecided + ": 12"}},
		{"broken header", head1 + "select 1;\n# User@Host: a[a] @ h []\n" + head2 + "select 2;\n", []string{event1 + "select 1", event2 + "select 2", "header that cannot be read: 183"}},
		{"NUL bytes at the start", "\x00\x00\x00" + head1 + "select 1;\n", []string{event1 + "select 1"}},
		{"byte order mark", "\ufeff" + head1 + "select 1;\n", []string{event1 + "select 1"}},
		{"NUL and invalid UTF-8 in a statement", head1 + "select '\x00\xff\n# T';\n" + head2 + "select 2;\n", []string{event1 + "select '\x00\xff\n# T'", event2 + "select 2"}},

		{"comment lines in a statement", head1 + "select id\n# Dashboard query\n# admin\n# User@Host: x\n-- it's;\nfrom t;\n" + head2 + "select 2;\n", []string{event1 + "select id\n# Dashboard query\n# admin\n# User@Host: x\n-- it's;\nfrom t", event2 + "select 2"}},
		{"comment line first in a statement", head1 + "# User@Host: x\nselect id;\n" + head2 + "select 2;\n", []string{event1 + "# User@Host: x\nselect id", event2 + "select 2"}},
		{"lines like a banner's in a literal", head1 + "select 'a\nTime to go..\nTcp is fine\nTime 1\n';\n" + head2 + "select 2;\n", []string{event1 + "select 'a\nTime to go..\nTcp is fine\nTime 1\n'", event2 + "select 2"}},
		{"comment at the end", head1 + "select 1 -- it's;\n" + head2 + "select 1 # it's;\n" + head3 + "select 1 /* it's */;\n", []string{event1 + "select 1 -- it's", event2 + "select 1 # it's", event3 + "select 1 /* it's */"}},
		{"SET timestamp of the user", head1 + "SET timestamp=1700000000;\n" + head2 + "SELECT NOW();\n", []string{event1 + "SET timestamp=1700000000", event2 + "SELECT NOW()"}},
		{"SET timestamp in an UPDATE", head1 + "update t\nSET timestamp = NOW()\nwhere id = 1;\n" + head2 + "update t\nSET timestamp=5;\n" + head3 + "select 3;\n", []string{event1 + "update t\nSET timestamp = NOW()\nwhere id = 1", event2 + "update t\nSET timestamp=5", event3 + "select 3"}},
		{"SET with insert IDs", time1 + head + "SET last_insert_id=5,insert_id=6,timestamp=1795428000;\nselect 1;\n", []string{event1 + "select 1"}},
		{"use", time1 + head + "use shop;\nSET timestamp=1795428000;\nselect 1;\n" + head2 + "use other;\n" + head3 + "select 3;\n", []string{
			"a@h db=shop id=7 t=261123T100001 q=0.5: select 1", "a@h db=shop id=7 t=261123T100002 q=0.5: use other", "a@h db=shop id=7 t=261123T100003 q=0.5: select 3"}},
		{"use with an odd name", time1 + head + "use `my ``db`;\nSET timestamp=1795428000;\nselect 1;\n" + time2 + head + "uSe odd-db;\nSET timestamp=1795428000;\nselect 1;\n", []string{
			"a@h db=my `db id=7 t=261123T100001 q=0.5: select 1", "a@h db=odd-db id=7 t=261123T100002 q=0.5: select 1"}},
		{"use ends at a banner", time1 + head + "use shop;\nSET timestamp=1795428000;\nselect 1;\n" + banner + head2 + "select 2;\n", []string{"a@h db=shop id=7 t=261123T100001 q=0.5: select 1", event2 + "select 2"}},
		{"use as the only line", time1 + head + "use shop;\n" + time2 + head + "use shop;\nselect 1;\n", []string{"a@h db=shop id=7 t=261123T100001 q=0.5: use shop", "a@h db=shop id=7 t=261123T100002 q=0.5: select 1"}},
		{"use as the only line, and a blank one", time1 + head + "use shop;\n\n" + time2 + head + "use shop;\nselect 1;\n", []string{"a@h db=shop id=7 t=261123T100001 q=0.5: use shop", "a@h db=shop id=7 t=261123T100002 q=0.5: select 1"}},
		{"a comment like a header after a semicolon", head1 + "begin; select 1; # Time: 2001-01-01T00:00:00Z\n# User@Host: x[x] @ h []\n# Query_time: 1\nselect 2; end;\n" + head2 + "select 2;\n", []string{
			event1 + "begin; select 1; # Time: 2001-01-01T00:00:00Z\n# User@Host: x[x] @ h []\n# Query_time: 1\nselect 2; end", event2 + "select 2", reasonDisbelieved + ": 190"}},
		{"administrator commands", head1 + "# administrator command: Binlog Dump GTID;\n" + time2 + head + "# administrator command: Quit;\n" + head3 + "# administrator command: Ping\n, 1;\n", []string{
			"a@h id=7 t=261123T100001 q=0.5 admin: Binlog Dump GTID", "a@h id=7 t=261123T100002 q=0.5 admin: Quit", event3 + "# administrator command: Ping\n, 1"}},
		{"no statement", head1 + head2 + "select 2;\n", []string{event1, event2 + "select 2", "entry without a statement: 0"}},
		{"throttle", time1 + "# User@Host: [] @  []  Id:     7\n# Query_time: 12.5" + rest + "SET timestamp=1795428000;\nthrottle:       2878 'index not used' warning(s) suppressed.;\n", []string{
			"@ id=7 t=261123T100001 q=12.5 throttled=2878: throttle:       2878 'index not used' warning(s) suppressed."}},
		{"warnings", time1 + head + "#\n# Warnings\n# Warning 1292 Truncated incorrect INTEGER value: 'abc Rows_sent: 77  Schema: evil  Id: 9\n" + fake[:150] + "\ndef'\n# Note 1051 Unknown table 'x'\nuse shop;\nSET timestamp=1795428000;\nselect 1;\n" + head2 + "select 2;\n", []string{
			"a@h db=shop id=7 t=261123T100001 q=0.5: select 1", "a@h db=shop id=7 t=261123T100002 q=0.5: select 2"}},
		{"warning with an entry", time1 + head + "# Warnings\n# Warning 1292 Truncated incorrect INTEGER value: 'abc\nSET timestamp=1795428000;\n;\n# User@Host: e[e] @ h []\n# Query_time: 9\n'\nSET timestamp=1795428000;\nselect 1;\n" + head2 + "select 2;\n", []string{
			strings.TrimSuffix(event1, ": ") + " cut: ", event2 + "select 2", "statement that warnings make unclear, withheld: 0"}},
		{"warning with a statement", time1 + head + "# Warnings\n# Warning 1292 Truncated incorrect INTEGER value: '7y\nSET timestamp=1795428000;\ndrop table secret; -- '\nSET timestamp=1795428000;\nselect cast('7y\nSET timestamp=1795428000;\ndrop table secret; -- ' as int);\n" + head2 + "select 2;\n", []string{
			event1 + "select cast('7y\nSET timestamp=1795428000;\ndrop table secret; -- ' as int)", event2 + "select 2"}},
		{"warning with a quote and a statement", time1 + head + "# Warnings\n# Warning 1292 Truncated incorrect INTEGER value: '7'\nSET timestamp=1795428000;\ndrop table secret; -- '\nSET timestamp=1795428000;\nselect cast('7\\'\nSET timestamp=1795428000;\ndrop table secret; -- ' as int);\n" + head2 + "select 2;\n", []string{
			strings.TrimSuffix(event1, ": ") + " cut: ", event2 + "select 2", "statement that warnings make unclear, withheld: 0"}},
		{"warning with an apostrophe", time1 + head + "# Warnings\n# Error 1005 Can't create table `shop`.`t` (errno: 150)\nSET timestamp=1795428000;\nselect 1;\n" + head2 + "select 2;\n", []string{
			event1 + "select 1", event2 + "select 2"}},
		{"underflown times", time1 + strings.Replace(head, "0.500000", "18446744073708.796870.000036", 1) + "SET timestamp=1;\nselect 1;\n" + time2 + strings.Replace(head, "0.000001", "18446744073709.551615", 1) + "SET timestamp=1;\nselect 2;\n", []string{
			"a@h id=7 t=261123T100001 q=0: select 1", event2 + "select 2", "Query_time out of range, taken as 0: 0", "Lock_time out of range, taken as 0: 194"}},
	} {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.log, Options{}, tt.want) })
	}
}

// check reads log at once and byte by byte, and compares.
func check(t *testing.T, log string, o Options, want []string) {
	t.Helper()
	for _, r := range []io.Reader{strings.NewReader(log), iotest.OneByteReader(strings.NewReader(log))} {
		events, stats := readAll(t, r, o)
		var got []string
		for i := range events {
			got = append(got, show(&events[i]))
		}
		for _, p := range stats.Problems {
			for _, offset := range p.Offsets {
				got = append(got, fmt.Sprintf("%s: %d", p.Reason, offset))
			}
		}
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			t.Fatalf("read by %T\ngot:\n%s\nwant:\n%s", r, g, w)
		}
		if stats.Bytes != int64(len(log)) {
			t.Errorf("%d bytes of %d", stats.Bytes, len(log))
		}
	}
}

// Where the reader fails, what cannot be read to its end is no entry, and is told by the error alone.
func TestReadError(t *testing.T) {
	broken := errors.New("connection reset")
	first := head1 + "select 1;\n"
	for name, rest := range map[string]string{
		"between two": "", "in a header": head2[:20], "after a header": head2, "in a line of the server": head2 + "SET timest", "in a statement": head2 + "select 2",
		"in a literal": head2 + "select 'a;\n# Time: ", "in the first byte": "#",
	} {
		p := New(io.MultiReader(strings.NewReader(first+rest), iotest.ErrReader(broken)), Options{})
		if e, err := p.Next(); err != nil || show(e) != event1+"select 1" {
			t.Fatalf("%s: %v, %v", name, e, err)
		}
		for range 2 {
			if _, err := p.Next(); !errors.Is(err, broken) {
				t.Errorf("%s: %v; want %v", name, err, broken)
			}
		}
		if s := p.Stats(); s.Events != 1 || s.Cut != 0 || len(s.Problems) != 0 || s.SkippedBytes != int64(len(rest)) {
			t.Errorf("%s: %+v", name, s)
		}
	}
	p := New(io.MultiReader(strings.NewReader(first+head2+"select 2;\n"), iotest.ErrReader(broken)), Options{})
	for _, want := range []string{event1 + "select 1", event2 + "select 2"} {
		if e, err := p.Next(); err != nil || show(e) != want {
			t.Errorf("%v, %v; want %s", e, err, want)
		}
	}
}

func TestFields(t *testing.T) {
	log := `# Time: 2017-12-13T02:41:18.673330Z
# User@Host: we[ird] us@er[we[ird] us@er] @ web.host [10.0.0.1]  Id:    17
# Schema: my db  Last_errno: 1205  Killed: 0
# Query_time: 1.000249  Lock_time: 0.000011  Rows_sent: 1  Rows_examined: 2  Rows_affected: 3
# Bytes_sent: 89  Tmp_tables: 4  Tmp_disk_tables: 5  Tmp_table_sizes: 0
# InnoDB_trx_id: 0
# Full_scan: Yes  Full_join: Yes  Tmp_table: No  Tmp_table_on_disk: No
# Filesort: Yes  Filesort_on_disk: Yes  Merge_passes: 0
#   InnoDB_IO_r_ops: 0  InnoDB_IO_r_bytes: 0  InnoDB_IO_r_wait: 0.000000
# No InnoDB statistics available for this query
# Log_slow_rate_type: query  Log_slow_rate_limit: 25
SET timestamp=1513132878;
select 1;
`
	events, stats := readAll(t, strings.NewReader(log), Options{})
	if len(events) != 1 || len(stats.Problems) > 0 {
		t.Fatalf("%+v, %+v", events, stats)
	}
	e := events[0]
	e.SQL = nil
	at := time.Date(2017, 12, 13, 2, 41, 18, 673330e3, time.UTC)
	want := Event{
		Time: at, Start: at.Add(-1000249 * time.Microsecond),
		User: "we[ird] us@er", Host: "web.host", Schema: "my db", ConnectionID: 17,
		QueryTime: 1.000249, LockTime: 0.000011, RowsSent: 1, RowsExamined: 2,
		Has: HasRowsAffected | HasBytesSent | HasTmpTables | HasTmpDiskTables | HasFullScan | HasFullJoin |
			HasFilesort | HasFilesortOnDisk | HasErrno,
		RowsAffected: 3, BytesSent: 89, TmpTables: 4, TmpDiskTables: 5,
		FullScan: true, FullJoin: true, Filesort: true, FilesortOnDisk: true, Errno: 1205,
		Weight: 25, SQLBytes: 8,
	}
	if fmt.Sprintf("%+v", e) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
}

func TestExtraFields(t *testing.T) {
	log := `# Time: 2021-10-12T10:34:15.231930+09:00
# User@Host: [] @ localhost []  Id: 21
# Query_time: 0.012740  Lock_time: 0.000810 Rows_sent: 327  Rows_examined: 586 Thread_id: 21 Errno: 1317 Killed: 0 Bytes_received: 0 Bytes_sent: 41603 Read_first: 2 Read_last: 0 Read_key: 361 Read_next: 361 Read_prev: 0 Read_rnd: 0 Read_rnd_next: 5 Sort_merge_passes: 0 Sort_range_count: 0 Sort_rows: 0 Sort_scan_count: 0 Created_tmp_disk_tables: 1 Created_tmp_tables: 2 Start: 2021-10-12T10:34:15.219190+09:00 End: 2021-10-12T10:34:15.231930+09:00
SET timestamp=1634002455;
select 1;
`
	events, _ := readAll(t, strings.NewReader(log), Options{})
	if len(events) != 1 {
		t.Fatalf("%+v", events)
	}
	e := events[0]
	end := time.Date(2021, 10, 12, 1, 34, 15, 231930e3, time.UTC)
	start := time.Date(2021, 10, 12, 1, 34, 15, 219190e3, time.UTC)
	if e.Time != end || e.Start != start || e.User != "" || e.Errno != 1317 || e.BytesSent != 41603 || e.TmpTables != 2 || e.TmpDiskTables != 1 || !e.FullScan ||
		e.Has != HasBytesSent|HasTmpTables|HasTmpDiskTables|HasFullScan|HasErrno {
		t.Errorf("%+v", e)
	}
}

// Names that users choose set no field but their own.
func TestHostileFields(t *testing.T) {
	log := time1 + "# User@Host: a[a] @ h []  Id:     7\n" +
		"# Schema: x Log_slow_rate_limit: 1000 Query_time: 5  Last_errno: 3  Killed: 0\n" +
		"# Query_time: 0.500000" + rest +
		"# Stored_routine: x.p Query_time: 77777 Log_slow_rate_limit: 1000\n" +
		"# Query_tables: a,b Rows_sent: 77\n# Query_digest: SELECT Rows_examined: 88 Errno: 9\n" +
		"# Query_time: 99999  Rows_sent: 99  Rows_examined: 99  Lock_time: 99\n" +
		"SET timestamp=1795428001;\nselect 1;\n"
	events, stats := readAll(t, strings.NewReader(log), Options{})
	if len(events) != 1 || !stats.Complete() {
		t.Fatalf("%+v, %+v", events, stats)
	}
	e := events[0]
	if e.Schema != "x Log_slow_rate_limit: 1000 Query_time: 5" || e.QueryTime != 0.5 || e.LockTime != 1e-6 || e.Weight != 1 || e.RowsSent != 1 || e.RowsExamined != 2 || e.Errno != 3 {
		t.Errorf("%+v", e)
	}
}

func TestUserHost(t *testing.T) {
	for line, want := range map[string]string{
		"root[root] @ localhost []":                   "root@localhost",
		"u[u] @  [10.0.0.1]":                          "u@10.0.0.1",
		"u[u] @ web.host [10.0.0.1]  Id:   5":         "u@web.host id=5",
		"bob@corp.com[bob@corp.com] @ h [::1]  Id: 5": "bob@corp.com@h id=5",
		"a b[a b] @ h []":                             "a b@h",
		"x] @ y[x] @ y] @ h []":                       "x] @ y@h",
		"[SQL_SLAVE] @  []":                           "SQL_SLAVE@",
		"[] @  []":                                    "@",
		"[bob] @ h []":                                "bob@h",
		"proxied[login] @ h []":                       "proxied@h",
		"rdsadmin[rdsadmin] @ localhost [127.0.0.1]":  "rdsadmin@localhost",
		"u[u] @ h []  Thread_id: 8  Schema:   QC: No": "u@h id=8",
	} {
		var e entry
		e.userLine([]byte(line), new(interner))
		got := e.User + "@" + e.Host
		if e.ConnectionID != 0 {
			got += fmt.Sprintf(" id=%d", e.ConnectionID)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestSchema(t *testing.T) {
	for line, want := range map[string]string{
		"# Thread_id: 8  Schema: shop  QC_hit: No":               "shop",
		"# Thread_id: 8  Schema:   QC_hit: No":                   "",
		"# Schema: my db  Last_errno: 0  Killed: 0":              "my db",
		"# Schema: two  blanks  Last_errno: 0":                   "two  blanks",
		"# Schema: last":                                         "last",
		"# Schema: sbtest Last_errno: 0 Killed: 0":               "sbtest",
		"# End: x Schema: sbtest Rows_affected: 0":               "sbtest",
		"# Thread_id: 8  Schema: a QC_hit: No  QC_hit: No":       "a QC_hit: No",
		"# Schema: x  Last_errno: 5 y  Last_errno: 0  Killed: 0": "x  Last_errno: 5 y",
		"# Schema: ": "",
		"# Schema:":  "",
		"# Thread_id: 8  Schema: a:b  QC_hit: No":        "a:b",
		"# Thread_id: 8  Schema: Rows_sent:  QC_hit: No": "Rows_sent:",
	} {
		e := entry{Event: Event{Schema: "unset"}}
		e.fields([]byte(line), new(interner))
		if e.Schema != want || !e.hasSchema {
			t.Errorf("%q: %q, want %q", line, e.Schema, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for in, want := range map[string]float64{
		"0.000760": 0.00076, "0": 0, "12": 12, "2.475": 2.475, "0.1": 0.1, "86400.123456": 86400.123456,
		"": -1, "-0.000012": -1, "18446744073708.796870": -1, "18446744073708.796870.000036": -1, "nan": -1, "1e3": -1,
		"99999999999999999999": -1, "1.0000000000000000": -1,
	} {
		got, bad := parseSeconds([]byte(in))
		if bad {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}
