package handler

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"slowdigest/source"
)

// errorNote says why something could not be read. A chat has room for the beginning
// of a note: what can be done comes before the SDK's long chain of causes.
func errorNote(err error) string {
	hint := source.Hint(err)
	var chain *smithy.OperationError
	switch {
	case hint == "":
		return err.Error()
	case errors.As(err, &chain):
		return hint + " (" + err.Error() + ")"
	}
	return err.Error() + " (" + hint + ")"
}

// differing is all in which two errors of one cause differ, names left aside.
var differing = regexp.MustCompile(`(RequestID|HostID): [^,]*|(at|from) byte \d+( of \d+ on)?: `)

// joinNotes says once what several notes say of different instances or files, whose
// names are given, and how many they are. The notes must be sorted.
func joinNotes(notes, names []string) []string {
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var blanks []string
	for _, name := range slices.Compact(names) {
		if name != "" {
			blanks = append(blanks, name, "…")
		}
	}
	blank := strings.NewReplacer(blanks...)
	cause := func(note string) string { return blank.Replace(differing.ReplaceAllString(note, "")) }
	times := map[string]int{}
	for _, note := range notes {
		times[cause(note)]++
	}
	joined := notes[:0:0]
	for _, note := range notes {
		c := cause(note)
		if n := times[c]; n > 1 {
			note = fmt.Sprintf("%d times: %s", n, note)
		}
		if times[c] > 0 {
			joined = append(joined, note)
		}
		times[c] = 0
	}
	return joined
}

// names returns those of all that was read, or was to be.
func (rd *reading) names() []string {
	var names []string
	for _, p := range rd.parts {
		names = append(names, p.instance, p.file.Name)
	}
	return names
}
