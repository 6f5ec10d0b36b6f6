package entry

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"slowdigest/parser"
)

const logs = "../../../testdata/slowlogs/"

// place is where an entry of a log begins, where its text ends, and what the parser makes of it.
type place struct {
	begin, end int64
	event      parser.Event
}

// placesIn reads a log from its start.
func placesIn(t *testing.T, text []byte) (all []place, s parser.Stats) {
	t.Helper()
	p := parser.New(bytes.NewReader(text), parser.Options{})
	for {
		e, err := p.Next()
		if err == io.EOF {
			return all, p.Stats()
		}
		if errors.As(err, new(*parser.FormError)) {
			return nil, p.Stats()
		}
		if err != nil {
			t.Fatal(err)
		}
		at := place{e.Offset, p.End(), *e}
		at.event.SQL, at.event.Explain = bytes.Clone(e.SQL), bytes.Clone(e.Explain)
		all = append(all, at)
	}
}

// Of every entry of every log that there is, the text is that from its first header line up to the
// next entry, but for what is of neither; and what is read of that text alone is the same entry.
func TestEveryEntry(t *testing.T) {
	paths, err := filepath.Glob(logs + "*.log")
	more, errMore := filepath.Glob("../../../parser/testdata/reading/*.log")
	if err != nil || errMore != nil || len(paths) < 4 || len(more) < 20 {
		t.Fatalf("%d logs: %v, %v", len(paths), err, errMore)
	}
	entries := 0
	for _, path := range append(paths, more...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all, stats := placesIn(t, text)
		between := int64(0)
		for i, at := range all {
			next := int64(len(text))
			if i+1 < len(all) {
				next = all[i+1].begin
			}
			between += next - at.end
			if i == 0 {
				between += at.begin
			}
			e, err := Read(t.Context(), nil, path, at.begin)
			if err != nil {
				t.Fatalf("%s, byte %d: %v", path, at.begin, err)
			}
			if e.Offset != at.begin || at.end > next || !bytes.Equal(e.Text, text[at.begin:at.end]) {
				t.Fatalf("%s: bytes %d to %d, and the next entry at %d, are printed as %q", path, at.begin, at.end, next, e.Text)
			}
			alone, _ := placesIn(t, e.Text)
			if len(alone) != 1 {
				t.Errorf("%s, byte %d: alone it is read as %d entries:\n%s", path, at.begin, len(alone), e.Text)
				continue
			}
			got, want := alone[0].event, at.event
			if !e.Time.IsZero() { // what the log tells elsewhere
				got.Time, got.Start = e.Time, want.Start
			}
			if e.Schema != "" {
				got.Schema = e.Schema
			}
			got.Offset = want.Offset
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, byte %d: alone it is %+v, in the log %+v", path, at.begin, got, want)
			}
			entries++
		}
		if len(all) > 0 && between != stats.SkippedBytes { // banners, and what Stats tells
			t.Errorf("%s: %d bytes are of no entry, the parser says %d", path, between, stats.SkippedBytes)
		}
	}
	if entries < 1_000 {
		t.Errorf("only %d entries were tried", entries)
	}
	t.Logf("%d entries of %d logs", entries, len(paths)+len(more))
}

// A position within an entry leads to it, and one in what is of no entry to the nearest.
func TestPositionsWithin(t *testing.T) {
	const header = "# Time: 2026-11-23T09:55:00.000000Z\n# User@Host: app[app] @ web-1 [10.0.0.1]  Id: 7\n# Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 12\nSET timestamp=1795427700;\n"
	const banner = "/usr/sbin/mysqld, Version: 8.0.32 (Source distribution). started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n"
	one, two := header+"select 1;\n", header+"select '\n"+header+"';\n"
	log := banner + one + banner + two
	first, second := int64(len(banner)), int64(2*len(banner)+len(one))
	for _, c := range []struct {
		offset, want int64 // the entry; -1 is none
		says         string
	}{
		{0, -1, "the first entry begins at byte 160"}, {first - 1, -1, "there is no entry at byte 159: "}, {first, first, ""}, {first + 1, first, ""}, {first + int64(len(one)) - 1, first, ""},
		{first + int64(len(one)), -1, "the entry before it begins at byte 160"}, {second - 1, -1, "such as a server's banner"}, {second, second, ""},
		{second + int64(len(header)) + 9, second, ""}, // which looks like a header
		{int64(len(log)) - 1, second, ""}, {int64(len(log)), -1, "there is no byte 870: the log ends at byte 870"}, {1 << 60, -1, "the entry before it begins at byte 506"},
	} {
		for name, r := range map[string]io.Reader{"at once": strings.NewReader(log), "byte by byte": iotest.OneByteReader(strings.NewReader(log)), "with the end": iotest.DataErrReader(strings.NewReader(log))} {
			e, err := Find(t.Context(), r, c.offset)
			hint, _ := err.(interface{ Hint() string })
			said := ""
			if err != nil {
				said = err.Error() + " " + hint.Hint()
			}
			if c.want < 0 && e == nil && strings.Contains(said, c.says) {
				continue
			}
			if e == nil || err != nil || e.Offset != c.want || c.want == first && string(e.Text) != one || c.want == second && string(e.Text) != two {
				t.Errorf("%s, byte %d: %+v, %s; want %d %s", name, c.offset, e, said, c.want, c.says)
			}
		}
	}
}

// stretch stands for what is read before a position, in a log that is as much smaller.
const stretch = 1 << 20

// bigLog is longer than a stretch. In a hostile one are statements that hold what looks like
// entries, some of them for longer than a stretch.
func bigLog(random *rand.Rand, hostile bool) []byte {
	var b bytes.Buffer
	for b.Len() < stretch+stretch/2 {
		if random.IntN(5) > 0 {
			b.WriteString("# Time: 2026-11-23T09:55:00.000000Z\n")
		}
		b.WriteString("# User@Host: app[app] @ web-1 [10.0.0.1]  Id: 7\n# Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 12\n")
		if random.IntN(4) == 0 {
			b.WriteString("use shop;\n")
		}
		b.WriteString("SET timestamp=1795427700;\n")
		inner := "\n# Time: 2026-11-23T09:55:00.000000Z\n# User@Host: x[x] @ web-1 [10.0.0.1]  Id: 7\n# Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 12\nSET timestamp=1795427700;\nselect 1;"
		switch n := random.IntN(12); {
		case n == 0 && hostile:
			n := 1 + random.IntN(300)
			if random.IntN(8) == 0 {
				n = (stretch + stretch/4) / len(inner)
			}
			b.WriteString("insert into t values ('" + strings.Repeat(inner, n) + "');\n")
		case n == 1 && hostile:
			b.WriteString("select \"" + inner + " it''s \" from t;\n")
		case n < 3:
			b.WriteString("/* what's\n# this; */ select \"\n'\n\" -- it's\n;\n")
		case n == 3:
			b.WriteString("insert into t values" + strings.Repeat("\n('it''s', \"x;\n\"),", random.IntN(6_000)) + "(1);\n")
		default:
			b.WriteString("select '" + strings.Repeat("x", 1+random.IntN(60_000)) + "' from t;\n")
		}
	}
	return b.Bytes()
}

// counting is a log that counts what is read of it.
type counting struct {
	*bytes.Reader
	read int64
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(p, at)
	c.read += int64(n)
	return n, err
}

// Whatever a long log holds, to seek in it finds what is found from its start; and it is at once
// where the log holds nothing that looks like entries and is none.
func TestSeekingIsReading(t *testing.T) {
	defer func(usual []int64) { stretches = usual }(stretches)
	stretches = []int64{stretch, stretch / 16}
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 1))
		hostile := seed%2 == 1
		log := bigLog(random, hostile)
		all, _ := placesIn(t, log)
		var late []place // those that are sought
		for _, at := range all {
			if at.begin > stretch {
				late = append(late, at)
			}
		}
		sought := 0
		for range min(20, len(late)) {
			at := late[random.IntN(len(late))]
			offset := at.begin
			if random.IntN(8) == 0 {
				offset += random.Int64N(min(1<<16, at.end-at.begin))
			}
			r := &counting{Reader: bytes.NewReader(log)}
			e, err := FindIn(t.Context(), r, int64(len(log)), offset)
			if err != nil || e.Offset != at.begin || !bytes.Equal(e.Text, log[at.begin:at.end]) || e.Schema != "" && e.Schema != at.event.Schema {
				t.Fatalf("seed %d, byte %d: %+v, %v; want %d to %d", seed, offset, e, err, at.begin, at.end)
			}
			if r.read < at.end-at.begin+stretch+1<<19 {
				sought++
			} else if !hostile && offset == at.begin {
				t.Errorf("seed %d, byte %d: %d bytes were read", seed, offset, r.read)
			}
		}
		t.Logf("seed %d: %d of %d were sought", seed, sought, len(late))
	}
}

// Where a reading from the middle is not to be believed, all is read: the position is not where an
// entry begins, the reading begins within a statement of what looks like entries, or something on the way
// is in doubt also in the shorter reading.
func TestSeekingInDoubt(t *testing.T) {
	defer func(usual []int64) { stretches = usual }(stretches)
	stretches = []int64{64 << 10, 8 << 10}
	const header = "# Time: 2026-11-23T09:55:00.000000Z\n# User@Host: app[app] @ web-1 [10.0.0.1]  Id: 7\n# Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 12\nSET timestamp=1795427700;\n"
	plain := func(bytes int) string { return strings.Repeat(header+"select a from t;\n", bytes/len(header)) }
	const cut = "# Time: 2026-11-23T09:55:00.000000Z\n# User@Host: app[app] @ web-1 [10.0.0.1]  Id: 7\n# Query_time: 2.5\n"
	literal := func(bytes int) string { return header + "insert into t values ('\n" + plain(bytes) + "-- ');\n" }
	for name, c := range map[string]struct {
		before, after string // the position is between
		whole         bool   // all is read
	}{
		"plain":                             {plain(200 << 10), plain(20 << 10), false},
		"within an entry":                   {plain(200<<10) + header + "select a,\n", "b from t;\n" + plain(20<<10), true},
		"begins in a literal":               {plain(100<<10) + literal(20<<10) + plain(50<<10), plain(20 << 10), false},
		"begins in a literal, both times":   {plain(100<<10) + literal(90<<10) + plain(4<<10), plain(20 << 10), false},
		"within a literal":                  {plain(100<<10) + header + "insert into t values ('\n" + plain(40<<10), plain(20<<10) + "');\n", true},
		"within an entry of a long literal": {plain(100<<10) + header + "insert into t values ('\n" + plain(90<<10) + header + "select a,\n", "b from t;\n" + plain(20<<10) + "');\n", true},
		"the one entry of a long literal":   {plain(100<<10) + header + "insert into t values ('\n" + strings.Repeat("x;\n", 30<<10), header + "select a from t;\n" + plain(20<<10) + "');\n", true},
		"a header that is cut":              {plain(100<<10) + cut + plain(30<<10), plain(20 << 10), false},
		"a header that is cut just before":  {plain(100<<10) + cut + plain(4<<10), plain(20 << 10), true},
	} {
		log := c.before + c.after
		want, err := Find(t.Context(), strings.NewReader(log), int64(len(c.before)))
		if err != nil {
			t.Fatal(err)
		}
		r := &counting{Reader: bytes.NewReader([]byte(log))}
		got, err := FindIn(t.Context(), r, int64(len(log)), int64(len(c.before)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s, byte %d: %d and %d bytes, error %v, want %d and %d", name, len(c.before), got.Offset, len(got.Text), err, want.Offset, len(want.Text))
		}
		if whole := r.read >= int64(len(c.before)); whole != c.whole {
			t.Errorf("%s: %d bytes are read for byte %d", name, r.read, len(c.before))
		}
	}
}

// What is compressed is found by the position in its text.
func TestReadCompressed(t *testing.T) {
	text, err := os.ReadFile(logs + "mysql-9-7.log")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := placesIn(t, text)
	at := all[len(all)/2]
	for name, compress := range map[string]func(io.Writer) io.WriteCloser{
		"gz":  func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"zst": func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z },
		"xz":  func(w io.Writer) io.WriteCloser { z, _ := xz.NewWriter(w); return z },
	} {
		var b bytes.Buffer
		w := compress(&b)
		if _, err := w.Write(text); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "slow.log")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{path, "-"} {
			e, err := Read(t.Context(), bytes.NewReader(b.Bytes()), path, at.begin)
			if err != nil || !bytes.Equal(e.Text, text[at.begin:at.end]) {
				t.Errorf("%s, %s: %+v, error %v", name, path, e, err)
			}
		}
		cut := bytes.NewReader(b.Bytes()[:b.Len()-20])
		if _, err := Read(t.Context(), cut, "-", all[len(all)-1].begin); err == nil {
			t.Errorf("%s: what is cut is read as whole", name)
		}
	}
}

func TestFails(t *testing.T) {
	broken := errors.New("disk is broken")
	log := "# User@Host: a[a] @ b []\n# Query_time: 2.5  Lock_time: 0.1 Rows_sent: 1  Rows_examined: 12\nselect 1;\n"
	e, err := Find(t.Context(), io.MultiReader(strings.NewReader(log), iotest.ErrReader(broken)), 0)
	if e == nil || string(e.Text) != log || !errors.Is(err, broken) {
		t.Errorf("%+v, error %v", e, err)
	}
	if e, err := Find(t.Context(), io.MultiReader(strings.NewReader(log[:len(log)-4]), iotest.ErrReader(broken)), 0); e != nil || !errors.Is(err, broken) {
		t.Errorf("%+v, error %v", e, err)
	}
	if _, err := Find(t.Context(), iotest.ErrReader(broken), 0); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := Find(t.Context(), strings.NewReader("Dear reader,\n"), 0); !errors.Is(err, ErrNotSlowLog) {
		t.Errorf("error %v", err)
	}
	if _, err := Find(t.Context(), strings.NewReader(""), 0); err == nil || err.Error() != "there is no text in it" {
		t.Errorf("error %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Find(stopped, strings.NewReader(log), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{"a\tb\nc": "a\tb\nc", "\x1b[31m": `\x1b[31m`, "\r\x00\x7f": `\x0d\x00\x7f`, "\u202e\u200b\u0085\u2028": `\u202e\u200b\u0085\u2028`, "\xff\xc3": `\xff\xc3`, "長い é \ufffd": "長い é \ufffd"} {
		if got := string(Visible([]byte(text))); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
}
