package notifier_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
)

// toCopy matches lines that the terminal is to break, and nobody else.
var toCopy = regexp.MustCompile(`^ *(?:SHOW |EXPLAIN |USE |byte \d+ of |slowquery/)`)

func TestTextGoldens(t *testing.T) {
	for _, name := range notifiertest.Reports {
		for _, width := range []int{40, 60, 80, 120} {
			t.Run(fmt.Sprint(name, width), func(t *testing.T) {
				got := notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
					return notifier.NewText(b, notifier.TextOptions{Width: width})
				}, notifiertest.Load(t, name))
				notifiertest.Golden(t, fmt.Sprintf("%s-%d.txt", name, width), got)
				for i, l := range strings.Split(string(got), "\n") {
					if w := ansi.StringWidth(l); w > width && !toCopy.MatchString(l) {
						t.Errorf("line %d is %d columns wide: %s", i+1, w, l)
					}
					if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' }) {
						t.Errorf("line %d has a control character: %q", i+1, l)
					}
				}
			})
		}
	}
}

// Below 100 columns the ranking gives up the ID, the instance and the 95th percentile in this order
// where the labels need their room, and then has two lines for a class.
func TestNarrowRanking(t *testing.T) {
	one, many := &digest.Report{Version: 1, Instances: []string{"orders-1"}}, &digest.Report{Version: 1, Instances: []string{"orders-production-1", "orders-production-2"}}
	worse := &digest.Report{Version: 1, Instances: many.Instances, Past: &digest.Past{}}
	for i := range 3 {
		c := digest.Class{Rank: i + 1, ID: fmt.Sprintf("%032X", i+1), Share: 0.3, Totals: digest.Totals{Calls: 1234, QueryTime: digest.Metrics{Sum: 3101.5, P95: 1.234}},
			Fingerprint: fmt.Sprintf("select a from customer_orders where customer_%d = ? and status = ?", i), ByInstance: []digest.InstancePart{{Instance: "orders-production-1", Share: 1}, {Instance: "orders-production-2"}}}
		one.Classes, many.Classes = append(one.Classes, c), append(many.Classes, c)
		c.Change = &digest.Change{Kind: digest.Worse}
		worse.Classes = append(worse.Classes, c)
	}
	for _, c := range []struct {
		of    *digest.Report
		width int
		head  string
	}{
		{one, 100, "# Query ID Share Time Calls P95 Query"}, {one, 74, "# Query ID Share Time Calls P95 Query"},
		{one, 73, "# Share Time Calls P95 Query"}, {one, 56, "# Share Time Calls P95 Query"},
		{one, 55, "# Share Time Calls Query"}, {one, 49, "# Share Time Calls Query"}, {one, 48, "# Share Time Calls"}, {one, 40, "# Share Time Calls"},
		{many, 120, "# Query ID Share Time Calls Mean P95 Instance Query"}, {many, 95, "# Query ID Share Time Calls P95 Instance Query"},
		{many, 94, "# Share Time Calls P95 Instance Query"}, {many, 77, "# Share Time Calls P95 Instance Query"},
		{many, 76, "# Share Time Calls P95 Query"}, {many, 55, "# Share Time Calls Query"}, {many, 40, "# Share Time Calls"},
		{worse, 102, "# Query ID Share Time Calls P95 Instance Query"}, {worse, 101, "# Query ID Share Time Calls Instance Query"},
		{worse, 100, "# Query ID Share Time Calls Instance Query"}, {worse, 99, "# Share Time Calls P95 Instance Query"},
	} {
		text := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
			return notifier.NewText(b, notifier.TextOptions{Width: c.width, SoFar: true})
		}, c.of))
		table := text[strings.LastIndex(text, "\n\n")+2:]
		lines := strings.Split(strings.TrimRight(table, "\n"), "\n")
		perClass := 1
		if !strings.HasSuffix(c.head, "Query") {
			perClass = 2
		}
		if got := strings.Join(strings.Fields(lines[0]), " "); got != c.head || len(lines) != 4*perClass {
			t.Errorf("%d columns, %d instances: %q in %d lines, want %q\n%s", c.width, len(c.of.Instances), got, len(lines), c.head, text)
		}
	}
}

// The statistics are a table with a space between any two numbers, or lines where that has no room. None of
// them is lost, and no line is longer than the terminal.
func TestNarrowStatistics(t *testing.T) {
	r := notifiertest.Load(t, "full")
	r.Classes = r.Classes[:1]
	for width := 40; width <= 120; width++ {
		text := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
			return notifier.NewText(b, notifier.TextOptions{Width: width})
		}, r))
		_, text, _ = strings.Cut(text, " 345 calls")
		text, _, _ = strings.Cut(text, "   users ")
		for line := range strings.Lines(text) {
			if n := ansi.StringWidth(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("%d columns: %d in %q", width, n, line)
			}
		}
		words := strings.Join(strings.Fields(text), " ")
		for _, want := range []string{"query time 5m02s 292ms 876ms 753ms 2.63s 6.13s 480ms", "rows examined 85.1M 82,267 246,800 212,248 740,400 1.73M 197,440"} {
			if width < 74 {
				cells := strings.Fields(want)
				want = strings.Join(cells[:2], " ")
				for i, name := range []string{"total", "min", "mean", "median", "p95", "max", "stddev"} {
					want += " " + name + " " + cells[2+i] + ","
				}
				want = strings.TrimSuffix(want, ",")
			}
			if !strings.Contains(words, want) {
				t.Errorf("%d columns: no %q in\n%s", width, want, text)
			}
		}
	}
}

// Colour adds nothing but colour.
func TestTextColor(t *testing.T) {
	r := notifiertest.Load(t, "full")
	text := func(color bool) string {
		return string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
			return notifier.NewText(b, notifier.TextOptions{Width: 80, Color: color})
		}, r))
	}
	plain, colored := text(false), text(true)
	if plain == colored {
		t.Error("a coloured text has no colour")
	}
	if got := ansi.Strip(colored); got != plain {
		t.Errorf("without its colours the text is\n%s", got)
	}
}

// A report without a window, classes or anything still says something true.
func TestTextOfNothing(t *testing.T) {
	got := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
		return notifier.NewText(b, notifier.TextOptions{})
	}, &digest.Report{}))
	for _, want := range []string{"all times", "NO DATA", "what was read is not all of the window"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// In a table of any width no two labels are the same, and each fits.
func TestTextLabelsAreUnique(t *testing.T) {
	r := &digest.Report{Version: 1, Instances: []string{"production-orders-1", "production-orders-2"}, Coverage: digest.Coverage{Complete: true}}
	for i := range 40 {
		r.Classes = append(r.Classes, digest.Class{Rank: i + 1, ID: fmt.Sprintf("%032X", uint64(i+1)*0x9E3779B97F4A7C15), Totals: digest.Totals{Calls: 10},
			ByInstance:  []digest.InstancePart{{Instance: "production-orders-1", Share: 1}, {Instance: "production-orders-2"}},
			Fingerprint: fmt.Sprintf("select a from production_schema.customer_orders where customer_id = ? and status = ? and region_%d %s ?", i/2, []string{"=", ">"}[i%2])})
	}
	for width := 40; width <= 140; width += 5 {
		text := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier {
			return notifier.NewText(b, notifier.TextOptions{Width: width, SoFar: true})
		}, r))
		_, table, _ := strings.Cut(text, "Query\n")
		seen := map[string]bool{}
		for l := range strings.SplitSeq(strings.TrimRight(table, "\n"), "\n") {
			_, label, found := strings.Cut(l, "SELECT ")
			if !found && width < 60 && ansi.StringWidth(l) <= width {
				continue // its label is in the next line
			}
			if seen[label] || label == "" || ansi.StringWidth(l) > width {
				t.Errorf("%d columns: too long, or not the only one: %s", width, l)
			}
			seen[label] = true
		}
		if len(seen) != 40 {
			t.Errorf("%d columns: %d lines", width, len(seen))
		}
	}
}

// Of up to 12 bins each has a line, and of more those between two powers of ten are one. No call
// is lost, and the longest bar is of the bin with the most.
func TestHistogram(t *testing.T) {
	borders := []float64{0, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2}
	line := regexp.MustCompile(`(?m)^   (\S+) to (\S+) +(█*) ?([\d,]+)$`)
	for n, lines := range map[int]int{1: 0, 2: 2, 12: 12, 13: 5} {
		r := notifiertest.Load(t, "full")
		r.Classes = r.Classes[:1]
		r.Classes[0].Distribution = nil
		for i := range n {
			r.Classes[0].Distribution = append(r.Classes[0].Distribution, digest.Bin{From: borders[i], To: borders[i+1], Calls: int64(i * i)})
		}
		text := notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier { return notifier.NewText(b, notifier.TextOptions{}) }, r)
		calls, longest, last := 0, 0, ""
		found := line.FindAllStringSubmatch(string(text), -1)
		for i, m := range found {
			if i > 0 && m[1] != last {
				t.Errorf("of %d bins: %s comes after %s", n, m[1], last)
			}
			k, _ := strconv.Atoi(strings.ReplaceAll(m[4], ",", ""))
			calls, last = calls+k, m[2]
			longest = max(longest, utf8.RuneCountInString(m[3]))
			if (k > 0) != (m[3] != "") {
				t.Errorf("of %d bins: %s", n, m[0])
			}
		}
		want := 0
		for i := range n {
			want += i * i
		}
		if len(found) != lines || lines > 0 && (calls != want || longest != 50) {
			t.Errorf("of %d bins: %d lines with %d calls, the longest bar %d\n%s", n, len(found), calls, longest, text)
		}
	}
}

// While reading goes on, nothing is said of how whole it is.
func TestSoFar(t *testing.T) {
	for _, name := range []string{"full", "partial", "no-data"} {
		text := string(notifiertest.Render(t, func(b *bytes.Buffer) notifier.Notifier { return notifier.NewText(b, notifier.TextOptions{SoFar: true}) }, notifiertest.Load(t, name)))
		for _, word := range []string{"Complete", "PARTIAL", "NO DATA", "As listed"} {
			if strings.Contains(text, "\n"+word) || !strings.Contains(text, "\nSo far: ") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}
