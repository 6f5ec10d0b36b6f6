package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The help fits one screen of a terminal of 24 lines and 80 columns, and leaves out no command.
func TestHelpIsOneScreen(t *testing.T) {
	var out bytes.Buffer
	p := &process{getenv: func(string) string { return "" }, stdout: &out, stderr: &out}
	p.help(&out)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) > 24 {
		t.Errorf("it has %d lines", len(lines))
	}
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, c := range commands() {
		if !regexp.MustCompile(`(?m)^  ` + c.name + ` |also: .*\b` + c.name + `\b|^slowdigest ` + c.name + ` COMMAND`).MatchString(out.String()) {
			t.Errorf("%s is left out of\n%s", c.name, &out)
		}
	}
}

// Each command but the version has examples, which its flags take, and which its own help shows.
func TestExamples(t *testing.T) {
	typed := regexp.MustCompile(`slowdigest ([a-z]+)((?:'[^']*'|[^|>'])*)`)
	word := regexp.MustCompile(`(?:'[^']*'|[^' ])+`)
	for _, c := range commands() {
		if len(examples[c.name]) == 0 && c.name != "version" {
			t.Errorf("%s has no example", c.name)
		}
		for _, example := range examples[c.name] {
			m := typed.FindStringSubmatch(example)
			if m == nil || m[1] != c.name {
				t.Errorf("%s: %s", c.name, example)
				continue
			}
			f := declared(c.name)
			args := word.FindAllString(m[2], -1)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "'", "")
			}
			rest, err := f.parse(args)
			if err == nil {
				err = f.refuseUnused(c.name, rest)
			}
			if err != nil {
				t.Errorf("%s: %v", example, err)
			}
			if stdout, _, code := call(t, "", []string{"help", c.name}); code != 0 || !strings.Contains(stdout, "\n  "+example+"\n") {
				t.Errorf("the help of %s lacks %s:\n%s", c.name, example, stdout)
			}
		}
	}
	for name := range examples {
		if declared(name) == nil {
			t.Errorf("there is no command %s", name)
		}
	}
}
