package redact

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"slowdigest/digest"
)

// mostDigits is how many of the labels in testdata/orm may end in digits of the ID, for nothing that a
// label could name tells them apart.
const mostDigits = 0

var endsInDigits = regexp.MustCompile(` · [0-9A-F]{4,16}$`)

// The classes of the logs under twelve frameworks, one report each, have labels of their own.
func TestLabelsOfFrameworks(t *testing.T) {
	files, err := filepath.Glob("../../testdata/orm/*.txt")
	if err != nil || len(files) != 12 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	all, digits := 0, 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var classes []digest.Class
		for line := range strings.Lines(string(text)) {
			id, fingerprint, _ := strings.Cut(strings.TrimSpace(line), " ")
			classes = append(classes, digest.Class{ID: id, Fingerprint: Statement(fingerprint)})
		}
		Label(classes)
		seen := map[string]string{}
		for _, c := range classes {
			label := strings.ToLower(c.Label)
			if other, twice := seen[label]; twice || label == "" {
				t.Errorf("%s: %q is both %s and %s", name, c.Label, other, c.Fingerprint)
			}
			if seen[label] = c.Fingerprint; endsInDigits.MatchString(c.Label) {
				digits++
				t.Logf("%s: %s", filepath.Base(name), c.Label)
			}
		}
		all += len(classes)
	}
	if all != 485 || digits > mostDigits {
		t.Errorf("%d classes, of which %d are told apart by digits", all, digits)
	}
}

// What frameworks send reaches agents as it is, but for names with white space or signs in them.
func TestStatementsOfFrameworksReachAgents(t *testing.T) {
	files, err := filepath.Glob("../../testdata/orm/*.txt")
	if err != nil || len(files) != 12 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	hashedNames := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, fingerprint, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch got := names(fingerprint); {
			case got == fingerprint:
			case strings.Contains(got, "withheld"), !strings.ContainsAny(fingerprint, "`"):
				t.Errorf("%s: %s\n is %s", name, fingerprint, got)
			default:
				hashedNames++
			}
		}
	}
	if hashedNames > 2 {
		t.Errorf("%d statements have names that are hashed", hashedNames)
	}
}
