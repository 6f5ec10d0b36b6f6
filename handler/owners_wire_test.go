package handler_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/owners"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// team is a file by which two tables have owners who are to be mentioned, and the rest has one who is not.
const team = `*                platform
table:orders     team-orders   mention=S0123ABCDEF
table:invoices   team-orders   mention=S0123ABCDEF   team-billing mention=U0123ABCDEF
table:stock      warehouse
`

// ownedChannel has a history of 25 hours and an owner of each table.
type ownedChannel struct {
	*channel
	owners func(context.Context) (*owners.Owners, error)
	end    time.Time // of the hour to come
}

func newOwnedChannel(t *testing.T, file string) *ownedChannel {
	c := &ownedChannel{channel: newChannel(t), owners: func(context.Context) (*owners.Owners, error) { return owners.Read([]byte(file)) }, end: ten}
	for range 25 {
		c.run("select a from t where id = 1")
	}
	return c
}

// run runs the next hour, in which these statements are logged, each three times, and returns what was
// posted in the channel.
func (c *ownedChannel) run(statements ...string) []slacktest.Message {
	c.t.Helper()
	var log strings.Builder
	for range 3 {
		for _, sql := range statements {
			log.WriteString(entry(c.end.Add(-time.Minute), sql))
		}
	}
	c.db.Write(rdstest.SlowLog+c.end.Format(".2006-01-02.15"), []byte(log.String()), c.end)
	c.end = c.end.Add(time.Hour)
	return c.again(func(*handler.Handler) {})
}

// again runs the last hour.
func (c *ownedChannel) again(change func(*handler.Handler)) []slacktest.Message {
	c.t.Helper()
	end := c.end.Add(-time.Hour)
	c.now = end.Add(5 * time.Minute)
	before := len(c.slack.Messages())
	h := c.handler("request-" + end.Format("02T15"))
	h.Owners = c.owners
	change(h)
	if _, err := h.Run(c.t.Context(), hourEnding(end)); err != nil {
		c.t.Fatal(err)
	}
	return c.slack.Messages()[min(before, len(c.slack.Messages())):]
}

// mentioned returns whom messages mention, in their order.
func mentioned(messages ...slacktest.Message) string {
	var out []string
	for _, m := range messages {
		for _, id := range regexp.MustCompile(`"user(?:group)?_id":"(\w+)"`).FindAllStringSubmatch(string(m.Blocks), -1) {
			out = append(out, id[1])
		}
	}
	return strings.Join(out, " ")
}

const (
	newOrders   = "select b from orders where x = 1"
	newInvoices = "select c from invoices, orders where x = 1"
	newStock    = "select d from stock where x = 1"
)

// TestMentions mentions who owns what is new, once each, where the file says so, and never again.
func TestMentions(t *testing.T) {
	c := newOwnedChannel(t, team)
	c.slack.Set(func(s *slacktest.Server) { s.Mentions = []string{"S0123ABCDEF", "U0123ABCDEF"} })
	posted := c.run(newOrders, newInvoices, newStock)
	if got := mentioned(posted...); len(posted) != 1 || got != "S0123ABCDEF U0123ABCDEF" {
		t.Fatalf("%d messages mention %q", len(posted), got)
	}
	for _, want := range []string{"stock by x · warehouse: ", "orders by x · team-orders: ", " · team-orders, team-billing: ", "Owner: warehouse", "Owners: team-orders, team-billing"} {
		if !strings.Contains(posted[0].Shown(), want) {
			t.Errorf("it says nowhere %q:\n%s", want, posted[0].Shown())
		}
	}
	// It is replaced where that is forced, or posted anew where it is not there any more.
	before := len(c.slack.Requests())
	c.again(func(h *handler.Handler) { h.Force = true })
	if asked := c.slack.Requests()[before:]; !slices.Equal(asked, []string{"chat.update"}) {
		t.Errorf("the fake was asked %q, and has refused a mention", asked)
	}
	messages := c.slack.Messages()
	if last := messages[len(messages)-1]; last.Updates != 1 || mentioned(last) != "" {
		t.Errorf("updated %d times, it mentions %q", last.Updates, mentioned(last))
	}
	if !strings.Contains(messages[len(messages)-1].Shown(), "· team-orders") {
		t.Error("the replaced message names no owner")
	}
	c.slack.Fail(slacktest.Fault{Method: "chat.update", Code: "message_not_found"})
	if anew := c.again(func(h *handler.Handler) { h.Force = true }); len(anew) != 1 || mentioned(anew...) != "" {
		t.Errorf("%d messages are posted anew, and mention %q", len(anew), mentioned(anew...))
	}
	// The same in the next hours is not news, also next to what is, and is listed with its owners.
	for _, more := range []string{"select a from t where id = 1", "select e from parcels where x = 1"} {
		posted := c.run(newOrders, newInvoices, newStock, more)
		if len(posted) != 1 || mentioned(posted...) != "" || !strings.Contains(posted[0].Shown(), "new since") || !strings.Contains(posted[0].Shown(), "· team-orders") {
			t.Errorf("%d messages mention %q", len(posted), mentioned(posted...))
		}
		if isNew := strings.Contains(more, "parcels"); isNew != strings.Contains(posted[0].Shown(), "NEW #") {
			t.Errorf("%s:\n%s", more, posted[0].Shown())
		}
	}
}

// A message that may be there already mentions nobody.
func TestRepeatMentionsNobody(t *testing.T) {
	c := newOwnedChannel(t, team)
	c.slack.Set(func(s *slacktest.Server) { s.Mentions = []string{"S0123ABCDEF"} })
	c.slack.Fail(slacktest.Fault{Method: "chat.postMessage", CutAfter: true})
	c.slack.Fail(slacktest.Fault{Method: "conversations.history", Code: "internal_error"})
	c.slack.Fail(slacktest.Fault{Method: "conversations.history", Code: "internal_error"})
	c.slack.Fail(slacktest.Fault{Method: "conversations.history", Code: "internal_error"})
	posted := c.run(newOrders)
	if len(posted) != 2 || mentioned(posted[0]) != "S0123ABCDEF" || mentioned(posted[1]) != "" || !strings.Contains(posted[1].Shown(), "POSSIBLE REPEAT") {
		t.Errorf("%d messages mention %q", len(posted), mentioned(posted...))
	}
}

// Nor does an answer to who asks.
func TestAnswerMentionsNobody(t *testing.T) {
	c := newOwnedChannel(t, team)
	c.run()
	c.db.Write(rdstest.SlowLog+c.end.Format(".2006-01-02.15"), []byte(entry(c.end.Add(-time.Minute), newOrders)), c.end)
	c.end = c.end.Add(time.Hour)
	before := len(c.slack.Requests())
	posted := c.again(func(h *handler.Handler) {
		h.Notifier = slack.New(slacktest.Token, slacktest.Channel, slack.Options{APIURL: c.slack.URL(), Pause: time.Millisecond, NoThread: true, Answer: &slack.Answer{To: "ops"}})
	})
	if len(posted) != 1 || len(c.slack.Requests()) != before+1 || !strings.Contains(posted[0].Shown(), "NEW #") || !strings.Contains(posted[0].Shown(), "· team-orders") {
		t.Errorf("%d messages, %q", len(posted), c.slack.Requests()[before:])
	}
}

// A chat that takes no mention, such as of a group that is gone, gets the message without it, with all
// else. A webhook mentions as a bot does.
func TestMentionIsRefused(t *testing.T) {
	c := newOwnedChannel(t, team)
	posted := c.run(newOrders) // the fake lets nobody be mentioned
	if len(posted) != 1 || mentioned(posted...) != "" || !strings.Contains(string(posted[0].Blocks), "data_visualization") {
		t.Errorf("%d messages, %q", len(posted), mentioned(posted...))
	}
	for _, allowed := range []string{"", "S0123ABCDEF"} {
		c := newOwnedChannel(t, team)
		c.slack.Set(func(s *slacktest.Server) { s.Mentions = strings.Fields(allowed) })
		c.run()
		c.db.Write(rdstest.SlowLog+c.end.Format(".2006-01-02.15"), []byte(entry(c.end.Add(-time.Minute), newOrders)), c.end)
		c.end = c.end.Add(time.Hour)
		posted := c.again(func(h *handler.Handler) { h.Notifier = slack.NewWebhook(c.slack.WebhookURL(), slack.Options{}) })
		if len(posted) != 1 || mentioned(posted...) != allowed || !strings.Contains(posted[0].Shown(), "· team-orders") {
			t.Errorf("%d messages of the webhook mention %q, want %q", len(posted), mentioned(posted...), allowed)
		}
	}
}

// Nobody is mentioned where the file does not say so, and by nothing that a log holds.
func TestLogMentionsNobody(t *testing.T) {
	c := newOwnedChannel(t, "* platform\ntag:job=* jobs\nuser:* people\n")
	for _, sql := range []string{
		"select 1 from `<!channel>`, `<@U0123ABCDEF>`, `<!subteam^S0123ABCDEF>` where `mention=S0123ABCDEF` = 1 /*job='S0123ABCDEF',name='mention=U0123ABCDEF'*/",
		"select 2 from `team mention=U0123ABCDEF` where x = 1 /*job='U0123ABCDEF'*/",
	} {
		before := len(c.slack.Requests())
		posted := c.run(sql)
		if len(posted) != 1 || mentioned(posted...) != "" || !strings.Contains(posted[0].Shown(), "· people") {
			t.Errorf("%s: %d messages, %q", sql, len(posted), mentioned(posted...))
		}
		if refused := len(c.slack.Requests()) - before; refused != 1 {
			t.Errorf("%s: the fake was asked %d times", sql, refused)
		}
	}
}

// What cannot be read stops no digest, which says so; and that is no news by itself.
func TestOwnersCannotBeRead(t *testing.T) {
	for name, fails := range map[string]func(context.Context) (*owners.Owners, error){
		"the store": func(context.Context) (*owners.Owners, error) {
			return nil, errors.New("load state s3://b/owners: denied")
		},
		"a wrong line": func(context.Context) (*owners.Owners, error) { return owners.Read([]byte("* ok\n* @team\n")) },
		"takes too long": func(ctx context.Context) (*owners.Owners, error) {
			deadline, ok := ctx.Deadline()
			if !ok || time.Until(deadline) > 10*time.Second {
				t.Error("it may take for ever")
			}
			return nil, context.DeadlineExceeded
		},
	} {
		c := newOwnedChannel(t, team)
		c.owners = fails
		c.slack.Set(func(s *slacktest.Server) { s.Mentions = []string{"S0123ABCDEF"} })
		posted := c.run(newOrders)
		if len(posted) != 1 || !strings.Contains(posted[0].Shown(), "Owners are not named: ") || strings.Contains(posted[0].Shown(), "team-orders") || mentioned(posted...) != "" {
			t.Errorf("%s: %d messages:\n%s", name, len(posted), posted[0].Shown())
		}
		daily, err := handler.ParseDaily("09:00")
		if err != nil {
			t.Fatal(err)
		}
		c.run("select a from t where id = 1")
		c.db.Write(rdstest.SlowLog+c.end.Format(".2006-01-02.15"), []byte(entry(c.end.Add(-time.Minute), "select a from t where id = 1")), c.end)
		c.end = c.end.Add(time.Hour)
		if posted := c.again(func(h *handler.Handler) { h.Daily = daily }); len(posted) != 0 {
			t.Errorf("%s: an hour without news is posted:\n%s", name, posted[0].Shown())
		}
	}
}

// Without a state there is no news; the owners are named, with tags of keys that only their file knows.
func TestOwnersOfCollect(t *testing.T) {
	c := newChannel(t)
	c.db.Write(rdstest.SlowLog+ten.Format(".2006-01-02.15"), []byte(entry(ten.Add(-time.Minute), "select a from t /*squad='red'*/")), ten)
	h := c.handler("request-1")
	h.Store, h.Owners = nil, func(context.Context) (*owners.Owners, error) {
		return owners.Read([]byte("* platform\ntag:squad=red red mention=S0123ABCDEF\n"))
	}
	r, err := h.Collect(t.Context(), hourEnding(ten))
	if err != nil || len(r.Classes) != 1 || !slices.Equal(r.Classes[0].Owners, []digest.Owner{{Name: "red", Mention: "S0123ABCDEF"}}) {
		t.Errorf("%+v, %v", r.Classes, err)
	}
	whole, _, err := h.CollectHours(t.Context(), hourEnding(ten))
	if err != nil || len(whole.Classes) != 1 || len(whole.Classes[0].Owners) != 1 {
		t.Errorf("%+v, %v", whole.Classes, err)
	}
	if _, err := h.Run(t.Context(), hourEnding(ten)); err != nil {
		t.Fatal(err)
	}
	if all := c.slack.Messages(); len(all) != 1 || mentioned(all...) != "" || !strings.Contains(all[0].Shown(), "· red") {
		t.Errorf("%d messages, %q", len(all), mentioned(all...))
	}
	h.By = digest.ByUser
	if r, _ := h.Collect(t.Context(), hourEnding(ten)); len(r.Classes) != 1 || r.Classes[0].Owners != nil || len(r.Classes[0].Users) == 0 {
		t.Errorf("a user has owners: %+v", r.Classes)
	}
}
