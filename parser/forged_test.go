package parser

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// dialect writes entries as one kind of server does.
type dialect struct {
	name   string
	banner string
	// entry is one entry, written n seconds after noon; sql has no terminator.
	entry func(n int, sql string) string
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var dialects = []dialect{
	{"MySQL 8", banner, func(n int, sql string) string {
		at := noon.Add(time.Duration(n) * time.Second)
		return fmt.Sprintf("# Time: %s\n# User@Host: app[app] @ h []  Id:    %d\n# Query_time: 0.250000  Lock_time: 0.000001 Rows_sent: %d  Rows_examined: 5\nSET timestamp=%d;\n%s;\n",
			at.Format("2006-01-02T15:04:05.000000Z"), 1+n%3, n, at.Add(-250*time.Millisecond).Unix(), sql)
	}},
	{"MySQL 5.6", banner56, func(n int, sql string) string {
		at := noon.Add(time.Duration(n) * time.Second)
		return fmt.Sprintf("# Time: %s\n# User@Host: app[app] @ h []  Id:    %d\n# Query_time: 0.250000  Lock_time: 0.000001 Rows_sent: %d  Rows_examined: 5\nSET timestamp=%d;\n%s;\n",
			at.Add(2*time.Hour).Format("060102 15:04:05"), 1+n%3, n, at.Unix(), sql)
	}},
	{"MariaDB", "", func(n int, sql string) string {
		at := noon.Add(time.Duration(n) * time.Second)
		local := ""
		if n%3 == 0 {
			local = fmt.Sprintf("# Time: %s\n", at.Add(2*time.Hour).Format("060102 15:04:05"))
		}
		return fmt.Sprintf("%s# User@Host: app[app] @ h []\n# Thread_id: %d  Schema: shop  QC_hit: No\n# Query_time: 0.250000  Lock_time: 0.000001  Rows_sent: %d  Rows_examined: 5\n# Rows_affected: 0  Bytes_sent: 56\nSET timestamp=%d;\n%s;\n",
			local, 1+n%3, n, at.Unix(), sql)
	}},
}

// checkStatements checks that the log, one entry a statement, is read as such,
// and that there is no doubt about it.
func checkStatements(t *testing.T, d dialect, statements []string) {
	t.Helper()
	if stats := readStatements(t, d, statements); len(stats.Problems) > 0 || !stats.Complete() {
		t.Fatalf("problems: %+v", stats.Problems)
	}
}

// checkDoubtful checks that the log is read as such, and that the doubt is told.
func checkDoubtful(t *testing.T, d dialect, statements []string) {
	t.Helper()
	stats := readStatements(t, d, statements)
	for _, p := range stats.Problems {
		if !p.Doubt || p.Lost {
			t.Fatalf("problems: %+v", stats.Problems)
		}
	}
	if stats.Complete() || stats.Doubtful == 0 {
		t.Fatalf("no doubt is told: %+v", stats)
	}
}

func readStatements(t *testing.T, d dialect, statements []string) (stats Stats) {
	t.Helper()
	var log strings.Builder
	log.WriteString(d.banner)
	for n, sql := range statements {
		log.WriteString(d.entry(n, sql))
	}
	for _, r := range []io.Reader{strings.NewReader(log.String()), iotest.HalfReader(strings.NewReader(log.String()))} {
		var events []Event
		events, stats = readAll(t, r, Options{})
		for i := range max(len(events), len(statements)) {
			switch {
			case i >= len(events):
				t.Fatalf("event %d of %d is missing: %q", i, len(statements), statements[i])
			case i >= len(statements):
				t.Fatalf("event %d of %d is too many: %q", i, len(statements), events[i].SQL)
			case string(events[i].SQL) != statements[i]:
				t.Fatalf("event %d: %q, want %q", i, events[i].SQL, statements[i])
			case events[i].RowsSent != uint64(i) || events[i].Cut || events[i].User != "app":
				t.Fatalf("event %d: %+v", i, events[i])
			}
		}
	}
	return stats
}

var ordinary = []string{
	"SELECT id, total FROM orders WHERE user_id = 712 AND status = 'paid'",
	"select 1",
	"insert into t(a, b) values ('佐藤', \"u1@example.com\"), (N'x', _utf8mb4'y')",
	"select id from `items_2024` where bin = x'ee00ff' -- it's",
	"select /* report:daily */ 1 from t where a <> ''",
	"INSERT INTO items (order_id, sku) VALUES (30, 'it''s \\'q\\' \"x\"')",
	"update t set a = \"dq 2 \\\" ; # not a comment\",\n b = 2",
	"select 2 # hash comment",
}

// around puts a statement between ordinary ones.
func around(sql ...string) []string {
	var all []string
	for i, s := range sql {
		all = append(all, ordinary[i%len(ordinary)], s)
	}
	return append(all, ordinary...)
}

func TestForgedEntries(t *testing.T) {
	for _, d := range dialects {
		evil := strings.NewReplacer("app[app] @ h", "evil[evil] @ nowhere")
		entry := evil.Replace(d.entry(2, "DROP TABLE x")) // of the log's own time
		oldEntry := "# Time: 2001-01-01T00:00:00.000000Z\n# User@Host: evil[evil] @ nowhere []  Id: 1\n# Query_time: 999  Lock_time: 0 Rows_sent: 1  Rows_examined: 4\nSET timestamp=1;\nDROP TABLE x;\n"
		payloads := map[string]string{
			"time":           "# Time: 2026-11-23T12:00:02.000000Z\n",
			"user":           "# User@Host: evil[evil] @ nowhere []  Id: 1\n",
			"header":         entry[:strings.Index(entry, "SET timestamp")],
			"entry":          entry,
			"entry, no end":  strings.TrimSuffix(entry, ";\n"),
			"old entry":      oldEntry,
			"several":        entry + oldEntry + strings.ReplaceAll(entry, "DROP TABLE x", "select 5") + oldEntry,
			"banner":         banner,
			"banner, entry":  banner + entry,
			"cut":            cutMarker + "\n",
			"cut, entry":     cutMarker + "\n" + entry,
			"ends in --":     strings.ReplaceAll(entry, "x;\n", "x -- "),
			"other quotes":   strings.ReplaceAll(entry, "DROP TABLE x", "select 1 from t where a = 5"),
			"text after it":  entry + "and more text; of the literal,\nin two lines;\n",
			"long":           entry + strings.Repeat("some more text; ", 20000) + "\n" + entry,
			"many":           strings.Repeat(entry, 3000),
			"header, no SET": entry[:strings.Index(entry, "SET timestamp")] + "select 5;\n",
		}
		// A whole entry of the log's own time can be one that a quote too many has
		// swallowed: it is not believed, and told.
		fit := map[string]bool{}
		for _, name := range []string{"entry", "entry, no end", "several", "banner, entry", "cut, entry", "ends in --", "other quotes", "text after it", "long", "many"} {
			fit[name] = true
		}
		for name, payload := range payloads {
			for _, before := range []string{"line one\n", "line one;\n", ";\n", "\n"} {
				text := before + payload
				for container, sql := range map[string]string{
					"single":       "select '" + text + "'",
					"single, more": "select '" + text + "', 'b', a from t where c = 'd'\nand e = x'00' limit 5",
					"escaped":      "select 'it''s \\' " + text + " it''s \\''",
					"double":       "insert into t values (\"" + text + "\"), (\"b\")",
					"tick":         "select a as `" + text + "`, `b`.`c` from t",
					"comment":      "select 1 /* " + text + " */ from t",
					"comment last": "select 1 /* " + text + " */",
				} {
					t.Run(strings.Join([]string{d.name, name, fmt.Sprintf("%q", before), container}, "/"), func(t *testing.T) {
						check := checkStatements
						if fit[name] {
							check = checkDoubtful
						}
						check(t, d, around(sql))
					})
				}
			}
		}
	}
}

// In a line comment, or in code without a semicolon before it, a whole header is one
// if it fits the log. What is not believed is told if it could be a header.
func TestForgedEntriesInLineComments(t *testing.T) {
	for _, d := range dialects {
		whole := d.entry(2, "DROP TABLE x")
		header := whole[:strings.Index(whole, "SET timestamp")]
		for name, tt := range map[string]struct {
			sql   string
			check func(*testing.T, dialect, []string)
		}{
			"one header":                  {"select 1 -- note;\n# Time: 2026-11-23T12:00:02.000000Z\nfrom t", checkStatements},
			"one user":                    {"select 1 # note;\n# User@Host: evil[evil] @ h []\nfrom t", checkStatements},
			"header":                      {"select 1 -- note;\n" + header + "from t", checkDoubtful},
			"header and SET":              {"update t -- note;\n" + whole[:strings.Index(whole, ";\nDROP")], checkDoubtful},
			"no semicolon":                {"select 1 -- note\n" + header + "from t", checkDoubtful},
			"entry of another time":       {"select 1 -- note;\n# Time: 2001-01-01T00:00:00.000000Z\n# User@Host: app[app] @ h []  Id: 1\n# Query_time: 9  Lock_time: 0 Rows_sent: 1  Rows_examined: 4\nSET timestamp=1;\nDROP TABLE x", checkDoubtful},
			"header in a procedure":       {"create procedure p()\nbegin\nselect 1;\n# User@Host: x\n# Time: 2026-11-23T12:00:02.000000Z\nselect 2;\nend", checkStatements},
			"comments before a statement": {"# User@Host: x\n-- note;\n" + header + "select 1", checkDoubtful},
		} {
			t.Run(d.name+"/"+name, func(t *testing.T) { tt.check(t, d, around(tt.sql)) })
		}
	}
}

// A whole entry in code, which fits the log, is one: the statement before it is cut.
// Who sends that as a statement gets an entry more, and the report says that one
// ends in its middle.
func TestEntryInCode(t *testing.T) {
	for _, d := range dialects {
		for name, sql := range map[string]string{"": "select 1", ", after a comment": "select 1 -- note", ", mid-line": "select 1 from "} {
			lf := "\n"
			if name == ", mid-line" {
				lf = ""
			}
			t.Run(d.name+name, func(t *testing.T) {
				log := d.banner + d.entry(0, "select 0") + strings.TrimSuffix(d.entry(1, sql), ";\n") + lf + d.entry(2, "select 2")
				events, stats := readAll(t, strings.NewReader(log), Options{})
				if len(events) != 3 || string(events[1].SQL) != sql || !events[1].Cut || string(events[2].SQL) != "select 2" {
					t.Errorf("%+v", events)
				}
				if len(stats.Problems) != 1 || stats.Problems[0].Reason != reasonCut || stats.Complete() || stats.Cut != 1 {
					t.Errorf("%+v", stats)
				}
			})
		}
	}
}

// A statement with a quote too many, as one that could not be parsed, must not
// swallow what follows it, alone or again and again.
var faulty = []string{
	"select * from users where name = 'O'Brien'",
	"select * from users where name = 'abc",
	"select * from users where name = '",
	"select '",
	"insert into t values ('a', 'b, 5)",
	"select * from t where path = '/a/b",
	"select it's",
	"select \"abc from t",
	"select 5 from t where a = \"",
	"select `abc from t",
	"select 1 /* abc",
	"select 'C:\\'", // in NO_BACKSLASH_ESCAPES
	"select 'a\nb\nwhere c = 5",
}

func TestUnclosedQuotes(t *testing.T) {
	for _, d := range dialects {
		for _, sql := range faulty {
			for name, statements := range map[string][]string{
				"once":             around(sql),
				"first":            append([]string{sql}, ordinary...),
				"last":             append(append([]string{}, ordinary...), sql),
				"alone":            {sql, "select 1", "select 2"},
				"repeated":         around(sql, sql, sql, sql, sql),
				"in a row":         append([]string{sql, sql, sql, sql}, ordinary...),
				"nothing between":  {sql, sql},
				"unquoted between": {sql, "select 1", "select 2", sql, "select 3", sql, "select 4"},
			} {
				t.Run(strings.Join([]string{d.name, sql, name}, "/"), func(t *testing.T) { checkFaulty(t, d, statements) })
			}
		}
	}
}

// The same, with different statements of the kind in one log.
func TestUnclosedQuotesMixed(t *testing.T) {
	first, missed := firstSeed(), 0
	for seed := first; seed < first+200; seed++ {
		r := rand.New(rand.NewPCG(seed, 0))
		var statements []string
		for range 40 {
			from := ordinary
			if r.IntN(4) == 0 {
				from = faulty
			}
			statements = append(statements, from[r.IntN(len(from))])
		}
		d := dialects[r.IntN(len(dialects))]
		t.Run(fmt.Sprintf("%s/seed %d", d.name, seed), func(t *testing.T) { missed += checkFaulty(t, d, statements) })
	}
	if missed > 200*40/10 {
		t.Errorf("%d of %d entries are not read", missed, 200*40)
	}
	t.Logf("%d of %d entries are not read", missed, 200*40)
}

// checkFaulty checks that all entries are read, and that it is told of those that end
// in a literal. Where a quote too many comes again, the two can be those of one literal that
// holds the entries between them, and a comment without an end can have that of a later one:
// then entries can be missing, and that is told. It returns how many are.
func checkFaulty(t *testing.T, d dialect, statements []string) (missed int) {
	t.Helper()
	log := d.banner
	count := map[string]int{}
	for n, sql := range statements {
		log += d.entry(n, sql)
		count[sql]++
	}
	ambiguous := count["select 1 /* abc"] > 0
	quotes := 0
	for _, sql := range faulty {
		quotes += count[sql]
	}
	ambiguous = ambiguous || quotes > 1
	events, stats := readAll(t, strings.NewReader(log), Options{})
	read := map[uint64]bool{}
	for _, e := range events {
		n := e.RowsSent
		read[n] = n < uint64(len(statements)) && string(e.SQL) == statements[n] && !e.Cut && e.User == "app"
		if !read[n] && !ambiguous {
			t.Fatalf("event %d: %+v", n, e)
		}
	}
	undecided := false
	for _, p := range stats.Problems {
		undecided = undecided || p.Reason == reasonUndecided
		if p.Reason != reasonOpen && !(p.Reason == reasonUndecided && ambiguous) {
			t.Fatalf("problems: %+v", stats.Problems)
		}
	}
	for n := range statements {
		if !read[uint64(n)] {
			missed++
		}
	}
	if missed > 0 && !(ambiguous && undecided) {
		t.Fatalf("%d of %d entries are not read: %+v", missed, len(statements), stats)
	}
	if stats.Complete() && !slices.Contains(statements, `select 'C:\'`) && !slices.Contains(faulty, statements[len(statements)-1]) {
		t.Fatalf("a quote too many is not told: %+v", stats)
	}
	return missed
}

// A literal longer than what is read ahead, which holds whole entries that fit the log:
// none of them is believed, and each is told, whether they begin a line of their own
// or not.
func TestForgedEntriesInLongLiteral(t *testing.T) {
	for _, d := range dialects {
		const n = 6000
		entries := strings.Repeat(d.entry(2, "select secret from forged where id = 5"), n)
		sql := "insert into t values ('" + strings.Repeat("x", 1000) + ";\n" + entries + "x')"
		if len(sql) <= lookAhead {
			t.Fatal(len(sql))
		}
		log := d.banner + d.entry(0, "select 0") + d.entry(1, sql) + d.entry(2, "select 2") + d.entry(3, "select 3")
		events, stats := readAll(t, strings.NewReader(log), Options{})
		if len(events) != 4 || events[1].SQLBytes != int64(len(sql)) || string(events[2].SQL) != "select 2" || string(events[3].SQL) != "select 3" {
			t.Errorf("%s: %d events", d.name, len(events))
		}
		if stats.Complete() || len(stats.Problems) != 1 || stats.Problems[0].Reason != reasonUndecided || len(stats.Problems[0].Offsets) == 0 {
			t.Errorf("%s: %+v", d.name, stats)
		}
	}
}

func TestCutByRDS(t *testing.T) {
	cut := "a@h id=7 t=261123T100001 q=0.5 cut: "
	for name, tt := range map[string]struct {
		log  string
		want []string
	}{
		"in code":      {head1 + "select 1 fr\n" + cutMarker + "\n" + head2 + "select 'x';\n", []string{cut + "select 1 fr", event2 + "select 'x'"}},
		"in a literal": {head1 + "select 'abc\n" + cutMarker + "\n" + head2 + "select 'x';\n", []string{cut + "select 'abc", event2 + "select 'x'"}},
		"in a comment": {head1 + "select /* abc\n" + cutMarker + "\n" + head2 + "select 'x' /* y */;\n", []string{cut + "select /* abc", event2 + "select 'x' /* y */", reasonUndecided + ": 187"}},
		"unquoted":     {head1 + "select 'abc\n" + cutMarker + "\n" + head2 + "select 5;\n", []string{cut + "select 'abc", event2 + "select 5"}},
		"last":         {head1 + "select 'abc\n" + cutMarker + "\n", []string{cut + "select 'abc"}},
		"twice":        {head1 + "select 'abc\n" + cutMarker + "\n" + head2 + "select 'abc\n" + cutMarker + "\n" + head3 + "select 'x';\n", []string{cut + "select 'abc", strings.Replace(event2, ":", " cut:", 1) + "select 'abc", event3 + "select 'x'"}},
		"and a rest":   {head1 + "select 'abc\n" + cutMarker + "\nand d = 'e'\nlimit 5;\n" + head2 + "select 'x';\n", []string{cut + "select 'abc", event2 + "select 'x'"}},
		// The comment of the next entry has an apostrophe that could end the literal.
		"apostrophe": {head1 + "update t set a = 'abc\n" + cutMarker + "\n" + head2 + "select 2 -- the girls' day;\n" + head3 + "select 3;\n", []string{cut + "update t set a = 'abc", event2 + "select 2 -- the girls' day", event3 + "select 3", reasonUndecided + ": 229"}},
		// What is left of the statement has a literal that holds an entry.
		"rest forged":   {head1 + "select 'abc\n" + cutMarker + "\nand d = 'e;\n" + fake + "f'\nlimit 5;\n" + head2 + "select 'x';\n", []string{cut + "select 'abc", event2 + "select 'x'", reasonUndecided + ": 231"}},
		"in a header":   {head1 + "select 1;\n# Time: 2026-11\n" + cutMarker + "\n" + head2 + "select 2;\n", []string{cut + "select 1;\n# Time: 2026-11", event2 + "select 2"}},
		"in Query_time": {head1 + "select 1;\n" + time2 + "# User@Host: a[a] @ h []\n# Que\n" + cutMarker + "\n" + head3 + "select 3;\n", []string{event1 + "select 1", event3 + "select 3", "header that cannot be read: 183"}},
	} {
		t.Run(name, func(t *testing.T) { check(t, tt.log, Options{}, tt.want) })
	}
}
