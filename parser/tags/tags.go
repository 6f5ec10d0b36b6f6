// Package tags finds what the comments of a statement say of the code that it comes from,
// as libraries and people write them:
//
//	/*action='index',controller='orders'*/         sqlcommenter, Rails, Prisma, Drizzle
//	/*application:Shop,controller:orders*/         marginalia, Rails' older form
//	/* named HQL query Order.findOpen */           Hibernate
//	/* OrderRepository.find */                     knex, TypeORM, GORM, ent, by hand
//	-- name: GetOrders :many                       sqlc
//
// A comment is free text, which may hold anything, so only what names code is taken: keys of a
// list, and values of one form that look like no secret, person, machine or request. What
// stands in a literal is no comment: see Reader.Read.
package tags

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"slowdigest/parser/fingerprint"
)

// Tag is a key and its value.
type Tag struct{ Key, Value string }

// Code is the key under which each statement with a tag that names a place in the code has the
// best of these: controller#action if both are there, a job, a route and so on.
const Code = "code"

// Keys are those that name code, and the release of it. Keys that name a request, such as
// traceparent, a machine or a process are none.
var Keys = []string{
	"action", "app_name", "application", "controller", "controller_with_namespace", "db_driver", "db_framework", "ddps", "ddpv",
	"file", "framework", "func_name", "job", "line", "name", "namespaced_controller", "release", "route", "sidekiq_job", "source_location", "version",
}

const (
	maxTags    = 16      // of a statement
	maxNoted   = 64      // comments of a statement
	maxComment = 2 << 10 // bytes; a longer one has no tags
	maxValues  = 4096    // that a Reader remembers
	maxSets    = 1024    // of the tags of a statement
	// MaxValue is the most characters of a value.
	MaxValue = 80
	// MaxKeys is the most keys that a Reader takes in addition to Keys, of at most MaxKey characters.
	MaxKeys, MaxKey = 16, 40
)

// never are keys of which each value is of one request or connection.
var never = []string{Code, "traceparent", "tracestate", "trace_id", "span_id", "request_id", "correlation_id", "session_id", "pid", "socket"}

// IsKey reports whether tags have a key if it is asked for: it is Code, or CheckKey has no error.
func IsKey(key string) bool { return key == Code || CheckKey(key) == nil }

// CheckKey returns an error for what cannot be a key in addition to Keys.
func CheckKey(key string) error {
	switch {
	case len(key) > MaxKey || !isKey([]byte(key)):
		return fmt.Errorf("key %q: want a name of at most %d letters, digits, dots, hyphens and underscores", key, MaxKey)
	case slices.Contains(never, strings.ToLower(key)):
		return fmt.Errorf("key %q: its values are of one request, or it has a meaning of its own", key)
	}
	return nil
}

// Reader finds the tags of statements. It belongs to one goroutine. It allocates only for a value that
// it does not remember.
type Reader struct {
	keys   map[string]string
	noted  []fingerprint.Comment
	found  []Tag
	text   []byte            // of a value
	values map[string]string // what is shown of a value as it was written; "" is nothing
	sets   map[string][]Tag  // the tags of statements
}

// NewReader returns a Reader that takes further keys in addition to Keys.
func NewReader(more []string) *Reader {
	r := &Reader{keys: make(map[string]string, len(Keys)+len(more)), values: map[string]string{}, sets: map[string][]Tag{}}
	for _, k := range slices.Concat(Keys, more) {
		r.keys[k] = k
	}
	return r
}

// In reports whether a statement may have tags. It costs next to nothing.
func In(sql []byte) bool { return bytes.Contains(sql, opensComment) || beginsWithLine(sql) }

var opensComment = []byte("/*")

// Read returns the tags of a statement, each key once and 16 at most, that of Code as the last. They are the caller's to keep, and not to change. Where
// it is not certain what is a literal, because the fingerprint ends early or the statement was cut, only what
// stands before the first quote is read. What MySQL or MariaDB runs, /*! and /*M!, and hints are no comments.
func (r *Reader) Read(sql []byte, certain bool) []Tag {
	if !In(sql) {
		return nil
	}
	r.noted = r.noted[:0]
	r.note(sql, certain)
	return r.ReadComments(sql, r.noted)
}

// result returns what was found, and the tag Code, as a list that is not used again for others.
func (r *Reader) result() []Tag {
	if len(r.found) == 0 {
		return nil
	}
	r.addCode()
	r.text = r.text[:0]
	for i := range r.found {
		r.text = append(append(append(append(r.text, r.found[i].Key...), '='), r.found[i].Value...), ' ')
	}
	set := r.sets[string(r.text)]
	if set == nil {
		if len(r.sets) == maxSets {
			clear(r.sets)
		}
		set = slices.Clone(r.found)
		r.sets[string(r.text)] = set
	}
	return set
}

// ReadComments is Read of a statement of which the comments are known.
func (r *Reader) ReadComments(sql []byte, comments []fingerprint.Comment) []Tag {
	r.found = r.found[:0]
	last := 0
	head := true
	for _, c := range sure(sql, comments) {
		head = head && len(bytes.TrimSpace(sql[last:c.Start])) == 0
		switch text := sql[c.Start:c.End]; {
		case text[0] == '/':
			r.comment(text[len("/*") : len(text)-len("*/")])
		case head:
			r.comment(bytes.TrimLeft(text, "-#"))
		}
		if last = c.End; len(r.found) >= maxTags {
			break
		}
	}
	return r.result()
}

// beginsWithLine reports whether a statement begins with a comment to the end of the line.
func beginsWithLine(sql []byte) bool {
	if len(sql) < 2 || sql[0] > '-' {
		return false
	}
	sql = bytes.TrimLeft(sql, " \t\r\n")
	return bytes.HasPrefix(sql, []byte("--")) || bytes.HasPrefix(sql, []byte("#"))
}

// note finds the comments of a statement.
func (r *Reader) note(sql []byte, certain bool) {
	head := true // only comments were before
	for i, q := 0, fingerprint.InCode; i < len(sql) && len(r.noted) < maxNoted; {
		j, next := fingerprint.NextQuote(sql, i, len(sql), q)
		j = min(j, len(sql))
		switch q {
		case fingerprint.InCode:
			code := sql[i:j]
			switch next {
			case fingerprint.InComment:
				code = code[:len(code)-len("/*")]
				if len(code) > 0 && code[len(code)-1] == '*' { // perhaps the end of /*! and a product
					return
				}
			case fingerprint.InLine:
				if code = code[:len(code)-1]; sql[j-1] == '-' {
					code = code[:len(code)-1]
				}
			case fingerprint.InCode:
			default:
				if head = false; !certain {
					return
				}
			}
			if opensDollars(code) {
				return
			}
			head = head && len(bytes.TrimSpace(code)) == 0
		case fingerprint.InComment:
			if bytes.HasPrefix(sql[i:], []byte("M!")) {
				return
			}
			if next == fingerprint.InCode {
				r.noted = append(r.noted, fingerprint.Comment{Start: i - len("/*"), End: j})
			}
		case fingerprint.InLine:
			if start := i - 1; head {
				if sql[start] == '-' {
					start--
				}
				r.noted = append(r.noted, fingerprint.Comment{Start: start, End: j})
			}
		}
		i, q = j, next
	}
}

// opensDollars reports whether code may begin the text of a routine in JavaScript, $$ or $tag$.
func opensDollars(code []byte) bool {
	for at := 0; ; at++ {
		n := bytes.IndexByte(code[at:], '$')
		if n < 0 {
			return false
		}
		if at += n; at == 0 || !isWord(code[at-1]) && code[at-1] != '$' {
			return true
		}
	}
}

// add adds a tag with the value that r.text is, unless the key has one.
func (r *Reader) add(key string) {
	if len(r.found) == maxTags || r.value(key) != "" {
		return
	}
	switch key {
	case "line", "source_location": // Ruby says in which method
		r.text, _, _ = bytes.Cut(r.text, []byte(":in "))
	case "release", "version", "ddpv":
		if isCommit(r.text) {
			r.text = r.text[:12]
		}
	}
	if v := r.intern(); v != "" {
		r.found = append(r.found, Tag{key, v})
	}
}

// Release returns a text as the tag of a release has it, or nothing where that may not be shown: the hash of a
// commit has its first 12 digits.
func Release(text string) string {
	if isCommit([]byte(text)) {
		text = text[:12]
	}
	if !May(text) {
		return ""
	}
	return text
}

// intern returns r.text if that may be shown, or nothing.
func (r *Reader) intern() string {
	if len(r.text) == 0 || len(r.text) > MaxValue {
		return ""
	}
	v, known := r.values[string(r.text)]
	if !known {
		if len(r.values) == maxValues {
			clear(r.values)
		}
		text := string(r.text)
		if May(text) {
			v = text
		}
		r.values[text] = v
	}
	return v
}

// value returns the value of a key of the statement, or nothing.
func (r *Reader) value(key string) string { return Value(r.found, key) }

// Value returns the value of a key among tags, or nothing.
func Value(found []Tag, key string) string {
	for i := range found {
		if found[i].Key == key {
			return found[i].Value
		}
	}
	return ""
}

// places are the keys that name a place in the code, the best first, where controller and action do not.
var places = []string{"job", "sidekiq_job", "route", "namespaced_controller", "controller_with_namespace", "controller", "name", "action", "source_location"}

// controllers are those of places that an action belongs to, the best first.
var controllers = []string{"namespaced_controller", "controller_with_namespace", "controller"}

// NamesPlace reports whether a key is Code, or one of those that it is made of.
func NamesPlace(key string) bool {
	return key == Code || key == "file" || key == "line" || slices.Contains(places, key)
}

// first returns the value of the first of some keys that the statement has, or nothing.
func (r *Reader) first(keys []string) string {
	for _, key := range keys {
		if v := r.value(key); v != "" {
			return v
		}
	}
	return ""
}

// addCode adds the tag Code.
func (r *Reader) addCode() {
	v := r.joined(r.first(controllers), "#", r.value("action"))
	if v == "" {
		v = r.first(places)
	}
	if v == "" {
		if v = r.joined(r.value("file"), ":", r.value("line")); v == "" {
			v = r.value("file") // a line alone says nothing
		}
	}
	if v != "" {
		r.found = append(r.found, Tag{Code, v})
	}
}

// joined returns two values as one, or nothing if one is missing, or they are too long.
func (r *Reader) joined(first, sign, second string) string {
	if first == "" || second == "" {
		return ""
	}
	r.text = append(append(append(r.text[:0], first...), sign...), second...)
	return r.intern()
}
