package parser

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"
)

// stampLog puts what an export of CloudWatch Logs has before its lines before those
// of a log: before each, or before the first of each entry and the banners.
func stampLog(g *generator, log []byte, starts map[int64]bool, stamp string, each bool) (text []byte, offsets map[int64]int64) {
	offsets = map[int64]int64{}
	at := int64(0)
	for line := range bytes.Lines(log) {
		offsets[at] = int64(len(text))
		if each || starts[at] {
			text = append(text, stamp...)
		}
		text = append(text, line...)
		at += int64(len(line))
	}
	return text, offsets
}

// A log is read from an export as it is from the file, whatever stamps it has.
func TestStamps(t *testing.T) {
	first := firstSeed()
	for seed := first; seed < first+400 && !t.Failed(); seed++ {
		g := newGenerator(seed)
		starts := map[int64]bool{}
		for range 1 + g.IntN(20) {
			if g.IntN(10) == 0 {
				starts[int64(g.log.Len())] = true
				g.banner()
			}
			starts[int64(g.log.Len())] = true
			g.entry()
		}
		stamp := pick(g, "2026-11-23T10:00:00.123000+00:00 mydb ", "2026-11-23T10:00:00.123Z ", "2026-11-23T10:00:00 ",
			"2026-11-23T10:00:00+00:00 db-instance-1 ", "2026-11-23T10:00:00.123000+09:00 "+strings.Repeat("s", maxStream)+" ")
		each := g.IntN(2) == 0
		text, offsets := stampLog(g, g.log.Bytes(), starts, stamp, each)
		o := Options{Location: time.FixedZone("", int(g.zone.Seconds()))}
		want, plain := readAll(t, bytes.NewReader(g.log.Bytes()), o)
		for _, r := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text)), &randomReader{g.Rand, text}} {
			got, stats := readAll(t, r, o)
			if len(got) != len(want) || stats.Bytes != int64(len(text)) || stats.Complete() != plain.Complete() {
				t.Fatalf("seed %d: %d entries of %d, %+v, want %+v", seed, len(got), len(want), stats, plain)
			}
			for i := range got {
				w := want[i]
				w.Offset = offsets[w.Offset]
				if fmt.Sprintf("%+v", got[i]) != fmt.Sprintf("%+v", w) {
					t.Fatalf("seed %d, %q:\ngot  %+v\nwant %+v", seed, stamp, got[i], w)
				}
			}
		}
	}
}

// The bounds of what is taken for a stamp.
func TestBoundsOfStamps(t *testing.T) {
	s := newStamps(strings.NewReader(""))
	for stream, known := range map[string]bool{strings.Repeat("s", maxStream): true, strings.Repeat("s", maxStream+1): false} {
		line := "2026-11-23T10:00:00Z " + stream + " "
		want := 0
		if known {
			want = len(line)
		}
		if n := s.stamp([]byte(line + time1)); n != want {
			t.Errorf("a stream of %d bytes: a stamp of %d bytes", len(stream), n)
		}
	}
	for i := range maxStreams + 1 {
		line := fmt.Sprintf("2026-11-23T10:00:00Z stream-%d ", i)
		if n := s.stamp([]byte(line + time1)); (n > 0) != (i < maxStreams-1) { // one is known already
			t.Errorf("stream %d: a stamp of %d bytes", i, n)
		}
	}
}

// What cannot be read is refused, and it is said what to do.
func TestRefused(t *testing.T) {
	log := banner56 + strings.Repeat(head1+"select 1;\n", 3)
	prefixed := func(prefix string) string {
		var b strings.Builder
		for line := range strings.Lines(log[strings.Index(log, "# Time"):]) {
			b.WriteString(prefix + line)
		}
		return b.String()
	}
	big := utf16LE(log)
	for i := 0; i < len(big); i += 2 {
		big[i], big[i+1] = big[i+1], big[i]
	}
	utf32LE := ""
	for _, c := range log {
		utf32LE += string([]byte{byte(c), 0, 0, 0})
	}
	short := strings.ReplaceAll(strings.ReplaceAll(log, time1, ""), "# User@Host: a[a] @ h []  Id:     7\n", "")
	for name, tt := range map[string]struct{ log, want, hint string }{
		"UTF-16":              {"\xff\xfe" + string(utf16LE(log)), "UTF-16", "iconv"},
		"UTF-16, big endian":  {"\xfe\xff" + string(big), "UTF-16", "iconv"},
		"UTF-16 without mark": {string(utf16LE(log)), "UTF-16", "iconv"},
		"UTF-32":              {"\xff\xfe\x00\x00" + utf32LE, "UTF-32", "iconv -f UTF-32"},
		"UTF-32 without mark": {utf32LE, "UTF-32", "iconv -f UTF-32"},
		"bzip2":               {"BZh91AY&SY\x01\x02", "bzip2", "bzip2 -d"},
		"xz":                  {"\xfd7zXZ\x00\x00\x04", "xz", "xz -d"},
		"zstd":                {"\x28\xb5\x2f\xfd\x04\x00", "zstd", "zstd -d"},
		"gzip, twice":         {"\x1f\x8b\x08\x00\x00", "gzip", "gzip -d"},
		"get-log-events":      {"b/3811\tf/3811\nEVENTS\t1795435201000\t# Time: 2026-11-23T10:00:01.000000Z\t1795435201000\n", "get-log-events", "aws logs tail"},
		"CSV":                 {"@timestamp,@message\n2026-11-23 10:00:01.000,\"# Time: 2026-11-23T10:00:01.000000Z\n", "CSV", "aws logs tail"},
		"Docker":              {`{"log":"# Time: 2026-11-23T10:00:01.000000Z\n","stream":"stdout","time":"2026-11-23T10:00:01.1Z"}` + "\n", "container", "jq"},
		"Kubernetes":          {prefixed("2026-11-23T10:00:01.123456789Z stdout F "), "container", "--timestamps"},
		"docker logs -t":      {prefixed("2026-11-23T10:00:01.123456789Z "), "container", "--timestamps"},
		"docker compose":      {prefixed("mysql-1  | "), "container", "prefix"},
		"kubectl --prefix":    {prefixed("[pod/mysql-0/mysql] "), "container", "--prefix"},
		"syslog":              {prefixed("Nov 23 10:00:01 db1 mysqld[77]: "), "prefix", "# Time: "},
		"CloudWatch in JSON":  {"{\n  \"events\": [\n    {\"message\": \"# Time: 2026-11-23T10:00:01.000000Z\\n\"}]}\n", "JSON", "aws logs tail"},
		"lz4":                 {"\x04\x22\x4d\x18\x64\x40", "lz4", "lz4 -d"},
		"tar":                 {"slow.log" + strings.Repeat("\x00", 249) + "ustar  \x00" + strings.Repeat("\x00", 247) + log, "tar", "tar -xf"},
		"a portion of RDS":    {"{\n    \"LogFileData\": \"# Time: 2026-11-23T10:00:01.000000Z\\n\",\n    \"Marker\": \"12:3\"\n}\n", "download-db-log-file-portion", "--query LogFileData --output text"},
		"the same in a line":  {"{\"LogFileData\": \"# Time: 2026-11-23T10:00:01.000000Z\\n\", \"Marker\": \"12:3\"}\n", "download-db-log-file-portion", "--query LogFileData --output text"},
		"the same as text":    {"False\t" + log + "\t12:345\n", "download-db-log-file-portion", "--query LogFileData --output text"},
		"--log-short-format":  {short, "--log-short-format", "--log-short-format"},
	} {
		t.Run(name, func(t *testing.T) {
			p := New(iotest.HalfReader(strings.NewReader(tt.log)), Options{})
			for range 2 {
				_, err := p.Next()
				var form *FormError
				if !errors.As(err, &form) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(form.Hint(), tt.hint) {
					t.Fatalf("error %v", err)
				}
			}
		})
	}
	// A line User@Host that cannot be read is not left out.
	if _, err := New(strings.NewReader(strings.ReplaceAll(log, "# User@Host: a[a] @", "# User@Host: a a @")), Options{}).Next(); errors.As(err, new(*FormError)) {
		t.Error(err)
	}
	// Six digits of a second are CloudWatch's, more are a container's.
	for digits, refused := range map[string]bool{"123456": false, "1234567": true} {
		_, err := New(strings.NewReader(prefixed("2026-11-23T10:00:01."+digits+"Z ")), Options{}).Next()
		if (err != nil) != refused {
			t.Errorf("%s: %v", digits, err)
		}
	}
}

func utf16LE(s string) (b []byte) {
	for _, c := range utf16.Encode([]rune(s)) {
		b = append(b, byte(c), byte(c>>8))
	}
	return b
}
