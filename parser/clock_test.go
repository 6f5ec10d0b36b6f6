package parser

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// entryOf is one entry of a server before 5.7 or of MariaDB. Local is its
// "# Time:", or empty.
func entryOf(local string, conn int, epoch int64) string {
	if local != "" {
		local = "# Time: " + local + "\n"
	}
	return fmt.Sprintf("%s# User@Host: a[a] @ h []  Id: %d\n# Query_time: 0.5%sSET timestamp=%d;\nselect 1;\n", local, conn, rest, epoch)
}

func TestTimes(t *testing.T) {
	tokyo := time.FixedZone("Tokyo", 9*60*60)
	at := func(s string) int64 {
		v, err := time.Parse("060102 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return v.Unix()
	}
	const mariadb = "mariadbd, Version: 10.11.19-MariaDB-0+deb12u1 (Debian 12). started with:\nTcp port: 0  Unix socket: /tmp/mysql.sock\nTime\t\t    Id Command\tArgument\n"
	for _, tt := range []struct {
		name, log string
		location  *time.Location
		want      string // the times
		doubted   bool
	}{
		{"with a zone", time1 + head + "select 1;\n# Time: 2026-11-23T19:00:02.5+09:00\n" + head + "select 1;\n# Time: 2026-11-23T04:30:03-05:30\n" + head + "select 1;\n", tokyo, "261123 10:00:01, 261123 10:00:02.5, 261123 10:00:03", false},
		{"a session's clock in MySQL", time1 + head + "SET timestamp=1;\nselect 1;\n" + time2 + head + "SET timestamp=2000000000;\nselect 1;\n", nil, "261123 10:00:01, 261123 10:00:02", false},
		{"zone from the pair", entryOf("261123  1:00:01", 1, at("261122 16:00:01")) + entryOf("", 2, at("261122 16:00:01")), nil, "261122 16:00:01, 261122 16:00:01", false},
		{"zone from the pair, not from Location", entryOf("261123 12:00:01", 1, at("261123 10:00:01")), tokyo, "261123 10:00:01", false},
		{"quarter of an hour", entryOf("261123 05:45:00", 1, at("261123 00:00:00")), nil, "261123 00:00:00", false},
		{"summer time ends", entryOf("261025 02:59:59", 1, at("261025 00:59:59")) + entryOf("261025 02:00:00", 1, at("261025 01:00:00")), nil, "261025 00:59:59, 261025 01:00:00", false},
		{"no SET timestamp", strings.ReplaceAll(entryOf("261123 12:00:01", 1, 7), "SET timestamp=7;\n", ""), tokyo, "261123 03:00:01", false},
		{"no SET timestamp, zone known", entryOf("261123 12:00:01", 1, at("261123 10:00:01")) + strings.ReplaceAll(entryOf("261123 12:00:02", 1, 7), "SET timestamp=7;\n", ""), tokyo, "261123 10:00:01, 261123 10:00:02", false},
		{"fraction", entryOf("121123 19:56:06.0000001967", 1, at("121123 19:56:06")), nil, "121123 19:56:06", false},
		{"Time and User in one line", strings.ReplaceAll(entryOf("261123 12:00:01", 1, at("261123 10:00:01")), "01\n#", "01 #"), nil, "261123 10:00:01", false},
		{"a session's clock in 5.6", entryOf("261123 12:00:01", 1, at("261123 10:00:01")) + entryOf("", 2, 1000000001) + entryOf("261123 12:00:02", 2, 1000000001), nil, "261123 10:00:01, 261123 10:00:01, 261123 10:00:02", false},
		{"a session's clock in MariaDB", mariadb + entryOf("261123 12:00:01", 1, at("261123 10:00:01")) + entryOf("010909  1:46:40", 2, at("010908 23:46:40")) + entryOf("", 2, at("010908 23:46:40")) + entryOf("261123 12:00:03", 1, at("261123 10:00:03")) + entryOf("010909  1:46:40", 2, at("010908 23:46:40")), nil,
			"261123 10:00:01, 261123 10:00:01, 261123 10:00:01, 261123 10:00:03, 261123 10:00:03", true},
		{"joined logs", entryOf("261123 12:00:01", 1, at("261123 10:00:01")) + mariadb + entryOf("260901 12:00:01", 1, at("260901 10:00:01")), nil, "261123 10:00:01, 260901 10:00:01", false},
		{"joined logs without a banner", entryOf("261123 12:00:01", 1, at("261123 10:00:01")) + entryOf("260901 12:00:01", 1, at("260901 10:00:01")) + entryOf("260901 12:00:02", 2, at("260901 10:00:02")) + entryOf("260901 12:00:03", 1, at("260901 10:00:03")), nil,
			"261123 10:00:01, 261123 10:00:01, 260901 10:00:02, 260901 10:00:03", true},
		{"idle for days", entryOf("261101 12:00:01", 1, at("261101 10:00:01")) + entryOf("261123 12:00:01", 1, at("261123 10:00:01")), nil, "261101 10:00:01, 261123 10:00:01", false},
		{"SET timestamp alone is the end", banner56 + entryOf("", 1, at("261123 10:00:00")), nil, "261123 10:00:00", false},
		{"SET timestamp alone is the start", banner + entryOf("", 1, at("261123 10:00:00")), nil, "261123 10:00:00.5", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			events, stats := readAll(t, strings.NewReader(tt.log), Options{Location: tt.location})
			var got []string
			for _, e := range events {
				got = append(got, e.Time.Format("060102 15:04:05.999"))
				if e.Time.Location() != time.UTC || e.Time.Sub(e.Start) != 500*time.Millisecond {
					t.Errorf("Start %v of %v", e.Start, e.Time)
				}
			}
			if s := strings.Join(got, ", "); s != tt.want || tt.doubted != (len(stats.Problems) > 0) {
				t.Errorf("got  %s\nwant %s\nproblems %+v", s, tt.want, stats.Problems)
			}
		})
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]string{
		"2023-05-12T08:00:06.278162Z":      "2023-05-12T08:00:06.278162Z",
		"2023-05-12T17:00:06.278162+09:00": "2023-05-12T08:00:06.278162Z",
		"2023-05-12T08:00:06Z":             "2023-05-12T08:00:06Z",
		"180925 15:05:04":                  "2018-09-25T15:05:04Z",
		"180925 150504":                    "2018-09-25T15:05:04Z",
		"180925 246061":                    "",
		"180925 1505041":                   "",
		"180925 15050":                     "",
		"131128  1:05:31":                  "2013-11-28T01:05:31Z",
		"991231 23:59:59":                  "1999-12-31T23:59:59Z",
		"to go":                            "",
		"2023-13-12T08:00:06Z":             "",
		"2023-05-12T08:00:06+99:00":        "",
		"2023-05-12T25:00:06Z":             "",
		"1809x5 15:05:04":                  "",
		"180925 15:05":                     "",
		"2023-05-12T0-:00:06Z":             "",
	} {
		got := ""
		if at, zone, n := parseTime([]byte(in)); zone != noTime {
			got = at.Format(time.RFC3339Nano)
			if n != len(in) {
				t.Errorf("%q: read %d bytes", in, n)
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestVersion(t *testing.T) {
	for version, want := range map[string]bool{
		"8.0.14 (x)": true, "8.0.32": true, "8.4.0-log": true, "9.7.4-2 ((Debian))": true, "10.0.1": true,
		"8.0.13": false, "5.7.44-log": false, "5.6.10": false, "": false, "x.y.z": false,
	} {
		if got := atLeast8014(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

// A time of the years 1 to 9998 is believed, and none before or after.
func TestTimesAreBounded(t *testing.T) {
	for written, ok := range map[string]bool{
		"0001-01-01T00:00:00.000000Z": false, // the zero time
		"0001-01-01T00:00:00.000001Z": true, "9998-12-31T23:59:59.999999Z": true, "9998-12-31T23:59:59.999999-00:01": false,
		"9999-01-01T00:00:00.000000Z": false, "0001-01-01T00:00:00.000000+00:01": false, "0000-12-31T23:59:59.999999-00:01": true,
	} {
		log := "# Time: " + written + "\n# User@Host: a[a] @ h []  Id: 1\n# Query_time: 1  Lock_time: 0 Rows_sent: 1  Rows_examined: 1\nselect 1;\n"
		p := New(strings.NewReader(log), Options{})
		e, err := p.Next()
		if err != nil || e.Time.IsZero() == ok {
			t.Errorf("%s: %v, %v", written, e, err)
		}
	}
}
