package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
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

// help shows every command with every flag. They come from the declarations
// that also read them, so that the help cannot be wrong.
func (p *process) help(w io.Writer) {
	fmt.Fprintln(w, "slowdigest turns slow query logs of MySQL, MariaDB and Aurora into one ranked digest.")
	for _, c := range commands() {
		fmt.Fprintln(w)
		p.helpOn(w, c)
	}
}

func (p *process) helpOn(w io.Writer, c command) {
	page := p.page(c)
	fmt.Fprintf(w, "slowdigest %s\n    %s\n", page.Synopsis(), c.summary)
	for _, f := range page.Flags {
		fmt.Fprintf(w, "  %s\n        %s\n", strings.TrimSpace(f.Dashed()+" "+f.Arg), f.Describe())
	}
	for _, v := range page.Variables {
		fmt.Fprintf(w, "  $%s\n        %s\n", v.Name, v.Usage)
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
		page.Flags = append(page.Flags, pages.Flag{Name: name, Arg: arg, Usage: usage, Env: f.env[name], Default: strings.TrimPrefix(fl.Value.String(), "false")})
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
