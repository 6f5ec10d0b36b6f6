package parser

import (
	"bytes"
	"slices"
	"time"
)

// headerKind classifies what headerReader.read has found.
type headerKind int

const (
	notHeader    headerKind = iota
	goodHeader              // an entry
	brokenHeader            // an entry of which only a part is there
	endedHeader             // the log ends within it
)

const (
	timePrefix    = "# Time: "
	userPrefix    = "# User@Host: "
	adminPrefix   = "# administrator command: "
	explainPrefix = "# explain: "
	cutMarker     = " [Your log message was truncated]"

	maxHeaderLine = 64 << 10
	maxHeader     = 1 << 20
	maxBeforeTime = 16 // lines before the one that has Query_time
	maxFirstLine  = 1 << 10
)

// headerReader reads the header of an entry, and the lines that the server writes
// before the statement, wherever it stands in the window. It drops nothing and
// knows nothing of other entries, so that it can look ahead.
type headerReader struct {
	w     *window
	names interner
}

// read reads the header at index i into e, which it changes in any case.
func (h *headerReader) read(i int, e *entry) headerKind {
	*e = entry{}
	w, first := h.w, i
	e.Offset = w.raw(w.position(i))
	e.Weight = 1
	i, ended := h.readLines(i, e)
	e.sql = i
	switch {
	case ended:
		return endedHeader
	case i == first:
		return notHeader
	case h.gapIn(first, i):
		return notHeader
	case e.hasUser && e.hasQueryTime && e.seen&seenLockTime == 0 && h.interrupted(i): // it is cut in its Query_time
		return brokenHeader
	case e.hasUser && e.hasQueryTime:
		if e.sql = h.serverLines(i, e); e.hasRoutine && e.epoch.IsZero() {
			e.sql = h.afterRoutine(e.sql, e)
		}
		return goodHeader
	case !w.has(w.skipBlanks(i)):
		return endedHeader
	case h.interrupted(i):
		return brokenHeader
	}
	return notHeader
}

// interrupted reports whether something else begins at index i than what can be in an
// entry.
func (h *headerReader) interrupted(i int) bool {
	w := h.w
	if w.hasPrefix(i, cutMarker) || w.startsHeader(i) {
		return true
	}
	i = w.skipBlanks(i)
	if w.startsHeader(i) || startsHeading(w, i) {
		return true
	}
	end, _ := w.line(i, maxHeaderLine)
	return isBanner(trimEOL(w.buf[i:end]))
}

// gapIn reports whether text is missing between two indices.
func (h *headerReader) gapIn(from, to int) bool {
	gaps := h.w.gaps
	if len(gaps) == 0 {
		return false
	}
	after, before := h.w.raw(h.w.position(from)), h.w.raw(h.w.position(to))
	n, _ := slices.BinarySearch(gaps, after+1)
	return n < len(gaps) && gaps[n] < before
}

// readLines reads the lines of the header from index i on into e. It returns the
// index after them, and whether the log ends within it. Where the header is cut, that
// is where the next one begins, in the middle of a line.
func (h *headerReader) readLines(i int, e *entry) (index int, ended bool) {
	w, first := h.w, i
	schema, wide := -1, 0 // the line with the schema, and where it ends if the name is known to go on
	checks := false       // the line before was that one
	for n := 0; ; n++ {
		end, how := w.line(i, maxHeaderLine)
		if i == schema && wide > 0 {
			end = wide
		}
		if how == lineLast && h.endsIn(i, e) {
			return i, true
		}
		if how == lineLong || i-first > maxHeader || n > maxBeforeTime && !e.hasQueryTime {
			return i, false
		}
		line := trimEOL(w.buf[i:end])
		if e.hasQueryTime && string(line) == "# Warnings" {
			e.warned = true
			i, e.clear = h.skipWarnings(end)
			return i, false
		}
		had := e.hasSchema
		ok := e.headerLine(line, i == first, &h.names) || h.garbled(i, end, i == first, e)
		if !ok {
			if user := h.readUser(i, e); user > 0 {
				end, ok = user, true
			}
		}
		if checks && (!ok || e.seen&seenQuery != seenQuery) {
			if wide = h.schemaGoesOn(schema, i); wide > 0 {
				*e = entry{Event: Event{Offset: e.Offset, Weight: 1}}
				i, n, checks = first, -1, false
				continue
			}
		}
		if !ok {
			return i, false
		}
		if e.schemaOpen {
			end = h.readSchema(i, end, e)
		}
		if bytes.HasPrefix(line, []byte(explainPrefix)) {
			e.explained(i, end)
		}
		if checks = !had && e.hasSchema && !e.hasQueryTime; checks {
			schema = i
		}
		if e.merged || e.holdsHeader {
			next, found := w.nextHeader(i+1, end)
			if found && e.merged && i > first {
				return next, false
			}
			e.twofold = e.twofold || found
			e.merged, e.holdsHeader = false, false
		}
		i = end
	}
}

// garbled reports whether the line from index i to end is a "# Time:" that cannot be
// read, which the rest of a header follows.
func (h *headerReader) garbled(i, end int, first bool, e *entry) bool {
	if !first || e.loggedZone != noTime || !h.w.hasPrefix(i, timePrefix) || !h.w.hasPrefix(end, userPrefix) {
		return false
	}
	_, another := h.w.nextHeader(i+1, end)
	e.garbled = !another
	return e.garbled
}

// endsIn reports whether the last line of the stream, at index i and
// without a line feed, is one of the header e.
func (h *headerReader) endsIn(i int, e *entry) bool {
	if i == len(h.w.buf) {
		return !e.hasQueryTime
	}
	return h.w.buf[i] == '#' && !h.w.hasPrefix(i, adminPrefix)
}

// skipWarnings returns the index of the server's lines after the warnings that
// begin at index i. MariaDB writes the text of warnings as it is, data and line
// feeds included, so that nothing in it can be taken for a part of a header. It
// quotes the data: what looks like the server's lines within quotes is not. Clear
// is false where that does not lead to a statement, as the data has quotes too.
func (h *headerReader) skipWarnings(i int) (index int, clear bool) {
	use, found, open := -1, -1, false
	for line := i; line-i < maxHeaderLine; {
		end, how := h.w.line(line, maxHeaderLine)
		text := trimEOL(h.w.buf[line:end])
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
		if how != lineWhole || found >= 0 && h.w.startsHeader(end) {
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
func (h *headerReader) serverLines(i int, e *entry) int {
	w := h.w
	if w.has(i+4) && bytes.EqualFold(w.buf[i:i+4], []byte("use ")) {
		end, _ := w.line(i, maxHeaderLine)
		line := trimEOL(w.buf[i:end])
		if line[len(line)-1] != ';' || !h.startsTimestamp(end) {
			if longer := h.useLineEnd(i); longer > 0 {
				end = longer
				line = trimEOL(w.buf[i:end])
			}
		}
		if n := len(line); line[n-1] == ';' {
			e.Schema, e.hasSchema = h.names.get(unquoteName(line[4:n-1])), true
			if next := w.skipBlanks(end); !w.has(next) || w.startsHeader(next) {
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
