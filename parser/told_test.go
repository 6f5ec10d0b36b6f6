package parser

import (
	"strings"
	"testing"
	"time"
)

// Where a log is damaged so that an entry is lost, or takes in another's fields, the
// coverage names it. Each row is the smallest log of its kind that random ones have shown.
func TestLossIsTold(t *testing.T) {
	mysql, maria := dialects[0].entry, dialects[2].entry
	two := func(entry func(int, string) string, first string, cutAt string) string { // the first is cut after a text
		before, _, _ := strings.Cut(entry(1, first), cutAt)
		return entry(0, "select 0") + before + cutAt + entry(2, "select 2") + entry(3, "select 3")
	}
	explain := "# explain: id\tselect_type\n"
	withExplain := func(n int, sql string) string { return strings.Replace(maria(n, sql), "SET ", explain+"SET ", 1) }
	quit := "# administrator command: Quit"
	for name, tt := range map[string]struct{ log, want string }{
		"cut in explain":        {two(withExplain, "select 1", "# explain: id\tsel"), "select 0|select 2|select 3|" + reasonTwofold},
		"cut in a schema":       {two(maria, "select 1", "Schema: sh"), "select 0|select 2|select 3|" + reasonTwofold},
		"cut after a schema":    {two(maria, "select 1", "  QC"), "select 0|select 2|select 3|" + reasonTwofold},
		"cut in a user":         {two(maria, "select 1", "# User@Host: ap"), "select 0|select 2|select 3|" + reasonTwofold},
		"cut in an address":     {two(maria, "select 1", "] @ h"), "select 0|select 2|select 3|" + reasonTwofold},
		"cut after a backslash": {two(mysql, `select '\`, `'\`), "select 0|select '\\|select 2|select 3|" + reasonCut},
		"the next is cut in a literal": {mysql(0, "select 0") + "\n" + strings.TrimSuffix(mysql(1, "select 'a"), ";\n") + "\n" + mysql(2, "select 2") +
			mysql(3, "select '' + '\nx") + mysql(4, "select 4"), "select 0|select 'a\n# Time: 20|select 4|" + reasonUndecided},
		"ends in a time":         {mysql(0, quit) + "# Time: 2026", "Quit|" + reasonHeaderEnds},
		"ends in a line":         {mysql(0, quit) + "# Time: 2026\n", "Quit|" + reasonHeaderEnds},
		"ends in two":            {mysql(0, quit) + "# Time: \n# Ti\n", "Quit|" + reasonHeaderEnds},
		"ends in its first byte": {mysql(0, "select 0") + "#", "select 0|" + reasonHeaderEnds},
		"ends in a blank line":   {maria(0, quit) + strings.SplitAfter(maria(2, ""), "# Query_time")[0][:60] + "\n# Thread_id: 7  Schema: a  QC_hit: No\n\n", "Quit|" + reasonHeaderEnds},
		"a header in a comment that may end in the next": {mysql(0, "select 0") + strings.TrimSuffix(mysql(1, "select /* i"), ";\n") +
			"\n# Time: \n" + strings.SplitAfterN(mysql(2, "select /* x */ 2"), "\n", 2)[1] + mysql(3, "select 3"), "select 0|select /* i\n# Time: |select 3|" + reasonUndecided},
	} {
		t.Run(name, func(t *testing.T) {
			if got := statements(t, tt.log); got != tt.want {
				t.Errorf("got  %q\nwant %q\n%s", got, tt.want, tt.log)
			}
		})
	}
	// A time of MySQL 5.7 and later without its zone is cut.
	if _, z, _ := entryTime([]byte(noon.Format(time.DateOnly) + "T12:00:00.")); z != noTime {
		t.Error(z)
	}
}
