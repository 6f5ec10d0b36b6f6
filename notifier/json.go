package notifier

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"slowdigest/digest"
)

// jsonReport is a report with its sentences, in the place of what it embeds.
type jsonReport struct {
	*digest.Report
	Coverage jsonCoverage `json:"coverage"`
	Classes  []jsonClass  `json:"classes"`
	Past     *jsonPast    `json:"past,omitempty"`
}

type jsonCoverage struct {
	digest.Coverage
	Notes []string `json:"notes"`
}

type jsonClass struct {
	*digest.Class
	Reasons []string    `json:"reasons,omitempty"`
	Change  *jsonChange `json:"change,omitempty"`
}

type jsonChange struct {
	*digest.Change
	Evidence string `json:"evidence"`
}

type jsonPast struct {
	*digest.Past
	Gone  []jsonGone  `json:"gone,omitempty"`
	Fixed []jsonFixed `json:"fixed,omitempty"`
}

type jsonGone struct {
	digest.GoneClass
	Evidence string `json:"evidence"`
}

type jsonFixed struct {
	digest.FixedClass
	Evidence string `json:"evidence"`
}

func newJSONReport(r *digest.Report) jsonReport {
	out := withoutClasses(r)
	for i := range r.Classes {
		out.Classes = append(out.Classes, newJSONClass(&r.Classes[i]))
	}
	return out
}

func withoutClasses(r *digest.Report) jsonReport {
	out := jsonReport{Report: r, Coverage: jsonCoverage{r.Coverage, CoverageNotes(r)}, Classes: []jsonClass{}}
	if out.Coverage.Notes == nil {
		out.Coverage.Notes = []string{}
	}
	if r.Past != nil {
		out.Past = &jsonPast{Past: r.Past}
		for _, g := range r.Past.Gone {
			out.Past.Gone = append(out.Past.Gone, jsonGone{g, GoneEvidence(g)})
		}
		for _, f := range r.Past.Fixed {
			out.Past.Fixed = append(out.Past.Fixed, jsonFixed{f, FixedEvidence(f)})
		}
	}
	return out
}

func newJSONClass(of *digest.Class) jsonClass {
	c := jsonClass{Class: of, Reasons: Reasons(of)}
	if of.Change != nil {
		c.Change = &jsonChange{of.Change, changeEvidence(of)}
	}
	return c
}

// JSON returns what NewJSON writes, for another encoder: the struct, with its
// sentences. It keeps r.
func JSON(r *digest.Report) any { return newJSONReport(r) }

type jsonWriter struct{ w io.Writer }

// NewJSON writes a report to w as indented JSON: the struct, with a list of
// "reasons" in each class, and an "evidence" in each change and in each class that
// is gone or fixed, which are sentences for people.
func NewJSON(w io.Writer) Notifier { return jsonWriter{w} }

// Notify encodes one class after the other: that of 10,000 is larger than all else in memory.
func (j jsonWriter) Notify(_ context.Context, r *digest.Report) error {
	text, err := IndentedJSON(withoutClasses(r))
	if err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	// No other line begins like this, for a text in JSON holds no line feed.
	head, tail, _ := bytes.Cut(text, []byte("\n  \"classes\": []"))
	w := bufio.NewWriterSize(j.w, 64<<10) // as much as a pipe takes at once
	_, _ = w.Write(head)                  // what fails here fails in Flush
	_, _ = w.WriteString("\n  \"classes\": [")
	for i := range r.Classes {
		if text, err = encoded(newJSONClass(&r.Classes[i]), "    ", "  "); err != nil {
			return fmt.Errorf("write the report as JSON: %w", err)
		}
		if i > 0 {
			_ = w.WriteByte(',')
		}
		_, _ = w.WriteString("\n    ")
		_, _ = w.Write(bytes.TrimSuffix(text, []byte("\n")))
	}
	if len(r.Classes) > 0 {
		_, _ = w.WriteString("\n  ")
	}
	_ = w.WriteByte(']')
	_, _ = w.Write(tail)
	return w.Flush()
}

// CompactJSON is IndentedJSON in one line, and without its end.
func CompactJSON(v any) ([]byte, error) {
	b, err := encoded(v, "", "")
	return bytes.TrimSuffix(b, []byte("\n")), err
}

// IndentedJSON leaves < and > as they are, since SQL is full of them and this JSON
// is not embedded in HTML. What a terminal would obey, or not show, is escaped.
func IndentedJSON(v any) ([]byte, error) { return encoded(v, "", "  ") }

func encoded(v any, prefix, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, indent)
	err := e.Encode(v)
	return visible(b.Bytes()), err
}

// visible escapes the characters of strings that are not printed, which alone can be others than
// a line feed.
func visible(text []byte) []byte {
	hidden := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if bytes.IndexFunc(text, hidden) < 0 {
		return text
	}
	var out []byte
	for _, r := range string(text) {
		switch high, low := utf16.EncodeRune(r); {
		case !hidden(r):
			out = utf8.AppendRune(out, r)
		case high == utf8.RuneError: // it is one of 16 bits
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}
