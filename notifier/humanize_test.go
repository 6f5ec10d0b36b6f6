package notifier

import (
	"math"
	"testing"
	"time"

	"slowdigest/digest"
)

func TestHumanize(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Count(0), "0"}, {Count(0.34), "0.3"}, {Count(9.99), "10"}, {Count(12.6), "13"}, {Count(999), "999"},
		{Count(1284), "1,284"}, {Count(999_999), "999,999"}, {Count(999_999.6), "1M"}, {Count(1.234e6), "1.23M"},
		{Count(999.6e6), "1G"}, {Count(1.5e12), "1.5T"}, {Count(-1284), "-1,284"}, {Count(1e300), "1.0e+300"}, {Count(math.NaN()), "-"},
		{Duration(0), "0s"}, {Duration(1e-9), "0s"}, {Duration(1e-6), "1µs"}, {Duration(0.0009996), "1ms"},
		{Duration(0.876), "876ms"}, {Duration(0.0124), "12.4ms"}, {Duration(0.9996), "1s"}, {Duration(1.234), "1.23s"},
		{Duration(59.94), "59.9s"}, {Duration(59.96), "1m00s"}, {Duration(502), "8m22s"}, {Duration(3599.6), "1h00m"},
		{Duration(7500), "2h05m"}, {Duration(86399), "1d00h"}, {Duration(273600), "3d04h"}, {Duration(1e8), "1,157d"},
		{Duration(18446744073708), "214Md"}, {Duration(math.Inf(1)), "-"},
		{Percent(0), "0%"}, {Percent(math.NaN()), "0%"}, {Percent(0.004), "<1%"}, {Percent(0.614), "61%"},
		{Percent(0.996), ">99%"}, {Percent(1), "100%"},
		{byteSize(0), "0 B"}, {byteSize(999), "999 B"}, {byteSize(4203117), "4.2 MB"}, {byteSize(999_999_999), "1 GB"},
		{byteSize(math.MaxInt64), "9.22 EB"},
		{Plural(1, "file", "files"), "1 file"}, {Plural(0, "file", "files"), "0 files"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWindow(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, c := range []struct {
		w    digest.Window
		want string
	}{
		{digest.Window{}, "all times"},
		{digest.Window{Start: at("2026-11-23T14:00:00Z"), End: at("2026-11-23T15:00:00Z")}, "2026-11-23 14:00 to 15:00 UTC"},
		{digest.Window{Start: at("2026-11-23T14:00:00+01:00"), End: at("2026-11-23T15:00:07+01:00")}, "2026-11-23 13:00:00 to 14:00:07 UTC"},
		{digest.Window{Start: at("2026-11-23T23:00:00Z"), End: at("2026-11-24T00:00:00Z")}, "2026-11-23 23:00 to 2026-11-24 00:00 UTC"},
		{digest.Window{Start: at("2026-11-23T23:00:00Z")}, "since 2026-11-23 23:00 UTC"},
		{digest.Window{End: at("2026-11-23T23:00:00Z")}, "until 2026-11-23 23:00 UTC"},
	} {
		if got := window(c.w); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
