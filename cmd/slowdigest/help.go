package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

func declareVersion(_ *flags, p *process) func(context.Context, []string) error {
	return func(_ context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New("version: takes no arguments"), "leave out " + args[0]}
		}
		_, err := fmt.Fprintln(p.stdout, "slowdigest", version)
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
	f := newFlags(func(string) string { return "" })
	c.declare(f, p)
	args := c.args
	if len(f.order) > 0 {
		args = "[flags] " + args
	}
	fmt.Fprintf(w, "slowdigest %s\n    %s\n", strings.TrimSpace(c.name+" "+args), c.summary)
	for _, name := range f.order {
		fl := f.Lookup(name)
		arg, usage := flag.UnquoteUsage(fl)
		dashes := "--"
		if len(name) == 1 {
			dashes = "-"
		}
		if env := f.env[name]; env != "" {
			usage += "; $" + env
		}
		if s := fl.Value.String(); s != "" && s != "false" {
			usage += " (default " + s + ")"
		}
		fmt.Fprintf(w, "  %s\n        %s\n", strings.TrimSpace(dashes+name+" "+arg), usage)
	}
}
