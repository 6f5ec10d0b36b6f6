package rdstest

import (
	"bytes"
	"io"
	"time"
)

// Content holds the text of a log file. A *bytes.Reader is one, and an
// *io.SectionReader.
type Content interface {
	io.ReaderAt
	Size() int64
}

// logFile is a file of an instance.
type logFile struct {
	id      int
	name    string
	written time.Time
	content Content
	hour    time.Time // of the rotation that ends the file; its markers name it
}

// bytes reads n bytes, or as many as there are.
func (f *logFile) bytes(offset int64, n int) ([]byte, error) {
	buf := make([]byte, min(int64(n), max(0, f.content.Size()-offset)))
	if len(buf) == 0 {
		return nil, nil
	}
	read, err := f.content.ReadAt(buf, offset)
	if err == io.EOF && read == len(buf) {
		err = nil
	}
	return buf[:read], err
}

func (f *logFile) truncate(size int64) {
	text, _ := f.bytes(0, int(max(0, min(size, f.content.Size()))))
	f.content = bytes.NewReader(text)
}

// tail returns the offset of the last lines.
func (f *logFile) tail(lines int) (int64, error) {
	from := max(0, f.content.Size()-maxPortionBytes)
	text, err := f.bytes(from, maxPortionBytes)
	if err != nil {
		return 0, err
	}
	end := len(bytes.TrimSuffix(text, []byte("\n")))
	for ; lines > 0; lines-- {
		if end = bytes.LastIndexByte(text[:end], '\n'); end < 0 {
			return from, nil
		}
	}
	return from + int64(end) + 1, nil
}

// lineEnd returns the offset after the line that the given offset lies in.
func (f *logFile) lineEnd(offset int64) (int64, error) {
	for offset < f.content.Size() {
		text, err := f.bytes(offset, 64<<10)
		if err != nil {
			return 0, err
		}
		if n := bytes.IndexByte(text, '\n'); n >= 0 {
			return offset + int64(n) + 1, nil
		}
		offset += int64(len(text))
	}
	return offset, nil
}
