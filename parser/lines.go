package parser

import (
	"bytes"
	"time"
)

// timeLine reads "# Time:", which in some logs is followed by User@Host.
func (e *entry) timeLine(line []byte, names *names) bool {
	var n int
	e.logged, e.loggedZone, n = parseTime(line)
	if e.loggedZone == noTime {
		return false
	}
	rest := bytes.TrimLeft(line[n:], " ")
	if bytes.HasPrefix(rest, []byte(userPrefix)) {
		return e.userLine(rest[len(userPrefix):], names)
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
	e.hasUser = true
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

// skipWarnings returns the index of the server's lines after the warnings that
// begin at index i. MariaDB writes the text of warnings as it is, data and line
// feeds included, so that nothing in it can be taken for a part of a header. It
// quotes the data: what looks like the server's lines within quotes is not. Clear
// is false where that does not lead to a statement, as the data has quotes too.
func (p *Parser) skipWarnings(i int) (index int, clear bool) {
	use, found, open := -1, -1, false
	for line := i; line-i < maxHeaderLine; {
		end, how := p.win.line(line, maxHeaderLine)
		text := trimEOL(p.win.buf[line:end])
		if bytes.HasPrefix(text, []byte("SET ")) {
			if _, ok := setTimestamp(text); ok {
				if use < 0 {
					use = line
				}
				if !open {
					return use, true
				}
				if found < 0 {
					found = use
				}
			}
		}
		use = -1
		if bytes.HasPrefix(text, []byte("use ")) {
			use = line
		}
		if quotes(text)%2 != 0 {
			open = !open
		}
		if how != lineWhole || found >= 0 && p.looksLikeHeader(end) {
			break
		}
		line = end
	}
	return max(i, found), false
}

// quotes counts the quotes of a line; the apostrophe of a word is none.
func quotes(line []byte) (n int) {
	letter := func(i int) bool { return i >= 0 && i < len(line) && isLetter(line[i]) }
	for i, c := range line {
		if c == '\'' && !(letter(i-1) && letter(i+1)) {
			n++
		}
	}
	return n
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
