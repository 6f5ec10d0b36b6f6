package source_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// absences lists what is absent from a window of an instance as "cause from-to".
func absences(t *testing.T, srv *rdstest.Server, o source.Options, start, end time.Time) string {
	t.Helper()
	files, err := source.NewRDS(patient(srv.Config()), o).LogFiles(context.Background(), "orders-1", start, end)
	if err != nil {
		return string(source.CauseOf(err))
	}
	var out []string
	for _, f := range files {
		a := f.Absent
		if a == nil {
			a = f.Unlisted
		}
		if a != nil {
			usual := ""
			if a.Usual {
				usual = " usual"
			}
			out = append(out, fmt.Sprintf("%s %s-%s%s", a.Cause, a.From.Format("15:04"), a.To.Format("15:04"), usual))
		}
	}
	return strings.Join(out, ", ")
}

// Whether nothing was written for six hours counts from the last write to the
// beginning of an hour: then the parameters are read, of which any may turn the log off.
func TestSixHoursOfSilence(t *testing.T) {
	type values = map[string]string
	on, off := values{"slow_query_log": "1", "log_output": "FILE"}, values{"slow_query_log": "0", "log_output": "FILE"}
	with := func(name, value string) values {
		return values{"slow_query_log": "1", "log_output": "FILE", name: value}
	}
	byDefault := values{rdstest.Default + "slow_query_log": "0", rdstest.Default + "log_output": "FILE"}
	const isOff, unknown = "off 15:00-16:00", "unknown 15:00-16:00"
	for _, c := range []struct {
		name    string
		own     values // nil is denied
		cluster values // nil is none
		denied  string
		want    string // of 15:00 to 16:00
	}{
		{"on", on, nil, "", ""},
		{"off", off, nil, "", isOff},
		{"to a table", with("log_output", "TABLE"), nil, "", isOff},
		{"to a table by default", values{"slow_query_log": "1"}, nil, "", isOff},
		{"on by MariaDB's name", values{"log_slow_query": "1", "log_output": "FILE"}, nil, "", ""},
		{"off by MariaDB's name", values{"log_slow_query": "0", "log_output": "FILE"}, nil, "", isOff},
		{"only what takes an hour", with("long_query_time", "3600"), nil, "", isOff},
		{"what takes a little less", with("long_query_time", "3599.999"), nil, "", ""},
		{"what takes an hour, by MariaDB's name", with("log_slow_query_time", "31536000"), nil, "", isOff},
		{"nobody may ask", on, nil, "rds:DescribeDBParameters", unknown},

		{"on by the cluster's group", values{}, on, "", ""},
		{"on by the cluster's group, not by default", byDefault, on, "", ""},
		{"on by neither", byDefault, values{}, "", isOff},
		{"off by the instance's group", off, on, "", isOff},
		{"on by the instance's group", on, off, "", ""},
		{"to a table by the cluster's group", values{"slow_query_log": "1"}, values{"log_output": "TABLE"}, "", isOff},
		{"to a file by default on Aurora", values{"slow_query_log": "1"}, values{}, "", ""},
		{"only what takes an hour, by the cluster's group", on, values{"long_query_time": "3600"}, "", isOff},
		{"nobody may ask for the cluster", on, on, "rds:DescribeDBClusters", unknown},
		{"nobody may ask for its group", on, on, "rds:DescribeDBClusterParameters", unknown},
	} {
		for written, silent := range map[int]bool{60: true, 61: false} { // minutes past eight of the last write
			srv := rdstest.NewServer()
			db := srv.AddInstance("orders-1")
			if c.cluster != nil {
				db.Engine, db.Cluster = "aurora-mysql", "orders"
				srv.SetClusterParameters("orders", "orders-cluster", c.cluster)
			}
			db.Write(live+".2026-11-23.8", []byte("x\n"), minutesPastEight(-1))
			db.Write(live+".2026-11-23.9", []byte("x\n"), minutesPastEight(59))
			db.Write(live, []byte("x\n"), minutesPastEight(written))
			db.SetParameters("orders", c.own)
			if c.denied != "" {
				srv.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: c.denied, Times: -1})
			}
			got, _, _ := strings.Cut(absences(t, srv, source.Options{}, minutesPastEight(7*60), minutesPastEight(8*60)), ", unlisted")
			want := c.want
			if !silent || want == "" {
				want = "unlisted 15:00-16:00 usual"
			}
			asked := slices.ContainsFunc(srv.Calls(), func(call rdstest.Call) bool { return call.Action == "rds:DescribeDBInstances" })
			if got != want || asked != silent {
				t.Errorf("%s, %d minutes past: absent %q, want %q; asked %v", c.name, written, got, want, asked)
			}
			srv.Close()
		}
	}
}

// An hour without a file may get one for six hours. After that, and between others that
// are listed, nothing was written in it; only what is before the first file is gone.
func TestHoursWithoutAFile(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 23, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		name   string
		files  []int // hours of rotation
		live   time.Time
		unsure string // a file of an unknown name, and its last write at 9:50
		start  int
		end    int
		want   string
	}{
		{"all are there", []int{7, 8, 9, 10}, at(10, 2), "", 8, 10, ""},
		{"the last is not listed", []int{7, 8, 9}, at(10, 2), "", 9, 10, "unlisted 09:00-10:00"},
		{"it was not rotated for hours", []int{7, 8, 9}, at(9, 40), "", 10, 11, "unlisted 10:00-11:00 usual"},
		{"but another file was written to", []int{7, 8, 9}, at(9, 40), "slowquery/new.txt", 10, 11, "unlisted 10:00-11:00"},
		{"it was not rotated", []int{7, 8, 9}, at(9, 40), "", 9, 10, ""},
		{"one in between is not", []int{7, 8, 10}, at(10, 2), "", 7, 10, "unlisted 08:00-09:00"},
		{"six hours later, and a little less", []int{7, 9, 14}, at(14, 0), "", 7, 14, "unlisted 09:00-13:00"},
		{"six hours later, less a minute", []int{7, 9, 14}, at(13, 59), "", 7, 13, "unlisted 07:00-08:00, unlisted 09:00-13:00"},
		{"before the first", []int{9, 10}, at(10, 2), "", 5, 10, "gone 05:00-08:00"},
		{"a file of an unknown name", []int{7, 8, 9}, at(10, 2), "slowquery/new.txt", 9, 10, ""},
	} {
		srv := rdstest.NewServer()
		db := srv.AddInstance("orders-1")
		for _, hour := range c.files {
			db.Write(fmt.Sprintf("%s.2026-11-23.%d", live, hour), []byte("x\n"), at(hour, 0).Add(-time.Minute))
		}
		db.Write(live, []byte("x\n"), c.live)
		if c.unsure != "" {
			db.Write(c.unsure, []byte("x\n"), at(9, 50))
		}
		got := absences(t, srv, source.Options{}, at(c.start, 0), at(c.end, 0))
		if got != c.want {
			t.Errorf("%s: absent %q, want %q", c.name, got, c.want)
		}
		srv.Close()
	}
}

// RDS keeps each log for 23 hours at least: only an hour that is older is said to have had one.
func TestRecentHourWasPerhapsNeverLogged(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) // the end of what has no file
	srv := rdstest.NewServer()
	defer srv.Close()
	db := srv.AddInstance("orders-1")
	db.Write(live+".2026-11-23.9", []byte("x\n"), at.Add(59*time.Minute))
	db.Write(live, []byte("x\n"), at.Add(time.Hour))
	for age, want := range map[time.Duration]bool{23*time.Hour - time.Nanosecond: false, 23 * time.Hour: true} {
		o := source.Options{Now: func() time.Time { return at.Add(age) }}
		files, err := source.NewRDS(patient(srv.Config()), o).LogFiles(t.Context(), "orders-1", at.Add(-time.Hour), at)
		if err != nil || files[0].Absent == nil || files[0].Absent.Cause != source.Gone {
			t.Fatalf("%+v, %v", files, err)
		}
		if note := files[0].Absent.Note; strings.Contains(note, "any more") != want || !strings.Contains(note, "only for later hours") {
			t.Errorf("%v old: %q", age, note)
		}
	}
}

// A real listing of 2020 has no file for quiet hours: nothing of it is gone.
func TestListingOf2020(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	db := srv.AddInstance("orders-1")
	db.SetParameters("orders", map[string]string{"slow_query_log": "1", "log_output": "FILE"})
	db.Write(live, nil, time.UnixMilli(1600822800000).UTC())
	db.Write(live+".1", []byte(strings.Repeat("x", 1561)), time.UnixMilli(1600821683000).UTC())
	db.Write(live+".2", []byte(strings.Repeat("x", 2006)), time.UnixMilli(1600748310000).UTC())
	end := time.Date(2020, 9, 23, 1, 0, 0, 0, time.UTC)
	got := absences(t, srv, source.Options{}, end.Add(-20*time.Hour), end)
	if strings.Contains(got, "gone") || strings.Contains(got, "off") || !strings.HasSuffix(got, "usual") {
		t.Errorf("absent %q", got)
	}
}

func TestCauses(t *testing.T) {
	for kind, want := range map[rdstest.Kind]source.Cause{
		rdstest.AccessDenied: source.Denied, rdstest.InternalFailure: source.Passing, rdstest.Throttling: source.Passing,
		rdstest.InstanceNotReady: source.Waiting,
	} {
		srv := rdstest.NewServer()
		srv.AddInstance("orders-1").Write(live, []byte("x\n"), minutesPastEight(30))
		srv.Inject(rdstest.Fault{Kind: kind, Action: "rds:DescribeDBLogFiles", Times: -1})
		got, _, _ := strings.Cut(absences(t, srv, source.Options{MaxAttempts: 1}, minutesPastEight(0), minutesPastEight(60)), " ")
		if got != string(want) {
			t.Errorf("%s: cause %q, want %q", kind, got, want)
		}
		srv.Close()
	}
	srv := rdstest.NewServer()
	defer srv.Close()
	if got := absences(t, srv, source.Options{}, minutesPastEight(0), minutesPastEight(60)); got != string(source.Gone) {
		t.Errorf("no such instance: cause %q", got)
	}
	srv.AddInstance("orders-1")
	if got := absences(t, srv, source.Options{}, minutesPastEight(0), minutesPastEight(60)); got != string(source.Off) {
		t.Errorf("no log: cause %q", got)
	}
}

// An instance that is not ready is asleep only by its status: one that is restarted, or has no
// room left, somebody waits for. Where nobody may ask, it is taken for asleep.
func TestCauseOfAnInstanceThatIsNotReady(t *testing.T) {
	for status, want := range map[string]source.Cause{
		"available": source.Waiting, "stopped": source.Waiting, "stopping": source.Waiting, "starting": source.Waiting, "creating": source.Waiting, "paused": source.Waiting,
		"rebooting": source.Passing, "upgrading": source.Passing, "modifying": source.Passing, "storage-full": source.Passing,
		"failed": source.Passing, "inaccessible-encryption-credentials": source.Passing, "a status of tomorrow": source.Passing,
		"denied": source.Waiting,
	} {
		srv := rdstest.NewServer()
		db := srv.AddInstance("orders-1")
		db.Write(live, []byte("x\n"), minutesPastEight(30))
		db.Status = status
		srv.Inject(rdstest.Fault{Kind: rdstest.InstanceNotReady, Action: "rds:DescribeDBLogFiles", Times: -1})
		if status == "denied" {
			srv.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBInstances", Times: -1})
		}
		got, _, _ := strings.Cut(absences(t, srv, source.Options{MaxAttempts: 1}, minutesPastEight(0), minutesPastEight(60)), " ")
		if got != string(want) {
			t.Errorf("%s: cause %q, want %q", status, got, want)
		}
		srv.Close()
	}
}
