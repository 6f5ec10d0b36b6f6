package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/notifier/slacktest"
)

// The words of claims. Whatever else a message says, where it has one of these it is
// held against the truth.
var (
	saysDeleted  = regexp.MustCompile(`(?i)\b(deleted|purged|hours lost|expired)\b`)
	saysQuiet    = regexp.MustCompile(`(?i)\bno slow quer(y|ies)\b( was seen)?|\bquiet hour`)
	saysComplete = regexp.MustCompile(`(?i)(\bnot |\bin)?\bcomplete\b`)
	saysPartial  = regexp.MustCompile(`\b(NO DATA|PARTIAL)\b`)
	saysCount    = regexp.MustCompile(`([\d,]+) slow quer(y|ies)\b`)
	saysOff      = regexp.MustCompile(`slow_query_log|log_output`)
	saysAsleep   = `[^.]{0,80}\b(stopped|paused|asleep|sleeps|sleeping|woke|awake|running again|started)\b`
)

// post is a message with its thread.
type post struct {
	ts     string
	window digest.Window
	root   string
	all    string
}

// posts returns what is in the channel, the oldest first.
func (n *night) posts() []post {
	var all []post
	for _, m := range n.slack.Messages() {
		text := m.ShownText() + "\n" + m.Shown()
		if m.ThreadTS != "" {
			for i := range all {
				if all[i].ts == m.ThreadTS {
					all[i].all += "\n" + text
				}
			}
			continue
		}
		var meta struct {
			EventPayload struct {
				Start time.Time `json:"window_start"`
				End   time.Time `json:"window_end"`
			} `json:"event_payload"`
		}
		if len(m.Metadata) > 0 {
			unmarshal(n.t, m.Metadata, &meta)
		}
		all = append(all, post{m.Timestamp, digest.Window{Start: meta.EventPayload.Start, End: meta.EventPayload.End}, text, text})
	}
	return all
}

// total returns the slow queries of all databases in the window of a message, and those
// of them of which it does not tell.
func (n *night) total(p post) (calls, untold int) {
	for _, db := range n.dbs {
		for hour, slow := range db.slow {
			if p.window.Contains(hour) {
				calls += slow
				untold += slow
				if n.tells(p, db, hour) {
					untold -= db.logged[hour]
				}
			}
		}
	}
	return calls, untold
}

// tells reports whether a message tells of an hour of a database: by its table, or,
// as there is no room for those of a day, by a number that is that of all.
func (n *night) tells(p post, db *database, hour time.Time) bool {
	if strings.Contains(p.all, db.word(hour)) {
		return true
	}
	all := 0
	for _, db := range n.dbs {
		for at, logged := range db.logged {
			if _, lost := db.lost[at]; p.window.Contains(at) && !lost {
				all += logged
			}
		}
	}
	_, lost := db.lost[hour]
	said := saysCount.FindStringSubmatch(p.root)
	return p.window.Contains(hour) && db.logged[hour] > 0 && !lost && said != nil && strings.ReplaceAll(said[1], ",", "") == strconv.Itoa(all)
}

// checkTexts looks at each text when it is new, for the truth may be another later.
func (n *night) checkTexts() {
	for _, p := range n.posts() {
		if n.seen[p.ts] != p.all {
			n.seen[p.ts] = p.all
			n.checkText(p)
		}
	}
}

func (n *night) checkText(p post) {
	name := fmt.Sprintf("message of %s to %s", p.window.Start.Format("2006-01-02 15:04"), p.window.End.Format("01-02 15:04"))
	calls, untold := n.total(p)
	lost := false
	for _, db := range n.dbs {
		lost = lost || db.gone || len(db.lost) > 0
	}
	if said := saysDeleted.FindString(p.all); said != "" && !lost {
		n.errorf("%s: says %q, and nothing is", name, said)
	}
	if said := saysQuiet.FindStringSubmatch(p.all); said != nil && said[2] == "" && calls > 0 {
		n.errorf("%s: says %q of %d", name, said[0], calls)
	}
	for _, said := range saysComplete.FindAllStringSubmatch(p.all, -1) {
		if said[1] == "" && untold > 0 {
			n.errorf("%s: says %q, and does not know of %d slow queries", name, said[0], untold)
		}
	}
	if said := saysPartial.FindString(p.all); said != "" && untold == 0 {
		n.errorf("%s: says %q, and nothing is missing", name, said)
	}
	if said := saysCount.FindStringSubmatch(p.root); said != nil {
		if got, err := strconv.Atoi(strings.ReplaceAll(said[1], ",", "")); err != nil || got > calls {
			n.errorf("%s: says %q of %d", name, said[0], calls)
		}
	}
	if p.window.End.Sub(p.window.Start) > 24*time.Hour {
		n.errorf("%s: more than a day", name)
	}
}

// checkAnswer holds the report of an invocation against the truth.
func (n *night) checkAnswer(answer []byte) {
	var r digest.Report
	if unmarshal(n.t, answer, &r); r.Version == 0 {
		return
	}
	calls, _ := n.total(post{window: r.Window})
	if got := int(r.Overall.Calls); got > calls || got < calls && r.Coverage.Complete && !r.Coverage.AsListed {
		n.errorf("answer for %s: %d calls of %d, complete: %v", r.Window.Start.Format("02 15:04"), got, calls, r.Coverage.Complete)
	}
}

// checkEnd looks at what has come of it all.
func (n *night) checkEnd(failed int) {
	if n.dead {
		return
	}
	posts := n.posts()
	if failed != whatever && len(n.failed) != failed {
		n.errorf("%d invocations failed, want %d: %q", len(n.failed), failed, n.failed[:min(3, len(n.failed))])
	}
	notices := 0
	for _, p := range posts {
		told := false
		for _, db := range n.dbs {
			for hour := range db.logged {
				told = told || strings.Contains(p.all, db.word(hour))
			}
		}
		if empty := strings.HasPrefix(p.all, "No slow query logged on "); told && empty {
			n.errorf("it is said that nothing was logged, and what was: %s", p.all)
		} else if !told && !empty {
			notices++
		}
	}
	if notices > len(n.changes) {
		n.errorf("%d messages without a query for %d changes %q", notices, len(n.changes), n.changes)
	}
	for _, db := range n.dbs {
		n.checkTold(db, posts)
		n.checkStates(db, posts)
	}
	n.checkArchive()
	n.checkDone()
	switch s, err := n.readState(); {
	case err != nil:
		n.errorf("state: %v", err)
	case s.Claim != nil:
		n.errorf("a claim is left: %+v", s.Claim)
	}
}

// checkTold: each hour of a database is told once, or named as lost, with the cause.
func (n *night) checkTold(db *database, posts []post) {
	for hour := n.first; hour.Before(n.at); hour = hour.Add(time.Hour) {
		times := 0
		for _, p := range posts {
			if n.tells(p, db, hour) {
				times++
			}
		}
		cause, lost := db.lost[hour]
		switch {
		case lost && times == 0:
			if !mentions(posts, regexp.QuoteMeta(db.name)+`.{0,300}`+cause) {
				n.errorf("%s of %s is lost (%s), and nobody is told", db.name, hour.Format("02 15:04"), cause)
			}
		case db.logged[hour] > 0 && times == 0:
			n.errorf("%s of %s is not told", db.name, hour.Format("02 15:04"))
		case times > 1:
			n.errorf("%s of %s is told %d times", db.name, hour.Format("02 15:04"), times)
		}
	}
}

// checkStates: that a database sleeps, or logs nothing, is said when it begins and
// not all the time.
func (n *night) checkStates(db *database, posts []post) {
	if told := countPosts(posts, regexp.QuoteMeta(db.name)+saysAsleep); db.slept > 0 && (told == 0 || told > 2*db.slept) {
		n.errorf("that %s sleeps is said in %d messages, and it slept %d times", db.name, told, db.slept)
	}
	off := 0
	for hour, slow := range db.slow {
		if slow > db.logged[hour] {
			off++
		}
	}
	// After six hours the parameters are read, and what they say is said once a day.
	if told, most := countPosts(posts, saysOff.String()), 1+off/24; off >= 8 && (told == 0 || told > most) {
		n.errorf("that %s logs nothing is said in %d messages, in %d hours", db.name, told, off)
	}
}

// checkArchive: what is told of an hour is archived, and nothing else.
func (n *night) checkArchive() {
	archived := map[time.Time]*digest.Report{}
	for r, err := range archive.Reports(n.t.Context(), n.store, state.Key(slacktest.Channel), digest.Window{Start: n.first, End: n.at}) {
		if err != nil {
			n.errorf("archive: %v", err)
			return
		}
		archived[r.Window.Start] = r
	}
	for _, db := range n.dbs {
		for hour := n.first; hour.Before(n.at); hour = hour.Add(time.Hour) {
			calls := 0
			if r := archived[hour]; r != nil {
				for _, c := range r.Classes {
					if strings.Contains(c.Fingerprint, db.word(hour)) {
						calls += int(c.Calls)
					}
				}
			}
			_, lost := db.lost[hour]
			if logged := db.logged[hour]; calls > logged || calls < logged && !lost {
				n.errorf("%s of %s: %d calls are archived of %d", db.name, hour.Format("02 15:04"), calls, logged)
			}
		}
	}
}

func countPosts(posts []post, expression string) (times int) {
	e := regexp.MustCompile(`(?is)` + expression)
	for _, p := range posts {
		if e.MatchString(p.all) {
			times++
		}
	}
	return times
}

func mentions(posts []post, expression string) bool { return countPosts(posts, expression) > 0 }

// checkDone: the metric counts each hour once, and none that is not done, or in which
// there was no instance.
func (n *night) checkDone() {
	hours, done := int(n.at.Sub(n.first)/time.Hour)-n.nobody, 0
	for try := 0; try < 20 && done != hours; try++ { // the last lines may be on their way
		time.Sleep(time.Duration(try) * 10 * time.Millisecond)
		done = 0
		for line := range strings.Lines(n.output()) {
			var values struct{ HoursDone int }
			if json.Unmarshal([]byte(line), &values) == nil {
				done += values.HoursDone
			}
		}
	}
	if done != hours {
		n.errorf("HoursDone is %d in all, of %d hours", done, hours)
	}
}
