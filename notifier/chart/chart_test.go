package chart

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

// valid fails where a chart is no XML, and so not what it says wherever it stands.
func valid(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}

var pathOf = regexp.MustCompile(`<path class="([^"]*)" d="([^"]*)"/>`)

func TestStack(t *testing.T) {
	line := Line{Start: 600, Step: 10, From: 590, To: 640, Zone: time.UTC}
	svg := line.Stack(`a<b>"&`, "calls", []Layer{{Color: "c1", Values: []float64{1, 1, 0}}, {Color: "c2", First: 1, Values: []float64{1, 2}}})
	valid(t, svg)
	if !strings.Contains(svg, `aria-label="a&lt;b&gt;&#34;&amp;"`) || !strings.Contains(svg, `viewBox="-1 0 5 1000"`) {
		t.Errorf("the chart is %s", svg)
	}
	// The sum of both is 1, 2 and 2, of 2.1: it is drawn first, and the first layer over it.
	paths := pathOf.FindAllStringSubmatch(svg, -1)
	want := [][2]string{{"c2", "M0 1000h0v-476h1v-476H3V1000Z"}, {"c1", "M0 1000h0v-476h2v476H3V1000Z"}}
	for i, p := range paths {
		if len(paths) != len(want) || p[1] != want[i][0] || p[2] != want[i][1] {
			t.Errorf("path %d is %v, want %v", i, p[1:], want)
		}
	}
	// A layer is never below the one under it, and nothing is drawn of nothing.
	valid(t, line.Stack("", "", nil))
	valid(t, line.Stack("", "", []Layer{{Color: "c1", Values: []float64{0, 0}}}))
}

// The scales have few numbers, however large or small what they measure is.
func TestScales(t *testing.T) {
	for _, top := range []float64{5e-324, 1e-9, 0.3, 1, 7, 1e4, 1e300} {
		svg := Line{Step: 1, To: 1, Zone: time.UTC}.Stack("", "u", []Layer{{Values: []float64{top}}})
		valid(t, svg)
		if n := strings.Count(svg, "<line"); (n < 2 || n > 4) || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Errorf("up to %g there are %d numbers: %s", top, n, svg)
		}
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC).Unix()
	for _, test := range []struct {
		seconds int64
		want    string
	}{
		{3600, "11:00 11:15 11:30 11:45 12:00"}, {86400, "12:00 18:00 00:00 06:00"}, {10, "11:00:00 11:00:05 11:00:10"},
		{3 * 86400, "11-24 11-25 11-26"}, {1, "11:00:00 11:00:01"}, {2 * 86400, "11-23 12:00 11-24 00:00 11-24 12:00 11-25 00:00"},
	} {
		svg := Line{Start: at, Step: 1, From: at, To: at + test.seconds, Zone: berlin}.Stack("", "", nil)
		got := ""
		for _, m := range regexp.MustCompile(`dy="16"[^>]*>([^<]*)<`).FindAllStringSubmatch(svg, -1) {
			got += " " + m[1]
		}
		if strings.TrimSpace(got) != test.want {
			t.Errorf("%d seconds have the times%s, want %s", test.seconds, got, test.want)
		}
	}
	for _, to := range []int64{1 << 40, 1 << 50} { // a log can claim any time
		if n := strings.Count(Line{Step: 1e9, To: to, Zone: time.UTC}.Stack("", "", nil), "<text"); n > 7 {
			t.Errorf("a window of %d seconds has %d texts", to, n)
		}
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.012345: "0.0123", 1: "1", 999.6: "1000", 9999: "10000", 10000: "10k", 123456: "123k", 1e6: "1M", 2.5e9: "2.5G"} {
		if got := Figure(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}

// Wider steps have the mean, so that what is drawn covers as much as before.
func TestCoarser(t *testing.T) {
	line := Line{Step: 10, To: 1000, Zone: time.UTC}
	same, x := line.Coarser(100, Layer{First: 3, Values: []float64{1, 2}})
	if same.Step != 10 || len(x.Values) != 2 {
		t.Errorf("100 of 100 steps became %+v, %+v", same, x)
	}
	wide, x := line.Coarser(99, Layer{First: 3, Values: []float64{1, 2, 4}})
	if wide.Step != 20 || x.First != 1 || len(x.Values) != 2 || x.Values[0] != 0.5 || x.Values[1] != 3 {
		t.Errorf("two steps in one are %+v, %+v", wide, x)
	}
}

func TestBars(t *testing.T) {
	svg := Bars("d", "calls", []Bar{{"1ms", 10}, {"2ms", 0}, {"<5ms", 1}})
	valid(t, svg)
	if n := strings.Count(svg, "<rect"); n != 3 || !strings.Contains(svg, `height="0"`) || !strings.Contains(svg, "&lt;5ms") || !strings.Contains(svg, "10 calls") {
		t.Errorf("%d bars: %s", n, svg)
	}
}

// The eight classes with the most have colours, whatever their rank, and the others are one layer.
func TestLoad(t *testing.T) {
	r := &digest.Report{Detail: &digest.Detail{Start: time.Unix(0, 0), Step: 1, Lines: digest.Lines{Load: []float64{100, 0}}}}
	for i := range 10 {
		r.Classes = append(r.Classes, digest.Class{Rank: i + 1, Detail: &digest.Lines{Load: []float64{float64(i)}}})
	}
	svg, keys := Of(r, nil).Load()
	valid(t, svg)
	if len(keys) != 9 || keys[0].Class != 9 || keys[0].Color != "c1" || keys[7].Class != 2 || keys[8].Class != -1 || len(pathOf.FindAllString(svg, -1)) != 9 {
		t.Errorf("keys %+v of %s", keys, svg)
	}
	r.Detail.Load[0] = 9 + 8 + 7 + 6 + 5 + 4 + 3 + 2
	if _, keys = Of(r, nil).Load(); len(keys) != 8 {
		t.Errorf("where there are no others the keys are %+v", keys)
	}
	// Where rounding has the classes above the sum of all, the others are nothing, and not below it.
	r.Detail.Load = []float64{43, 100}
	if svg, _ = Of(r, nil).Load(); pathOf.FindStringSubmatch(svg)[2] != "M0 1000h0v-419h1v-533H2V1000Z" {
		t.Errorf("the others are %s", pathOf.FindString(svg))
	}
	if Of(&digest.Report{Classes: r.Classes}, nil) != nil || Of(&digest.Report{Detail: r.Detail}, nil) != nil {
		t.Error("there is something to draw where there is nothing")
	}
}

// Of each kind 20 names can be chosen, and a class's own chart has 90 steps at most: a page of
// many classes stays small.
func TestDataIsBounded(t *testing.T) {
	start := time.Unix(0, 0)
	r := &digest.Report{Window: digest.Window{Start: start, End: start.Add(720 * time.Second)}, Detail: &digest.Detail{Start: start, Step: 1}, Classes: make([]digest.Class, 1)}
	for i := range 720 {
		r.Detail.Load = append(r.Detail.Load, float64(1+i%2))
	}
	for range 21 {
		r.Detail.Slices.Hosts = append(r.Detail.Slices.Hosts, digest.Slice{Lines: r.Detail.Lines})
	}
	r.Classes[0].Detail = &digest.Lines{Load: slices.Repeat([]float64{9, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 45)}
	d := Of(r, nil)
	if len(d.Slices["host"]) != 20 {
		t.Errorf("%d hosts can be chosen", len(d.Slices["host"]))
	}
	svg, distribution := d.Class(0, nil)
	if n := strings.Count(pathOf.FindStringSubmatch(svg)[2], "h"); n != 90 || distribution != "" {
		t.Errorf("a class's chart has %d steps", n)
	}
}

func TestOneIsNotMany(t *testing.T) {
	for unit, want := range map[string]string{"calls": "1 call", "calls at a time": "1 call at a time", "rows a second": "1 row a second"} {
		if got := counted("1", unit); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, n := range []string{"0.1", "0", "10", "1k"} {
		if got := counted(n, "calls at a time"); got != n+" calls at a time" {
			t.Error(got)
		}
	}
}

// Zeros are as many after the JSON was read as they were before.
func TestValuesAsJSON(t *testing.T) {
	for want, v := range map[string]Values{
		"null": nil, "[]": {}, "[0]": {0}, "[-2]": {0, 0}, "[0,1,0]": {0, 1, 0}, "[-3,0.5,2,-2,1e+21,-4]": {0, 0, 0, 0.5, 2, 0, 0, 1e21, 0, 0, 0, 0},
	} {
		if got, err := json.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%s, want %s: %v", got, want, err)
		}
	}
}
