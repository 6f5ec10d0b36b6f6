package demo

import (
	"bytes"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"slowdigest/parser"
	"slowdigest/source/rdstest"
)

var now = time.Date(2026, 11, 26, 14, 37, 20, 0, time.UTC)

// text returns all that an instance has logged, from the oldest file on.
func text(t *testing.T, d *Demo, instance string) string {
	t.Helper()
	client := rds.NewFromConfig(d.Config())
	list, err := client.DescribeDBLogFiles(t.Context(), &rds.DescribeDBLogFilesInput{DBInstanceIdentifier: &instance})
	if err != nil {
		t.Fatal(err)
	}
	files := list.DescribeDBLogFiles
	slices.Reverse(files)
	var all strings.Builder
	for _, f := range files {
		portion, err := client.DownloadDBLogFilePortion(t.Context(), &rds.DownloadDBLogFilePortionInput{
			DBInstanceIdentifier: &instance, LogFileName: f.LogFileName, Marker: aws.String("0")})
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(aws.ToString(portion.LogFileData))
	}
	return all.String()
}

// events reads a log.
func events(t *testing.T, log string) (all []parser.Event) {
	t.Helper()
	p := parser.New(strings.NewReader(log), parser.Options{})
	for {
		next, err := p.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		e := *next
		e.SQL = bytes.Clone(e.SQL)
		all = append(all, e)
	}
}

// Second by second the shop logs as much as in one go, each entry once, in the order of time.
func TestTimeMayBeCut(t *testing.T) {
	const days = 3 * 24 * time.Hour
	var perHour []float64
	for _, step := range []time.Duration{days, 7 * time.Second} {
		d := New(now, 100*days)
		for at := step; at <= days; at += step {
			d.Advance(now.Add(at))
		}
		d.Advance(now.Add(days))
		all := events(t, text(t, d, Writer))
		for i := 1; i < len(all); i++ {
			if all[i].Time.Before(all[i-1].Time) {
				t.Fatalf("step %v: an entry of %v follows one of %v", step, all[i].Time, all[i-1].Time)
			}
		}
		n := 0
		for _, e := range all {
			if e.Time.After(now) {
				n++
			}
		}
		if last := all[len(all)-1].Time; last.After(now.Add(days)) || last.Before(now.Add(days-10*time.Minute)) {
			t.Errorf("step %v: the last entry is of %v", step, last)
		}
		perHour = append(perHour, float64(n)/days.Hours())
		d.Close()
	}
	want := 0.0
	for _, q := range queries {
		if want += q.perHour; q.reader {
			want -= q.perHour / 2
		}
	}
	for i, got := range perHour { // of 72 hours the deviation is under 1 %
		if math.Abs(got/want-1) > 0.04 {
			t.Errorf("cut %d: %.1f entries an hour, want %.1f", i, got, want)
		}
	}
}

// The reader alone is slower from the incident on, and the report is sent since an hour before.
func TestIncidentIsOnTheReader(t *testing.T) {
	d := New(now, time.Minute)
	defer d.Close()
	d.Advance(now.Add(11 * time.Minute))
	sums := map[string][2]float64{}
	for _, id := range []string{Writer, Reader} {
		var before, after float64
		for _, e := range events(t, text(t, d, id)) {
			switch {
			case bytes.Contains(e.SQL, []byte("GROUP BY o.customer_id")) && e.Time.Before(d.late()):
				t.Errorf("the report was sent at %v", e.Time)
			case !bytes.HasPrefix(e.SQL, []byte("SELECT id, total, status FROM orders")):
			case e.Time.Before(d.Incident):
				before += e.QueryTime
			default:
				after += e.QueryTime
			}
		}
		sums[id] = [2]float64{before / Hours / 6, after}
	}
	if s := sums[Writer]; s[1] > 4*s[0] {
		t.Errorf("writer: %.1f s in ten minutes, and %.1f s since the incident", s[0], s[1])
	}
	if s := sums[Reader]; s[1] < 300*s[0] {
		t.Errorf("reader: %.1f s in ten minutes, and %.1f s since the incident", s[0], s[1])
	}
}

// An hour's file is rotated as RDS does it, and names the schema again.
func TestFilesAreRotated(t *testing.T) {
	d := New(now, time.Minute)
	defer d.Close()
	if n := strings.Count(text(t, d, Writer), rdstest.Banner); n != Hours+1 {
		t.Errorf("%d files, want %d", n, Hours+1)
	}
	for _, file := range strings.Split(text(t, d, Writer), rdstest.Banner)[1:] {
		if first, _, _ := strings.Cut(file, "SET timestamp="); !strings.Contains(first, "\nuse ") {
			t.Errorf("a file begins with %q", first)
		}
	}
	d.Advance(now.Add(time.Hour))
	if n := strings.Count(text(t, d, Writer), rdstest.Banner); n != Hours+2 {
		t.Errorf("an hour later: %d files, want %d", n, Hours+2)
	}
}

// All of AWS is at one address: what the demo is not does not reach the real one.
func TestOneAddressIsAllOfAWS(t *testing.T) {
	d := New(now, time.Minute)
	defer d.Close()
	env := map[string]string{}
	for _, e := range d.Environment("dir") {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "SLACK_API_URL"} {
		if !strings.HasPrefix(env[name], "http://127.0.0.1:") {
			t.Errorf("%s is %q", name, env[name])
		}
	}
	if len(env) != 9 || env["SLOWDIGEST_STATE"] != "dir" {
		t.Errorf("the environment is %v", slices.Sorted(maps.Keys(env)))
	}
	cfg := d.Config()
	cfg.BaseEndpoint = aws.String(env["AWS_ENDPOINT_URL"])
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil || !strings.Contains(aws.ToString(who.Arn), rdstest.Account) {
		t.Errorf("%+v, %v", who, err)
	}
	found, err := rds.NewFromConfig(cfg).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{})
	if err != nil || len(found.DBInstances) != 3 {
		t.Errorf("%+v, %v", found, err)
	}
}
