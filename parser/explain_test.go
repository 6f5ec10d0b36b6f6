package parser

import (
	"io"
	"strings"
	"testing"
)

// The lines of a plan count that stand in the header, the last ones of it: none of a statement, of a warning, or of a routine's name.
func TestExplain(t *testing.T) {
	head := "# User@Host: app[app] @ [10.0.0.1]\n# Thread_id: 5  Schema: shop  QC_hit: No\n# Query_time: 2.0  Lock_time: 0.0  Rows_sent: 1  Rows_examined: 5\n"
	plan := "# explain: id\ttable\n# explain: 1\torders\n"
	after := "SET timestamp=1795424401;\n"
	tests := []struct{ text, want string }{
		{head + "#\n" + plan + "#\n" + after + "select 1;\n", plan},
		{head + after + "select 2;\n", ""},
		{head + after + "select '\n#\n" + plan + "#\n';\n", ""},
		{head + "# Warnings\n# Warning 1292 Truncated '\n" + plan + "'\n" + after + "select 3;\n", ""},
		{head + "# Stored_routine: shop.p\n" + strings.ReplaceAll(plan, "orders", "forged") + "# Full_scan: Yes  Full_join: No\n#\n" + plan + "#\n" + after + "select 4;\n", plan},
		{head + "#\n" + plan + strings.Repeat("# explain: 2\tx\n", maxExplain/15) + "#\n" + after + "select 5;\n", plan + strings.Repeat("# explain: 2\tx\n", (maxExplain-len(plan))/15)},
		{head + after + "select 6;\n", ""},
	}
	var log strings.Builder
	for _, test := range tests {
		log.WriteString(test.text)
	}
	p := New(strings.NewReader(log.String()), Options{})
	for i, test := range tests {
		e, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if string(e.Explain) != test.want {
			t.Errorf("entry %d, %.40q: %d bytes, %.200q, want %d, %.200q", i, e.SQL, len(e.Explain), e.Explain, len(test.want), test.want)
		}
	}
	if _, err := p.Next(); err != io.EOF {
		t.Error(err)
	}
}
