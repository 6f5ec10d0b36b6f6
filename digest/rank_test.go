package digest

import "testing"

func TestParseLimit(t *testing.T) {
	good := map[string]Limit{
		"":        DefaultLimit,
		"95%:20":  {95, 20},
		"99.5%:3": {99.5, 3},
		"80%":     {80, 0},
		"7":       {0, 7},
		"all":     {},
	}
	for s, want := range good {
		if got, err := ParseLimit(s); err != nil || got != want {
			t.Errorf("ParseLimit(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"0", "-1", "101%", "0%", "95%20", "95%:", "95%:0", "x", "NaN%", "20:95%", "1e3"} {
		if got, err := ParseLimit(s); err == nil {
			t.Errorf("ParseLimit(%q) = %v, want an error", s, got)
		}
	}
}

func TestParseOrderBy(t *testing.T) {
	for s, want := range map[string]OrderBy{
		"": OrderBySum, "Query_time:sum": OrderBySum, "MAX": OrderByMax, "calls": OrderByCount,
		"Query_time:cnt": OrderByCount, "rows-examined": OrderByRowsExamined, "Lock_time:sum": OrderByLockTime,
	} {
		if got, err := ParseOrderBy(s); err != nil || got != want {
			t.Errorf("ParseOrderBy(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	if _, err := ParseOrderBy("avg"); err == nil {
		t.Error("ParseOrderBy(avg) is no error")
	}
}

func TestLimitText(t *testing.T) {
	for _, want := range []string{"all", "20", "95%", "95%:20", "99.5%:1"} {
		l, err := ParseLimit(want)
		if got := l.String(); err != nil || got != want {
			t.Errorf("%q is %q again, error %v", want, got, err)
		}
	}
	var l Limit
	if err := l.UnmarshalText([]byte("some")); err == nil {
		t.Error("some is a limit")
	}
}
