package fingerprint_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

// ptTraps are what a statement must hold for its fingerprint to differ from
// pt-fingerprint's, with the reason: the patterns are of a statement whose strings
// are shortened to 's', unless raw.
var ptTraps = []struct {
	reason  string
	pattern *regexp.Regexp
	raw     bool
}{
	{"pt takes digits for a number in any name, with an x, b or dot beside them: utf8mb4, addr1, o1.id, db12.t",
		regexp.MustCompile(`[A-Za-z_][0-9]`), false},
	{"pt takes a sign, a hyphen or an arrow for a part of a number: a + b, `odd-db`, a->b", regexp.MustCompile(`[-+]`), false},
	{"pt shows what follows the first digits of an upper-case hexadecimal number, and the e of 1.5E+3",
		regexp.MustCompile(`(?i)0x[0-9A-F]|[0-9]e[-+]`), false},
	{"pt shows what follows a doubled quote, or takes it for two literals", regexp.MustCompile(`\w''|\w""`), true},
	{"pt keeps the prefix of a literal: _utf8mb4'x', N'x', date 'x'",
		regexp.MustCompile(`(?i)(_[a-z0-9]+|\bn|\bdate|\btime|\btimestamp) ?'s'`), false},
	{"pt takes IS NULL for a value", regexp.MustCompile(`(?i)\b(is|not) null`), false},
	{"pt takes TRUE, FALSE and DEFAULT for no literals", regexp.MustCompile(`(?i)\b(true|false|default)\b`), false},
	{"pt folds no row or list with a call, a tuple, TRUE or DEFAULT in it",
		regexp.MustCompile(`(?is)\b(in|values) ?\(([^()]*\(|[^()]*\b(true|false|default)\b)`), false},
	{"pt folds no arguments", regexp.MustCompile(`(?i)\b(concat|coalesce|field|json_extract)\(`), false},
	{"pt keeps parentheses around a condition", regexp.MustCompile(`(?i)where \(`), false},
	{"pt folds no chain of OR", regexp.MustCompile(`(?i)\) or \(`), false},
	{"pt cuts what follows several rows", regexp.MustCompile(`(?is)values.*\),.*on duplicate`), false},
	{"pt folds no UNION of branches in parentheses", regexp.MustCompile(`(?i)\) union`), false},
	{"pt folds only the first LIMIT with two numbers", regexp.MustCompile(`(?i)limit .*limit`), false},
	{"pt keeps the arguments of CALL if a space is before them", regexp.MustCompile(`(?i)^call \S+ \(`), false},
	{"pt calls a statement with mysqldump's hint mysqldump, and keeps the number of any other version comment",
		regexp.MustCompile(`/\*!`), false},
	{"pt leaves a space where a comment ended the statement, and ends no comment that holds a quote",
		regexp.MustCompile(`(-- |#|/\*)`), true},
	{"pt keeps back-quotes", regexp.MustCompile("`"), false},
	{"pt keeps the statement's own spaces at operators, commas and parentheses",
		regexp.MustCompile(`(?i)\w[=<>!]|[=<>]\w|\w[*/]\w|'=|=[':@]|,\S|\( | \)|\s\s|\n|(\b(values|exists|using|and|or|key|over|as|match|against)|(into|table|exists) \S+)\(`), false},
}

// ptStatements are those of testdata/realistic.sql, as applications and people
// write them, and the distinct ones of the real logs, which were made to be hard.
func ptStatements(t *testing.T) (realistic, logged []string) {
	text, err := os.ReadFile("testdata/realistic.sql")
	if err != nil {
		t.Fatal(err)
	}
	realistic = strings.Split(strings.TrimSpace(string(text)), "\n")
	logs, _ := filepath.Glob(filepath.Join("..", "..", "testdata", "slowlogs", "*.log"))
	seen := map[string]bool{}
	for _, path := range logs {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for p := parser.New(f, parser.Options{}); ; {
			e, err := p.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			// One statement of each class and of each of pt's: its own literals aside.
			if key := fingerprint.Of(string(e.SQL)) + regexp.MustCompile(`[0-9]+`).ReplaceAllString(string(e.SQL), ""); !e.Admin && !e.Cut && !seen[key] {
				seen[key] = true
				logged = append(logged, string(e.SQL))
			}
		}
	}
	return realistic, logged
}

// ptFingerprints runs pt-fingerprint, for all statements at once where it can
// tell them apart.
func ptFingerprints(t *testing.T, statements []string) []string {
	var together []string
	plain := regexp.MustCompile(`^[A-Za-z][^;#\x00]*$`)
	for _, s := range statements {
		if plain.MatchString(s) {
			together = append(together, s+";\n")
		}
	}
	run := func(input string, args ...string) string {
		cmd := exec.Command("pt-fingerprint", args...)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.Output()
		if err != nil && len(out) == 0 { // with --query its status is always 1
			t.Fatal(err)
		}
		return strings.TrimSuffix(string(out), "\n")
	}
	lines := strings.Split(run(strings.Join(together, "")), "\n")
	if len(lines) != len(together) {
		t.Fatalf("%d fingerprints of %d statements", len(lines), len(together))
	}
	var fps []string
	for _, s := range statements {
		if plain.MatchString(s) {
			fps, lines = append(fps, lines[0]), lines[1:]
		} else {
			fps = append(fps, run("", "--query", strings.ReplaceAll(s, "\x00", " ")))
		}
	}
	return fps
}

// TestAgainstPtFingerprint: the text is pt-fingerprint's, or the statement holds
// one of ptTraps. The shares stand in docs/fingerprints.md.
func TestAgainstPtFingerprint(t *testing.T) {
	if _, err := exec.LookPath("pt-fingerprint"); err != nil {
		if os.Getenv("SLOWDIGEST_REQUIRE_ALL") != "" {
			t.Fatal("pt-fingerprint is not installed")
		}
		t.Skip("pt-fingerprint is not installed: apt-get install percona-toolkit")
	}
	realistic, logged := ptStatements(t)
	statements := slices.Concat(realistic, logged)
	var equal [2]int
	counts := make([]int, len(ptTraps))
	for i, pt := range ptFingerprints(t, statements) {
		s := statements[i]
		ours := fingerprint.Of(s)
		if ours == pt {
			equal[min(i/len(realistic), 1)]++
			continue
		}
		masked := regexp.MustCompile(`(?s)'(\\.|''|[^'\\])*'|"(\\.|""|[^"\\])*"`).ReplaceAllString(s, "'s'")
		trapped := false
		for k, trap := range ptTraps {
			if trap.pattern.MatchString(masked) || trap.raw && trap.pattern.MatchString(s) {
				trapped = true
				counts[k]++
			}
		}
		if !trapped {
			t.Errorf("a difference of no known kind:\n     %q\nours %s\n  pt %s", s, ours, pt)
		}
	}
	t.Logf("the same text: %d of %d as people write them, %d of %d of the real logs", equal[0], len(realistic), equal[1], len(logged))
	for k, n := range counts {
		if t.Logf("%4d %s", n, ptTraps[k].reason); n == 0 {
			t.Errorf("no statement differs because %s", ptTraps[k].reason)
		}
	}
	doc, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(string(doc)), " ")
	for _, want := range []string{fmt.Sprintf("Of %d statements as applications write them %d have its text", len(realistic), equal[0]),
		fmt.Sprintf("of %d different ones of the real logs of this project, which were made to be hard, %d", len(logged), equal[1])} {
		if !strings.Contains(said, want) {
			t.Errorf("%s does not say: %s", docsPath, want)
		}
	}
}
