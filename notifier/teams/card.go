package teams

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/redact"
)

const (
	maxStatements = 3   // classes that are shown with their statements before others
	maxStatement  = 600 // characters of a statement
)

// element is a piece of an Adaptive Card. Names and statements stand only in
// TextRun and CodeBlock, in which Teams reads no Markdown.
type element map[string]any

func run(s string, more element) element {
	e := element{"type": "TextRun", "text": redact.Cut(s, 1_000)}
	for k, v := range more {
		e[k] = v
	}
	return e
}

// inZone writes the times of the sentences in a zone.
func inZone(body []element, zone *time.Location) {
	for _, e := range body {
		runs, _ := e["inlines"].([]element)
		for _, run := range runs {
			run["text"] = notifier.InZone(run["text"].(string), zone)
		}
	}
}

func textBlock(runs ...element) element { return element{"type": "RichTextBlock", "inlines": runs} }

var (
	bolder = element{"weight": "Bolder"}
	subtle = element{"isSubtle": true, "size": "Small"}
)

// newMessage is the digest as a card, with the statements of that many classes.
func newMessage(report redact.Report, opts Options, statements int) element {
	r := report.Digest()
	classes := notifier.InOrder(r)
	title := element{"size": "Large", "weight": "Bolder"}
	if notifier.Incomplete(r) {
		title["color"] = "Attention"
	}
	body := []element{textBlock(run(notifier.Title(r), title)), textBlock(run(notifier.WhenAndUsual(r), element{"isSubtle": true})),
		textBlock(run(notifier.Facts(r), element{"isSubtle": true}))}
	if s := notifier.InstanceTotals(r); s != "" {
		body = append(body, textBlock(run(s, element{"isSubtle": true})))
	}
	body = append(body, changes(r)...)
	if len(classes) > 0 {
		body = append(body, table(r, classes, opts.Zone))
	}
	inFull := notifier.InFull(r, classes, maxStatements)
	inFull = append(inFull, notifier.Without(classes, inFull)...)
	for _, c := range inFull[:min(statements, len(inFull))] {
		body = append(body, class(r, c, slices.Index(classes, c) < notifier.TableRows)...)
	}
	if s := notifier.Muted(r); s != "" {
		body = append(body, textBlock(run(s, subtle)))
	}
	body = append(body, textBlock(run("digest "+report.Key(), subtle)))
	inZone(body, opts.Zone)
	return card(notifier.Title(r), body, links(r, opts))
}

// newMemo is a memo as a card, with so many lines of each of its lists.
func newMemo(m *notifier.Memo, opts Options, lines int) element {
	body := []element{textBlock(run(m.Title, element{"size": "Large", "weight": "Bolder"})), textBlock(run(m.Headline, bolder))}
	for _, s := range m.Facts {
		body = append(body, textBlock(run(s, element{"isSubtle": true})))
	}
	for _, s := range m.Sections {
		body = append(body, element{"type": "RichTextBlock", "separator": true, "inlines": []element{run(s.Title, bolder)}})
		n := min(lines, len(s.Lines))
		for _, l := range s.Lines[:n] {
			runs := []element{run("• "+l.Text, nil)}
			if l.Strong != "" {
				runs = []element{run("• "+l.Strong+"  ", bolder), run(l.Text, nil)}
			}
			body = append(body, textBlock(runs...))
		}
		more := s.More
		if left := len(s.Lines) - n; left > 0 {
			more = strings.TrimSuffix(fmt.Sprintf("and %d more of these; %s", left, more), "; ")
		}
		if more != "" {
			body = append(body, textBlock(run(more, subtle)))
		}
	}
	if m.Foot != "" {
		body = append(body, textBlock(run(m.Foot, subtle)))
	}
	inZone(body, opts.Zone)
	return card(m.Title, body, nil)
}

// card is a message with a body.
func card(title string, body, actions []element) element {
	content := element{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.5",
		"fallbackText": title, "msteams": element{"width": "Full"}, "body": body}
	if len(actions) > 0 {
		content["actions"] = actions
	}
	return element{"type": "message", "attachments": []element{{
		"contentType": "application/vnd.microsoft.card.adaptive", "content": content}}}
}

// changes lists what has to be known before the numbers are read, and what changed.
func changes(r *digest.Report) []element {
	var out []element
	if notifier.Incomplete(r) {
		out = append(out, textBlock(run(notifier.Warning(r), bolder)))
	}
	notes, _ := notifier.Notes(r)
	for _, n := range notes {
		out = append(out, textBlock(run("• "+n, nil)))
	}
	for _, n := range notifier.NoticesBelow(r) {
		runs := []element{run(n.Text, nil)}
		if n.Word != "" {
			runs = append([]element{run(n.Label(), bolder)}, runs...)
		}
		out = append(out, textBlock(runs...))
	}
	for _, s := range notifier.Caveats(r) {
		out = append(out, textBlock(run(s, nil)))
	}
	for _, x := range notifier.Changes(r) {
		out = append(out, textBlock(run("• "+x.Label(), bolder), run(x.String(), nil)))
	}
	return out
}

func table(r *digest.Report, classes []*digest.Class, zone *time.Location) element {
	row := func(weight string, cells ...string) element {
		var out []element
		for _, s := range cells {
			out = append(out, element{"type": "TableCell", "items": []element{textBlock(run(s, element{"weight": weight}))}})
		}
		return element{"type": "TableRow", "cells": out}
	}
	rows := []element{row("Bolder", "Share", notifier.ClassHead(r.By, true), "Time", "Calls")}
	for _, c := range classes[:min(notifier.TableRows, len(classes))] {
		rows = append(rows, row("Default", notifier.Badged(c)+notifier.Percent(c.Share),
			fmt.Sprintf("#%d %s%s", c.Rank, c.Label, notifier.OnInstances(r, c)+notifier.SinceIn(c, zone)),
			notifier.Duration(c.QueryTime.Sum), notifier.Count(float64(c.Calls))+notifier.OneCall(c)))
	}
	return element{"type": "Table", "firstRowAsHeader": true, "rows": rows,
		"columns": []element{{"width": 2}, {"width": 6}, {"width": 2}, {"width": 2}}}
}

// class is all about one class but what stands in the head, and in the table if it is there.
func class(r *digest.Report, c *digest.Class, inTable bool) []element {
	title := notifier.Badged(c) + fmt.Sprintf("#%d %s", c.Rank, c.Label)
	if c.Group == nil {
		title += "  " + redact.ShortID(c.ID)
	}
	out := []element{{"type": "RichTextBlock", "separator": true, "inlines": []element{run(title, bolder)}}}
	said, inHead := notifier.InHead(r, c)
	if inTable {
		said.Share, said.Time, said.Calls = true, true, true
	}
	if s := notifier.Numbers(c, said); s != "" {
		out = append(out, textBlock(run(s, nil)))
	}
	if c.Group == nil {
		out = append(out, element{"type": "CodeBlock", "language": "SQL", "codeSnippet": notifier.Clauses(redact.Cut(c.Fingerprint, maxStatement))})
	}
	for _, f := range notifier.FactsOf(c, inHead || notifier.NewIsSaid(r, c)) {
		out = append(out, textBlock(run("• "+f.Label+f.Text, nil)))
	}
	return out
}

// links leads to the first instance.
func links(r *digest.Report, opts Options) []element {
	var out []element
	for _, instance := range r.Instances[:min(1, len(r.Instances))] {
		for _, l := range opts.Links {
			if url, ok := l.Expand(opts.Region, instance, r.Window); ok {
				out = append(out, element{"type": "Action.OpenUrl", "title": l.Label, "url": url})
			}
		}
	}
	return out
}
