package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"slowdigest/parser/fingerprint"
)

// Every literal of a generated statement holds one of these, and no name does.
const (
	canaryWord   = "zqk"
	canaryNumber = "904175"
)

// sqlMode is how a server and its clients write and read strings. The log does
// not tell which.
type sqlMode struct {
	name string
	ansi bool // names are in double quotes, and strings only in single ones
	bare bool // NO_BACKSLASH_ESCAPES: a backslash is a character
	// wide has strings of SJIS, whose second byte may be a backslash. RDS writes a
	// question mark in the place of the first.
	wide bool
	// misquoted has an apostrophe that ends its string too early.
	misquoted bool
	mostEarly float64 // share of the fingerprints of whole statements that may end early
}

var sqlModes = []sqlMode{
	{name: "default", mostEarly: 0.001},
	{name: "ANSI_QUOTES", ansi: true, mostEarly: 0.001},
	{name: "NO_BACKSLASH_ESCAPES", bare: true, mostEarly: 1},
	{name: "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", ansi: true, bare: true, mostEarly: 1},
	{name: "double-byte", wide: true, mostEarly: 1},
	{name: "misquoted", misquoted: true, mostEarly: 1},
}

// writer makes statements of testdata/grammar.txt.
type writer struct {
	*rand.Rand
	rules map[string][]string
	mode  sqlMode
	evil  func() string // what a name is at times; nil is never
}

func newWriter(t *testing.T, mode sqlMode) *writer {
	t.Helper()
	text, err := os.ReadFile("testdata/grammar.txt")
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{rand.New(rand.NewPCG(seed(t), uint64(len(mode.name)))), map[string][]string{}, mode, nil}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if rule, form, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			w.rules[rule] = append(w.rules[rule], form)
		}
	}
	return w
}

// seed is fixed unless SLOWDIGEST_SEED asks for another.
func seed(t *testing.T) uint64 {
	t.Helper()
	given := os.Getenv("SLOWDIGEST_SEED")
	if given == "" {
		return 1
	}
	n, err := strconv.ParseUint(given, 10, 64)
	if err != nil {
		t.Fatalf("read SLOWDIGEST_SEED: %v", err)
	}
	return n
}

var blank = regexp.MustCompile(`\{[a-z]+\}| `)

// statement is one with comments anywhere, as clients and people write them.
func (w *writer) statement() string {
	sql := w.write("{stmt}", 0)
	if w.IntN(4) == 0 {
		sql = w.comment() + sql
	}
	if w.IntN(3) == 0 {
		sql += strings.TrimSuffix(w.some(" ", "", "\n")+w.comment(), w.some("\n", ""))
	}
	return sql
}

// comment has quotes that end nowhere, more often than not. It is of several words, for one that is a
// name is shown: see package tags.
func (w *writer) comment() string {
	text := w.some("for ", "don't ", "it's ", "by o'", `5" of `, "'til ", "'a' ", "`", `\'`, `\`, "'") + canaryWord + w.letters() +
		w.some("", "", "'", `"`, `" o'`, "')", "', '")
	return w.some("/* "+text+" */", "/*"+text+"*/", "-- "+text+"\n", "--\t"+text+"\n", "# "+text+"\n", "#"+text+"\n")
}

// write fills in a form. Deep inside, the first form of a rule ends the recursion.
func (w *writer) write(form string, depth int) string {
	return blank.ReplaceAllStringFunc(form, func(b string) string {
		if b == " " {
			if w.IntN(40) == 0 && !strings.Contains(form, "/*") {
				return w.some(" ", "") + w.comment() + w.some(" ", "")
			}
			return b
		}
		switch name := b[1 : len(b)-1]; name {
		case "s":
			return w.text(w.mode.misquoted && w.IntN(8) == 0)
		case "q": // where only single quotes are allowed
			return "'" + canaryWord + w.some("", " 10:00", "-x") + "'"
		case "n":
			return canaryNumber + w.some("", "1", "22", ".5", "e3", "e-3", ".25e+1")
		case "hex":
			return canaryNumber + w.some("ab", "AF", "00")
		case "word":
			return canaryWord + w.letters()
		case "id":
			return w.name()
		case "var":
			if w.evil != nil {
				return "`" + w.evil() + "`"
			}
			return w.some("a", "row_no", "`x y`")
		case "comment":
			return w.comment()
		default:
			forms := w.rules[name]
			if len(forms) == 0 {
				panic("no rule " + name)
			}
			form := forms[0]
			if depth < 5 {
				form = forms[w.IntN(len(forms))]
			}
			return w.write(form, depth+1)
		}
	})
}

func (w *writer) some(of ...string) string { return of[w.IntN(len(of))] }

func (w *writer) letters() string {
	b := make([]byte, w.IntN(6))
	for i := range b {
		b[i] = "abcdefghijlmnoprstuvwxy"[w.IntN(23)]
	}
	return string(b)
}

func (w *writer) name() string {
	n := w.some("orders", "customers", "id", "name", "line_no", "added_at", "t", "o", "Überschrift", "a$b")
	switch {
	case w.evil != nil && w.IntN(4) == 0:
		return "`" + strings.ReplaceAll(w.evil(), "`", "``") + "`"
	case w.mode.ansi && w.IntN(3) == 0:
		return `"` + n + `"`
	case w.IntN(4) == 0:
		return "`" + n + "`"
	}
	return n
}

// text is a string with a canary at each place where a wrong reading would take
// what follows for code.
func (w *writer) text(misquoted bool) string {
	q := "'"
	if !w.mode.ansi && w.IntN(4) == 0 {
		q = `"`
	}
	var b strings.Builder
	b.WriteString(q)
	for range 1 + w.IntN(3) {
		b.WriteString(w.some("", "", " ", ", ", "-", "/* ", "/*"+canaryWord+"*/", "/*job:"+canaryWord+"*/", "# ", "-- ", "(", "; ", "%", map[string]string{"'": `{"a": `, `"`: "{'a': "}[q], "select ", " and "))
		b.WriteString(canaryWord + w.letters())
		switch w.IntN(12) {
		case 0:
			b.WriteString(w.apostrophe(q))
		case 1:
			b.WriteString(map[string]string{"'": `"`, `"`: "'"}[q]) // the other quote needs nothing
		case 2:
			b.WriteString(w.backslash(q))
		case 3:
			b.WriteString("`")
		case 4:
			b.WriteString(w.some("é", "日本", "?", "\n", "\t"))
		}
	}
	if misquoted {
		b.WriteString(w.some("s'", "'") + w.some(" ", "s ", ", ", "", " */ ", " */#", " - - {", ") {", "; ", ";`", "';`", " [", " = / ", " ,, ") +
			canaryWord + w.letters() + w.some("", "", "", "`", "]", "} "))
	}
	return b.String() + q
}

// apostrophe is the string's own quote within it, and what comes after.
func (w *writer) apostrophe(q string) string {
	if w.mode.bare || w.mode.wide || w.IntN(3) == 0 {
		return q + q + w.some("s ", " ", "")
	}
	return `\` + q + w.some("s ", "s ", "t ", " ")
}

// backslash is a backslash that is a character of the string.
func (w *writer) backslash(q string) string {
	switch {
	case w.mode.bare:
		return w.some(`\`, `\\`, `:\`, `\n`, `\.`) + w.some("", "", canaryWord)
	case w.mode.wide: // ソ, 表 and 能, as RDS leaves them
		return w.some("?\\", "\x83\\", "\x95\\", "?\\?\\")
	}
	return w.some(`\\`, `\\\\`, `\n`, `\%`, `\0`, `\Z`)
}

func leaked(text []byte) bool {
	return bytes.Contains(bytes.ToLower(text), []byte(canaryWord)) || bytes.Contains(text, []byte(canaryNumber))
}

const statementsOfMode = 100_000

// No fingerprint holds a literal, whatever the SQL mode of the session was and
// wherever the statement was cut.
func TestNoLiteralInFingerprint(t *testing.T) {
	for _, mode := range sqlModes {
		t.Run(mode.name, func(t *testing.T) {
			w := newWriter(t, mode)
			n := statementsOfMode
			if testing.Short() {
				n /= 20
			}
			early, leaks := 0, 0
			check := func(sql string, cut bool) []byte {
				fp := fingerprint.Append(nil, []byte(sql), cut)
				if leaked(fp) {
					if leaks++; leaks <= 5 {
						t.Errorf("%q (cut: %v) has the fingerprint %q", sql, cut, fp)
					}
				}
				if s, _, ok := fingerprint.AppendSkeleton(nil, []byte(sql)); ok && !cut {
					ends := mode.misquoted || bytes.HasSuffix(fp, []byte(fingerprint.EndsEarly)) // before what the skeleton may hold
					if again := fingerprint.Append(nil, s, false); !ends && bytes.Contains(s, []byte(canaryWord)) || !bytes.Equal(again, fp) {
						t.Errorf("%q has the skeleton %q\nand the fingerprint %q\nand not %q", sql, s, fp, again)
					}
				}
				return fp
			}
			for range n {
				sql := w.statement()
				if bytes.HasSuffix(check(sql, false), []byte(fingerprint.EndsEarly)) {
					early++
				}
				at := w.IntN(len(sql) + 1)
				check(sql[:at], true)
				check(sql[:at]+"[Your log message was truncated]", false)
			}
			share := float64(early) / float64(n)
			t.Logf("of %d fingerprints %.3f %% end early", n, 100*share)
			if share > mode.mostEarly {
				t.Errorf("of %d fingerprints %.3f %% end early, and %.3f %% may", n, 100*share, 100*mode.mostEarly)
			}
			if leaks > 5 {
				t.Errorf("%d leaks", leaks)
			}
		})
	}
}

// No output holds a literal of a log, whole entries and cut ones, of any mode.
func TestNoLiteralInOutputs(t *testing.T) {
	const entries, logs = 400, 5
	for _, mode := range sqlModes {
		t.Run(mode.name, func(t *testing.T) {
			w := newWriter(t, mode)
			for range logs {
				path := filepath.Join(t.TempDir(), "slow.log")
				if err := os.WriteFile(path, w.log(entries), 0o600); err != nil {
					t.Fatal(err)
				}
				checkNoCanary(t, path)
			}
		})
	}
}

// log is a slow log in which every fourth entry is cut: by RDS, which writes its
// mark, or where the disk was full.
func (w *writer) log(entries int) []byte {
	var b bytes.Buffer
	for i := range entries {
		sql := w.statement()
		end := ";\n"
		switch at := w.IntN(len(sql) + 1); w.IntN(8) {
		case 0:
			sql, end = sql[:at], " [Your log message was truncated]\n"
		case 1:
			sql, end = sql[:at], "\n"
		}
		fmt.Fprintf(&b, "# Time: 2026-11-23T10:%02d:%02d.000000Z\n# User@Host: app[app] @  [10.0.0.1]  Id: %d\n"+
			"# Query_time: 0.500000  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 2\nSET timestamp=%d;\n%s%s",
			i/60%60, i%60, i, 1795428000+i, sql, end)
	}
	return b.Bytes()
}
