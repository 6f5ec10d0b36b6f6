package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/source"
)

func declareDoctor(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	c.declareInstances(f)
	c.declareChannel(f, "Slack `channel` to post to")
	c.declareSlack(f)
	c.declareState(f)
	c.declareQueue(f)
	c.declareSigningSecret(f)
	c.declareAgents(f)
	return func(ctx context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New("doctor: takes no arguments"), "slowdigest doctor --help shows the flags"}
		}
		d := &doctor{Config: &c, out: p.stdout, now: time.Now().UTC()}
		d.examine(ctx, p)
		if d.wrong > 0 {
			return fmt.Errorf("%d of %d checks are wrong", d.wrong, d.checks)
		}
		return nil
	}
}

// doctor checks one by one what a run needs, and changes nothing. A check that
// cannot be made because of one before it is left out.
type doctor struct {
	*Config
	out           io.Writer
	now           time.Time
	checks, wrong int
}

// patience is for one check.
const patience = 20 * time.Second

func (d *doctor) ok(subject, format string, args ...any) {
	d.line("ok", subject, fmt.Sprintf(format, args...), "")
}

func (d *doctor) warn(subject, text, fix string) { d.line("warning", subject, text, fix) }

func (d *doctor) bad(subject, text, fix string) {
	d.wrong++
	d.line("wrong", subject, text, fix)
}

func (d *doctor) line(verdict, subject, text, fix string) {
	d.checks++
	_ = say(d.out, "%-8s %-28s %s\n", verdict, subject, text) // the exit code tells whether something is wrong
	if fix != "" {
		_ = say(d.out, "%8s fix: %s\n", "", fix)
	}
}

// fail is bad with an error that may bring its own hint.
func (d *doctor) fail(subject string, err error) {
	d.bad(subject, err.Error(), source.Hint(err))
}

func (d *doctor) examine(ctx context.Context, p *process) {
	cfg, err := loadAWS(ctx)
	if err != nil {
		d.fail("AWS configuration", err)
		return
	}
	if d.credentials(ctx, cfg) {
		d.databases(ctx, cfg)
		d.queue(ctx, cfg)
	}
	d.memory(ctx)
	d.signing(ctx, cfg)
	d.agents(ctx, cfg)
	d.chatroom(ctx, cfg, p)
}

// credentials asks AWS whose they are, which everybody may.
func (d *doctor) credentials(ctx context.Context, cfg aws.Config) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		d.bad("AWS credentials", err.Error(), "aws sts get-caller-identity shows who you are; log in, or set AWS_PROFILE")
		return false
	}
	d.ok("AWS credentials", "%s in %s", aws.ToString(who.Arn), cfg.Region)
	return true
}

func (d *doctor) queue(ctx context.Context, cfg aws.Config) {
	if d.QueueURL == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	waiting, err := handler.NewSQS(cfg, d.QueueURL).Waiting(ctx)
	if err != nil {
		d.bad("queue", err.Error(), cmp.Or(source.CallHint(err, "SQS", ""), "look whether SLOWDIGEST_QUEUE_URL is of this region, and whether the role allows sqs:GetQueueAttributes"))
		return
	}
	d.ok("queue", "%d messages are waiting", waiting)
}

// memory reads the channel's state, and writes an object of its own next to it.
func (d *doctor) memory(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	store, err := d.store(ctx)
	switch {
	case err != nil:
		d.fail("state", err)
		return
	case store == nil:
		d.warn("state", "none: digests may be repeated, and nothing is known to be new or worse", "set SLOWDIGEST_STATE to s3://BUCKET/PREFIX")
		return
	}
	const probe = "doctor/probe.json" // no channel's: see state.Key
	_, tag, err := store.Load(ctx, probe)
	if err == nil {
		_, err = store.Save(ctx, probe, []byte("{}\n"), tag)
	}
	if err == nil {
		_, err = state.Read(ctx, store, state.Key(d.Channel))
	}
	if err != nil {
		d.fail("state", err)
		return
	}
	d.ok("state", "%s can be read and written", d.State)
}
