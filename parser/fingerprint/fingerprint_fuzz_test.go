package fingerprint

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// namesTables are the words after which a text in double quotes may be a name.
var namesTables = regexp.MustCompile(`(?i)from|join|into|update|table|insert|replace|delete|using`)

func FuzzFingerprint(f *testing.F) {
	for _, s := range []string{
		"select `a` from t_1 where b in (1, 'x', now()) /* c */ and d = _utf8mb4'it''s' -- e\n order by f asc limit 1, 2",
		"insert into t (a) values (1), (-2) on duplicate key update a = values(a); call p(1)",
		"select 1 union all select 2 union all select 3", "/*!50000 select */ @a := 0x1F, t1.b from t1, u2",
		"in(1)", "values(1)", "'", "`", "/*", "/*!", "--", "#", "@", "(((", ")))", "call", "use", "x'", "1e", "_utf8", "limit 1,", "union select",
		"a in (1, union (2), 3, union (4), 5"} {
		f.Add([]byte(s), len(s))
	}
	f.Fuzz(func(t *testing.T, sql []byte, n int) {
		whole := Append([]byte("kept"), sql, false)
		if !bytes.HasPrefix(whole, []byte("kept")) {
			t.Fatalf("dst is lost: %q", whole)
		}
		if len(whole) > 4*len(sql)+100 {
			t.Errorf("%d bytes become %d", len(sql), len(whole))
		}
		full := bytes.Repeat([]byte("~"), 4*len(sql)+200)
		if again := Append(append(full[:0], "kept"...), sql, false); !bytes.Equal(whole, again) {
			t.Errorf("%q, then %q where dst was written to before", whole, again)
		}
		fp := string(whole[len("kept"):])
		said := (&sentence{sql[:min(len(sql), 200)]}).statement() // what is no statement may not be read again as it was written
		if first := Of(said); Of(first) != first {
			t.Errorf("%q becomes %q, which becomes %q", said, first, Of(first))
		}
		if strings.ContainsAny(fp, "\n\r\t\x00") {
			t.Errorf("%q becomes %q", sql, fp)
		}
		for _, q := range []string{"'", `"`} {
			secret := []byte(q + "zqzqzq" + q)
			if n >= 0 && n <= len(sql) && !bytes.Contains(bytes.ToLower(sql), []byte("zqzqzq")) {
				// Put a literal where the lexer stands outside of any token.
				if q == `"` && namesTables.Match(sql[:n]) {
					continue // there it may be a name
				}
				l := newLexer(sql[:n], false)
				var tok token
				for l.next(&tok); tok.kind != endOfSQL; l.next(&tok) {
				}
				if l.open >= 0 || bytes.HasSuffix(sql[:n], []byte(q)) || bytes.ContainsAny(sql[max(0, n-1):n], "\\*/-#`@'\"") || lineComment(sql[:n]) {
					continue
				}
				with := append(append(append([]byte{}, sql[:n]...), ' '), secret...)
				if fp := Append(nil, with, false); bytes.Contains(fp, []byte("zqzqzq")) {
					t.Errorf("%q leaks into %q", with, fp)
				}
			}
		}
	})
}

// lineComment reports whether the end of sql may stand in a comment to the end of
// the line, in which nothing is a literal.
func lineComment(sql []byte) bool {
	line := sql[bytes.LastIndexByte(sql, '\n')+1:]
	return bytes.Contains(line, []byte("--")) || bytes.Contains(line, []byte("#"))
}
