package parser

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// repeat is a reader of head, then n bytes of a repeated text, then tail.
type repeat struct {
	head, text, tail string
	n                int
}

func (r repeat) reader() io.Reader {
	text := strings.Repeat(r.text, 1+(64<<10)/len(r.text))
	readers := []io.Reader{strings.NewReader(r.head)}
	for n := 0; n < r.n; n += len(text) {
		readers = append(readers, strings.NewReader(text))
	}
	return io.MultiReader(append(readers, strings.NewReader(r.tail))...)
}

var hostile = map[string]repeat{
	"one line":                  {head1 + "select ", "x + ", "1;\n" + head2 + "select 2;\n", 64 << 20},
	"literal of one line":       {head1 + "select '", "xyz ", "';\n" + head2 + "select 2;\n", 64 << 20},
	"bulk insert":               {head1 + "insert into t values (1,'a')", ",\n(1,'it''s')", ";\n" + head2 + "select 2;\n", 8 << 20},
	"headers in a literal":      {head1 + "select '", ";\n" + fake, "';\n" + head2 + "select 2;\n", 8 << 20},
	"headers in code":           {head1 + "select ", head, "1;\n" + head2 + "select 2;\n", 8 << 20},
	"users after semicolons":    {head1, "select 1;\n# User@Host: x\n", "select 2;\n", 8 << 20},
	"times after semicolons":    {head1, "select 1;\n" + time1, "select 2;\n", 8 << 20},
	"times only":                {"", time1, "", 8 << 20},
	"users only":                {"", "# User@Host: a[a] @ h []\n", "", 8 << 20},
	"comments in a header":      {time1 + head, "# x\n", "select 1;\n", 8 << 20},
	"comments before Query":     {time1 + "# User@Host: a[a] @ h []\n", "# x\n", "select 1;\n", 8 << 20},
	"unclosed quotes":           {"", head1 + "select 'x;\n", head2 + "select 2;\n", 8 << 20},
	"unclosed comments":         {"", head1 + "select 1 /* x;\n", head2 + "select 2;\n", 8 << 20},
	"unclosed quote, no others": {head1 + "select \"x;\n", head1 + "select 'x';\n", head2 + "select 2;\n", 8 << 20},
	"unclosed and closed":       {"", head1 + "select 'x;\n" + head2 + "select ' ';\n", head2 + "select 2;\n", 8 << 20},
	"banners in a literal":      {head1 + "select '\n", "x, Version: 1 started with:\nTcp port: 1\n", "';\n" + head2 + "select 2;\n", 8 << 20},
	"cuts in a literal":         {head1 + "select '\n", cutMarker + "\n", "';\n" + head2 + "select 2;\n", 8 << 20},
	"cuts":                      {"", head1 + "select '\n" + cutMarker + "\nx;\n", head2 + "select 2;\n", 8 << 20},
	"nested comments":           {head1 + "select ", "/* ", "*/;\n" + head2 + "select 2;\n", 8 << 20},
	"quotes":                    {head1 + "select ", "'", ";\n" + head2 + "select 2;\n", 8 << 20},
	"backslashes":               {head1 + "select '", "\\\n", "';\n" + head2 + "select 2;\n", 8 << 20},
	"times within a line":       {head1 + "select '", "# Time: ", "';\n" + head2 + "select 2;\n", 8 << 20},
	"whole times within a line": {head1 + "select '", "# Time: 2026-11-23T10:00:01Z", "';\n" + head2 + "select 2;\n", 8 << 20},
	"users within a line":       {head1 + "select '", "# User@Host: a[a] @ h []", "';\n" + head2 + "select 2;\n", 8 << 20},
	"users of many lines":       {head1 + "select '\n", "# User@Host: a\n", "';\n" + head2 + "select 2;\n", 8 << 20},
	"headers within lines":      {head1 + "select '", "x# Time: 2026-11-23T10:00:01Z\n" + head, "';\n" + head2 + "select 2;\n", 8 << 20},
	"schemas of many lines":     {head1, "select 1;\n# User@Host: a[a] @ h []\n# Schema: x\n", "select 2;\n", 8 << 20},
	"entries in a literal":      {head1 + "select '", ";\n" + head2 + "select ' x", "';\n" + head2 + "select 2;\n", 8 << 20},
	"cut entries in a literal":  {head1 + "select '\n", cutMarker + "\n" + head2 + "select 1;\n", "';\n" + head2 + "select 2;\n", 8 << 20},
	"headings in a literal":     {head1 + "select '\n", "==> x <==\n", "';\n" + head2 + "select 2;\n", 8 << 20},
	"headings":                  {head1 + "select 1;\n", "==> x <==\n", head2 + "select 2;\n", 8 << 20},
	"entries cut in code":       {"", head1 + "select 1\n", head2 + "select 2;\n", 8 << 20},
	"entries cut in a literal":  {"", head1 + "select ' x\n", head2 + "select 2;\n", 8 << 20},
	"blanks after a semicolon":  {head1 + "select 1;", " \n", head2 + "select 2;\n", 8 << 20},
	"stamps":                    {"", "2026-11-23T10:00:00Z db " + time1 + strings.ReplaceAll("2026-11-23T10:00:00Z db "+head+"select 1;\n", "\n#", "\n2026-11-23T10:00:00Z db #"), "2026-11-23T10:00:00Z db " + head2 + "select 2;\n", 8 << 20},
	"stamps in a statement":     {"2026-11-23T10:00:00Z db " + head1 + "select '\n", "2026-11-23T10:00:00Z db x\n", "';\n" + head2 + "select 2;\n", 8 << 20},
	"line feeds":                {"", "\n", "", 8 << 20},
	"NUL bytes":                 {"", "\x00", "", 8 << 20},
	"no line feed":              {"", "x", "", 8 << 20},
	"long user":                 {"", "# User@Host: " + strings.Repeat("x", 50<<10) + "[] @ h []\n# Query_time: 1\n;\n", "", 8 << 20},
}

// TestHostile checks that time and memory stay in proportion for logs that were
// made to break that, and that the statement after is read where it can be.
func TestHostile(t *testing.T) {
	for name, r := range hostile {
		t.Run(name, func(t *testing.T) {
			before := allocated()
			start := processorTime(t)
			p := New(r.reader(), Options{})
			last := ""
			for {
				e, err := p.Next()
				if err == io.EOF {
					break
				}
				if len(e.SQL) > defaultMaxSQL || e.Cut != (int64(len(e.SQL)) < e.SQLBytes) && !strings.Contains(name, "cut") {
					t.Fatalf("%d bytes of %d, cut %v", len(e.SQL), e.SQLBytes, e.Cut)
				}
				last = string(e.SQL[:min(100, len(e.SQL))])
			}
			if strings.HasSuffix(r.tail, head2+"select 2;\n") && last != "select 2" {
				t.Errorf("the last statement is %.100q", last)
			}
			mb := float64(p.Stats().Bytes) / 1e6
			if took := (processorTime(t) - start).Seconds(); took > 1+mb/10 {
				t.Errorf("%.0f MB took %.1f s", mb, took)
			}
			if p.ahead.scanned > 9*p.Stats().Bytes+5*lookAhead {
				t.Errorf("looked ahead over %d bytes of %.0f MB", p.ahead.scanned, mb)
			}
			if n := cap(p.win.mem) + cap(p.stmt.kept); n > 8<<20 {
				t.Errorf("holds %d bytes", n)
			}
			most := uint64(24 << 20)
			if strings.HasPrefix(name, "stamps") { // what maps positions to those in the export
				most *= 2
			}
			if n := allocated() - before; name != "long user" && n > most {
				t.Errorf("allocated %d bytes", n)
			}
		})
	}
}

// processorTime is what this process has used, whatever else the machine does.
func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A statement is kept to MaxSQL and counted whole, wherever the limit falls.
func TestMaxSQL(t *testing.T) {
	for _, n := range []int{1, 9, 10, 11, 1000, slack - 1, slack, slack + 1, 3 * slack, 5*slack + 7} {
		sql := strings.Repeat("x", n)
		log := head1 + sql + ";\n" + head2 + "select 2;\n"
		events, _ := readAll(t, bytes.NewReader([]byte(log)), Options{MaxSQL: 10})
		if len(events) != 2 || string(events[1].SQL) != "select 2" {
			t.Fatalf("%d bytes: %+v", n, events)
		}
		if e := events[0]; string(e.SQL) != sql[:min(n, 10)] || e.SQLBytes != int64(n) || e.Cut != (n > 10) {
			t.Errorf("%d bytes: %d kept, %d counted, cut %v", n, len(e.SQL), e.SQLBytes, e.Cut)
		}
	}
}
