package parser

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// entryAt is an entry of MySQL 8, written so long after ten o'clock, of which what
// is in its header after the first two lines can be given.
func entryAt(after time.Duration, header, sql string) string {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC).Add(after)
	return fmt.Sprintf("# Time: %s\n# User@Host: a[a] @ h []  Id:     7\n%s# Query_time: 0.500000%sSET timestamp=%d;\n%s;\n",
		at.Format("2006-01-02T15:04:05.000000Z"), header, rest, at.Unix(), sql)
}

// statements reads a log and returns the statements, each to its first 20 bytes, and
// what is in doubt.
func statements(t *testing.T, log string) string {
	t.Helper()
	events, stats := readAll(t, strings.NewReader(log), Options{})
	var all []string
	for _, e := range events {
		all = append(all, string(e.SQL[:min(20, len(e.SQL))]))
	}
	for _, p := range stats.Problems {
		all = append(all, p.Reason)
	}
	return strings.Join(all, "|")
}

// Every bound that a comment names holds up to it, and not one step beyond.
func TestBounds(t *testing.T) {
	first := entryAt(0, "", "select 1")
	hidden := func(after time.Duration) string { // the semicolon of the first stands in a comment
		return entryAt(0, "", "select 1 -- x") + entryAt(after, "", "select 2")
	}
	// A header of another day in a literal, after so many of its bytes and before so many,
	// and an entry after it that begins as if it could hold the end of the literal.
	literal := func(n int) string {
		payload := ";\n" + entryAt(-24*time.Hour, "", "forged")
		return first + entryAt(time.Second, "", "select 'x"+payload+strings.Repeat("y", n-len(payload)+2)+"'") + entryAt(2*time.Second, "", "select 3")
	}
	held := func(after time.Duration) string { // an entry stands in a literal of the second
		return first + entryAt(0, "", "select '"+entryAt(after, "", "select 2")+"'")
	}
	line := func(n int) string { return "# " + strings.Repeat("x", n-3) + "\n" }
	lines := func(n int) string { return strings.Repeat("# x\n", n) }
	for _, tt := range []struct{ name, within, want, beyond, notWant string }{
		{"maxIdle", hidden(maxIdle - time.Second), "select 1 -- x|select 2", hidden(maxIdle), "select 1 -- x;\n# Tim|" + reasonDisbelieved},
		{"late", hidden(-time.Second), "select 1 -- x|select 2", hidden(-time.Second - time.Microsecond), "select 1 -- x;\n# Tim|" + reasonDisbelieved},
		{"late, in a literal", held(-time.Second), "select 1|select '# Time: 2026|" + reasonUndecided, held(-time.Second - time.Microsecond), "select 1|select '# Time: 2026"},
		{"idle, in a literal", held(maxIdle - time.Second), "select 1|select '# Time: 2026|" + reasonUndecided, held(maxIdle), "select 1|select '# Time: 2026"},
		{"maxHeaderLine", first + entryAt(time.Second, line(maxHeaderLine), "select 2"), "select 1|select 2",
			first + entryAt(time.Second, line(maxHeaderLine+1), "select 2"), "select 1;\n# Time: 20"},
		{"maxBeforeTime", first + entryAt(time.Second, lines(maxBeforeTime-2), "select 2"), "select 1|select 2",
			first + entryAt(time.Second, lines(maxBeforeTime), "select 2"), "select 1;\n# Time: 20"},
		{"lookAhead", literal(lookAhead - 1), "select 1|select 'x;\n# Time: 2|select 3", literal(lookAhead), "select 1|select 'x;\n# Time: 2|select 3|" + reasonUndecided},
	} {
		if got := statements(t, tt.within); got != tt.want {
			t.Errorf("%s, within: %q, want %q", tt.name, got, tt.want)
		}
		if got := statements(t, tt.beyond); got != tt.notWant {
			t.Errorf("%s, beyond: %q, want %q", tt.name, got, tt.notWant)
		}
	}
}

func TestBoundsOfFields(t *testing.T) {
	for _, tt := range []struct {
		field, value string
		want         string
	}{
		{"Log_slow_rate_limit", "1000", "weight 1000"},
		{"Log_slow_rate_limit", "1001", "weight 1000"},
		{"Log_slow_rate_limit", "999", "weight 999"},
		{"Log_slow_rate_limit", "1", "weight 1"},
		{"Log_slow_rate_limit", "0", "weight 1"},
		{"Lock_time", "1000000000", "lock 1e+09"},
		{"Lock_time", "1000000000.1", "lock 0 bad"},
		{"Lock_time", "1.123456789", "lock 1.123456789"},
		{"Lock_time", "1.1234567891", "lock 0 bad"},
		{"Query_time", "1000000000", "query 1e+09"},
		{"Query_time", "1000000001", "query 0 bad"},
		{"Rows_sent", "18446744073709551615", "sent 18446744073709551615"},
		{"Rows_sent", "18446744073709551616", "sent 18446744073709551615"},
		{"Rows_sent", "9999999999999999999", "sent 9999999999999999999"},
	} {
		e := entry{Event: Event{Weight: 1}}
		e.fields(fmt.Appendf(nil, "# %s: %s", tt.field, tt.value), new(interner))
		got := ""
		switch tt.field {
		case "Log_slow_rate_limit":
			got = fmt.Sprintf("weight %d", e.Weight)
		case "Rows_sent":
			got = fmt.Sprintf("sent %d", e.RowsSent)
		case "Lock_time":
			got = fmt.Sprintf("lock %v", e.LockTime)
		case "Query_time":
			got = fmt.Sprintf("query %v", e.QueryTime)
		}
		if e.badLock || e.badTime {
			got += " bad"
		}
		if got != tt.want {
			t.Errorf("%s: %s is read as %q, want %q", tt.field, tt.value, got, tt.want)
		}
	}
}

// A header's length is bounded, however short its lines are.
func TestBoundOfHeader(t *testing.T) {
	for n, read := range map[int]bool{maxHeader: true, maxHeader + 1: false} { // where the last line begins
		start := "# Time: 2026-11-23T10:00:01.000000Z\n# User@Host: a[a] @ h []  Id:     7\n"
		text := start + "# Query_time: 0.5\n"
		rest := n - len(text)
		text += strings.Repeat("# x\n", rest/4-1) + "# " + strings.Repeat("x", rest%4+1) + "\n"
		w := window{r: strings.NewReader(text + "# Rows_sent: 5\nselect 1;\n")}
		var e entry
		if (&headerReader{w: &w}).read(0, &e) != goodHeader || len(text) != n || (e.RowsSent == 5) != read {
			t.Errorf("a line of a header at byte %d: %d rows sent", len(text), e.RowsSent)
		}
	}
}

// The lines in whose middle a header is looked for, and those that names divide, are
// of bounded length.
func TestBoundsOfLines(t *testing.T) {
	at := func(text string) *headerReader { return &headerReader{w: &window{r: strings.NewReader(text)}} }
	for n, want := range map[int]bool{maxFirstLine: true, maxFirstLine + 1: false} {
		line := "# User@Host: a[a] @ "
		line += strings.Repeat("h", n-len(line)-len(" []\n")) + " []\n"
		if got := at(line + "# Query_time: 1\n").w.likelyHeader(0); got != want || len(line) != n {
			t.Errorf("a first line of %d bytes: %v", len(line), got)
		}
	}
	for n, want := range map[int]bool{maxUserLine: true, maxUserLine + 2: false} { // where the user ends
		user := "a\n" + strings.Repeat("x", (n-len(userPrefix)-len("[] @ "))/2-2)
		line := userPrefix + user + "[" + user + "] @ h []\n"
		if got := at(line).userLineEnd(0) > 0; got != want || strings.Index(line, "h []") != n {
			t.Errorf("a user that ends at byte %d: %v", n, got)
		}
	}
	for n, want := range map[int]bool{maxSchemaLine - 1: true, maxSchemaLine: false} { // where the line after the name begins
		line := "# Schema: " + strings.Repeat("x", n-len("# Schema: ")-1) + "\n"
		if got := at(line+"y  QC_hit: No\n").schemaLineEnd(0, n) > 0; got != want {
			t.Errorf("a schema that goes on at byte %d: %v", n, got)
		}
	}
	for n, want := range map[int]bool{maxSchemaLine: true, maxSchemaLine + 1: false} { // where SET begins
		line := "use a\n" + strings.Repeat("x", n-len("use a\n;\nSET ")) + ";\nSET timestamp=1;\n"
		if got := at(line).useLineEnd(0) > 0; got != want {
			t.Errorf("a SET up to byte %d: %v", n, got)
		}
	}
	for n, want := range map[int]int{maxHeaderLine: maxHeaderLine, maxHeaderLine + 1: maxHeaderLine} {
		if got := at(strings.Repeat("\n", n) + "x").w.skipBlanks(0); got != want {
			t.Errorf("%d blanks: %d are skipped", n, got)
		}
	}
	for n, want := range map[int]bool{2 * maxFormLine: true, 2*maxFormLine + 1: false} { // of the two lines that tell the form
		_, err := New(strings.NewReader(`{"`+strings.Repeat("x", n-len(`{""log":`))+`"log":`+strings.Repeat("x", 100)), Options{}).Next()
		if got := errors.As(err, new(*FormError)); got != want {
			t.Errorf("a key of JSON that ends at byte %d: %v", n, err)
		}
	}
}

func TestBoundOfOffsets(t *testing.T) {
	for n := 1; n <= maxOffsets+1; n++ {
		var s Stats
		for i := range n {
			s.problem(reasonBadTime, int64(i))
		}
		if p := s.Problems[0]; p.Count != int64(n) || len(p.Offsets) != min(n, 5) {
			t.Errorf("%d problems: %+v", n, p)
		}
	}
}

func TestBoundsOfInterner(t *testing.T) {
	var n interner
	for i := range maxNames {
		n.get(fmt.Appendf(nil, "name %d", i))
	}
	if len(n.names) != maxNames {
		t.Errorf("%d names are kept of %d", len(n.names), maxNames)
	}
	n.get([]byte("name 7"))
	if len(n.names) != maxNames {
		t.Errorf("a known name changes the number kept to %d", len(n.names))
	}
	n.get([]byte("one more"))
	if len(n.names) != 1 {
		t.Errorf("%d names are kept after one more than %d", len(n.names), maxNames)
	}
	for size, kept := range map[int]int{maxName: 1, maxName + 1: 0} {
		var n interner
		long := strings.Repeat("x", size)
		if got := n.get([]byte(long)); got != long || len(n.names) != kept {
			t.Errorf("a name of %d bytes: %d kept, returned %d bytes", size, len(n.names), len(got))
		}
	}
}

// Looking ahead ends when eight times the log, and some, have been looked at.
func TestBoundOfLookAhead(t *testing.T) {
	for scanned, want := range map[int64]verdict{4 * lookAhead: closed, 4*lookAhead + 1: tooFar} {
		l := lookahead{w: &window{r: strings.NewReader("abc' from t;\n")}, scanned: scanned}
		if v, _ := l.goesOn(0, '\'', usual); v != want {
			t.Errorf("at the start, after %d bytes: verdict %d", scanned, v)
		}
		l = lookahead{w: &window{r: strings.NewReader("abc' from t;\n"), base: 1000}, scanned: scanned + 8000}
		if v, _ := l.goesOn(0, '\'', usual); v != want {
			t.Errorf("at byte 1000, after %d bytes: verdict %d", scanned+8000, v)
		}
	}
}

func TestBoundsOfTimes(t *testing.T) {
	base := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	zones := func(local, epoch time.Time) bool {
		c := clock{location: time.UTC}
		c.logged(&entry{logged: local, loggedZone: localTime, epoch: epoch})
		return c.zoneKnown
	}
	for off, want := range map[time.Duration]bool{
		eastmost: true, eastmost + zoneQuarter: false, westmost: true, westmost - zoneQuarter: false,
		time.Hour + 2*time.Second: true, time.Hour + 3*time.Second: false,
		zoneQuarter: true, zoneQuarter + time.Minute: false,
	} {
		if zones(base.Add(off), base) != want {
			t.Errorf("a zone of %v is believed: %v", off, !want)
		}
	}
	for back, want := range map[time.Duration]bool{time.Hour: true, time.Hour + time.Second: false} {
		c := clock{latest: base}
		if got := c.believe(&entry{Event: Event{Time: base.Add(-back)}}); got != want {
			t.Errorf("%v back is believed: %v", back, got)
		}
	}
	for apart, want := range map[time.Duration]bool{time.Hour - time.Second: true, time.Hour: false} {
		doubted := base.Add(-24 * time.Hour)
		c := clock{latest: base, doubted: doubted, doubter: 1}
		if got := c.believe(&entry{Event: Event{Time: doubted.Add(apart), ConnectionID: 2}}); got != want {
			t.Errorf("%v from what another connection says is believed: %v", apart, got)
		}
	}
	for in, want := range map[string]int{"691231 00:00:00": 2069, "700101 00:00:00": 1970} {
		if at, _, _ := parseTime([]byte(in)); at.Year() != want {
			t.Errorf("%q is in %d", in, at.Year())
		}
	}
	for in, want := range map[string]bool{"+15:59": true, "+16:00": false, "-15:59": true, "+01:60": false} {
		if _, z, _ := parseTime([]byte("2026-11-23T10:00:00" + in)); (z == utcTime) != want {
			t.Errorf("offset %s is read: %v", in, !want)
		}
	}
}

// A reader that gives nothing, and no error, is asked a hundred times.
type idleReader struct{ idle int }

func (r *idleReader) Read(b []byte) (int, error) {
	if r.idle--; r.idle >= 0 {
		return 0, nil
	}
	return copy(b, "x"), io.EOF
}

func TestBoundOfIdleReads(t *testing.T) {
	for idle, want := range map[int]error{99: io.EOF, 100: io.ErrNoProgress} {
		w := window{r: &idleReader{idle}}
		for w.more() {
		}
		if !errors.Is(w.err, want) {
			t.Errorf("%d reads without a byte: %v", idle, w.err)
		}
	}
}

func TestDefaultMaxSQL(t *testing.T) {
	for n, cut := range map[int]bool{1 << 20: false, 1<<20 + 1: true} {
		events, _ := readAll(t, strings.NewReader(head1+strings.Repeat("x", n)+";\n"), Options{})
		if len(events) != 1 || events[0].Cut != cut || len(events[0].SQL) != 1<<20 {
			t.Errorf("%d bytes: cut %v, %d kept", n, events[0].Cut, len(events[0].SQL))
		}
	}
}
