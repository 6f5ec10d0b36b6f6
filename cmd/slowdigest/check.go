package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"slowdigest/cmd/slowdigest/forms"
	"slowdigest/handler"
	"slowdigest/handler/ask"
	"slowdigest/notifier"
	"slowdigest/source"
)

// declareCheck judges the environment of a function before it is deployed.
func declareCheck(_ *flags, p *process) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		if len(args) > 1 {
			return usageError{errors.New("check: wants one file at most"), "- and no file are the standard input"}
		}
		raw, err := readInput(ctx, p, append(args, "-")[0])
		if err != nil {
			return fmt.Errorf("read variables: %w", err)
		}
		v, err := readVariables(raw)
		if err != nil {
			return hinted{fmt.Errorf("read variables: %w", err), `want an object such as {"SLOWDIGEST_INSTANCES": "orders-*", "SLOWDIGEST_STATE": {"Fn::Sub": "s3://${StateBucket}/prod"}}`}
		}
		wrong := v.wrong()
		for _, w := range wrong {
			if err := say(p.stdout, "%s: %s (%s)\n", w.name, w.text, w.fix); err != nil {
				return err
			}
		}
		if len(wrong) > 0 {
			return errors.New(notifier.Plural(int64(len(wrong)), "setting is wrong", "settings are wrong"))
		}
		return say(p.stdout, "ok: %d variables, %d of %d bytes\n", len(v.values)+len(v.later), v.size, maxEnvironment)
	}
}

// variables are the environment of a run, or of a function that is not there yet.
type variables struct {
	values map[string]string // by name; an empty one is as none
	later  []string          // names of those whose values CloudFormation will know
	size   int               // in bytes, as Lambda measures it; 0 where Lambda has taken it
	// local is set on the command line, where a digest may be printed, a directory stays, and
	// other programs have variables, too.
	local bool
}

// A mistake is what is wrong with a variable.
type mistake struct{ name, text, fix string }

// maxEnvironment is Lambda's limit. What it measures is the JSON object of all variables, which it
// shows where it refuses one: names, values and what JSON takes.
const maxEnvironment = 4096

// unknownBytes is how long a value is taken to be that CloudFormation will know. The longest that
// we have made is the URL of a queue: 57 bytes in China, and up to 80 of its name.
const unknownBytes = 160

// unwrap returns the variables of what AWS tells of a function, or of its environment.
func unwrap(given map[string]any) (map[string]any, error) {
	if _, isFunction := given["FunctionArn"]; isFunction {
		given, _ = given["Environment"].(map[string]any) // there is none without variables
		if given["Error"] != nil {
			return nil, errors.New("whoever asked AWS was not allowed to see them")
		}
	}
	if inner, isObject := given["Variables"].(map[string]any); isObject && len(given) == 1 {
		return inner, nil
	}
	return given, nil
}

// readVariables reads a JSON object of them, or what `aws lambda get-function-configuration` has
// printed. A value is a text, a number, true or false, or an object of CloudFormation.
func readVariables(raw []byte) (variables, error) {
	given := map[string]any{}
	in := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	in.UseNumber() // a number is as it is written
	if err := in.Decode(&given); err != nil {
		return variables{}, err
	}
	if in.More() {
		return variables{}, errors.New("more follows the object")
	}
	given, err := unwrap(given)
	if err != nil {
		return variables{}, err
	}
	v := variables{values: map[string]string{}}
	measured := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch value := given[name].(type) {
		case map[string]any:
			v.later = append(v.later, name)
			measured[name] = strings.Repeat("?", unknownBytes)
		case string, bool, json.Number:
			v.values[name] = fmt.Sprint(value)
			measured[name] = v.values[name]
		default:
			return variables{}, fmt.Errorf("the value of %s is neither a text nor an object of CloudFormation", forms.ShownName(name))
		}
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	err = out.Encode(measured)
	v.size = b.Len() - len("\n")
	return v, err
}

// variables returns the environment of the process. What f was given on the command line comes
// before it.
func (p *process) variables(f *flags, local bool) variables {
	v := variables{values: map[string]string{}, local: local}
	for _, name := range append(slices.Clone(p.names), known()...) {
		v.values[name] = p.getenv(name)
	}
	for _, name := range f.given {
		if variable := f.env[name]; variable != "" {
			v.values[variable] = f.Lookup(name).Value.String()
		}
	}
	return v
}

// known returns the names of the variables that the function reads.
func known() []string {
	f := newFlags(func(string) string { return "" })
	new(Config).declareLambda(f)
	var names []string
	for _, variable := range f.only {
		names = append(names, variable.Name)
	}
	for _, name := range f.order {
		if variable := f.env[name]; variable != "" {
			names = append(names, variable)
		}
	}
	return names
}

// names returns those of all variables, in order.
func (v variables) names() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(v.values)), v.later...)))
}

func (v variables) has(name string) bool {
	return v.values[name] != "" || slices.Contains(v.later, name)
}

// number is of the variables of ours.
func (v variables) number() (n int) {
	for _, name := range known() {
		if v.has(name) {
			n++
		}
	}
	return n
}

// wrong returns what is wrong, of each variable one thing: what a run would refuse, and what it
// would take and then fail by, or do something else than is meant. It asks nobody.
func (v variables) wrong() []mistake {
	all := v.secretive()
	v = v.without(all)
	c, unread := v.parse()
	all = append(all, unread...)
	for _, m := range append(v.unfit(), v.unknown()...) {
		if !tells(all, m.name) {
			all = append(all, m)
		}
	}
	for _, j := range judges {
		if value := v.values[j.name]; value != "" {
			if err := j.judge(value, v.local); err != nil {
				all = append(all, mistake{j.name, err.Error(), source.Hint(err)})
			}
		}
	}
	for _, t := range together {
		if text := t.judge(v, c); text != "" && !tells(all, t.name) {
			all = append(all, mistake{t.name, text, t.fix})
		}
	}
	for n := range all {
		all[n].name = forms.ShownName(all[n].name)
	}
	return all
}

func tells(all []mistake, name string) bool {
	return slices.ContainsFunc(all, func(m mistake) bool { return m.name == name })
}

// secretive returns the variables with a secret where none belongs. The password of a proxy may
// stand in its URL; other programs' variables are judged only before they are deployed.
func (v variables) secretive() (all []mistake) {
	ours := known()
	for _, name := range slices.Sorted(maps.Keys(v.values)) {
		isOurs := slices.Contains(ours, name) || strings.HasPrefix(name, "SLOWDIGEST_") || strings.HasPrefix(name, "SLACK_")
		isSecret := isOurs && forms.IsSecret(v.values[name]) ||
			v.deploying() && forms.HasCredential(v.values[name]) && !strings.HasSuffix(strings.ToUpper(name), "_PROXY")
		if isSecret && name != "SLACK_TOKEN" && name != "SLACK_SIGNING_SECRET" {
			all = append(all, mistake{name, "has what looks like a secret, which does not belong there",
				"put it into a parameter of SSM, and its name into SLACK_TOKEN_PARAMETER, SLACK_SIGNING_SECRET_PARAMETER or SLOWDIGEST_MCP_TOKEN_PARAMETER; where it was deployed, make a new one"})
		}
	}
	return all
}

// without returns the variables, of which those that are wrong are set and not judged further.
func (v variables) without(wrong []mistake) variables {
	v.values, v.later = maps.Clone(v.values), slices.Clone(v.later)
	for _, m := range wrong {
		delete(v.values, m.name)
		v.later = append(v.later, m.name)
	}
	return v
}

// deploying reports whether Lambda has yet to take the variables.
func (v variables) deploying() bool { return v.size > 0 }

// unfit returns the variables whose names Lambda would refuse.
func (v variables) unfit() (all []mistake) {
	for _, name := range v.names() {
		if err := forms.Variable(name); err != nil && v.deploying() {
			all = append(all, mistake{name, err.Error(), source.Hint(err)})
		}
	}
	return all
}

// parse reads the variables as a run would.
func (v variables) parse() (*Config, []mistake) {
	var c Config
	var all []mistake
	f := newFlags(func(name string) string { return v.values[name] })
	c.declareLambda(f)
	for _, name := range f.order {
		if value := v.values[f.env[name]]; value != "" {
			if err := f.Set(name, value); err != nil {
				all = append(all, mistake{f.env[name], err.Error(), "docs/configuration.md has what it may be"})
			}
		}
	}
	return &c, all
}

// unknown returns the variables that look like ours and are not. On the command line, those of
// other programs for Slack only where they are nearly ours.
func (v variables) unknown() (all []mistake) {
	ours := known()
	if v.local {
		ours = append(ours, "SLOWDIGEST_FORMAT") // which is for what prints
	}
	for _, name := range v.names() {
		isOurs := strings.HasPrefix(name, "SLOWDIGEST_")
		if !isOurs && !strings.HasPrefix(name, "SLACK_") || slices.Contains(ours, name) || !v.has(name) {
			continue
		}
		fix := "take it out; docs/configuration.md has those that are read"
		if near := ask.Nearest(name, ours, 4); len(near) > 0 {
			fix = "the nearest is " + near[0]
		}
		if isOurs || !v.local || len(ask.Nearest(name, ours, 2)) > 0 {
			all = append(all, mistake{name, "no run reads a variable of this name", fix})
		}
	}
	return all
}

// judges judge values that no parser refuses.
var judges = []struct {
	name  string
	judge func(value string, local bool) error
}{
	{"SLOWDIGEST_INSTANCES", ofItems(forms.Instance)},
	{"SLOWDIGEST_TAG", ofText(forms.Tag)},
	{"SLOWDIGEST_CHANNEL", ofText(forms.Channel)},
	{"SLACK_TOKEN_PARAMETER", ofText(forms.Parameter)},
	{"SLACK_TOKEN", ofText(forms.Token)},
	{"SLACK_API_URL", ofText(forms.API)},
	{"SLOWDIGEST_STATE", func(s string, local bool) error {
		if local {
			return forms.Directory(s)
		}
		return forms.Kept(s)
	}},
	{"SLOWDIGEST_QUEUE_URL", ofText(forms.Queue)},
	{"SLACK_SIGNING_SECRET_PARAMETER", ofText(forms.Parameter)},
	{"SLACK_SIGNING_SECRET", ofText(forms.Signing)},
	{"SLOWDIGEST_ASK_CHANNELS", ofItems(forms.ChannelID)},
	{"SLOWDIGEST_ASK_USERS", ofItems(forms.UserID)},
	{"SLOWDIGEST_ANSWER_FUNCTION", ofText(forms.Function)},
	{"SLOWDIGEST_MCP_TOKEN_PARAMETER", ofText(forms.Parameter)},
	{"SLOWDIGEST_STAGE", ofText(forms.Stage)},
}

func ofText(judge func(string) error) func(string, bool) error {
	return func(s string, _ bool) error { return judge(s) }
}

// ofItems judges those of a list with commas; the first that is wrong counts.
func ofItems(judge func(string) error) func(string, bool) error {
	return func(s string, _ bool) error {
		var l listValue
		_ = l.Set(s) // which takes every list
		for _, item := range l.items {
			if err := judge(item); err != nil {
				return err
			}
		}
		return nil
	}
}

// together judge what does not fit together, with what is read of the variables. It is no error
// of a run that has nothing to do with it.
var together = []struct {
	name  string
	judge func(v variables, c *Config) string // what is wrong; nothing where it is well
	fix   string
}{
	{"SLOWDIGEST_INSTANCES", func(v variables, c *Config) string {
		return when(len(c.Instances.items) == 0 && !v.has("SLOWDIGEST_TAG") && !slices.Contains(v.later, "SLOWDIGEST_INSTANCES"), "names no instance, nor does SLOWDIGEST_TAG")
	}, "set one of them; on the command line, --instance or --tag"},
	{"SLOWDIGEST_CHANNEL", func(v variables, c *Config) string {
		return when((!v.local || v.asks()) && !v.has("SLOWDIGEST_CHANNEL") && !v.discovers(c), "is not set, and there is none to post to")
	}, "set it to the ID of a channel"},
	{"SLACK_TOKEN_PARAMETER", func(v variables, c *Config) string {
		posts := v.has("SLOWDIGEST_CHANNEL") || v.discovers(c)
		return when(!v.local && posts && !v.has("SLACK_TOKEN") && !v.has("SLACK_TOKEN_PARAMETER"), "is not set, nor is SLACK_TOKEN, and nothing can be posted")
	}, "set it to the name of the SSM parameter that holds the bot token"},
	{"SLOWDIGEST_CHANNEL", func(v variables, c *Config) string {
		return when(v.asks() && c.Channel != "" && !handler.IsChannelID(c.Channel), "is the name of a channel, people may ask in Slack, and Slack tells IDs")
	}, "set it to the channel's ID, at the end of its details in Slack"},
	{"SLACK_TOKEN", func(v variables, c *Config) string {
		return when(v.asks() && forms.IsWebhook(c.Token), "is a webhook URL, people may ask in Slack, and only a bot can answer")
	}, "use a bot token, or take out the signing secret"},
	{"SLOWDIGEST_STATE", func(v variables, _ *Config) string {
		return when(v.asks() && !v.has("SLOWDIGEST_STATE"), "is not set, people may ask in Slack, and there is nothing to remember mutes and requests in")
	}, "set it to s3://BUCKET/PREFIX"},
	{"SLOWDIGEST_DAILY", func(v variables, _ *Config) string {
		return when(v.has("SLOWDIGEST_DAILY") && !v.has("SLOWDIGEST_STATE"), "has no effect without SLOWDIGEST_STATE, which knows what a day was")
	}, "set SLOWDIGEST_STATE, or take this out"},
	{"SLOWDIGEST_KEEP", func(v variables, c *Config) string {
		return when(c.Keep > 0 && !v.has("SLOWDIGEST_STATE"), "has no effect without SLOWDIGEST_STATE, next to which reports are kept")
	}, "set SLOWDIGEST_STATE, or take this out"},
	{"SLOWDIGEST_REPEAT", func(v variables, c *Config) string {
		return when(c.Repeat == "skip" && !v.has("SLOWDIGEST_STATE"), "has no effect without SLOWDIGEST_STATE, which knows what was posted")
	}, "set SLOWDIGEST_STATE, or take this out"},
	{"SLOWDIGEST_ASK_USERS", unasked("SLOWDIGEST_ASK_USERS"), letAsk},
	{"SLOWDIGEST_ASK_CHANNELS", unasked("SLOWDIGEST_ASK_CHANNELS"), letAsk},
	{"environment", func(v variables, _ *Config) string {
		return when(v.size > maxEnvironment, fmt.Sprintf("has %d bytes, and Lambda takes %d for all variables together", v.size, maxEnvironment))
	}, "name the instances by a pattern such as orders-*, or by a tag, in place of a list"},
}

// letAsk is what to do where it is said who may ask, and nobody may.
const letAsk = "set SLACK_SIGNING_SECRET_PARAMETER, or take this out"

func unasked(name string) func(variables, *Config) string {
	return func(v variables, _ *Config) string {
		return when(v.has(name) && !v.asks(), "has no effect without a signing secret, which lets people ask in Slack")
	}
}

func when(wrong bool, text string) string {
	if wrong {
		return text
	}
	return ""
}

// asks reports whether people may ask in Slack.
func (v variables) asks() bool {
	return v.has("SLACK_SIGNING_SECRET") || v.has("SLACK_SIGNING_SECRET_PARAMETER")
}

// discovers reports whether instances are looked up, and their tags may name channels.
func (v variables) discovers(c *Config) bool {
	return c.discovers() || slices.Contains(v.later, "SLOWDIGEST_TAG") || slices.Contains(v.later, "SLOWDIGEST_INSTANCES")
}
