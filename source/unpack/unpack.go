// Package unpack decompresses logs. It goes by what is in them and never by their names,
// which say little of a file that was renamed, or that comes over a pipe.
package unpack

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxWindow bounds how far back zstd may refer, in bytes, and so the memory that it takes: it is
// what the command zstd writes at most, with --long=27.
const maxWindow = 128 << 20

// longestStart is how many bytes tell what a stream is.
const longestStart = 10

// Text returns the text of a stream, and whether it was compressed: by gzip, bzip2, xz or zstd,
// which may have written several parts one after the other. Anything else it returns as it is.
// An error says that the stream begins as one of them does, and does not go on like that; one of Read,
// that it is damaged or ends too early, if it is not an error of r.
func Text(r io.Reader) (text io.Reader, compressed bool, err error) {
	d := &decompressed{stored: r}
	stored := bufio.NewReaderSize(readerFunc(d.readStored), 64<<10)
	start, _ := stored.Peek(longestStart) // its error comes again when the text is read
	open := opener(start)
	if open == nil {
		return stored, false, nil
	}
	d.text, err = open(stored)
	return d, true, err
}

// decompressed reads the text of a stream. Where that fails, and not the reading of what is stored, it says so.
type decompressed struct {
	stored, text io.Reader
	failed       bool // the reading of what is stored
}

func (d *decompressed) readStored(p []byte) (int, error) {
	n, err := d.stored.Read(p)
	d.failed = err != nil && err != io.EOF
	return n, err
}

func (d *decompressed) Read(p []byte) (int, error) {
	n, err := d.text.Read(p)
	switch {
	case err == nil || err == io.EOF || d.failed:
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("the compressed file ends too early: %w", err)
	default:
		err = fmt.Errorf("the compressed file is damaged, and what was read of it may be wrong: %w", err)
	}
	return n, err
}

// Compressed reports whether Text would decompress what begins like this.
func Compressed(start []byte) bool { return opener(start[:min(len(start), longestStart)]) != nil }

// opener returns what reads a stream that begins like this; nil if it is not compressed.
func opener(start []byte) func(io.Reader) (io.Reader, error) {
	begins := func(magic string) bool { return bytes.HasPrefix(start, []byte(magic)) }
	switch {
	case begins("\x1f\x8b"):
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case begins("\xfd7zXZ\x00"):
		return openXZ
	case begins("\x28\xb5\x2f\xfd"), len(start) > 3 && start[0]&0xf0 == 0x50 && bytes.HasPrefix(start[1:], []byte("\x2a\x4d\x18")): // a frame, or one to skip
		return func(r io.Reader) (io.Reader, error) {
			return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		}
	case begins("BZh") && len(start) == longestStart && (string(start[4:]) == "1AY&SY" || string(start[4:]) == "\x17\x72\x45\x38\x50\x90"): // a block, or the end
		return func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }
	}
	return nil
}

func openXZ(r io.Reader) (io.Reader, error) {
	x := &wholeXZ{stored: r}
	text, err := xz.NewReader(x)
	x.text = text
	return readerFunc(x.readText), err
}

// wholeXZ looks whether a stream ends as xz ends it. The library takes one that is cut between
// two blocks for whole.
type wholeXZ struct {
	stored io.Reader
	text   io.Reader
	last   []byte // two bytes, padding left out
}

func (x *wholeXZ) Read(p []byte) (int, error) {
	n, err := x.stored.Read(p)
	x.last = append(x.last, bytes.TrimRight(p[:n], "\x00")...)
	x.last = append(x.last[:0], x.last[max(0, len(x.last)-2):]...)
	return n, err
}

func (x *wholeXZ) readText(p []byte) (int, error) {
	n, err := x.text.Read(p)
	if err == io.EOF && string(x.last) != "YZ" {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
