package rdstest

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"strconv"
)

const (
	maxPortionBytes  = 1 << 20
	maxPortionLines  = 10000
	truncationNotice = "\n [Your log message was truncated]\n"
)

// portion is an answer of DownloadDBLogFilePortion in the making.
type portion struct {
	asked   string // the marker
	from    int64  // offset of the text
	text    []byte
	notice  bool
	next    int64
	marker  string
	pending bool
}

func (s *Server) downloadPortion(params url.Values, fault Kind) (any, *apiError) {
	db, apiErr := s.instance(params.Get("DBInstanceIdentifier"))
	if apiErr != nil {
		return nil, apiErr
	}
	name := params.Get("LogFileName")
	if change, changes := changes[fault]; changes {
		change(db, name)
	}
	if _, found := db.files[name]; !found {
		return nil, fileNotFound(name)
	}
	lines, err := strconv.Atoi(params.Get("NumberOfLines"))
	if err != nil || lines <= 0 || lines > maxPortionLines {
		lines = maxPortionLines
	}
	marker := params.Get("Marker")
	var at place
	if marker == "" {
		at = place{file: db.files[name]}
		at.offset, err = at.file.tail(lines)
	} else {
		at, apiErr = s.locate(db, name, marker)
		err = nil
	}
	if apiErr != nil {
		return nil, apiErr
	}
	var p portion
	if err == nil {
		p, err = s.portion(at, marker, lines)
	}
	if err != nil {
		return nil, &apiError{http.StatusInternalServerError, "InternalFailure", err.Error()}
	}
	if distort, distorts := distortions[fault]; distorts {
		distort(s, at.file, &p)
	}
	return s.result(p, fault)
}

// portion reads what there is at a place.
func (s *Server) portion(at place, asked string, lines int) (portion, error) {
	p := portion{asked: asked, from: at.offset, next: at.offset, marker: asked}
	switch {
	case at.stuck:
		return p, nil
	case at.turned:
		p.marker = s.marker(at.file, 0)
		return p, nil
	}
	err := p.read(at.file, cmp.Or(s.PortionBytes, maxPortionBytes), lines)
	p.marker = s.marker(at.file, p.next)
	p.pending = p.next < at.file.content.Size()
	return p, err
}

// read takes as many lines as fit. If the last one does not fit, it is cut, and
// the next portion begins after the rest of it.
func (p *portion) read(f *logFile, size, lines int) error {
	var text []byte
	end := 0
	for step := 64 << 10; len(text) < size && lines > 0; step *= 4 { // few lines need little of a large file
		more, err := f.bytes(p.from+int64(len(text)), min(step, size-len(text)))
		if err != nil {
			return err
		}
		if text = append(text, more...); len(more) == 0 {
			break
		}
		for ; lines > 0; lines-- {
			n := bytes.IndexByte(text[end:], '\n')
			if n < 0 {
				break
			}
			end += n + 1
		}
	}
	p.next = p.from + int64(len(text))
	if lines == 0 {
		p.text, p.next = text[:end], p.from+int64(end)
		return nil
	}
	p.text = text
	if end < len(text) && p.next < f.content.Size() {
		p.notice = true
		var err error
		p.next, err = f.lineEnd(p.next)
		return err
	}
	return nil
}

// tail is the offset of the last lines.
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

// lineEnd is the offset after the line that the given offset lies in.
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
