package fingerprint

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// openers are what may be nested in itself, and what closes it.
var openers = [][2]string{
	{"(", ")"}, {"f(a, ", ")"}, {"a in (1, ", ")"}, {"a in (b, ", ")"}, {"(a, b) in ((1, ", ", 2))"},
	{"concat(a, ", ")"}, {"concat('x', ", ")"}, {"coalesce(a, ", ")"}, {"coalesce(", "+1)"}, {"coalesce(", "), 1"}, {"field(", ", 1, a)"},
	{"json_object('k', ", ")"}, {"json_object(a, ", ")"}, {"json_set(", ", '$.a', 1)"}, {"char(", " using utf8)"}, {"linestring(", ")"}, {"point(1, ", ")"},
	{"if(a = 1, ", ", 2)"}, {"cast(", " as char)"}, {"match(", ") against (1)"}, {"interval (", ") day"}, {"row(", ", 1)"},
	{"(select a, ", ")"}, {"(select 1, ", ")"}, {"(select 1, ", ", 1)"}, {"(select ", ", 1)"}, {"(select 1 union ", ")"}, {"(select a from t where b = 1 or ", ")"},
	{"(select a from t where b = c and ", ")"}, {"exists (select 1 from t where ", ")"}, {"(select a as x1 from t t1 where ", ")"}, {"(select t1.a from t t1, t t2 where t1.b = t2.b and ", ")"},
	{"(select * from (", ") t1 where t1.a = 1)"}, {"with c as (", ") select 1 from c where a = 1"}, {"a in (select a from t1 where ", ")"},
	{"case when a = 1 then ", " end"}, {"case when ", " then 1 end"}, {"case a when 1 then 2 else ", " end"}, {"case when a = 1 then 2 when b = 2 then ", " end"},
	{"a = 1 or (", ")"}, {"a = b or (", ")"}, {"a = 1 and (", ")"}, {"(", " or a = 1)"}, {"(", " and a = 1)"}, {"(", " and b = 2)"}, {"((", ") or 1)"},
	{"((", ") or a in (1))"}, {"(((", ") and b = 2) or (a in (1) and b = 2))"}, {"a = (", ")"}, {"not (", ")"}, {"not ", ""}, {"- ", ""}, {"-(", ")"}, {"(", "+1)"}, {"(1+", ")"}, {"(", "+a)"},
	{"a between 1 and (", ")"}, {"values (1, ", ")"}, {"values (a, ", ")"}, {"limit (", ")"}, {"{d ", " }"}, {"/*!50000 ", " */"}, {"@a1 := (", ")"}, {"partition (p1, ", ")"}, {"prepare ", ""},
}

// links are what a statement may repeat without an end.
var links = []string{
	"a = 1 or ", "a = b or ", "a = 1 and b = 2 or ", "(a = 1) and ", ", 1", ", a", ", (1, 2)", ", (a, 1)", " union select 1", " union select a", " union all (select a from t)",
	" when 1 then 2", " when a = 1 then b else", ", concat(a, 1)", "; select 1", "; select a", "+1", "+a", "-", "*(", "case ", " end", " or", " and", " not", " in (1)", " in (", " between ",
	" like 1 or ", " is null or ", " values (1)", ", t1 as t2", " t1,", " t1.a1 ", " as x1,", " from t1 ", " join t1 on t1.a = t2.a ", " where ", " limit 1 ", " select a1 as x1 ", "'x' ", "_utf8 'x' ", "`a` ", "@a1,",
	"@a1 := 1, ", "/*x*/", "--\n", "{", "}", " select 1 as x1 union ", " on duplicate key update a = values(a),", " set a = 1,", " over (", " exists (select 1) or ", " returning ",
	" savepoint s1 ", " partition (p1,", " call p(", " use ", `"a" `, "''", " xor a = 1", ", a = 1 desc", " + (a = 1)", " for system_time as of 1 ",
}

// drawNesting returns what says statements of some openers and a link, which are drawn.
func drawNesting(r *rand.Rand) func(size int) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var open, middle, end string
	for range 1 + r.IntN(3) {
		o := openers[r.IntN(len(openers))]
		open, end = open+o[0], o[1]+end
	}
	if r.IntN(2) == 0 {
		middle = links[r.IntN(len(links))]
	}
	return sized(pick("select ", "select a from t where ", "insert into t values ", "(select a from t where ", "update t1 set a = "),
		open, middle, end, pick("1", "a"), r.IntN(3))
}

// sized returns what says a statement of about a size: begin, open many times, a tail, and
// end as often. Link stands after each of open or, in way 1, after all. Way 2 closes nothing.
func sized(begin, open, link, end, tail string, way int) func(size int) string {
	return func(size int) string {
		n := size/(len(open)+len(link)+len(end)) + 1
		switch way {
		case 0:
			return begin + strings.Repeat(open+link, n) + tail + strings.Repeat(end, n)
		case 1:
			return begin + strings.Repeat(open, n) + strings.Repeat(link, n) + tail + strings.Repeat(end, n)
		}
		return begin + strings.Repeat(open+link, n) + tail
	}
}

// The time per byte does not grow with the size, whatever is nested in what or follows what.
func TestAnyNestingIsLinear(t *testing.T) {
	type shape struct {
		name string
		say  func(size int) string
	}
	var shapes []shape
	add := func(say func(size int) string) { shapes = append(shapes, shape{fmt.Sprintf("%.100q", say(100)), say}) }
	begins := []string{"select ", "select a from t where ", "insert into t values ", "select case ", "select concat("}
	for _, o := range openers {
		for i := range 12 {
			add(sized(begins[i%3], o[0], "", o[1], []string{"1", "a"}[i/3%2], i/6*2))
		}
	}
	for _, l := range links {
		for _, begin := range begins {
			add(sized(begin, "", l, "", "", 2))
		}
	}
	r := rand.New(rand.NewPCG(firstSeed(), 15))
	for range 200 {
		add(drawNesting(r))
	}
	if testing.Short() {
		r.Shuffle(len(shapes), func(i, j int) { shapes[i], shapes[j] = shapes[j], shapes[i] })
		shapes = shapes[:100]
	}
	const small = 16 << 10
	var dst []byte
	cost := func(sql []byte, times int) float64 {
		least := time.Hour
		for range times {
			start := processorTime(t)
			dst = Append(dst[:0], sql, false)
			least = min(least, processorTime(t)-start)
		}
		return float64(least) / float64(len(sql))
	}
	for _, s := range shapes {
		short, long := []byte(s.say(small)), []byte(s.say(8*small))
		var before, after float64
		for try := range 6 { // other programs may have taken the time, or the caches
			before, after = cost(short, 3<<try), cost(long, 2<<try)
			if after < 2.5*before || after < 10 {
				break
			}
		}
		if after >= 2.5*before && after >= 10 {
			t.Errorf("%s: %.1f ns a byte, and %.1f if it is eight times as long", s.name, before, after)
		}
	}
}
