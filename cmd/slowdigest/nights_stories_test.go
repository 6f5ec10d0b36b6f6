package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"slowdigest/notifier/slacktest"
	"slowdigest/source/rdstest"
)

// eventStories are of events that come late, twice, early, or of another time.
var eventStories = []story{
	{"event in time", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(4)
	}, 0},
	{"event late", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(1)
		end := n.live()
		n.pass(2)
		n.event(end, 3*time.Hour)
		n.pass(1)
	}, 0},
	{"event twice", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(1)
		end := n.live()
		n.event(end, 5*time.Minute)
		n.event(end, 6*time.Minute)
		n.pass(1)
	}, 0},
	{"event of a clock that is some seconds ahead", "orders", func(n *night) {
		db := n.add("orders", 5)
		n.pass(1)
		hour := n.at
		end := n.live()
		db.slow[hour]++
		db.logged[hour]++
		late := time.AfterFunc(2*time.Second, func() {
			at := end.Add(-time.Second)
			db.Append(file(end), []byte(slowEntry(at, 1.5, 10, "select a from "+db.word(hour)+" where id = 7")), at)
		})
		n.event(end, -4*time.Second)
		if late.Stop() {
			n.errorf("the run did not wait for the end of the hour")
		}
		n.pass(1)
	}, 0},
	{"event half an hour early", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(1)
		n.clock.set(n.at.Add(30 * time.Minute))
		n.refused(scheduled(n.at.Add(65 * time.Minute)))
		n.pass(2)
	}, 0},
	{"event in local time", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(2)
		n.refused(scheduled(n.at.Add(2*time.Hour + 5*time.Minute)))
		n.pass(4)
	}, 0},
	{"event of next year", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(2)
		n.refused(scheduled(n.at.AddDate(1, 0, 0)))
		n.pass(3)
	}, 0},
	{"event of last year", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(2)
		n.refused(scheduled(n.at.AddDate(-1, 0, 0)))
		n.pass(3)
	}, 0},
	{"event of the year 9999", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(1)
		n.refused(`{"time":"9999-12-31T23:59:59Z"}`)
		n.pass(2)
	}, 0},
	{"event of the year 1", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(1)
		n.refused(`{"time":"0001-01-01T01:05:00Z"}`)
		n.pass(2)
	}, 0},
	{"event of the console, as the first", "orders", func(n *night) {
		n.add("orders", 5)
		n.clock.set(n.at)
		n.refused(consoleEvent)
		n.pass(3)
	}, 0},
	{"state of hours that have not been", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(2)
		n.edit(func(s map[string]any) {
			s["entries"] = append(s["entries"].([]any), map[string]any{"kind": "posted",
				"start": n.at.AddDate(1, 0, 0).Format(time.RFC3339), "end": n.at.AddDate(1, 0, 0).Add(time.Hour).Format(time.RFC3339)})
		})
		n.change("hours are unsettled")
		n.pass(3)
	}, 0},
	{"state damaged", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(3)
		n.save(`{"version":1,"entries":[`)
		n.change("the state is lost")
		n.pass(2)
		if !mentions(n.posts(), `still to be read of earlier hours is not known any more`) {
			n.errorf("nobody is told that pending hours are forgotten")
		}
	}, 0},
}

// consoleEvent is the template of a scheduled event in the console of Lambda.
const consoleEvent = `{"id":"cdc73f9d-aea9-11e3-9d5a-835b769c0d9c","detail-type":"Scheduled Event","source":"aws.events","account":"123456789012",` +
	`"time":"1970-01-01T00:00:00Z","region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/ExampleRule"],"detail":{}}`

// edit edits the state as its JSON.
func (n *night) edit(edit func(s map[string]any)) {
	var s map[string]any
	unmarshal(n.t, n.saved(), &s)
	edit(s)
	data, err := json.Marshal(s)
	if err != nil {
		n.t.Fatal(err)
	}
	n.save(string(data))
}

// alone has the log of an hour fail alone, for two events.
func alone(kind rdstest.Kind) func(n *night) {
	return func(n *night) {
		n.waiting = 4 * time.Minute
		n.add("orders", 5)
		n.pass(2)
		end := n.live()
		n.rds.Inject(rdstest.Fault{Kind: kind, File: file(end), Times: -1})
		n.change("a file fails")
		n.event(end, 5*time.Minute)
		n.pass(1)
		n.rds.Heal()
		n.change("it does no more")
		n.pass(2)
	}
}

// fileStories are of logs that cannot be read for a while, or are not what they seem.
var fileStories = []story{
	{"file fails", "orders", alone(rdstest.InternalFailure), whatever},
	{"file denied", "orders", alone(rdstest.AccessDenied), whatever},
	{"file not ready", "orders", alone(rdstest.InstanceNotReady), whatever},
	{"file gone and back", "orders", alone(rdstest.FileNotFound), whatever},
	{"correction fails", "orders,billing", func(n *night) {
		n.add("orders", 5)
		n.add("billing", 3)
		n.pass(2)
		end := n.live()
		n.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Instance: "billing", File: file(end), Times: -1})
		n.change("a file is denied")
		n.event(end, 5*time.Minute)
		n.rds.Heal()
		n.change("it is no more")
		for range 3 { // the first run tries it twice, and the next one is better off with its second try
			n.slack.Fail(slacktest.Fault{Method: "chat.update", Status: 500})
		}
		n.pass(1)
		if !mentions(n.posts(), "PARTIAL") {
			n.errorf("it is corrected by an edit that failed")
		}
		n.pass(1)
		if mentions(n.posts(), "PARTIAL") {
			n.errorf("it is not corrected")
		}
	}, 0},
	{"messages can no longer be edited", "orders,billing", func(n *night) {
		n.add("orders", 5)
		db := n.add("billing", 3)
		n.pass(2)
		n.dbs[0].rate = 0 // what is told of it would be told again
		end := n.live()
		n.dbs[0].rate = 5
		n.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Instance: db.name, File: file(end), Times: -1})
		n.change("a file is denied")
		n.event(end, 5*time.Minute)
		n.rds.Heal()
		n.change("it is no more")
		n.slack.Fail(slacktest.Fault{Method: "chat.update", Code: "edit_window_closed"})
		n.pass(2)
		if !mentions(n.posts(), "Corrected: billing could not be read") {
			n.errorf("it is not corrected")
		}
	}, 0},
	{"listing lags", "orders", func(n *night) {
		db := n.add("orders", 5)
		n.pass(2)
		end := n.live()
		db.Hide(file(end))
		n.change("a file is not listed")
		n.event(end, 5*time.Minute)
		db.Show(file(end))
		n.change("it is")
		n.pass(2)
	}, whatever},
	{"file of another name", "orders", func(n *night) {
		db := n.add("orders", 5)
		n.pass(2)
		for range 3 {
			end := n.live()
			db.Rename(file(end), "slowquery/slow-"+end.Format("20060102T15")+".txt")
			n.event(end, 5*time.Minute)
		}
		n.change("files have another name")
	}, 0},
	{"quiet hours have no file", "orders", func(n *night) {
		db := n.add("orders", 5)
		db.Quiet = rdstest.NoQuietFile
		n.pass(1)
		db.rate = 0
		n.pass(4)
		db.rate = 5
		n.pass(1)
		db.rate = 0
		for range 4 { // which one run has to catch up with
			n.live()
		}
		db.rate = 5
		n.pass(2)
	}, 0},
	{"quiet neighbour", "orders,billing", func(n *night) {
		n.add("orders", 1)
		quiet := n.add("billing", 1)
		quiet.Quiet = rdstest.NoQuietFile
		n.pass(2)
		for _, hours := range []int{9, 3} {
			quiet.rate = 0
			n.pass(hours)
			quiet.rate = 1
			n.pass(1)
		}
		n.pass(7)
		for _, p := range n.posts() {
			if strings.Contains(p.all, "Corrected") || strings.Contains(p.all, "lists no slow log") {
				n.errorf("a quiet hour is said to be missing: %s", p.all)
			}
		}
	}, 0},
	{"all older files deleted", "orders", func(n *night) {
		db := n.add("orders", 5)
		purge := step{30, func(hour time.Time) {
			for range 3 {
				db.Remove(file(hour))
				hour = hour.Add(-time.Hour)
			}
		}}
		n.pass(3)
		n.pass(1, purge)
		n.pass(2)
		n.add("orders-old1", 0) // of an earlier switchover
		n.pass(1, purge)
		n.pass(2)
		if mentions(n.posts(), `another instance|switchover|-old1|PARTIAL`) {
			n.errorf("files that were read are missed")
		}
	}, 0},
	{"log off", "orders", func(n *night) {
		db := n.add("orders", 5)
		db.Quiet = rdstest.NoQuietFile
		n.pass(3)
		n.parameters(db, false)
		n.pass(31)
		n.parameters(db, true)
		n.pass(2)
	}, 0},
	{"cluster and its member", "orders,orders-1", func(n *night) {
		n.add("orders-1", 5).Cluster = "orders"
		n.pass(3)
		n.invoke(`{"instances":["orders","orders-1"],"dry_run":true,"since":"` + n.at.Add(-2*time.Hour).Format(time.RFC3339) + `","until":"` + n.at.Format(time.RFC3339) + `"}`)
	}, 0},
}

// asleep has a database sleep for a night.
func asleep(id string, how func(*rdstest.Instance), code string) func(n *night) {
	return func(n *night) {
		db := n.add(id, 5)
		db.AsleepCode = code
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.sleep(db, how) }})
		n.pass(11)
		n.pass(1, step{10, func(hour time.Time) { n.wake(db, hour.Add(10*time.Minute)) }})
		if len(n.dbs) == 1 && mentions(n.posts(), "is read when it is available again") {
			n.errorf("the first message after %s is awake says that it is not", id)
		}
		n.pass(2)
	}
}

// sleepStories are of databases that are stopped or paused at night.
var sleepStories = []story{
	{"stopped, by its name", "orders-1", asleep("orders-1", (*rdstest.Instance).Stop, ""), 0},
	{"stopped, by a pattern", "orders-*", asleep("orders-1", (*rdstest.Instance).Stop, ""), 0},
	{"stopped, by another error", "orders-1", asleep("orders-1", (*rdstest.Instance).Stop, "InvalidDBInstanceState"), 0},
	{"paused, by its name", "orders-1", asleep("orders-1", (*rdstest.Instance).Pause, ""), 0},
	{"paused, by a pattern", "orders-*", asleep("orders-1", (*rdstest.Instance).Pause, ""), 0},
	{"sleeping reader", "orders-1,orders-2", func(n *night) {
		n.add("orders-2", 5)
		asleep("orders-1", (*rdstest.Instance).Stop, "")(n)
	}, 0},
	{"one of several asleep from the first hour on", "orders-1,orders-2", func(n *night) {
		n.add("orders-2", 5)
		db := n.add("orders-1", 3)
		n.live() // long before the first event
		n.sleep(db, (*rdstest.Instance).Stop)
		for range 3 {
			n.live()
		}
		n.pass(3)
		n.pass(1, step{10, func(hour time.Time) { n.wake(db, hour.Add(10*time.Minute)) }})
		n.pass(2)
	}, 0},
	{"one that is stopped is added", "orders-*", func(n *night) {
		n.add("orders-2", 5)
		n.pass(2)
		db := n.add("orders-1", 3)
		n.sleep(db, (*rdstest.Instance).Stop)
		n.pass(3)
		n.pass(1, step{10, func(hour time.Time) { n.wake(db, hour.Add(10*time.Minute)) }})
		n.pass(2)
	}, 0},
	{"started on the hour, of two", "orders-*", func(n *night) {
		n.add("orders-2", 3)
		db := n.add("orders-1", 5)
		n.pass(3)
		end := n.live()
		n.sleep(db, (*rdstest.Instance).Stop)
		n.event(end, 5*time.Minute)
		n.pass(9)
		end = n.live()
		n.wake(db, end)
		n.event(end, 5*time.Minute)
		n.pass(2)
	}, 0},
	{"restarted when the event comes", "orders,billing", func(n *night) {
		n.add("billing", 3)
		db := n.add("orders", 5)
		n.pass(2)
		end := n.live()
		n.notReady(db, "rebooting")
		n.event(end, 5*time.Minute)
		n.ready(db)
	}, 0},
	{"storage full for some hours", "orders", func(n *night) {
		n.waiting = 4 * time.Minute
		db := n.add("orders", 5)
		n.pass(2)
		n.notReady(db, "storage-full")
		n.pass(3)
		if !mentions(n.posts(), `NO DATA.*the status of the instance is storage-full`) || len(n.failed) == 0 {
			n.errorf("nobody is told that the storage is full, or no alarm rings")
		}
		n.ready(db)
	}, whatever},
	{"the only one stopped for two days, and told daily", "orders-1; daily 09:00", func(n *night) {
		db := n.add("orders-1", 5)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.sleep(db, (*rdstest.Instance).Stop) }})
		n.pass(40)
		for _, said := range []string{"no slow quer", "only in part", "[1-9][0-9]* hours? read,", "complete"} {
			if posts := n.posts(); countPosts(posts[len(posts)-1:], said) > 0 {
				n.errorf("of a day in which it slept it is said: %s", said)
			}
		}
		if posts := n.posts(); countPosts(posts[len(posts)-1:], "In 24 hours an instance was paused or stopped") == 0 {
			n.errorf("that it slept all day is not told")
		}
		n.pass(1, step{10, func(hour time.Time) { n.wake(db, hour.Add(10*time.Minute)) }})
		n.pass(1)
		db.slept = 2 // it is said by the message of the day, too
	}, 0},
	{"asleep from the first hour on", "orders-1", func(n *night) {
		db := n.add("orders-1", 5)
		n.sleep(db, (*rdstest.Instance).Stop)
		n.pass(3)
		n.pass(1, step{10, func(hour time.Time) { n.wake(db, hour.Add(10*time.Minute)) }})
		n.pass(1)
	}, 0},
}

// notReady has the calls for the logs of a database refused, as RDS does in some statuses.
func (n *night) notReady(db *database, status string) {
	db.Status = status
	for _, action := range []string{"", "rds:DescribeDBLogFiles"} {
		n.rds.Inject(rdstest.Fault{Kind: rdstest.InstanceNotReady, Action: action, Instance: db.name, Times: -1})
	}
	n.change(db.name + " is " + status)
}

func (n *night) ready(db *database) {
	n.rds.Heal()
	db.Status = ""
	n.change(db.name + " is available")
	n.pass(2)
	if mentions(n.posts(), "paused or stopped") {
		n.errorf("%s was not available, and is said to have been asleep", db.name)
	}
}

const goneCause = `\b(gone|deleted|removed|no longer|scaled in|not found|no such)\b`

// goneStories are of those who are gone, and of what was gone in the meantime.
var goneStories = []story{
	{"token revoked for a weekend", "orders", func(n *night) {
		n.waiting = 4 * time.Minute
		n.add("orders", 2)
		n.pass(2)
		n.ssm.set(slacktest.Token + "-revoked")
		n.pass(60)
		n.ssm.set(slacktest.Token)
		n.change("the token is back")
		n.pass(1)
		if all := n.posts(); !n.dead && (len(all) < 3 || !all[2].window.End.Equal(n.at)) {
			n.errorf("the newest hour is not the first to be caught up with")
		}
		n.pass(1)
	}, 180},
	{"logs gone after a weekend", "orders", func(n *night) {
		n.waiting = 4 * time.Minute
		db := n.add("orders", 2)
		db.Keep = 24 * time.Hour
		n.pass(2)
		n.ssm.set(slacktest.Token + "-revoked")
		from := n.at
		n.pass(40)
		n.ssm.set(slacktest.Token)
		n.change("the token is back")
		n.change("hours are lost")
		end := n.live()
		for hour := from; hour.Before(end.Add(-db.Keep)); hour = hour.Add(time.Hour) {
			db.lost[hour] = `\b(deleted|lost|gone|no longer)\b`
		}
		n.event(end, 5*time.Minute)
		n.pass(1)
	}, 120},
	{"reader scaled in", "cluster:orders", func(n *night) {
		n.add("orders-1", 5).Cluster = "orders"
		reader := n.add("application-autoscaling-1", 3)
		reader.Cluster = "orders"
		n.pass(2)
		n.pass(1, step{58, func(hour time.Time) { n.remove(reader, hour, goneCause) }})
		n.pass(2)
	}, 0},
	{"instance deleted", "orders,billing", func(n *night) {
		n.add("orders", 5)
		db := n.add("billing", 3)
		n.pass(2)
		n.pass(1, step{0, func(hour time.Time) { n.remove(db, hour, goneCause) }})
		n.pass(4)
	}, 0},
	{"instance restored under its name", "orders,billing", func(n *night) {
		n.add("orders", 5)
		db := n.add("billing", 4)
		n.pass(2)
		n.pass(1, step{20, func(hour time.Time) { n.remove(db, hour, `billing was deleted`) }}, step{40, func(hour time.Time) {
			n.add("billing", 3).Created = hour.Add(40 * time.Minute)
		}})
		n.pass(4)
	}, 0},
	{"all of a pattern deleted", "orders-*", allGone("orders-1", "orders-2"), 0},
	{"all of a cluster deleted", "cluster:orders", allGone("shop-1", "shop-2"), 0},
	{"sole instance deleted", "orders", allGone("orders"), 0},
}

// allGone deletes all instances that there are, and makes the first anew a night later.
func allGone(ids ...string) func(n *night) {
	return func(n *night) {
		var dbs []*database
		for _, id := range ids {
			dbs = append(dbs, n.add(id, 5))
			dbs[len(dbs)-1].Cluster = "orders"
		}
		n.pass(2)
		n.pass(1, step{30, func(hour time.Time) {
			for _, db := range dbs {
				n.remove(db, hour, goneCause)
			}
		}})
		n.pass(8)
		if all := n.posts(); len(all) != 3 || !strings.Contains(all[2].all, "still there at 2026-11-20 20:00 UTC") {
			n.errorf("%d messages, and the last does not tell until when %v were there", len(all), ids)
		} else if named := !slices.Contains(n.names, "orders"); named != strings.Contains(all[2].all, "No instance matches "+strings.Join(n.names, ", ")) {
			n.errorf("what matches nothing is not said, or is said without need: %s", all[2].all)
		}
		db := n.add(ids[0], 5)
		db.Cluster = "orders"
		n.change("it is back")
		n.pass(2)
	}
}

// once lets one fault happen in the second of three hours.
func once(fault func(n *night)) func(n *night) {
	return func(n *night) {
		n.waiting = 100 * time.Second // a silence limit of a minute, and what else there is to do
		n.add("orders", 5)
		n.pass(1)
		fault(n)
		n.pass(2)
	}
}

// silenceStories are of services that do not answer, or ask to try again.
var silenceStories = []story{
	{"S3 does not answer a GET", "orders", once(func(n *night) { n.s3Gate.fail(http.MethodGet, 1, hang) }), 0},
	{"S3 does not answer a PUT", "orders", once(func(n *night) { n.s3Gate.fail(http.MethodPut, 1, hang) }), 0},
	{"SSM does not answer", "orders", once(func(n *night) { n.ssmGate.fail("", 1, hang) }), 0},
	{"RDS does not answer", "orders", once(func(n *night) {
		n.rds.Inject(rdstest.Fault{Kind: rdstest.Silence, Action: "rds:DescribeDBLogFiles"})
	}), 0},
	{"Slack does not answer", "orders", once(func(n *night) {
		n.slack.Fail(slacktest.Fault{Method: "chat.postMessage", Hang: true})
	}), 0},
	{"S3 aborts a PUT", "orders", once(func(n *night) {
		n.s3Gate.fail(http.MethodPut, 2, answerXML(http.StatusConflict, "OperationAborted",
			"A conflicting conditional operation is currently in progress against this resource. Please try again."))
	}), 0},
	{"S3 refuses the state", "orders", func(n *night) {
		n.add("orders", 5)
		n.pass(1)
		n.s3Gate.fail(http.MethodGet, 3, answerXML(http.StatusForbidden, "AccessDenied", "Access Denied"))
		n.pass(2)
		if failed := strings.Count(n.output(), `"HoursDone":0,"Events"`); failed != 3 {
			n.errorf("%d lines of failed runs leave out how many hours are pending, want 3", failed)
		}
	}, 3},
	{"SSM throttles", "orders", once(func(n *night) { n.ssmGate.fail("", 2, answerJSON("ThrottlingException", "Rate exceeded")) }), 0},
	{"Slack asks to try again at once", "orders", once(func(n *night) {
		n.slack.Fail(slacktest.Fault{Method: "chat.postMessage", RetryNow: true})
	}), 0},
}
