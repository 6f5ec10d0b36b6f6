package parser

import (
	"bytes"

	"slowdigest/parser/fingerprint"
)

// seek reads on to the next header, into p.next, and reports whether there is
// one. It is for where no statement is: the start of the log, and after
// banners and what could not be read.
func (p *Parser) seek() bool {
	w := &p.win
	for w.has(0) {
		switch {
		case w.buf[0] == '\n', w.buf[0] == 0: // log rotation can leave a hole of NUL bytes
			w.drop(1)
			continue
		case p.looksLikeHeader(0):
			switch p.parseHeader(0, p.next) {
			case goodHeader:
				if end := p.hidden(); end > 0 {
					w.drop(end)
					continue
				}
				p.pending, p.tail = true, false
				return true
			case brokenHeader:
				p.lost(reasonBadHeader)
				w.drop(p.next.sql)
				continue
			case endedHeader:
				p.lost(reasonHeaderEnds)
				w.drop(len(w.buf))
				return false
			default:
				p.text()
			}
		case p.skipBanner():
			continue
		case w.hasPrefix(0, byteOrderMark):
			w.drop(len(byteOrderMark))
			continue
		default:
			p.text()
		}
		p.dropLine()
	}
	return false
}

// hidden reports whether the header at index 0 stands in a literal or comment
// that began in a part of the entry that is missing. It returns the index where
// that entry ends, or 0.
func (p *Parser) hidden() int {
	if !p.tail {
		return 0
	}
	for _, q := range []fingerprint.Quote{fingerprint.InSingle, fingerprint.InDouble, fingerprint.InTick, fingerprint.InComment} {
		if v, _, end := p.goesOn(0, q); v == closed && p.win.has(end) {
			return end
		}
	}
	return 0
}

// lost counts an entry whose header is at index 0 as unreadable.
func (p *Parser) lost(reason string) {
	p.stats.SlowLog = true
	p.stats.problem(reason, true, p.win.base)
	p.tail = true
}

// text counts the line at index 0 as a piece of an entry without a header.
func (p *Parser) text() {
	end, _ := p.win.line(0, maxHeaderLine)
	if p.tail || len(bytes.TrimSpace(p.win.buf[:end])) == 0 || p.win.hasPrefix(0, cutMarker) {
		return
	}
	p.stats.problem(reasonNoHeader, true, p.win.base)
	p.tail = true
}

// dropLine drops the line at index 0, however long it is.
func (p *Parser) dropLine() {
	for {
		end, how := p.win.line(0, firstWindow)
		p.win.drop(end)
		if how != lineLong {
			return
		}
	}
}

const (
	bannerVersion = ", Version: "
	bannerEnd     = "started with:"
	byteOrderMark = "\ufeff"
)

// skipBanner drops a banner, if there is one at index 0:
//
//	/rdsdbbin/mysql/bin/mysqld, Version: 8.0.32 (Source distribution). started with:
//	Tcp port: 3306  Unix socket: /tmp/mysql.sock
//	Time                 Id Command    Argument
func (p *Parser) skipBanner() bool {
	w := &p.win
	if w.buf[0] == '#' {
		return false
	}
	end, _ := w.line(0, maxHeaderLine)
	line := trimEOL(w.buf[:end])
	if !isBanner(line) {
		return false
	}
	p.stats.Banners++
	p.stats.SlowLog = true
	p.clock.reopened(string(line))
	p.schema, p.tail = "", false
	p.dropLine()
	if isPortLine(w, 0) {
		p.dropLine()
	}
	if w.hasPrefix(0, "Time ") || w.hasPrefix(0, "Time\t") {
		p.dropLine()
	}
	return true
}

func isBanner(line []byte) bool {
	return bytes.HasSuffix(line, []byte(bannerEnd)) && bytes.Contains(line, []byte(bannerVersion))
}

func isPortLine(w *window, i int) bool {
	return w.hasPrefix(i, "Tcp port: ") || w.hasPrefix(i, "TCP Port: ")
}
