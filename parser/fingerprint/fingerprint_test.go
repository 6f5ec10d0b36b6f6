package fingerprint

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the fingerprints of testdata/fingerprints.txt anew")

// TestFingerprint reads pairs of lines, a statement and its fingerprint. In the
// statement \n and \t stand for what they mean in Go.
func TestFingerprint(t *testing.T) {
	const path = "testdata/fingerprints.txt"
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var anew strings.Builder
	unescape := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	pairs := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "== ") {
			fmt.Fprintln(&anew, line)
			continue
		}
		lines.Scan()
		pairs++
		got := Of(unescape.Replace(line))
		fmt.Fprintf(&anew, "%s\n    %s\n", line, got)
		if want := strings.TrimSpace(lines.Text()); got != want && !*update {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
	if pairs < 100 {
		t.Errorf("only %d pairs", pairs)
	}
	if *update {
		if err := os.WriteFile(path, []byte(anew.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestQueryID(t *testing.T) {
	id := ID("select ?")
	if id != "1FE1379FE2A31B8D16219655761820A2" || ShortID(id) != "16219655761820A2" {
		t.Errorf("ID %s, ShortID %s", id, ShortID(id))
	}
}

// TestClasses: the statements of a line block are one class, and no two blocks
// are the same.
func TestClasses(t *testing.T) {
	blocks := [][]string{
		{"select a from t where b = 1", "SELECT a\n\tFROM t WHERE b=1;", "select `a` from `t` where `b` = 'x'", "select a from t where b=-1",
			"select a from t where b = null", "select a /* c */ from t -- d\n where b = true", "select /*+ NO_INDEX(t) */ a from t where b = 0x1F # e",
			"select a from t where b = _utf8mb4'it''s'", `select a from t where b = "it\"s"`, "/*!50000 select */ a from t where b = 1e-5", "select a from t where b = ?"},
		{"select a from t where b is null"}, {"select a from t where b is not null"}, {"select a from t where b <=> 1"}, {"select a from t where b != 1"},
		{"select a from t where c = 1"}, {"select b from t where b = 1"}, {"select a from u where b = 1"}, {"select a from t where b > 1"},
		{"select a1 from t"}, {"select a2 from t"},
		{"select a from t_1", "select a from t_22", "select a from `t_333`"}, {"select a from t_"},
		{"select x_1.a from x_1", "select x_2.a from x_2"},
		{"select t1.a from t t1 join u t2"}, {"select t2.a from t t1 join u t2"},
		{"select a from t where b in (1)", "select a from t where b in (1,2)", "select a from t where b in (now(), 'x', date_sub(now(), interval 1 day))",
			"select a from t where b in (-1, null, 0x5)", "select a from t where b in(\n1\n,2)", "select a from t where b in ((1,2),(3,4))"},
		{"select a from t where b in (c)"}, {"select a from t where b in (c, d)"}, {"select a from t where b in (select 1)"}, {"select a from t where b not in (1)"},
		{"select a from t where b in (@x)"}, {"select a from t where b in (year, month)"},
		{"insert into t (a, b) values (1, 2)", "insert into t(a,b) values(1,2),(3,4)", "INSERT INTO t (a, b) VALUES (DEFAULT, NULL), (now(), uuid())",
			"insert into t (a, b) value (1, 2)"},
		{"insert into t (b, a) values (1, 2)"}, {"insert ignore into t (a, b) values (1, 2)"}, {"replace into t (a, b) values (1, 2)"},
		{"insert into t (a, b) values (1, 2) on duplicate key update a = 1", "insert into t (a, b) values (1, 2), (3, 4) on duplicate key update a = 5"},
		{"insert into t (a, b) values (1, 2) on duplicate key update a = values(a)", "insert into t (a, b) values (1, 2), (3, 4) on duplicate key update a = VALUES( a )"},
		{"insert into t (a) select a from u"}, {"insert into t values row(1), row(2)", "insert into t values row(1)"},
		{"select a from t limit 1", "select a from t limit 1, 2", "select a from t limit 1 offset 2"}, {"select a from t"},
		{"select a from t order by a", "select a from t order by a asc"}, {"select a from t order by a desc"},
		{"select a from t order by a, b", "select a from t order by a asc, b ASC"},
		{"select 1 union select 2", "select 1 union select 2 union select 3"}, {"select 1"}, {"select 1 union all select 2"},
		{"select 1 union select a"}, {"(select 1) union (select 2)", "(select 1) union (select 2) union (select 7)"},
		{"select a + b from t", "select a+b from t"}, {"select a - b from t", "select a-b from t"}, {"select a - 5 from t", "select a -5 from t", "select a-5 from t", "select a - -5 from t"},
		{"select -a from t"}, {"select a, -5 from t", "select a, + 5 from t"},
		{"call p(1)", "call p(1, 2)", "CALL p ()", "call p"}, {"call q(1)"}, {"call s.p(1)"},
		{"administrator command: Quit", "# administrator command: Quit;"}, {"administrator command: Ping"},
		{"select a->'$.x' from t", "select a -> '$.y' from t"}, {"select a->>'$.x' from t"},
		{"set @a := 1", "set @a:=2"}, {"set @b := 1"}, {"update t set a = default", "update t set a = 5"}, {"update t set a = default(b)"},
		{"select count(*) from t", "select count( * ) from t"}, {"select count(distinct a) from t"},
		{"use a", "use `b c`"}, {"kill 1", "kill 2"}, {"kill query 1"},
	}
	of := map[string]string{}
	for _, block := range blocks {
		want := Of(block[0])
		for _, s := range block {
			if got := Of(s); got != want {
				t.Errorf("%q\n is %s\nnot %s", s, got, want)
			}
		}
		if other, taken := of[want]; taken {
			t.Errorf("%q and %q are both %s", block[0], other, want)
		}
		of[want] = block[0]
	}
}

// TestClassesOfFile reads testdata/classes.txt, where the format is told. Every
// fingerprint is also its own fingerprint.
func TestClassesOfFile(t *testing.T) {
	text, err := os.ReadFile("testdata/classes.txt")
	if err != nil {
		t.Fatal(err)
	}
	unescape := strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00")
	statements := 0
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n")[1:] {
		lines, apart := strings.Split(block, "\n"), false
		if lines[0] == "!=" {
			lines, apart = lines[1:], true
		}
		of := map[string]string{}
		for _, line := range lines {
			statements++
			got := Of(unescape.Replace(line))
			if other, taken := of[got]; apart && taken {
				t.Errorf("%s\n%s\nare both %s", other, line, got)
			}
			of[got] = line
			if want := Of(unescape.Replace(lines[0])); !apart && got != want {
				t.Errorf("%s\n%s\nare %s\n and %s", lines[0], line, want, got)
			}
			if strings.Contains(got, "secret") || strings.Contains(got, "987") {
				t.Errorf("%s\nleaks into %s", line, got)
			}
			if again := Of(got); again != got {
				t.Errorf("%s\nis %s\nis %s", line, got, again)
			}
		}
	}
	if statements < 600 {
		t.Errorf("only %d statements", statements)
	}
}

// However a bulk INSERT or a list for IN is cut, it is of the class of the whole.
func TestCutLists(t *testing.T) {
	for sql, want := range map[string]string{
		"insert into t (a, b) values (": "insert into t (a, b) values(?+)",
		"select a from t where b in (1": "select a from t where b in(?+)",
	} {
		for _, rest := range []string{
			"1, 'it''s'), (2, now()), (null, x'AB')", `-1, "a\"b"), (_binary'x', 1.5e+3), (date_add(now(), interval 5 day), default)`,
			"1, 'a' 'b' /* c */), (0xAB, '),('), ('\\\\', N'x')",
		} {
			if strings.Contains(sql, "in (1") {
				rest = ", (" + rest
			}
			for n := 0; n <= len(rest); n++ {
				if got := string(Append(nil, []byte(sql+rest[:n]), true)); got != want {
					t.Errorf("%s: %s", sql+rest[:n], got)
				}
			}
		}
	}
}

// TestCutChains: a chain that is nested to the left falls, wherever it is cut, into a class
// into which one of few members does too.
func TestCutChains(t *testing.T) {
	const few = 4
	for _, member := range []string{"a = 1", "(a = 1 and `b(` = 2)", "f((a)) in (1, 2)"} {
		classes := map[string]bool{}
		for n := range 40 {
			sql := "select a from t where x is null and " + strings.Repeat("(", n) + member + strings.Repeat(" or "+member+")", n)
			for end := len(sql) - n*(len(member)+4); end <= len(sql); end++ {
				got := string(Append(nil, []byte(sql[:end]), true))
				if again := Of(got); again != got {
					t.Errorf("%s\nis %s\nis %s", sql[:end], got, again)
				}
				if n > few && !classes[got] {
					t.Errorf("%s\nis %s", sql[:end], got)
				}
				classes[got] = true
			}
		}
	}
}

// A statement of any length is read once: ten times the length takes some ten
// times as long, for every shape that a careless program would read again.
func TestFingerprintIsLinear(t *testing.T) {
	for name, piece := range map[string]string{
		"parentheses": "(", "signs": "- ", "rows": "(1,'x'),", "strings": "'a' ", "quotes": "''", "unions": "select 1 union ",
		"qualifiers": "t1.a,", "comments": "/* x */", "semicolons": "select 1;", "versioned": "/*!5 ", "backticks": "`", "introducers": "_utf8 ",
		"escapes": `\'`, "escaped": `'\' `, "closed": `'a\', `, "escaped twice": `'\'', `, "escaped double": `"\" `, "in comments": `'\'#`,
		"in both": `'\'#"\"/*`, "in names": "'\\'`", "MariaDB's": "/*M! ' */", "double quotes": `"a",`, "in lists": `("a", f("b"), `,
	} {
		measure := func(n int) float64 {
			sql := []byte("insert into t values " + strings.Repeat(piece, n/len(piece)))
			start := processorTime(t)
			Append(nil, sql, false)
			return (processorTime(t) - start).Seconds()
		}
		if short, long := measure(100_000), measure(1_000_000); long > 40*short+0.1 {
			t.Errorf("%s: %.4f s for 100 kB, %.4f s for 1 MB", name, short, long)
		}
	}
}

// processorTime returns what this process has used, whatever else the machine does.
func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
