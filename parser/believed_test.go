package parser

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestToldNotBelieved reads the smallest logs of their kind that seemed complete, and in
// which an entry is forged, or one is missing.
func TestToldNotBelieved(t *testing.T) {
	for name, want := range map[string]string{
		"forged-closed-literal": "select 1 from a|insert into c values|select c from t3|" + reasonUndecided,
		"forged-no-escapes":     "select 1 from a|insert into c values|select c from t3|" + reasonUndecided,
		"forged-sjis":           "select 1 from a|insert into c values|select c from t3|" + reasonUndecided,
		"forged-in-comment":     "select 1 from a|select a from t /* x|select c from t3|" + reasonUndecided,
		"forged-after-mark":     "select 1 from a|select a, /* x|select forged from e|select c from t3|" + reasonUndecided,
		"misquoted-twice":       "select 1 from a|select a from t wher|select c from t3|" + reasonUndecided,
		"header-cut":            "select 1 from a|select c from t3|" + reasonBadHeader,
		"no-escapes":            "select 1 from a|call p('\\'', ''/*');|select c from t3|" + reasonUndecided,
	} {
		t.Run(name, func(t *testing.T) {
			log, err := os.ReadFile(filepath.Join("testdata", "reading", name+".log"))
			if err != nil {
				t.Fatal(err)
			}
			if got := statements(t, string(log)); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// TestOtherForms: where a file that is compressed or in UTF-16 is joined to a log, the entry before
// it is whole, it is told where that is, and what comes after it is read.
func TestOtherForms(t *testing.T) {
	r := rand.New(rand.NewPCG(firstSeed(), 0))
	for i := range 1000 {
		d := dialects[i%len(dialects)]
		var rest bytes.Buffer
		z := gzip.NewWriter(&rest)
		for n := range 1 + r.IntN(50) {
			fmt.Fprint(z, d.entry(n, fmt.Sprintf("select %d", r.Uint64())))
		}
		z.Close()
		text := utf16LE(d.entry(3, "select 'x'") + d.entry(4, "select 4"))
		bigEndian := append([]byte{0}, text[:len(text)-1]...)
		whole := d.entry(0, "select 0") + d.entry(1, "select 'it''s'")
		for name, other := range map[string]string{
			"gzip": rest.String(), "bzip2": "BZh91AY&SY\x01\n;\n", "xz": "\xfd7zXZ\x00\x01", "mark": "\xff\xfe" + string(text),
			"big endian": "\xfe\xff" + string(bigEndian), "without mark": string(text), "big endian, without mark": string(bigEndian),
		} {
			after := ""
			if i%2 == 0 {
				after = "\n" + d.entry(5, "select 5")
			}
			events, stats := readAll(t, strings.NewReader(d.banner+whole+other+after), Options{})
			n := 2 + (1+i)%2
			if len(events) != n || string(events[1].SQL) != "select 'it''s'" || stats.Complete() || len(stats.Problems) != 1 ||
				stats.Problems[0].Reason != reasonForm || stats.Problems[0].Offsets[0] != int64(len(d.banner)+len(whole)) {
				t.Fatalf("%s: %d events, %+v", name, len(events), stats)
			}
		}
	}
}

// TestForgedNames: a name of a schema or a routine can hold what looks like a header, and a
// host's a Query_time: they are names, and set no time.
func TestForgedNames(t *testing.T) {
	for name, want := range map[string]string{
		"forged-schema":  "select 1 from a|select 2 from b|select c from t3",
		"forged-routine": "select 1 from a|select 2 from b|select 5 from e",
		"forged-host":    "select 1|select c from t3",
	} {
		log, err := os.ReadFile(filepath.Join("testdata", "reading", name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		if got := statements(t, string(log)); got != want {
			t.Errorf("%s: got  %q\nwant %q", name, got, want)
		}
	}
	mysql, maria := dialects[0], dialects[2]
	r := rand.New(rand.NewPCG(firstSeed(), 0))
	for range 5000 {
		name := "x"
		for n := r.IntN(6); n > 0; n-- {
			pieces := []string{";\n", "\n", "# User@Host: a[] @ h []\n", "# Query_time: 99999\n", "# Time: 1\n", "select evil;\n", " ", "y", "SET x;\n", "use z;\n"}
			if more := name + pieces[r.IntN(len(pieces))]; len(more) < maxSchema {
				name = more
			}
		}
		name += "x"
		log := mysql.entry(0, "select 0") + strings.Replace(mysql.entry(1, "select 1"), "SET ", "use "+name+";\nSET ", 1) + mysql.entry(2, "select 2")
		events, stats := readAll(t, strings.NewReader(log), Options{})
		if len(events) != 3 || events[1].Schema != name || string(events[1].SQL) != "select 1" || !stats.Complete() {
			t.Fatalf("schema %q: %+v %+v", name, events, stats)
		}
		log = maria.banner + maria.entry(0, "select 0") + strings.Replace(maria.entry(1, "select 1"), "SET ", "# Stored_routine: shop."+name+"\nSET ", 1) + maria.entry(2, "select 2")
		events, stats = readAll(t, strings.NewReader(log), Options{})
		if len(events) != 3 || string(events[1].SQL) != "select 1" || events[1].QueryTime != 0.25 || !stats.Complete() && !strings.Contains(name, "# User@Host") { // which is told
			t.Fatalf("routine %q: %+v %+v", name, events, stats)
		}
	}
}

// forger writes statements of which somebody controls one literal, and puts entries into
// it that fit the log.
type forger struct {
	*rand.Rand
	dialect
	m escapes // of the server
}

func (f *forger) pick(from ...string) string { return from[f.IntN(len(from))] }

// text is what somebody stores in the database.
func (f *forger) text(n int) string {
	var b strings.Builder
	for range 1 + f.IntN(5) {
		if f.IntN(3) == 0 {
			b.WriteString(f.pick("x", "'", `"`, "`", `\`, "''", `\\`, "/*", "*/", "-- ", "#", "\n", ";\n", ";", ", ", cutMarker+"\n", "\n==> b <==\n", banner, "\x00", "\r\n", "\x95\\"))
			continue
		}
		sql := "select forged from evil"
		for range f.IntN(3) {
			sql += f.pick(" where a = 'x'", ", 'x", " -- ", " /* ", `\`, "'", ` and b = "`, "`", ", (", " = 'it", ", b", " # ", " where a = ", " like ")
		}
		entry := f.entry(n+f.IntN(2), sql)
		b.WriteString(f.pick("", "\n", ";\n") + strings.TrimSuffix(entry, ";\n") + f.pick(";\n", ";\n", "", "\n", "; "))
	}
	return b.String()
}

// literal writes a text as a client of the server writes it.
func (f *forger) literal(text string) string {
	q := f.pick("'", "'", `"`, "`")
	switch {
	case q == "`":
	case f.m == usual:
		text = strings.ReplaceAll(text, `\`, `\\`)
	case f.m == multibyte:
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), "\x95\\\\", "\x95\\")
	}
	if q != "`" && f.m != none && f.IntN(2) == 0 {
		return q + strings.ReplaceAll(text, q, `\`+q) + q
	}
	return q + strings.ReplaceAll(text, q, q+q) + q
}

// TestForgersLiteral: an entry that somebody puts into one literal is not believed if
// the log is said to be complete, whatever the server takes for an escape.
func TestForgersLiteral(t *testing.T) {
	believed, lost, logs, doubts := [readingsOfEscapes]int{}, 0, 0, 0
	for seed := firstSeed(); logs < 20_000; seed++ {
		logs++
		r := rand.New(rand.NewPCG(seed, 0))
		f := &forger{r, dialects[r.IntN(len(dialects))], escapes(r.IntN(int(readingsOfEscapes)))}
		log := f.banner
		n := 5 + r.IntN(4)
		for i := range n {
			sql := ordinary[r.IntN(len(ordinary))]
			if f.m == none {
				sql = "select 'it''s' from t"
			}
			if i == 2 {
				l := f.literal(f.text(i))
				sql = f.pick("select a, "+l+" from t", "insert into t values (5, "+l+", 6)", "update t set a = "+l+" where b = 5", "select "+l)
			}
			log += f.entry(i, sql)
		}
		events, stats := readAll(t, strings.NewReader(log), Options{})
		forged := 0
		for _, e := range events {
			if bytes.HasPrefix(e.SQL, []byte("select forged")) {
				forged++
			}
		}
		if !stats.Complete() {
			doubts++
		}
		if forged > 0 {
			believed[f.m]++
		}
		if missing := len(events)-forged < n; missing {
			lost++
		}
		if stats.Complete() && len(events) != n {
			t.Fatalf("seed %d: %d entries of %d are complete, %d forged: %s", seed, len(events), n, forged, log)
		}
	}
	t.Logf("of %d logs, %d are in doubt, %d have entries lost, and %v forged", logs, doubts, lost, believed)
	if believed[usual] > 5 || believed[none]+believed[multibyte] > 60 || lost > 60 {
		t.Errorf("of %d logs, %d have entries lost, and %v forged", logs, lost, believed)
	}
}

// odd is a statement in which quotes, comments and backslashes stand as they fall, as in
// those that could not be parsed, or of servers that take other backslashes for escapes.
func odd(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString([]string{"select ", "insert into t values (", "update t set a = ", ""}[r.IntN(4)])
	pieces := []string{"'", "'", "'", `"`, "`", `\`, `\'`, "''", "/*", "*/", "-- ", "#", "\x95\\", "?\\", "it", "'s ", " = ", ", ", "a", " ", "\n", ";\n", "(", ")", "5", "like 'x%'", "'y', ", "= 'z'"}
	for range 1 + r.IntN(8) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// TestOddStatements: whatever quotes stand in the statements of a log, each entry is read,
// or the log is not said to be complete.
func TestOddStatements(t *testing.T) {
	written, lost, told, logs := 0, 0, 0, 0
	for seed := firstSeed(); logs < 20_000 && !t.Failed(); seed++ {
		logs++
		r := rand.New(rand.NewPCG(seed, 1))
		d := dialects[r.IntN(len(dialects))]
		log := d.banner
		n := 2 + r.IntN(12)
		for i := range n {
			sql := ordinary[r.IntN(len(ordinary))]
			if r.IntN(3) == 0 {
				sql = odd(r)
			}
			log += d.entry(i, sql)
		}
		events, stats := readAll(t, strings.NewReader(log), Options{})
		read := 0
		for _, e := range events {
			if e.User == "app" {
				read++
			}
		}
		if written, lost = written+n, lost+n-read; !stats.Complete() {
			told++
		} else if read != n {
			t.Errorf("seed %d: %d of %d entries are said to be complete: %s", seed, read, n, log)
		}
	}
	t.Logf("%d logs, %d in doubt; of %d entries, %d are not read", logs, told, written, lost)
}
