package handler_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
	"slowdigest/notifier/slacktest"
	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// instances are one by itself and a cluster of a world, and what is true of them.
type instances struct {
	w       *world
	rds     *rdstest.Server
	members []*member
	begun   time.Time
	green   time.Time // when there may be another switchover
}

// member is a DB instance as long as it is one, whatever its name.
type member struct {
	*rdstest.Instance
	name   string
	names  []string // all that it has had
	since  map[string]time.Time
	n      int
	logged map[time.Time]int
	lost   map[time.Time]bool // that nobody can read any more
	unsure map[time.Time]bool // of which nobody may know
	asleep bool
	gone   bool // deleted, or not used any more
	old    bool // renamed in a switchover
}

// trouble is what may happen in a simulated world, each with its probability per hour.
type trouble struct {
	name                                        string
	quiet                                       rdstest.QuietHours
	sleep, fail, lag, vanish, rename, wrongTime float64
	remake, gap                                 float64 // a gap is a day and more without events
}

func newInstances(w *world, quiet rdstest.QuietHours) *instances {
	f := &instances{w: w, rds: rdstest.NewServer()}
	for _, name := range []string{"orders", "shop-1", "shop-2"} {
		f.add(name, quiet)
	}
	return f
}

func (f *instances) add(name string, quiet rdstest.QuietHours) *member {
	m := &member{Instance: f.rds.AddInstance(name), name: name, names: []string{name}, since: map[string]time.Time{name: f.w.now}, n: len(f.members), logged: map[time.Time]int{}, lost: map[time.Time]bool{}, unsure: map[time.Time]bool{}}
	if strings.HasPrefix(name, "shop") {
		m.Cluster = "shop"
	}
	m.SetParameters("logging", map[string]string{"slow_query_log": "1", "log_output": "FILE"})
	m.Created, m.Quiet, m.Keep = f.w.now, quiet, 14*24*time.Hour
	m.Write(rdstest.SlowLog, []byte(rdstest.Banner), f.w.now)
	f.members = append(f.members, m)
	return m
}

// serve serves the event of an invocation as the function does: names are
// resolved, and everything goes over the wire.
func (f *instances) serve(ctx context.Context, i *invocation) error {
	cfg := f.rds.Config()
	cfg.HTTPClient = &http.Client{Transport: i}
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.RateLimiter = unlimited{}
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	from := source.NewRDS(cfg, source.Options{Patience: time.Nanosecond, Concurrency: 1, Sequential: true})
	all := handler.Fleet{
		Now: func() time.Time { return f.w.now },
		Discover: func(ctx context.Context) ([]source.Instance, error) {
			return from.Discover(ctx, []string{"orders", "cluster:shop"}, "")
		},
		Defaults: handler.Route{Channel: slacktest.Channel},
		Handler: func(context.Context, string) (*handler.Handler, error) {
			h := f.w.handler(i)
			h.Source, h.Parallel = from, 1
			return h, nil
		},
	}
	_, err := all.HandleEvent(ctx, fmt.Appendf(nil, `{"time":%q}`, i.window.End.Add(5*time.Minute).Format(time.RFC3339)))
	return err
}

// word is the table that one hour of one member uses.
func (m *member) word(hour time.Time) string {
	h := int(hour.Sub(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) / time.Hour)
	return fmt.Sprintf("hr%c%c%c%cx", 'a'+m.n/26, 'a'+m.n%26, 'a'+h/26, 'a'+h%26)
}

// write makes the slow queries up to a minute of an hour.
func (f *instances) write(hour time.Time, minute int) {
	for _, m := range f.members {
		if m.gone || m.asleep || m.old {
			continue
		}
		at := hour.Add(time.Duration(minute) * time.Minute)
		m.logged[hour]++
		m.Append(rdstest.SlowLog, []byte(entry(at, "select a from "+m.word(hour)+" where id = 7")), at)
	}
}

// hour is an hour of a fleet: it is used, something may happen, and its logs are
// rotated. The events are those of any world.
func (f *instances) hour(hour time.Time, p trouble) {
	w := f.w
	quiet := w.rng.IntN(6) == 0
	at := func(minute int, do func()) { w.at(hour.Add(time.Duration(minute)*time.Minute), do) }
	for _, minute := range []int{10, 20, 40} {
		if !quiet {
			at(minute, func() { f.write(hour, minute) })
		}
	}
	if w.likely(p.sleep) {
		f.sleepFrom(hour.Add(30*time.Minute), 1+w.rng.IntN(10))
	}
	if w.likely(p.vanish) {
		at(58, f.vanish)
	}
	if w.likely(p.rename) {
		at(30, f.rename)
	}
	if w.likely(p.remake) {
		at(15, func() { f.remake() })
	}
	if w.likely(p.rename) {
		at(22, f.rejoin)
	}
	if w.likely(p.gap) {
		f.w.silent = hour.Add(w.between(10*time.Hour, 40*time.Hour))
		w.trace("no event until %s", f.w.silent.Format("02 15:04"))
	}
	end := hour.Add(time.Hour)
	at(60, func() {
		for _, m := range f.members {
			if !m.gone {
				m.EndHour(end.Add(time.Duration(m.n) * time.Millisecond)) // no two servers do so in the same one
			}
		}
		f.trouble(end, p)
	})
	if w.likely(p.wrongTime) {
		wrong := end.Add(w.between(2*time.Hour, 400*24*time.Hour))
		if w.likely(0.3) {
			wrong = end.AddDate(-1, 0, 0)
		}
		at(59, func() { w.invoke("wrong"+end.Format("15h-02"), hourEnding(wrong.Truncate(time.Hour)), 2) })
	}
}

// trouble has the log of an hour fail or lag for some hours.
func (f *instances) trouble(end time.Time, p trouble) {
	w, m := f.w, f.some()
	if m == nil {
		return
	}
	name := fmt.Sprintf("%s.%s.%d", rdstest.SlowLog, end.Format(time.DateOnly), end.Hour())
	until := end.Add(w.between(10*time.Minute, 4*time.Hour))
	if w.likely(p.fail) {
		kinds := []rdstest.Kind{rdstest.InternalFailure, rdstest.AccessDenied, rdstest.InstanceNotReady, rdstest.FileNotFound, rdstest.Throttling}
		f.rds.Inject(rdstest.Fault{Kind: kinds[w.rng.IntN(len(kinds))], Instance: m.name, File: name, Times: -1})
		w.trace("%s of %s fails until %s", name, m.name, until.Format("15:04"))
		w.at(until, f.rds.Heal)
	}
	if w.likely(p.lag) {
		w.trace("%s of %s is not listed until %s", name, m.name, until.Format("15:04"))
		m.Hide(name)
		w.at(until, func() { m.Show(name) })
	}
}

// some returns a member that is awake, or nil.
func (f *instances) some() *member {
	var all []*member
	for _, m := range f.members {
		if !m.gone && !m.asleep && !m.old {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[f.w.rng.IntN(len(all))]
}

func (f *instances) sleepFrom(at time.Time, hours int) {
	m := f.some()
	if m == nil {
		return
	}
	f.w.at(at, func() {
		if m.gone || m.asleep || m.old {
			return
		}
		m.asleep = true
		f.w.trace("%s falls asleep for %d hours", m.name, hours)
		if f.w.rng.IntN(2) == 0 {
			m.Pause()
		} else {
			m.Stop()
		}
		f.w.at(at.Add(time.Duration(hours)*time.Hour-25*time.Minute), func() {
			f.wake(m)
		})
	})
}

func (f *instances) wake(m *member) {
	if !m.gone {
		f.w.trace("%s wakes", m.name)
		m.asleep = false
		m.Start(f.w.now)
	}
}

// vanish deletes a reader. Another comes.
func (f *instances) vanish() {
	for _, m := range f.members {
		if strings.HasPrefix(m.name, "shop-") && m.name != "shop-1" && !m.gone {
			f.lose(m)
			f.add(fmt.Sprintf("shop-%d", len(f.members)), m.Quiet)
			return
		}
	}
}

// remake deletes orders and restores it within the hour, with an empty log.
func (f *instances) remake() {
	for _, m := range f.members {
		if m.name == "orders" && !m.gone && !m.asleep {
			f.lose(m)
			f.w.at(f.w.now.Add(15*time.Minute), func() { f.add("orders", m.Quiet) })
			return
		}
	}
}

// known reports whether a run that has come to its end has read an instance.
func (f *instances) known(m *member) bool {
	s := f.state()
	for _, seen := range s.Instances {
		if seen.ID == m.ResourceID() {
			return true
		}
	}
	return slices.ContainsFunc(s.Formers, func(former state.Former) bool { return former.ID == m.ResourceID() })
}

func (f *instances) state() *state.State {
	s, err := state.Read(f.w.t.Context(), state.NewS3Store(f.w.s3, s3test.Bucket, "prod"), state.Key(slacktest.Channel))
	if err != nil {
		f.w.t.Fatal(err)
	}
	return s
}

// lose deletes an instance, and what is not told of it is lost. Of one that no run has seen,
// or only such as died, nobody can know.
func (f *instances) lose(m *member) {
	if !f.known(m) {
		m.forgive()
	}
	f.w.trace("%s is deleted", m.name)
	f.rds.RemoveInstance(m.name)
	m.gone = true
	text := f.text()
	for hour := range m.logged {
		m.lost[hour] = !m.unsure[hour] && !strings.Contains(text, m.word(hour))
	}
}

// forgive has nobody miss what a member has logged.
func (m *member) forgive() {
	for hour := range m.logged {
		m.unsure[hour] = true
	}
}

func (f *instances) text() string {
	var b strings.Builder
	for _, m := range append(f.w.archive, f.w.slack.Messages()...) {
		b.WriteString(shown(m))
	}
	return b.String()
}

func shown(m slacktest.Message) string { return m.ShownText() + "\n" + m.Shown() + "\n" }

// rename is a blue/green switchover of orders. The old one of the last may be deleted
// before; what comes then has its name, and else the next that is free. Some do not answer
// for a while. It takes half a day to make a green one. Of one that no
// run has seen nobody can know.
func (f *instances) rename() {
	if f.w.now.Before(f.green) {
		return
	}
	f.green = f.w.now.Add(12 * time.Hour)
	deletes, name := f.w.rng.IntN(2) == 0, "orders-old1"
	for _, m := range f.members {
		switch {
		case !m.old || m.gone:
		case deletes:
			f.lose(m)
		default:
			name = f.free()
		}
	}
	for _, m := range f.members {
		if m.name == "orders" && !m.gone && !m.asleep {
			if !f.known(m) {
				m.forgive()
			}
			f.move(m, name)
			m.old = true
			f.add("orders", m.Quiet)
			f.after(m)
			return
		}
	}
}

// after is what becomes of an instance that was switched over.
func (f *instances) after(old *member) {
	green, soon := f.members[len(f.members)-1], f.w.now.Add(f.w.between(time.Minute, 80*time.Minute))
	switch f.w.rng.IntN(6) {
	case 0, 1:
		old.asleep = true
		old.Stop()
		f.w.trace("and is stopped")
		f.w.at(f.w.now.Add(f.w.between(time.Hour, 10*time.Hour)), func() { f.wake(old) })
	case 2:
		f.w.at(soon, func() {
			if !old.gone {
				f.lose(old)
			}
		})
	case 3: // another switchover follows at once
		f.w.at(soon, func() {
			if green.name == "orders" && !green.gone && !green.asleep {
				f.move(green, f.free())
				green.old = true
				f.add("orders", green.Quiet)
			}
		})
	case 4: // it is taken back; if no run has come in between nobody can know
		f.w.at(soon, func() {
			if green.name == "orders" && !green.gone && !green.asleep && !old.gone {
				if !f.known(green) {
					green.forgive()
				}
				f.move(green, fmt.Sprintf("orders-green%d", green.n))
				f.move(old, "orders")
				green.old, old.old = true, false
			}
		})
	}
}

// move renames an instance.
func (f *instances) move(m *member, name string) {
	f.w.trace("%s becomes %s", m.name, name)
	f.rds.RenameInstance(m.name, name)
	m.name, m.names = name, append(m.names, name)
	if _, had := m.since[name]; !had {
		m.since[name] = f.w.now
	}
}

// rejoin renames a member of the cluster, which stays one.
func (f *instances) rejoin() {
	for _, m := range f.members {
		if strings.HasPrefix(m.name, "shop-") && !m.gone {
			f.move(m, fmt.Sprintf("shop-%d", 100+f.w.rng.IntN(900)))
			return
		}
	}
}

// free returns the first name that a switchover can give.
func (f *instances) free() string {
	for n := 1; ; n++ {
		name := fmt.Sprint("orders-old", n)
		if !slices.ContainsFunc(f.members, func(m *member) bool { return m.name == name && !m.gone }) {
			return name
		}
	}
}

// settle ends all that goes wrong.
func (f *instances) settle() {
	f.rds.Heal()
	for _, m := range f.members {
		if m.asleep {
			f.wake(m)
		}
	}
}

var (
	saysDeleted  = regexp.MustCompile(`(?i)\b(deleted|purged|hours lost)\b`)
	saysComplete = regexp.MustCompile(`(?i)(\bnot |\bin)?\bcomplete\b`)
	saysCount    = regexp.MustCompile(`(\d+) slow quer(y|ies)\b`)
	// What was told in a day, or of a class that is no more, is not told again.
	saysToldBefore = regexp.MustCompile(`It told: .*|GONE .*`)
	saysQuiet      = regexp.MustCompile(`(?i)\bno slow quer(y|ies)\b( was seen)?`)
)

// check: each hour of each member is told once, or is named as unknown with its
// cause; and nothing is called complete, deleted or quiet that is not.
func (f *instances) check(end time.Time) {
	s := f.state()
	if s.Since.Add(time.Hour).After(f.begun) { // who sleeps after the first hour is not known to have been awake
		f.begun = s.Since.Add(time.Hour)
	}
	posts := f.posts()
	all := f.text()
	silent := func(time.Time) bool { return false }
	if (f.w.daily != handler.Daily{}) {
		silent = func(hour time.Time) bool {
			e, entered := s.Entries.At(hour)
			return entered && e.Silent
		}
	}
	for _, m := range f.members {
		for hour := range m.logged {
			if hour.Before(f.begun) || !hour.Before(end) {
				continue
			}
			var told []string
			for ts, p := range posts {
				if f.tells(p, m, hour) && !strings.Contains(p.text, "POSSIBLE REPEAT") {
					told = append(told, ts)
				}
			}
			named := regexp.MustCompile(`(?is)\b(` + strings.Join(m.names, "|") + `)\b.{0,300}\b(deleted|gone|no longer|removed|not found|not exist|is lost)\b`)
			switch {
			case len(told) > 1:
				f.w.t.Errorf("%s of %s is told %d times: %v", hour.Format("02 15:04"), m.name, len(told), told)
			case len(told) == 0 && m.unsure[hour]:
			case len(told) == 0 && m.lost[hour] && !named.MatchString(all):
				f.w.t.Errorf("%s of %s is lost, and nobody is told", hour.Format("02 15:04"), m.name)
			case len(told) == 0 && !m.lost[hour] && !silent(hour) && !f.repeated(posts, m, hour):
				f.w.t.Errorf("%s of %s is not told", hour.Format("02 15:04"), m.name)
			}
		}
	}
	for _, ts := range slices.Sorted(maps.Keys(posts)) {
		p := posts[ts]
		f.checkClaims(p)
		f.w.trace("message %s of %s to %s: %s", ts, p.window.Start.Format("02 15:04"), p.window.End.Format("15:04"), p.text)
	}
}

func (f *instances) checkClaims(p fleetPost) {
	total, untold, lost := 0, 0, false
	for _, m := range f.members {
		lost = lost || m.gone
		for hour, n := range m.logged {
			if p.window.Contains(hour) {
				if !m.unsure[hour] {
					total += n
				}
				if !m.unsure[hour] && !f.tells(p, m, hour) {
					untold += n
				}
			}
		}
	}
	when := p.window.Start.Format("02 15:04")
	if said := saysDeleted.FindString(p.text); said != "" && !lost {
		f.w.t.Errorf("%s: says %q", when, said)
	}
	if said := saysQuiet.FindStringSubmatch(p.text); said != nil && said[2] == "" && total > 0 {
		f.w.t.Errorf("%s: says %q of %d", when, said[0], total)
	}
	for _, said := range saysComplete.FindAllStringSubmatch(p.text, -1) {
		if said[1] == "" && untold > 0 {
			f.w.t.Errorf("%s: says %q without %d of %d", when, said[0], untold, total)
		}
	}
}

// tells reports whether a message tells of an hour: by its table or, where the thread of a
// run that died is missing or has no room for it, by a number that is that of all, or of all
// of the instance under a name that it has had.
func (f *instances) tells(p fleetPost, m *member, hour time.Time) bool {
	if strings.Contains(saysToldBefore.ReplaceAllString(p.text, ""), m.word(hour)) {
		return true
	}
	if !p.window.Contains(hour) || m.logged[hour] == 0 {
		return false
	}
	least, most := map[*member]int{}, map[*member]int{}
	for _, m := range f.members {
		for at, n := range m.logged {
			if !p.window.Contains(at) {
				continue
			}
			most[m] += n
			most[nil] += n
			if !m.lost[at] && !m.unsure[at] {
				least[m] += n
				least[nil] += n
			}
		}
	}
	all := func(said []string, m *member) bool {
		if said == nil {
			return false
		}
		n, err := strconv.Atoi(said[1])
		return err == nil && least[m] <= n && n <= most[m]
	}
	return all(saysCount.FindStringSubmatch(p.text), nil) || slices.ContainsFunc(m.names, func(name string) bool {
		return m.since[name].Before(p.window.End) && strings.Contains(p.text, name+" ") &&
			all(regexp.MustCompile(`\b`+regexp.QuoteMeta(name)+` \S+ in (\d+) quer`).FindStringSubmatch(p.text), m)
	})
}

// repeated reports whether a message that may be a repeat tells of an hour.
func (f *instances) repeated(posts map[string]fleetPost, m *member, hour time.Time) bool {
	for _, p := range posts {
		if f.tells(p, m, hour) {
			return true
		}
	}
	return false
}

type fleetPost struct {
	window digest.Window
	text   string // with the thread
}

func (f *instances) posts() map[string]fleetPost {
	posts := map[string]fleetPost{}
	for _, m := range f.w.messages() {
		posts[m.ts] = fleetPost{window: m.window}
	}
	for _, m := range append(f.w.archive, f.w.slack.Messages()...) {
		ts := m.Timestamp
		if m.ThreadTS != "" {
			ts = m.ThreadTS
		}
		p := posts[ts]
		p.text += shown(m)
		posts[ts] = p
	}
	return posts
}
