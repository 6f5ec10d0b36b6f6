package notifier

import (
	"strings"
	"testing"

	"slowdigest/digest"
)

// What is missing and known is named, and is neither complete nor partial. What is
// awaited, or may be late, is no reason for a message; that there was nothing is one.
func TestWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name       string
		coverage   digest.Coverage
		past       digest.Past
		calls      int64
		trust      string
		incomplete bool
		quiet      bool
	}{
		{"nothing", digest.Coverage{Complete: true}, digest.Past{}, 0, "Complete", false, false},
		{"nothing but what is muted", digest.Coverage{Complete: true}, digest.Past{Muted: make([]digest.MutedClass, 1)}, 0, "Complete", false, false},
		{"what is muted, and may be late", digest.Coverage{Complete: true, AsListed: true}, digest.Past{Muted: make([]digest.MutedClass, 1)}, 0, "As listed", false, true},
		{"something", digest.Coverage{}, digest.Past{}, 0, "NO DATA", true, false},
		{"something, with calls", digest.Coverage{InWindow: 1}, digest.Past{}, 1, "PARTIAL", true, false},
		{"what may be late", digest.Coverage{Complete: true, AsListed: true}, digest.Past{}, 0, "As listed", false, true},
		{"what may be late, and something", digest.Coverage{AsListed: true, InWindow: 1}, digest.Past{}, 1, "PARTIAL", true, false},
		{"what may be late, and what is known", digest.Coverage{AsListed: true, Without: []string{"db-2"}}, digest.Past{}, 0, "Without db-2", false, true},
		{"what is awaited", digest.Coverage{Awaited: true}, digest.Past{}, 0, "NO DATA", true, true},
		{"what is awaited, with calls", digest.Coverage{Awaited: true, InWindow: 1}, digest.Past{}, 1, "PARTIAL", true, false},
		{"what is known", digest.Coverage{Without: []string{"db-2"}}, digest.Past{}, 0, "Without db-2", false, true},
		{"what is known, with calls", digest.Coverage{Without: []string{"a", "b", "c", "d"}, InWindow: 1}, digest.Past{}, 1, "Without a, b, c and 1 more", false, false},
		{"hours that are lost", digest.Coverage{Complete: true}, digest.Past{Missed: make([]digest.Window, 1)}, 0, "Complete", false, false},
		{"hours that are given up", digest.Coverage{Complete: true}, digest.Past{GivenUp: make([]digest.Window, 1)}, 0, "Complete", false, false},
		{"news alone", digest.Coverage{Complete: true}, digest.Past{News: []string{"db-2 is awake again."}}, 0, "Complete", false, false},
	} {
		r := &digest.Report{Coverage: c.coverage, Past: &c.past}
		if r.Overall.Calls = c.calls; c.calls > 0 {
			r.Classes = make([]digest.Class, 1)
		}
		if Trust(r) != c.trust || Incomplete(r) != c.incomplete || Quiet(r) != c.quiet {
			t.Errorf("%s: %s, incomplete %v, quiet %v", c.name, Trust(r), Incomplete(r), Quiet(r))
		}
		if facts := Facts(r); !c.incomplete && !strings.Contains(facts, lowerFirst(c.trust)+": ") {
			t.Errorf("%s: %s", c.name, facts)
		}
	}
}

// Given up is not deleted, and each is said as what it is.
func TestNoticesOfHours(t *testing.T) {
	lost := Notices(&digest.Report{Past: &digest.Past{Missed: make([]digest.Window, 1), GivenUp: make([]digest.Window, 1)}})
	if len(lost) != 2 || lost[0].Word != "HOURS LOST" || !strings.Contains(lost[0].Text, "deleted") || lost[1].Word != "HOURS GIVEN UP" || strings.Contains(lost[1].Text, "deleted") {
		t.Errorf("%+v", lost)
	}
	if said := Caveats(&digest.Report{Past: &digest.Past{News: []string{"db-2 is awake again."}}}); len(said) != 1 || said[0] != "db-2 is awake again." {
		t.Errorf("%q", said)
	}
}
