package demo

import (
	"fmt"
	"strings"
	"time"
)

// enough of an incident is in an hour that has so much of it.
const enough = 15 * time.Minute

// Guide says what to type in another terminal.
func (d *Demo) Guide(state string) string {
	return fmt.Sprintf(`A small shop runs on fakes of AWS and Slack, on this machine alone. In another terminal:

unset AWS_PROFILE AWS_SESSION_TOKEN
export %s

slowdigest doctor                         # what a run needs is there
slowdigest doctor --instance %-12s # an instance that logs to a table, and what to do about it
slowdigest run --last 1h                  # what was slow
slowdigest invoke --event now             # the hourly digest, posted: a query is new
slowdigest run --last 5m --follow         # look on, until Ctrl-C

At %s %s loses an index. Then, after a minute or two:

slowdigest run --last 1m --compare 1h     # what is slower than it was
slowdigest run --last 5m --per-instance   # and where

From %s on, slowdigest invoke --event now posts an hour that has the incident. Ctrl-C ends the shop.

`, strings.Join(d.Environment(state), " \\\n       "), Silent, ClockTime(d.Incident), Reader, ClockTime(d.Incident.Add(enough).Truncate(time.Hour).Add(time.Hour)))
}

// ClockTime tells a time of day.
func ClockTime(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
