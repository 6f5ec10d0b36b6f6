package fingerprint_test

import (
	"os"
	"strings"
	"testing"

	"slowdigest/parser/fingerprint"
)

// checkSkeleton reports whether a statement has a skeleton, whose fingerprint must be
// the statement's.
func checkSkeleton(t *testing.T, sql string) (skeleton string, ok bool) {
	t.Helper()
	const kept = "kept"
	b, _, ok := fingerprint.AppendSkeleton([]byte(kept), []byte(sql))
	skeleton, found := strings.CutPrefix(string(b), kept)
	if !found || !ok && skeleton != "" {
		t.Fatalf("%q: dst is lost: %q, %v", sql, b, ok)
	}
	if !ok {
		return "", false
	}
	if got, want := fingerprint.Of(skeleton), fingerprint.Of(sql); got != want {
		t.Fatalf("%q\nhas the skeleton\n%q\nwhich is of the class\n%s\nand not of\n%s", sql, skeleton, got, want)
	}
	return skeleton, true
}

// TestSkeletonsOfMembers: a skeleton is of its statement's class, whatever the
// statement, also in pieces.
func TestSkeletonsOfMembers(t *testing.T) {
	g := newRenderer(t)
	n, with := 0, 0
	for _, shape := range shapes {
		for range 200 {
			sql := g.render(shape)
			n++
			if s, ok := checkSkeleton(t, sql); ok {
				with++
				if strings.Contains(s, marker) {
					t.Errorf("%q leaks into %q", sql, s)
				}
			}
			from := g.r.IntN(len(sql))
			checkSkeleton(t, sql[from:])
			checkSkeleton(t, sql[:from])
		}
	}
	t.Logf("%d of %d statements have a skeleton", with, n)
	for _, name := range []string{"classes.txt", "fingerprints.txt", "realistic.sql"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			checkSkeleton(t, line)
			checkSkeleton(t, strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\0`, "\x00").Replace(line))
		}
	}
}

func TestSkeleton(t *testing.T) {
	for sql, want := range map[string]string{
		"select a from t1 where b = 123 and c='it''s' -- x":                        "select a from t1 where b = 0 and c='' -- x",
		"select a/*+ hint */from t where b in (1, -2.5,'x', null ) limit 10, 20":   "select a from t where b in ('') limit 0, 0",
		"select a from t where b not in(1, @x, 22)":                                "select a from t where b not in(0, @x, 0)",
		"insert into `t 12` (a, b) values (1,now()), ( 'x' , -1e5)\n,(0xAB,'\\'')": "insert into `t 12` (a, b) values ('')",
		"insert into t values (1),(a),(22)":                                        "insert into t values (0),(a),(0)",
		"select a from t where b in (1e5, 0x1F, 2.5e-3, 0eA, 0xG)":                 "select a from t where b in (1e5, 0x0, 2.5e-0, 0eA, 0xG)",
		"update t set a = values(11), b = 1.5, c = 0xAB, d = 12e3, e = d.12":       "update t set a = values(0), b = 0.0, c = 0x0, d = 12e3, e = d.12",
	} {
		s, ok := checkSkeleton(t, sql)
		if want = strings.Replace(want, "-- x", " ", 1); !ok || s != want {
			t.Errorf("%s\ngot  %q\nwant %q", sql, s, want)
		}
	}
	for _, sql := range []string{
		"select 'a", "select `a", "select /*!50000 a */ from t", "create function f() language javascript as $$ it's $$",
		"select 1 [Your log message was truncated]", "select 1 [Your log message was truncated] -- x", "administrator command: Quit",
		"/* c */ administrator command: Quit", "# administrator command: Quit", "select " + strings.Repeat("a,", 5000) + "a",
	} {
		if s, ok := checkSkeleton(t, sql); ok {
			t.Errorf("%.50q has the skeleton %.50q", sql, s)
		}
	}
}

func FuzzSkeleton(f *testing.F) {
	for _, s := range append(shapes,
		"select a from t where b = 123 and c = 'it''s' -- x\nand d in (1, 2.5, 'x', null, now())",
		"insert into `t` (a) values (1, now()), ('x', -1e5), (0xAB, null) on duplicate key update a = values(a)",
		"select /* c */ 1e-0x5F, a.0x1F, a . 5.3, :1, @1, t_?, /*!50000 1 */ 2, $$ 'x $$", `select 'a\'' "b""c" N'd' x'41'in(1,2)`) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) { checkSkeleton(t, sql) })
}
