package handler_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/source"
)

// tagged is an instance with tags, given as KEY=VALUE without their prefix.
func tagged(id string, tags ...string) source.Instance {
	i := source.Instance{ID: id, Tags: map[string]string{}}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		i.Tags["slowdigest:"+key] = value
	}
	return i
}

func TestRoutes(t *testing.T) {
	defaults := handler.Route{Channel: "#dba", Limit: digest.DefaultLimit, OrderBy: digest.OrderBySum, MinTime: 1}
	route := func(channel string, instances ...string) handler.Route {
		r := defaults
		r.Channel, r.Instances = channel, instances
		return r
	}
	with := func(r handler.Route, change func(*handler.Route)) handler.Route {
		change(&r)
		return r
	}
	stopped := tagged("old")
	stopped.Unread = "is stopped"
	for _, tt := range []struct {
		name    string
		found   []source.Instance
		want    []handler.Route
		omitted string
	}{
		{"names alone", []source.Instance{{ID: "a"}, {ID: "b"}}, []handler.Route{route("#dba", "a", "b")}, ""},
		{"channels", []source.Instance{tagged("a", "channel=shop"), tagged("b", "channel=C0SLOWLOGS"), tagged("c"), tagged("d", "channel= shop ")},
			[]handler.Route{route("#dba", "c"), route("#shop", "a", "d"), route("C0SLOWLOGS", "b")}, ""},
		{"the default's name with and without its sign", []source.Instance{tagged("a", "channel=dba"), tagged("b")},
			[]handler.Route{route("#dba", "a", "b")}, ""},
		{"thresholds", []source.Instance{tagged("a", "min-time=500ms"), tagged("b", "min-time=2"), tagged("c")},
			[]handler.Route{with(route("#dba", "a", "b", "c"), func(r *handler.Route) {
				r.MinTimes = map[string]float64{"a": 0.5, "b": 2}
			})}, ""},
		{"limit and order of one for all", []source.Instance{tagged("a", "limit=90:5", "order-by=rows_examined"), tagged("b"), tagged("c", "limit=90:5")},
			[]handler.Route{with(route("#dba", "a", "b", "c"), func(r *handler.Route) {
				r.Limit, r.OrderBy = digest.Limit{Percent: 90, Count: 5, Outliers: 3}, digest.OrderByRowsExamined
			})}, ""},
		{"a limit of each channel", []source.Instance{tagged("a", "limit=all"), tagged("b", "limit=7", "channel=shop")},
			[]handler.Route{
				with(route("#dba", "a"), func(r *handler.Route) { r.Limit = digest.Limit{} }),
				with(route("#shop", "b"), func(r *handler.Route) { r.Limit = digest.Limit{Count: 7} }),
			}, ""},
		{"they disagree", []source.Instance{tagged("a", "limit=5"), tagged("b", "limit=6"), tagged("c", "limit=5")},
			[]handler.Route{with(route("#dba", "a", "b", "c"), func(r *handler.Route) {
				r.Notes = []string{"The tag slowdigest:limit has no effect: a and b disagree."}
			})}, ""},
		{"per instance", []source.Instance{tagged("a", "per-instance=true"), tagged("b")},
			[]handler.Route{with(route("#dba", "a", "b"), func(r *handler.Route) { r.PerInstance = true })}, ""},
		{"per instance or not", []source.Instance{tagged("a", "per-instance=true"), tagged("b", "per-instance=no")},
			[]handler.Route{with(route("#dba", "a", "b"), func(r *handler.Route) {
				r.PerInstance = true
				r.Notes = []string{`The tag slowdigest:per-instance of b has no effect: "no" is neither true nor false.`}
			})}, ""},
		{"bad values", []source.Instance{tagged("a", "limit=many", "min-time=soon", "order-by=love")},
			[]handler.Route{with(route("#dba", "a"), func(r *handler.Route) {
				r.Notes = []string{
					`The tag slowdigest:min-time of a has no effect: time "soon": want 500ms, 2s, or a number of seconds.`,
					`The tag slowdigest:limit of a has no effect: limit "many": want a number of classes, a percentage (95%), both (95%:20), with outliers (95%:20+3), or all.`,
					`The tag slowdigest:order-by of a has no effect: order by "love": want sum, max, count, rows_examined or lock_time.`,
				}
			})}, ""},
		{"one is stopped", []source.Instance{tagged("a"), stopped}, []handler.Route{with(route("#dba", "a"), func(r *handler.Route) {
			r.Notes = []string{"old was not read: it is stopped."}
		})}, ""},
		{"all are stopped", []source.Instance{stopped}, nil, "old was not read: it is stopped."},
		{"none", nil, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, omitted := handler.Routes(tt.found, defaults, false)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if strings.Join(omitted, " ") != tt.omitted {
				t.Errorf("omitted %q, want %q", omitted, tt.omitted)
			}
		})
	}

	defaults.Channel = ""
	got, omitted := handler.Routes([]source.Instance{tagged("a"), tagged("b", "channel=shop")}, defaults, false)
	if len(got) != 1 || got[0].Channel != "#shop" || len(omitted) != 1 || !strings.HasPrefix(omitted[0], "a has no channel") {
		t.Errorf("without a default channel: %+v, omitted %q", got, omitted)
	}
	got, omitted = handler.Routes([]source.Instance{tagged("a"), tagged("b", "channel=shop")}, defaults, true)
	if len(got) != 2 || got[0].Channel != "" || got[0].Instances[0] != "a" || len(omitted) != 0 {
		t.Errorf("those without a channel too: %+v, omitted %q", got, omitted)
	}
}

func TestMessage(t *testing.T) {
	job := handler.Job{Window: window, Route: handler.Route{
		Channel: "#shop", Instances: []string{"a", "b"}, Limit: digest.DefaultLimit, OrderBy: digest.OrderByMax,
		MinTime: 0.1, MinTimes: map[string]float64{"a": 2}, Notes: []string{"A note."},
	}}
	body, err := job.Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":1,"window":{"start":"2026-11-23T09:00:00Z","end":"2026-11-23T10:00:00Z"},` +
		`"channel":"#shop","instances":["a","b"],"limit":"95%:20","order_by":"max","min_time":0.1,"min_times":{"a":2},"notes":["A note."]}`
	if string(body) != want {
		t.Errorf("message %s\nwant    %s", body, want)
	}
	got, err := handler.DecodeJob(body)
	job.Version = 1
	if err != nil || !reflect.DeepEqual(got, job) {
		t.Errorf("%+v, error %v", got, err)
	}
	job.Channel = ""
	if _, err := job.Encode(); err == nil || !strings.Contains(err.Error(), "no channel") {
		t.Errorf("a message for no channel: error %v", err)
	}
	job.Channel = "#shop"
	job.Instances = make([]string, 20_000)
	for i := range job.Instances {
		job.Instances[i] = "an-instance-with-a-name"
	}
	if _, err := job.Encode(); err == nil || !strings.Contains(err.Error(), "#shop") {
		t.Errorf("a message of 500 KB: error %v", err)
	}
}

func TestMalformedMessages(t *testing.T) {
	const good = `{"version":1,"window":{"start":"2026-11-23T09:00:00Z","end":"2026-11-23T10:00:00Z"},"channel":"C","instances":["a"],"limit":"all"}`
	if j, err := handler.DecodeJob([]byte(good)); err != nil || j.OrderBy != digest.OrderBySum {
		t.Fatal(j, err)
	}
	replaced := func(old, with string) string {
		s := strings.Replace(good, old, with, 1)
		if s == good {
			t.Fatalf("no %s in the message", old)
		}
		return s
	}
	for want, body := range map[string]string{
		"EOF":                   "",
		"cannot unmarshal":      "[]",
		"invalid character":     "hello",
		"something follows":     good + good,
		"unknown field":         replaced(`"limit"`, `"limits"`),
		`limit "some"`:          replaced(`"all"`, `"some"`),
		"version is 2":          replaced(`"version":1`, `"version":2`),
		"version is 0":          replaced(`"version":1,`, ``),
		"names no channel":      replaced(`"C"`, `""`),
		`"a/b" is not the name`: replaced(`["a"]`, `["a/b"]`),
		`"*" is not the name`:   replaced(`["a"]`, `["*"]`),
		"window is from":        replaced("T10:", "T08:"),
		"from 2026-11-21":       replaced("23T09", "21T09"),
		"from 0001-01-01":       replaced(`"window":{"start":"2026-11-23T09:00:00Z","end":"2026-11-23T10:00:00Z"},`, ``),
		"least query time":      replaced(`"limit"`, `"min_time":-1,"limit"`),
		`order by "love"`:       replaced(`"limit"`, `"order_by":"love","limit"`),
	} {
		if j, err := handler.DecodeJob([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, error %v, want %q", body, j, err, want)
		}
	}
}

// Bounds of a message, each from both sides.
func TestMessageBounds(t *testing.T) {
	job := func(change func(*handler.Job)) handler.Job {
		j := handler.Job{Window: window, Route: handler.Route{Channel: "C", Instances: []string{"a"}, Limit: digest.DefaultLimit}}
		change(&j)
		return j
	}
	length := func(d time.Duration) func(*handler.Job) {
		return func(j *handler.Job) { j.Window.End = j.Window.Start.Add(d) }
	}
	channel := func(n int) func(*handler.Job) {
		return func(j *handler.Job) { j.Channel = strings.Repeat("c", n) }
	}
	instance := func(n int) func(*handler.Job) {
		return func(j *handler.Job) { j.Instances = []string{strings.Repeat("a", n)} }
	}
	note := func(n int) func(*handler.Job) {
		return func(j *handler.Job) {
			body, err := handler.Job{Version: 1, Window: j.Window, Route: handler.Route{Channel: "C", Instances: []string{"a"}, Limit: j.Limit, Notes: []string{""}}}.Encode()
			if err != nil {
				t.Fatal(err)
			}
			j.Notes = []string{strings.Repeat("n", n-len(body))}
		}
	}
	for _, tt := range []struct {
		name      string
		good, bad func(*handler.Job)
	}{
		{"a window of 25 h", length(25 * time.Hour), length(25*time.Hour + 1)},
		{"a window of some time", length(1), length(0)},
		{"a channel of 256 bytes", channel(256), channel(257)},
		{"an instance of 63 characters", instance(63), instance(64)},
		{"a least query time of 0", func(j *handler.Job) { j.MinTime = 0 }, func(j *handler.Job) { j.MinTime = -1e-9 }},
		{"256 KB", note(256 << 10), note(256<<10 + 1)},
	} {
		for _, good := range []bool{true, false} {
			change := tt.good
			if !good {
				change = tt.bad
			}
			body, err := job(change).Encode()
			if err == nil {
				_, err = handler.DecodeJob(body)
			}
			if (err == nil) != good {
				t.Errorf("%s: within is %t, error %v", tt.name, good, err)
			}
		}
	}
}

func FuzzDecodeJob(f *testing.F) {
	f.Add([]byte(`{"version":1,"window":{"start":"2026-11-23T09:00:00Z","end":"2026-11-23T10:00:00Z"},"channel":"C","instances":["a"],"limit":"all"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		j, err := handler.DecodeJob(body)
		if err != nil {
			return
		}
		again, err := j.Encode()
		if err != nil {
			t.Fatal(err)
		}
		k, err := handler.DecodeJob(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		a, _ := json.Marshal(j)
		b, _ := json.Marshal(k)
		if string(a) != string(b) {
			t.Errorf("%s became %s", a, b)
		}
	})
}

// One digest of all instances takes no notice of their channels, nor of tags
// about what is fixed.
func TestOneRoute(t *testing.T) {
	defaults := handler.Route{Channel: "#dba", Limit: digest.DefaultLimit, OrderBy: digest.OrderBySum, MinTime: 1}
	found := []source.Instance{tagged("a", "channel=shop", "limit=5", "min-time=2"), tagged("b", "limit=6", "per-instance=true")}
	stopped := tagged("old")
	stopped.Unread = "is stopped"
	for _, tt := range []struct {
		name  string
		fixed []string
		want  func(*handler.Route)
	}{
		{"nothing is fixed", nil, func(r *handler.Route) {
			r.Notes = []string{"The tag slowdigest:limit has no effect: a and b disagree."}
		}},
		{"the limit is fixed", []string{"limit"}, func(r *handler.Route) {}},
		{"all is fixed", []string{"limit", "min-time", "per-instance"}, func(r *handler.Route) { r.MinTimes, r.PerInstance = nil, false }},
	} {
		want := defaults
		want.Instances, want.MinTimes, want.PerInstance = []string{"a", "b"}, map[string]float64{"a": 2}, true
		tt.want(&want)
		if got, err := handler.OneRoute(found, defaults, tt.fixed); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, error %v; want %+v", tt.name, got, err, want)
		}
	}
	if found[0].Tags["slowdigest:limit"] != "5" {
		t.Error("the tags of an instance were changed")
	}
	if _, err := handler.OneRoute([]source.Instance{stopped}, defaults, nil); err == nil || !strings.Contains(err.Error(), "old was not read: it is stopped.") {
		t.Errorf("nothing can be read: error %v", err)
	}
}

// A route sets the least query times of a filter and nothing else of it.
func TestRouteApplies(t *testing.T) {
	h := &handler.Handler{Filter: &digest.Filter{Users: []string{"app"}}}
	r := handler.Route{Channel: "C", Instances: []string{"a"}, Limit: digest.Limit{Count: 3}, OrderBy: digest.OrderByMax,
		MinTimes: map[string]float64{"a": 2}, PerInstance: true, Notes: []string{"A note."}}
	r.Apply(h)
	want := &handler.Handler{Channel: "C", Instances: []string{"a"}, Limit: digest.Limit{Count: 3}, OrderBy: digest.OrderByMax, PerInstance: true,
		Notes: []string{"A note."}, Filter: &digest.Filter{Users: []string{"app"}, MinTimes: map[string]float64{"a": 2}}}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("%+v, want %+v", h, want)
	}
}
