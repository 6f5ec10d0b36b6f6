package fingerprint_test

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"slowdigest/parser/fingerprint"
)

const docsPath = "../../docs/fingerprints.md"

// docExample is an example of docs/fingerprints.md: statements of one class.
type docExample struct {
	line        int // of its last statement
	statements  []string
	fingerprint string
	pt, mariadb string
}

// Marks of the lines of an example.
const (
	docIs      = "= "
	docApart   = "!= "
	docPt      = "pt: "
	docMariaDB = "MariaDB: "
	docSame    = "the same"
)

func readDocs(t *testing.T) (lines []string, examples []docExample, apart []string) {
	t.Helper()
	text, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.Split(string(text), "\n")
	var e docExample
	for i, line := range append(lines, "") {
		code, isCode := strings.CutPrefix(line, "    ")
		if !isCode {
			if e.fingerprint != "" {
				examples = append(examples, e)
			}
			e = docExample{}
			continue
		}
		if s, ok := strings.CutPrefix(code, docApart); ok {
			apart = append(apart, s)
		} else if s, ok := strings.CutPrefix(code, docIs); ok {
			e.fingerprint, e.line = s, i
		} else if s, ok := strings.CutPrefix(code, docPt); ok {
			e.pt = s
		} else if s, ok := strings.CutPrefix(code, docMariaDB); ok {
			e.mariadb = s
		} else {
			e.statements = append(e.statements, code)
		}
	}
	return lines, examples, apart
}

// TestDocs: what docs/fingerprints.md says of its examples is so.
func TestDocs(t *testing.T) {
	_, examples, apart := readDocs(t)
	if len(examples) < 30 || len(apart) < 20 {
		t.Errorf("%d examples, %d statements that are apart", len(examples), len(apart))
	}
	for _, e := range examples {
		for _, s := range e.statements {
			if got := fingerprint.Of(s); got != e.fingerprint {
				t.Errorf("line %d: %s\n got %s\nwant %s", e.line, s, got, e.fingerprint)
			}
		}
	}
	of := map[string]string{}
	for _, s := range apart {
		fp := fingerprint.Of(s)
		if other, taken := of[fp]; taken {
			t.Errorf("%s\n%s\nare both %s", other, s, fp)
		}
		of[fp] = s
	}
}

// TestDocsAgainstOthers: and what it says of pt-query-digest and of MariaDB's digest.
func TestDocsAgainstOthers(t *testing.T) {
	if _, err := exec.LookPath("pt-fingerprint"); err != nil {
		if os.Getenv("SLOWDIGEST_REQUIRE_ALL") != "" {
			t.Fatal("pt-fingerprint is not installed")
		}
		t.Skip("pt-fingerprint is not installed: apt-get install percona-toolkit")
	}
	lines, examples, _ := readDocs(t)
	var statements []string
	for _, e := range examples {
		statements = append(statements, e.statements[len(e.statements)-1])
	}
	pt := ptFingerprints(t, statements)
	digests := startDigester(t).digests(statements)
	var anew strings.Builder
	write := flag.Lookup("update").Value.String() == "true"
	i := 0
	for number, line := range lines {
		if s := strings.TrimSpace(line); strings.HasPrefix(s, docPt) || strings.HasPrefix(s, docMariaDB) {
			continue
		}
		anew.WriteString(line + "\n")
		if i == len(examples) || number != examples[i].line {
			continue
		}
		e := examples[i]
		theirs, server := pt[i], strings.Join(digests[i], "; ")
		if theirs == e.fingerprint {
			theirs = docSame
		}
		anew.WriteString("    " + docPt + theirs + "\n")
		if server != "" {
			anew.WriteString("    " + docMariaDB + server + "\n")
		}
		if !write && (e.pt != theirs || e.mariadb != server) {
			t.Errorf("line %d: %s\npt:      %s\n    not  %s\nMariaDB: %s\n    not  %s", e.line, statements[i], theirs, e.pt, server, e.mariadb)
		}
		i++
	}
	if write {
		if err := os.WriteFile(docsPath, []byte(strings.TrimSuffix(anew.String(), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
