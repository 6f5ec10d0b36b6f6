// Package demo is a small shop on fakes of AWS and Slack, to try every command without an
// account. Two instances of it log: a writer and a reader. Their traffic was made up apart from
// the rules of package digest: nothing here knows what those look at.
package demo

import (
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// The instances of the shop. The third logs to a table, as RDS does unless it is told
// otherwise, and has no file.
const (
	Writer = "shop-1"
	Reader = "shop-2"
	Silent = "shop-3"
)

// Hours is how many whole hours are in the logs when a demo begins: a day, from which the
// usual is learned, the hour after it, and some in reserve.
const Hours = 30

// Demo serves the shop on the loopback interface. Its methods are for one goroutine.
type Demo struct {
	Start    time.Time // of the demo itself, in UTC
	Incident time.Time // when the reader loses an index

	rds   *rdstest.Server
	slack *slacktest.Server
	aws   *httptest.Server // what it is, of all of AWS: RDS and STS
	logs  []*log
	made  time.Time // up to here there is traffic
	seen  int       // messages in Slack that were handed out
}

// log is the slow log of an instance.
type log struct {
	db      *rdstest.Instance
	reader  bool
	traffic traffic
	schema  string // of the last entry of the file
}

// New starts a demo whose logs reach from Hours whole hours back up to now. It is to be closed.
func New(now time.Time, incident time.Duration) *Demo {
	now = now.UTC()
	d := &Demo{Start: now, Incident: now.Add(incident), rds: rdstest.NewServer(), slack: slacktest.New(),
		made: now.Truncate(time.Hour).Add(-Hours * time.Hour)}
	d.aws = httptest.NewServer(http.HandlerFunc(d.serveAWS))
	files := map[string]string{"slow_query_log": "1", "log_output": "FILE", "long_query_time": "0.05"}
	for i, id := range []string{Writer, Reader} {
		db := d.rds.AddInstance(id)
		db.SetParameters("shop", files)
		db.Append(rdstest.SlowLog, []byte(rdstest.Banner), d.made)
		d.logs = append(d.logs, &log{db: db, reader: id == Reader, traffic: traffic{rand.New(rand.NewPCG(1, uint64(i)))}})
	}
	d.rds.AddInstance(Silent).SetParameters("default.mysql8.4", map[string]string{"slow_query_log": "1", rdstest.Default + "log_output": "TABLE", rdstest.Default + "long_query_time": "10"})
	d.Advance(now)
	return d
}

// Close ends the servers.
func (d *Demo) Close() {
	d.aws.Close()
	d.rds.Close()
	d.slack.Close()
}

// Advance lets the shop run on until now.
func (d *Demo) Advance(now time.Time) {
	for now = now.UTC(); d.made.Before(now); {
		hour := d.made.Truncate(time.Hour).Add(time.Hour)
		to := earlier(hour, now)
		for _, l := range d.logs {
			l.write(l.traffic.between(d.made, to, l.reader, d.late(), d.Incident))
			if to.Equal(hour) {
				l.db.EndHour(hour)
				l.schema = ""
			}
		}
		d.made = to
	}
}

// late is when the shop began to send a query that it did not send before: with the last
// whole hour before the demo.
func (d *Demo) late() time.Time { return d.Start.Truncate(time.Hour).Add(-time.Hour) }

func (l *log) write(entries []entry) {
	for _, e := range entries {
		use := ""
		if e.schema != l.schema {
			use = "use " + e.schema + ";\n"
		}
		l.schema = e.schema
		l.db.Append(rdstest.SlowLog, []byte(e.text+use+e.after), e.end.Add(time.Millisecond).Truncate(time.Millisecond))
	}
}

// serveAWS answers as RDS, and as STS whoever asks who he is.
func (d *Demo) serveAWS(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err == nil && r.PostForm.Get("Action") == "GetCallerIdentity" {
		_, _ = fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Arn>arn:aws:sts::%s:assumed-role/demo/you</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`, rdstest.Account)
		return
	}
	d.rds.ServeHTTP(w, r)
}

// Config returns a configuration of clients of the demo's AWS.
func (d *Demo) Config() aws.Config { return d.rds.Config() }

// Environment returns what another process has to have in its environment, as NAME=VALUE, with a
// directory as the place of the state.
func (d *Demo) Environment(state string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + d.aws.URL, "AWS_REGION=" + rdstest.Region,
		"AWS_ACCESS_KEY_ID=" + rdstest.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + rdstest.SecretAccessKey,
		"SLACK_API_URL=" + d.slack.URL(), "SLACK_TOKEN=" + slacktest.Token,
		"SLOWDIGEST_CHANNEL=" + slacktest.Channel, "SLOWDIGEST_INSTANCES=" + Writer + "," + Reader, "SLOWDIGEST_STATE=" + state,
	}
}

// date is a time in a message, of which Slack shows each reader his own form.
var date = regexp.MustCompile(`<!date\^[^|>]*\|([^>]*)>`)

// Posted returns the first lines of what was posted to the channel since it was last asked.
func (d *Demo) Posted() (lines []string) {
	all := d.slack.Messages()
	for _, m := range all[min(d.seen, len(all)):] {
		if m.ThreadTS == "" {
			line, _, _ := strings.Cut(m.Text, "\n")
			lines = append(lines, html.UnescapeString(date.ReplaceAllString(line, "$1")))
		}
	}
	d.seen = len(all)
	return lines
}
