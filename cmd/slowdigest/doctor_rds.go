package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/source"
)

// databases looks at all instances that the settings stand for. Those that are
// given by name are looked at even if there is none of that name.
func (d *doctor) databases(ctx context.Context, cfg aws.Config) {
	rds := d.source(cfg, false)
	var ids []string
	if d.discovers() {
		found, err := d.discover(ctx, rds)
		routes, notes := handler.Routes(found, d.route(), true)
		if err == nil && len(routes) == 0 {
			err = &handler.NoInstanceError{Omitted: notes}
		}
		if err != nil {
			d.bad("instances", err.Error(), cmp.Or(source.Hint(err), "aws rds describe-db-instances --query 'DBInstances[].DBInstanceIdentifier' shows which there are"))
			return
		}
		for _, r := range routes {
			notes, ids = append(notes, r.Notes...), append(ids, r.Instances...)
		}
		for _, note := range notes {
			d.warn("instances", note, "nothing, if that is as it should be")
		}
		d.ok("instances", "%d match", len(ids))
	} else if ids = d.Instances.items; len(ids) == 0 {
		d.bad("instances", "none is configured", "set SLOWDIGEST_INSTANCES, or --instance")
	}
	for _, id := range ids {
		d.instance(ctx, rds, id)
	}
	if _, err := rds.Identities(ctx, ids, nil); err != nil { // which a run asks for of all at once
		d.fail("names", err)
	}
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

// judgement is of a parameter that decides what is logged.
type judgement struct {
	Check
	parameter source.Parameter
	value     string // to set it to; empty where it is well
}

// parameters judges the groups that decide what is logged. What is to be set is set by one
// command, which stands below the last of them that is not well.
func (d *doctor) parameters(ctx context.Context, rds *source.RDS, id string, i source.Inspection) {
	p, err := rds.Parameters(ctx, i)
	if err != nil {
		d.fail(id+" parameters", err)
		return
	}
	all := []judgement{judgeSwitch(p), judgeOutput(i, p), judgeTime(p)}
	last := -1
	var set []string
	for n, j := range all {
		if j.value != "" {
			last = n
			set = append(set, fmt.Sprintf("ParameterName=%s,ParameterValue=%s,ApplyMethod=immediate", cmp.Or(j.parameter.Name, j.Subject), j.value))
		}
	}
	for n, j := range all {
		fix := ""
		if n == last {
			fix = setParameters(id, i, strings.Join(set, " "))
		}
		d.line(j.Verdict, id+" "+j.Subject, j.Text, fix)
	}
}

func judgeSwitch(p source.Parameters) judgement {
	const subject = "slow_query_log"
	if p.Enabled() {
		return judgement{Check{Verdict: "ok", Subject: subject, Text: "on, in parameter group " + p.SlowQueryLog.Group}, p.SlowQueryLog, ""}
	}
	return judgement{Check{Verdict: "wrong", Subject: subject, Text: "off, in parameter group " + p.SlowQueryLog.Group}, p.SlowQueryLog, "1"}
}

func judgeOutput(i source.Inspection, p source.Parameters) judgement {
	const subject = "log_output"
	output := p.Output(i.Aurora())
	if strings.Contains(output, "FILE") {
		return judgement{Check{Verdict: "ok", Subject: subject, Text: output}, p.LogOutput, ""}
	}
	return judgement{Check{Verdict: "wrong", Subject: subject, Text: output + ", so there are no log files"}, p.LogOutput, "FILE"}
}

// judgeTime says what a long_query_time shows and costs. An entry is of some 600 bytes, most of
// it the statement.
func judgeTime(p source.Parameters) judgement {
	const subject = "long_query_time"
	seconds := 10.0
	if p.LongQueryTime.Value != "" {
		if _, err := fmt.Sscan(p.LongQueryTime.Value, &seconds); err != nil {
			return judgement{Check{Verdict: "warning", Subject: subject, Text: "is no number: " + p.LongQueryTime.Value}, p.LongQueryTime, "1"}
		}
	}
	j := judgement{Check{Verdict: "warning", Subject: subject, Text: notifier.Duration(seconds)}, p.LongQueryTime, "1"}
	switch {
	case seconds >= 10:
		j.Text += ": a statement of less is not logged, however often it is called, and most hours will show nothing"
	case seconds > 5:
		j.Text += ": faster statements are not logged, however many they are"
	case seconds == 0:
		j.Text += ": every statement is logged, some 600 bytes each, which costs the server and makes large logs: 100 calls per second are 200 MB per hour"
		j.value = "0.5"
	default:
		j.Verdict, j.value = "ok", ""
	}
	return j
}

// setParameters returns the commands that set parameters. The default groups of RDS cannot
// be changed, and an instance takes on another group when it is rebooted.
func setParameters(id string, i source.Inspection, parameters string) string {
	if !strings.HasPrefix(i.Group, "default.") && i.Group != "" {
		return fmt.Sprintf("aws rds modify-db-parameter-group --db-parameter-group-name %s --parameters %s # at once, and for all instances of the group", i.Group, parameters)
	}
	return fmt.Sprintf("aws rds create-db-parameter-group --db-parameter-group-name %[1]s-slow --db-parameter-group-family %[2]s --description 'slow log' && "+
		"aws rds modify-db-parameter-group --db-parameter-group-name %[1]s-slow --parameters %[3]s && "+
		"aws rds modify-db-instance --db-instance-identifier %[1]s --db-parameter-group-name %[1]s-slow --apply-immediately && "+
		"aws rds wait db-instance-available --db-instance-identifier %[1]s && "+
		"aws rds reboot-db-instance --db-instance-identifier %[1]s # which is away for a minute or more",
		id, strings.TrimPrefix(i.Group, "default."), parameters)
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
		d.warn(id+" slow log", fmt.Sprintf("%s was last written to %s ago", f.Name, notifier.Duration(age.Seconds())),
			"run a slow statement, such as SELECT SLEEP(11), and look again; RDS rotates the log every hour even if nothing is slow")
	} else {
		d.ok(id+" slow log", "%s, %d bytes, last written to %s ago", f.Name, f.Size, notifier.Duration(age.Seconds()))
	}
	if err := rds.Probe(ctx, f); err != nil {
		d.fail(id+" download", err)
		return
	}
	d.ok(id+" download", "%s", d.Download)
}
