package notifier

import (
	"math"
	"testing"
	"time"

	"slowdigest/digest"
)

func TestHumanize(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0), "0"}, {count(0.34), "0.3"}, {count(9.99), "10"}, {count(12.6), "13"}, {count(999), "999"},
		{count(1284), "1,284"}, {count(999_999), "999,999"}, {count(999_999.6), "1M"}, {count(1.234e6), "1.23M"},
		{count(999.6e6), "1G"}, {count(1.5e12), "1.5T"}, {count(-1284), "-1,284"}, {count(1e300), "1.0e+300"}, {count(math.NaN()), "-"},
		{seconds(0), "0s"}, {seconds(1e-9), "0s"}, {seconds(1e-6), "1µs"}, {seconds(0.0009996), "1ms"},
		{seconds(0.876), "876ms"}, {seconds(0.0124), "12.4ms"}, {seconds(0.9996), "1s"}, {seconds(1.234), "1.23s"},
		{seconds(99.94), "99.9s"}, {seconds(99.96), "1m40s"}, {seconds(502), "8m22s"}, {seconds(3599.6), "1h00m"},
		{seconds(7500), "2h05m"}, {seconds(86399), "1d00h"}, {seconds(273600), "3d04h"}, {seconds(1e8), "1,157d"},
		{seconds(18446744073708), "214Md"}, {seconds(math.Inf(1)), "-"},
		{percent(0), "0%"}, {percent(math.NaN()), "0%"}, {percent(0.004), "<1%"}, {percent(0.614), "61%"},
		{percent(0.996), ">99%"}, {percent(1), "100%"},
		{bytesize(0), "0 B"}, {bytesize(999), "999 B"}, {bytesize(4203117), "4.2 MB"}, {bytesize(999_999_999), "1 GB"},
		{bytesize(math.MaxInt64), "9.22 EB"},
		{plural(1, "file", "files"), "1 file"}, {plural(0, "file", "files"), "0 files"},
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

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"  a \t\r\n b  ", "a b"}, {"a\x00b\x1b[2Jc\x07", "ab[2Jc"}, {"a\u202eb\u2066c\u200bd\ufeff", "abcd"},
		{"bad \xff\xfe utf", "bad utf"}, {"注文 `é` ✓", "注文 `é` ✓"}, {"x\u0301\u0301\u0301\u0301\u0301\u0301", "x\u0301\u0301\u0301\u0301"},
		{"\u00a0\u3000", ""}, {"\ue000\U000e0041x", "x"},
	} {
		if got := clean(c.in); got != c.want {
			t.Errorf("clean(%q) is %q, want %q", c.in, got, c.want)
		}
	}
}
