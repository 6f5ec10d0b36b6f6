package parser

import (
	"bytes"
	"strings"
)

// FormError says that a stream has a form in which slow logs are not read.
type FormError struct{ form, hint string }

func (e *FormError) Error() string { return "the log " + e.form }

// Hint says what to do about it, without a full stop.
func (e *FormError) Hint() string { return e.hint }

var (
	errUTF16     = &FormError{"is written in UTF-16", "convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8"}
	errUTF32     = &FormError{"is written in UTF-32", "convert it to UTF-8, as with iconv -f UTF-32 -t UTF-8"}
	errDocker    = &FormError{"is a container's output as Docker or Kubernetes stores it, in JSON", "give the text alone, as with jq -rj .log, or the slow log file itself"}
	errContainer = &FormError{"has the prefix of a container's output before each line", "give the slow log file itself, or leave the prefix out, as docker logs and kubectl logs do without --timestamps and --prefix"}
	errJSON      = &FormError{"is JSON, as CloudWatch Logs returns it", "export the text, as with aws logs tail --format detailed"}
	errPortion   = &FormError{"stands between other things, as aws rds download-db-log-file-portion returns it", "get the text, as with --query LogFileData --output text"}
	errTar       = &FormError{"is a tar archive", "give its files, as with tar -xf"}
	errText      = &FormError{"is text as aws logs get-log-events returns it", "export the text, as with aws logs tail --format detailed"}
	errCSV       = &FormError{"is CSV", "give the text of the log alone, or export it with aws logs tail --format detailed"}
	errPrefix    = &FormError{"has a prefix before each line", "leave the prefix out, so that lines begin with \"# Time: \" or \"# User@Host: \""}
	errShort     = &FormError{"is written with --log-short-format, which leaves out times and users", "start the server without --log-short-format"}
)

// formOf looks at the first two lines of a log. It reports whether they have the stamps
// of CloudWatch Logs, and returns an error if the log cannot be read.
func formOf(text []byte) (stamped bool, err *FormError) {
	if err := compressed(text); err != nil {
		return false, err
	}
	if len(text) > tarMagic && bytes.HasPrefix(text[tarMagic:], []byte("ustar")) {
		return false, errTar
	}
	if isUTF32(text) {
		return false, errUTF32
	}
	if isUTF16(text) {
		return false, errUTF16
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	second, _, _ := bytes.Cut(rest, []byte("\n"))
	switch {
	case bytes.HasPrefix(first, []byte("{")) && bytes.Contains(text, []byte(`"LogFileData":`)), bytes.HasPrefix(first, []byte("False\t")), bytes.HasPrefix(first, []byte("True\t")):
		return false, errPortion
	case bytes.HasPrefix(first, []byte("{")) && bytes.Contains(first, []byte(`"log":`)):
		return false, errDocker
	case bytes.HasPrefix(first, []byte("{")) && (bytes.Contains(text, []byte(`"events":`)) || bytes.Contains(first, []byte(`"message":`))):
		return false, errJSON
	case bytes.HasPrefix(first, []byte("[pod/")):
		return false, errContainer
	case bytes.HasPrefix(first, []byte("EVENTS\t")), bytes.HasPrefix(second, []byte("EVENTS\t")):
		return false, errText
	case bytes.Contains(first, []byte("timestamp")) && bytes.Contains(first, []byte(",")) && bytes.Contains(first, []byte("message")) && !bytes.HasPrefix(first, []byte("#")):
		return false, errCSV
	}
	if n := stampTime(first); n > 0 {
		if fractionDigits(first[:n]) > 6 || bytes.HasPrefix(first[n:], []byte("stdout ")) || bytes.HasPrefix(first[n:], []byte("stderr ")) {
			return false, errContainer
		}
		return true, nil
	}
	// The header's first two lines, or a banner's, with the same before them.
	for _, pair := range [][2]string{{timePrefix, userPrefix}, {userPrefix, "# "}, {"", "Tcp port: "}} {
		n := bytes.Index(second, []byte(pair[1]))
		if n <= 0 || !bytes.HasPrefix(first, append(bytes.Clone(second[:n]), pair[0]...)) {
			continue
		}
		if strings.HasSuffix(string(second[:n]), "| ") {
			return false, errContainer
		}
		return false, errPrefix
	}
	return false, nil
}

// fractionDigits is how many digits the seconds of a time have after their point:
// CloudWatch Logs writes up to six, and containers' engines nine.
func fractionDigits(time []byte) int {
	_, fraction, _ := bytes.Cut(time, []byte("."))
	n := 0
	for n < len(fraction) && fraction[n] >= '0' && fraction[n] <= '9' {
		n++
	}
	return n
}

// isUTF16 reports whether the text has the byte order mark of UTF-16, or every other
// of its first bytes is zero.
func isUTF16(text []byte) bool {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return true
	}
	if len(text) < 4 {
		return false
	}
	zero := func(i int) bool { return text[i] == 0 }
	return zero(0) == zero(2) && zero(1) == zero(3) && zero(0) != zero(1)
}

// compressors are the first bytes of what they write, and what reads it.
var compressors = [...]struct{ magic, name, hint string }{
	{"\x1f\x8b\x08", "gzip", "gzip -d"},
	{"BZh", "bzip2", "bzip2 -d"},
	{"\xfd7zXZ\x00", "xz", "xz -d"},
	{"\x28\xb5\x2f\xfd", "zstd", "zstd -d"},
	{"\x04\x22\x4d\x18", "lz4", "lz4 -d"},
	{"PK\x03\x04", "zip", "unzip -p"},
}

// tarMagic is where a tar archive says what it is.
const tarMagic = 257

func compressed(text []byte) *FormError {
	for _, c := range compressors {
		if bytes.HasPrefix(text, []byte(c.magic)) {
			return &FormError{"is compressed with " + c.name, "decompress it, as with " + c.hint}
		}
	}
	return nil
}

// isUTF32 reports whether the text has the byte order mark of UTF-32, or three of its first
// four bytes are zero, and of the next four.
func isUTF32(text []byte) bool {
	if bytes.HasPrefix(text, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(text, []byte("\x00\x00\xfe\xff")) {
		return true
	}
	return len(text) >= 8 && bytes.Count(text[:4], []byte{0}) == 3 && bytes.Count(text[4:8], []byte{0}) == 3
}

// startsForm reports whether at index i something begins that is no text as a server writes
// it: what gzip has compressed, a byte order mark, or a header of which each other byte is
// zero.
func startsForm(w *window, i int) bool {
	for _, start := range [...]string{compressors[0].magic, "BZh91AY&SY", compressors[2].magic, "\xff\xfe", "\xfe\xff", "#\x00 \x00", "\x00#\x00 "} {
		if w.hasPrefix(i, start) {
			return true
		}
	}
	return false
}
