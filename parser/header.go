package parser

import (
	"bytes"
	"time"
)

// entry is an Event and what of its header is not part of it.
type entry struct {
	Event
	sql int // index in the window of what follows the header: the statement

	logged     time.Time // from "# Time:"
	loggedZone zone
	epoch      time.Time // from SET timestamp; zero if there is none
	start, end time.Time // of log_slow_extra

	hasQueryTime, badTime, badLock bool
	hasID, hasSchema               bool
	warned                         bool // the header has warnings
	readFirst                      uint64
}

// A form is what the headers of one log have in common.
type form struct {
	zoned bool // "# Time:" tells the zone, and every entry has one
	id    bool // "Id:" in the line User@Host
	stamp bool // SET timestamp
}

func (e *entry) form() form {
	return form{zoned: e.loggedZone == utcTime, id: e.hasID, stamp: !e.epoch.IsZero()}
}

// headerKind is what parseHeader found.
type headerKind int

const (
	notHeader    headerKind = iota
	goodHeader              // an entry
	brokenHeader            // an entry of which only a part is there
	endedHeader             // the log ends within it
)

const (
	timePrefix  = "# Time: "
	userPrefix  = "# User@Host: "
	adminPrefix = "# administrator command: "
	cutMarker   = " [Your log message was truncated]"

	maxHeaderLine = 64 << 10
	maxHeader     = 1 << 20
	maxBeforeTime = 16 // lines before the one that has Query_time
)

// looksLikeHeader tells whether the line at index i has the beginning of an
// entry's first line.
func (p *Parser) looksLikeHeader(i int) bool {
	return p.win.hasPrefix(i, timePrefix) || p.win.hasPrefix(i, userPrefix)
}

// parseHeader reads the header at index i into e, which it changes in any case.
// It changes nothing else of the Parser, so that it can look ahead.
func (p *Parser) parseHeader(i int, e *entry) headerKind {
	*e = entry{}
	e.Offset = p.win.base + int64(i)
	e.Weight = 1
	w := &p.win
	first, seenUser := i, false
lines:
	for n := 0; ; n++ {
		end, how := w.line(i, maxHeaderLine)
		if how == lineLast && p.endsInHeader(i, e) {
			return endedHeader
		}
		if how == lineLong || i-first > maxHeader || n > maxBeforeTime && !e.hasQueryTime {
			break
		}
		line := trimEOL(w.buf[i:end])
		switch {
		case bytes.HasPrefix(line, []byte(timePrefix)):
			if i > first || !e.timeLine(line, p, &seenUser) {
				break lines
			}
		case bytes.HasPrefix(line, []byte(userPrefix)):
			if seenUser || !e.userLine(line[len(userPrefix):], &p.names) {
				break lines
			}
			seenUser = true
		case bytes.HasPrefix(line, []byte(adminPrefix)):
			break lines
		case string(line) == "# Warnings" && e.hasQueryTime:
			e.warned = true
			i = p.skipWarnings(end)
			break lines
		case bytes.HasPrefix(line, []byte("# explain: ")):
		case len(line) > 0 && line[0] == '#', bytes.HasPrefix(line, []byte("Tmp_tables: ")): // PS-7492
			e.fields(line, &p.names)
		default:
			break lines
		}
		i = end
	}
	switch {
	case i == first:
		return notHeader
	case seenUser && e.hasQueryTime:
		e.sql = p.serverLines(i, e)
		return goodHeader
	case w.hasPrefix(i, cutMarker) || p.looksLikeHeader(i):
		e.sql = i
		return brokenHeader
	}
	return notHeader
}

// skipWarnings returns the index of the server's lines behind the warnings that
// begin at index i. MariaDB writes the text of warnings as it is, data and line
// feeds included, so that nothing in it can be taken for a part of a header.
func (p *Parser) skipWarnings(i int) int {
	use := -1
	for line := i; line-i < maxHeaderLine; {
		end, how := p.win.line(line, maxHeaderLine)
		text := trimEOL(p.win.buf[line:end])
		if bytes.HasPrefix(text, []byte("SET ")) {
			if _, ok := setTimestamp(text); ok {
				if use >= 0 {
					return use
				}
				return line
			}
		}
		use = -1
		if bytes.HasPrefix(text, []byte("use ")) {
			use = line
		}
		if how != lineWhole {
			break
		}
		line = end
	}
	return i
}

// endsInHeader tells whether the last line of the stream, at index i and
// without a line feed, is one of the header e.
func (p *Parser) endsInHeader(i int, e *entry) bool {
	if i == len(p.win.buf) {
		return !e.hasQueryTime
	}
	return p.win.buf[i] == '#' && !p.win.hasPrefix(i, adminPrefix)
}

// timeLine reads "# Time:", which in some logs is followed by User@Host.
func (e *entry) timeLine(line []byte, p *Parser, seenUser *bool) bool {
	var n int
	line = line[len(timePrefix):]
	e.logged, e.loggedZone, n = parseTime(line)
	if e.loggedZone == noTime {
		return false
	}
	rest := bytes.TrimLeft(line[n:], " ")
	if bytes.HasPrefix(rest, []byte(userPrefix)) {
		*seenUser = e.userLine(rest[len(userPrefix):], &p.names)
	}
	return true
}

// userLine reads "user[user] @ host [ip]  Id: 1". The user can hold brackets,
// blanks and @; the host cannot.
func (e *entry) userLine(line []byte, names *names) bool {
	at := bytes.LastIndexByte(line, '@')
	if at < 2 || line[at-2] != ']' {
		return false
	}
	host := line[at+1:]
	open, shut := bytes.IndexByte(host, '['), bytes.IndexByte(host, ']')
	if open < 0 || shut < open {
		return false
	}
	ip, rest := host[open+1:shut], host[shut+1:]
	if host = bytes.Trim(host[:open], " "); len(host) == 0 {
		host = ip
	}
	e.User, e.Host = names.get(userOf(line[:at-2])), names.get(host)
	e.fields(rest, names)
	return true
}

// userOf splits "account[login". The two are the same but for anonymous
// accounts, whose account is empty, and for proxies.
func userOf(b []byte) []byte {
	if half := len(b) / 2; len(b)%2 == 1 && b[half] == '[' && bytes.Equal(b[:half], b[half+1:]) {
		return b[:half]
	}
	account, login, _ := bytes.Cut(b, []byte("["))
	if len(account) == 0 {
		return login
	}
	return account
}

// serverLines reads the lines "use db;" and "SET timestamp=1;" that the server
// writes before the statement, and returns the index of the statement. A
// second line of either kind is the statement itself, and so is "use db;" if
// nothing follows it.
func (p *Parser) serverLines(i int, e *entry) int {
	w := &p.win
	if w.has(i+4) && bytes.EqualFold(w.buf[i:i+4], []byte("use ")) {
		end, _ := w.line(i, maxHeaderLine)
		line := trimEOL(w.buf[i:end])
		if n := len(line); line[n-1] == ';' {
			e.Schema, e.hasSchema = p.names.get(unquoteName(line[4:n-1])), true
			if !w.has(end) || p.looksLikeHeader(end) {
				return i
			}
			i = end
		}
	}
	if w.hasPrefix(i, "SET ") {
		end, _ := w.line(i, maxHeaderLine)
		if epoch, ok := setTimestamp(trimEOL(w.buf[i:end])); ok {
			e.epoch = epoch
			return end
		}
	}
	return i
}

func unquoteName(b []byte) []byte {
	if n := len(b); n >= 2 && b[0] == '`' && b[n-1] == '`' {
		return bytes.ReplaceAll(b[1:n-1], []byte("``"), []byte("`"))
	}
	return b
}

// setTimestamp reads "SET last_insert_id=1,insert_id=2,timestamp=3;" as the
// server writes it, the time last.
func setTimestamp(line []byte) (time.Time, bool) {
	line, ok := bytes.CutSuffix(line[len("SET "):], []byte(";"))
	line = cutNumber(cutNumber(line, "last_insert_id="), "insert_id=")
	line, found := bytes.CutPrefix(line, []byte("timestamp="))
	if point := bytes.IndexByte(line, '.'); point >= 0 && digits(line[point+1:]) >= 0 {
		line = line[:point]
	}
	seconds := digits(line)
	if !ok || !found || len(line) == 0 || len(line) > 12 || seconds < 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// cutNumber cuts "key=1," off the front of b, if it is there.
func cutNumber(b []byte, key string) []byte {
	if !bytes.HasPrefix(b, []byte(key)) {
		return b
	}
	number, rest, found := bytes.Cut(b[len(key):], []byte(","))
	if !found || digits(number) < 0 {
		return b
	}
	return rest
}

func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
