package unpack

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// packed is "packed\n" as each of the compressors writes it.
func packed(t *testing.T) map[string]string {
	t.Helper()
	const text = "packed\n"
	all := map[string]string{}
	for name, hexed := range map[string]string{"bzip2": "425a68393141592653595bda09a8000003418000102e0840002000310c01064da31c028bb9229c28482ded04d400", "empty bzip2": "425a683917724538509000000000"} {
		b, err := hex.DecodeString(hexed)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	for name, open := range map[string]func(io.Writer) (io.WriteCloser, error){
		"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		var b bytes.Buffer
		w, err := open(&b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		all[name] = b.String()
	}
	return all
}

func read(stored string) (text string, compressed bool, err error) {
	r, compressed, err := Text(strings.NewReader(stored))
	if err != nil {
		return "", compressed, err
	}
	b, err := io.ReadAll(r)
	return string(b), compressed, err
}

// What is compressed is read, also in several parts, and what is cut or damaged is an error.
func TestCompressed(t *testing.T) {
	for name, stored := range packed(t) {
		want := "packed\n"
		if strings.HasPrefix(name, "empty") {
			want = ""
		}
		if text, compressed, err := read(stored); text != want || !compressed || err != nil {
			t.Errorf("%s: %q, %t, %v", name, text, compressed, err)
		}
		if text, _, err := read(stored + stored); text != want+want || err != nil {
			t.Errorf("%s twice: %q, %v", name, text, err)
		}
		for cut := longestStart; cut < len(stored); cut++ {
			if text, _, err := read(stored[:cut]); err == nil || !strings.HasPrefix(want, text) {
				t.Errorf("%d of %d bytes of %s: %q, %v", cut, len(stored), name, text, err)
			}
		}
	}
}

// A frame that zstd is to skip may come first, as parallel compressors write it.
func TestSkippedFrame(t *testing.T) {
	if text, compressed, err := read("\x5a\x2a\x4d\x18\x03\x00\x00\x00abc" + packed(t)["zstd"]); text != "packed\n" || !compressed || err != nil {
		t.Errorf("%q, %t, %v", text, compressed, err)
	}
}

// Anything else arrives as it is, however short, and also where it begins almost like that.
func TestPlain(t *testing.T) {
	for _, stored := range []string{"", "\x1f", "B", "BZh", "BZh91AY&S", "BZhello, world\n", "\xfd7zXZ", "\x28\xb5\x2f", "P*M\x17 and more", "# Time: 2026-11-23T09:00:00Z\n", strings.Repeat("x", 200_000)} {
		if text, compressed, err := read(stored); text != stored || compressed || err != nil {
			t.Errorf("%.20q: %.20q, %t, %v", stored, text, compressed, err)
		}
	}
}

// What zstd refers back to is bounded, or a few bytes could ask for all of the memory.
func TestWindowIsBounded(t *testing.T) {
	// A frame's header: no checksum, no size, and a window of 1 << (10 + exponent).
	frame := func(exponent byte) string {
		return "\x28\xb5\x2f\xfd\x00" + string([]byte{exponent << 3}) + "\x09\x00\x00x"
	}
	if text, _, err := read(frame(17)); text != "x" || err != nil {
		t.Errorf("128 MB: %q, %v", text, err)
	}
	if text, _, err := read(frame(18)); err == nil || text != "" {
		t.Errorf("256 MB: %q, %v", text, err)
	}
}

// It is said whether the text ends too early or is damaged, and what the disk says is passed on.
func TestErrors(t *testing.T) {
	broken := errors.New("disk is broken")
	for name, stored := range packed(t) {
		if strings.HasPrefix(name, "empty") {
			continue
		}
		for cut := longestStart; cut < len(stored); cut++ {
			text, _, err := Text(io.MultiReader(strings.NewReader(stored[:cut]), iotest.ErrReader(broken)))
			if err == nil {
				_, err = io.ReadAll(text)
			}
			if !errors.Is(err, broken) || strings.Contains(err.Error(), "compressed") {
				t.Errorf("%d bytes of %s on a broken disk: %v", cut, name, err)
			}
		}
		if _, _, err := read(stored[:len(stored)-1]); err == nil || err.Error() != "the compressed file ends too early: unexpected EOF" {
			t.Errorf("%s: %v", name, err)
		}
		wrong := []byte(stored)
		wrong[len(wrong)*2/3] ^= 0x40
		if text, _, err := read(string(wrong)); err == nil && text != "packed\n" {
			t.Errorf("%s: what is damaged reads as %q", name, text)
		}
	}
	stored := packed(t)["gzip"]
	if text, _, err := read(stored + "garbage"); text != "packed\n" || err == nil || err.Error() != "the compressed file ends too early: unexpected EOF" {
		t.Errorf("%q, %v", text, err)
	}
	wrong := []byte(stored)
	wrong[len(wrong)-6] ^= 1 // of the checksum
	if _, _, err := read(string(wrong)); !errors.Is(err, gzip.ErrChecksum) || !strings.HasPrefix(err.Error(), "the compressed file is damaged, and what was read of it may be wrong: ") {
		t.Errorf("%v", err)
	}
}
