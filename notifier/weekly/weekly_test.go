package weekly_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/digest/week"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/slack"
	"slowdigest/notifier/slacktest"
	"slowdigest/notifier/teams"
	"slowdigest/notifier/weekly"
)

var (
	start = time.Date(2026, 11, 15, 23, 0, 0, 0, time.UTC) // Monday in Berlin
	hours = 168
)

// classOf is one of a report's classes, in an hour that it is moved to.
func classOf(c digest.Class, times float64) digest.Class {
	c.Calls = int64(float64(c.Calls) * times)
	c.QueryTime.Sum, c.QueryTime.Max = c.QueryTime.Sum*times, c.QueryTime.Max*times
	return c
}

// of builds the week of a report's classes, which come and go by their number, with so many hours before it, of
// which each that n divides is missing.
func of(t *testing.T, r *digest.Report, before, n int) *week.Week {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(hour int) time.Time { return start.Add(time.Duration(hour) * time.Hour) }
	var told []digest.ToldFixed
	for i, c := range r.Classes {
		if i%5 == 3 {
			told = append(told, digest.ToldFixed{ID: c.ID, Was: digest.Worse, Since: at(-30), At: at(60), To: at(36), Before: 150, Now: 3.04})
		}
	}
	if len(r.Classes) > 0 {
		told = append(told, digest.ToldFixed{ID: "0123456789ABCDEF0123456789ABCDEF", Label: "SELECT carts by session", Was: digest.New, Since: at(-300), At: at(3), To: at(-21), Before: 34, Now: 0})
	}
	b := week.New(digest.Window{Start: start, End: at(hours)}, zone, told)
	for h := -before; h < hours; h++ {
		if n > 0 && (h+before)%n == 0 {
			continue
		}
		hour := &digest.Report{Version: 1, Window: digest.Window{Start: at(h), End: at(h + 1)}, Instances: r.Instances}
		hour.Coverage.Complete = n == 0 || h%50 != 0
		for i, c := range r.Classes {
			times := 1.0
			switch i % 5 {
			case 1: // three times as much
				if h >= 0 {
					times = 3
				}
			case 2: // new
				if h < 40 {
					continue
				}
			case 3: // fixed
				times = 0.1
				if h < 36 {
					times = 5
				}
			case 4: // a job
				if (h+240*24)%24 != 2 {
					continue
				}
				times = 20
			}
			c = classOf(c, times)
			hour.Classes = append(hour.Classes, c)
			hour.Overall.Calls += c.Calls
			hour.Overall.QueryTime.Sum += c.QueryTime.Sum
		}
		b.Add(hour)
	}
	var mutes []digest.Mute
	for i, c := range r.Classes {
		if i%5 == 4 {
			mutes = append(mutes, digest.Mute{ID: c.ID, Reason: "known: " + c.Note, Since: at(-400), Until: at(500)})
		}
	}
	return b.Week(weekly.Top, append(mutes, digest.Mute{ID: "ended", Until: at(1)}))
}

func weeksOf(t *testing.T) map[string]*week.Week {
	return map[string]*week.Week{
		"full":    of(t, notifiertest.Load(t, "full"), 4*168, 0),
		"partial": of(t, notifiertest.Load(t, "full"), 3*168, 30),
		"half":    of(t, notifiertest.Load(t, "full"), 168, 2),
		"first":   of(t, notifiertest.Load(t, "full"), 0, 0),
		"hostile": of(t, notifiertest.Load(t, "hostile"), 4*168, 0),
		"many":    of(t, notifiertest.Many(t, 300), 4*168, 0),
		"quiet":   of(t, &digest.Report{Instances: []string{"orders-1"}}, 4*168, 0),
		"nothing": week.New(digest.Window{Start: start, End: start.Add(168 * time.Hour)}, time.UTC, nil).Week(10, nil),
	}
}

// checkSlack fails if Slack would not take a message, or anything in it is markup.
func checkSlack(t *testing.T, message []byte) {
	t.Helper()
	for _, v := range slacktest.Validate(message, slack.TextBudget) {
		t.Errorf("%s: %v", v.Code, v)
	}
	for _, no := range []string{`"mrkdwn"`, `"markdown"`, `"broadcast"`, `"user"`, `"usergroup"`, `"channel"`} {
		if bytes.Contains(message, []byte(`"type": `+no)) {
			t.Errorf("a block has %s", no)
		}
	}
	var m struct{ Thread []json.RawMessage }
	if err := json.Unmarshal(message, &m); err != nil {
		t.Fatal(err)
	}
	for _, reply := range m.Thread {
		checkSlack(t, reply)
	}
}

// Each format of each week is as it was looked at.
func TestGoldens(t *testing.T) {
	for name, w := range weeksOf(t) {
		widths := []int{80}
		if name == "full" || name == "hostile" {
			widths = []int{40, 60, 80, 120}
		}
		for _, width := range widths {
			var b bytes.Buffer
			if err := notifier.WriteMemoText(&b, weekly.Memo(w, false), notifier.TextOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			notifiertest.Golden(t, fmt.Sprintf("%s-%d.txt", name, width), b.Bytes())
			for line := range strings.Lines(b.String()) {
				if n := ansi.StringWidth(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("%s has a line of %d columns in %d: %s", name, n, width, line)
				}
			}
		}
		memo := weekly.Memo(w, true)
		var b bytes.Buffer
		if err := notifier.WriteMemoMarkdown(&b, memo, nil); err != nil {
			t.Fatal(err)
		}
		notifiertest.Golden(t, name+".md", b.Bytes())
		notifiertest.CheckText(t, name, b.Bytes())
		b.Reset()
		if err := slack.WriteMemoJSON(&b, memo); err != nil {
			t.Fatal(err)
		}
		notifiertest.Golden(t, name+"-slack.json", b.Bytes())
		checkSlack(t, b.Bytes())
		notifiertest.CheckText(t, name, b.Bytes())
		notifiertest.Golden(t, name+"-teams.json", teamsCard(t, memo))
	}
}

// teamsCard is what a workflow gets.
func teamsCard(t *testing.T, m *notifier.Memo) []byte {
	t.Helper()
	var card json.RawMessage
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&card); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	if _, err := teams.New(server.URL, teams.Options{}).PostMemo(t.Context(), m, ""); err != nil {
		t.Fatal(err)
	}
	if len(card) > 20_000 {
		t.Errorf("a card of %d bytes", len(card))
	}
	return notifiertest.Indented(t, card)
}

// What a week rests on is said as far as it is known, and no further.
func TestTrust(t *testing.T) {
	for want, hours := range map[string]week.Hours{
		"Complete: all 168 hours were read.":                                                 {All: 168, Read: 168},
		"As listed: all 168 hours were read, and of 1 an instance listed no file for a part": {All: 168, Read: 168, AsListed: 1},
		"PARTIAL: 168 of 168 hours were read, 1 of them not completely":                      {All: 168, Read: 168, Partial: 1, AsListed: 1},
		"PARTIAL: 167 of 168 hours were read; what is missing counts as nothing.":            {All: 168, Read: 167, AsListed: 1},
	} {
		w := &week.Week{Zone: "UTC", Hours: hours, Known: true, UsualOf: week.Earlier}
		if got := weekly.Memo(w, true).Facts[0]; !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
