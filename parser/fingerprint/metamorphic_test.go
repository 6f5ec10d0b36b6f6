package fingerprint_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"slowdigest/parser/fingerprint"
)

// Shapes are statements in which each word is a token. L is any literal, V a
// literal that may bear a sign, R a list of rows, I a list for IN, T a shard of
// a table.
var shapes = []string{
	"select a , b1 from T where c = V and d in I order by e asc limit L",
	"select count ( * ) , max ( x ) from T as t1 join u on t1 . id = u . id where u . n like L or u . v between V and V",
	"insert into T ( a , b ) values R",
	"insert into T ( a , b ) values R on duplicate key update a = values ( a ) , b = V",
	"replace into T ( a ) values R",
	"update T set a = V , b = b + L where id = L",
	"delete from T where id in I and name != L",
	"select * from ( select a from T where b = L ) x where x . a > V limit L , L",
	"select a from T where b = L union all select a from T where b = L",
	"select case when a = L then L else V end , if ( b , L , L ) from T group by a having sum ( c ) > V",
	"with w as ( select a from T where b = L ) select * from w where a is not null",
	"select a -> L , coalesce ( b , L ) , sleep ( L ) from T where x is null and y = L",
	"select a - L , a + b , - a , @v := L from T for update",
	"insert into T ( a , b ) select a , c from u where d in I limit L offset L",
	"insert into T ( a ) values R , R , R on duplicate key update a = values ( a ) + L",
	"delete t1 from T as t1 left join T as t2 on t1 . a = t2 . a where t2 . b is null and t1 . c in I",
	"update T set a = case b when V then V else b end where c between V and V order by d desc , e asc limit L",
	"select rank ( ) over ( partition by a order by b asc ) from T where exists ( select L from u where u . x = V )",
	"( select a from T where b = V ) union ( select a from T where b = V ) order by a asc limit L , L",
	"select * from T where a not in I and ( b , c ) in I and d like L and e = b1 and f < V or not g >= V",
	"create table if not exists T ( a int not null default L , b varchar ( L ) , primary key ( a ) )",
	"select /*!50000 sql_no_cache */ a , addr1 from T force index ( i1 ) where t . a = L lock in share mode",
	"select group_concat ( a order by b asc separator L ) , count ( distinct c ) from T group by d having max ( e ) > V",
}

// nearMisses change the class of a shape in which the first stands for the second.
var nearMisses = [][2]string{
	{"=", "!="}, {"!=", "<=>"}, {">", ">="}, {"<", "<="}, {"and", "or"}, {"+", "-"}, {"- L", "+ L"}, {"b1", "b2"}, {"addr1", "addr2"},
	{"i1", "i2"}, {"a", "z"}, {"where", "having"}, {"in I", "not in I"}, {"not in I", "in I"}, {"in I", "in ( a )"}, {"in I", "in ( select L )"},
	{"is null", "is not null"}, {"is not null", "is null"}, {"desc", "asc"}, {"union all", "union"}, {") union (", ") union all ("},
	{"order by", "group by"}, {"limit L", ""}, {"for update", ""}, {"lock in share mode", "for update"}, {"values ( a )", "a"},
	{"on duplicate key update a = values ( a ) + L", ""}, {"left join", "join"}, {"t1 .", "t2 ."}, {"replace", "insert"},
	{"insert into", "insert ignore into"}, {"distinct", ""}, {"not exists", "exists"}, {"exists", "not exists"}, {"->", "->>"},
	{"@v", "@w"}, {"b = V", "b = a"}, {"b = L", "b = @v"}, {"T", "other"}, {"T", "u"}, {"sum", "avg"}, {"( a , b )", "( b , a )"},
	{"between V and V", "> V"}, {"like", "not like"}, {"not null", "null"}, {"from T", "from T , u"}, {"force index", "use index"},
	{"b varchar", "c varchar"}, {"int", "bigint"}, {"set a = V", "set a = b"}, {"sql_no_cache", ""}, {"select", "select distinct"},
	{"max", "min"}, {"partition by a", "partition by c"}, {"rank", "dense_rank"},
}

// marker begins every text of every literal, so that a leak is seen.
const marker = "Zq"

// renderer writes members of a shape's class.
type renderer struct {
	r *rand.Rand
	n int
}

func (g *renderer) pick(s ...string) string { return s[g.r.IntN(len(s))] }

// secret is a text that no fingerprint may hold.
func (g *renderer) secret() string {
	g.n++
	return fmt.Sprintf("%s%d", marker, 700000+g.n)
}

func (g *renderer) literal() string {
	s := g.secret()
	switch g.r.IntN(16) {
	case 0:
		return "'" + s + "''" + s + "'"
	case 1:
		return `"` + s + `""` + s + `"`
	case 2:
		return `'` + s + `\'` + s + `\\'`
	case 3:
		return "'" + s + "; -- " + s + " /* `'"
	case 4:
		return "_utf8mb4'" + s + "'"
	case 5:
		return "N'" + s + "\n# Time: x'"
	case 6:
		return fmt.Sprintf("0x%X", 70000000+g.r.IntN(1e6))
	case 7:
		return fmt.Sprintf("X'%X'", 70000000+g.r.IntN(1e6)*16)
	case 8:
		return "b'0101'"
	case 9:
		return fmt.Sprintf("%d.5E+%d", 700000+g.r.IntN(1e5), g.r.IntN(30))
	case 10:
		return fmt.Sprintf("%d", 700000+g.r.IntN(1e5))
	case 11:
		return fmt.Sprintf(".%d", 700000+g.r.IntN(1e5))
	case 12:
		return "''"
	case 13:
		return `'` + s + `)' '` + s + `('`
	case 14:
		return "'" + s + "\\\n` \x00 é \xff'"
	default:
		return "'" + s + "'"
	}
}

func (g *renderer) signed() string {
	switch g.r.IntN(5) {
	case 0:
		return g.pick("null", "TRUE", "false")
	case 1:
		return g.pick("-", "+", "- ") + strconv.Itoa(700000+g.r.IntN(1e5))
	}
	return g.literal()
}

func (g *renderer) list(item func() string, max int) string {
	n := 1 + g.r.IntN(max)
	items := make([]string, n)
	for i := range items {
		items[i] = item()
	}
	return strings.Join(items, g.pick(",", ", ", " ,\n"))
}

func (g *renderer) inItem() string {
	switch g.r.IntN(8) {
	case 0:
		return "now()"
	case 1:
		return "date_sub(" + g.literal() + ", interval " + g.literal() + " day)"
	case 2:
		return "cast(" + g.literal() + " as signed)"
	}
	return g.signed()
}

func (g *renderer) tuple() string { return "(" + g.list(g.inItem, 4) + ")" }

// render writes a member of the class of a shape. Between its tokens stands
// white space or comments of any kind, or nothing where that is enough.
func (g *renderer) render(shape string) string {
	var b strings.Builder
	tokens := strings.Fields(shape)
	for i, t := range tokens {
		if i > 0 {
			b.WriteString(g.gap(tokens[i-1], t))
		}
		switch t {
		case "L":
			b.WriteString(g.literal())
		case "V":
			b.WriteString(g.signed())
		case "I":
			b.WriteString("(" + g.list(g.pick1(g.inItem, g.tuple), 6) + ")")
		case "R":
			b.WriteString(g.list(g.tuple, 4))
		case "T":
			b.WriteString(g.pick("orders_", "`ORDERS_", "Orders_") + strconv.Itoa(g.r.IntN(1000)))
			if strings.Contains(b.String()[max(0, b.Len()-12):], "`") {
				b.WriteByte('`')
			}
		default:
			b.WriteString(g.pick(t, strings.ToUpper(t), t))
		}
	}
	return b.String() + g.pick("", ";", " ; ", " -- "+g.secret(), " # "+g.secret(), "/* "+g.secret()+" */")
}

func (g *renderer) pick1(f ...func() string) func() string { return f[g.r.IntN(len(f))] }

func (g *renderer) gap(before, after string) string {
	tight := strings.ContainsAny(before, "(),.") || strings.ContainsAny(after, "(),.") ||
		before == "=" || after == "=" || before == ">"
	// 1 .id, 5.x and a . .5 would be other tokens.
	if tight && !strings.ContainsAny(after, "LV") && g.r.IntN(2) == 0 {
		return ""
	}
	return g.pick(" ", "  ", "\t", "\n", "\r\n", " /* "+g.secret()+" ' */ ", " -- "+g.secret()+" it's\n", " # \" "+g.secret()+"\n", " /*+ HINT */ ")
}

// newRenderer takes its seed from SLOWDIGEST_SEED, and else is the same each time.
func newRenderer(t *testing.T) *renderer {
	seed := uint64(1)
	if s := os.Getenv("SLOWDIGEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SLOWDIGEST_SEED=%d", seed)
	return &renderer{r: rand.New(rand.NewPCG(seed, 0))}
}

func leaks(fp string) bool {
	return strings.Contains(fp, strings.ToLower(marker)) || strings.Contains(fp, marker) || strings.Contains(fp, "70")
}

// TestMembersOfAClass: random members of a shape have one fingerprint, different
// shapes different ones, and none holds a piece of a literal.
func TestMembersOfAClass(t *testing.T) {
	g := newRenderer(t)
	of := map[string]string{}
	for _, shape := range shapes {
		first := g.render(shape)
		want := fingerprint.Of(first)
		if other, taken := of[want]; taken {
			t.Errorf("%q and %q are one class", shape, other)
		}
		of[want] = shape
		for range 400 {
			sql := g.render(shape)
			got := fingerprint.Of(sql)
			if got != want {
				t.Fatalf("%s\n%q is\n%s\n%q is\n%s", shape, first, want, sql, got)
			}
			if leaks(got) {
				t.Fatalf("%q leaks into\n%s", sql, got)
			}
		}
	}
}

// TestNearMisses: what is not the same is not one class.
func TestNearMisses(t *testing.T) {
	g := newRenderer(t)
	tried := map[[2]string]bool{}
	for _, shape := range shapes {
		want := fingerprint.Of(g.render(shape))
		for _, m := range nearMisses {
			changed := strings.TrimSpace(strings.Replace(" "+shape+" ", " "+m[0]+" ", " "+m[1]+" ", 1))
			if changed == shape {
				continue
			}
			tried[m] = true
			for range 20 {
				if sql := g.render(changed); fingerprint.Of(sql) == want {
					t.Fatalf("%s\n%s\nare one class: %q is\n%s", shape, changed, sql, want)
				}
			}
		}
	}
	for _, m := range nearMisses {
		if !tried[m] {
			t.Errorf("no shape holds %q", m[0])
		}
	}
}

// TestCutStatements: a statement that is cut shows no piece of a literal, and
// however many literals it was cut in, it belongs to one of few classes: at most
// one for each token of its shape.
func TestCutStatements(t *testing.T) {
	g := newRenderer(t)
	for _, shape := range shapes {
		classes := map[string]bool{}
		for range 10 {
			sql := []byte(g.render(shape))
			for n := range sql {
				fp := string(fingerprint.Append(nil, sql[:n], true))
				if leaks(fp) || leaks(fingerprint.Of(string(sql[:n]))) {
					t.Fatalf("%q leaks into\n%s\n%s", sql[:n], fp, fingerprint.Of(string(sql[:n])))
				}
				classes[fp] = true
			}
		}
		if limit := 2 * len(strings.Fields(shape)); len(classes) > limit {
			t.Errorf("%s: cut, it falls into %d classes, want %d at most:", shape, len(classes), limit)
			for c := range classes {
				t.Logf("    %s", c)
			}
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	g := &renderer{r: rand.New(rand.NewPCG(1, 2))}
	inputs := map[string][]byte{
		"select": []byte("SELECT o.id, o.total FROM orders AS o WHERE o.user_id = 4711 AND o.status IN ('paid', 'sent') ORDER BY o.created DESC LIMIT 20, 10"),
		"insert": []byte("INSERT INTO items_2024 (order_id, sku, qty) VALUES " + strings.Repeat("(4711, 'sku-0815', 3), ", 5000) + "(1, 'x', 2)"),
		"string": []byte("UPDATE t SET note = '" + strings.Repeat("lorem ipsum ", 10000) + "' WHERE id = 5"),
		"random": []byte(g.render(shapes[1])),
	}
	for name, sql := range inputs {
		for call, do := range map[string]func(dst []byte) []byte{
			"fingerprint": func(dst []byte) []byte { return fingerprint.Append(dst, sql, false) },
			"skeleton":    func(dst []byte) []byte { dst, _, _ = fingerprint.AppendSkeleton(dst, sql); return dst },
		} {
			b.Run(name+"/"+call, func(b *testing.B) {
				b.SetBytes(int64(len(sql)))
				b.ReportAllocs()
				var dst []byte
				for b.Loop() {
					dst = do(dst[:0])
				}
			})
		}
	}
}
