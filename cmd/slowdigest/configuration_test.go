package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slowdigest/cmd/slowdigest/pages"
)

// setting is a row of the table of settings: a variable, its flag, or both, as the first
// that reads it declares it.
type setting struct {
	pages.Flag
	readBy []string
}

// settingsInOrder returns what has a variable, as Lambda and the commands declare it. AWS's
// own variables are left out, for the SDK reads them everywhere.
func settingsInOrder() []setting {
	var all []setting
	note := func(f pages.Flag, reader string) {
		i := slices.IndexFunc(all, func(s setting) bool { return s.Env == f.Env })
		if i < 0 {
			i = len(all)
			all = append(all, setting{Flag: f})
		}
		all[i].readBy = append(all[i].readBy, reader)
	}
	lambda := command{name: "Lambda", declare: func(f *flags, _ *process) func(context.Context, []string) error {
		new(Config).declareLambda(f)
		return nil
	}}
	for _, c := range append([]command{lambda}, commands()...) {
		page := new(process).page(c)
		for _, f := range page.Flags {
			if f.Env != "" && !strings.HasPrefix(f.Env, "AWS_") {
				note(f, c.name)
			}
		}
		for _, v := range page.Variables {
			note(pages.Flag{Env: v.Name, Usage: v.Usage}, c.name)
		}
	}
	return all
}

var variableIn = regexp.MustCompile(`\$[A-Z_]+`)

// TestConfigurationPage: the table of docs/configuration.md is made of the declarations.
func TestConfigurationPage(t *testing.T) {
	const path, begin, end = "../../docs/configuration.md", "<!-- the declarations: -update -->\n\n", "\n<!-- end -->\n"
	text := func(s string) string {
		s = strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(s)
		return variableIn.ReplaceAllStringFunc(s, func(v string) string { return "`" + v + "`" })
	}
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return "`" + s + "`"
	}
	var table strings.Builder
	table.WriteString("| variable | flag | default | read by | what it is |\n|---|---|---|---|---|\n")
	all := settingsInOrder()
	for _, s := range all {
		flag := ""
		if s.Name != "" {
			flag = strings.TrimSpace(s.Dashed() + " " + s.Arg)
		}
		if len(s.Usage) < 15 {
			t.Errorf("the usage of %s is %q", s.Env, s.Usage)
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", code(s.Env), code(flag), code(s.Default), strings.Join(s.readBy, ", "), text(s.Usage))
	}
	if len(all) < 25 {
		t.Errorf("there are only %d settings", len(all))
	}
	page := string(read(t, path))
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no %q and %q", path, begin, end)
	}
	want := before + begin + table.String() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if page != want {
		t.Errorf("go test ./cmd/slowdigest -run TestConfigurationPage -update writes it anew:\n%s", difference(page, want))
	}
}
