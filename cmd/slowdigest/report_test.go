package main

import (
	"strings"
	"testing"
)

func TestReportCountsWhatTheFilterLetsThrough(t *testing.T) {
	whole := reportJSON(t, "--limit", "all", logs+"mysql-9-7.log")
	id := whole.Classes[0].ID
	// The numbers are what grep and awk count in the log, less its 14 forged entries.
	for _, c := range []struct {
		args []string
		want int64
	}{
		{[]string{"--user", "report"}, 102},
		{[]string{"--user", "report,root"}, 147},
		{[]string{"--host", "nowhere"}, 0},
		{[]string{"--id", id}, whole.Classes[0].Calls},
		{[]string{"--id", "0x" + strings.ToLower(id[16:24])}, whole.Classes[0].Calls},
		{[]string{"--min-time", "30ms"}, 31},
		{[]string{"--min-time", "0.03"}, 31},
	} {
		r := reportJSON(t, append(c.args, "--limit", "all", logs+"mysql-9-7.log")...)
		if r.Overall.Calls != c.want || r.Filter == nil || !r.Coverage.Complete {
			t.Errorf("%q: %d calls, want %d; filter %v, coverage %+v", c.args, r.Overall.Calls, c.want, r.Filter, r.Coverage)
		}
	}
	if whole.Filter != nil {
		t.Errorf("without a filter: %v", whole.Filter)
	}
	for _, format := range []string{"text", "markdown", "slack"} {
		stdout, _, _ := call(t, "", []string{"report", "--format", format, "--user", "report", logs + "mysql-9-7.log"})
		if !strings.Contains(stdout, "Filtered: ") || !strings.Contains(stdout, "user report") {
			t.Errorf("%s does not say that it is filtered:\n%s", format, stdout)
		}
	}
	for _, args := range [][]string{{"--id", "select"}, {"--min-time", "-1s"}, {"--min-time", "soon"}, {"--min-time", "NaN"}} {
		if _, stderr, code := call(t, "", append(append([]string{"report"}, args...), logs+"mysql-9-7.log")); code != 2 || !strings.Contains(stderr, "want ") {
			t.Errorf("%q: exit %d, %s", args, code, stderr)
		}
	}
}
