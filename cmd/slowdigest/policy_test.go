package main

import (
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// TestPolicyIsWhatIsCalled reads logs from a fake RDS in every way there is, and
// looks for those of an instance that has none. What iam/policy.js allows is what
// was called: nothing is missing, and nothing more is allowed.
func TestPolicyIsWhatIsCalled(t *testing.T) {
	for _, download := range []source.Download{source.Portions, source.Complete, source.Auto} {
		t.Run(string(download), func(t *testing.T) {
			rds := rdstest.NewServer()
			defer rds.Close()
			if download == source.Auto { // so that it falls back on portions
				rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DownloadCompleteDBLogFile"})
			}
			end := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
			rds.AddInstance("orders-1").Write("slowquery/mysql-slowquery.log", []byte(
				"# Time: 2026-11-23T09:30:00.000000Z\n# User@Host: app[app] @ web-1 []  Id: 7\n"+
					"# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nSET timestamp=1795426199;\nselect 1;\n"), end)
			rds.AddInstance("orders-2").SetParameters("shop-mysql8", map[string]string{"slow_query_log": "0"})
			c := Config{Download: download}
			h := handler.Handler{Source: c.rds(rds.Config()), Instances: []string{"orders-1", "orders-2"}, Limit: digest.DefaultLimit}
			r, err := h.Collect(t.Context(), digest.Window{Start: end.Add(-time.Hour), End: end})
			if r.Overall.Calls != 1 || err == nil || !strings.Contains(source.Hint(err), "slow_query_log") {
				t.Errorf("%d calls, error %v, hint %q", r.Overall.Calls, err, source.Hint(err))
			}
			compareWithPolicy(t, string(download), rds.Calls())
		})
	}
}

func compareWithPolicy(t *testing.T, download string, calls []rdstest.Call) {
	t.Helper()
	statements, err := policy(t, "orders-1,orders-2", download, "/slowdigest/prod/slack-token")
	if err != nil {
		t.Fatal(err)
	}
	var allowed []string // as "action on resource", perhaps with an asterisk at the end
	pseudo := strings.NewReplacer("${AWS::Partition}", "aws", "${AWS::Region}", rdstest.Region, "${AWS::AccountId}", rdstest.Account)
	for _, s := range statements {
		for _, resource := range s.Resource {
			for _, action := range s.Action {
				if strings.HasPrefix(action, "rds:") {
					allowed = append(allowed, action+" on "+pseudo.Replace(resource["Fn::Sub"]))
				}
			}
		}
	}
	used := map[string]bool{}
	for _, c := range calls {
		call := c.Action + " on " + c.Resource
		known := false
		for _, a := range allowed {
			prefix, wild := strings.CutSuffix(a, "*")
			if a == call || wild && strings.HasPrefix(call, prefix) {
				known = true
				action, _, _ := strings.Cut(a, " on ")
				used[action] = true
			}
		}
		if !known {
			t.Errorf("the role does not allow %s", call)
		}
	}
	for _, a := range allowed {
		if action, _, _ := strings.Cut(a, " on "); !used[action] {
			t.Errorf("the role allows %s, and nothing calls it", a)
		}
	}
}
