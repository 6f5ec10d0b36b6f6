package entry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"unicode"
	"unicode/utf8"

	"slowdigest/source"
	"slowdigest/source/unpack"
)

// Read finds an entry in the file at a path, or in stdin if that is "-", as Find does. It seeks in
// a regular file that is not compressed, and reads from the start of what is.
func Read(ctx context.Context, stdin io.Reader, path string, offset int64) (*Entry, error) {
	if path == "-" {
		text, _, err := unpack.Text(stdin)
		if err != nil {
			return nil, err
		}
		return Find(ctx, text, offset)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, &noEntry{"it is a directory", "name one of the logs in it"}
	}
	opened, err := source.OpenFile(ctx, path)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	text, compressed, err := unpack.Text(opened)
	if err != nil {
		return nil, err
	}
	if file, regular := opened.(*os.File); regular && !compressed {
		info, err := file.Stat()
		if err != nil {
			return nil, err
		}
		return FindIn(ctx, file, info.Size(), offset)
	}
	return Find(ctx, text, offset)
}

// Visible shows, as Go writes it, what a terminal would obey or not show: control characters, but
// for tabs and ends of lines, bidirectional overrides, and invalid UTF-8.
func Visible(text []byte) []byte {
	var b bytes.Buffer
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r == utf8.RuneError && n == 1 || r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\u2028' || r == '\u2029' || unicode.Is(unicode.C, r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		text = text[n:]
	}
	return b.Bytes()
}
