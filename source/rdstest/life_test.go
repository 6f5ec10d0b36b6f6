package rdstest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go"

	"slowdigest/source/rdstest"
)

const anEntry = "# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nselect 1;\n"

// listed returns the hours of the files that are listed, as "9 10 live", or the error.
func listed(t *testing.T, srv *rdstest.Server, id string) string {
	t.Helper()
	out, err := rds.NewFromConfig(srv.Config()).DescribeDBLogFiles(t.Context(), &rds.DescribeDBLogFilesInput{DBInstanceIdentifier: &id})
	if err != nil {
		return code(err)
	}
	var names []string
	for _, f := range slices.Backward(out.DescribeDBLogFiles) {
		name := strings.TrimPrefix(*f.LogFileName, rdstest.SlowLog)
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(name, ".2026-11-23."), "."))
	}
	return strings.Join(names, " ")
}

func TestHoursOfAnInstance(t *testing.T) {
	at := func(hour int) time.Time { return nine.Add(time.Duration(hour-9) * time.Hour) }
	for _, c := range []struct {
		name string
		do   func(srv *rdstest.Server, db *rdstest.Instance)
		want string
	}{
		{"quiet", func(_ *rdstest.Server, db *rdstest.Instance) { db.EndHour(at(9)); db.EndHour(at(10)) }, "9 10 "},
		{"quiet, without files", func(_ *rdstest.Server, db *rdstest.Instance) {
			db.Quiet = rdstest.NoQuietFile
			db.EndHour(at(9))
			db.EndHour(at(10))
			db.Append(rdstest.SlowLog, []byte(anEntry), at(11).Add(-time.Minute))
			db.EndHour(at(11))
		}, "9 11 "},
		{"asleep", func(_ *rdstest.Server, db *rdstest.Instance) { db.Stop() }, "DBInstanceNotReady"},
		{"asleep by another code", func(_ *rdstest.Server, db *rdstest.Instance) {
			db.AsleepCode = "InvalidDBInstanceState"
			db.Pause()
		}, "InvalidDBInstanceState"},
		{"awake again", func(_ *rdstest.Server, db *rdstest.Instance) {
			db.Pause()
			db.EndHour(at(9))
			db.Start(at(10).Add(time.Minute))
			db.EndHour(at(11))
		}, "11 "},
		{"no longer kept", func(_ *rdstest.Server, db *rdstest.Instance) {
			db.Keep = 2 * time.Hour
			for hour := 9; hour < 14; hour++ {
				db.EndHour(at(hour))
			}
		}, "12 13 "},
		{"hidden", func(_ *rdstest.Server, db *rdstest.Instance) {
			db.EndHour(at(9))
			db.EndHour(at(10))
			db.Hide(rdstest.SlowLog + ".2026-11-23.9")
		}, "10 "},
		{"shown", func(_ *rdstest.Server, db *rdstest.Instance) {
			db.EndHour(at(9))
			db.Hide(rdstest.SlowLog + ".2026-11-23.9")
			db.Show(rdstest.SlowLog + ".2026-11-23.9")
		}, "9 "},
		{"removed", func(srv *rdstest.Server, _ *rdstest.Instance) { srv.RemoveInstance("db") }, "DBInstanceNotFound"},
		{"switched over", func(srv *rdstest.Server, db *rdstest.Instance) {
			db.EndHour(at(9))
			green := srv.AddInstance("db-green")
			green.Append(rdstest.SlowLog, []byte(anEntry), at(9))
			srv.RenameInstance("db", "db-old1")
			srv.RenameInstance("db-green", "db")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := rdstest.NewServer()
			defer srv.Close()
			db := srv.AddInstance("db")
			db.Append(rdstest.SlowLog, []byte(anEntry), at(9).Add(-time.Minute))
			c.do(srv, db)
			if got := listed(t, srv, "db"); got != c.want {
				t.Errorf("listed %q, want %q", got, c.want)
			}
		})
	}
}

// A fault may be for one instance or for one file, and ends where all are healed.
func TestFaultOfOne(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	for _, id := range []string{"a", "b"} {
		srv.AddInstance(id).Write(rdstest.SlowLog, []byte(anEntry), nine)
	}
	srv.Inject(rdstest.Fault{Kind: rdstest.ExplicitDeny, Action: "rds:DescribeDBLogFiles", Instance: "a", Times: -1})
	if a, b := listed(t, srv, "a"), listed(t, srv, "b"); a != "AccessDenied" || b != "" {
		t.Errorf("a: %q, b: %q", a, b)
	}
	srv.Heal()
	if a := listed(t, srv, "a"); a != "" {
		t.Errorf("healed: %q", a)
	}
	srv.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, File: "another", Times: -1}, rdstest.Fault{Kind: rdstest.InternalFailure, File: rdstest.SlowLog, Times: -1})
	in := &rds.DownloadDBLogFilePortionInput{DBInstanceIdentifier: new("a"), LogFileName: new(rdstest.SlowLog)}
	client := rds.NewFromConfig(srv.Config(), func(o *rds.Options) { o.RetryMaxAttempts = 1 })
	if _, err := client.DownloadDBLogFilePortion(t.Context(), in); code(err) != "InternalFailure" {
		t.Errorf("download: %v", err)
	}
}

// code returns the code of an error of the API, without "Fault" at its end.
func code(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return strings.TrimSuffix(api.ErrorCode(), "Fault")
}
