package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"slowdigest/cmd/slowdigest/pages"
)

// buildVersion states what the build's own information tells: the version, the commit and its
// date, and with what and for what it was built. Of an executable that was built without the
// state of a checkout, as that for Lambda, the version is all that is known of the source.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	return describeBuild(version, info)
}

func describeBuild(version string, info *debug.BuildInfo) string {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	if version == "" {
		version = strings.TrimSuffix(info.Main.Version, "+dirty")
	}
	if version == "" || version == "(devel)" {
		version = "development"
	}
	var more []string
	if commit := set["vcs.revision"]; commit != "" {
		commit = "commit " + commit[:min(len(commit), 12)]
		if set["vcs.modified"] == "true" {
			commit += " with changes"
		}
		more = append(more, commit)
	}
	if date, _, dated := strings.Cut(set["vcs.time"], "T"); dated {
		more = append(more, date)
	}
	return fmt.Sprintf("%s (%s)", version, strings.Join(append(more, info.GoVersion, runtime.GOOS+"/"+runtime.GOARCH), ", "))
}

func declareVersion(_ *flags, p *process) func(context.Context, []string) error {
	return func(_ context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New("version: takes no arguments"), "leave out " + args[0]}
		}
		_, err := fmt.Fprintln(p.stdout, "slowdigest", buildVersion())
		return err
	}
}

func declareHelp(_ *flags, p *process) func(context.Context, []string) error {
	return func(_ context.Context, args []string) error {
		switch len(args) {
		case 0:
			p.help(p.stdout)
			return nil
		case 1:
			c, err := findCommand(args[0])
			if err == nil {
				p.helpOn(p.stdout, c)
			}
			return err
		}
		return usageError{errors.New("help: wants one command at most"), "slowdigest help lists the commands"}
	}
}

func declareCompletion(_ *flags, p *process) func(context.Context, []string) error {
	return func(_ context.Context, args []string) error {
		if len(args) != 1 || !pages.Completion(p.stdout, args[0], "slowdigest", p.pages()) {
			return usageError{errors.New("completion: wants the name of a shell"), "one of " + strings.Join(pages.Shells, ", ")}
		}
		return nil
	}
}

func declareMan(_ *flags, p *process) func(context.Context, []string) error {
	return func(_ context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New("man: takes no arguments"), "leave out " + args[0]}
		}
		short, _, _ := strings.Cut(buildVersion(), " ")
		pages.Man(p.stdout, "slowdigest", short, "slow query logs of MySQL, MariaDB and Aurora as one ranked digest", p.pages())
		return nil
	}
}

// examples are calls of each command, the most usual first.
var examples = map[string][]string{
	"report": {"slowdigest report slow.log old.log.xz", "slowdigest report --format html --last 2h slow.log >report.html",
		"slowdigest report --user app --min-time 500ms slow.log", `slowdigest report --filter 'rows_examined > 1e6 and schema == "shop"' slow.log`,
		"slowdigest report --by table --limit 95%:20+5 slow.log", "ssh db1 cat slow.log | slowdigest report -"},
	"diff":        {"slowdigest diff before.log after.log", "slowdigest diff --last 30m --format markdown monday.json tuesday.log"},
	"entry":       {"slowdigest entry slow.log 1234567", "zcat slow.log.gz | slowdigest entry - 1234567"},
	"fingerprint": {"slowdigest fingerprint statements.sql"},
	"run": {"slowdigest run --instance orders-1 --last 15m", "slowdigest run --instance 'orders-*' --last 1h --compare 24h",
		"slowdigest run --instance orders-1 --follow", "slowdigest run --instance cluster:orders --since 2h --until 1h --post --channel C0SLOWLOGS"},
	"doctor":     {"slowdigest doctor --instance orders-1"},
	"mute":       {"slowdigest mute 2414FF7A2F4BECE8 --for 30d --reason 'nightly export' --state s3://BUCKET/prod --channel C0SLOWLOGS"},
	"unmute":     {"slowdigest unmute 2414FF7A2F4BECE8 --state s3://BUCKET/prod --channel C0SLOWLOGS"},
	"note":       {"slowdigest note 2414FF7A2F4BECE8 see ticket 4711 --state s3://BUCKET/prod --channel C0SLOWLOGS"},
	"release":    {"slowdigest release v142 --state s3://BUCKET/prod --channel C0SLOWLOGS", "slowdigest release v142 --at 2026-11-23T10:05 --state s3://BUCKET/prod --channel C0SLOWLOGS"},
	"week":       {"slowdigest week --state s3://BUCKET/prod --channel C0SLOWLOGS", "slowdigest week 2026-11-18 --time-zone Europe/Berlin --state s3://BUCKET/prod --channel C0SLOWLOGS"},
	"mcp":        {"slowdigest mcp --instance orders-1", "slowdigest mcp slow.log"},
	"invoke":     {"slowdigest invoke --event now --instance orders-1", "slowdigest invoke --event schedule.json --logs directory"},
	"check":      {"slowdigest check variables.json"},
	"demo":       {"slowdigest demo", "slowdigest demo --incident 30s"},
	"iam":        {"slowdigest iam --instance orders-1 --account 123456789012 --region eu-central-1"},
	"completion": {"slowdigest completion bash >/usr/share/bash-completion/completions/slowdigest"},
	"man":        {"slowdigest man | man -l -"},
	"help":       {"slowdigest help run"},
}

// aboutItself are the commands that only tell of slowdigest.
var aboutItself = []string{"completion", "man", "version", "help"}

// help shows in one screen which commands there are. What it knows of them comes from the
// declarations that also read them, so that the help cannot be wrong.
func (p *process) help(w io.Writer) {
	fmt.Fprint(w, "slowdigest turns slow query logs of MySQL and MariaDB into one ranked digest.\n\n")
	for _, c := range p.pages() {
		if !slices.Contains(aboutItself, c.Name) {
			fmt.Fprintf(w, "  %-11s %s\n", c.Name, c.Brief())
		}
	}
	fmt.Fprint(w, "\nExamples:\n")
	for _, name := range []string{"demo", "report"} {
		fmt.Fprintf(w, "  %s\n", examples[name][0])
	}
	fmt.Fprint(w, "\nslowdigest help COMMAND shows its flags; also: completion, man, version.\n")
}

// helpOn shows a command with all its flags, and calls of it.
func (p *process) helpOn(w io.Writer, c command) {
	page := p.page(c)
	fmt.Fprintf(w, "slowdigest %s\n    %s\n", page.Synopsis(), c.summary)
	for _, f := range page.Flags {
		fmt.Fprintf(w, "  %s\n        %s\n", strings.TrimSpace(f.Dashed()+" "+f.Arg), f.Describe())
	}
	for _, v := range page.Variables {
		fmt.Fprintf(w, "  $%s\n        %s\n", v.Name, v.Usage)
	}
	if len(examples[c.name]) > 0 {
		fmt.Fprintf(w, "\nFor example:\n  %s\n", strings.Join(examples[c.name], "\n  "))
	}
}

// page states what a command declares.
func (p *process) page(c command) pages.Command {
	f := newFlags(func(string) string { return "" })
	c.declare(f, p)
	page := pages.Command{Name: c.name, Args: c.args, Summary: c.summary, Variables: f.only}
	for _, name := range f.order {
		fl := f.Lookup(name)
		arg, usage := flag.UnquoteUsage(fl)
		page.Flags = append(page.Flags, pages.Flag{Name: name, Arg: arg, Usage: usage, Env: f.env[name], Choices: f.choices[name], Default: strings.TrimPrefix(fl.Value.String(), "false")})
	}
	return page
}

func (p *process) pages() []pages.Command {
	var all []pages.Command
	for _, c := range commands() {
		all = append(all, p.page(c))
	}
	return all
}
