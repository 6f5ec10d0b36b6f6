package parser

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// damage is a way in which a log comes to differ from what the server wrote.
type damage struct {
	name string
	// do writes the next entry of g, or what is left of it. Whole reports whether it is
	// whole; then it stands in g.events, and else it does not.
	do func(g *generator) (whole bool)
	// exact is set where all whole entries are read, and nothing is in doubt.
	exact bool
	// tame is set where what is left of an entry can end in a literal, and it cannot be
	// told whether the entries after it stand in it if they hold entries themselves.
	tame bool
}

// cutEntry writes an entry and cuts it at a byte of its statement, or of its header.
func cutEntry(g *generator, inHeader bool) {
	start := g.log.Len()
	g.entry()
	e := g.events[len(g.events)-1]
	g.events = g.events[:len(g.events)-1]
	length := g.log.Len() - start
	statement := length - len(";\n") - int(e.SQLBytes)
	if e.Admin {
		statement -= len(adminPrefix)
	}
	n := statement + g.IntN(max(1, length-statement-1))
	if inHeader {
		n = 1 + g.IntN(statement)
	}
	g.log.Truncate(start + n)
	g.cut = append(g.cut, int64(start))
}

// edit writes an entry that is changed by a function.
func edit(g *generator, change func(entry []byte) []byte) {
	start := g.log.Len()
	g.entry()
	entry := change(bytes.Clone(g.log.Bytes()[start:]))
	g.log.Truncate(start)
	g.log.Write(entry)
}

var (
	hourRE  = regexp.MustCompile(`^(# Time: \d{6})  (\d:)`)
	timeRE  = regexp.MustCompile(`^# Time: .*`)
	stampRE = regexp.MustCompile(`timestamp=\d+;\n`)
)

var explain = flag.Bool("explain", false, "print the first entry that is not read")

func blankLines(g *generator) string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(pick(g, "\n", "\r\n", "  \n", "\t\r\n", "\n\n\n", "\x00\x00\n"))
	}
	return b.String()
}

func whole(g *generator, before string) bool {
	g.log.WriteString(before)
	g.entry()
	return true
}

var damages = []damage{
	{"none", func(g *generator) bool { return whole(g, "") }, true, false},
	{"blank lines", func(g *generator) bool { return whole(g, blankLines(g)) }, true, false},
	{"NUL bytes", func(g *generator) bool { return whole(g, strings.Repeat("\x00", g.IntN(5000))) }, true, false},
	{"blanks after the semicolon", func(g *generator) bool {
		edit(g, func(e []byte) []byte {
			return append(bytes.TrimSuffix(e, []byte("\n")), pick(g, " \n", "\t\n", "  \r\n", "\r\n")...)
		})
		return true
	}, true, false},
	{"one blank before the hour", func(g *generator) bool {
		edit(g, func(e []byte) []byte { return hourRE.ReplaceAll(e, []byte("$1 $2")) })
		return true
	}, true, false},
	{"a comment to the end of the line", func(g *generator) bool {
		g.entry()
		if e := &g.events[len(g.events)-1]; !e.Admin {
			note := pick(g, " -- note", " # it's", " -- the girls' day")
			g.log.Truncate(g.log.Len() - len(";\n"))
			g.log.WriteString(note + ";\n")
			e.SQL = append(e.SQL, note...)
		}
		return true
	}, true, false},
	{"a session's timestamp", func(g *generator) bool {
		edit(g, func(e []byte) []byte {
			if g.isLocal() { // of two numbers that disagree, neither can be known to be right
				return e
			}
			at := stampRE.FindIndex(e)
			return slices.Concat(e[:at[0]], fmt.Appendf(nil, "timestamp=%d;\n", g.IntN(2e9)), e[at[1]:])
		})
		return true
	}, true, false},
	{"headings of tail -f", func(g *generator) bool { return whole(g, "\n==> /var/lib/mysql/slow.log <==\n") }, true, false},
	{"a time that cannot be read", func(g *generator) bool {
		edit(g, func(e []byte) []byte {
			return timeRE.ReplaceAll(e, []byte(pick(g, "# Time: ", "# Time: 2026-11-23T1", "# Time: ???", "# Time: 2026-13-45T10:00:00Z")))
		})
		return true
	}, false, false},
	{"stray lines", func(g *generator) bool {
		return whole(g, pick(g, "-- rotated\n", "rotated by logrotate\n", "Killed\n", "## end ##\n"))
	}, false, false},
	{"cut entries", func(g *generator) bool {
		cutEntry(g, false)
		g.log.WriteString(pick(g, "", "\n"))
		return false
	}, false, true},
	{"cut headers", func(g *generator) bool {
		cutEntry(g, true)
		g.log.WriteString(pick(g, "", "\n"))
		return false
	}, false, true},
	{"cut by RDS", func(g *generator) bool {
		cutEntry(g, false)
		g.log.WriteString("\n" + cutMarker + "\n")
		return false
	}, false, true},
	{"killed", func(g *generator) bool {
		cutEntry(g, false)
		g.banner()
		return false
	}, false, true},
}

// TestDamaged reads logs with damages of one kind, or of all. Each whole entry is read
// as it was written, or the log is not said to be complete; and then it is a rare one
// that is not read.
func TestDamaged(t *testing.T) {
	each := *generateFor / time.Duration(len(damages)+1)
	for i := range len(damages) + 1 {
		name := "all"
		if i < len(damages) {
			name = damages[i].name
		}
		t.Run(name, func(t *testing.T) {
			deadline := time.Now().Add(each)
			var written, missed, forged, logs int
			for seed := firstSeed(); time.Now().Before(deadline) && !t.Failed(); seed++ {
				logs++
				g := newGenerator(seed)
				g.tame = i == len(damages) || damages[i].tame
				if g.IntN(4) > 0 {
					g.banner()
				}
				exact := true
				for range 1 + g.IntN(40) {
					d := damages[0]
					if g.IntN(3) == 0 {
						d = damages[g.IntN(len(damages))]
						if i < len(damages) {
							d = damages[i]
						}
					}
					exact = exact && d.exact
					d.do(g)
				}
				m, f := checkDamaged(t, seed, g, exact)
				written, missed, forged = written+len(g.events), missed+m, forged+f
			}
			t.Logf("%d logs, %d whole entries, %d not read, %d read that are none", logs, written, missed, forged)
			if missed > 20+written/15 || forged > 5+written/100 {
				t.Errorf("of %d entries %d are not read, and %d are read that are none", written, missed, forged)
			}
		})
	}
}

// checkDamaged compares what is read of a log with the whole entries in it.
func checkDamaged(t *testing.T, seed uint64, g *generator, exact bool) (missed, forged int) {
	log := g.log.Bytes()
	o := Options{Location: time.FixedZone("", int(g.zone.Seconds()))}
	events, stats := readAll(t, bytes.NewReader(log), o)
	read := map[int64]*Event{}
	for i := range events {
		read[events[i].Offset] = &events[i]
	}
	for _, w := range g.events {
		e, at := read[w.Offset], w.Offset
		for _, cut := range g.cut { // its header can take up the beginning of one that is cut
			if e == nil && read[cut] != nil && read[cut].RowsExamined == w.RowsExamined {
				e, at = read[cut], cut
			}
		}
		delete(read, at)
		if e != nil && e.Cut && w.Offset == events[len(events)-1].Offset && bytes.HasPrefix(e.SQL, w.SQL) {
			continue // and the beginning of one that is cut, at the end of the log
		}
		if e == nil || !bytes.Equal(e.SQL, w.SQL) || e.Cut || e.QueryTime != w.QueryTime || e.User != w.User {
			missed++
			if *explain && stats.Complete() {
				*explain = false
				t.Logf("seed %d, %s, the entry at %d is missing: %+v", seed, g.kind, w.Offset, stats.Problems)
				for _, e := range events {
					if e.Offset <= w.Offset && e.Offset+max(1000, 2*e.SQLBytes) > w.Offset {
						t.Logf("read at %d, cut %v, %d bytes: %.200s ... %s", e.Offset, e.Cut, e.SQLBytes, e.SQL, e.SQL[max(0, len(e.SQL)-300):])
					}
				}
				t.Logf("the log: %s", bytes.ReplaceAll(log[max(0, w.Offset-1500):min(int(w.Offset)+1500, len(log))], []byte("xxxxxxxxxx"), nil))
			}
		}
	}
	for _, offset := range g.cut { // what is left of an entry can look whole
		delete(read, offset)
	}
	forged = len(read)
	undecided := 0
	for _, p := range stats.Problems {
		if p.Reason == reasonUndecided {
			undecided++
		}
	}
	if stats.Complete() && missed+forged > 0 || exact && undecided == 0 && (missed+forged > 0 || len(stats.Problems) > 0) {
		t.Errorf("seed %d: %d entries are not read, and %d are read that are none: %+v", seed, missed, forged, stats)
	}
	again, half := readAll(t, iotest.HalfReader(bytes.NewReader(log)), o)
	if fmt.Sprintf("%+v %+v", again, half) != fmt.Sprintf("%+v %+v", events, stats) {
		t.Errorf("seed %d: portions are read in another way", seed)
	}
	return missed, forged
}

// TestGaps cuts pieces out of logs and tells the parser where: what is after a gap is
// read without regard to what is before it.
func TestGaps(t *testing.T) {
	deadline := time.Now().Add(*generateFor / 4)
	var written, missed int
	for seed := firstSeed(); time.Now().Before(deadline) && !t.Failed(); seed++ {
		g := newGenerator(seed)
		g.tame = seed%2 == 0
		var gaps []int64
		for range 1 + g.IntN(40) {
			if g.IntN(3) == 0 {
				cutEntry(g, false)
				g.log.WriteString(pick(g, "\n", "\n"+cutMarker+"\n"))
				gaps = append(gaps, int64(g.log.Len()))
			}
			g.entry()
		}
		log := g.log.Bytes()
		for _, r := range []io.Reader{bytes.NewReader(log), iotest.HalfReader(bytes.NewReader(log))} {
			counter := &countingReader{r: r}
			events, stats := readAll(t, counter, Options{
				Location: time.FixedZone("", int(g.zone.Seconds())),
				Gaps: func() (known []int64) {
					for _, gap := range gaps {
						if gap <= counter.n {
							known = append(known, gap)
						}
					}
					return known
				}})
			read := map[int64]Event{}
			for _, e := range events {
				read[e.Offset] = e
			}
			for _, w := range g.events {
				written++
				if e := read[w.Offset]; !bytes.Equal(e.SQL, w.SQL) || e.Cut {
					missed++
					if stats.Complete() || g.tame {
						t.Errorf("seed %d: the entry at %d is not read: %+v", seed, w.Offset, stats)
					}
				}
			}
		}
	}
	t.Logf("%d entries, %d not read", written, missed)
	if missed > 20+written/100 {
		t.Errorf("of %d entries %d are not read", written, missed)
	}
}

type countingReader struct {
	r io.Reader
	n int64
}

func (r *countingReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.n += int64(n)
	return n, err
}
