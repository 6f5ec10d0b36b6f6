package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"slowdigest/parser/tags"
)

// methods are the functions of texts.
var methods = []string{"startswith", "endswith", "lower"}

// meant says which fields are meant by names that people and other tools have for them.
var meant = map[string]string{
	"duration": "query_time", "latency": "query_time", "elapsed": "query_time", "took": "query_time", "time_query": "query_time", "exec_time": "query_time",
	"username": "user", "account": "user", "hostname": "host", "client": "host", "ip": "host", "dbname": "schema", "db_name": "schema",
	"rows": "rows_examined, rows_sent or rows_affected", "examined": "rows_examined", "sent": "rows_sent", "affected": "rows_affected",
	"thread": "connection_id", "conn_id": "connection_id", "error": "errno", "ts": "time", "timestamp": "time", "server": "instance",
	"text": "query", "statement": "query", "stmt": "query", "arg": "query", "length": "query_bytes", "size": "query_bytes",
	"table": `"orders" in query; and --by table ranks tables`, "tables": `"orders" in query; and --by table ranks tables`,
}

// ofClasses are names of what a class of queries has, and no entry.
var ofClasses = []string{"id", "query_id", "checksum", "fingerprint"}

func textTest(x, y func(*call) ([]byte, bool), test func(x, y []byte) bool) func(*call) truth {
	return func(c *call) truth {
		a, aKnown := x(c)
		b, bKnown := y(c)
		if !aKnown || !bKnown {
			return unknown
		}
		return truthOf(test(a, b))
	}
}

// call compiles matches and the methods of texts.
func (c *compiler) call(e *syntax.CallExpr) (node, error) {
	switch fn := e.Fn.(type) {
	case *syntax.Ident:
		switch fn.Name {
		case "tag":
			return c.tag(e)
		case "matches":
		default:
			err := c.errorAt(fn.NamePos, `there is no function %s; there is matches(host, "^web")`, brief(fn.Name))
			if err.Word, err.Known = fn.Name, []string{"matches", "tag"}; fn.Name == "len" || fn.Name == "length" {
				err.Reason = "there is no function " + fn.Name + "; query_bytes is the length of the statement"
			}
			return node{}, err
		}
		return c.matches(e)
	case *syntax.DotExpr:
		x, err := c.expr(fn.X)
		if err != nil {
			return node{}, err
		}
		if x.kind != aText {
			return node{}, c.errorAt(fn.Name.NamePos, "%s is %s, and only texts have .startswith, .endswith and .lower", brief(x.shown), x.kind)
		}
		return c.method(e, fn, x)
	}
	return node{}, c.errorAt(e.Lparen, "this is no function")
}

const wantsKey = `tag wants the key of a tag, as in tag("controller") == "orders"`

// tag compiles the value of a tag, which a statement may not have.
func (c *compiler) tag(e *syntax.CallExpr) (node, error) {
	if len(e.Args) != 1 {
		return node{}, c.errorAt(e.Lparen, wantsKey)
	}
	start, _ := e.Args[0].Span()
	key, err := c.expr(e.Args[0])
	switch {
	case err != nil:
		return node{}, err
	case key.kind != aText || !key.literal:
		return node{}, c.errorAt(start, wantsKey)
	}
	name := key.value.(string)
	if !tags.IsKey(name) {
		return node{}, c.errorAt(start, "there is no tag %s", key.shown)
	}
	c.tags = append(c.tags, name)
	field, room := find("tag"), c.room()
	c.used |= 1 << field
	told := func(c *call) bool { return tags.Value(c.tags, name) != "" }
	return node{kind: aText, shown: "tag(" + key.shown + ")", field: field, told: told, text: func(c *call) ([]byte, bool) {
		v := tags.Value(c.tags, name)
		if v == "" {
			c.missing |= 1 << field
		}
		c.rooms[room] = append(c.rooms[room][:0], v...)
		return c.rooms[room], v != ""
	}}, nil
}

func (c *compiler) method(e *syntax.CallExpr, fn *syntax.DotExpr, x node) (node, error) {
	switch name := fn.Name.Name; name {
	case "lower":
		if len(e.Args) > 0 {
			return node{}, c.errorAt(e.Lparen, ".lower() wants nothing between its parentheses")
		}
		return node{kind: aText, shown: x.shown + ".lower()", field: -1, fromQuery: x.fromQuery, text: lower(x.text, c.room())}, nil
	case "startswith", "endswith":
		test := bytes.HasPrefix
		if name == "endswith" {
			test = bytes.HasSuffix
		}
		if len(e.Args) != 1 {
			return node{}, c.errorAt(e.Lparen, `.%s wants one text, as in host.%s("web")`, name, name)
		}
		y, err := c.expr(e.Args[0])
		if err != nil {
			return node{}, err
		}
		if y.kind != aText {
			start, _ := e.Args[0].Span()
			return node{}, c.errorAt(start, "%s is %s, and .%s wants a text", brief(y.shown), y.kind, name)
		}
		hide(&x, &y)
		return node{kind: aCondition, shown: x.shown + "." + name + "(" + y.shown + ")", field: -1, holds: textTest(x.text, y.text, test)}, nil
	}
	err := c.errorAt(fn.Name.NamePos, "a text has no .%s; there are .startswith, .endswith and .lower", brief(fn.Name.Name))
	err.Word, err.Known = fn.Name.Name, methods
	return node{}, err
}

// matches compiles the search for a regular expression, which is compiled once.
func (c *compiler) matches(e *syntax.CallExpr) (node, error) {
	if len(e.Args) != 2 {
		return node{}, c.errorAt(e.Lparen, `matches wants a text and a regular expression: matches(host, "^web")`)
	}
	x, err := c.expr(e.Args[0])
	if err != nil {
		return node{}, err
	}
	y, err := c.expr(e.Args[1])
	if err != nil {
		return node{}, err
	}
	start, _ := e.Args[0].Span()
	if x.kind != aText {
		return node{}, c.errorAt(start, "%s is %s, and matches wants a text", brief(x.shown), x.kind)
	}
	start, _ = e.Args[1].Span()
	if y.kind != aText || !y.literal {
		return node{}, c.errorAt(start, "the regular expression is to be a text as it is")
	}
	re, err := regexp.Compile(y.value.(string))
	if err != nil {
		return node{}, c.errorAt(start, "it is no regular expression: %s", brief(strings.TrimPrefix(err.Error(), "error parsing regexp: ")))
	}
	hide(&x, &y)
	first := needsOf(y.value.(string))
	room := c.room()
	return node{kind: aCondition, shown: "matches(" + x.shown + ", " + y.shown + ")", field: -1, holds: func(c *call) truth {
		text, known := x.text(c)
		if !known {
			return unknown
		}
		rest, possible := first.cut(text, &c.rooms[room])
		return truthOf(possible && re.Match(rest))
	}}, nil
}

// lower copies a text in lower case. What is no UTF-8 stays as it is.
func lower(text func(*call) ([]byte, bool), room int) func(*call) ([]byte, bool) {
	return func(c *call) ([]byte, bool) {
		from, known := text(c)
		to := appendLower(c.rooms[room][:0], from)
		c.rooms[room] = to
		return to, known
	}
}

// each, times a byte, is eight of it.
const each = 0x0101010101010101

// lowerASCII makes eight letters small at once, for statements may be long. The highest bit of a byte
// is free: it is set in atLeastA where adding 0x80 - 'A' carries into it, and so for Z.
func lowerASCII(w uint64) uint64 {
	atLeastA, afterZ := w+each*(0x80-'A'), w+each*(0x80-'Z'-1)
	return w + (atLeastA&^afterZ&(each*0x80))>>2 // 0x20 is what lies between a and A
}

func appendLower(to, from []byte) []byte {
	for len(from) > 0 {
		if len(from) >= 8 {
			if w := binary.LittleEndian.Uint64(from); w&(each*0x80) == 0 {
				to, from = binary.LittleEndian.AppendUint64(to, lowerASCII(w)), from[8:]
				continue
			}
		}
		if b := from[0]; b < utf8.RuneSelf {
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			to, from = append(to, b), from[1:]
			continue
		}
		r, n := utf8.DecodeRune(from)
		if r == utf8.RuneError {
			to = append(to, from[:n]...)
		} else {
			to = utf8.AppendRune(to, unicode.ToLower(r))
		}
		from = from[n:]
	}
	return to
}

// ParseTime reads a time, which is in UTC unless it names a zone, of the years 1970 to 9999.
func ParseTime(s string) (time.Time, error) {
	if plain, utc := strings.CutSuffix(s, " UTC"); utc { // as reports have it
		s = plain
	}
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00",
		"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			if t = t.UTC(); t.Year() < 1970 || t.Year() > 9999 { // the zero time would be no bound
				return time.Time{}, errors.New("want a time of the years 1970 to 9999")
			}
			return t, nil
		}
	}
	return time.Time{}, errors.New("want a time such as 2026-11-23T10:00:00Z")
}
