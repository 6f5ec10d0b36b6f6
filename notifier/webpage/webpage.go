// Package webpage writes the HTML report: one file that loads nothing, of texts, numbers and
// charts that are made already. It does not use html/template, which calls methods by
// their names, so that the linker would keep every method of every type.
package webpage

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
)

// eager is how many rows and panels a browser lays out when it opens the page: some thousands
// take it seconds. With scripts further rows are shown when a reader asks for them, and what is
// in the further panels is markup until one is opened; without scripts all are there.
const eager = 200

// View holds what the page shows. What is empty has no place on it.
type View struct {
	Title, Window, Headline string
	Trust, Facts            string
	Incomplete              bool // as Trust says
	Notes, Changes          []string

	Load      HTML   // the chart of all classes
	NoLoad    string // why there is none
	Legend    []Key
	Data      HTML   // JSON for the charts, in which nothing ends a script
	Changed   bool   // some class has changed
	What      string // Classes are, "class" or, for example, "user"
	One, Many string // the headings of one of them, and of all
	Caption   string // of the table
	Search    string // what can be searched
	Heads     []string
	Classes   []Class

	Misc, Others, Muted string
}

// Key is an entry of the legend; a Rank of 0 is that of the other classes.
type Key struct {
	Color, Name string
	Rank        int
}

// Class is a row of the table, and the panel it leads to.
type Class struct {
	Rank                          int
	ID, ShortID                   string
	Name, Badge, Since, SQL       string
	Evidence, Note, Tallies, Seen string
	Rate, Slowest, Place, Paste   string
	Reasons                       []string
	Cells                         []Cell // one for each of View.Heads
	Metrics                       []Metric
	Sides                         []Sides
	Names                         []Names
	Load, Distribution            HTML // its charts
}

// Cell is a number as it is shown, and as it is sorted.
type Cell struct {
	Text  string
	Value float64
	Bar   HTML // what it looks like
}

// Metric is a row of the statistics of the calls.
type Metric struct{ Name, Sum, Min, Mean, Median, P95, Max, StdDev string }

// Sides are a number before and after, and what they look like next to each other.
type Sides struct {
	Name, Before, After, Change string
	Bars                        HTML
}

// Names are, for example, the users of a class.
type Names struct{ Title, Names string }

var (
	//go:embed page.css
	style []byte
	//go:embed charts.js
	charts []byte
	//go:embed page.js
	script []byte
)

// policy allows exactly the style and the scripts of the page, and nothing to be loaded.
func policy() string {
	allow := func(text []byte) string {
		sum := sha256.Sum256(text)
		return " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
		"script-src" + allow(charts) + allow(script) + "; style-src" + allow(style)
}

// Write writes the page at once.
func (v *View) Write(to io.Writer) error {
	w := new(writer)
	v.head(w)
	w.add("<main>\n")
	if v.Load != "" {
		v.load(w)
	}
	w.line("<section aria-labelledby=\"load-title\">\n<h2 id=\"load-title\">Load</h2>\n<p>%s</p>\n</section>\n", v.NoLoad)
	if len(v.Classes) > 0 {
		v.table(w)
		w.add(`<section aria-labelledby="panels-title" id="panels">
<h2 id="panels-title">Each %s</h2>
<p class="controls script" hidden><button type="button" id="open-all">Open all</button> <button type="button" id="close-all">Close all</button></p>
`, v.What)
		for i := range v.Classes {
			v.Classes[i].panel(w, v.What, i >= eager)
		}
		w.add("</section>\n")
	}
	w.add(`</main>
<footer>
<p>Made by slowdigest. Statements are shown as fingerprints, without their values.</p>
</footer>
<script type="application/json" id="data">%s</script>
<script>%s</script>
<script>%s</script>
`, v.Data, HTML(charts), HTML(script))
	_, err := w.WriteTo(to)
	return err
}

func (v *View) head(w *writer) {
	w.add(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>%s, %s</title>
<style>%s</style>
<body>
<a class="skip" href="#classes">Skip to the classes</a>
<header>
<h1>%[2]s</h1>
<p class="window">%[3]s</p>
<p>%[5]s</p>
`, policy(), v.Title, v.Window, HTML(style), v.Headline)
	trust := HTML("trust")
	if v.Incomplete {
		trust = "trust incomplete"
	}
	w.add(`<p class="%s"><strong>%s:</strong> %s</p>
`, trust, v.Trust, v.Facts)
	w.list(`<ul class="notes" aria-label="Notes">`, "<li>%s</li>", "</ul>\n", v.Notes)
	w.list(`<ul aria-label="Changes">`, "<li>%s</li>", "</ul>\n", v.Changes)
	w.add("</header>\n")
}

func (v *View) load(w *writer) {
	w.add(`<section aria-labelledby="load-title">
<h2 id="load-title">Load</h2>
<figure id="load">
<figcaption id="load-caption"><span id="load-says">How many calls ran at a time, on average, stacked by %[2]s.</span>
<span class="script" hidden>Drag over the chart, or pinch it, to zoom; <span id="zoom-says">the table then ranks what was selected</span>, and a double tap shows all.
<span class="keys">With the keyboard: arrows move, + and − zoom, Escape shows all.</span></span></figcaption>
<div class="controls script" role="group" aria-label="What the chart shows" hidden>
<label>Show <select id="measure"></select></label>
<label>by <select id="by"></select></label>
<label id="only-label" hidden>only <select id="only"></select></label>
</div>
<p id="only-says" class="script" hidden></p>
<div class="chart tall">%[1]s</div>
<p id="load-readout" class="readout script" aria-live="polite" hidden></p>
<div class="controls script" role="group" aria-label="Zoom" hidden>
<button type="button" data-zoom="left">← Earlier</button>
<button type="button" data-zoom="right">Later →</button>
<button type="button" data-zoom="in">Zoom in</button>
<button type="button" data-zoom="out">Zoom out</button>
<button type="button" data-zoom="all" disabled>Show all</button>
</div>
<ul class="legend" aria-label="What the colours are">`, v.Load, v.What)
	for _, k := range v.Legend {
		w.add(`<li><span class="swatch %s"></span>`, k.Color)
		if k.Rank > 0 {
			w.add(`<a href="#q%d">%s</a></li>`, k.Rank, k.Name)
		} else {
			w.add("%s</li>", k.Name)
		}
	}
	w.add(`</ul>
<details class="numbers script" hidden><summary>The numbers of this chart</summary></details>
</figure>
</section>
`)
}

func (v *View) table(w *writer) {
	w.add(`<section aria-labelledby="classes-title" id="classes">
<h2 id="classes-title">%s</h2>
<p class="controls script" role="search" hidden><input type="search" id="search" placeholder="Search %s" aria-label="Search the classes" autocomplete="off" spellcheck="false"> <span id="found" aria-live="polite"></span></p>
<p id="found-says" class="script" aria-live="polite" hidden></p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="classes-title">
<table id="ranking" data-what="%s">
<caption><span id="caption">%s</span><span class="script" hidden> A column's heading sorts by it.</span></caption>
<thead><tr>
<th scope="col" aria-sort="ascending" data-first="ascending">#</th>
`, v.Many, v.Search, v.What, v.Caption)
	if v.Changed {
		w.add(`<th scope="col" class="change" data-first="ascending">Change</th>
`)
	}
	w.add(`<th scope="col" class="selection" data-first="descending" hidden>Selected</th>
<th scope="col" class="left" data-first="ascending">%s</th>
`, v.One)
	w.list("", `<th scope="col" data-first="descending">%s</th>
`, "", v.Heads)
	w.add("</tr></thead>\n<tbody>\n")
	for i := range v.Classes {
		v.row(w, &v.Classes[i], i >= eager)
	}
	w.add(`</tbody>
</table>
</div>
<p class="controls script" hidden><button type="button" id="more" data-most="%d" hidden></button></p>
`, eager)
	w.line("<p class=\"misc\">%s</p>\n", v.Misc)
	w.line("<p>%s</p>\n", v.Others)
	w.line("<p>%s.</p>\n", v.Muted)
	w.add("</section>\n")
}

func (v *View) row(w *writer, c *Class, later bool) {
	class := HTML("")
	if later {
		class = ` class="later"`
	}
	w.add(`<tr%s><td data-v="%d">%[2]d</td>`, class, c.Rank)
	if v.Changed {
		w.add(`<td class="badge change">%s</td>`, c.Badge)
	}
	w.add(`<td class="selection" hidden></td><th scope="row"><a href="#q%d">%s</a>%s <code>%s</code></th>`, c.Rank, c.Name, c.Since, c.ShortID)
	for _, cell := range c.Cells {
		w.add(`<td data-v="%s">%s%s</td>`, cell.Value, cell.Text, cell.Bar)
	}
	w.add("</tr>\n")
}

func (c *Class) panel(w *writer, what string, later bool) {
	w.add(`<details class="panel" id="q%d">
<summary><h3>#%[1]d `, c.Rank)
	w.line(`<span class="badge">%s</span> `, c.Badge)
	w.add(`%s</h3> <code>%s</code></summary>
`, c.Name, c.ShortID)
	if later {
		w.add("<noscript>")
		defer w.add("</noscript></details>\n")
	} else {
		defer w.add("</details>\n")
	}
	w.line(`<pre class="sql" tabindex="0">%s</pre>
`, c.SQL)
	if c.Evidence != "" || len(c.Reasons) > 0 || c.Note != "" {
		w.add(`<ul class="reasons">`)
		w.line("<li><b>%s</b></li>", c.Evidence)
		w.list("", "<li>%s</li>", "", c.Reasons)
		w.line("<li>Note: %s</li>", c.Note)
		w.add("</ul>\n")
	}
	c.sides(w)
	c.metrics(w)
	if c.Load != "" {
		w.add(`<figure><h4>Load</h4><figcaption>How many calls of this %s ran at a time, on average.</figcaption><div class="chart load">%s</div></figure>
`, what, c.Load)
	}
	if c.Distribution != "" {
		w.add(`<figure><h4>Distribution</h4><figcaption>Calls by query time; the height is logarithmic. A bar begins at the time below it.</figcaption><div class="chart bars">%s</div></figure>
`, c.Distribution)
	}
	w.add("<dl>")
	w.line("<dt>Among them</dt><dd>%s</dd>", c.Tallies)
	w.line("<dt>Rate</dt><dd>%s</dd>", c.Rate)
	for _, n := range c.Names {
		w.add("<dt>%s</dt><dd>%s</dd>", n.Title, n.Names)
	}
	w.line("<dt>Seen</dt><dd>%s</dd>", c.Seen)
	w.line("<dt>Slowest</dt><dd>%s</dd>", c.Slowest)
	w.line("<dt>In the log</dt><dd>%s</dd>", c.Place)
	w.line("<dt>Query ID</dt><dd><code>%s</code></dd>", c.ID)
	w.add("</dl>\n")
	w.line(`<figure><figcaption>For the client of the database. A <code>?</code> stands for each value, and names of tables are in lower case.</figcaption><pre class="sql" tabindex="0">%s</pre></figure>
`, c.Paste)
}

func (c *Class) metrics(w *writer) {
	if len(c.Metrics) == 0 {
		return
	}
	w.add(`<div class="scroll"><table class="metrics"><caption>Statistics of the calls</caption>
<thead><tr><td></td><th scope="col">total</th><th scope="col">min</th><th scope="col">mean</th><th scope="col">median</th><th scope="col">p95</th><th scope="col">max</th><th scope="col">stddev</th></tr></thead>
<tbody>`)
	for _, m := range c.Metrics {
		w.add(`<tr><th scope="row">%s</th><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>`, m.Name, m.Sum, m.Min, m.Mean, m.Median, m.P95, m.Max, m.StdDev)
	}
	w.add("</tbody></table></div>\n")
}

func (c *Class) sides(w *writer) {
	if len(c.Sides) == 0 {
		return
	}
	w.add(`<div class="scroll"><table class="metrics"><caption>Before and after</caption>
<thead><tr><td></td><th scope="col">before</th><th scope="col">after</th><th scope="col">change</th><td></td></tr></thead>
<tbody>`)
	for _, s := range c.Sides {
		w.add(`<tr><th scope="row">%s</th><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>`, s.Name, s.Before, s.After, s.Change, s.Bars)
	}
	w.add("</tbody></table></div>\n")
}
