package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"slowdigest/cmd/slowdigest/pages"
	"slowdigest/digest"
	"slowdigest/digest/filter"
	"slowdigest/handler"
	"slowdigest/handler/ask"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

var errHelp = flag.ErrHelp

// flags lets a flag take its default from an environment variable, and stand
// after arguments.
type flags struct {
	*flag.FlagSet
	getenv func(string) string
	env    map[string]string // flag to variable
	order  []string          // as declared, for the help
	only   []pages.Variable  // those that have no flag
	given  []string          // flags on the command line
	// choices are the values of flags that have a few, for completions and for who mistypes one.
	choices map[string][]string
	// lenient is set where variables that no run would take are not refused, but looked for. The
	// first of them is then in refused.
	lenient bool
	refused error
}

func newFlags(getenv func(string) string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet("", flag.ContinueOnError), getenv: getenv, env: map[string]string{}, choices: map[string][]string{}}
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	return f
}

// declare adds a flag of any type. Usage names the argument in back-quotes, as
// package flag wants it. Env may be empty.
func (f *flags) declare(v flag.Value, name, env, usage string) {
	f.Var(v, name, usage)
	f.order = append(f.order, name)
	if env != "" {
		f.env[name] = env
	}
}

func (f *flags) boolean(b *bool, name, env, usage string) {
	f.declare((*boolValue)(b), name, env, usage)
}

// variable reads a setting that has no flag.
func (f *flags) variable(s *string, env, usage string) {
	*s = f.getenv(env)
	f.only = append(f.only, pages.Variable{Name: env, Usage: usage})
}

func (f *flags) text(s *string, name, env, usage string) {
	f.declare((*textValue)(s), name, env, usage)
}

// parse returns the arguments that are not flags. Flags that are not given take
// the value of their environment variable.
func (f *flags) parse(args []string) ([]string, error) {
	rest, err := f.parseArguments(args)
	if err != nil {
		return nil, err
	}
	f.Visit(func(fl *flag.Flag) {
		f.given = append(f.given, fl.Name)
		if c, ok := fl.Value.(*conditionValue); ok && err == nil {
			err = c.err
		}
		if l, ok := fl.Value.(interface{ leavesAllIn() bool }); ok && err == nil && l.leavesAllIn() {
			err = usageError{fmt.Errorf("read flag --%s: it is empty", fl.Name), "give it a value, or leave it out"}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, name := range f.order {
		if s := f.getenv(f.env[name]); s != "" && !slices.Contains(f.given, name) {
			if err := f.Set(name, s); err != nil && f.refused == nil {
				f.refused = usageError{fmt.Errorf("read environment variable %s: %w", f.env[name], err), "slowdigest COMMAND --help shows the variables"}
			}
		}
	}
	if f.refused != nil && !f.lenient {
		return nil, f.refused
	}
	return rest, nil
}

// unused lists flags that a command reads, but not in each of its modes. Where one
// of them is given all the same, the command refuses it. Variables are set for all
// that somebody does, and are ignored where they have no effect.
var unused = []struct {
	command string
	in      func(f *flags, args []string) bool // is it this mode?
	flags   []string
	why     string
	hint    string // other than to leave them out
}{
	{"report", withoutLinks, []string{"link"}, "only --post and --format slack show links", ""},
	{"report", onlyJSON, []string{"time-zone"}, "in JSON all times are in UTC", ""},
	{"report", set("since"), []string{"last"}, "--last and --since both say where the window begins", "leave out one of them; --last ends at --until"},
	{"report", func(f *flags, _ []string) bool { return f.value("post")+f.value("from-state") == "" }, []string{"channel"}, "without --post nothing is posted", "add --post, or leave out what is for it"},
	{"report", notSet("post"), []string{"slack-token-parameter", "slack-api-url"}, "without --post nothing is posted", "add --post, or leave out what is for it"},
	{"report", notSet("from-state"), []string{"state"}, "logs are read, and no state", "add --from-state, or leave out --state"},
	{"report", set("from-state"), ofCalls, noCalls, "leave it out; --id chooses query classes"},
	{"diff", set("since"), []string{"last"}, "--last and --since both say where the window begins", "leave out one of them; --last ends at --until"},
	{"diff", formatted("json"), []string{"time-zone"}, "in JSON all times are in UTC", ""},
	{"diff", formatted("slack"), []string{"time-zone"}, "Slack shows times in each reader's own zone", ""},
	{"diff", func(f *flags, _ []string) bool { return f.value("post")+f.value("from-state") == "" }, []string{"channel"}, "without --post nothing is posted", "add --post, or leave out what is for it"},
	{"diff", notSet("post"), []string{"slack-token-parameter", "slack-api-url"}, "without --post nothing is posted", "add --post, or leave out what is for it"},
	{"diff", notSet("from-state"), []string{"state", "compare"}, "logs are read, and no state", "add --from-state, or leave this out"},
	{"diff", set("from-state"), ofCalls, noCalls, "leave it out; --id chooses query classes"},
	{"run", onlyJSON, []string{"time-zone"}, "in JSON all times are in UTC", ""},
	{"run", compared("json"), []string{"time-zone"}, "in JSON all times are in UTC", ""},
	{"run", compared("slack"), []string{"time-zone"}, "Slack shows times in each reader's own zone", ""},
	{"run", set("compare"), []string{"link"}, "--compare shows no links", ""},
	{"run", set("compare"), []string{"query-tag-key"}, "--compare shows no tags", ""},
	{"run", set("compare"), []string{"owners"}, "--compare shows no owners", ""},
	{"report", grouped, []string{"owners"}, "only query classes have owners", "leave out --by or --owners"},
	{"run", grouped, []string{"owners"}, "only query classes have owners", "leave out --by or --owners"},
	{"run", set("follow"), []string{"until", "compare"}, "--follow has no end to compare or to stop at", ""},
	{"run", set("since"), []string{"last"}, "--last and --since both say where the window begins", "leave out one of them; --last ends at --until"},
	{"run", notSet("post"), []string{"channel", "slack-token-parameter", "slack-api-url"}, "without --post nothing is posted", ""},
	{"run", withoutLinks, []string{"link"}, "only --post and --format slack show links", ""},
	{"mute", func(_ *flags, args []string) bool { return len(args) == 0 }, []string{"for", "reason"}, "no ID is given", "give the ID of a query class; without flags for one, mute lists what is muted"},
	{"week", notSet("post"), []string{"slack-token-parameter", "slack-api-url"}, "without --post nothing is posted", "add --post, or leave out what is for it"},
	{"mcp", func(_ *flags, args []string) bool { return len(args) > 0 }, []string{"instance", "tag", "download", "max-bytes"}, "local logs are read", ""},
	{"mcp", notSet("state"), []string{"channel"}, "without --state nothing is remembered", ""},
	{"invoke", notSet("state"), []string{"force", "repeat", "daily", "keep"}, "without --state no hour is known to be posted", ""},
	{"invoke", notSet("channel"), []string{"keep"}, "without --channel nothing is remembered", "add --channel, or leave out --keep"},
	{"invoke", set("logs"), []string{"slack-token-parameter"}, "--logs takes the place of AWS", "set SLACK_TOKEN to post to Slack"},
	{"invoke", func(f *flags, _ []string) bool { return f.value("logs") != "" && f.getenv("SLACK_TOKEN") == "" }, []string{"slack-api-url"}, "with --logs and no token it posts to a fake Slack", ""},
	{"iam", set("cloudformation"), []string{"account", "region", "partition"}, "a CloudFormation template sets account, region and partition itself", ""},
	{"iam", set("boundary"), []string{"download", "tracing"}, "a boundary allows every way to download, and tracing", ""},
}

// ofCalls are the flags that look at single calls, of which an archive has none.
var ofCalls = []string{"user", "host", "schema", "query-tag", "filter", "min-time", "by", "per-instance", "query-tag-key"}

const noCalls = "an archived hour has the numbers of each query class, and no single calls"

func onlyJSON(f *flags, _ []string) bool { return f.value("format") == "json" && f.value("post") == "" }

func withoutLinks(f *flags, _ []string) bool {
	return f.value("format") != "slack" && f.value("post") == ""
}

func grouped(f *flags, _ []string) bool {
	return !slices.Contains([]string{"", "class"}, f.value("by"))
}

func formatted(form string) func(*flags, []string) bool {
	return func(f *flags, _ []string) bool { return f.value("format") == form }
}

// compared is where run shows what changed: a message about that has no chart, and so no zone.
func compared(form string) func(*flags, []string) bool {
	return func(f *flags, _ []string) bool { return f.value("compare") != "" && f.value("format") == form }
}

func set(name string) func(*flags, []string) bool {
	return func(f *flags, _ []string) bool { return f.value(name) != "" }
}

func notSet(name string) func(*flags, []string) bool {
	return func(f *flags, _ []string) bool { return f.value(name) == "" }
}

// value is empty for a flag that says no.
func (f *flags) value(name string) string {
	return strings.TrimPrefix(f.Lookup(name).Value.String(), "false")
}

// refuseUnused returns an error where a flag is given that has no effect.
func (f *flags) refuseUnused(command string, args []string) error {
	for _, u := range unused {
		if u.command != command || !u.in(f, args) {
			continue
		}
		var given []string
		for _, name := range u.flags {
			if slices.Contains(f.given, name) {
				given = append(given, "--"+name)
			}
		}
		if given != nil {
			return usageError{fmt.Errorf("%s: %s", command, u.why), cmp.Or(u.hint, "leave out "+strings.Join(given, " and "))}
		}
	}
	return nil
}

// wrongCall says what is wrong with the flags of a command as package flag reports it: the cause
// first, and of a flag that is unknown the one that may have been meant.
func (f *flags) wrongCall(command string, err error) error {
	hint := "slowdigest " + command + " --help shows the flags"
	text := err.Error()
	if name, unknown := strings.CutPrefix(text, "flag provided but not defined: -"); unknown {
		err = fmt.Errorf("%s: there is no flag %s", command, pages.Flag{Name: name}.Dashed())
		if near := ask.Nearest(name, f.order, min(2, len(name)/2)); len(near) > 0 {
			hint = "the nearest is " + pages.Flag{Name: near[0]}.Dashed() + "; " + hint
		}
	} else if _, cause, invalid := strings.Cut(text, " for flag -"); invalid {
		name, cause, _ := strings.Cut(cause, ": ")
		given, _ := strconv.QuotedPrefix(strings.TrimPrefix(text, "invalid value "))
		if given, unquoted := strconv.Unquote(given); unquoted == nil {
			if near := ask.Nearest(strings.ToLower(given), f.choices[name], max(2, len(given)/2)); len(near) > 0 {
				hint = "the nearest is " + near[0] + "; " + hint
			}
		}
		err = fmt.Errorf("read flag %s: %s", pages.Flag{Name: name}.Dashed(), cause)
	} else if name, missing := strings.CutPrefix(text, "flag needs an argument: -"); missing {
		err = fmt.Errorf("read flag %s: it wants a value", pages.Flag{Name: name}.Dashed())
	}
	return usageError{err, hint}
}

func (f *flags) parseArguments(args []string) (rest []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		if f.NArg() == 0 {
			return rest, nil
		}
		if n := len(args) - f.NArg(); n > 0 && args[n-1] == "--" {
			return append(rest, f.Args()...), nil
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
}

// boolValue says what it wants, as that of package flag does not.
type boolValue bool

func (b *boolValue) Set(s string) error {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return fmt.Errorf("%q: want true or false", s)
	}
	*b = boolValue(v)
	return nil
}

func (b *boolValue) String() string   { return strconv.FormatBool(bool(*b)) }
func (b *boolValue) IsBoolFlag() bool { return true }

type textValue string

func (t *textValue) Set(s string) error { *t = textValue(s); return nil }
func (t *textValue) String() string     { return string(*t) }

// listValue is a list given with commas, or by repeating the flag.
type listValue struct{ items []string }

func (l *listValue) Set(s string) error {
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			l.items = append(l.items, item)
		}
	}
	return nil
}

func (l *listValue) String() string { return strings.Join(l.items, ",") }

// filterList is a list that narrows a report down. Where it is given and empty, as by a variable of the
// shell that is not set, it would leave everything in.
type filterList struct{ listValue }

func (l *filterList) leavesAllIn() bool { return len(l.items) == 0 }

// read adds the items of a list as read returns them.
func (l *filterList) read(s string, read func(string) (string, error)) error {
	given := listValue{}
	if err := given.Set(s); err != nil {
		return err
	}
	for _, item := range given.items {
		item, err := read(item)
		if err != nil {
			return err
		}
		l.items = append(l.items, item)
	}
	return nil
}

// nameList is a list of names of users, hosts or schemas. That of what has none is empty.
type nameList struct{ filterList }

func (l *nameList) Set(s string) error {
	return l.read(s, func(name string) (string, error) {
		if name == redact.NoName {
			name = ""
		}
		return name, nil
	})
}

// idList is a list of query IDs.
type idList struct{ filterList }

func (l *idList) Set(s string) error { return l.read(s, digest.ParseID) }

// tagList is a list of tags, as KEY=VALUE. The value of a statement without the tag is empty.
type tagList struct{ filterList }

func (l *tagList) Set(s string) error {
	return l.read(s, func(tag string) (string, error) {
		key, value, found := strings.Cut(tag, "=")
		switch {
		case !found || value == "":
			return "", fmt.Errorf("tag %q: want KEY=VALUE, such as controller=orders", tag)
		case !digest.IsTagKey(key):
			return "", fmt.Errorf("tag %q: there is no tag %s", tag, key)
		case value == redact.NoName:
			value = ""
		}
		return key + "=" + value, nil
	})
}

// byKey returns the values of each key; nil of none.
func (l *tagList) byKey() map[string][]string {
	var out map[string][]string
	for _, item := range l.items {
		if out == nil {
			out = map[string][]string{}
		}
		key, value, _ := strings.Cut(item, "=")
		out[key] = append(out[key], value)
	}
	return out
}

// keyList is a list of keys of tags.
type keyList struct{ listValue }

func (l *keyList) Set(s string) error {
	if err := l.listValue.Set(s); err != nil {
		return err
	}
	return digest.CheckTagKeys(l.items)
}

// conditionValue is a condition on entries. It keeps its error, of which package flag would make a
// line of text.
type conditionValue struct {
	given     string
	condition *filter.Condition
	err       error
}

func (c *conditionValue) Set(s string) error {
	if c.given != "" {
		return errors.New("it is given twice; join the two by and, or by or")
	}
	var wrong *filter.Error
	c.given = s
	if c.condition, c.err = filter.Parse(s); errors.As(c.err, &wrong) {
		hint := "docs/filter.md lists the fields and operators, and slowdigest report --help has an example"
		if near := ask.Nearest(strings.ToLower(wrong.Word), wrong.Known, min(3, len(wrong.Word)/2)); len(near) > 0 {
			hint = "the nearest is " + near[0] + "; " + hint
		}
		c.err = usageError{fmt.Errorf("read flag --filter: %w", c.err), hint}
	}
	return nil
}

func (c *conditionValue) String() string { return c.given }

func (c *conditionValue) uses(field string) bool {
	return c.condition != nil && c.condition.Uses(field)
}

// linksValue is a list of links, given with white space between them, or by
// repeating the flag. No links are nil, which is the default; after "none" they
// are empty.
type linksValue struct {
	given string
	links []notifier.Link
}

func (l *linksValue) Set(s string) (err error) {
	l.given = strings.TrimSpace(l.given + " " + s)
	l.links, err = notifier.ParseLinks(l.given)
	return err
}

func (l *linksValue) String() string { return l.given }

// timeValue is a time in UTC unless it names its zone. It may be given by how long ago it is.
type timeValue struct{ time.Time }

func (t *timeValue) Set(s string) (err error) {
	if ago, err := notifier.ParseDays(s); err == nil && ago >= 0 {
		if t.Time = time.Now().UTC().Add(-ago); t.Year() < 1970 {
			return errors.New("want a time of the years 1970 to 9999")
		}
		return nil
	}
	if t.Time, err = handler.ParseTime(s); err != nil {
		err = fmt.Errorf("%w, or how long ago it is, such as 2h", err)
	}
	return err
}

func (t *timeValue) String() string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// parsedValue is a value of a type that has a parser of its own.
type parsedValue[T any] struct {
	to    *T
	parse func(string) (T, error)
	shown string
}

func (v *parsedValue[T]) Set(s string) (err error) {
	v.shown = s
	*v.to, err = v.parse(s)
	return err
}

func (v *parsedValue[T]) String() string { return v.shown }
