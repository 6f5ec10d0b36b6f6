package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
)

// awsCLI returns the real command line of AWS, which calls the fakes of a clinic by $AWS_ENDPOINT_URL_RDS
// and the like.
func awsCLI(t *testing.T) string {
	t.Helper()
	aws := program(t, "aws")
	if debian, err := os.Stat("/usr/bin/aws"); err == nil && debian.Mode().IsRegular() {
		aws = "/usr/bin/aws" // whatever else is in the path
	}
	return aws
}

// runInShell runs a command of doctor's in a shell, where aws is the real one.
func runInShell(t *testing.T, command string) string {
	t.Helper()
	shell := exec.Command("sh", "-ec", `aws() {
	case $1 in rds) url=$AWS_ENDPOINT_URL_RDS;; ssm) url=$AWS_ENDPOINT_URL_SSM;; esac
	"`+awsCLI(t)+`" --endpoint-url "$url" --region "$AWS_REGION" "$@"
}
`+command)
	shell.Env = append(os.Environ(), "HOME="+t.TempDir(), "AWS_PAGER=")
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// heed does what doctor says to do.
func (c *clinic) heed(t *testing.T, subject, fix string) {
	t.Helper()
	find := func(pattern string) []string { return regexp.MustCompile(pattern).FindStringSubmatch(fix) }
	values := map[string]string{"SLOWDIGEST_STATE": "s3://" + s3test.Bucket + "/prod", "SLOWDIGEST_CHANNEL": slacktest.Channel}
	switch {
	case find(`aws ssm put-parameter .* --value …$`) != nil:
		runInShell(t, strings.Replace(find(`aws ssm put-parameter .*`)[0], "…", slacktest.Token, 1))
	case strings.HasPrefix(fix, "aws "):
		runInShell(t, fix)
	case find(`such as (openssl .*) makes`) != nil:
		c.ssm.agents = runInShell(t, find(`such as (openssl .*) makes`)[1])
	case find(`set (\w+)=(\w+),`) != nil:
		c.env[find(`set (\w+)=(\w+),`)[1]] = find(`set (\w+)=(\w+),`)[2]
	case find(`set (\w+) to `) != nil:
		name := find(`set (\w+) to `)[1]
		c.env[name] = values[name]
	case strings.Contains(fix, "use its ID"):
		c.env["SLOWDIGEST_CHANNEL"] = slacktest.Channel
	case find(`^/invite @slowdigest in #slow-queries$`) != nil:
		c.slack.Channels[slacktest.Channel] = slacktest.ChannelState{Name: "slow-queries", Member: true}
	case find(`^add the scope (\S+)`) != nil:
		c.slack.Scopes = append(slices.Clone(c.slack.Scopes), find(`^add the scope (\S+)`)[1])
	case strings.HasPrefix(fix, "add it"):
		c.slack.Scopes = append(slices.Clone(c.slack.Scopes), strings.TrimPrefix(subject, "Slack scope "))
	default:
		t.Fatalf("%s: nobody knows how to %q", subject, fix)
	}
}

// TestDoctorsOtherAdvice breaks what is none of the parameters, does what doctor says to do, and
// then all is well, on the command line and in the function.
func TestDoctorsOtherAdvice(t *testing.T) {
	for name, harm := range map[string]func(c *clinic){
		"stopped":           func(c *clinic) { c.db.Stop() },
		"no token":          func(c *clinic) { c.ssm.set("") },
		"no state":          func(c *clinic) { c.env["SLOWDIGEST_STATE"] = "" },
		"no channel":        func(c *clinic) { c.env["SLOWDIGEST_CHANNEL"] = "" },
		"channel by name":   func(c *clinic) { c.env["SLOWDIGEST_CHANNEL"] = "#slow-queries" },
		"too large a log":   func(c *clinic) { c.writeHour(time.Now().Add(-30*time.Hour), 900e6) },
		"no scope to look":  func(c *clinic) { c.slack.Scopes = []string{"chat:write", "channels:history"} },
		"no scope to post":  func(c *clinic) { c.slack.Scopes = []string{"channels:read", "channels:history"} },
		"no scope for past": func(c *clinic) { c.slack.Scopes = []string{"chat:write", "channels:read"} },
		"not a member":      func(c *clinic) { c.slack.Channels[slacktest.Channel] = slacktest.ChannelState{Name: "slow-queries"} },
		"short agents token": func(c *clinic) {
			c.env["SLOWDIGEST_MCP_TOKEN_PARAMETER"], c.ssm.agents = agentsParameter, agentsToken[1:]
		},
	} {
		t.Run(name, func(t *testing.T) {
			world := newClinic(t)
			world.env["SLOWDIGEST_STATE"] = "s3://" + s3test.Bucket + "/prod"
			t.Setenv("AWS_ENDPOINT_URL_S3", *s3test.New(t, nil).BaseEndpoint)
			harm(world)
			before, _, _ := call(t, "", []string{"doctor"}, world.variables()...)
			found := regexp.MustCompile(`(?m)^(?:warning|wrong) +(Slack scope \S+|\S+).*\n +fix: (.*)$`).FindAllStringSubmatch(before, -1)
			if len(found) != 1 {
				t.Fatalf("want one advice:\n%s", before)
			}
			world.heed(t, found[0][1], found[0][2])
			after, stderr, code := call(t, "", []string{"doctor"}, world.variables()...)
			if code != 0 || strings.Contains(after, "warning") {
				t.Errorf("exit %d after it: %s\n%s", code, stderr, after)
			}
			for _, k := range world.inTheFunction(t).Checks {
				if k.Verdict != "ok" {
					t.Errorf("in the function: %+v", k)
				}
			}
		})
	}
}
