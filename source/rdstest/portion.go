package rdstest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxPortionBytes  = 1 << 20
	maxPortionLines  = 10000
	truncationNotice = "\n [Your log message was truncated]\n"
)

func (s *Server) downloadPortion(db *Instance, params url.Values) (any, *apiError) {
	f, found := db.files[params.Get("LogFileName")]
	if !found {
		return nil, &apiError{http.StatusNotFound, "DBLogFileNotFoundFault", fmt.Sprintf("DBLog File: %s is not found on the DB instance %s", params.Get("LogFileName"), db.ID)}
	}
	lines, err := strconv.Atoi(params.Get("NumberOfLines"))
	if err != nil || lines <= 0 || lines > maxPortionLines {
		lines = maxPortionLines
	}
	offset, err := f.offset(params, lines)
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "InvalidParameterValue", err.Error()}
	}
	text, next, err := f.read(offset, s.portionBytes(), lines)
	if err != nil {
		return nil, &apiError{http.StatusInternalServerError, "InternalFailure", err.Error()}
	}
	data := string(questionMarks(text))
	marker := fmt.Sprintf("%s.%d:%d", f.hour.UTC().Format("2006-01-02"), f.hour.UTC().Hour(), next)
	pending := next < f.content.Size()
	return portionResult{&data, &marker, &pending}, nil
}

func (s *Server) portionBytes() int {
	if s.PortionBytes > 0 {
		return s.PortionBytes
	}
	return maxPortionBytes
}

// offset is where a portion begins. Without a marker it is the last lines of
// the file that are asked for.
func (f *logFile) offset(params url.Values, lines int) (int64, error) {
	m := params.Get("Marker")
	if m == "0" {
		return 0, nil
	}
	if m == "" {
		return f.tail(lines)
	}
	_, digits, _ := strings.Cut(m, ":")
	offset, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || offset < 0 {
		return 0, fmt.Errorf("invalid marker %q", m)
	}
	return min(offset, f.content.Size()), nil
}

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

// read gets a portion and the offset its marker is to name.
func (f *logFile) read(offset int64, size, lines int) ([]byte, int64, error) {
	text, err := f.bytes(offset, size)
	if err != nil {
		return nil, 0, err
	}
	end := 0
	for ; lines > 0; lines-- {
		n := bytes.IndexByte(text[end:], '\n')
		if n < 0 {
			break
		}
		end += n + 1
	}
	next := offset + int64(len(text))
	switch {
	case lines == 0:
		return text[:end], offset + int64(end), nil
	case end == len(text) || next == f.content.Size():
		return text, next, nil
	}
	skipped, err := f.lineEnd(next)
	return append(text, truncationNotice...), skipped, err
}

// lineEnd is the offset behind the line that the given offset lies in.
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

func (f *logFile) bytes(offset int64, n int) ([]byte, error) {
	buf := make([]byte, min(int64(n), max(0, f.content.Size()-offset)))
	read, err := f.content.ReadAt(buf, offset)
	if err == io.EOF && read == len(buf) {
		err = nil
	}
	return buf[:read], err
}

// questionMarks does to text what the API does to all that is not ASCII text.
func questionMarks(text []byte) []byte {
	for i, b := range text {
		if b >= 0x80 || b < 0x20 && b != '\n' && b != '\t' && b != '\r' {
			text[i] = '?'
		}
	}
	return text
}
