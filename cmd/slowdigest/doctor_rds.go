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

// parameters judges the groups that decide what is logged.
func (d *doctor) parameters(ctx context.Context, rds *source.RDS, id string, i source.Inspection) {
	p, err := rds.Parameters(ctx, i)
	if err != nil {
		d.fail(id+" parameters", err)
		return
	}
	if p.Enabled() {
		d.ok(id+" slow_query_log", "on, in parameter group %s", p.SlowQueryLog.Group)
	} else {
		d.bad(id+" slow_query_log", "off, in parameter group "+p.SlowQueryLog.Group, setParameter(id, i, "slow_query_log", "1"))
	}
	if output := p.Output(i.Aurora()); strings.Contains(output, "FILE") {
		d.ok(id+" log_output", "%s", output)
	} else {
		d.bad(id+" log_output", output+", so there are no log files", setParameter(id, i, "log_output", "FILE"))
	}
	d.longQueryTime(id, i, p)
}

func (d *doctor) longQueryTime(id string, i source.Inspection, p source.Parameters) {
	subject := id + " long_query_time"
	var seconds float64 = 10
	if p.LongQueryTime.Value != "" {
		if _, err := fmt.Sscan(p.LongQueryTime.Value, &seconds); err != nil {
			d.warn(subject, "is no number: "+p.LongQueryTime.Value, setParameter(id, i, "long_query_time", "1"))
			return
		}
	}
	switch {
	case seconds > 5:
		d.warn(subject, notifier.Duration(seconds)+": faster statements are not logged, however many they are",
			setParameter(id, i, "long_query_time", "1"))
	case seconds == 0:
		d.warn(subject, "0s: every statement is logged, which costs the server and makes large logs",
			setParameter(id, i, "long_query_time", "0.5"))
	default:
		d.ok(subject, "%s", notifier.Duration(seconds))
	}
}

// setParameter returns the command that sets a parameter. The default groups of RDS
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
