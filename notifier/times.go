package notifier

import (
	"regexp"
	"strings"
	"time"

	"slowdigest/digest"
)

// Sentences state times in one form, in UTC and with the day: those made here, and the
// notes of packages handler and source. So a renderer can show each of them in the zone
// of its readers.
var stated = regexp.MustCompile(`(\d{4}-\d\d-\d\d) (\d\d:\d\d(?::\d\d)?)(?: to (?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d(?::\d\d)?))? UTC\b`)

// Piece holds a part of a sentence: either Text or, where that is empty, a time.
type Piece struct {
	Text    string
	At      time.Time
	Seconds bool // are of interest
	NoDay   bool // for the day is that of the time before it
}

// Pieces splits a sentence at its times.
func Pieces(s string) []Piece {
	var out []Piece
	text := func(t string) {
		if t != "" {
			out = append(out, Piece{Text: t})
		}
	}
	done := 0
	for _, m := range stated.FindAllStringSubmatchIndex(s, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return s[m[2*i]:m[2*i+1]]
		}
		first, ok := pieceOf(part(1), part(2))
		if !ok {
			continue
		}
		last := Piece{}
		if part(4) != "" {
			day := part(3)
			if day == "" {
				day = part(1)
			}
			if last, ok = pieceOf(day, part(4)); !ok {
				continue
			}
			last.NoDay = part(3) == ""
		}
		text(s[done:m[0]])
		if out = append(out, first); part(4) != "" {
			out = append(out, Piece{Text: " to "}, last)
		}
		done = m[1]
	}
	text(s[done:])
	return out
}

func pieceOf(day, clock string) (Piece, bool) {
	layout := time.DateOnly + " 15:04:05"[:len(clock)+1]
	at, err := time.Parse(layout, day+" "+clock)
	return Piece{At: at, Seconds: len(clock) > len("15:04")}, err == nil && at.Unix() >= 0
}

// InZone writes the times of a sentence in another zone than UTC. A nil zone is UTC.
func InZone(s string, zone *time.Location) string {
	if zone == nil || zone == time.UTC {
		return s
	}
	var b strings.Builder
	all := Pieces(s)
	for i := 0; i < len(all); i++ {
		switch p := all[i]; {
		case p.Text != "":
			b.WriteString(p.Text)
		case i+2 < len(all) && all[i+1].Text == " to " && all[i+2].Text == "":
			b.WriteString(interval(p.At.In(zone), all[i+2].At.In(zone), p.Seconds || all[i+2].Seconds))
			i += 2
		default:
			b.WriteString(p.At.In(zone).Format(dayAndClock(p.Seconds) + " MST"))
		}
	}
	return b.String()
}

func dayAndClock(seconds bool) string {
	if seconds {
		return time.DateTime
	}
	return "2006-01-02 15:04"
}

// at states a time as InZone finds it.
func at(t time.Time) string { return t.UTC().Format(dayAndClock(false) + " UTC") }

// window writes "2026-11-23 14:00 to 15:00 UTC". It has no dash between two
// times, which some renderers take for an emoji.
func window(w digest.Window) string {
	start, end := w.Start.UTC(), w.End.UTC()
	seconds := start.Second() != 0 || end.Second() != 0
	switch {
	case w == (digest.Window{}):
		return "all times"
	case w.Start.IsZero():
		return "until " + end.Format(dayAndClock(seconds)+" MST")
	case w.End.IsZero():
		return "since " + start.Format(dayAndClock(seconds)+" MST")
	}
	return interval(start, end, seconds)
}

// interval names the day of the second time, and the zone of the first, only where they differ.
func interval(start, end time.Time, seconds bool) string {
	layout, first := dayAndClock(seconds), ""
	if start.Format("MST") != end.Format("MST") {
		first = " MST"
	}
	s := start.Format(layout + first)
	if start.Format(time.DateOnly) == end.Format(time.DateOnly) {
		layout = layout[len("2006-01-02 "):]
	}
	return s + " to " + end.Format(layout+" MST")
}
