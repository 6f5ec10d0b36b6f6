// Package advice says what the settings of a database server show in its slow log, what they
// keep out of it, and what a log costs to read. It is given numbers and asks nobody.
package advice

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"slowdigest/notifier"
	"slowdigest/source"
)

// Judgement is of a parameter that decides what is logged.
type Judgement struct {
	Verdict string // ok, warning or wrong
	Subject string // the parameter, by the name that all servers know
	Text    string
	Name    string // by which the parameter group has it
	Value   string // to set it to; empty where it is well
}

// entry is how long an entry of a slow log is, in bytes; most of it is the statement.
const entry = 600

// Parameters judges what decides what an instance logs: first whether it logs, where to, and from
// which time on, and then each of the others that is not at its default.
func Parameters(i source.Inspection, p source.Parameters) []Judgement {
	all := []Judgement{enabled(p), output(i, p), threshold(p)}
	for _, judge := range []func(source.Inspection, source.Parameters) Judgement{unindexed, examined, sampled, administrative, extra, verbosity} {
		if j := judge(i, p); j.Verdict != "" {
			all = append(all, j)
		}
	}
	return all
}

// judgement is of a parameter as a group has it. Where no group does it is known by the subject.
func judgement(subject string, p source.Parameter) Judgement {
	j := Judgement{Verdict: "ok", Subject: subject, Name: subject}
	if p.Name != "" {
		j.Name = p.Name
	}
	return j
}

func enabled(p source.Parameters) Judgement {
	j := judgement("slow_query_log", p.SlowQueryLog)
	j.Text = "on, in parameter group " + p.SlowQueryLog.Group
	if !p.Enabled() {
		j.Verdict, j.Value = "wrong", "1"
		j.Text = "off, in parameter group " + p.SlowQueryLog.Group
	}
	return j
}

func output(i source.Inspection, p source.Parameters) Judgement {
	j := judgement("log_output", p.LogOutput)
	j.Text = p.Output(i.Aurora())
	if !strings.Contains(j.Text, "FILE") {
		j.Verdict, j.Value = "wrong", "FILE"
		j.Text += ", so there are no log files"
	}
	return j
}

// threshold says what a long_query_time shows and costs.
func threshold(p source.Parameters) Judgement {
	j := judgement("long_query_time", p.LongQueryTime)
	seconds := 10.0
	if p.LongQueryTime.Value != "" {
		if _, err := fmt.Sscan(p.LongQueryTime.Value, &seconds); err != nil {
			j.Verdict, j.Value, j.Text = "warning", "1", "is no number: "+p.LongQueryTime.Value
			return j
		}
	}
	j.Verdict, j.Value, j.Text = "warning", "1", notifier.Duration(seconds)
	switch {
	case seconds >= 10:
		j.Text += ": a statement of less is not logged, however often it is called, and most hours will show nothing"
	case seconds > 5:
		j.Text += ": faster statements are not logged, however many they are"
	case seconds == 0:
		j.Text += fmt.Sprintf(": every statement is logged, some %d bytes each, which costs the server and makes large logs: 100 calls per second are %s per hour", entry, megabytes(100*3600*entry))
		j.Value = "0.5"
	default:
		j.Verdict, j.Value = "ok", ""
	}
	return j
}

// unindexed judges what logs statements however fast they are. MySQL can limit how many of them;
// MariaDB has a name for them in log_slow_filter, too, and no limit.
func unindexed(_ source.Inspection, p source.Parameters) Judgement {
	j := judgement("log_queries_not_using_indexes", p.Get("log_queries_not_using_indexes"))
	if !on(p.Get(j.Subject)) {
		j.Subject, j.Name = "log_slow_filter", "log_slow_filter"
		filter := strings.Split(p.Get("log_slow_filter").Value, ",")
		if !slices.Contains(filter, "not_using_index") {
			return Judgement{}
		}
		j.Verdict, j.Value = "warning", strings.Join(slices.DeleteFunc(filter, func(s string) bool { return s == "not_using_index" }), ",")
		j.Text = "not_using_index: statements that use no index are logged however fast they are, and may be most of the log"
		return j
	}
	if most := number(p.Get("log_throttle_queries_not_using_indexes")); most > 0 {
		j.Text = fmt.Sprintf("on: statements that use no index are logged however fast they are, but no more than %s per minute, %s per hour", notifier.Count(float64(most)), megabytes(most*60*entry))
		return j
	}
	j.Verdict, j.Value = "warning", "0"
	j.Text = "on, and log_throttle_queries_not_using_indexes sets no limit: statements that use no index are logged however fast they are, and may be most of the log"
	return j
}

// examined judges what keeps statements out that are slow by locks or by the network.
func examined(_ source.Inspection, p source.Parameters) Judgement {
	parameter := p.Get("log_slow_min_examined_row_limit", "min_examined_row_limit")
	rows := number(parameter)
	if rows == 0 {
		return Judgement{}
	}
	j := judgement("min_examined_row_limit", parameter)
	j.Verdict, j.Value = "warning", "0"
	j.Text = fmt.Sprintf("%s: a statement that examines fewer rows is not logged, however slow it is, as one that waits for a lock", notifier.Count(float64(rows)))
	return j
}

// sampled judges MariaDB's sampling, which leaves no trace in the log that a digest could count by.
func sampled(_ source.Inspection, p source.Parameters) Judgement {
	parameter := p.Get("log_slow_rate_limit")
	rate := number(parameter)
	if rate <= 1 {
		return Judgement{}
	}
	j := judgement("log_slow_rate_limit", parameter)
	j.Verdict, j.Value = "warning", "1"
	j.Text = fmt.Sprintf("%s: one of so many slow statements is logged, which the log does not tell, so that calls and times are %s times what a digest says", notifier.Count(float64(rate)), notifier.Count(float64(rate)))
	return j
}

// administrative tells of statements that only MariaDB logs by default.
func administrative(i source.Inspection, p source.Parameters) Judgement {
	parameter := p.Get("log_slow_admin_statements")
	mariadb := i.Engine == "mariadb"
	if parameter.Value == "" || on(parameter) == mariadb {
		return Judgement{}
	}
	j := judgement("log_slow_admin_statements", parameter)
	j.Text = "on: ALTER, ANALYZE and OPTIMIZE TABLE are logged, too; few entries, of long calls"
	if mariadb {
		j.Text = "off: ALTER, ANALYZE and OPTIMIZE TABLE are not logged"
	}
	return j
}

// extra tells what MySQL's longer entries bring.
func extra(_ source.Inspection, p source.Parameters) Judgement {
	parameter := p.Get("log_slow_extra")
	if !on(parameter) {
		return Judgement{}
	}
	j := judgement("log_slow_extra", parameter)
	j.Text = "on: a digest also has errors, full scans and temporary tables on disk as reasons; an entry is some 400 bytes longer"
	return j
}

// verbosity tells what MariaDB's longer entries bring.
func verbosity(_ source.Inspection, p source.Parameters) Judgement {
	parameter := p.Get("log_slow_verbosity")
	if parameter.Value == "" {
		return Judgement{}
	}
	j := judgement("log_slow_verbosity", parameter)
	j.Text = parameter.Value + ": "
	all := strings.Contains(parameter.Value, "all")
	switch plan := all || strings.Contains(parameter.Value, "query_plan"); {
	case plan:
		j.Text += "a digest also has full scans and temporary tables on disk as reasons; an entry is some 200 bytes longer"
	default:
		j.Text += "a digest shows nothing of it; query_plan would bring full scans and temporary tables on disk as reasons"
	}
	if all || strings.Contains(parameter.Value, "explain") {
		j.Text += ", and longer by a line for each table"
	}
	return j
}

func on(p source.Parameter) bool {
	return p.Value == "1" || strings.EqualFold(p.Value, "on")
}

// number is 0 for what is none.
func number(p source.Parameter) int64 {
	n, _ := strconv.ParseInt(p.Value, 10, 64)
	return n
}
