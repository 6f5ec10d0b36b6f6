package parser

import (
	"bytes"

	"slowdigest/parser/fingerprint"
)

// seeker finds the next header where no statement is: at the start of the log, and
// after banners and what could not be read.
type seeker struct {
	w        *window
	headers  *headerReader
	ahead    *lookahead
	stats    *Stats
	reopened func(banner string)
	known    bool // what comes can only begin an entry
	tail     bool // what comes belongs to an entry already counted
	cut      bool // it may be the rest of an entry that has just been cut

	other     entry // for reading ahead
	formKnown bool
	named     bool // a line of a header has been seen that names a user
	short     int  // lines with Query_time that may be the first of an entry
}

// seek reads on to the next header, into e, and reports whether there is one.
func (s *seeker) seek(e *entry) bool {
	w := s.w
	if !s.formKnown {
		s.formKnown = true
		s.learnForm()
	}
	for w.has(0) {
		switch {
		case w.buf[0] == '\n', w.buf[0] == 0 && !startsForm(w, 0): // log rotation can leave NUL bytes
			w.drop(1)
			continue
		case w.startsHeader(0):
			switch s.headers.read(0, e) {
			case goodHeader:
				if end := s.hidden(); end > 0 {
					w.drop(end)
					continue
				}
				s.known, s.tail, s.cut = true, false, false
				return true
			case brokenHeader:
				s.lost(reasonBadHeader)
				w.drop(e.sql)
				s.known = !w.hasPrefix(0, cutMarker)
				continue
			case endedHeader:
				if !w.failed() {
					s.lost(reasonHeaderEnds)
				}
				w.drop(len(w.buf))
				return false
			default:
				s.text()
			}
		case s.skipBanner():
			continue
		case w.hasPrefix(0, byteOrderMark): // where files were joined
			w.drop(len(byteOrderMark))
			continue
		case startsHeading(w, 0):
			s.reopened("")
			s.known, s.tail = true, false
			w.dropLine()
			continue
		case startsForm(w, 0) && !s.tail:
			s.stats.problem(reasonForm, w.raw(w.base))
			s.tail = true
		default:
			s.text()
		}
		s.dropLine()
	}
	return false
}

// learnForm looks at the first two lines. If the log cannot be read, it ends there.
func (s *seeker) learnForm() {
	w := s.w
	if w.hasPrefix(0, byteOrderMark) {
		w.drop(len(byteOrderMark))
	}
	second, _ := w.line(0, maxFormLine)
	end, _ := w.line(second, maxFormLine)
	stamped, err := formOf(w.buf[:end])
	switch {
	case err != nil:
		s.refuse(err)
	case stamped:
		w.removeStamps()
	}
}

func (s *seeker) refuse(err *FormError) {
	s.w.drop(len(s.w.buf))
	s.w.err = err
}

// dropLine drops the line at index 0, or what is of it before a header.
func (s *seeker) dropLine() {
	for from := 1; ; from = 0 { // what stands at index 0 is known to be none
		end, how := s.w.line(0, firstWindow)
		next, found := s.w.nextHeader(from, end)
		s.w.drop(next)
		if found || how != lineLong {
			return
		}
	}
}

// hidden reports whether the header at index 0 stands in a literal or
// comment that began in a part of the entry that is missing. It returns the index
// where that entry ends, or 0.
func (s *seeker) hidden() int {
	if s.known || !s.tail {
		return 0
	}
	for _, q := range []fingerprint.Quote{fingerprint.InSingle, fingerprint.InDouble, fingerprint.InTick, fingerprint.InComment} {
		v, end := s.ahead.goesOn(0, q, usual)
		if v != closed || !s.w.has(end) {
			continue
		}
		headerEnd := func(i int) int {
			if s.headers.read(i, &s.other) != goodHeader {
				return 0
			}
			return s.other.sql
		}
		if header, found := s.w.entryIn(0, end, headerEnd); found {
			s.stats.problem(reasonUndecided, s.w.raw(s.w.position(header)))
		}
		return end
	}
	return 0
}

// lost counts an entry whose header is at index 0 as unreadable.
func (s *seeker) lost(reason string) {
	s.stats.SlowLog = true
	s.stats.problem(reason, s.w.raw(s.w.base))
	s.known, s.tail = false, true
}

// text counts the line at index 0 as a piece of an entry without a header.
func (s *seeker) text() {
	s.named = s.named || s.w.hasPrefix(0, userPrefix)
	if s.stats.Events == 0 && !s.named && s.w.hasPrefix(0, "# Query_time: ") {
		if s.short++; s.short > 1 {
			s.refuse(errShort)
			return
		}
	}
	end, _ := s.w.line(0, maxHeaderLine)
	if len(trimBlanks(s.w.buf[:end])) == 0 || s.w.hasPrefix(0, cutMarker) {
		return
	}
	if s.cut {
		s.known, s.cut = false, false
	}
	if s.tail {
		return
	}
	s.stats.problem(reasonNoHeader, s.w.raw(s.w.base))
	s.tail = true
}

const (
	maxFormLine   = 4 << 10 // bytes of a line that are looked at to learn the form of a log
	bannerVersion = ", Version: "
	bannerEnd     = "started with:"
	byteOrderMark = "\ufeff"
)

// skipBanner drops a banner, if there is one at index 0:
//
//	/rdsdbbin/mysql/bin/mysqld, Version: 8.0.32 (Source distribution). started with:
//	Tcp port: 3306  Unix socket: /tmp/mysql.sock
//	Time                 Id Command    Argument
func (s *seeker) skipBanner() bool {
	w := s.w
	if w.buf[0] == '#' {
		return false
	}
	end, _ := w.line(0, maxHeaderLine)
	line := trimEOL(w.buf[:end])
	if !isBanner(line) {
		return false
	}
	s.stats.Banners++
	s.stats.SlowLog = true
	s.reopened(string(line))
	s.known, s.tail = true, false
	w.dropLine()
	if w.startsPortLine(0) {
		w.dropLine()
	}
	if w.hasPrefix(0, "Time ") || w.hasPrefix(0, "Time\t") {
		w.dropLine()
	}
	return true
}

func isBanner(line []byte) bool {
	return bytes.HasSuffix(line, []byte(bannerEnd)) && bytes.Contains(line, []byte(bannerVersion))
}

// bannerStart is where the banner begins in a line that ends in one: the server can
// have been killed while it wrote what is before it.
func bannerStart(line []byte) int {
	program := bytes.Index(line, []byte(bannerVersion))
	start := bytes.LastIndexByte(line[:program], ' ') + 1
	if n := bytes.IndexByte(line[start:program], '/'); n >= 0 {
		return start + n
	}
	for _, name := range []string{"mysqld", "mariadbd"} {
		if n := bytes.LastIndex(line[start:program], []byte(name)); n >= 0 {
			return start + n
		}
	}
	return 0
}

// startsHeading reports whether the line at index i is one that tail -f writes
// between the texts of two files.
func startsHeading(w *window, i int) bool {
	if !w.hasPrefix(i, "==> ") {
		return false
	}
	end, _ := w.line(i, maxHeaderLine)
	return isHeading(trimEOL(w.buf[i:end]))
}

func isHeading(line []byte) bool {
	return len(line) > len("==>  <==") && bytes.HasPrefix(line, []byte("==> ")) && bytes.HasSuffix(line, []byte(" <=="))
}
