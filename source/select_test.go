package source

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestNames(t *testing.T) {
	const base = "slowquery/mysql-slowquery.log"
	tests := []struct {
		name    string
		written string // the last write, on 23 November 2026
		rotated string // empty for the live file, "-" for what is no slow log
	}{
		{base, "10:04", ""},
		{base + ".2026-11-23.9", "08:59", "11-23 09:00"},
		{base + ".2026-11-23.09", "08:59", "11-23 09:00"},
		{base + ".2026-11-24.0", "23:59", "11-24 00:00"},
		{base + ".9", "08:59", "11-23 09:00"},
		{base + ".09", "09:00", "11-23 09:00"},
		{base + ".2", "04:18", "11-23 02:00"},
		{base + ".0", "23:59", "11-24 00:00"},
		{base + ".23", "00:01", "11-22 23:00"},
		{"slowquery/mariadb-slowquery.log.9", "09:00", "11-23 09:00"},
		{base + ".24", "09:00", "-"},
		{base + ".2026-11-23.24", "09:00", "-"},
		{base + ".2026-11-23", "09:00", "-"},
		{base + ".gz", "09:00", "-"},
		{"error/mysql-error.log", "09:00", "-"},
		{"", "09:00", "-"},
	}
	for _, test := range tests {
		written, err := time.Parse("2006-01-02 15:04", "2026-11-23 "+test.written)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := parseName(test.name)
		got := ""
		if !ok {
			got = "-"
		} else if !n.live() {
			got = n.rotated(written).Format("01-02 15:04")
		}
		if got != test.rotated {
			t.Errorf("%s, written at %s: %q, want %q", test.name, test.written, got, test.rotated)
		}
	}
}

func TestRetries(t *testing.T) {
	s := NewRDS(aws.Config{Region: "eu-central-1"}, Options{})
	if n := s.client.Options().Retryer.MaxAttempts(); n != 8 {
		t.Errorf("calls are tried %d times", n)
	}
}

func TestMarkerForms(t *testing.T) {
	for text, want := range map[string]marker{
		"12:210510255":        {"12", 210510255},
		"2026-10-10.7:185849": {"2026-10-10.7", 185849},
		"0":                   {},
		"":                    {},
		"12:":                 {},
		"12:-1":               {},
		"a:b":                 {},
	} {
		got, known := parseMarker(text)
		if known != (want != marker{}) || known && (got != want || got.String() != text) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, known, want)
		}
	}
}
