package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	imageOf = regexp.MustCompile(`<img src="([^"]*)"( alt="([^"]*)")?|!\[([^\]]*)\]`)
)

// What a document links to is there.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	for path, text := range documents(t) {
		for _, link := range linkTo.FindAllStringSubmatch(text, -1) {
			if link[1] == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), link[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// A picture is there and small, has words for those who do not see it, and loads nothing.
func TestDocumentsShowPictures(t *testing.T) {
	const most = 200_000 // bytes
	shown := 0
	for path, text := range documents(t) {
		for _, image := range imageOf.FindAllStringSubmatch(text, -1) {
			shown++
			if len(image[3]) < 100 {
				t.Errorf("%s: %s has the words %q, or is no <img src alt>", path, image[0], image[3])
				continue
			}
			picture := read(t, filepath.Join(filepath.Dir(path), image[1]))
			if len(picture) == 0 || len(picture) > most {
				t.Errorf("%s: %s has %d bytes, and %d are the most", path, image[1], len(picture), most)
			}
			if strings.HasSuffix(image[1], ".svg") {
				checkDrawing(t, image[1], picture)
			}
		}
	}
	if shown < 3 {
		t.Errorf("there are %d pictures", shown)
	}
}

// checkDrawing fails on a drawing that is not whole, that loads something, or that is drawn
// for light pages only.
func checkDrawing(t *testing.T, name string, svg []byte) {
	t.Helper()
	if err := xml.Unmarshal(svg, new(struct{ XMLName xml.Name })); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if found := regexp.MustCompile(`href=|@import|@font-face|url\([^#]|<script|<image`).Find(svg); found != nil {
		t.Errorf("%s loads something: %s", name, found)
	}
	if !strings.Contains(string(svg), "prefers-color-scheme: dark") {
		t.Errorf("%s is not drawn for dark pages", name)
	}
}

var (
	releaseHeading = regexp.MustCompile(`^## (\d+)\.(\d+)\.(\d+) / (unreleased|\d{4}-\d\d-\d\d)$`)
	changeEntry    = regexp.MustCompile(`^- \[(CHANGE|FEATURE|ENHANCEMENT|BUGFIX|SECURITY)\] [a-z]+: [A-Z` + "`" + `][^\n]*(\n  \S[^\n]*)*\.\n$`)
	changeKinds    = []string{"CHANGE", "FEATURE", "ENHANCEMENT", "BUGFIX", "SECURITY"}
)

// The changelog has the form that CONTRIBUTING.md tells: versions with their date, the newest
// first and it alone unreleased, and in each the entries by their kind.
func TestChangelogHasForm(t *testing.T) {
	_, text, _ := strings.Cut(string(read(t, "../../CHANGELOG.md")), "\n## ")
	var last []int
	for i, part := range strings.Split(text, "\n## ") {
		heading, entries, _ := strings.Cut("## "+part, "\n")
		m := releaseHeading.FindStringSubmatch(heading)
		if m == nil || i > 0 && m[4] == "unreleased" {
			t.Fatalf("the heading is %q", heading)
		}
		var version []int
		for _, s := range m[1:4] {
			n, _ := strconv.Atoi(s)
			version = append(version, n)
		}
		if i > 0 && slices.Compare(version, last) >= 0 {
			t.Errorf("%v stands below %v", version, last)
		}
		last = version
		kind := 0
		for _, entry := range strings.Split(strings.Trim(entries, "\n"), "\n- ") {
			entry = "- " + strings.TrimPrefix(entry, "- ") + "\n"
			m := changeEntry.FindStringSubmatch(entry)
			if m == nil {
				t.Errorf("%s has an entry of another form: %q", heading, entry)
				continue
			}
			if k := slices.Index(changeKinds, m[1]); k >= kind {
				kind = k
			} else {
				t.Errorf("%s: %q stands after %s", heading, entry, changeKinds[kind])
			}
		}
		out, err := exec.Command("make", "-s", "-C", "../..", "notes", "VERSION=v"+strings.Join(m[1:4], ".")).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != strings.TrimSpace(entries) {
			t.Errorf("the notes of %s are, with the error %v:\n%s", heading, err, got)
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
