package filter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.starlark.net/syntax"
)

// Error says what is wrong with a condition, and where.
type Error struct {
	Line, Column int // from 1 on, in characters
	Reason       string
	Word         string   // a name that is not known, or empty
	Known        []string // those that are known there

	source string
}

// Error is the reason with its column, and below it the line of the condition with a mark.
func (e *Error) Error() string {
	at := fmt.Sprintf("column %d", e.Column)
	if e.Line > 1 {
		at = fmt.Sprintf("line %d, %s", e.Line, at)
	}
	line, mark := e.excerpt()
	return fmt.Sprintf("%s: %s\n  %s\n  %s^", at, e.Reason, line, mark)
}

// around is how much of a long line is shown on both sides of the mark.
const around = 50

// excerpt returns the line, or what of it is near, as a terminal may show it, and what is as wide
// as the part before the mark.
func (e *Error) excerpt() (line, mark string) {
	lines := strings.Split(strings.ReplaceAll(e.source, "\r\n", "\n"), "\n")
	chars := []rune(lines[min(e.Line, len(lines))-1])
	at := min(max(e.Column-1, 0), len(chars))
	before, after := chars[:at], chars[at:]
	if len(before) > around {
		before = append([]rune("…"), before[len(before)-around:]...)
	}
	if len(after) > around {
		after = append(slices.Clone(after[:around]), '…')
	}
	shown := harmless(string(before))
	return shown + harmless(string(after)), strings.Map(blank, shown)
}

// blank is as wide as a character.
func blank(r rune) rune {
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r >= 0xff01 && r <= 0xff60 {
		return '\u3000'
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return -1
	}
	return ' '
}

// harmless puts a question mark for each character that a terminal would obey or not show.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}

// place returns the line and the column of a byte of the text.
func place(text string, at int) (line, column int) {
	before := text[:at]
	line = 1 + strings.Count(before, "\n")
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])
}

// syntaxError is an error of the parser in our words. The parser states the position after a token
// for some.
func syntaxError(source string, err error) *Error {
	var from syntax.Error
	if !errors.As(err, &from) {
		return &Error{Line: 1, Column: 1, Reason: err.Error(), source: source}
	}
	e := &Error{Line: int(from.Pos.Line), Column: int(from.Pos.Col), Reason: "it is not understood from here on: " + from.Msg, source: source}
	switch {
	case strings.HasPrefix(from.Msg, "invalid escape sequence"):
		e.Reason = from.Msg + `; before a text with backslashes write r, as in r"\d+"`
	case strings.HasPrefix(from.Msg, "got end of file"):
		e.Reason = "the condition ends too soon"
	case strings.HasPrefix(from.Msg, "got ") && e.Line > 1:
		e.Reason = "this is not expected here; what goes over several lines stands in parentheses"
	case strings.HasPrefix(from.Msg, "got "):
		e.Reason = "this is not expected here"
	case strings.Contains(from.Msg, "does not associate"):
		e.Reason = "comparisons do not chain; write a < b and b < c"
	case from.Msg == "excessive nesting":
		e.Reason = "the parentheses are nested too deep"
	}
	if strings.HasPrefix(e.Reason, "this is not expected here") || strings.HasPrefix(e.Reason, "comparisons") {
		for _, t := range tokens(source) {
			if line, column := place(source, t.end); line == e.Line && column == e.Column {
				e.Line, e.Column = place(source, t.start)
			}
		}
	}
	return e
}

// token is a word, a number, a text or a run of other characters of a condition.
type token struct {
	start, end int
	text       string
}

func (t token) is(class func(rune) bool) bool {
	r, _ := utf8.DecodeRuneInString(t.text)
	return class(r)
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) }

// tokens are found also where the text is no condition.
func tokens(s string) []token {
	var all []token
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		end := i + n
		switch {
		case unicode.IsSpace(r):
			i = end
			continue
		case r == '"' || r == '\'':
			end = endOfText(s, end, r)
		case isWord(r), unicode.IsDigit(r):
			for end < len(s) {
				r, n := utf8.DecodeRuneInString(s[end:])
				if !isWord(r) && !unicode.IsDigit(r) && r != '.' || r == '.' && isWord(firstRune(s[i:])) {
					break
				}
				end += n
			}
		case strings.ContainsRune("=<>!&|~", r):
			for end < len(s) && strings.ContainsRune("=<>!&|~", rune(s[end])) {
				end++
			}
		}
		all = append(all, token{i, end, s[i:end]})
		i = end
	}
	return all
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func endOfText(s string, i int, quote rune) int {
	for ; i < len(s); i++ {
		switch rune(s[i]) {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return len(s)
}

// instead says what to write in place of what people write who know SQL or C.
var instead = map[string]string{
	"=": "==", "===": "==", "=~": `matches(host, "^web")`, "<>": "!=", "&&": "and", "||": "or", "!": "not", "<=>": "==",
	"like": `"part" in host, host.startswith("web"), or matches(host, "^web.*[0-9]$")`, "ilike": `"part" in host.lower()`,
	"rlike": `matches(host, "^web")`, "regexp": `matches(host, "^web")`,
	"is": "==, or != for is not,", "null": "None", "nil": "None", "none": "None",
	"true": "True", "false": "False", "between": "query_time >= 1 and query_time < 2",
	"and": "and", "or": "or", "not": "not", "in": "in",
}

// habit finds the first thing in a condition that is wrong and is another language's.
func habit(source string) *Error {
	before := ""
	for _, t := range tokens(source) {
		word := strings.ToLower(t.text)
		better := instead[word]
		if find(before) >= 0 {
			better = strings.NewReplacer("host", before, "query_time", before).Replace(better)
		}
		before = t.text
		at := func(reason string) *Error {
			line, column := place(source, t.start)
			return &Error{Line: line, Column: column, Reason: reason, source: source}
		}
		switch {
		case better != "" && better != t.text:
			return at(fmt.Sprintf("write %s in place of %s", better, t.text))
		case t.is(unicode.IsDigit) && unit(t.text) != "":
			return at("times are in seconds; write " + unit(t.text))
		case t.is(unicode.IsDigit) && plainNumber(t.text) != "":
			return at(fmt.Sprintf("write %s in place of %s", plainNumber(t.text), t.text))
		case t.text == "`":
			return at("names stand without back-quotes, and texts in quotes")
		case t.text == ";":
			return at("leave out what ends a statement")
		}
	}
	return nil
}

var multiples = map[string]string{"": "", "K": "e3", "M": "e6", "G": "e9", "T": "e12"}

// plainNumber returns a number that is written with underscores, or with a letter for a multiple of a
// thousand, as the language has it, and "" for other text.
func plainNumber(s string) string {
	digits := strings.TrimRightFunc(s, unicode.IsLetter)
	power, found := multiples[strings.TrimSuffix(strings.ToUpper(s[len(digits):]), "B")]
	plain := strings.ReplaceAll(digits, "_", "") + power
	if _, err := strconv.ParseFloat(plain, 64); err != nil || !found || plain == s {
		return ""
	}
	return plain
}

// unit returns the seconds of a time that has a unit, such as 500ms, and "" for other text.
func unit(s string) string {
	d, err := time.ParseDuration(s)
	if err != nil || !strings.ContainsFunc(s, isWord) {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'g', -1, 64)
}
