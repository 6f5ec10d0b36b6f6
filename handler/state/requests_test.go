package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

const id = "0123456789ABCDEF0123456789ABCDEF"

func TestBoundsOfAMute(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		length time.Duration
		want   bool
	}{
		{-5 * day, false}, {-1, false}, {1, false}, {time.Hour - 1, false}, {time.Hour, true}, {7 * day, true},
		{90 * day, true}, {90*day + 1, false}, {4000 * day, false}, {1<<63 - 1, false},
	} {
		var s State
		m, err := s.Mute(digest.Mute{ID: id, Since: ten}, c.length)
		if (err == nil) != c.want || len(s.Mutes) == 1 != c.want || c.want && (s.Mutes[0] != m || !m.Until.Equal(ten.Add(c.length))) {
			t.Errorf("for %v: %v, %v", c.length, s.Mutes, err)
		}
		if err != nil && !strings.Contains(err.Error(), "1h to 90d, or forever, for 0") {
			t.Errorf("error %v", err)
		}
	}
	var s State
	if _, err := s.Mute(digest.Mute{ID: id, Since: ten, Until: ten}, 0); err != nil || !s.Mutes[0].Until.IsZero() {
		t.Errorf("forever: %+v, %v", s.Mutes, err)
	}
	for n, want := range map[int]bool{200: true, 201: false} {
		if _, err := s.Mute(digest.Mute{ID: id, Since: ten, Reason: strings.Repeat("ü", n)}, 0); (err == nil) != want {
			t.Errorf("a reason of %d characters: %v", n, err)
		}
	}
}

// What people have remembered is one line that no terminal obeys, whatever they
// gave; its bounds are those of the line.
func TestRememberedTextIsOneLine(t *testing.T) {
	for given, want := range map[string]string{
		"nightly\nexport":                   "nightly export",
		"\r\n a \t\v\u2028\u0085 b \x00":    "a b",
		"\x1b[31mred\x1b[0m \a":             "[31mred [0m",
		"\u202egnp.exe\u200b\ufeff\xff\xfe": "gnp.exe",
		"für 佐藤 😀 <b>&":                     "für 佐藤 😀 <b>&",
		" \n\x07 ":                          "",
		strings.Repeat("\n", 999) + "x":     "x",
	} {
		var s State
		m, err := s.Mute(digest.Mute{ID: id, Since: ten, Reason: given, By: given}, 0)
		if err != nil || m != s.Mutes[0] || m.Reason != want || m.By != want {
			t.Errorf("mute of %.40q: %+v, %v", given, s.Mutes, err)
		}
		if _, kept, err := s.Note(id, given); err != nil || kept != want || s.Notes[id] != want {
			t.Errorf("note of %.40q: %q, %q, %v", given, kept, s.Notes, err)
		}
	}
}

// Another mute of a class ends, and so do those that have expired.
func TestMutesThatEnd(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%032X", n) }
	s := State{Mutes: []digest.Mute{{ID: id(1), Until: ten.Add(-1)}, {ID: id(2), Until: ten}, {ID: id(3)}, {ID: id(4), Until: ten.Add(time.Hour)}}}
	if _, err := s.Mute(digest.Mute{ID: strings.ToLower(id(4)), Since: ten, Reason: "again"}, 0); err != nil {
		t.Fatal(err)
	}
	ids := func() (out []string) {
		for _, m := range s.Mutes {
			out = append(out, m.ID)
		}
		return out
	}
	if want := []string{id(2), id(3), id(4)}; !slices.Equal(ids(), want) || s.Mutes[2].Reason != "again" {
		t.Errorf("muted are %+v", s.Mutes)
	}
	if got, err := s.Unmute(strings.ToLower(id(3))); err != nil || got != id(3) || !slices.Equal(ids(), []string{id(2), id(4)}) {
		t.Errorf("Unmute = %q, %v; muted are %+v", got, err, s.Mutes)
	}
	if _, err := s.Unmute("X"); err == nil || !strings.HasPrefix(err.Error(), "unmute: ") || len(s.Mutes) != 2 {
		t.Errorf("Unmute of nothing: %v", err)
	}
	if _, err := s.Mute(digest.Mute{ID: "X", Since: ten}, 0); err == nil || !strings.HasPrefix(err.Error(), "mute: ") || len(s.Mutes) != 2 {
		t.Errorf("Mute of nothing: %v", err)
	}
}

func TestBoundsOfANote(t *testing.T) {
	var s State
	for _, c := range []string{"x", "ü", "😀"} {
		most := strings.Repeat(c, 500)
		if got, kept, err := s.Note(strings.ToLower(id), "  "+most+"\n"); err != nil || got != id || kept != most || s.Notes[id] != most {
			t.Errorf("500 characters: %q, %v", got, err)
		}
		if _, _, err := s.Note(id, most+c); err == nil || !strings.Contains(err.Error(), "501 characters, and 500 are the most") || s.Notes[id] != most {
			t.Errorf("501 characters: %v", err)
		}
	}
	if _, _, err := s.Note("X", "text"); err == nil || len(s.Notes) != 1 {
		t.Errorf("no ID: %v", err)
	}
	if got, kept, err := s.Note(id, " \t"); err != nil || got != id || kept != "" || len(s.Notes) != 0 {
		t.Errorf("empty: %q, %q, %v, %v", got, kept, err, s.Notes)
	}
}

// A request is remembered for eleven minutes, in which nobody is served twice.
func TestRequestIsServedOnce(t *testing.T) {
	var s State
	for _, c := range []struct {
		id   string
		at   time.Duration
		want error
		kept int
	}{
		{"a", 0, nil, 1},
		{"a", 0, nil, 1}, // the saving of the first had no answer
		{"a", 1, ErrReplayed, 1},
		{"b", 11 * time.Minute, nil, 2},
		{"a", 11 * time.Minute, ErrReplayed, 2},
		{"c", 11*time.Minute + 1, nil, 2},
		{"b", 22 * time.Minute, ErrReplayed, 2},
		{"a", 22*time.Minute + 1, nil, 2},
	} {
		if err := s.ServeOnce(c.id, ten.Add(c.at)); !errors.Is(err, c.want) || len(s.Served) != c.kept {
			t.Errorf("%s after %v: %v, and %v are remembered", c.id, c.at, err, s.Served)
		}
	}
}

// An answer is remembered for as long as Lambda may deliver its event, by itself; it can be
// taken back by who has claimed it, and by nobody else.
func TestRequestIsAnsweredOnce(t *testing.T) {
	var s State
	if err := s.ServeOnce("a", ten); err != nil || s.Answered("a") {
		t.Errorf("a request that is served is answered: %v", err)
	}
	for _, c := range []struct {
		id   string
		at   time.Duration
		want error
	}{
		{"a", 0, nil}, {"a", 0, nil}, {"a", 1, ErrReplayed}, {"a", 6 * time.Hour, ErrReplayed}, {"b", 24 * time.Hour, nil}, {"a", 24 * time.Hour, ErrReplayed},
		{"c", 24*time.Hour + 1, nil}, {"a", 24*time.Hour + 2, nil},
	} {
		if err := s.AnswerOnce(c.id, ten.Add(c.at)); err != c.want || !s.Answered(c.id) {
			t.Errorf("%s after %s: %v, want %v", c.id, c.at, err, c.want)
		}
	}
	s.Unanswer("a", ten)
	if !s.Answered("a") {
		t.Error("somebody else has taken it back")
	}
	s.Unanswer("a", ten.Add(24*time.Hour+2))
	if s.Answered("a") || s.AnswerOnce("a", ten.Add(25*time.Hour)) != nil {
		t.Error("it is not taken back")
	}
}

// A release is marked by a time of the last 14 days, up to the skew of clocks.
func TestBoundsOfARelease(t *testing.T) {
	now := ten.Add(90 * time.Second)
	for _, c := range []struct {
		name string
		at   time.Time
		ok   bool
	}{
		{"v142", time.Time{}, true}, {"v142", now.Add(clockSkew), true}, {"v142", now.Add(clockSkew + 1), false},
		{"v142", now.Add(-maxReleased), true}, {"v142", now.Add(-maxReleased - 1), false},
		{strings.Repeat("v", 80), now, true}, {strings.Repeat("v", 81), now, false}, {"", now, false}, {"a b", now, false},
		{"Shop_1.2:3/4#5@6+7-8", now, true}, {"10.0.0.1", now, false}, {"<!channel>", now, false},
	} {
		var s State
		m, err := s.MarkRelease(c.name, c.at, now)
		if (err == nil) != c.ok || len(s.History.Releases()) != map[bool]int{true: 1}[c.ok] {
			t.Errorf("%+v: %+v, %v", c, m, err)
		}
		if want := c.at; err == nil && m.Name != c.name || err == nil && !want.IsZero() && !m.At.Equal(want.Truncate(time.Second)) {
			t.Errorf("%+v: %+v", c, m)
		}
	}
	var s State
	if err := s.UnmarkRelease("v1"); err == nil {
		t.Error("what was not marked is taken back")
	}
	for range 2 { // the answer of the store was lost
		if m, err := s.MarkRelease("v1", time.Time{}, now); err != nil || !m.At.Equal(ten.Add(90*time.Second)) {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if err := s.UnmarkRelease("v1"); err != nil || len(s.History.Releases()) != 0 {
		t.Errorf("%v, %v", err, s.History.Releases())
	}
}
