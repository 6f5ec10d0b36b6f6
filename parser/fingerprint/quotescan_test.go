package fingerprint

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestQuotes states where what begins a text ends: at the bar. Without a bar it
// has no end.
func TestQuotes(t *testing.T) {
	for _, row := range []struct {
		text string
		q    Quote // the first that is not code
	}{
		{`'a'|b`, InSingle}, {`"a"|'`, InDouble}, {"`a`|'", InTick}, {"'a", InSingle}, {"'", InSingle}, {"''|", InSingle}, {"''' ", InSingle}, {"''''|", InSingle},
		{`'a''b'| 'c'`, InSingle}, {`'a\'b'|`, InSingle}, {`'a\\'|b'`, InSingle}, {`'a\\\'b'|`, InSingle}, {`'a\`, InSingle}, {`'a\'`, InSingle},
		{`"a""b"|"`[:7], InDouble}, {`"a'b"|`, InDouble}, {`"a\"b"|`, InDouble}, {"`a``b`|", InTick}, {"`a\\`|b`", InTick}, {"`a'\"`|", InTick},
		{"# it's\n|", InLine}, {"# it's", InLine}, {"-- a\n|'", InLine}, {"--\n|", InLine}, {"--\x01'\n|", InLine}, {"--\x7f'\n|", InLine}, {"--", InLine},
		{"/* ' */|", InComment}, {"/**/|", InComment}, {"/*/ */|", InComment}, {"/* a", InComment}, {"/* a *", InComment}, {"/*M */|", InComment}, {"/*m!' */|", InComment},
		{"/*!' */'|", InSingle}, {"/*!50000 ' */'|", InSingle}, {"/*M! it's */|'", InComment}, {"/*M!' */|'", InComment}, {"--a 'b'|", InSingle}, {"-'b'|", InSingle}, {"/'b'|", InSingle}, {"*/'b'|", InSingle},
		{"---  'b\n|", InLine}, {"-/* */|", InComment}, {"a - b / c", InCode}, {"/*!", InCode}, {"/*M!", InComment},
	} {
		sql, rest, closed := strings.Cut(row.text, "|")
		all := []byte(sql + rest)
		i, q := NextQuote(all, 0, len(all), InCode)
		if q != row.q {
			t.Errorf("%q begins %q, want %q", sql, q, row.q)
		}
		if i, q = NextQuote(all, i, len(all), q); closed && (i != len(sql) || q != InCode) || !closed && (q != row.q || i < len(sql)) {
			t.Errorf("%q ends at %d in %q", sql, i, q)
		}
	}
}

// quoteText returns a random text of what begins, holds and ends quoted text.
func quoteText(r *rand.Rand) []byte {
	pieces := []string{"'", "'", "''", `"`, `""`, "`", "``", `\`, `\\`, `\'`, "-", "--", "-- ", "--\x7f", "#", "\n", "/", "*", "/*", "*/", "/*!", "/*M!", "M!", " ", ",", "a", "12345678", "é\x00", strings.Repeat("b", 29)}
	var b []byte
	for range r.IntN(20) {
		b = append(b, pieces[r.IntN(len(pieces))]...)
	}
	return b
}

// TestFastPaths: what is read quickly is read as NextQuote reads it, and NextQuote reads
// as much at once as in pieces.
func TestFastPaths(t *testing.T) {
	r := rand.New(rand.NewPCG(firstSeed(), 0))
	var plainQuotes, plainCode, short int
	for range 200_000 {
		b := quoteText(r)
		end := r.IntN(len(b) + 1)
		code := map[int]bool{} // the indices in code, as NextQuote has it
		i, q := 0, InCode
		for i < end {
			next, to := NextQuote(b, i, end, q)
			if q == InCode {
				begins := next
				if to != InCode {
					begins--
				}
				if to == InComment || to == InLine && b[begins] == '-' {
					begins--
				}
				for ; i <= begins; i++ {
					code[i] = true
				}
			}
			i, q = next, to
		}
		code[i] = q == InCode
		if end > 0 && PlainQuotes(b, 0, end) {
			if plainQuotes++; q != InCode || i != end {
				t.Fatalf("PlainQuotes: %q[:%d] ends at %d in %q", b, end, i, q)
			}
		}
		if j := PlainCode(b, 0, end); j > end || !code[j] {
			t.Fatalf("PlainCode: %q[:%d] is not in code at %d", b, end, j)
		} else if j > 0 {
			plainCode++
		}
		at, state := 0, InCode
		for at < end {
			to := min(end, at+1+r.IntN(4))
			at, state = NextQuote(b[:min(len(b), to+3)], at, to, state)
		}
		if at != i || state != q {
			t.Fatalf("%q[:%d] is read to %d in %q, in pieces to %d in %q", b, end, i, q, at, state)
		}
		for i, c := range b {
			if c != '\'' && c != '"' && c != '`' {
				continue
			}
			after, closed, _ := quoted(b, i)
			plain := closed && after-i-2 < maxShort && bytes.IndexByte(b[i+1:after-1], c) < 0 && bytes.IndexByte(b[i+1:after-1], '\\') < 0
			if got := shortQuoted(b, i); plain && got != after || !plain && got >= 0 {
				t.Fatalf("shortQuoted: %q from %d ends at %d, is plain: %v, not at %d", b, i, after, plain, got)
			} else if plain {
				short++
			}
		}
	}
	if min(plainQuotes, plainCode, short) < 1000 {
		t.Errorf("few are plain: %d, %d, %d", plainQuotes, plainCode, short)
	}
}

// TestLexerReadsQuotes: a token of quoted text is where NextQuote says that one is.
func TestLexerReadsQuotes(t *testing.T) {
	r := rand.New(rand.NewPCG(firstSeed(), 0))
	for range 100_000 {
		b := quoteText(r)
		if bytes.Contains(b, []byte("*/*")) {
			continue // only the lexer knows whether that ends a version comment
		}
		var want, got []string
		for i, q := 0, InCode; i < len(b); {
			next, to := NextQuote(b, i, len(b), q)
			if q == InSingle || q == InDouble || q == InTick {
				if to == q && q == InTick {
					break // is not shown
				}
				want = append(want, string(b[i-1:min(next, len(b))]))
			} else if next == len(b) && (to == InSingle || to == InDouble) {
				want = append(want, string(b[next-1:]))
			}
			i, q = next, to
		}
		l, tok := newLexer(b, false), token{}
		for l.next(&tok); tok.kind != endOfSQL; l.next(&tok) {
			if text := b[tok.start:tok.end]; tok.kind == textLiteral || tok.kind == quotedWord {
				got = append(got, string(text))
			}
		}
		if l.unsure >= 0 { // of a comment of MariaDB's, after which nothing is read
			want = want[:min(len(got), len(want))]
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: the lexer reads %q, NextQuote %q", b, got, want)
		}
	}
}

// TestPlainLists: lists and rows that are read at once have the fingerprint that they
// have token by token.
func TestPlainLists(t *testing.T) {
	r := rand.New(rand.NewPCG(firstSeed(), 0))
	begins := []string{"select a from t where b in (", "insert into t values (", "insert into t values row(", "select f(1) in("}
	betweens := []string{"),(", ") , (", "),\n(", "),row(", ") /* c */,(", "),(("}
	pieces := []string{"1", "-1", "+ 2", "1234567", "12345678", "123456789", "1.5", ".5", "1e5", "1E", "1e+", "0x1F", "0xG", "0X1", "1/2", "1a", "null", "NULL", "nul",
		"now()", "now( )", "uuid()", "f(1,'x')", "f(g(1))", "f(1, c)", "(1,2)", "default", "c", "@a", "?", "true", "'x'", "''", "'it''s'", `'a\'b'`, `"x"`, "'a' 'b'", "'a'b", "'",
		"N'x'", "x'41'", "_utf8'x'", "'" + strings.Repeat("y", 40) + "'", "/* c */1", "1-- d\n", " ", "\x7f1", "`n`", "select 1", "1 union", "1 as", "-", ""}
	slow := &formatter{byToken: true}
	plain := 0
	for range 200_000 {
		b := []byte(begins[r.IntN(len(begins))])
		for n := r.IntN(16); n > 0; n-- {
			b = append(b, pieces[r.IntN(len(pieces))]...)
			switch r.IntN(8) {
			case 0:
				b = append(b, betweens[r.IntN(len(betweens))]...)
			case 1, 2, 3, 4:
				b = append(b, ',')
			case 5:
				b = append(b, ", "...)
			}
		}
		b = append(b, []string{")", "", ") on duplicate key update a = values(a)", "));select 1"}[r.IntN(4)]...)
		cut := r.IntN(4) == 0
		want, got := slow.format(nil, b, cut), new(formatter).format(nil, b, cut)
		if !bytes.Equal(got, want) {
			t.Fatalf("%q, cut %v:\n%s, token by token\n%s", b, cut, got, want)
		}
		if p := newPlainReader(b); p.element(bytes.IndexByte(b, '(')+1, true) > 0 {
			plain++
		}
	}
	if plain < 10_000 {
		t.Errorf("only %d lists begin with a plain element", plain)
	}
}

// What MariaDB runs is code in its own logs, wherever that is no text or comment.
func TestAppendMariaDB(t *testing.T) {
	for sql, want := range map[string]string{
		"select /*M! a, */ b":                      "select a, b",
		"select /*M!100100 a, */ b where c = 'x'":  "select a, b where c = ?",
		"select /*M!50101 straight_join */ 1":      "select straight_join ?",
		"select /*M! 'secret', */ b":               "select ?, b",
		"select '/*M!', a":                         "select ?, a",
		"select `/*M!` /* /*M! a */ -- /*M! a\n,b": "select `/*m!`, b",
		"select /*M! /*M! a */, */ b":              "select a, b",
		"select /*M! a":                            "select a",
	} {
		if got := string(Append(nil, AppendMariaDB(nil, []byte(sql)), false)); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}
