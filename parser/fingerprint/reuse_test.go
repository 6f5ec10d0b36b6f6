package fingerprint

import (
	"os"
	"strings"
	"testing"
)

// What a formatter has read leaves no trace in the next fingerprint, whatever the two
// statements are.
func TestFormattersAreReused(t *testing.T) {
	var statements []string
	for _, name := range []string{"testdata/fingerprints.txt", "testdata/values.sql"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if s, _, _ := strings.Cut(strings.TrimSpace(line), " => "); s != "" {
				statements = append(statements, s)
			}
		}
	}
	first := []string{"select 1 from t where ((a = 1) or (a = 2))", "((a=1) and (a=2)) and ((a=1))", "where ((x in (1)) or (x in (2)))",
		"select case when (a = 1) then 2 when (a = 2", "insert into t values (1, ((2))), (3", "select coalesce(a, ((1)), f((1) and ("}
	odd := []string{")&&((0))", "))or((0)) or ((0))", "((0))&&)", "(a = 1) and", ")", "and ((1)) and ((1))"}
	fresh := func(s string) string { return string(new(formatter).format(nil, []byte(s), false)) }
	for _, s := range append(odd, statements...) {
		want := fresh(s)
		for _, before := range first {
			f := new(formatter)
			f.format(nil, []byte(before), false)
			if got := string(f.format(nil, []byte(s), false)); got != want {
				t.Errorf("%q after %q: %q, want %q", s, before, got, want)
			}
		}
	}
}
