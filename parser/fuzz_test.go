package parser

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"slowdigest/parser/fingerprint"
)

// FuzzParser checks what holds for any input: it is read to its end without a
// panic, all of it is accounted for, and portions make no difference.
func FuzzParser(f *testing.F) {
	files, err := filepath.Glob("../testdata/slowlogs/*.log")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:2000])
		f.Add(text[len(text)-2000:])
	}
	for _, d := range dialects {
		for _, sql := range faulty {
			f.Add([]byte(d.banner + d.entry(0, "select 0") + d.entry(1, sql) + d.entry(2, "select 'x'")))
		}
	}
	f.Add([]byte(head1 + "select 'a;\n" + cutMarker + "\n" + banner + head2 + "# administrator command: Quit;\n"))
	for _, name := range []string{"swallow-stray-line", "time_garbled", "crlf-mixed-blank", "awslogstail"} {
		text, err := os.ReadFile("testdata/reading/" + name + ".log")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 1500)])
	}
	f.Add([]byte(head1 + "select 'a\n==> b <==\n" + head2 + "select 1;\n\n" + head1[:90] + head3 + "select ';\n"))
	f.Add([]byte(head1 + "select 1 from" + head2 + "select 1;\n\x00\x00" + head3 + "select 'x\x00;\n  \n"))
	f.Add([]byte("x\n" + head1 + "select `;\n" + fake + "`;\r\n" + head2[:60]))

	f.Fuzz(func(t *testing.T, log []byte) {
		o := Options{MaxSQL: 64}
		checkDecided(t, log)
		whole := account(t, bytes.NewReader(log), o, len(log))
		for name, r := range map[string]io.Reader{
			"bytes":  iotest.OneByteReader(bytes.NewReader(log)),
			"halves": iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(log))),
		} {
			if portions := account(t, r, o, len(log)); portions != whole {
				t.Errorf("whole:\n%s\nin %s:\n%s", whole, name, portions)
			}
		}
	})
}

// account reads a log, checks that each of its bytes is either an event's or
// skipped, and returns all that was read.
func account(t *testing.T, r io.Reader, o Options, size int) string {
	p := New(r, o)
	var b strings.Builder
	covered, last := int64(0), int64(-1)
	for {
		e, err := p.Next()
		if errors.As(err, new(*FormError)) {
			return err.Error()
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Offset <= last || e.Offset >= p.end {
			t.Fatalf("event at %d to %d, after one at %d", e.Offset, p.end, last)
		}
		if len(e.SQL) > o.MaxSQL || e.SQLBytes < int64(len(e.SQL)) || !e.Cut && e.SQLBytes > int64(len(e.SQL)) || e.Weight == 0 || e.QueryTime < 0 || e.LockTime < 0 {
			t.Fatalf("event %+v", e)
		}
		last = e.Offset
		covered += p.end - e.Offset
		fmt.Fprintf(&b, "%+v\n", *e)
	}
	s := p.Stats()
	if s.Bytes != int64(size) || covered+s.SkippedBytes != s.Bytes || s.Unreadable > 0 && len(s.Problems) == 0 {
		t.Fatalf("%d bytes in events of %d: %+v", covered, size, s)
	}
	fmt.Fprintf(&b, "%+v", s)
	return b.String()
}

var (
	wholeHeader = regexp.MustCompile(`(?m)^# User@Host: [^\n]*\[[^\n]*\] @ [^\n\[@]*\[[^\n\]@]*\](  Id: +\d+)?\n(# Thread_id: \d+  Schema: \w*  QC_hit: No\n)?# Query_time: \d+(\.\d+)?(  Lock_time: |\n)`)
	bannerLines = regexp.MustCompile(`(?m)^(, |[^#\n].*, )Version: .*started with:\r?$\n?((Tcp port|TCP Port): .*\n?)?(Time[ \t].*\n?)?`)
	headingLine = regexp.MustCompile(`(?m)^==> .* <==\r?$`)
	markerLine  = regexp.MustCompile(`(?m)^ \[Your log message was truncated\].*$`)
)

// checkDecided checks that a log that is said to be complete is read in a way that is:
// what belongs to no entry is no text, and no whole header stands in the code of
// a statement.
func checkDecided(t *testing.T, log []byte) {
	p := New(bytes.NewReader(log), Options{})
	end := int64(0)
	var skipped []byte
	var code []string // headers in code
	for {
		e, err := p.Next()
		if err != nil {
			skipped = append(skipped, log[min(int(end), len(log)):]...)
			break
		}
		skipped = append(skipped, log[end:e.Offset]...)
		skipped = append(skipped, '\n')
		end = p.end
		for _, at := range wholeHeader.FindAllIndex(e.SQL, -1) {
			q := fingerprint.InCode
			for i := 0; i < at[0]; {
				i, q = fingerprint.NextQuote(e.SQL, i, at[0], q)
			}
			if !q.Open() && !e.Cut {
				code = append(code, string(e.SQL[at[0]:at[1]]))
			}
		}
	}
	stats := p.Stats()
	if !stats.Complete() || p.win.err != io.EOF || p.win.stamps != nil {
		return
	}
	for _, re := range []*regexp.Regexp{bannerLines, headingLine, markerLine} {
		skipped = re.ReplaceAll(skipped, nil)
	}
	if rest := strings.Trim(string(skipped), byteOrderMark+" \t\r\n\v\f\x00"); rest != "" && stats.Cut == 0 {
		t.Errorf("%q is skipped: %+v", rest, stats)
	}
	if len(code) > 0 {
		t.Errorf("%q stands in code: %+v", code, stats)
	}
}

// FuzzForged puts any text into a literal or comment of a log, as a server
// would write it there, and checks that the log has the entries it had.
func FuzzForged(f *testing.F) {
	for style := range uint8(5) {
		f.Add(fake, style, uint8(0))
		f.Add(";\n"+fake, style, uint8(0))
		for i, d := range dialects {
			f.Add(";\n"+d.entry(2, "DROP TABLE x")+d.entry(3, "select '"), style, uint8(i))
			f.Add("\n"+cutMarker+"\n"+d.banner+d.entry(2, "DROP TABLE x"), style, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, style, dialect uint8) {
		d := dialects[int(dialect)%len(dialects)]
		text += "x"
		if strings.HasPrefix(text, "!") && style%5 == 4 {
			return // code
		}
		sql := "select " + []string{
			"'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(text) + "'",
			"'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "', 5",
			`"` + strings.NewReplacer(`\`, `\\`, `"`, `""`).Replace(text) + `" from t`,
			"`" + strings.ReplaceAll(text, "`", "``") + "`.`b`\nfrom t",
			"/*" + strings.ReplaceAll(text, "*", "") + "*/ 1",
		}[style%5]
		events, _ := readAll(t, strings.NewReader(d.banner+d.entry(0, "select 0")+d.entry(1, sql)+d.entry(2, "select 2")), Options{})
		if len(events) != 3 || string(events[1].SQL) != sql || string(events[2].SQL) != "select 2" {
			t.Errorf("%d events of %q", len(events), sql)
		}
	})
}
