package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/parser"
	"slowdigest/source"
)

func declareDoctor(f *flags, p *process) func(context.Context, []string) error {
	var c Config
	c.declareInstances(f)
	c.declareFleet(f)
	c.declareDesk(f)
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

func (d *doctor) warn(subject, text, mend string) { d.line("warning", subject, text, mend) }

func (d *doctor) bad(subject, text, mend string) {
	d.wrong++
	d.line("wrong", subject, text, mend)
}

func (d *doctor) line(verdict, subject, text, mend string) {
	d.checks++
	fmt.Fprintf(d.out, "%-8s %-28s %s\n", verdict, subject, text)
	if mend != "" {
		fmt.Fprintf(d.out, "%8s mend: %s\n", "", mend)
	}
}

// fail is bad with an error that may bring its own hint.
func (d *doctor) fail(subject string, err error) {
	text := err.Error()
	hint := hintOf(err)
	if hint != "" {
		text = strings.TrimSuffix(text, " ("+hint+")") // a DeliveryError tells it too
	}
	d.bad(subject, text, hint)
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

// databases looks at all instances that the settings stand for. Those that are
// given by name are looked at even if there is none of that name.
func (d *doctor) databases(ctx context.Context, cfg aws.Config) {
	rds := d.rds(cfg)
	ids := d.Instances.items
	if d.discovers() {
		found, notes, err := d.instances(ctx, rds)
		if err != nil {
			d.bad("instances", err.Error(), cmp.Or(hintOf(err), "aws rds describe-db-instances --query 'DBInstances[].DBInstanceIdentifier' shows which there are"))
			return
		}
		for _, note := range notes {
			d.warn("instances", note, "nothing, if that is as it should be")
		}
		d.ok("instances", "%d match", len(found))
		ids = found
	} else if len(ids) == 0 {
		d.bad("instances", "none is configured", "set SLOWDIGEST_INSTANCES, or --instance")
	}
	for _, id := range ids {
		d.instance(ctx, rds, id)
	}
}

func (d *doctor) queue(ctx context.Context, cfg aws.Config) {
	if d.QueueURL == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	waiting, err := handler.NewSQS(cfg, d.QueueURL).Waiting(ctx)
	if err != nil {
		d.bad("queue", err.Error(), "look whether SLOWDIGEST_QUEUE_URL is of this region, and whether the role allows sqs:GetQueueAttributes")
		return
	}
	d.ok("queue", "%d messages are waiting", waiting)
}

// memory reads the channel's state, and writes an object of its own beside it.
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
	const probe = "doctor.json"
	_, tag, err := store.Load(ctx, probe)
	if err == nil {
		_, err = store.Save(ctx, probe, []byte("{}\n"), tag)
	}
	if err == nil {
		_, err = handler.ReadState(ctx, store, handler.StateKey(d.Channel))
	}
	if err != nil {
		d.fail("state", err)
		return
	}
	d.ok("state", "%s can be read and written", d.State)
}

func (d *doctor) instance(ctx context.Context, rds *source.RDS, id string) {
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	i, err := rds.Inspect(ctx, id)
	if err != nil {
		d.fail(id+" status", err)
		return
	}
	engine := strings.TrimSpace(i.Engine + " " + i.Version)
	switch {
	case i.Engine != "" && !slices.Contains([]string{"mysql", "mariadb", "aurora-mysql"}, i.Engine):
		d.bad(id+" engine", i.Engine+" has no MySQL slow log", "take it off the list of instances")
		return
	case i.Status == "stopped":
		d.warn(id+" status", "stopped: its logs cannot be read now", "aws rds start-db-instance --db-instance-identifier "+id)
		return
	}
	d.ok(id+" status", "%s, %s", i.Status, engine)
	d.parameters(ctx, rds, id, i)
	d.log(ctx, rds, id)
}

// parameters judges the group that decides what is logged.
func (d *doctor) parameters(ctx context.Context, rds *source.RDS, id string, i source.Inspection) {
	p, err := rds.Parameters(ctx, i.Group)
	if err != nil {
		d.fail(id+" parameters", err)
		return
	}
	judge := d.bad
	if i.Aurora() { // whose cluster's group may say otherwise
		judge = d.warn
	}
	if p.Enabled() {
		d.ok(id+" slow_query_log", "on, in parameter group %s", i.Group)
	} else {
		judge(id+" slow_query_log", "off, in parameter group "+i.Group, setParameter(id, i, "slow_query_log", "1"))
	}
	if output := p.Output(i.Aurora()); strings.Contains(output, "FILE") {
		d.ok(id+" log_output", "%s", output)
	} else {
		judge(id+" log_output", output+", so there are no log files", setParameter(id, i, "log_output", "FILE"))
	}
	d.longQueryTime(id, i, p)
}

func (d *doctor) longQueryTime(id string, i source.Inspection, p source.Parameters) {
	subject := id + " long_query_time"
	var seconds float64 = 10
	if p.LongQueryTime != "" {
		if _, err := fmt.Sscan(p.LongQueryTime, &seconds); err != nil {
			d.warn(subject, "is no number: "+p.LongQueryTime, setParameter(id, i, "long_query_time", "1"))
			return
		}
	}
	switch {
	case seconds > 5:
		d.warn(subject, fmt.Sprintf("%g s: faster statements are not logged, however many they are", seconds),
			setParameter(id, i, "long_query_time", "1"))
	case seconds == 0:
		d.warn(subject, "0 s: every statement is logged, which costs the server and makes large logs",
			setParameter(id, i, "long_query_time", "0.5"))
	default:
		d.ok(subject, "%g s", seconds)
	}
}

// setParameter is the command that sets a parameter. The default groups of RDS
// cannot be changed.
func setParameter(id string, i source.Inspection, name, value string) string {
	if strings.HasPrefix(i.Group, "default.") || i.Group == "" {
		family := strings.TrimPrefix(i.Group, "default.")
		return fmt.Sprintf("aws rds create-db-parameter-group --db-parameter-group-name %[1]s-slow --db-parameter-group-family %[2]s --description 'slow log' && "+
			"aws rds modify-db-parameter-group --db-parameter-group-name %[1]s-slow --parameters %[3]s && "+
			"aws rds modify-db-instance --db-instance-identifier %[1]s --db-parameter-group-name %[1]s-slow # then reboot it",
			id, family, parameter(name, value))
	}
	return fmt.Sprintf("aws rds modify-db-parameter-group --db-parameter-group-name %s --parameters %s", i.Group, parameter(name, value))
}

func parameter(name, value string) string {
	return fmt.Sprintf("ParameterName=%s,ParameterValue=%s,ApplyMethod=immediate", name, value)
}

// log looks for a log that was written to lately, and reads a little of it.
func (d *doctor) log(ctx context.Context, rds *source.RDS, id string) {
	f, err := rds.Newest(ctx, id)
	if err != nil {
		d.fail(id+" slow log", err)
		return
	}
	age := d.now.Sub(f.LastWritten).Round(time.Minute)
	if age > 2*time.Hour {
		d.warn(id+" slow log", fmt.Sprintf("%s was last written to %s ago", f.Name, age),
			"run a slow statement, as SELECT SLEEP(11), and look again; RDS rotates the log every hour even if nothing is slow")
	} else {
		d.ok(id+" slow log", "%s, %d bytes, last written to %s ago", f.Name, f.Size, age)
	}
	if err := rds.Probe(ctx, f); err != nil {
		d.fail(id+" download", err)
		return
	}
	d.ok(id+" download", "%s", d.Download)
}

func (d *doctor) chatroom(ctx context.Context, cfg aws.Config, p *process) {
	if d.Channel == "" {
		d.warn("channel", "none is configured: digests are only printed", "set SLOWDIGEST_CHANNEL to the channel's ID")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 4*patience)
	defer cancel()
	to, err := d.chat(ctx, cfg, p.logger())
	if err != nil {
		d.fail("chat secret", err)
		return
	}
	slack, isBot := to.(*notifier.Slack)
	if !isBot {
		d.warn("chat secret", "the address of a webhook, which cannot be tried without posting", "use a bot token, which can do more: see the README")
		return
	}
	from := "$SLACK_TOKEN"
	if d.Token == "" {
		from = "parameter " + d.TokenParameter
	}
	d.ok("chat secret", "a bot token, from %s", from)
	d.slack(ctx, slack)
}

func (d *doctor) slack(ctx context.Context, s *notifier.Slack) {
	who, err := s.Identify(ctx)
	if err != nil {
		d.fail("Slack token", err)
		return
	}
	d.ok("Slack token", "%s in %s", who.User, who.Team)
	if who.May("chat:write") {
		d.ok("Slack scope chat:write", "granted")
	} else {
		d.bad("Slack scope chat:write", "missing: nothing can be posted", "add it under OAuth & Permissions of the app, and install it again")
	}
	d.channel(ctx, s, who)
	if err := s.Validate(ctx, sampleReport(d.now)); err != nil {
		d.fail("Slack blocks", err)
		return
	}
	d.ok("Slack blocks", "Slack would take a digest")
}

func (d *doctor) channel(ctx context.Context, s *notifier.Slack, who notifier.Identity) {
	const subject = "Slack channel"
	if strings.HasPrefix(d.Channel, "#") {
		d.warn(subject, d.Channel+" is a name, which cannot be looked up and may change", "use its ID, at the end of the channel's details in Slack")
		return
	}
	c, err := s.LookUpChannel(ctx)
	var delivery *notifier.DeliveryError
	switch {
	case errors.As(err, &delivery) && delivery.Reason == "missing_scope":
		d.warn(subject, d.Channel+" cannot be looked up", "add the scope channels:read (groups:read for a private channel)")
	case err != nil:
		d.fail(subject, err)
	case c.Archived:
		d.bad(subject, "#"+c.Name+" is archived", "choose another, or unarchive it")
	case !c.Member && !who.May("chat:write.public"):
		d.bad(subject, "the bot is not a member of #"+c.Name, "/invite @"+who.User+" in #"+c.Name)
	default:
		d.ok(subject, "#%s", c.Name)
	}
	history := "channels:history"
	if c.Private {
		history = "groups:history"
	}
	if !who.May(history) {
		d.warn("Slack scope "+history, "missing: where an answer of Slack is lost, nobody can look whether the digest was posted",
			"add it, or accept that such a digest is posted again, marked as a possible repeat")
	}
}

// sampleReport is of a single call, which makes a message of every kind of block.
func sampleReport(now time.Time) *digest.Report {
	end := now.Truncate(time.Hour)
	w := digest.Window{Start: end.Add(-time.Hour), End: end}
	a := digest.NewAggregator(w)
	a.Stream("db-1").Add(&parser.Event{
		Time: w.Start.Add(time.Minute), User: "app", Host: "web-1", Schema: "shop", QueryTime: 1.5, RowsExamined: 1000, Weight: 1,
		SQL: []byte("select o.id from orders o where o.status = 'open'"),
	})
	return a.Report(digest.DefaultLimit, digest.OrderBySum)
}
