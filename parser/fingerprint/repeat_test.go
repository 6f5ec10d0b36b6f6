package fingerprint

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestRepeats: chains and branches that are read by a template have the fingerprint, and
// the length, that they have token by token.
func TestRepeats(t *testing.T) {
	r := rand.New(rand.NewPCG(firstSeed(), 0))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	value := func() string {
		return pick("1", "22", "-3", "4.5", "6e7", "0x8F", ".9", "1 2", "'a'", "''", "'it''s'", `'b\'c'`, `"d"`, "null", "now()", "@v", "c", "?", "'e' 'f'", "'g'h",
			"'"+strings.Repeat("i", 40)+"'", "x'41'", "N'j'", "date '2026-01-01'", "(1)", "/* k */ 1", "1 -- l\n", "1 # m\n", "`n 1`", "5 + 6", "t1.a", "'")
	}
	repeats := 0
	for range 60_000 {
		same := value()
		v := func() string {
			switch r.IntN(8) {
			case 0:
				return value()
			case 1, 2, 3:
				return fmt.Sprint(r.IntN(1000))
			}
			return same
		}
		begin, joint, end := "select a from t where ", pick(" or ", " OR ", "or ", " and ", " && ", "\nor\n", ")or("), ""
		member := func() string { return "a = " + v() }
		switch r.IntN(7) {
		case 5:
			member = func() string { return "(a in (" + v() + "))" }
		case 6:
			member = func() string { return "((a in (" + v() + ")) and (b = " + v() + "))" }
		case 0:
			member = func() string { return "(a = " + v() + " and b = " + v() + ")" }
		case 1:
			member = func() string { return "f(" + v() + ",`x1`, " + v() + ")" }
		case 2:
			begin, joint, end = "update t set a = case id when ", pick(" when ", " WHEN ", "when "), " end where 1"
			member = func() string { return v() + " then " + v() }
		case 3:
			member = func() string { return "a between " + v() + " and " + v() }
		}
		begin += pick("", "", "not ", "c = 1 or ")
		members := make([]string, 1+r.IntN(12))
		for i := range members {
			members[i] = member()
		}
		if r.IntN(4) == 0 && end == "" { // nested to the left
			for i := range members {
				if i > 0 {
					begin += strings.Repeat("(", r.IntN(3))
					members[i] += strings.Repeat(")", r.IntN(3)/2+r.IntN(2))
				}
			}
		}
		sql := []byte(begin + strings.Join(members, joint) + pick("", ")", " limit 1", " or a = 1 and b", ";select 1") + end)
		if r.IntN(4) == 0 {
			sql = sql[:r.IntN(len(sql))]
		}
		cut := r.IntN(4) == 0
		slow, fast := &formatter{byToken: true}, new(formatter)
		want, got := slow.format(nil, sql, cut), fast.format(nil, sql, cut)
		if !bytes.Equal(got, want) || fast.longest != slow.longest {
			t.Fatalf("%q, cut %v:\n%s, %d, token by token\n%s, %d", sql, cut, got, fast.longest, want, slow.longest)
		}
		if fast.longest > 3 {
			repeats++
		}
	}
	if repeats < 5_000 {
		t.Errorf("only %d chains have members that repeat", repeats)
	}
}

// TestLongest: the longest list is counted, wherever its members are left out.
func TestLongest(t *testing.T) {
	for sql, want := range map[string]int{
		"select a from t where b = 1":                                            0,
		"select a from t where b = 1 and c = 2":                                  0,
		"select a from t where b in (1)":                                         1,
		"select a from t where b in (1, 'x', 3) and c in (1,2)":                  3,
		"select a from t where b in (1, c, 3)":                                   3,
		"select a from t where (b, c) in ((1, 2), (3, 4), (5, 6))":               3,
		"insert into t (a, b, c) values (1, 2, 3)":                               1,
		"insert into t (a, b, c) values (1, 2, 3), (4, 5, 6), (7, 8, now())":     3,
		"insert into t (a) values (1), (a), (a), (3)":                            4,
		"select a from t where b = 1 or b = 2 or b = 3":                          3,
		"select a from t where ((b = 1 or b = 2) or b = 3) or b = 4":             4,
		"select a from t where (b = 1 and c = 2) or (b = 3 and c = 4)":           2,
		"select a from t where b = 1 or b = 2 or c = 3":                          2,
		"select a from t where (((a = 1 or b = 1) or b = 2) or b = 3) or b = 4":  4,
		"select a from t where b in (1, 2, 3) or b in (4)":                       3,
		"update t set a = case id when 1 then 2 when 3 then 4 when 5 then 6 end": 3,
		"select a from t order by field(id, 1, 2, 3, 4)":                         4,
		"update t set a = json_set(a, 'b', 1, 'c', 2)":                           2,
		"select linestring(point(1, 2), point(3, 4), point(5, 6))":               3,
		"select a from t where b = 1 union select a from t where b = 2":          2,
		"((select a from t) union (select a from t)) union (select a from t)":    3,
		"update t set a = 1; update t set a = 2; update t set a = 3":             3,
		"select 1, 2, 3":                                                                         3,
		"drop table tmp_1, tmp_2, tmp_3":                                                         3,
		"alter table t drop partition p1, p2, p3":                                                3,
		"select a from t partition (p1, p2, q1, q2, q3)":                                         3,
		"select a from t where b in (" + strings.Repeat("1, ", 999) + "1) or c = 1":              1000,
		"select a from t where b = 1" + strings.Repeat(" or b = 1", 999):                         1000,
		"insert into t values (1)" + strings.Repeat(", (1)", 999) + " on duplicate key update a": 1000,
	} {
		fp, got := AppendCounting(nil, []byte(sql), false)
		if got != want {
			t.Errorf("%.80s: %d, want %d: %s", sql, got, want, fp)
		}
		skeleton, n, ok := AppendSkeleton(nil, []byte(sql))
		if !ok {
			continue
		}
		if _, rest := AppendCounting(nil, skeleton, false); max(n, rest) != want {
			t.Errorf("%.80s: the skeleton leaves out %d and holds %d, want %d", sql, n, rest, want)
		}
	}
}

// What a chain, nested or not, a CASE or arguments cost, byte for byte, is within four times
// what a list for IN of their size does. The fingerprint takes no more room while it is
// written than it does at last, but for parentheses that are open.
func TestFoldingIsLinear(t *testing.T) {
	cost := func(sql string) float64 {
		least := time.Hour
		var dst []byte
		for range 7 {
			start := processorTime(t)
			dst = Append(dst[:0], []byte(sql), false)
			least = min(least, processorTime(t)-start)
		}
		if len(dst) > 200 || cap(dst) > 32<<10 {
			t.Errorf("%d bytes are left, and %d were taken, of %.60s", len(dst), cap(dst), sql)
		}
		return float64(least) / float64(len(sql))
	}
	chain := func(member, joint string, n int) string { return member + strings.Repeat(joint+member, n-1) }
	nested := func(first, member string) string {
		return "select a from t where " + strings.Repeat("(", 10_000) + first + strings.Repeat(" or "+member+")", 10_000)
	}
	list := func(n int) float64 { return cost("select a from t where b in (" + chain("12345", ", ", n) + ")") }
	long := list(100_000)
	for name, sql := range map[string]string{
		"or":        "select a from t where " + chain("a = 12345", " or ", 100_000),
		"or, pairs": "select a from t where " + chain("(a = 12345 and b = 'x')", " or ", 100_000),
		"and":       "select a from t where " + chain("(a like '%x%')", " and ", 100_000),
		"case":      "update t set a = case id " + chain("when 12345 then 'x'", " ", 50_000) + " end",
		"arguments": "select a from t order by field(id, " + chain("12345", ", ", 100_000) + ")",
	} {
		if got := cost(sql); got > 4*long {
			t.Errorf("%s: %.2f ns a byte, and a list for IN %.2f", name, got, long)
		}
	}
	for name, sql := range map[string]string{
		"nested":        nested("a = 1", "a = 12345"),
		"nested, mixed": nested("b is null", "(a = 12345 and b = 'x')"),
	} {
		if got, short := cost(sql), list(len(sql)/len("12345, ")); got > 4*short {
			t.Errorf("%s: %.2f ns a byte, and a list for IN of that size %.2f", name, got, short)
		}
	}
}
