package tags

import (
	"bytes"
	"slices"
)

// comment adds the tags of a comment.
func (r *Reader) comment(text []byte) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(text) > maxComment || text[0] == '+' {
		return
	}
	colon := bytes.IndexByte(text, ':')
	switch {
	case bytes.Contains(text, []byte("='")):
		r.quoted(text)
	case colon > 0 && !bytes.HasPrefix(text[colon:], []byte("::")):
		r.colons(text)
	default:
		r.name(text)
	}
}

// quoted adds tags of the form key='value',key='value'. What follows on another form is not read.
func (r *Reader) quoted(text []byte) {
	for {
		key, rest, found := bytes.Cut(text, []byte("='"))
		if key = bytes.TrimSpace(key); !found || !isKey(key) {
			return
		}
		end := 0
		for end < len(rest) && rest[end] != '\'' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return
		}
		text = bytes.TrimLeft(rest[end+1:], " \t\r\n")
		if len(text) > 0 && text[0] != ',' { // the quote was one of the value's
			return
		}
		if k := r.keys[string(key)]; k != "" {
			r.text = decode(r.text[:0], rest[:end])
			r.add(k)
		}
		if len(text) == 0 {
			return
		}
		text = text[1:]
	}
}

// decode appends a value as sqlcommenter encodes it: percent signs stand for bytes, and a backslash before what
// has a meaning. Django's writes two percent signs for one.
func decode(dst, value []byte) []byte {
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value):
			i++
			c = value[i]
		case c == '%':
			at := i + 1
			if at < len(value) && value[at] == '%' {
				at++
			}
			if at+1 < len(value) && isHex(value[at]) && isHex(value[at+1]) {
				c = unhex(value[at])<<4 | unhex(value[at+1])
				i = at + 1
			}
		}
		dst = append(dst, c)
	}
	return dst
}

// colons adds tags of the form key:value,key:value, or the name that sqlc writes: "name: GetOrders :many". A
// colon in other text, as people write it, makes no tag.
func (r *Reader) colons(text []byte) {
	if name, found := bytes.CutPrefix(text, []byte("name: ")); found {
		if before, _, command := bytes.Cut(name, []byte(" :")); command {
			r.text = append(r.text[:0], before...)
			r.add("name")
		}
		return
	}
	for part := range bytes.SplitSeq(text, []byte(",")) {
		key, value, found := bytes.Cut(part, []byte(":"))
		if !found || !isKey(bytes.TrimSpace(key)) || bytes.HasPrefix(value, []byte(" ")) {
			return
		}
	}
	for part := range bytes.SplitSeq(text, []byte(",")) {
		key, value, _ := bytes.Cut(part, []byte(":"))
		if k := r.keys[string(bytes.TrimSpace(key))]; k != "" && k != "name" {
			r.text = append(r.text[:0], bytes.TrimSpace(value)...)
			r.add(k)
		}
	}
}

// named are what Hibernate writes before the name of a query, or of a class whose rows it reads or writes.
var named = [][]byte{
	[]byte("named HQL query "), []byte("named native SQL query "), []byte("named SQL query "), []byte("named query "),
}

var loaders = [][]byte{
	[]byte("load one-to-many "), []byte("load collection "), []byte("load "), []byte("insert for "), []byte("insert "), []byte("update for "), []byte("update "), []byte("delete for "), []byte("delete "),
}

// name adds a comment that is a name.
func (r *Reader) name(text []byte) {
	for _, before := range named {
		text = bytes.TrimPrefix(text, before)
	}
	for _, before := range loaders {
		if class, found := bytes.CutPrefix(text, before); found && bytes.IndexByte(class, '.') > 0 { // with its package
			text = class
			break
		}
	}
	if c := text[0] | 0x20; c < 'a' || c > 'z' || isModifier(text) {
		return
	}
	r.text = append(r.text[:0], text...)
	r.add("name")
}

// modifiers are what MySQL's grammar has after SELECT, INSERT, UPDATE and DELETE. A comment of one is a word that
// was taken out of the statement.
var modifiers = [][]byte{
	[]byte("all"), []byte("distinct"), []byte("distinctrow"), []byte("high_priority"), []byte("straight_join"), []byte("sql_small_result"),
	[]byte("sql_big_result"), []byte("sql_buffer_result"), []byte("sql_no_cache"), []byte("sql_cache"), []byte("sql_calc_found_rows"),
	[]byte("low_priority"), []byte("delayed"), []byte("quick"), []byte("ignore"),
}

func isModifier(text []byte) bool {
	return slices.ContainsFunc(modifiers, func(m []byte) bool { return bytes.EqualFold(m, text) })
}
