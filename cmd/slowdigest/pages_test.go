package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"slowdigest/cmd/slowdigest/pages"
)

// TestCompletion has each shell complete what is typed.
func TestCompletion(t *testing.T) {
	scripts := map[string]string{ // $1 is the completion, and the last word of $2 is completed
		"bash": `source "$1"; read -ra COMP_WORDS <<<"${2//=/ = }"; [[ $2 == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _slowdigest; printf '%s\n' "${COMPREPLY[@]}"`,
		"fish": `source $argv[1]; complete -C "$argv[2]"`,
		"zsh":  `autoload -U compinit; compinit -u -D; source "$1"; [[ $_comps[slowdigest] == _slowdigest ]] || exit 1; _describe() { print -l ${(P)2%%:*} }; _arguments() { for a in "$@"; do if [[ $words[CURRENT-1] == ${${a#\*}%%\[*} && $a == *")" ]]; then print -l ${=${${a##*\(}%\)}}; fi; print -r -- ${${a#\*}%%\[*}; done }; _values() { shift; print -l "$@" }; _files() { print files }; words=(${=2}); [[ $2 == *" " ]] && words+=(""); CURRENT=$#words; _slowdigest`,
	}
	tests := []struct {
		typed, want string
	}{
		{"slowdigest report --format=ht", "html"},
		{"slowdigest ", "report"},
		{"slowdigest un", "unmute"},
		{"slowdigest report --li", "--limit"},
		{"slowdigest run --fol", "--follow"},
		{"slowdigest completion ", "fish"},
		{"slowdigest report --format ", "markdown"},
		{"slowdigest report --limit 5 --by ta", "table"},
		{"slowdigest run --order-by ", "lock_time"},
		{"slowdigest help un", "unmute"},
	}
	for _, shell := range pages.Shells {
		t.Run(shell, func(t *testing.T) {
			path := program(t, shell)
			file := filepath.Join(t.TempDir(), "completion")
			var out bytes.Buffer
			p := &process{getenv: func(string) string { return "" }, stdout: &out, stderr: &out}
			if code := p.run(context.Background(), []string{"completion", shell}); code != 0 {
				t.Fatalf("exit code %d: %s", code, &out)
			}
			if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, test := range tests {
				if shell != "bash" && strings.Contains(test.typed, "=") {
					continue // which takes what stands before it for a word of its own
				}
				args := []string{"-c", scripts[shell], shell, file, test.typed}
				if shell == "fish" {
					args = []string{"--no-config", "-c", scripts[shell], file, test.typed}
				}
				got, err := exec.Command(path, args...).CombinedOutput()
				if err != nil {
					t.Fatalf("%q: %v\n%s", test.typed, err, got)
				}
				found := false
				for line := range strings.Lines(string(got)) {
					word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
					found = found || word == test.want
				}
				if !found {
					t.Errorf("%q completes to %q, want %s among them", test.typed, got, test.want)
				}
			}
		})
	}
}

// TestManPage looks for errors of markup, and for every flag of every command.
func TestManPage(t *testing.T) {
	path := program(t, "mandoc")
	var out bytes.Buffer
	p := &process{getenv: func(string) string { return "" }, stdout: &out, stderr: &out}
	if code := p.run(context.Background(), []string{"man"}); code != 0 {
		t.Fatalf("exit code %d: %s", code, &out)
	}
	lint := exec.Command(path, "-Tlint", "-Werror")
	lint.Stdin = bytes.NewReader(out.Bytes())
	if got, err := lint.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, got)
	}
	show := exec.Command(path, "-Tutf8", "-Owidth=1000")
	show.Stdin = bytes.NewReader(out.Bytes())
	got, err := show.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	for strings.Contains(text, "\b") { // bold and underlined characters are struck twice
		i := strings.Index(text, "\b")
		text = text[:i-1] + text[i+1:]
	}
	for _, c := range p.pages() {
		if !strings.Contains(text, c.Synopsis()) {
			t.Errorf("there is no %q", c.Synopsis())
		}
		for _, f := range c.Flags {
			if !strings.Contains(text, strings.TrimSpace(f.Dashed()+" "+f.Arg)) || !strings.Contains(text, f.Usage) {
				t.Errorf("%s has no %s, or not its usage %q", c.Name, f.Dashed(), f.Usage)
			}
		}
		for _, v := range c.Variables {
			if !strings.Contains(text, "$"+v.Name) || !strings.Contains(text, v.Usage) {
				t.Errorf("%s has no $%s, or not its usage %q", c.Name, v.Name, v.Usage)
			}
		}
	}
}

func TestDescribeBuild(t *testing.T) {
	stamped := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}, {Key: "vcs.time", Value: "2026-11-26T10:00:00Z"}}
	tests := []struct {
		name, linked, module string
		settings             []debug.BuildSetting
		want                 string
	}{
		{"a release", "", "v0.1.0", stamped, "v0.1.0 (commit 0123456789ab, 2026-11-26, go1.26, "},
		{"between two", "", "v0.1.1-0.20261126100000-0123456789ab", stamped, "v0.1.1-0.20261126100000-0123456789ab (commit 0123456789ab, 2026-11-26, go1.26, "},
		{"with changes", "", "v0.1.0+dirty", append(stamped, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), "v0.1.0 (commit 0123456789ab with changes, 2026-11-26, go1.26, "},
		{"for Lambda", "v0.1.0-3-g0123456", "(devel)", nil, "v0.1.0-3-g0123456 (go1.26, "},
		{"no checkout", "", "(devel)", nil, "development (go1.26, "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			info := &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: test.module}, Settings: test.settings}
			if got := describeBuild(test.linked, info); !strings.HasPrefix(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
