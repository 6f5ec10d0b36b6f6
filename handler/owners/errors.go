package owners

import (
	"fmt"
	"strings"
)

// Error is what is wrong in a place of a file.
type Error struct {
	Line, Column int // from 1, in characters; 0 is the file as a whole
	Text, Hint   string
}

func (e Error) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Errors are all that is wrong with a file, the first line of each.
type Errors []Error

// maxErrors is how many of them are told.
const maxErrors = 5

func (es Errors) Error() string {
	var out []string
	for _, e := range es[:min(maxErrors, len(es))] {
		out = append(out, e.Error())
	}
	if more := len(es) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "; ")
}

// Hint returns a sentence on what can be done about the first of them, without a full stop;
// empty if there is nothing to say.
func (es Errors) Hint() string { return es[0].Hint }
