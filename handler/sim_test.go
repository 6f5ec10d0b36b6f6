package handler_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/archive"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/redact"
	"slowdigest/notifier/slacktest"
)

var simulated = flag.Int("hours", 400, "`hours` to simulate")

// seed is printed by a test that fails, and SLOWDIGEST_SEED asks for another.
func seed(t *testing.T) uint64 {
	s := uint64(1)
	if given := os.Getenv("SLOWDIGEST_SEED"); given != "" {
		var err error
		if s, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

const hoursOfARun = 200

// TestSimulation invokes the handler every hour as Lambda does, and now and then
// twice, late, side by side, or not at all; cuts its connections to S3 and Slack
// before and after they have done what was asked; and lets it die at any step.
func TestSimulation(t *testing.T) {
	first := seed(t)
	totals := map[string]int{}
	for run := range max(1, *simulated/hoursOfARun) {
		s := first + uint64(run)
		for name, scopes := range map[string][]string{"with": nil, "without": {"chat:write"}} {
			if (run%2 == 1) != (name == "without") { // every other cannot look into the channel
				continue
			}
			ok := t.Run(fmt.Sprintf("%d %s history", s, name), func(t *testing.T) {
				simulate(t, s, scopes, "", totals)
			})
			if !ok {
				t.Fatalf("SLOWDIGEST_SEED=%d repeats the first run, -hours=%d up to this one", first, *simulated)
			}
		}
	}
	t.Logf("seed %d: %v", first, totals)
}

// TestSimulationOfDays is TestSimulation where hours without news are not posted, and each
// day is told at a time.
func TestSimulationOfDays(t *testing.T) {
	first := seed(t)
	totals := map[string]int{}
	for run := range max(2, *simulated/hoursOfARun) {
		s := first + uint64(run) + 50
		scopes := [][]string{nil, {"chat:write"}}[run%2]
		ok := t.Run(fmt.Sprint(s), func(t *testing.T) { simulate(t, s, scopes, "09:00 Europe/Berlin", totals) })
		if !ok {
			t.Fatalf("SLOWDIGEST_SEED=%d repeats the first run, -hours=%d up to this one", first, *simulated)
		}
	}
	if totals["messages"] > totals["hours"]/2 || totals["days told"] < totals["hours"]/24-2 {
		t.Errorf("%d messages and %d days of %d hours", totals["messages"], totals["days told"], totals["hours"])
	}
	t.Logf("seed %d: %v", first, totals)
}

func simulate(t *testing.T, s uint64, scopes []string, daily string, totals map[string]int) {
	w := &world{t: t, rng: rand.New(rand.NewPCG(s, 6)), slack: slacktest.New(), s3: s3test.New(t, nil), logs: t.TempDir(),
		traffic: map[time.Time]bool{}, cuts: map[string]int{}, runs: map[string]int{}}
	defer w.slack.Close()
	if daily != "" {
		var err error
		if w.daily, err = handler.ParseDaily(daily); err != nil {
			t.Fatal(err)
		}
	}
	w.denies, w.blind = s%3 == 0, scopes != nil
	if daily == "" || s%2 == 0 {
		w.keep = 35 * 24 * time.Hour
	}
	w.slack.Set(func(s *slacktest.Server) { s.Scopes = scopes })
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for n := range hoursOfARun {
		w.hour(start.Add(time.Duration(n) * time.Hour))
	}
	end := start.Add(hoursOfARun * time.Hour)
	w.play(end.Add(2 * time.Hour))
	w.quiet = true // and one more run, in which all goes well
	w.at(end.Add(5*time.Hour), func() { w.invoke("the last", hourEnding(end), 2) })
	w.play(end.Add(9 * time.Hour))

	w.check(start, end)
	for k, n := range w.runs {
		totals["runs: "+k] += n
	}
	for _, n := range w.cuts {
		totals["steps cut or died at"] += n
	}
	totals["hours"] += hoursOfARun
	totals["messages"] += len(w.messages())
	for _, m := range w.messages() {
		if m.day != "" {
			totals["days told"]++
		}
	}
	totals["messages that may be a repeat"] += marked(w.messages())
}

// hour lets an hour pass: its log is written, and after it the function
// is invoked, as a rule once.
func (w *world) hour(hour time.Time) {
	w.write(hour)
	w.events(hour)
}

// events are those of an hour: as a rule there is one.
func (w *world) events(hour time.Time) {
	w.at(hour, w.clear)
	if hour.Before(w.silent) {
		return
	}
	due := hour.Add(65 * time.Minute)
	window := digest.Window{Start: hour, End: hour.Add(time.Hour)}
	request := hour.Format("15h-02")
	switch {
	case w.likely(0.08): // never
		return
	case w.likely(0.08): // late, but not later than Lambda allows
		due = due.Add(w.between(time.Minute, 5*time.Hour))
	}
	w.at(due, func() { w.invoke(request, window, 0) })
	if w.likely(0.3) { // another of the schedule, or the same event delivered twice
		again, after := request, w.between(0, 10*time.Minute)
		if w.likely(0.5) {
			again += "-again"
		}
		if w.likely(0.5) {
			after = w.between(0, 10*time.Second)
		}
		w.at(due.Add(after), func() { w.invoke(again, window, 0) })
	}
	if w.likely(0.05) {
		w.at(due.Add(w.between(0, 5*time.Hour)), func() { w.invoke(request+"-late", window, 0) })
	}
}

// clear takes old messages out of the channel, in which to search takes time.
func (w *world) clear() {
	all, keep := w.slack.Messages(), 20
	if w.fleet != nil { // whose messages may be corrected later
		keep = 400
	}
	for _, m := range all[:max(0, len(all)-keep)] {
		w.archive = append(w.archive, m)
		w.slack.Delete(m.Timestamp)
	}
}

// message is a digest in the channel.
type message struct {
	ts             string
	window         digest.Window
	failure, again bool
	day            string // that it tells
}

func (w *world) messages() []message {
	var all []message
	for _, m := range append(w.archive, w.slack.Messages()...) {
		var meta struct {
			EventPayload struct {
				Start time.Time `json:"window_start"`
				End   time.Time `json:"window_end"`
			} `json:"event_payload"`
		}
		if m.ThreadTS != "" {
			continue
		}
		if err := json.Unmarshal(m.Metadata, &meta); err != nil {
			w.t.Fatal(err)
		}
		text, day := m.Text+string(m.Blocks), ""
		if told := tellsDay.FindStringSubmatch(m.Shown()); told != nil {
			day = told[1]
		}
		all = append(all, message{m.Timestamp, digest.Window{Start: meta.EventPayload.Start, End: meta.EventPayload.End},
			strings.Contains(text, "NO DATA"), strings.Contains(text, "POSSIBLE REPEAT"), day})
	}
	return all
}

var tellsDay = regexp.MustCompile(`The day, (.{16}) to `)

// checkDays: each whole day is told once, by a message of the hour in which its time is.
func (w *world) checkDays(messages []message, since, end time.Time) {
	told := map[string]int{}
	for _, m := range messages {
		if m.day != "" && !m.again {
			told[m.day]++
		}
	}
	for at := since.Truncate(24 * time.Hour); at.Before(end); at = at.Add(24 * time.Hour) {
		hour := at.Add(7 * time.Hour) // the one that ends at 09:00 in Berlin, from November on
		if hour.Before(since) || !hour.Before(end) {
			continue
		}
		day := hour.Add(-23 * time.Hour).Format("2006-01-02 15:04")
		if n := told[day]; n != 1 && !slices.ContainsFunc(messages, func(m message) bool { return m.day == day && m.again }) {
			w.t.Errorf("the day from %s on is told %d times", day, n)
			for _, m := range messages {
				if m.day == day {
					w.t.Logf("%+v", m)
				}
			}
		}
	}
}

// check looks at what is in the channel and what is remembered at the end.
func (w *world) check(start, end time.Time) {
	t := w.t
	messages := w.messages()
	s, err := state.Read(t.Context(), state.NewS3Store(w.s3, s3test.Bucket, "prod"), state.Key(slacktest.Channel))
	if err != nil {
		t.Fatal(err)
	}
	for hour := start; hour.Before(end); hour = hour.Add(time.Hour) {
		var digests []message
		for _, m := range messages {
			if m.window.Contains(hour) && !m.failure {
				digests = append(digests, m)
			}
		}
		silent := false // as far back as that is remembered
		if e, entered := s.Entries.At(hour); (w.daily != handler.Daily{}) {
			silent = !entered || e.Silent
		}
		if w.traffic[hour] && len(digests) == 0 && !hour.Before(s.Since) && !silent {
			t.Errorf("%s is not in the channel", hour)
		}
		for _, m := range digests[min(1, len(digests)):] {
			if !m.again {
				t.Errorf("%s is in the channel %d times: %+v", hour, len(digests), digests)
			}
		}
	}
	// What was posted is unknown where a look into the channel failed, or is not
	// allowed and a run ended between its note that it posts and that it has.
	unknown := w.cuts["POST /api/conversations.history"] + w.cuts["POST /api/auth.test"]
	if w.blind {
		unknown = w.cuts["POST /api/chat.postMessage"] + w.cuts["PUT /"+s3test.Bucket+"/prod/"+state.Key(slacktest.Channel)]
	}
	if again := marked(messages); again > unknown {
		t.Errorf("%d messages say that they may be a repeat, and only %d can be unknown", again, unknown)
	}
	if (w.daily != handler.Daily{}) {
		w.checkDays(messages, s.Since, end)
	}
	w.checkFailures(messages)
	w.checkEntries(*s, messages, end)
	if !w.denies { // or an hour that was posted may not have been read again by the run that found it
		w.checkHistory(*s, messages, start, end)
	}
	w.checkArchive(*s, start, end)
}

// checkArchive: each hour that is done is archived as one undisturbed run would have it, but for those of which a
// write was cut as often as it is tried. Without the setting there is no object.
func (w *world) checkArchive(s state.State, start, end time.Time) {
	cuts := 0
	for step, n := range w.cuts {
		if strings.Contains(step, "/"+archive.Prefix) {
			cuts += n
		}
	}
	if w.keep == 0 && cuts > 0 {
		w.t.Errorf("%d steps are of an archive that there is not", cuts)
	}
	h := &handler.Handler{Source: undisturbed{w}, Instances: []string{"orders-1"}, Keep: w.keep}
	archived := map[time.Time]*digest.Report{}
	for r, err := range archive.Reports(w.t.Context(), state.NewS3Store(w.s3, s3test.Bucket, "prod"), state.Key(slacktest.Channel), digest.Window{Start: start, End: end}) {
		if err != nil {
			w.t.Fatal(err)
		}
		archived[r.Window.Start] = r
	}
	if w.keep == 0 && len(archived) > 0 {
		w.t.Errorf("%d hours are archived", len(archived))
	}
	missing, traffic := 0, 0
	for at := start; w.keep > 0 && at.Before(end); at = at.Add(time.Hour) {
		r := archived[at]
		if r == nil {
			if !at.Before(s.Since) {
				missing++
			}
			continue
		}
		_, hours, _ := h.CollectHours(w.t.Context(), digest.Window{Start: at, End: at.Add(time.Hour)})
		want, err := digest.Archived(hours[0])
		if err != nil {
			w.t.Fatal(err)
		}
		a, _ := json.Marshal(r.Classes)
		b, _ := json.Marshal(want.Classes)
		if string(a) != string(b) {
			w.t.Errorf("%s is archived as\n%s\nwant\n%s", at, a, b)
		}
		traffic += len(r.Classes)
	}
	if missing > cuts || w.keep > 0 && traffic == 0 {
		w.t.Errorf("%d hours are not archived, with %d steps cut; %d classes are", missing, cuts, traffic)
	}
	w.runs["hours not archived"] += missing
}

func marked(messages []message) int {
	n := 0
	for _, m := range messages {
		if m.again {
			n++
		}
	}
	return n
}

// checkFailures: that an hour could not be read is reported once.
func (w *world) checkFailures(messages []message) {
	known := map[time.Time]bool{}
	for _, m := range messages {
		if !m.failure {
			continue
		}
		news := false
		for at := m.window.Start; at.Before(m.window.End); at = at.Add(time.Hour) {
			news = news || !known[at]
			known[at] = true
		}
		if !news && !m.again {
			w.t.Errorf("%v is reported again to be unreadable", m.window)
		}
	}
}

// checkEntries: nobody is at work, nothing is pending, and what is entered as posted
// is in the channel.
func (w *world) checkEntries(s state.State, messages []message, end time.Time) {
	if s.Claim != nil || len(s.Missed) > 0 || len(s.Unreported) > 0 || s.Doubt {
		w.t.Errorf("left undone: %+v, %v, %v", s.Claim, s.Missed, s.Unreported)
	}
	at := s.Entries[0].Start
	for _, e := range s.Entries {
		if !e.Start.Equal(at) || e.Kind != state.Posted {
			w.t.Errorf("entry %+v, expected the hour %s to be posted", e, at)
		}
		at = e.End
		if e.TS != "" && !slices.ContainsFunc(messages, func(m message) bool {
			return m.ts == e.TS && m.window.Start.Equal(e.Start) && m.window.End.Equal(e.End)
		}) {
			w.t.Errorf("entry %+v is not in the channel", e)
		}
	}
	if !at.Equal(end) {
		w.t.Errorf("posted up to %s, want %s", at, end)
	}
}

// checkHistory: what is remembered is what one undisturbed run after the other
// would remember, to the byte.
func (w *world) checkHistory(s state.State, messages []message, start, end time.Time) {
	var want digest.History
	h := &handler.Handler{Source: undisturbed{w}, Instances: []string{"orders-1"}}
	for at := start; at.Before(end); at = at.Add(time.Hour) {
		r, err := h.Collect(w.t.Context(), digest.Window{Start: at, End: at.Add(time.Hour)})
		asked := func(m message) bool { return m.window.Contains(at) && !m.failure } // by an event that came late
		if err != nil || at.Before(s.Since) && !slices.ContainsFunc(messages, asked) {
			continue
		}
		want.Compare(r, digest.Options{TellApart: redact.TellApart})
		if err := want.Add(r); err != nil {
			w.t.Fatal(err)
		}
		want.MarkReported(r)
	}
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(s.History)
	if errA != nil || errB != nil || string(a) != string(b) {
		w.t.Errorf("remembered is\n%s\nwant\n%s", b, a)
	}
}
