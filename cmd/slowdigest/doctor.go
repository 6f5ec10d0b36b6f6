package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"slowdigest/cmd/slowdigest/advice"
	"slowdigest/cmd/slowdigest/forms"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/source"
)

func declareDoctor(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	f.lenient = true
	c.declareInstances(f)
	c.declareMaxBytes(f)
	c.declareAccount(f)
	c.declareChannel(f, "Slack `channel` to post to")
	c.declareSlack(f)
	c.declareState(f)
	c.declareOwners(f)
	c.declareQueue(f)
	c.declareSigningSecret(f)
	c.declareAnswerFunction(f)
	c.declareAgents(f)
	return func(ctx context.Context, args []string) error {
		if len(args) > 0 {
			hint := "slowdigest doctor --help shows the flags"
			if instanceName.MatchString(args[0]) {
				hint = "doctor --instance " + strings.Join(args, ",") + " looks at these instances"
			}
			return usageError{errors.New("doctor: takes no arguments"), hint}
		}
		d := &doctor{Config: &c, now: time.Now().UTC(), say: func(k Check) { k.print(p.stdout) }}
		d.settings(p.variables(f, true))
		d.examine(ctx, p.logger())
		if d.Wrong > 0 {
			return fmt.Errorf("%d of %d checks are wrong", d.Wrong, len(d.Checks))
		}
		return nil
	}
}

// Diagnosis holds what doctor has found, in the order in which it looked.
type Diagnosis struct {
	Wrong  int     `json:"wrong"`
	Checks []Check `json:"checks"`
}

// Check states how it is with one thing that a run needs.
type Check struct {
	Verdict string `json:"verdict"` // ok, warning or wrong
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Fix     string `json:"fix,omitempty"` // what to do about it
}

func (k Check) print(w io.Writer) {
	_ = say(w, "%-8s %-28s %s\n", k.Verdict, k.Subject, k.Text) // the exit code tells whether something is wrong
	if k.Fix != "" {
		_ = say(w, "%8s fix: %s\n", "", k.Fix)
	}
}

// asksDoctor reports whether an event asks the function to look at itself.
func asksDoctor(event json.RawMessage) bool {
	var e struct{ Doctor bool }
	return json.Unmarshal(event, &e) == nil && e.Doctor
}

// diagnose looks at what the function needs, with its own settings and its own permissions.
func diagnose(ctx context.Context, s *service) *Diagnosis {
	d := &doctor{Config: s.Config, now: time.Now().UTC(), say: func(Check) {}}
	d.settings(s.variables)
	d.examine(ctx, s.log)
	return &d.Diagnosis
}

// doctor checks one by one what a run needs, and changes nothing but an object of
// its own next to the state. A check that cannot be made because of one before it is
// left out.
type doctor struct {
	*Config
	Diagnosis
	now      time.Time
	say      func(Check) // hears of each at once
	broken   []string    // settings that are wrong
	local    bool        // a digest without a channel is printed
	channels []string    // that digests go to, the default one first
	without  []string    // instances without a channel
	signed   string      // Slack's signing secret
	unrouted bool        // whether the tags that name channels could not be read
}

// patience is for one check.
const patience = 20 * time.Second

// mostChannels is how many channels are looked at. Slack answers some 50 questions a minute.
const mostChannels = 40

func (d *doctor) ok(subject, format string, args ...any) {
	d.line("ok", subject, fmt.Sprintf(format, args...), "")
}

func (d *doctor) warn(subject, text, fix string) { d.line("warning", subject, text, fix) }

func (d *doctor) bad(subject, text, fix string) {
	d.line("wrong", subject, text, fix)
}

func (d *doctor) line(verdict, subject, text, fix string) {
	k := Check{verdict, forms.Hide(subject), forms.Hide(text), forms.Hide(fix)}
	if verdict == "wrong" {
		d.Wrong++
	}
	d.Checks = append(d.Checks, k)
	d.say(k)
}

// fail is bad with an error that may bring its own hint.
func (d *doctor) fail(subject string, err error) {
	d.bad(subject, err.Error(), source.Hint(err))
}

func (d *doctor) examine(ctx context.Context, log *slog.Logger) {
	cfg, err := d.loadAWS(ctx)
	if err != nil {
		d.fail("AWS configuration", err)
		return
	}
	d.credentials(ctx, cfg)
	if d.Channel != "" && !d.isBroken("SLOWDIGEST_CHANNEL") {
		d.channels = []string{d.Channel}
	}
	d.databases(ctx, cfg)
	d.queue(ctx, cfg)
	wrong := d.Wrong
	d.memory(ctx)
	if d.Owners != "" || d.Wrong == wrong { // what is wrong with the state is said
		d.ownership(ctx)
	}
	d.signing(ctx, cfg)
	d.asking(ctx, cfg, log)
	d.agents(ctx, cfg)
	d.chatroom(ctx, cfg, log)
}

// settings judges every variable that the function reads: what is wrong, each hour would fail for,
// or do something else than is meant.
func (d *doctor) settings(v variables) {
	d.local = v.local
	wrong := v.wrong()
	for _, w := range wrong {
		d.bad("setting "+w.name, w.text, w.fix)
		d.broken = append(d.broken, w.name)
	}
	if c, _ := v.parse(); c.MinTime > time.Hour.Seconds() {
		d.warn("setting SLOWDIGEST_MIN_TIME", "only calls longer than "+notifier.Duration(c.MinTime)+" are counted, and hardly any is", "want a time such as 500ms")
	}
	if len(wrong) == 0 {
		d.ok("settings", "a run takes the variables that are set: %d", v.number())
	}
}

// isBroken reports whether one of the settings is known to be wrong, so that it need not be tried.
func (d *doctor) isBroken(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(d.broken, name) })
}

// credentials asks AWS whose they are, which everybody may. A network may have no way to STS
// and one to all that a run needs, so that the rest is looked at all the same.
func (d *doctor) credentials(ctx context.Context, cfg aws.Config) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		d.bad("AWS credentials", err.Error(), "aws sts get-caller-identity shows who you are; log in, or set AWS_PROFILE")
		return
	}
	d.ok("AWS credentials", "%s in %s", aws.ToString(who.Arn), cfg.Region)
}

func (d *doctor) queue(ctx context.Context, cfg aws.Config) {
	if d.QueueURL == "" || d.isBroken("SLOWDIGEST_QUEUE_URL") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	waiting, err := handler.NewSQS(cfg, d.QueueURL).Waiting(ctx)
	if err != nil {
		d.bad("queue", err.Error(), cmp.Or(source.CallHint(err, "SQS", ""), "look whether SLOWDIGEST_QUEUE_URL is of this region, and whether the role allows sqs:GetQueueAttributes"))
		return
	}
	d.ok("queue", "%d messages are waiting; %s", waiting, advice.Queue)
}

// memory reads the state of each channel, and writes an object of its own next to it.
func (d *doctor) memory(ctx context.Context) {
	if d.isBroken("SLOWDIGEST_STATE") {
		return
	}
	first, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	store, err := d.store(first)
	switch {
	case err != nil:
		d.fail("state", err)
		return
	case store == nil:
		d.warn("state", "none: digests may be repeated, and nothing is known to be new or worse", "set SLOWDIGEST_STATE to s3://BUCKET/PREFIX")
		return
	}
	const probe = "doctor/probe.json" // no channel's: see state.Key
	_, tag, err := store.Load(first, probe)
	if err == nil {
		_, err = store.Save(first, probe, []byte("{}\n"), tag)
	}
	if err != nil {
		d.fail("state", err)
		return
	}
	wrong := d.Wrong
	for _, channel := range d.channels[:min(len(d.channels), mostChannels)] {
		d.remembered(ctx, store, channel)
	}
	if d.Wrong == wrong {
		d.ok("state", "%s can be read and written, as doctor did with %s", d.State, probe)
	}
}

// ownership reads the owners, if there are any.
func (d *doctor) ownership(ctx context.Context) {
	if d.isBroken("SLOWDIGEST_OWNERS") || d.Owners == "" && d.isBroken("SLOWDIGEST_STATE") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch o, err := d.readOwners(ctx); {
	case err != nil:
		d.fail("owners", err)
	case o.Lines() > 0:
		d.ok("owners", "%s in %s", notifier.Plural(int64(o.Lines()), "pattern", "patterns"), d.ownersPlace())
	}
}

// remembered reads the state of a channel.
func (d *doctor) remembered(ctx context.Context, store state.Store, channel string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := state.Read(ctx, store, state.Key(channel)); err != nil {
		d.fail(d.of("state", channel), err)
	}
}

// of makes a subject of a channel; that of the default one is not named.
func (d *doctor) of(subject, channel string) string {
	if channel == d.Channel {
		return subject
	}
	return subject + " of " + channel
}
