package rdstest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go"

	"slowdigest/source/rdstest"
)

var nine = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// portion asks for a portion and tells what came.
func portion(t *testing.T, srv *rdstest.Server, name, marker string, lines int32) (data, next string, pending bool) {
	t.Helper()
	in := &rds.DownloadDBLogFilePortionInput{DBInstanceIdentifier: aws.String("db"), LogFileName: &name}
	if marker != "" {
		in.Marker = &marker
	}
	if lines > 0 {
		in.NumberOfLines = &lines
	}
	out, err := rds.NewFromConfig(srv.Config()).DownloadDBLogFilePortion(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.LogFileData), aws.ToString(out.Marker), aws.ToBool(out.AdditionalDataPending)
}

func TestPortions(t *testing.T) {
	const log = "one\ntwo\nthree three three\nfour\n"
	const notice = "\n [Your log message was truncated]\n"
	tests := []struct {
		name   string
		size   int
		marker string
		lines  int32
		data   string
		next   string
		more   bool
	}{
		{"all of it", 0, "0", 0, log, "2026-11-23.9:31", false},
		{"lines", 0, "0", 2, "one\ntwo\n", "2026-11-23.9:8", true},
		{"from a marker", 0, "2026-11-23.9:8", 1, "three three three\n", "2026-11-23.9:26", true},
		{"from within a line", 0, "2026-11-23.9:14", 1, "three three\n", "2026-11-23.9:26", true},
		{"the end", 0, "2026-11-23.9:31", 0, "", "2026-11-23.9:31", false},
		{"past the end", 0, "2026-11-23.9:99", 0, "", "2026-11-23.9:31", false},
		{"no marker", 0, "", 0, log, "2026-11-23.9:31", false},
		{"no marker, but lines", 0, "", 2, "three three three\nfour\n", "2026-11-23.9:31", false},
		{"cut at a line's end", 8, "0", 0, "one\ntwo\n", "2026-11-23.9:8", true},
		{"cut within a line", 14, "0", 0, "one\ntwo\nthree " + notice, "2026-11-23.9:26", true},
		{"cut within the last line", 2, "2026-11-23.9:26", 0, "fo" + notice, "2026-11-23.9:31", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := rdstest.NewServer()
			defer srv.Close()
			srv.PortionBytes = test.size
			srv.AddInstance("db").Write(rdstest.SlowLog, []byte(log), nine.Add(-time.Minute))
			data, next, more := portion(t, srv, rdstest.SlowLog, test.marker, test.lines)
			if data != test.data || next != test.next || more != test.more {
				t.Errorf("got %q, %s, %v; want %q, %s, %v", data, next, more, test.data, test.next, test.more)
			}
		})
	}
}

// TestLargestPortion: 10,000 lines and 1 MB, and no more of either.
func TestLargestPortion(t *testing.T) {
	for _, test := range []struct {
		text  string
		lines int32
		want  int
		more  bool
	}{
		{strings.Repeat("x\n", 10000), 0, 20000, false},
		{strings.Repeat("x\n", 10001), 0, 20000, true},
		{strings.Repeat("x\n", 10001), 9999, 19998, true},
		{strings.Repeat("x\n", 10001), 10001, 20000, true},
		{strings.Repeat("x", 1<<20-1) + "\n", 0, 1 << 20, false},
		{strings.Repeat("x", 1<<20-1) + "\ny\n", 0, 1 << 20, true},
	} {
		srv := rdstest.NewServer()
		srv.AddInstance("db").Write(rdstest.SlowLog, []byte(test.text), nine)
		if data, _, more := portion(t, srv, rdstest.SlowLog, "0", test.lines); len(data) != test.want || more != test.more {
			t.Errorf("%d bytes by %d lines: %d bytes, more %v; want %d, %v", len(test.text), test.lines, len(data), more, test.want, test.more)
		}
		srv.Close()
	}
}

// TestPages: an answer names 1000 files, or as many as it is asked for.
func TestPages(t *testing.T) {
	for files, more := range map[int]bool{1000: false, 1001: true} {
		srv := rdstest.NewServer()
		db := srv.AddInstance("db")
		for i := range files {
			db.Write(fmt.Sprintf("%s.%d", rdstest.SlowLog, i), nil, nine)
		}
		client := rds.NewFromConfig(srv.Config())
		in := &rds.DescribeDBLogFilesInput{DBInstanceIdentifier: aws.String("db")}
		out, err := client.DescribeDBLogFiles(context.Background(), in)
		if err != nil || len(out.DescribeDBLogFiles) != 1000 || (out.Marker != nil) != more {
			t.Errorf("%d files: %d are listed, error %v", files, len(out.DescribeDBLogFiles), err)
		}
		srv.Close()
	}
	srv := rdstest.NewServer()
	defer srv.Close()
	client := rds.NewFromConfig(srv.Config())
	for records, ok := range map[int32]bool{19: false, 20: true, 100: true, 101: false} {
		_, err := client.DescribeDBInstances(context.Background(), &rds.DescribeDBInstancesInput{MaxRecords: &records})
		if err == nil != ok {
			t.Errorf("%d records: error %v", records, err)
		}
	}
}

// TestMarkersAcrossRotations follows a marker of the live file as the hours pass.
func TestMarkersAcrossRotations(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	db := srv.AddInstance("db")
	db.Write(rdstest.SlowLog, []byte("one\ntwo\n"), nine.Add(-time.Minute))
	_, marker, _ := portion(t, srv, rdstest.SlowLog, "0", 1)
	check := func(what, name, from, wantData, wantNext string) {
		t.Helper()
		if data, next, _ := portion(t, srv, name, from, 0); data != wantData || next != wantNext {
			t.Errorf("%s: got %q, %s; want %q, %s", what, data, next, wantData, wantNext)
		}
	}
	db.Rotate(rdstest.SlowLog, nine)
	db.Write(rdstest.SlowLog, []byte("ten\nmore\n"), nine.Add(time.Minute))
	rotated := rdstest.SlowLog + ".2026-11-23.9"
	check("the rotated file is read on", rdstest.SlowLog, marker, "two\n", "2026-11-23.9:8")
	check("and then the live one", rdstest.SlowLog, "2026-11-23.9:8", "ten\nmore\n", "2026-11-23.10:9")
	check("a rotated name is of one file, whatever the hour", rotated, "2026-11-23.10:4", "two\n", "2026-11-23.9:8")
	db.Rotate(rdstest.SlowLog, nine.Add(time.Hour))
	check("after two rotations the marker is stuck", rdstest.SlowLog, marker, "", marker)
	db.Write(rdstest.SlowLog, []byte("eleven\n"), nine.Add(61*time.Minute))
	db.Remove(rotated)
	check("of a purged hour it is of the live file", rdstest.SlowLog, marker, "en\n", "2026-11-23.11:7")

	srv.Markers = rdstest.HourMarkers
	check("of old, a marker turned to the new file at once", rdstest.SlowLog, "10:4", "", "11:0")
}

func TestServeDir(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"shop.log": "# Time: 2026-11-23T08:59:58.100200Z\nSET timestamp=1795424300;\nSELECT 1;\n",
		"old.log":  "# Time: 261123  8:59:57\nSELECT 1;\n",
		"none.log": "SELECT 1;\n",
		"orders-1/slowquery/mysql-slowquery.log.2026-11-23.9": "SET insert_id=1,timestamp=1795424300;\n",
		"x.truth.json": "{}",
		".hidden.log":  "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, nine, nine); err != nil {
			t.Fatal(err)
		}
	}
	srv := rdstest.NewServer()
	defer srv.Close()
	if err := srv.ServeDir(dir); err != nil {
		t.Fatal(err)
	}
	client := rds.NewFromConfig(srv.Config())
	for id, want := range map[string]string{
		"shop":     "slowquery/mysql-slowquery.log 08:59:58.101",
		"old":      "slowquery/mysql-slowquery.log 08:59:57",
		"none":     "slowquery/mysql-slowquery.log 09:00:00",
		"orders-1": "slowquery/mysql-slowquery.log.2026-11-23.9 08:58:20",
	} {
		out, err := client.DescribeDBLogFiles(context.Background(), &rds.DescribeDBLogFilesInput{DBInstanceIdentifier: &id})
		if err != nil || len(out.DescribeDBLogFiles) != 1 {
			t.Errorf("%s: %v, error %v", id, out, err)
			continue
		}
		f := out.DescribeDBLogFiles[0]
		if got := *f.LogFileName + " " + time.UnixMilli(*f.LastWritten).UTC().Format("15:04:05.999"); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	instances, err := client.DescribeDBInstances(context.Background(), &rds.DescribeDBInstancesInput{})
	if err != nil || len(instances.DBInstances) != 4 {
		t.Errorf("instances %v, error %v", instances, err)
	}
	if err := srv.ServeDir(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing directory is served")
	}
}

func TestErrors(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	now := nine
	srv.CallsPerSecond, srv.Now = 3, func() time.Time { return now }
	srv.AddInstance("stopped").Stop()
	cfg := srv.Config()
	cfg.RetryMaxAttempts = 1
	client := rds.NewFromConfig(cfg)
	for _, test := range []struct{ id, want string }{
		{"missing", "DBInstanceNotFound"},
		{"stopped", "DBInstanceNotReady"},
		{"stopped", "DBInstanceNotReady"},
		{"stopped", "Throttling"},
	} {
		_, err := client.DescribeDBLogFiles(context.Background(), &rds.DescribeDBLogFilesInput{DBInstanceIdentifier: &test.id})
		var api smithy.APIError
		if !errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode(), test.want) {
			t.Errorf("%s: %v, want %s", test.id, err, test.want)
		}
	}
	now = now.Add(time.Second)
	if _, err := client.DescribeEvents(context.Background(), &rds.DescribeEventsInput{}); err == nil || !strings.Contains(err.Error(), "InvalidAction") {
		t.Errorf("an action that the fake does not know: %v", err)
	}
}
