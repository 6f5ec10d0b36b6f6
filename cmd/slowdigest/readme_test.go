package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slowdigest/cmd/slowdigest/advice"
	"slowdigest/handler/state/s3test"
)

// TestREADMEShowsWhatIsPrinted: the first sample of the README is made of parts of what
// make invoke-local prints.
func TestREADMEShowsWhatIsPrinted(t *testing.T) {
	_, sample, _ := strings.Cut(string(read(t, "../../README.md")), "```\n")
	sample, _, found := strings.Cut(sample, "```\n")
	cmd := exec.Command(built(t), "invoke", "--event", "testdata/events/schedule.json", "--logs", "testdata/slowlogs", "--channel", "C0SLOWLOGS")
	cmd.Dir = "../.."
	cmd.Env = environment(map[string]string{"SLOWDIGEST_INSTANCES": "mysql-9-7,mysql-9-7-extra"})
	out, err := cmd.Output()
	if err != nil || !found {
		t.Fatalf("%v: %s", err, out)
	}
	for part := range strings.SplitSeq(sample, "\n...\n") {
		if !strings.Contains(string(out), part) {
			t.Errorf("not printed is\n%s", part)
		}
	}
}

// The README states what doctor reckons with.
func TestREADMETellsCosts(t *testing.T) {
	const hour = 10_000_000
	readme := strings.Join(strings.Fields(string(read(t, "../../README.md"))), " ")
	dimes := func(d float64) string { return fmt.Sprintf("$%.1f0", d) }
	for _, want := range []string{
		dimes(advice.Month(1, hour)) + " of Lambda and S3 for one instance that writes 10 MB an hour, " + dimes(advice.Month(10, hour)) + " for ten;",
		dimes(11*advice.Metric) + " for eleven metrics and " + dimes(costOfAlarms(t)+advice.Dashboard) + " for alarms and dashboard.",
		fmt.Sprintf("would be $0.50 per GB: $%.2f for that one instance", advice.Export(hour)),
	} {
		if !strings.Contains(readme, want) {
			t.Errorf("the README does not say %q", want)
		}
	}
}

// costOfAlarms is of those that the deployment has for one channel.
func costOfAlarms(t *testing.T) (cost float64) {
	prices := map[string]float64{"AWS::CloudWatch::Alarm": advice.Alarm, "AWS::CloudWatch::CompositeAlarm": advice.CompositeAlarm, "AWS::KMS::Key": advice.Key}
	resources := regexp.MustCompile(`(?m)^    Condition: (\w+)\n    Type: (\S+)`).FindAllStringSubmatch(string(read(t, "../../iam/deploy/alarms.yml")), -1)
	for _, r := range resources {
		if r[1] != "FanoutAlarms" {
			cost += prices[r[2]]
		}
	}
	return cost
}

// An hour reads and saves the state no more often than is reckoned with.
func TestHourCostsFewRequests(t *testing.T) {
	var puts, gets atomic.Int64
	w := newWorld(t, time.Now())
	cfg := s3test.New(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodPut:
				puts.Add(1)
			case http.MethodGet:
				gets.Add(1)
			}
			h.ServeHTTP(rw, r)
		})
	})
	w.env["AWS_ENDPOINT_URL_S3"], w.env["SLOWDIGEST_STATE"] = *cfg.BaseEndpoint, "s3://"+s3test.Bucket+"/prod"
	w.useAWS(t)
	event := write(t, "schedule.json", string(example(t, "schedule")))
	stdout, stderr, code := call(t, "", []string{"invoke", "--event", event}, environment(w.env)...)
	if code != 0 || len(w.slack.Messages()) == 0 {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	if puts.Load() != advice.Puts || gets.Load() != advice.Gets {
		t.Errorf("%d times saved and %d read, want %d and %d", puts.Load(), gets.Load(), advice.Puts, advice.Gets)
	}
}
