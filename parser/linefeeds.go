package parser

import (
	"bytes"
	"unicode/utf8"
)

// Names of users, schemas and routines can hold line feeds, and servers write them as
// they are. A line of a header that such a name divides is read as one.

const (
	maxUserLine   = 1 << 10 // bytes of a line User@Host: it holds the user twice
	maxSchema     = 64      // characters of the name of a schema
	maxSchemaLine = 512     // bytes of a line with such a name
)

// readUser reads the line User@Host at index i into e if its user holds line feeds. It
// returns the index after it, 0 if it does not.
func (h *headerReader) readUser(i int, e *entry) int {
	if e.hasUser || !h.w.hasPrefix(i, userPrefix) {
		return 0
	}
	end := h.userLineEnd(i)
	if end == 0 || !e.userLine(trimEOL(h.w.buf[i+len(userPrefix):end]), &h.names) {
		return 0
	}
	return end
}

// readSchema reads the schema again whose line, from index i to end, does not end as
// the server ends it, if the name goes on. It returns the index after it.
func (h *headerReader) readSchema(i, end int, e *entry) int {
	e.schemaOpen = false
	longer := h.schemaLineEnd(i, end)
	e.holdsHeader = true
	if longer == 0 {
		return end
	}
	e.hasSchema = false
	e.fields(trimEOL(h.w.buf[i:longer]), &h.names)
	return longer
}

// userLineEnd returns the index after the line User@Host at index i, whose user holds
// line feeds, and 0 if it is none. The user stands there twice, as user[user].
func (h *headerReader) userLineEnd(i int) int {
	h.w.has(i + maxUserLine)
	text := h.w.buf[i:min(len(h.w.buf), i+maxUserLine)]
	user := text[len(userPrefix):]
	for at := 0; ; at++ {
		n := bytes.Index(user[at:], []byte("] @ "))
		if n < 0 {
			return 0
		}
		if at += n; isTwice(user[:at]) {
			end, _ := h.w.line(i+len(userPrefix)+at, maxHeaderLine)
			return end
		}
	}
}

// isTwice reports whether b is user[user.
func isTwice(b []byte) bool {
	half := len(b) / 2
	return len(b)%2 == 1 && b[half] == '[' && bytes.Equal(b[:half], b[half+1:])
}

// schemaLineEnd returns the index after the line with the schema that begins at index
// i and goes on at end, after which the field stands that the server writes after
// it; 0 if there is none.
func (h *headerReader) schemaLineEnd(i, end int) int {
	h.w.has(i + maxSchemaLine)
	for end < min(len(h.w.buf), i+maxSchemaLine) && !h.w.startsHeader(end) {
		line := end
		end, _ = h.w.line(line, maxSchemaLine)
		text := h.w.buf[line:end]
		if bytes.Contains(text, []byte("  QC_hit: ")) || bytes.Contains(text, []byte("  Last_errno: ")) {
			return end
		}
	}
	return 0
}

// schemaGoesOn returns the index after the line with the schema at index i, which seems
// to end before another, if its name can go on there: the line that servers write after
// it, with its four fields, has no room in a name. It returns 0 if it cannot.
func (h *headerReader) schemaGoesOn(i, next int) int {
	end := h.schemaLineEnd(i, next)
	if end == 0 {
		return 0
	}
	_, name, _ := bytes.Cut(h.w.buf[i:end], []byte("Schema: "))
	if n, _ := schemaLen(name); utf8.RuneCount(name[:n]) > maxSchema {
		return 0
	}
	return end
}

// useLineEnd returns the index after the line "use db;" at index i, whose schema holds
// line feeds, and 0 if it is none: the server's SET timestamp must follow. What looks like
// a header can stand in the name.
func (h *headerReader) useLineEnd(i int) int {
	set := h.timestamp(i, ";\n")
	if set == 0 {
		return 0
	}
	name := h.w.buf[i+len("use ") : set-len(";\n")]
	if _, found := h.w.headerFrom(i, set); found && utf8.RuneCount(name) > maxSchema {
		return 0 // the entry is cut here; no header of a server has room in a name
	}
	return set
}

// timestamp returns the index of the first SET timestamp of the server at or after index i
// that a text is before, and 0 if none is near.
func (h *headerReader) timestamp(i int, before string) int {
	h.w.has(i + maxSchemaLine)
	for end := i + maxSchemaLine; ; {
		n := bytes.Index(h.w.buf[i:min(len(h.w.buf), end)], []byte(before+"SET "))
		if n < 0 {
			return 0
		}
		if i += n + len(before); h.startsTimestamp(i) {
			return i
		}
	}
}

// startsTimestamp reports whether the server's SET timestamp stands at index i.
func (h *headerReader) startsTimestamp(i int) bool {
	if !h.w.hasPrefix(i, "SET ") {
		return false
	}
	end, _ := h.w.line(i, maxHeaderLine)
	_, ok := setTimestamp(trimEOL(h.w.buf[i:end]))
	return ok
}

// afterRoutine reads the server's lines after a header whose last lines name a routine
// and end at index i, if the name holds line feeds and goes on there. It returns the index after
// them, or i.
func (h *headerReader) afterRoutine(i int, e *entry) int {
	set := h.timestamp(i, "\n")
	if set == 0 {
		return i
	}
	name, _, _ := bytes.Cut(h.w.buf[i:set], []byte("\nuse "))
	if utf8.RuneCount(name) > maxSchema {
		return i
	}
	return h.serverLines(set, e)
}
