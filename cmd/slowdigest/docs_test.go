package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are the README and the pages in docs, by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) < 10 {
		t.Fatalf("%v: %q", err, paths)
	}
	texts := map[string]string{}
	for _, path := range append(paths, "../../README.md", "../../CONTRIBUTING.md") {
		texts[path] = string(read(t, path))
	}
	return texts
}

func TestREADMEIsShort(t *testing.T) {
	const most = 900
	if n := len(strings.Fields(string(read(t, "../../README.md")))); n > most {
		t.Errorf("the README has %d words, and %d are the most: the rest belongs in docs", n, most)
	}
}

var (
	linkTo  = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	imageOf = regexp.MustCompile(`<img src="([^"]*)"`)
)

// What a document links to is there.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	for path, text := range documents(t) {
		for _, link := range append(linkTo.FindAllStringSubmatch(text, -1), imageOf.FindAllStringSubmatch(text, -1)...) {
			if link[1] == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), link[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// headingsIn are the anchors that GitHub makes of headings.
func headingsIn(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		anchors["#"+strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return anchors
}

func TestDocumentsLinkToHeadings(t *testing.T) {
	texts := documents(t)
	for path, text := range texts {
		for _, link := range linkTo.FindAllStringSubmatch(text, -1) {
			to := path
			if link[1] != "" {
				to = filepath.Join(filepath.Dir(path), link[1])
			}
			if target, known := texts[to]; known && link[2] != "" && !headingsIn(target)[link[2]] {
				t.Errorf("%s: %s has no %s", path, to, link[2])
			}
		}
	}
}

var (
	codeBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	commandIn = regexp.MustCompile(`(?m)^slowdigest ([a-z]+)((?: [^#|>\n]*)?)`)
)

// Each call in the documents is one that a command takes: its flags are declared.
func TestDocumentsCallWhatIsDeclared(t *testing.T) {
	calls := 0
	for path, text := range documents(t) {
		for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
			for _, call := range commandIn.FindAllStringSubmatch(strings.ReplaceAll(block[1], "\\\n", ""), -1) {
				calls++
				f := declared(call[1])
				if f == nil {
					t.Errorf("%s: there is no command %s", path, call[1])
					continue
				}
				if _, err := f.parse(strings.Fields(strings.ReplaceAll(call[2], "'", ""))); err != nil {
					t.Errorf("%s: %s: %v", path, strings.TrimSpace(call[0]), err)
				}
			}
		}
	}
	if calls < 5 {
		t.Errorf("%d calls were looked at", calls)
	}
}

// Each message that the page explains is one that we print, or that AWS or Slack do.
func TestTroubleshootingKnowsMessages(t *testing.T) {
	var sources strings.Builder
	for _, pattern := range []string{"../../*/*.go", "../../*/*/*.go", "../../cmd/*/*/*.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") {
				sources.Write(read(t, path))
			}
		}
	}
	rows := regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|").FindAllStringSubmatch(string(read(t, "../../docs/troubleshooting.md")), -1)
	if len(rows) < 10 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		for _, message := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(row[1], -1) {
			if !strings.Contains(sources.String(), message[1]) {
				t.Errorf("nothing prints %q", message[1])
			}
		}
	}
}

// The README states what was measured.
func TestREADMETellsWhatWasMeasured(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| \*\*the rule of this page\*\* \| ([0-9.]+) \|[^|]*\|[^|]*\|[^|]*\| ([0-9.]+) \|`).FindStringSubmatch(string(read(t, "../../docs/changes.md")))
	if row == nil {
		t.Fatal("docs/changes.md has no row of the rule")
	}
	want := fmt.Sprintf("%s wrong words a week in a channel of 300 classes, and %s in one of 50", row[1], row[2])
	if readme := strings.Join(strings.Fields(string(read(t, "../../README.md"))), " "); !strings.Contains(readme, want) {
		t.Errorf("the README does not say %q", want)
	}
}
