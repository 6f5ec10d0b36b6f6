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

// joinNotes says once what several errors of AWS say of different instances or files,
// and how many they are. The notes must be sorted.
func joinNotes(notes []string, parts []part) []string {
	instances, blank := names(parts)
	cause := func(note string) string {
		if !strings.Contains(note, "operation error ") {
			return note // it is short, and says which
		}
		return blank.Replace(differing.ReplaceAllString(note, ""))
	}
	same := map[string][]string{}
	for _, note := range notes {
		c := cause(note)
		same[c] = append(same[c], note)
	}
	joined := notes[:0:0]
	for _, note := range notes {
		c := cause(note)
		if all := same[c]; len(all) > 1 {
			joined = append(joined, fmt.Sprintf("%d times (%s): %s", len(all), strings.Join(mentioned(all, instances), ", "), note))
		} else if len(all) == 1 {
			joined = append(joined, note)
		}
		delete(same, c)
	}
	return joined
}

// mentioned returns the first of the instances that notes are on.
func mentioned(notes, instances []string) []string {
	const few = 3
	var found []string
	for i, note := range notes {
		if i == few {
			return append(found, "…")
		}
		n := slices.IndexFunc(instances, func(id string) bool { return strings.Contains(note, id) })
		if n >= 0 && !slices.Contains(found, instances[n]) {
			found = append(found, instances[n])
		}
	}
	return found
}

// names returns the instances that were read, or were to be, the longest name first,
// and what blanks them and their files out.
func names(parts []part) (instances []string, blank *strings.Replacer) {
	var files []string
	for _, p := range parts {
		instances, files = append(instances, p.instance), append(files, p.file.Name)
	}
	longest := func(names []string) []string {
		names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
		return slices.Compact(names)
	}
	var blanks []string
	for _, name := range longest(append(files, instances...)) {
		blanks = append(blanks, name, "…")
	}
	return longest(instances), strings.NewReplacer(blanks...)
}
