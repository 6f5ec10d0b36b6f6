// Package owners reads a file that says who owns which queries, as CODEOWNERS does of files.
//
//	# PATTERN                   OWNER [mention=ID] ...
//	*                           platform
//	schema:shop                 team-orders
//	table:shop.invoices         team-billing  mention=S0123ABCDEF
//	tag:controller=Invoices*    team-billing
//	user:etl_*                  data
//
// The last line that matches counts, and one without an owner takes the owners away. What follows a
// "#" at the beginning of a word is a comment.
package owners

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slowdigest/digest"
)

// The most that a file has.
const (
	MaxBytes   = 64 << 10
	MaxLines   = 1_000 // with a pattern
	maxPattern = 200   // bytes
	maxOwners  = 5     // of a line
)

// Owners says who owns what. Nil says it of nothing.
type Owners struct{ lines []line }

// line is a line with a pattern.
type line struct {
	kind         kind
	key          string // of a tag
	schema, name glob   // schema is that before the dot of a table
	qualified    bool   // there is one
	owners       []digest.Owner
}

// kind is what a pattern is compared with.
type kind string

const (
	everything kind = "*"
	ofSchema   kind = "schema"
	ofTable    kind = "table"
	ofTag      kind = "tag"
	ofUser     kind = "user"
)

// Read reads the text of a file. Its error is of the type Errors, and tells all that is wrong.
func Read(text []byte) (*Owners, error) {
	if len(text) > MaxBytes {
		return nil, Errors{{Text: fmt.Sprintf("%d bytes: want at most %d", len(text), MaxBytes), Hint: "one pattern with a * can stand for many names"}}
	}
	o, errs := new(Owners), Errors(nil)
	for i, s := range strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n") {
		l, err := readLine(strings.TrimSuffix(s, "\r"))
		switch {
		case err != nil:
			err.Line = i + 1
			errs = append(errs, *err)
		case l == nil:
		case len(o.lines) == MaxLines:
			return nil, append(errs, Error{Line: i + 1, Column: 1, Text: fmt.Sprintf("more than %d patterns", MaxLines), Hint: "one pattern with a * can stand for many names"})
		default:
			o.lines = append(o.lines, *l)
		}
	}
	if err := digest.CheckTagKeys(o.TagKeys()); err != nil && errs == nil {
		errs = Errors{{Text: err.Error()}}
	}
	if errs != nil {
		return nil, errs
	}
	return o, nil
}

// Lines returns how many patterns there are.
func (o *Owners) Lines() int {
	if o == nil {
		return 0
	}
	return len(o.lines)
}

// TagKeys returns the keys of tags that patterns name, each once, but for digest.CodeTag: of all
// others a comment of a statement can have a value.
func (o *Owners) TagKeys() []string {
	var keys []string
	if o == nil {
		return nil
	}
	for _, l := range o.lines {
		if l.kind == ofTag && l.key != digest.CodeTag && !slices.Contains(keys, l.key) {
			keys = append(keys, l.key)
		}
	}
	return keys
}

// word is a word of a line, at a column from 1.
type word struct {
	text   string
	column int
}

// words parts a line where there is space, up to a comment.
func words(s string) ([]word, *Error) {
	var out []word
	column, begin := 0, -1
	end := func(i int) {
		if begin >= 0 {
			out[len(out)-1].text, begin = s[begin:i], -1
		}
	}
	for i, r := range s {
		column++
		switch {
		case r == utf8.RuneError, unicode.IsControl(r) && r != '\t':
			return nil, &Error{Column: column, Text: "a character that is no text", Hint: "save the file as UTF-8"}
		case unicode.IsSpace(r):
			end(i)
		case begin < 0 && r == '#':
			return out, nil
		case begin < 0:
			begin = i
			out = append(out, word{column: column})
		}
	}
	end(len(s))
	return out, nil
}

// readLine reads a line; nil is one without a pattern.
func readLine(s string) (*line, *Error) {
	all, err := words(s)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	l, err := readPattern(all[0])
	if err != nil {
		return nil, err
	}
	for _, w := range all[1:] {
		if id, is := strings.CutPrefix(w.text, "mention="); is {
			err = l.mention(w, id)
		} else {
			err = l.own(w)
		}
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

const kinds = "*, schema:NAME, table:NAME, table:SCHEMA.NAME, tag:KEY=VALUE or user:NAME"

func readPattern(w word) (*line, *Error) {
	before, name, colon := strings.Cut(w.text, ":")
	wrong := func(text, hint string) (*line, *Error) {
		return nil, &Error{Column: w.column, Text: fmt.Sprintf("pattern %s: %s", quote(w.text), text), Hint: hint}
	}
	l := &line{kind: kind(before)}
	switch {
	case len(w.text) > maxPattern:
		return wrong(fmt.Sprintf("want at most %d bytes", maxPattern), "a * stands for any part of a name")
	case w.text == "*":
		return l, nil
	case !colon && strings.HasPrefix(w.text, "["):
		return wrong("there are no sections", "begin a line with "+kinds)
	case !colon && strings.HasPrefix(w.text, "!"):
		return wrong("there is no negation", "a pattern without an owner, after the others, takes the owners away")
	case !colon:
		return wrong("want "+kinds, "table:"+strings.ReplaceAll(w.text, "/", ".")+" is for a table")
	case l.kind == ofTag:
		key, value, is := strings.Cut(name, "=")
		if !is || value == "" {
			return wrong("want tag:KEY=VALUE", "tag:"+key+"=* is for any value")
		}
		if !digest.IsTagKey(key) {
			return wrong("want the key of a tag, without a *", "slowdigest report --by tag:KEY shows the values of a key")
		}
		l.key, l.name = key, newGlob(value)
	case name == "":
		return wrong("want a name after the colon", string(l.kind)+":* is for any")
	case l.kind == ofUser:
		l.name = newGlob(name)
	case l.kind == ofSchema:
		l.name = newGlob(strings.ToLower(name))
	case l.kind == ofTable:
		schema, table, qualified := strings.Cut(strings.ToLower(name), ".")
		if !qualified {
			schema, table = "*", schema
		}
		if schema == "" || table == "" {
			return wrong("want table:NAME or table:SCHEMA.NAME", "table:shop.* is for the tables of a schema, and those of a default schema too")
		}
		l.schema, l.name, l.qualified = newGlob(schema), newGlob(table), qualified
	default:
		return wrong("want "+kinds, "")
	}
	return l, nil
}

// own adds an owner.
func (l *line) own(w word) *Error {
	switch {
	case len(l.owners) == maxOwners:
		return &Error{Column: w.column, Text: fmt.Sprintf("more than %d owners", maxOwners), Hint: "a team has one name"}
	case !digest.IsOwner(w.text):
		hint := ""
		if bare := strings.TrimPrefix(w.text, "@"); bare != w.text && digest.IsOwner(bare) {
			hint = "write " + bare + "; mention=ID after it is what mentions somebody"
		}
		return &Error{Column: w.column, Text: fmt.Sprintf("owner %s: want 1 to %d letters, digits and _ . - /, a letter or digit first", quote(w.text), digest.MaxOwner), Hint: hint}
	}
	for _, o := range l.owners {
		if o.Name == w.text {
			return &Error{Column: w.column, Text: fmt.Sprintf("owner %s: it stands there twice", quote(w.text))}
		}
	}
	l.owners = append(l.owners, digest.Owner{Name: w.text})
	return nil
}

// mention says who is mentioned for the owner before it.
func (l *line) mention(w word, id string) *Error {
	const hint = "Slack shows it under Copy member ID of a profile, or Copy group ID of a user group"
	n := len(l.owners)
	switch {
	case n == 0:
		return &Error{Column: w.column, Text: "a mention without an owner", Hint: "it stands after the owner that it is of"}
	case l.owners[n-1].Mention != "":
		return &Error{Column: w.column, Text: fmt.Sprintf("owner %s: a second mention", quote(l.owners[n-1].Name)), Hint: "mention a user group, or name two owners"}
	case !digest.IsMention(id):
		return &Error{Column: w.column, Text: fmt.Sprintf("mention %s: want the ID of a Slack user (U… or W…) or user group (S…)", quote(id)), Hint: hint}
	}
	l.owners[n-1].Mention = id
	return nil
}

// quote shows the beginning of what stands in a file.
func quote(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
