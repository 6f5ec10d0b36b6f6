package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/cmd/slowdigest/advice"
	"slowdigest/handler"
	"slowdigest/notifier"
	"slowdigest/source"
)

// databases looks at all instances that the settings stand for. Those that are
// given by name are looked at even if there is none of that name.
func (d *doctor) databases(ctx context.Context, cfg aws.Config) {
	d.unrouted = d.discovers()
	if d.isBroken("SLOWDIGEST_INSTANCES", "SLOWDIGEST_TAG") {
		return
	}
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
		d.unrouted = false
		for _, r := range routes {
			notes, ids = append(notes, r.Notes...), append(ids, r.Instances...)
			d.goesTo(r)
		}
		for _, note := range notes {
			d.warn("instances", note, "nothing, if that is as it should be")
		}
		d.ok("instances", "%d match", len(ids))
	} else {
		for _, id := range d.Instances.items {
			if !slices.Contains(ids, id) { // as a run reads each once
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		d.instance(ctx, rds, id)
	}
	if _, err := rds.Identities(ctx, ids, nil); err != nil { // which a run asks for of all at once
		d.fail("names", err)
	}
}

// goesTo notes the channel of a route, which the tags of instances may name. Where there is one
// for others, what has none is told; see chatroom for where nothing has one.
func (d *doctor) goesTo(r handler.Route) {
	if r.Channel == "" {
		d.without = r.Instances
	} else if !slices.Contains(d.channels, r.Channel) {
		d.channels = append(d.channels, r.Channel)
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

// parameters judges the groups that decide what is logged. What is to be set is set by one
// command, which stands below the last of them that is not well.
func (d *doctor) parameters(ctx context.Context, rds *source.RDS, id string, i source.Inspection) {
	p, err := rds.Parameters(ctx, i)
	if err != nil {
		d.fail(id+" parameters", err)
		return
	}
	all := advice.Parameters(i, p)
	last := -1
	var set []string
	for n, j := range all {
		if j.Value != "" {
			last = n
			value := j.Value
			if strings.Contains(value, ",") { // which ends a value for the AWS CLI, unless it is quoted
				value = `'"` + value + `"'`
			}
			set = append(set, fmt.Sprintf("ParameterName=%s,ParameterValue=%s,ApplyMethod=immediate", j.Name, value))
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
	f, rotated, err := rds.Listed(ctx, id)
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
	cost, fix := advice.Measure(rotated).Cost(d.MaxBytes), ""
	if cost.Verdict != "ok" {
		fix = advice.CostFix
	}
	d.line(cost.Verdict, id+" "+cost.Subject, cost.Text, fix)
	if err := rds.Probe(ctx, f); err != nil {
		d.fail(id+" download", err)
		return
	}
	d.ok(id+" download", "%s", advice.Download(d.Download))
}
