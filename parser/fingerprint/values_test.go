package fingerprint

import (
	"os"
	"strings"
	"testing"
)

// TestValuesInDoubleQuotes: each text in double quotes that holds zq stands where the grammar
// of MySQL 9 or MariaDB 11 has a value, though many stand after a word or a dot after which
// others are names. None is shown.
func TestValuesInDoubleQuotes(t *testing.T) {
	text, err := os.ReadFile("testdata/values.sql")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		sql := strings.TrimSuffix(line, "\n")
		for _, sql := range []string{sql, strings.ToUpper(sql), strings.ReplaceAll(sql, " ", "\n/* c */ ")} {
			n++
			fp := Of(sql)
			if strings.Contains(fp, "zq") {
				t.Errorf("%s\n  has the fingerprint %s", sql, fp)
			}
			s, _, ok := AppendSkeleton(nil, []byte(sql))
			if ok && (strings.Contains(strings.ToLower(string(s)), "zq") || Of(string(s)) != fp) {
				t.Errorf("%s\n  has the skeleton %s\n  and the fingerprint %s,\n  not %s", sql, s, fp, Of(string(s)))
			}
		}
	}
	if n < 400 {
		t.Errorf("only %d statements", n)
	}
}
