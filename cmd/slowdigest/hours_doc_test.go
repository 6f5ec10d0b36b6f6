package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each row of docs/hours.md names a test that is there, and each story of the nights
// has a row.
func TestHoursTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/hours.md")
	if err != nil {
		t.Fatal(err)
	}
	var stories, told []string
	for _, list := range [][]story{eventStories, fileStories, sleepStories, goneStories, nameStories, silenceStories} {
		for _, s := range list {
			stories = append(stories, strings.ReplaceAll(s.name, " ", "_"))
		}
	}
	row := regexp.MustCompile("\\| `(Test\\w+)(?:/([^`]+))?` in `([a-z/]+)` \\|$")
	rows := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| when") {
			continue
		}
		m := row.FindStringSubmatch(line)
		if rows++; m == nil {
			t.Errorf("no test in the row %s", line)
			continue
		}
		name, sub, dir := m[1], strings.ReplaceAll(m[2], `\|`, "|"), m[3]
		if !declares(t, dir, name) {
			t.Errorf("there is no %s in %s", name, dir)
		}
		if name != "TestNights" {
			if sub != "" && !mentionedIn(t, dir, strings.ReplaceAll(sub, "_", " ")) {
				t.Errorf("there is no %s/%s in %s", name, sub, dir)
			}
			continue
		}
		found := false
		for _, s := range stories {
			if regexp.MustCompile(sub).MatchString(s) {
				found, told = true, append(told, s)
			}
		}
		if !found {
			t.Errorf("no night is called %s", sub)
		}
	}
	for _, s := range stories {
		if !slices.Contains(told, s) {
			t.Errorf("the night %s has no row", s)
		}
	}
	if rows < 30 {
		t.Errorf("%d rows", rows)
	}
}

func declares(t *testing.T, dir, name string) bool {
	return mentionedIn(t, dir, "\nfunc "+name+"(t *testing.T)")
}

func mentionedIn(t *testing.T, dir, text string) bool {
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(name string) bool {
		data, err := os.ReadFile(name)
		return err == nil && strings.Contains(string(data), text)
	})
}
