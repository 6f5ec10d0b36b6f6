package digest

import (
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest/monthtest"
)

// deployWords counts what was said of months with deploys.
type deployWords struct {
	weeks float64
	told  map[string]int     // trials that were told, and not fixed before, by what became of them
	fixed map[string]int     // and told as FIXED when they were, by the same
	delay []int              // of those that were fixed: hours after the 24th whole one since
	wrong []string           // those told as FIXED that were not
	late  map[string]*[4]int // of fixes that hold, by their traffic: by the 24th whole hour, in 24 hours, later, never
	idle  int                // classes told as FIXED of which nothing had changed
	lost  []string

	began    map[string]*beginnings // by what began, and "NEW" or "WORSE"
	wrongly  []string
	idleWith int // of words that were said of what had not changed: those that name a release
	idleAll  int
}

// beginnings count changes that were told: those within an hour after a mark, with how many of these were named
// rightly and wrongly, and the others with how many were named.
type beginnings struct{ within, right, wrong, others, named int }

// deployReport is the report of an hour of a month with deploys.
func deployReport(m *monthtest.Month, n int) *Report {
	var classes []Class
	start := hourOf(m.First) + hour(n)
	m.Hour(n, func(q *monthtest.Query, calls []monthtest.Call) {
		seconds := make([]float64, len(calls))
		class := Class{ID: q.ID, Fingerprint: "select " + q.Kind, Timeline: make([]float64, timelineBuckets)}
		first := 1.0
		sum, squares := 0.0, 0.0
		for i, c := range calls {
			seconds[i], first = c.Seconds, min(first, c.At)
			class.Timeline[c.Part] += c.Seconds
			sum, squares = sum+c.Seconds, squares+c.Seconds*c.Seconds
		}
		slices.Sort(seconds)
		class.Calls, class.QueryTime = int64(len(seconds)), describeMonthly(seconds, sum)
		mean := sum / float64(len(seconds))
		class.QueryTime.StdDev = math.Sqrt(max(0, squares/float64(len(seconds))-mean*mean))
		class.FirstSeen = start.time().Add(time.Duration(first * float64(time.Hour)))
		classes = append(classes, class)
	})
	r := ranked(start, classes)
	for _, c := range classes {
		if least := r.Overall.QueryTime.Min; least == 0 || c.QueryTime.Min < least {
			r.Overall.QueryTime.Min = c.QueryTime.Min
		}
	}
	return r
}

func (w *deployWords) month(t testing.TB, seed uint64, size int) {
	m := monthtest.New(seed, size)
	load := 0.0
	for _, c := range m.Queries {
		load += c.Calls * c.Median * 1.3
	}
	marks, all := m.Deploy(load)
	of := map[string]*monthtest.Deployed{}
	for _, d := range all {
		of[d.ID] = d
	}
	told, fixed := map[string]int{}, map[string]int{}
	var h History
	next := 0
	for n := range monthtest.Days * hoursADay {
		r := deployReport(m, n)
		for ; next < len(marks) && marks[next].At < float64(n+1); next++ {
			h.MarkRelease(Release{Name: marks[next].Name, At: m.First.Add(time.Duration(marks[next].At * float64(time.Hour)))}, false)
		}
		h.Compare(r, Options{})
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
		h.MarkReported(r)
		for i := range r.Classes {
			c := &r.Classes[i]
			if d := of[c.ID]; d != nil && c.Leads() && told[c.ID] == 0 && float64(n+1) > d.Changed.From && (c.Change.Kind == New || c.Change.Kind == Worse) {
				told[c.ID] = n
				w.name(string(c.Change.Kind)+" | "+d.What, d, marks, d.Changed.From, c.Change.Release, fmt.Sprintf("%d/%d %s %s %.0f calls from %.2f told %d of %d h", size, seed, d.What, d.Kind, d.Calls, d.Changed.From, n, c.Change.MeanOf))
			} else if d == nil && c.Leads() {
				if w.idleAll++; c.Change.Release != nil {
					w.idleWith++
				}
			}
		}
		for _, f := range r.Past.Fixed {
			d := of[f.ID]
			switch {
			case d == nil || told[f.ID] == 0 || d.What == "new" && f.Was == Worse:
				w.idle++
			case fixed[f.ID] == 0:
				fixed[f.ID] = n
				until := d.Until()
				if d.Then == "fixed" && float64(n) >= until {
					w.name("FIXED | "+string(f.Was), d, marks, until, f.Release, fmt.Sprintf("%d/%d fix of %s %s %.0f calls at %.2f", size, seed, d.What, d.Kind, d.Calls, until))
				}
				if d.Then != "fixed" && d.Then != "once" || float64(n) < d.Until() {
					w.wrong = append(w.wrong, fmt.Sprintf("%d/%d %s %s %s %.0f calls, from %.1f told %d until %.1f fixed %d, %+v", size, seed, d.What, d.Then, d.Kind, d.Calls*max(1, d.Changed.Calls/1e9*1e9), d.Changed.From, told[f.ID], until, n, f))
				}
			}
		}
	}
	for id, n := range told {
		d := of[id]
		if until := d.Until(); until > 0 && float64(n) >= until && d.Then != "once" {
			continue // before it was told
		}
		if d.Fixed > float64(monthtest.Days*hoursADay-3*hoursADay) {
			continue
		}
		key := map[bool]string{true: "NEW", false: "WORSE"}[d.What == "new"] + " | " + d.Then
		w.told[key]++
		if fixed[id] > 0 {
			w.fixed[key]++
		}
		if d.Then == "fixed" {
			key := "steady"
			if d.Tail > 0 || d.Kind == "bursts" {
				key = "bursty or long-tailed"
			}
			if key = map[bool]string{true: "NEW", false: "WORSE"}[d.What == "new"] + ", " + key; w.late[key] == nil {
				w.late[key] = new([4]int)
			}
			when := 3
			switch delay := fixed[id] - int(d.Fixed) - 24; {
			case fixed[id] == 0:
			case delay <= 0:
				when = 0
			case delay <= 24:
				when = 1
			default:
				when = 2
			}
			w.late[key][when]++
			if fixed[id] == 0 {
				w.lost = append(w.lost, fmt.Sprintf("%d/%d %s %s tail %.1f %.0f calls, from %.1f told %d until %.1f", size, seed, d.What, d.Kind, d.Tail, d.Calls, d.Changed.From, n, d.Fixed))
				continue
			}
			w.delay = append(w.delay, fixed[id]-int(d.Fixed)-24)
		}
	}
	w.weeks += float64(monthtest.Days-15) / 7
}

// name counts whether the release was named with which something began.
func (w *deployWords) name(key string, d *monthtest.Deployed, marks []monthtest.Mark, began float64, named *Release, what string) {
	if d.Then == "job" || d.Then == "once" {
		return
	}
	b := w.began[key]
	if b == nil {
		b = new(beginnings)
		w.began[key] = b
	}
	i := monthtest.MarkOf(marks, began)
	name := ""
	if named != nil {
		name = named.Name
	}
	switch {
	case i < 0:
		if b.others++; name != "" {
			b.named++
		}
	case name == marks[i].Name:
		b.within++
		b.right++
	default:
		if b.within++; name != "" {
			b.wrong++
		}
	}
	if name != "" && (i < 0 || name != marks[i].Name) {
		k := slices.IndexFunc(marks, func(m monthtest.Mark) bool { return m.Name == name })
		w.wrongly = append(w.wrongly, fmt.Sprintf("%s: %s at %.2f, want %d", what, name, marks[k].At, i))
	}
}

// deployRows are the rows of a seed, and of all.
func (w *deployWords) row() string {
	var b beginnings
	for _, x := range w.began {
		b.add(x)
	}
	return fmt.Sprintf("%d of %d | %d of %d | %d of %d | %d", b.right, b.within, b.wrong+b.named, b.within+b.others, len(w.delay), len(w.delay)+len(w.lost), len(w.wrong))
}

func (b *beginnings) add(x *beginnings) {
	b.within, b.right, b.wrong, b.others, b.named = b.within+x.within, b.right+x.right, b.wrong+x.wrong, b.others+x.others, b.named+x.named
}

func newDeployWords() *deployWords {
	return &deployWords{told: map[string]int{}, fixed: map[string]int{}, began: map[string]*beginnings{}, late: map[string]*[4]int{}}
}

func (w *deployWords) add(x *deployWords) {
	w.weeks, w.idle, w.idleAll, w.idleWith = w.weeks+x.weeks, w.idle+x.idle, w.idleAll+x.idleAll, w.idleWith+x.idleWith
	w.delay, w.lost = append(w.delay, x.delay...), append(w.lost, x.lost...)
	w.wrong, w.wrongly = append(w.wrong, x.wrong...), append(w.wrongly, x.wrongly...)
	for k, n := range x.told {
		w.told[k] += n
		w.fixed[k] += x.fixed[k]
	}
	for k, b := range x.began {
		if w.began[k] == nil {
			w.began[k] = new(beginnings)
		}
		w.began[k].add(b)
	}
	for k, d := range x.late {
		if w.late[k] == nil {
			w.late[k] = new([4]int)
		}
		for i, n := range d {
			w.late[k][i] += n
		}
	}
}

// deployTables states what was named and what was fixed.
func deployTables(sizes []int, by map[int]*deployWords) string {
	var b strings.Builder
	keys := func(of func(*deployWords) []string) []string {
		all := map[string]bool{}
		for _, size := range sizes {
			for _, k := range of(by[size]) {
				all[k] = true
			}
		}
		return slices.Sorted(maps.Keys(all))
	}
	head := func(first string, columns ...string) {
		fmt.Fprintf(&b, "| %s |", first)
		for _, size := range sizes {
			for i, c := range columns {
				if i == 0 {
					c = fmt.Sprintf("%d classes: %s", size, c)
				}
				fmt.Fprintf(&b, " %s |", c)
			}
		}
		fmt.Fprintf(&b, "\n|---|%s\n", strings.Repeat("--:|", len(sizes)*len(columns)))
	}
	head("began within the hour after a mark", "named", "another named", "else: named")
	total := map[int]*beginnings{}
	named := func(name string, of func(size int) *beginnings) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, size := range sizes {
			x := of(size)
			fmt.Fprintf(&b, " %d of %d | %d | %d of %d |", x.right, x.within, x.wrong, x.named, x.others)
		}
		b.WriteString("\n")
	}
	for _, k := range keys(func(w *deployWords) []string { return slices.Collect(maps.Keys(w.began)) }) {
		named(strings.ReplaceAll(k, " | ", ", "), func(size int) *beginnings {
			x := by[size].began[k]
			if x == nil {
				x = new(beginnings)
			}
			if total[size] == nil {
				total[size] = new(beginnings)
			}
			total[size].add(x)
			return x
		})
	}
	named("all", func(size int) *beginnings { return total[size] })
	b.WriteString("\n")
	head("a fix that holds", "by the 24th whole hour", "within 24 h of that", "later", "never")
	for _, k := range keys(func(w *deployWords) []string { return slices.Collect(maps.Keys(w.late)) }) {
		fmt.Fprintf(&b, "| %s |", k)
		for _, size := range sizes {
			x := by[size].late[k]
			if x == nil {
				x = new([4]int)
			}
			fmt.Fprintf(&b, " %d of %d | %d | %d | %d |", x[0], x[0]+x[1]+x[2]+x[3], x[1], x[2], x[3])
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	head("told, and not fixed", "FIXED")
	for _, k := range keys(func(w *deployWords) []string { return slices.Collect(maps.Keys(w.told)) }) {
		if strings.HasSuffix(k, "| fixed") {
			continue
		}
		fmt.Fprintf(&b, "| %s |", strings.ReplaceAll(k, " | ", ", "))
		for _, size := range sizes {
			fmt.Fprintf(&b, " %d of %d |", by[size].fixed[k], by[size].told[k])
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, size := range sizes {
		w := by[size]
		fmt.Fprintf(&b, "Of %d classes %d of %d words FIXED were wrong; %d words that were no change of these named a release %d times.\n", size, len(w.wrong), len(w.delay)+len(w.wrong), w.idleAll, w.idleWith)
	}
	return b.String()
}

// TestDeploys measures releases and FIXED on months with deploys. Of the seeds in docs/changes.md it compares the first, and
// with -update all: then it writes them there.
func TestDeploys(t *testing.T) {
	if testing.Short() {
		t.Skip("measures two months of traffic")
	}
	sizes, from, to := []int{300, 50}, uint64(1), uint64(1)
	if *update {
		to = monthSeedsMeasured
	}
	if *monthSeeds != "" {
		if _, err := fmt.Sscanf(*monthSeeds, "%d-%d", &from, &to); err != nil {
			t.Fatal(err)
		}
	}
	by := map[int]*deployWords{}
	rows := make([]string, to-from+1)
	for _, size := range sizes {
		by[size] = newDeployWords()
		for i, w := range measure(t, from, to, size, newDeployWords) {
			by[size].add(w)
			rows[i] += " " + w.row() + " |"
		}
	}
	for i := range rows {
		rows[i] = fmt.Sprintf("| seed %d |%s\n", from+uint64(i), rows[i])
	}
	if *monthSeeds != "" {
		t.Log("\n" + deployTables(sizes, by) + "\n" + strings.Join(rows, ""))
		for _, size := range sizes {
			t.Logf("%d: wrong\n%s\nlost\n%s\nwrongly named\n%s", size, strings.Join(by[size].wrong, "\n"), strings.Join(by[size].lost, "\n"), strings.Join(by[size].wrongly, "\n"))
		}
		return
	}
	if *update {
		head := "| |"
		for _, size := range sizes {
			head += fmt.Sprintf(" %d classes: named | wrongly | FIXED | wrongly |", size)
		}
		inDocumentation(t, "deploys", deployTables(sizes, by)+"\n"+head+"\n|---|"+strings.Repeat("--:|", 4*len(sizes))+"\n"+strings.Join(rows, ""))
	}
	text, err := os.ReadFile("../docs/changes.md")
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOARCH == "amd64" && !strings.Contains(string(text), "\n"+rows[0]) { // others round differently
		t.Errorf("seed 1 is not as in docs/changes.md (-update writes it): %s", rows[0])
	}
	seeds, named, wrongly, all, fixed, broken, wrong := 0, 0, 0, 0, 0, 0, 0
	for row := range strings.Lines(string(text)) {
		var x [15]int
		n, _ := fmt.Sscanf(row, "| seed %d | %d of %d | %d of %d | %d of %d | %d | %d of %d | %d of %d | %d of %d | %d |",
			&x[0], &x[1], &x[2], &x[3], &x[4], &x[5], &x[6], &x[7], &x[8], &x[9], &x[10], &x[11], &x[12], &x[13], &x[14])
		if n == len(x) {
			seeds, named, wrongly, all = seeds+1, named+x[1]+x[8], wrongly+x[3]+x[10], all+x[4]+x[11]
			fixed, broken, wrong = fixed+x[5]+x[12], broken+x[6]+x[13], wrong+x[7]+x[14]
		}
	}
	if seeds != monthSeedsMeasured || 50*wrongly > all || 15*wrong > fixed || 10*fixed < 9*broken || 4*named < all {
		t.Errorf("of %d seeds %d named, %d wrongly, of %d; %d fixed of %d, and %d wrongly", seeds, named, wrongly, all, fixed, broken, wrong)
	}
}
