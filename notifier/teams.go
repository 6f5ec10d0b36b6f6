package notifier

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"slowdigest/digest"
)

// teamsMaxBytes is Teams' limit of 28 KB on a message, less a reserve: people
// have measured between 21 and 27 KB.
const teamsMaxBytes = 20_000

// TeamsOptions say how Teams is told. The zero value will do.
type TeamsOptions struct {
	HTTPClient *http.Client // nil is one with a timeout of 10 s
	Region     string       // for the links; without one there are none that name {region}
	Links      []Link       // nil is AWSLinks
}

// Teams posts digests as Adaptive Cards by a webhook of Power Automate
// Workflows ("When a Teams webhook request is received").
type Teams struct {
	hook webhook
	opts TeamsOptions
}

// NewTeams posts to the workflow at the address, which is a secret.
func NewTeams(address string, opts TeamsOptions) *Teams {
	if opts.HTTPClient == nil {
		opts.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if opts.Links == nil {
		opts.Links = AWSLinks()
	}
	return &Teams{webhook{opts.HTTPClient, strings.TrimSpace(address)}, opts}
}

// Notify posts the digest, or nothing where there is nothing to tell. Its error
// is a *DeliveryError. Teams accepts a card before it shows it: no error means
// that the workflow took it.
func (t *Teams) Notify(ctx context.Context, r *digest.Report) error {
	if Quiet(r) {
		return nil
	}
	var last *DeliveryError
	for _, statements := range []int{slackRows, 1, 0} {
		card := t.card(r, statements)
		if b, err := json.Marshal(card); err == nil && len(b) > teamsMaxBytes && statements > 0 {
			continue
		}
		last = patiently(ctx, func() *DeliveryError { return t.send(ctx, card) })
		if last == nil {
			return nil
		}
		if last.Step = "post the digest to Teams"; last.Kind != Payload {
			break
		}
	}
	return last
}

func (t *Teams) send(ctx context.Context, card element) *DeliveryError {
	a, failure := t.hook.post(ctx, card)
	if failure != nil || a.status < 300 {
		return failure
	}
	e := statusError(a.status, fmt.Errorf("HTTP %d: %s", a.status, cut(a.body, 100)))
	if a.status == http.StatusTooManyRequests {
		e.wait = a.wait
	}
	if e.Kind == Configuration {
		e.Hint = "the workflow's address is wrong, or the workflow is off or gone: copy its address anew"
	}
	return withoutSecret(e, t.hook.address)
}

// element is a piece of an Adaptive Card. Names and statements stand only in
// TextRun and CodeBlock, in which Teams reads no Markdown.
type element map[string]any

func run(s string, more element) element {
	e := element{"type": "TextRun", "text": cut(s, 1_000)}
	for k, v := range more {
		e[k] = v
	}
	return e
}

func textBlock(runs ...element) element { return element{"type": "RichTextBlock", "inlines": runs} }

// card is the digest with the statements of its first classes.
func (t *Teams) card(r *digest.Report, statements int) element {
	p := newParent(r, SlackOptions{})
	r = p.r
	title := element{"size": "Large", "weight": "Bolder"}
	if trouble(r) {
		title["color"] = "Attention"
	}
	subtle := element{"isSubtle": true, "size": "Small"}
	body := []element{textBlock(run(p.title(), title)), textBlock(run(p.facts(), element{"isSubtle": true}))}
	body = append(body, p.teamsNews()...)
	if len(p.classes) > 0 {
		body = append(body, p.teamsTable())
	}
	p.fill(slackRows) // there is no thread to hold the others
	for _, c := range p.inFull[:min(statements, len(p.inFull))] {
		body = append(body, p.teamsClass(c)...)
	}
	if s := muted(r); s != "" {
		body = append(body, textBlock(run(s, subtle)))
	}
	body = append(body, textBlock(run("literals are replaced by ? · digest "+p.key, subtle)))
	content := element{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.5",
		"fallbackText": p.title(), "msteams": element{"width": "Full"}, "body": body}
	if actions := t.actions(r); len(actions) > 0 {
		content["actions"] = actions
	}
	return element{"type": "message", "attachments": []element{{
		"contentType": "application/vnd.microsoft.card.adaptive", "content": content}}}
}

// teamsNews is what has to be known before the numbers are read, and what changed.
func (p *parent) teamsNews() []element {
	bolder := element{"weight": "Bolder"}
	var out []element
	if trouble(p.r) {
		out = append(out, textBlock(run(p.warning(), bolder)))
	}
	for _, n := range p.r.Coverage.Notes[:min(maxNotes, len(p.r.Coverage.Notes))] {
		out = append(out, textBlock(run("• "+n, nil)))
	}
	for _, n := range notices(p.r) {
		out = append(out, textBlock(run(n.word+": ", bolder), run(n.text, nil)))
	}
	if s := learning(p.r); s != "" {
		out = append(out, textBlock(run(s, nil)))
	}
	for _, x := range changes(p.r) {
		out = append(out, textBlock(run("• "+withSpace(x.word), bolder), run(x.String(), nil)))
	}
	return out
}

func (p *parent) teamsTable() element {
	row := func(bold bool, cells ...string) element {
		var out []element
		for _, s := range cells {
			weight := map[bool]string{true: "Bolder", false: "Default"}[bold]
			out = append(out, element{"type": "TableCell", "items": []element{textBlock(run(s, element{"weight": weight}))}})
		}
		return element{"type": "TableRow", "cells": out}
	}
	rows := []element{row(true, "Share", "Query", "Time", "Calls", "P95")}
	for _, c := range p.classes[:min(slackRows, len(p.classes))] {
		rows = append(rows, row(false, badged(c)+percent(c.Share), fmt.Sprintf("#%d %s%s", c.Rank, short(c.Fingerprint, 40), where(p.r, c)),
			seconds(c.QueryTime.Sum), count(float64(c.Calls)), seconds(c.QueryTime.P95)))
	}
	return element{"type": "Table", "firstRowAsHeader": true, "rows": rows,
		"columns": []element{{"width": 2}, {"width": 5}, {"width": 2}, {"width": 2}, {"width": 2}}}
}

func (p *parent) teamsClass(c *digest.Class) []element {
	title := badged(c) + fmt.Sprintf("#%d %s  %s", c.Rank, short(c.Fingerprint, 80), shortID(c.ID))
	out := []element{
		{"type": "RichTextBlock", "separator": true, "inlines": []element{run(title, element{"weight": "Bolder"})}},
		textBlock(run(numbers(c), nil)),
		{"type": "CodeBlock", "language": "SQL", "codeSnippet": clauses(cut(c.Fingerprint, parentSQL))},
	}
	var facts []string
	if s := evidence(c); s != "" {
		facts = append(facts, s)
	}
	if c.Note != "" {
		facts = append(facts, "Note: "+c.Note)
	}
	for _, s := range append(append(facts, c.Reasons...), rowsPerCall(c), origin(c)) {
		if s != "" {
			out = append(out, textBlock(run("• "+s, nil)))
		}
	}
	return out
}

func (t *Teams) actions(r *digest.Report) []element {
	var out []element
	for _, instance := range r.Instances[:min(1, len(r.Instances))] {
		for _, l := range t.opts.Links {
			if url, ok := l.expand(t.opts.Region, instance, r.Window); ok {
				out = append(out, element{"type": "Action.OpenUrl", "title": l.Label, "url": url})
			}
		}
	}
	return out
}
