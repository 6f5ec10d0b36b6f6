package webpage

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// HTML is markup. A constant becomes it by itself; text that was made or read does not, so
// that what is not known when the program is built stands in a page only escaped.
type HTML string

// writer is a page under construction.
type writer struct{ bytes.Buffer }

// add writes a format as fmt.Fprintf does. Text among the arguments is escaped, for content
// and for attributes in double quotes; HTML is not.
func (w *writer) add(format HTML, args ...any) {
	for i, arg := range args {
		switch v := arg.(type) {
		case HTML, int:
		case string:
			args[i] = html.EscapeString(v)
		default:
			args[i] = html.EscapeString(fmt.Sprint(v))
		}
	}
	fmt.Fprintf(w, string(format), args...)
}

// list writes an item of a list, or whatever the format makes, for each text.
func (w *writer) list(before, format, after HTML, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.add(before)
	for _, s := range texts {
		w.add(format, s)
	}
	w.add(after)
}

// line writes a text in the format unless it is empty.
func (w *writer) line(format HTML, text string) {
	if strings.TrimSpace(text) != "" {
		w.add(format, text)
	}
}
