package explain

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

const header = Prefix + "id\tselect_type\ttable\ttype\tpossible_keys\tkey\tkey_len\tref\trows\tr_rows\tfiltered\tr_filtered\tExtra\n"

// plan writes lines of a plan, the fields of each with | between them.
func plan(rows ...string) []byte {
	text := header
	for _, r := range rows {
		text += Prefix + strings.ReplaceAll(r, "¦", "\t") + "\n"
	}
	return []byte(text)
}

// shown writes a plan in short.
func shown(p Plan) string {
	if p.Shape == nil {
		return ""
	}
	var out []string
	for i, r := range p.Shape.Rows {
		n := p.Numbers[i]
		s := fmt.Sprintf("%s %s %s %s (%s)", r.Select, r.Table, r.Type, r.Key, r.Ref)
		if r.Times > 0 {
			s += fmt.Sprintf(" x%d", r.Times)
		}
		out = append(out, fmt.Sprintf("%s [%s] %v/%v %v/%v", s, strings.Join(r.Extra, "; "), n.Read, n.Rows, n.ReadFiltered, n.Filtered))
	}
	if p.Shape.More > 0 {
		out = append(out, fmt.Sprint("and ", p.Shape.More))
	}
	return strings.Join(out, "\n")
}

func TestRead(t *testing.T) {
	var r Reader
	for _, test := range []struct {
		name, want string
		rows       []string
	}{
		{"scan", "SIMPLE orders ALL  () [Using where] 2.8065e+06/2.8065e+06 0/100", []string{"1¦SIMPLE¦orders¦ALL¦NULL¦NULL¦NULL¦NULL¦2806500¦2806500.00¦100.00¦0.00¦Using where"}},
		{"const", "SIMPLE orders const PRIMARY (const) [] -1/1 -1/100", []string{"1¦SIMPLE¦orders¦const¦PRIMARY¦PRIMARY¦4¦const¦1¦NULL¦100.00¦NULL¦"}},
		{"join", "SIMPLE o ref idx_status (const) [Using index condition; Using where] 200/200 100/100\nSIMPLE c eq_ref PRIMARY (o.customer_id) [] 0.02/1 100/100",
			[]string{"1¦SIMPLE¦o¦ref¦idx_customer,idx_status¦idx_status¦13¦const¦200¦200.00¦100.00¦100.00¦Using index condition; Using where",
				"1¦SIMPLE¦c¦eq_ref¦PRIMARY¦PRIMARY¦4¦shop.o.customer_id¦1¦0.02¦100.00¦100.00¦"}},
		{"index_merge", "SIMPLE orders index_merge a,b () [Using union; Using where] 60/60 100/100", []string{"1¦SIMPLE¦orders¦index_merge¦a,b¦a,b¦5,5¦NULL¦60¦60.00¦100.00¦100.00¦Using union(a,b); Using where"}},
		{"filter", "SIMPLE l ref|filter k1|k2 (o.id) [Using where; Using rowid filter] 10/100 90/50", []string{"1¦SIMPLE¦l¦ref|filter¦k1,k2¦k1|k2¦4|5¦db.o.id¦100 (5%)¦10.00 (3%)¦50.00¦90.00¦Using where; Using rowid filter"}},
		{"hash join", "SIMPLE b hash_ALL #hash#$hj (a.x) [Using where; Using join buffer (flat, BNLH join)] 9/9 100/10",
			[]string{"1¦SIMPLE¦b¦hash_ALL¦NULL¦#hash#$hj¦5¦db.a.x¦9¦9.00¦10.00¦100.00¦Using where; Using join buffer (flat, BNLH join)"}},
		{"derived, digits", "PRIMARY <derived> ALL  () [] 500/20001 100/100\nDERIVED orders_? index idx_12 () [Using index] 20000/20001 100/100",
			[]string{"1¦PRIMARY¦<derived2>¦ALL¦NULL¦NULL¦NULL¦NULL¦20001¦500.00¦100.00¦100.00¦", "2¦DERIVED¦orders_12¦index¦NULL¦idx_12¦5¦NULL¦20001¦20000.00¦100.00¦100.00¦Using index"}},
		{"rows that are alike", "PRIMARY t? const PRIMARY (const) [] -1/1 -1/100\nUNION t? const PRIMARY (const) x3 [] 4/3 100/100\nUNION RESULT <union> ALL  () [Using filesort] -1/-1 -1/-1",
			[]string{"1¦PRIMARY¦t1¦const¦PRIMARY¦PRIMARY¦4¦const¦1¦NULL¦100.00¦NULL¦", "2¦UNION¦t2¦const¦PRIMARY¦PRIMARY¦4¦const¦1¦1.00¦100.00¦100.00¦",
				"3¦UNION¦t3¦const¦PRIMARY¦PRIMARY¦4¦const¦1¦NULL¦100.00¦NULL¦", "4¦UNION¦t4¦const¦PRIMARY¦PRIMARY¦4¦const¦1¦3.00¦100.00¦100.00¦",
				"NULL¦UNION RESULT¦<union1,2,...>¦ALL¦NULL¦NULL¦NULL¦NULL¦NULL¦26.00¦NULL¦NULL¦Using filesort"}},
		{"no table", "", []string{"1¦SIMPLE¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦No tables used"}},
		{"no row", "SIMPLE    () [Impossible WHERE] -1/-1 -1/-1", []string{"1¦SIMPLE¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦Impossible WHERE"}},
		{"insert", "", []string{"1¦INSERT¦many¦ALL¦NULL¦NULL¦NULL¦NULL¦NULL¦NULL¦100.00¦100.00¦NULL"}},
		{"insert of a select", "PRIMARY c index k () [Using index] 5/5 100/100", []string{"1¦PRIMARY¦c¦index¦NULL¦k¦5¦NULL¦5¦5.00¦100.00¦100.00¦Using index"}},
		{"name of another form", "SIMPLE ? ref ? (?) [] 1/1 100/100", []string{"1¦SIMPLE¦it's secret¦ref¦NULL¦'secret'¦5¦'secret'¦1¦1.00¦100.00¦100.00¦secret; Using secret"}},
		{"column of another form", "SIMPLE t ref k (?,const,?) [] 1/1 100/100", []string{"1¦SIMPLE¦t¦ref¦NULL¦k¦5¦a b.c d,const,x¦1¦1.00¦100.00¦100.00¦"}},
		{"other words", " t   () [] -1/-1 -1/-1", []string{"1¦secret¦t¦secret¦secret¦NULL¦secret¦NULL¦secret¦1e3¦-1¦0x10¦secret"}},
		{"tab in a name", "", []string{"1¦SIMPLE¦we¦ird¦ref¦NULL¦k¦5¦const¦1¦1.00¦100.00¦100.00¦"}},
		{"too few", "", []string{"1¦SIMPLE¦a"}},
		{"one line is bad", "", []string{"1¦SIMPLE¦t¦ALL¦NULL¦NULL¦NULL¦NULL¦1¦1.00¦1.00¦1.00¦", "1¦SIMPLE¦a"}},
		{"none", "", nil},
	} {
		for range 2 { // the second time it is known
			if got := shown(r.Read(plan(test.rows...), nil)); got != test.want {
				t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
			}
		}
	}
}

// The columns are those that the first line names: MariaDB 10.0 has no numbers of what was read, 10.1 has whole ones, and
// EXPLAIN PARTITIONS has one more.
func TestVersions(t *testing.T) {
	var r Reader
	for _, test := range []struct{ columns, row, want string }{
		{"id|select_type|table|type|possible_keys|key|key_len|ref|rows|Extra", "1|SIMPLE|t|ref|k|k|5|const|7|Using where", "SIMPLE t ref k (const) [Using where] -1/7 -1/-1"},
		{"id|select_type|table|type|possible_keys|key|key_len|ref|rows|r_rows|filtered|r_filtered|Extra", "1|SIMPLE|t|ref|k|k|5|const|7|8|100.00|50.00|", "SIMPLE t ref k (const) [] 8/7 50/100"},
		{"id|select_type|table|partitions|type|possible_keys|key|key_len|ref|rows|Extra", "1|SIMPLE|t|p0,secret|ref|k|k|5|const|7|", "SIMPLE t ref k (const) [] -1/7 -1/-1"},
		{"id|select_type|type|key|rows", "1|SIMPLE|ref|k|7", ""},
		{"secret|table|type|key|rows", "1|t|ref|k|7", ""},
	} {
		tabs := func(s string) string { return Prefix + strings.ReplaceAll(s, "|", "\t") }
		for _, end := range []string{"\n", "\r\n"} {
			if got := shown(r.Read([]byte(tabs(test.columns)+end+tabs(test.row)+end), nil)); got != test.want {
				t.Errorf("%s:\n%s\nwant\n%s", test.columns, got, test.want)
			}
		}
	}
	if got := r.Read([]byte(header), nil); got.Shape != nil {
		t.Error("a plan without rows")
	}
}

// A name can hold a line feed and what looks like a line: then the statement holds it too.
func TestForged(t *testing.T) {
	var r Reader
	lines := plan("1¦SIMPLE¦a¦ALL¦NULL¦NULL¦NULL¦NULL¦1¦1.00¦1.00¦1.00¦", "1¦SIMPLE¦b¦ALL¦NULL¦NULL¦NULL¦NULL¦1¦1.00¦1.00¦1.00¦")
	if r.Read(lines, []byte("select 1 from t")).Shape == nil {
		t.Error("no plan")
	}
	if r.Read(lines, []byte("select 1 from t `a\tALL\n# explain: 1\tSIMPLE\tb`")).Shape != nil {
		t.Error("a plan that the statement has written")
	}
}

// Of long plans the first rows are kept and the others counted, a Reader forgets, and a plan that is known costs no memory but
// that of its numbers.
func TestBounds(t *testing.T) {
	var rows []string
	for i := range 3 * MaxRows {
		rows = append(rows, fmt.Sprintf("1¦SIMPLE¦%c%c¦ALL¦NULL¦NULL¦NULL¦NULL¦1¦1.00¦1.00¦1.00¦", 'a'+i/26, 'a'+i%26))
	}
	var r Reader
	long := r.Read(plan(rows...), nil)
	if len(long.Shape.Rows) != MaxRows || len(long.Numbers) != MaxRows || long.Shape.More != 2*MaxRows {
		t.Errorf("%d rows and %d more", len(long.Shape.Rows), long.Shape.More)
	}
	rows[2*MaxRows] = strings.Replace(rows[2*MaxRows], "ALL", "index", 1)
	if r.Read(plan(rows...), nil).Shape.ID == long.Shape.ID {
		t.Error("what is not kept makes no difference")
	}
	for i := range 20_000 {
		p := r.Read(plan(fmt.Sprintf("1¦SIMPLE¦t¦ref¦NULL¦key_%d¦5¦const¦1¦1.00¦100.00¦100.00¦", i)), nil)
		if p.Shape.Rows[0].Key != fmt.Sprint("key_", i) {
			t.Fatal(p.Shape.Rows)
		}
		if r.used > memory+MaxText || len(r.known) > memory/cost || len(r.tables) > memory/cost {
			t.Fatalf("%d bytes for %d plans and %d tables", r.used, len(r.known), len(r.tables))
		}
	}
	lines := plan("1¦SIMPLE¦o¦ref¦a,b¦a¦13¦const¦200¦200.00¦100.00¦100.00¦Using where", "1¦SIMPLE¦c¦eq_ref¦PRIMARY¦PRIMARY¦4¦shop.o.id¦1¦1.00¦100.00¦100.00¦")
	r.Read(lines, nil)
	if n := testing.AllocsPerRun(1000, func() { r.Read(lines, nil) }); n > 0.1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRead(b *testing.B) {
	lines := plan("1¦SIMPLE¦o¦ref¦a,b¦a¦13¦const¦200¦200.00¦100.00¦100.00¦Using where", "1¦SIMPLE¦c¦eq_ref¦PRIMARY¦PRIMARY¦4¦shop.o.id¦1¦1.00¦100.00¦100.00¦")
	var r Reader
	b.ReportAllocs()
	for b.Loop() {
		r.Read(lines, []byte("select 1 from orders o join customers c on c.id = o.customer_id"))
	}
}

// known words, and names in the form of names: nothing else comes out, whatever the lines are, and again when they are known.
func FuzzRead(f *testing.F) {
	f.Add([]byte(header[len(Prefix):]), []byte("1\tSIMPLE\torders\tALL\tNULL\tNULL\tNULL\tNULL\t2806500\t2806500.00\t100.00\t0.00\tUsing where"), []byte("select 1"))
	f.Add([]byte(header[len(Prefix):]), []byte("1\tSIMPLE\tl\tref|filter\tk1,k2\tk1|#hash#k2:x\t4|5\ta.b-1.c,const\t100 (5%)\t10.00 (3%)\t50.00\t90.00\tFirstMatch(a); Using union(a,b)\n"+
		"# explain: 2\tUNION RESULT\t<union1,2>\tALL\tNULL\tNULL\tNULL\tNULL\tNULL\t1.00\tNULL\tNULL\t"), []byte(""))
	f.Add([]byte("id\ttable\ttable\ttype\tkey\tExtra\r\n"), []byte("\t\xff\t'\t\tit's\t\r"), []byte("# explain: "))
	f.Fuzz(func(t *testing.T, columns, row, sql []byte) {
		lines := append(append([]byte(Prefix), columns...), '\n')
		lines = append(append(append(lines, Prefix...), row...), '\n')
		var r Reader
		p := r.Read(lines, sql)
		if again := r.Read(lines, sql); shown(again) != shown(p) {
			t.Errorf("%s\nand then\n%s", shown(p), shown(again))
		}
		if p.Shape == nil {
			return
		}
		if bytes.Contains(sql, []byte(Prefix)) {
			t.Error("a plan that the statement may have written")
		}
		if len(p.Shape.Rows) > MaxRows || len(p.Numbers) != len(p.Shape.Rows) {
			t.Errorf("%d rows, numbers of %d", len(p.Shape.Rows), len(p.Numbers))
		}
		for _, row := range p.Shape.Rows {
			check(t, row)
		}
	})
}

// check proves that a row holds only what may come out.
func check(t *testing.T, r Row) {
	t.Helper()
	if r.Select != "" && !strings.Contains("|"+strings.Join(selects, "|")+"|", "|"+r.Select+"|") {
		t.Errorf("select_type %q", r.Select)
	}
	if kind := strings.TrimSuffix(r.Type, "|filter"); kind != "" && !strings.Contains("|"+strings.Join(types, "|")+"|", "|"+kind+"|") {
		t.Errorf("type %q", r.Type)
	}
	for _, e := range r.Extra {
		if all := "|" + strings.Join(extras, "|") + "|" + strings.Join(opened, "|") + "|"; !strings.Contains(all, "|"+e+"|") {
			t.Errorf("extra %q", e)
		}
	}
	for what, names := range map[string]string{"table": strings.Trim(r.Table, "<>"), "key": strings.ReplaceAll(r.Key, "#hash#", ""), "ref": r.Ref} {
		for name := range strings.FieldsFuncSeq(names, func(c rune) bool { return c == ',' || c == '|' || c == ':' || what == "ref" && c == '.' }) {
			if len([]rune(name)) > 64 || strings.ContainsFunc(name, func(c rune) bool {
				return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.Is(unicode.M, c) && !strings.ContainsRune("_$-?", c)
			}) {
				t.Errorf("%s %q", what, name)
			}
			if what == "table" && strings.ContainsAny(name, "0123456789") {
				t.Errorf("%s %q has digits", what, name)
			}
		}
	}
}
