package slack_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
)

// diffOf compares a report with what it might be an hour later: of four classes one is slower,
// one less frequent, one gone and new under another ID, and one the same.
func diffOf(before, after *digest.Report) *digest.Diff {
	after.Window = digest.Window{Start: before.Window.End, End: before.Window.End.Add(30 * time.Minute)}
	after.Overall.QueryTime.Sum = before.Misc.QueryTime.Sum
	for i := range after.Classes {
		c := &after.Classes[i]
		switch i % 4 {
		case 0:
			c.QueryTime.Sum, c.QueryTime.Mean, c.QueryTime.P95 = 3*c.QueryTime.Sum, 3*c.QueryTime.Mean, 3*c.QueryTime.P95
		case 1:
			c.QueryTime.Sum, c.Calls = c.QueryTime.Sum/4, c.Calls/4
		case 2:
			c.ID = fmt.Sprintf("%032X", 0xffff0000+i)
		}
		after.Overall.QueryTime.Sum += c.QueryTime.Sum
	}
	return digest.Compare(before, after)
}

func diffMessage(t *testing.T, d *digest.Diff, o slack.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := slack.WriteDiffJSON(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSlackDiffGoldens(t *testing.T) {
	cases := map[string]*digest.Diff{"300": diffOf(notifiertest.Many(t, 300), notifiertest.Many(t, 300)), "nothing": digest.Compare(&digest.Report{}, &digest.Report{})}
	for _, name := range []string{"full", "partial", "hostile", "japanese", "fleet"} {
		cases[name] = diffOf(notifiertest.Load(t, name), notifiertest.Load(t, name))
	}
	for name, d := range cases {
		t.Run(name, func(t *testing.T) {
			got := diffMessage(t, d, slackOptions())
			notifiertest.Golden(t, "slack-diff-"+name+".json", got)
			checkMessage(t, got)
		})
	}
}

// Nothing that is long, and no name or statement of an attacker, makes Slack refuse the message,
// is markup there, or is told though it is a secret.
func TestSlackDiffOfHostileText(t *testing.T) {
	const secret = "jane@example.com"
	for _, evil := range []string{"<!channel> ```*x*` & <http://evil|x>\x1b\u202e", strings.Repeat("長い", 900), strings.Repeat("\U0001F600", 500), strings.Repeat("`a`.<!here>", 500), ""} {
		d := diffOf(notifiertest.Many(t, 60), notifiertest.Many(t, 60))
		for i := range d.Classes {
			d.Classes[i].Fingerprint, d.Classes[i].ID = "select "+evil+" from t where id = ?", evil
		}
		for _, listed := range []digest.InSide{digest.InBefore, digest.InAfter} {
			d.Unlisted = append(d.Unlisted, digest.UnlistedClass{Fingerprint: "select " + evil + " from t where id = '" + secret + "'", ID: evil, Listed: listed})
		}
		for _, s := range []*digest.Side{&d.Before, &d.After} {
			s.Coverage.Complete, s.Coverage.Without = false, []string{secret}
			s.Instances, s.Filter = []string{evil, secret}, &digest.Filter{Users: []string{evil, secret}, Hosts: []string{evil}}
			for range 20 {
				s.Coverage.Notes = append(s.Coverage.Notes, evil+secret, evil)
			}
		}
		got := diffMessage(t, d, slackOptions())
		checkMessage(t, got)
		if bytes.Contains(got, []byte(secret)) {
			t.Error("a secret is told")
		}
		if !bytes.Contains(got, []byte("#10 ")) || !bytes.Contains(got, []byte("not shown")) {
			t.Errorf("not ten classes are listed, or not how many are not: %.2000s", got)
		}
	}
}

// The message counts what neither it nor the thread shows.
func TestSlackDiffCounts(t *testing.T) {
	for _, c := range []struct {
		classes  int
		noThread bool
		want     string
	}{{3, false, ""}, {8, false, "3 classes in the thread"}, {8, true, ""}, {10, true, ""}, {11, true, "1 class not shown"}} {
		before, after := notifiertest.Many(t, c.classes), notifiertest.Many(t, c.classes)
		for i := range after.Classes {
			after.Classes[i].QueryTime.Sum *= 2
		}
		if c.classes == 8 { // two that are the same
			after.Classes[0].QueryTime.Sum, after.Classes[1].QueryTime.Sum = before.Classes[0].QueryTime.Sum, before.Classes[1].QueryTime.Sum
		}
		before.Misc, after.Misc = digest.Misc{}, digest.Misc{}
		o := slackOptions()
		o.NoThread = c.noThread
		said := regexp.MustCompile(`\d+ class(es)? (in the thread|not shown)`).FindString(string(diffMessage(t, digest.Compare(before, after), o)))
		if said != c.want {
			t.Errorf("of %d classes it says %q, want %q", c.classes, said, c.want)
		}
	}
}

// A bot posts the message and its thread, as an answer that Find does not take for a digest; what
// a workspace rejects comes in a plainer form.
func TestPostDiff(t *testing.T) {
	d := diffOf(notifiertest.Load(t, "full"), notifiertest.Load(t, "full"))
	for _, unsupported := range [][]string{nil, {"header", "context", "divider"}, {"header", "rich_text", "context", "divider"}} {
		fake := slacktest.New()
		defer fake.Close()
		fake.Unsupported = unsupported
		o := slack.Options{APIURL: fake.URL(), Pause: time.Microsecond, Answer: &slack.Answer{To: "dba"}}
		bot := slack.New(slacktest.Token, slacktest.Channel, o)
		if err := bot.PostDiff(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		posted := fake.Messages()
		if len(posted) == 0 || !strings.HasPrefix(posted[0].Text, "Slow queries, before and after: Query time ") || posted[0].ThreadTS != "" {
			t.Fatalf("%d messages: %+v", len(posted), posted)
		}
		for _, m := range posted[1:] {
			if m.ThreadTS != posted[0].Timestamp {
				t.Errorf("a reply stands in the thread of %q", m.ThreadTS)
			}
		}
		if unsupported == nil && (len(posted) != 2 || !strings.Contains(string(posted[0].Blocks), "asked for by dba")) {
			t.Errorf("%d messages: %s", len(posted), posted[0].Blocks)
		}
		if _, found, err := bot.Find(t.Context(), notifiertest.Load(t, "full")); found || err != nil {
			t.Errorf("it is found as a digest: %v", err)
		}
	}
	fake := slacktest.New()
	defer fake.Close()
	o := slack.Options{APIURL: fake.URL(), Pause: time.Microsecond}
	if err := slack.New("xoxb-wrong", slacktest.Channel, o).PostDiff(t.Context(), d); err == nil || !strings.Contains(err.Error(), "post what changed to Slack") {
		t.Errorf("error %v", err)
	}
}

// A webhook has no thread, so that its message says what is not shown.
func TestPostDiffByWebhook(t *testing.T) {
	fake := slacktest.New()
	defer fake.Close()
	before, after := notifiertest.Many(t, 12), notifiertest.Many(t, 12)
	fake.Unsupported = []string{"header"} // which is refused once, and then posted without
	err := slack.NewWebhook(fake.WebhookURL(), slack.Options{Pause: time.Microsecond}).PostDiff(t.Context(), diffOf(before, after))
	posted := fake.Messages()
	if err != nil || len(posted) != 1 || !posted[0].Webhook || strings.Contains(string(posted[0].Blocks), "thread") {
		t.Fatalf("%d messages, error %v", len(posted), err)
	}
	if blocks := string(posted[0].Blocks); strings.Contains(blocks, `"header"`) || !strings.Contains(blocks, "#10 ") {
		t.Errorf("%s", blocks)
	}
}
