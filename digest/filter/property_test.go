package filter

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"slowdigest/parser"
)

// tree is a condition as the test makes it: it prints itself, and it evaluates itself over what is
// known of an entry, slowly and plainly. A value is a bool, a float64, a string or a time.Time, and
// nil is unknown.
type tree struct {
	text string
	eval func(entry map[string]any) any
}

// of evaluates by a function of values that are all known.
func of(text string, f func(v []any) any, parts ...tree) tree {
	return tree{text, func(entry map[string]any) any {
		var values []any
		for _, p := range parts {
			v := p.eval(entry)
			if v == nil {
				return nil
			}
			values = append(values, v)
		}
		return f(values)
	}}
}

type maker struct{ *rand.Rand }

func (m maker) one(of ...string) string { return of[m.IntN(len(of))] }

func (m maker) field(names ...string) tree {
	name := m.one(names...)
	return tree{name, func(entry map[string]any) any { return entry[name] }}
}

func (m maker) condition(depth int) tree {
	if depth == 0 {
		if m.IntN(8) == 0 {
			return tree{"True", func(map[string]any) any { return true }}
		}
		return m.field("full_scan", "full_join", "filesort", "filesort_on_disk", "admin", "cut", "doubtful", "mariadb")
	}
	switch m.IntN(12) {
	case 0, 1:
		x, y := m.condition(depth-1), m.condition(depth-1)
		return tree{"(" + x.text + " and " + y.text + ")", func(e map[string]any) any {
			a, b := x.eval(e), y.eval(e)
			switch {
			case a == false || b == false:
				return false
			case a == nil || b == nil:
				return nil
			}
			return true
		}}
	case 2, 3:
		x, y := m.condition(depth-1), m.condition(depth-1)
		return tree{"(" + x.text + " or " + y.text + ")", func(e map[string]any) any {
			a, b := x.eval(e), y.eval(e)
			switch {
			case a == true || b == true:
				return true
			case a == nil || b == nil:
				return nil
			}
			return false
		}}
	case 4:
		x := m.condition(depth - 1)
		return of("not ("+x.text+")", func(v []any) any { return !v[0].(bool) }, x)
	case 5:
		op := m.one("==", "!=")
		x, y := m.condition(depth-1), m.condition(depth-1)
		return of("("+x.text+") "+op+" ("+y.text+")", func(v []any) any { return (v[0] == v[1]) == (op == "==") }, x, y)
	case 6:
		x := m.field("errno", "schema", "time", "tmp_tables", "full_scan", "user", "rows_sent", "connection_id", "bytes_sent")
		return tree{x.text + " != None", func(e map[string]any) any { return x.eval(e) != nil }}
	case 7:
		return m.membership(depth)
	case 8:
		return m.textTest(depth)
	}
	return m.comparison(depth)
}

func (m maker) comparison(depth int) tree {
	op := m.one("==", "!=", "<", "<=", ">", ">=")
	judge := func(order int) bool {
		return map[string]bool{"==": order == 0, "!=": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[op]
	}
	switch m.IntN(4) {
	case 0:
		x, y := m.word(depth-1), m.word(depth-1)
		return of(x.text+" "+op+" "+y.text, func(v []any) any { return judge(strings.Compare(v[0].(string), v[1].(string))) }, x, y)
	case 1:
		at := m.time()
		x, s := m.field("time", "start"), at.Format(m.one("2006-01-02T15:04:05", time.RFC3339))
		return of(x.text+" "+op+" \""+s+"\"", func(v []any) any { return judge(int(v[0].(time.Time).Sub(at))) }, x)
	}
	x, y := m.number(depth-1), m.number(depth-1)
	return of(x.text+" "+op+" "+y.text, func(v []any) any {
		switch a, b := v[0].(float64), v[1].(float64); {
		case a < b:
			return judge(-1)
		case a > b:
			return judge(1)
		}
		return judge(0)
	}, x, y)
}

func (m maker) membership(depth int) tree {
	op := m.one("in", "not in")
	var items []string
	values := map[any]bool{}
	if m.IntN(2) == 0 {
		x := m.number(depth - 1)
		for range 1 + m.IntN(4) {
			n := m.IntN(5) - 1
			items, values[float64(n)] = append(items, strconv.Itoa(n)), true
		}
		return of(x.text+" "+op+" ["+strings.Join(items, ", ")+"]", func(v []any) any { return values[v[0]] == (op == "in") }, x)
	}
	x := m.word(depth - 1)
	for range 1 + m.IntN(4) {
		w := m.one(words...)
		items, values[w] = append(items, strconv.Quote(w)), true
	}
	return of(x.text+" "+op+" ("+strings.Join(items, ", ")+",)", func(v []any) any { return values[v[0]] == (op == "in") }, x)
}

func (m maker) textTest(depth int) tree {
	x, y := m.word(depth-1), m.word(depth-1)
	switch m.IntN(4) {
	case 0:
		if _, err := strconv.Unquote(y.text); err == nil { // a text as it is holds no field
			x, y = y, x
		}
		return of(x.text+" in "+y.text, func(v []any) any { return strings.Contains(v[1].(string), v[0].(string)) }, x, y)
	case 1:
		return of(x.text+".startswith("+y.text+")", func(v []any) any { return strings.HasPrefix(v[0].(string), v[1].(string)) }, x, y)
	case 2:
		return of(x.text+".endswith("+y.text+")", func(v []any) any { return strings.HasSuffix(v[0].(string), v[1].(string)) }, x, y)
	}
	pattern := m.one("^a", "b$", "(?i)AB", ".b.", "^$", "[^a]")
	re := regexp.MustCompile(pattern)
	return of("matches("+x.text+", \""+pattern+"\")", func(v []any) any { return re.MatchString(v[0].(string)) }, x)
}

func (m maker) number(depth int) tree {
	switch {
	case depth <= 0 && m.IntN(3) == 0:
		s := m.one("0", "1", "2", "3", "0.5", "1e1", "-1")
		v, _ := strconv.ParseFloat(s, 64)
		return tree{s, func(map[string]any) any { return v }}
	case depth <= 0 || m.IntN(3) == 0:
		return m.field("query_time", "lock_time", "rows_sent", "rows_examined", "rows_affected", "bytes_sent", "tmp_tables", "tmp_disk_tables",
			"errno", "connection_id", "query_bytes", "weight", "offset")
	}
	op := m.one("+", "-", "*", "/", "-x")
	x, y := m.number(depth-1), m.number(depth-1)
	if op == "-x" {
		return of("-("+x.text+")", func(v []any) any { return -v[0].(float64) }, x)
	}
	return of("("+x.text+" "+op+" "+y.text+")", func(v []any) any {
		a, b := v[0].(float64), v[1].(float64)
		switch op {
		case "+":
			return a + b
		case "-":
			return a - b
		case "*":
			return a * b
		}
		if b == 0 {
			return nil
		}
		return a / b
	}, x, y)
}

var words = []string{"", "a", "b", "ab", "B", "abc", "É", "é"}

func (m maker) word(depth int) tree {
	switch {
	case m.IntN(3) == 0:
		w := m.one(words...)
		return tree{strconv.Quote(w), func(map[string]any) any { return w }}
	case depth > 0 && m.IntN(3) == 0:
		x := m.word(depth - 1)
		return of(x.text+".lower()", func(v []any) any { return strings.ToLower(v[0].(string)) }, x)
	}
	return m.field("user", "host", "schema", "query", "instance")
}

func (m maker) time() time.Time { return time.Date(2026, 11, 23, 10, 0, m.IntN(3), 0, time.UTC) }

// entry makes an entry, and what is known of it, by the names of the fields.
func (m maker) entry() (e *parser.Event, instance string, told map[string]any) {
	n := func() uint64 { return uint64(m.IntN(4)) }
	flip := func() bool { return m.IntN(2) == 0 }
	e = &parser.Event{
		Offset: int64(n()), User: m.one(words...), Host: m.one(words...), Schema: m.one(words...), ConnectionID: n(),
		QueryTime: float64(n()) / 2, LockTime: float64(n()) / 2, RowsSent: n(), RowsExamined: n(),
		Has: parser.Fields(m.IntN(1 << 9)), RowsAffected: n(), BytesSent: n(), TmpTables: n(), TmpDiskTables: n(), Errno: n(),
		FullScan: flip(), FullJoin: flip(), Filesort: flip(), FilesortOnDisk: flip(),
		Weight: 1 + n(), MariaDB: flip(), Admin: flip(), Cut: flip(), Doubt: int(n()), SQL: []byte(m.one(words...)), SQLBytes: int64(n()),
	}
	if flip() {
		e.Time = m.time()
	}
	if flip() {
		e.Start = m.time()
	}
	instance = m.one(words...)
	told = map[string]any{
		"offset": float64(e.Offset), "user": e.User, "host": e.Host, "query_time": e.QueryTime, "lock_time": e.LockTime,
		"rows_sent": float64(e.RowsSent), "rows_examined": float64(e.RowsExamined), "weight": float64(e.Weight), "mariadb": e.MariaDB,
		"admin": e.Admin, "cut": e.Cut, "doubtful": e.Doubt > 0, "query": string(e.SQL), "query_bytes": float64(e.SQLBytes), "instance": instance,
	}
	for _, may := range []struct {
		name  string
		is    bool
		value any
	}{
		{"schema", e.Schema != "", e.Schema}, {"connection_id", e.ConnectionID > 0, float64(e.ConnectionID)},
		{"time", !e.Time.IsZero(), e.Time}, {"start", !e.Start.IsZero(), e.Start},
		{"rows_affected", e.Has&parser.HasRowsAffected > 0, float64(e.RowsAffected)}, {"bytes_sent", e.Has&parser.HasBytesSent > 0, float64(e.BytesSent)},
		{"tmp_tables", e.Has&parser.HasTmpTables > 0, float64(e.TmpTables)}, {"tmp_disk_tables", e.Has&parser.HasTmpDiskTables > 0, float64(e.TmpDiskTables)},
		{"full_scan", e.Has&parser.HasFullScan > 0, e.FullScan}, {"full_join", e.Has&parser.HasFullJoin > 0, e.FullJoin},
		{"filesort", e.Has&parser.HasFilesort > 0, e.Filesort}, {"filesort_on_disk", e.Has&parser.HasFilesortOnDisk > 0, e.FilesortOnDisk},
		{"errno", e.Has&parser.HasErrno > 0, float64(e.Errno)},
	} {
		if may.is {
			told[may.name] = may.value
		}
	}
	return e, instance, told
}

// Thousands of random conditions come to what a second evaluation, of the tree that they were
// printed from, comes to.
func TestAgreesWithPlainEvaluation(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(1, 2))}
	seen := map[any]int{}
	for range 5000 {
		condition := m.condition(1 + m.IntN(4))
		if len(condition.text) > maxText {
			continue
		}
		c, err := Parse(condition.text)
		if err != nil {
			t.Fatalf("%s: %v", condition.text, err)
		}
		for range 20 {
			e, instance, told := m.entry()
			want := condition.eval(told)
			before := fmt.Sprintf("%+v", e)
			holds, missing := c.Matcher(instance).Match(e)
			if holds != (want == true) || (missing != 0) != (want == nil) {
				t.Fatalf("%s\n%+v: %v, missing %v, want %v", condition.text, told, holds, missing.Reasons(), want)
			}
			for _, reason := range missing.Reasons() {
				if told[reason] != nil || reason != NoNumber && !strings.Contains(condition.text, reason) {
					t.Fatalf("%s: %s is named, of %+v", condition.text, reason, told)
				}
			}
			if fmt.Sprintf("%+v", e) != before {
				t.Fatalf("%s changes the entry", condition.text)
			}
			seen[want]++
		}
	}
	for _, v := range []any{true, false, nil} {
		if seen[v] < 10_000 {
			t.Errorf("%v came %d times only", v, seen[v])
		}
	}
}

// No text makes it panic. What compiles holds or not, prints itself without literals of statements,
// and the error of what does not is short and safe for a terminal.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`rows_examined > 1e6 and schema == "shop"`, `"x" in query.lower() or matches(user, "^a") and time > "2026-11-23"`,
		`not (errno in [1, 2.5])`, `-x`, `a = b`, `f(a=1, *b)`, "'''", `(((`, `1 <> 2`, "\u202e\x00", `x.y[1:2]`, `{a: b for c in d}`, `"\`, `500ms`} {
		f.Add(s)
	}
	e := entry()
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			if text := err.Error(); len(text) > 2000 || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r == '\u202e') }) {
				t.Errorf("%q", text)
			}
			return
		}
		c.Matcher("a").Match(e)
		c.Matcher("a").Match(&parser.Event{})
		if strings.ContainsFunc(c.String(), func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q is shown", c)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, condition := range []string{`rows_examined > 1e6 or schema == "shop"`, `rows_examined / rows_sent > 1000 and user in ["app", "batch"] and not full_scan`,
		`"delete" in query.lower()`, `matches(query, "(?i)^select")`} {
		c, err := Parse(condition)
		if err != nil {
			b.Fatal(err)
		}
		e := entry()
		e.SQL = bytes.Repeat([]byte("SELECT a FROM t "), 20)
		b.Run(condition, func(b *testing.B) {
			b.ReportAllocs()
			m := c.Matcher("a")
			for b.Loop() {
				m.Match(e)
			}
		})
	}
}

func TestTokensCoverTheText(t *testing.T) {
	const s = `a>=1.5e3&&b.lower()=='x\'y'  or "z`
	var got []string
	for _, token := range tokens(s) {
		got = append(got, token.text)
	}
	if want := []string{"a", ">=", "1.5e3", "&&", "b", ".", "lower", "(", ")", "==", `'x\'y'`, "or", `"z`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
