package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// TestUnreadableLines has lines that RDS refuses, or that break its answers. Each
// of them, and nothing else, is a gap.
func TestUnreadableLines(t *testing.T) {
	for _, mode := range []rdstest.Text{rdstest.RefuseBinary, rdstest.AsIs} {
		for _, bad := range []string{"\x01", "\x00\x00", strings.Repeat("\xfe", 700), "\x1b" + strings.Repeat("y", 300) + "\x1b"} {
			for _, sequential := range []bool{true, false} {
				srv := rdstest.NewServer()
				srv.Text, srv.PortionBytes = mode, 20000
				h := newHistory(3)
				text := h.write(live, []byte(rdstest.Banner), 40, 500, tenOClock.Add(-time.Hour))
				unreadable := map[string]bool{}
				for _, i := range []int{0, 17, 18, 39} {
					e := &h.entries[live][i]
					if v := bytes.Index(text[e.from:e.to], []byte("vvv")); v >= 0 && v+3+len(bad) < len(text[e.from:e.to])-20 {
						copy(text[e.from+int64(v)+1:], bad)
						e.text = string(text[e.from:e.to])
						unreadable[e.id] = true
					}
				}
				if len(unreadable) < 2 && len(bad) < 100 {
					t.Fatal("there is nothing unreadable in the log")
				}
				srv.AddInstance("orders-1").Write(live, text, tenOClock)
				s := source.NewRDS(patient(srv.Config()), source.Options{Sequential: sequential, Patience: time.Microsecond})
				f := hour(t, s)[0]
				got, cov := read(t, s, f)
				if err := h.check(f, got, cov, nil); err != nil {
					t.Errorf("text %d, %.10q, sequential %v: %v", mode, bad, sequential, err)
				}
				for _, g := range cov.Gaps {
					if n := overlapping(h.entries[live], g); n != 1 && !unreadable[h.entries[live][18].id] {
						t.Errorf("text %d, %.10q: the gap %+v is over %d entries", mode, bad, g, n)
					}
				}
				if len(cov.Gaps) > len(unreadable) || cov.Complete != (len(unreadable) == 0) {
					t.Errorf("text %d, %.10q: %d unreadable lines, coverage %+v", mode, bad, len(unreadable), cov)
				}
				srv.Close()
			}
		}
	}
}

func overlapping(entries []entry, g source.Gap) (n int) {
	for _, e := range entries {
		if g.From < e.to && e.from < g.To {
			n++
		}
	}
	return n
}

// TestReplacedBytes has text whose length is not what the markers say.
func TestReplacedBytes(t *testing.T) {
	text := bytes.Repeat([]byte("SELECT '佐藤';\nSELECT 1;\n"), 500)
	for mode, by := range map[rdstest.Text]string{rdstest.QuestionMarks: "?", rdstest.ReplacementChars: "\uFFFD"} {
		for _, markers := range []rdstest.Markers{rdstest.DatedMarkers, rdstest.HourMarkers, rdstest.OpaqueMarkers} {
			srv := rdstest.NewServer()
			srv.Text, srv.Markers, srv.PortionBytes = mode, markers, 1000
			srv.AddInstance("orders-1").Write(live, text, tenOClock)
			s := source.NewRDS(patient(srv.Config()), source.Options{Patience: time.Microsecond})
			got, cov := read(t, s, hour(t, s)[0])
			if want := strings.ReplaceAll(string(text), "佐藤", strings.Repeat(by, 6)); string(got) != want || !cov.Complete {
				t.Errorf("text %d, markers %d: %d bytes, want %d, coverage %+v", mode, markers, len(got), len(want), cov)
			}
			srv.Close()
		}
	}
}

// TestLongLine has a line longer than a portion of 1 MB.
func TestLongLine(t *testing.T) {
	text := rdstest.Banner + "SELECT 1;\nSELECT '" + strings.Repeat("x", 3<<20) + "';\nSELECT 2;\n"
	cut := strings.Replace(text, strings.Repeat("x", 2<<20)+"';", "\n [Your log message was truncated]", 1)
	for sequential, want := range map[bool]string{true: cut, false: text} {
		srv := rdstest.NewServer()
		srv.AddInstance("orders-1").Write(live, []byte(text), tenOClock)
		s := source.NewRDS(patient(srv.Config()), source.Options{Sequential: sequential})
		got, cov := read(t, s, hour(t, s)[0])
		lines, wantLines := strings.Split(string(got), "\n"), strings.Split(want, "\n")
		if len(lines) != len(wantLines) || lines[len(lines)-2] != "SELECT 2;" || (cov.TruncatedLines == 1) != sequential || !cov.Complete {
			t.Errorf("sequential %v: %d lines, want %d, coverage %+v", sequential, len(lines), len(wantLines), cov)
		}
		if !sequential && string(got) != text {
			t.Error("the predicted ranges differ from the text")
		}
		if sequential && !strings.Contains(lines[4], "SELECT 'xxx") {
			t.Errorf("the long line begins with %.20q", lines[4])
		}
		srv.Close()
	}
}

// TestNoticeInLog has the notice of the API as a part of the log.
func TestNoticeInLog(t *testing.T) {
	const notice = " [Your log message was truncated]"
	text := strings.Repeat("SELECT 'a';\n"+notice+"\nSELECT 2;\nSELECT 3;\n", 100) + notice + "\n"
	for _, portion := range []int{57, 100, 1000, 1 << 20} {
		for _, sequential := range []bool{true, false} {
			srv := rdstest.NewServer()
			srv.PortionBytes = portion
			srv.AddInstance("orders-1").Write(live, []byte(text), tenOClock)
			s := source.NewRDS(patient(srv.Config()), source.Options{Sequential: sequential, Patience: time.Microsecond})
			got, cov := read(t, s, hour(t, s)[0])
			without := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, notice, "")), " ") }
			if without(string(got)) != without(text) {
				t.Errorf("portions of %d bytes, sequential %v: %d bytes, want %d, coverage %+v", portion, sequential, len(got), len(text), cov)
			}
			srv.Close()
		}
	}
}

func TestBudget(t *testing.T) {
	s := newScene(newHistory(2), setting{longest: 40})
	defer s.srv.Close()
	rds := source.NewRDS(patient(s.srv.Config()), source.Options{MaxBytes: 4000})
	for range 2 { // each call of LogFiles has a budget of its own
		var total int64
		var notes []string
		for _, f := range list(t, rds) {
			text, cov := read(t, rds, f)
			total += int64(len(text))
			notes = append(notes, cov.Notes...)
			if err := s.check(f, text, cov, nil); err != nil {
				t.Error(err)
			}
		}
		if total == 0 || total > 4000 || len(notes) != 2 || !strings.Contains(notes[0], "budget of 4000 bytes") {
			t.Errorf("read %d bytes, notes %q", total, notes)
		}
	}
}

func TestDeadline(t *testing.T) {
	s := newScene(newHistory(2), setting{longest: 40, late: true})
	defer s.srv.Close()
	s.srv.Latency = 20 * time.Millisecond
	rds := source.NewRDS(patient(s.srv.Config()), source.Options{Sequential: true})
	f := list(t, rds)[0]
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Millisecond)
	defer cancel()
	l, err := rds.Open(ctx, f)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	text, err := io.ReadAll(l)
	cov := l.Coverage()
	if err != nil || len(text) == 0 || !strings.Contains(fmt.Sprint(cov.Notes), "the time ran out") {
		t.Errorf("%d bytes, error %v, coverage %+v", len(text), err, cov)
	}
	// That the file was not rotated could not be verified any more.
	cov.Notes = nil
	if err := s.check(f, text, source.Coverage{Gaps: cov.Gaps, Notes: []string{"late"}}, nil); err != nil {
		t.Error(err)
	}
}
