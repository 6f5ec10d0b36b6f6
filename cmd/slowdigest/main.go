// Command slowdigest turns slow query logs into a ranked digest. Under Lambda it
// serves events; elsewhere it is a command with subcommands. Both run the same line
// with the same settings.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"slowdigest/cmd/slowdigest/forms"
	"slowdigest/handler/ask"
	"slowdigest/source"
)

// version is set by the linker where the build's own information does not hold it; see buildVersion.
var version string

// process holds what a subcommand may know of the world around it.
type process struct {
	getenv         func(string) string
	names          []string // of all that getenv knows
	stdin          io.Reader
	stdout, stderr io.Writer
	signing        ask.Secret // of Slack; it and the next are kept from one event of Lambda to the next
	agents         agents
}

// logger tells a user of the CLI what deserves a look but is no error.
func (p *process) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{ReplaceAttr: boundAttr}))
}

// command is one subcommand. It declares its flags, which also makes its part of
// the help, and returns what runs after they are parsed.
type command struct {
	name    string
	args    string // what follows the flags, for the help
	summary string // see pages.Command
	declare func(*flags, *process) func(ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		{"report", "FILE...", "read local slow logs (- is the standard input, a directory is all its files)", declareReport},
		{"diff", "BEFORE AFTER", "compare two windows: local slow logs, directories of them, or reports saved as JSON", declareDiff},
		{"entry", "FILE OFFSET", "print one entry of a local slow log, with its values: that at the byte a report names", declareEntry},
		{"fingerprint", "[FILE]", "print the ID and the fingerprint of statements, one a line", declareFingerprint},
		{"run", "", "read the logs of RDS instances and print, or post, their digest", declareRun},
		{"doctor", "", "check all that a run needs, and say how to fix what is wrong", declareDoctor},
		{"mute", "[ID]", "leave a query class out of a channel's digests until it gets worse; without an ID show what is muted", declareMute},
		{"unmute", "ID", "show a muted query class again", declareUnmute},
		{"note", "ID [TEXT...]", "show a text with a query class in the digests of a channel; without one, no more", declareNote},
		{"release", "[NAME]", "mark when a release began, for digests to say what began with it; without a name show what is marked", declareRelease},
		{"week", "[DAY]", "sum up the week of a day, or the last whole one, from the archive: what cost the most, what is new, what was fixed", declareWeek},
		{"mcp", "[FILE...]", "answer agents over the standard input and output (Model Context Protocol): of RDS instances, or of local slow logs", declareMCP},
		{"invoke", "", "hand an event to the handler that Lambda runs", declareInvoke},
		{"check", "[FILE]", "judge the variables of a function before it is deployed: a JSON object of names and values", declareCheck},
		{"demo", "", "serve a shop with an incident, to try it all without an account: AWS and Slack are fakes on this machine", declareDemo},
		{"iam", "", "print the least-privilege policy for the AWS role; it is made for what is configured", declareIAM},
		{"completion", "SHELL", "print the completion of commands and flags for bash, zsh or fish", declareCompletion},
		{"man", "", "print the manual page", declareMan},
		{"version", "", "print the version, and what it was built from", declareVersion},
		{"help", "[COMMAND]", "show this help, or that of one command", declareHelp},
	}
}

// collectAt is how much garbage the heap may hold before it is collected, in hundredths of what is in use.
// Reading makes little garbage: with 40 in place of Go's 100 a report takes as long, of a log with a new statement
// in each entry a tenth longer, and a fifth less memory.
const collectAt = 40

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	p := &process{getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		p.names = append(p.names, name)
	}
	if len(os.Args) < 2 && os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		serveLambda(p)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	p.stdin = source.Stoppable(ctx, os.Stdin)
	os.Exit(p.run(ctx, os.Args[1:]))
}

// interrupted is the exit code by which shells know an interrupt: 128 and SIGINT.
const interrupted = 130

// run returns the exit code: 0, 1 after an error, 2 after a wrong call, or
// interrupted.
func (p *process) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		p.help(p.stderr)
		return 2
	}
	name := args[0]
	switch name {
	case "-h", "--help", "-help":
		name = "help"
	case "--version", "-version":
		name = "version"
	}
	c, err := findCommand(name)
	if err != nil {
		return p.fail(err)
	}
	f := newFlags(p.getenv)
	do := c.declare(f, p)
	rest, err := f.parse(args[1:])
	if err == nil {
		err = f.refuseUnused(name, rest)
	}
	switch {
	case errors.Is(err, errHelp):
		p.helpOn(p.stdout, c)
		return 0
	case errors.As(err, new(usageError)):
		return p.fail(err)
	case err != nil:
		return p.fail(f.wrongCall(name, err))
	}
	switch err := do(ctx, rest); {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(p.stderr, "slowdigest: interrupted; what was shown is not all")
		return interrupted
	case err != nil:
		return p.fail(err)
	}
	return 0
}

// findCommand returns the command of a name. Its error hints at the one that may
// have been meant.
func findCommand(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	hint := "slowdigest help lists the commands"
	if near := ask.Nearest(name, names, 2); len(near) > 0 {
		hint = fmt.Sprintf("the nearest is %s; %s", near[0], hint)
	}
	return command{}, usageError{fmt.Errorf("unknown command %q", name), hint}
}

// say writes lines to people, of what others may have had a hand in: errors of servers,
// names, what is remembered. All that is no report, JSON or help is written by it. It hides
// credentials, which may have been put into a wrong setting.
func say(w io.Writer, format string, args ...any) error {
	_, err := io.WriteString(w, harmless(forms.Hide(fmt.Sprintf(format, args...))))
	return err
}

// harmless leaves out of lines what a terminal would obey or not show: control characters,
// but for tabs and ends of lines, bidirectional overrides, and invalid UTF-8.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029':
			return ' '
		case r == utf8.RuneError || unicode.Is(unicode.C, r):
			return -1
		}
		return r
	}, s)
}

// usageError reports a call that cannot be meant.
type usageError struct {
	error
	hint string
}

func (e usageError) Unwrap() error { return e.error }
func (e usageError) Hint() string  { return e.hint }

// hinted is an error with advice.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }
func (e hinted) Hint() string  { return e.hint }

func (p *process) fail(err error) int {
	_ = say(p.stderr, "slowdigest: error: %v\n", err) // nobody is there to be told
	if hint := source.Hint(err); hint != "" {
		_ = say(p.stderr, "slowdigest: hint: %s\n", hint)
	}
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}
