package slacktest

import (
	"fmt"
	"strings"
	"testing"
)

// Each limit is met by a message at it, and broken by one just over it.
func TestValidate(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	list := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	numbered := func(n int, format string) string {
		var items []string
		for i := range n {
			items = append(items, fmt.Sprintf(format, i))
		}
		return strings.Join(items, ",")
	}
	rich := func(inlines string) string {
		return `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[` + inlines + `]}]}`
	}
	cells := func(n int, text string) string { return "[" + list(n, `{"type":"raw_text","text":"`+text+`"}`) + "]" }
	table := func(rows string) string { return `{"type":"table","rows":[` + rows + `]}` }
	chart := func(series, categories int) string {
		return fmt.Sprintf(`{"type":"data_visualization","title":"t","chart":{"type":"bar","axis_config":{"categories":[%s]},"series":[%s]}}`,
			numbered(categories, `"c%d"`), numbered(series, `{"name":"s%d","data":[`+numbered(categories, `{"label":"c%[1]d","value":1}`)+`]}`))
	}
	date := func(format, more string) string {
		return `{"type":"date","format":"` + format + `","fallback":"x"` + more + `}`
	}
	const divider = `{"type":"divider"}`
	for _, c := range []struct {
		name    string
		good    string // blocks
		bad     string
		pointer string // of what is wrong with the bad ones
		code    string // empty is invalid_blocks
	}{
		{name: "blocks", good: list(50, divider), bad: list(51, divider), pointer: "/blocks"},
		{name: "unknown block", good: divider, bad: `{"type":"alert"}`, pointer: "/blocks/0/type"},
		{name: "unknown property", good: divider, bad: `{"type":"divider","colour":"red"}`, pointer: "/blocks/0/colour"},
		{name: "missing property", good: divider, bad: `{"type":"header"}`, pointer: "/blocks/0"},
		{name: "not an object", good: divider, bad: `"divider"`, pointer: "/blocks/0"},
		{name: "header", good: `{"type":"header","text":{"type":"plain_text","text":"` + x(150) + `"}}`,
			bad: `{"type":"header","text":{"type":"plain_text","text":"` + x(151) + `"}}`, pointer: "/blocks/0/text/text"},
		{name: "markup in a header", good: divider, bad: `{"type":"header","text":{"type":"mrkdwn","text":"x"}}`, pointer: "/blocks/0/text/type"},
		{name: "empty text", good: rich(`{"type":"text","text":"x"}`), bad: rich(`{"type":"text","text":""}`), pointer: "/blocks/0/elements/0/elements/0/text"},
		{name: "no text", good: rich(`{"type":"text","text":"x"}`), bad: rich(""), pointer: "/blocks/0/elements/0/elements"},
		{name: "mention", good: divider, bad: rich(`{"type":"broadcast","range":"channel"}`), pointer: "/blocks/0/elements/0/elements/0/type"},
		{name: "mention of a user", good: divider, bad: rich(`{"type":"user","user_id":"U0ANOTHER"}`), pointer: "/blocks/0/elements/0/elements/0/user_id"},
		{name: "mention of a group", good: divider, bad: rich(`{"type":"usergroup","usergroup_id":"S0ANOTHER"}`), pointer: "/blocks/0/elements/0/elements/0/usergroup_id"},
		{name: "link", good: rich(`{"type":"link","url":"https://example.com/"}`), bad: rich(`{"type":"link","url":"example.com"}`), pointer: "/blocks/0/elements/0/elements/0/url"},
		{name: "date", good: rich(date("{date_short_pretty} at {time}", `,"timestamp":0`)), bad: rich(date("{time}", `,"timestamp":-1`)), pointer: "/blocks/0/elements/0/elements/0/timestamp"},
		{name: "part of a second", good: divider, bad: rich(date("{time}", `,"timestamp":1.5`)), pointer: "/blocks/0/elements/0/elements/0/timestamp"},
		{name: "date without a time", good: divider, bad: rich(date("{time}", "")), pointer: "/blocks/0/elements/0/elements/0"},
		{name: "date token", good: rich(date("{ago}", `,"timestamp":1`)), bad: rich(date("{hour}", `,"timestamp":1`)), pointer: "/blocks/0/elements/0/elements/0/format"},
		{name: "no date token", good: divider, bad: rich(date("at", `,"timestamp":1`)), pointer: "/blocks/0/elements/0/elements/0/format"},
		{name: "date without a fallback", good: divider, bad: rich(`{"type":"date","timestamp":1,"format":"{time}"}`), pointer: "/blocks/0/elements/0/elements/0"},
		{name: "date of fixed width", good: divider, bad: strings.Replace(rich(date("{time}", `,"timestamp":1`)), "rich_text_section", "rich_text_preformatted", 1),
			pointer: "/blocks/0/elements/0/elements/0/type"},
		{name: "section", good: `{"type":"section","text":{"type":"mrkdwn","text":"` + x(3000) + `"}}`,
			bad: `{"type":"section","text":{"type":"mrkdwn","text":"` + x(3001) + `"}}`, pointer: "/blocks/0/text/text"},
		{name: "section of nothing", good: divider, bad: `{"type":"section"}`, pointer: "/blocks/0"},
		{name: "fields", good: `{"type":"section","fields":[` + list(10, `{"type":"plain_text","text":"x"}`) + `]}`,
			bad: `{"type":"section","fields":[` + list(11, `{"type":"plain_text","text":"x"}`) + `]}`, pointer: "/blocks/0/fields"},
		{name: "context", good: `{"type":"context","elements":[` + list(10, `{"type":"plain_text","text":"x"}`) + `]}`,
			bad: `{"type":"context","elements":[` + list(11, `{"type":"plain_text","text":"x"}`) + `]}`, pointer: "/blocks/0/elements"},
		{name: "actions", good: `{"type":"actions","elements":[` + list(25, `{"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}}`) + `]}`,
			bad: `{"type":"actions","elements":[` + list(26, `{"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}}`) + `]}`, pointer: "/blocks/0/elements"},
		{name: "block_id", good: `{"type":"divider","block_id":"` + x(255) + `"}`, bad: `{"type":"divider","block_id":"` + x(256) + `"}`, pointer: "/blocks/0/block_id"},
		{name: "image", good: `{"type":"image","image_url":"https://example.com/x.png","alt_text":"x"}`,
			bad: `{"type":"image","image_url":"https://example.com/x.png"}`, pointer: "/blocks/0"},
		{name: "rows", good: table(list(100, cells(1, "x"))), bad: table(list(101, cells(1, "x"))), pointer: "/blocks/0/rows"},
		{name: "columns", good: table(cells(20, "x")), bad: table(cells(21, "x")), pointer: "/blocks/0/rows/0"},
		{name: "ragged table", good: table(list(2, cells(2, "x"))), bad: table(cells(2, "x") + "," + cells(1, "x")), pointer: "/blocks/0/rows/1"},
		{name: "null cell", good: table(cells(1, "x")), bad: table("[null]"), pointer: "/blocks/0/rows/0/0"},
		{name: "empty cell", good: table(cells(1, "x")), bad: table(cells(1, "")), pointer: "/blocks/0/rows/0/0/text"},
		{name: "cells", good: table(cells(10, x(1000))), bad: table(cells(11, x(1000))), pointer: "/blocks/0/rows"},
		{name: "alignment", good: divider, bad: `{"type":"table","rows":[` + cells(1, "x") + `],"column_settings":[{"align":"","is_wrapped":false}]}`, pointer: "/blocks/0/column_settings/0/align"},
		{name: "tables", good: table(cells(1, "x")), bad: table(cells(1, "x")) + "," + table(cells(1, "x")), pointer: "/blocks/1"},
		{name: "charts", good: chart(1, 1) + "," + chart(1, 1), bad: list(3, chart(1, 1)), pointer: "/blocks/2"},
		{name: "series", good: chart(6, 2), bad: chart(7, 2), pointer: "/blocks/0/chart/series"},
		{name: "categories", good: chart(1, 20), bad: chart(1, 21), pointer: "/blocks/0/chart/axis_config/categories"},
		{name: "series of one name", good: chart(2, 1), bad: strings.Replace(chart(2, 1), "s1", "s0", 1), pointer: "/blocks/0/chart/series/1"},
		{name: "categories of one name", good: chart(1, 2), bad: strings.ReplaceAll(chart(1, 2), "c1", "c0"), pointer: "/blocks/0/chart/axis_config/categories/1"},
		{name: "point of no category", good: chart(1, 2), bad: strings.Replace(chart(1, 2), `"label":"c1"`, `"label":"c2"`, 1), pointer: "/blocks/0/chart/series/0/data/1/label"},
		{name: "missing point", good: chart(1, 2), bad: strings.Replace(chart(1, 2), `,{"label":"c1","value":1}`, "", 1), pointer: "/blocks/0/chart/series/0/data"},
		{name: "label", good: strings.ReplaceAll(chart(1, 1), "c0", x(20)), bad: strings.ReplaceAll(chart(1, 1), "c0", x(21)), pointer: "/blocks/0/chart/axis_config/categories/0"},
		{name: "title", good: strings.Replace(chart(1, 1), `"t"`, `"`+x(50)+`"`, 1), bad: strings.Replace(chart(1, 1), `"t"`, `"`+x(51)+`"`, 1), pointer: "/blocks/0/title"},
		{name: "pie", good: `{"type":"data_visualization","title":"t","chart":{"type":"pie","segments":[{"label":"x","value":1}]}}`,
			bad: `{"type":"data_visualization","title":"t","chart":{"type":"pie","segments":[{"label":"x","value":0}]}}`, pointer: "/blocks/0/chart/segments/0/value"},
		{name: "all text", good: list(6, rich(`{"type":"text","text":"`+x(2000)+`"}`)), bad: list(7, rich(`{"type":"text","text":"`+x(2000)+`"}`)),
			pointer: "/blocks", code: "msg_blocks_too_long"},
		{name: "wide characters", good: rich(`{"type":"text","text":"` + strings.Repeat("注", 3000) + `"}`),
			bad: rich(`{"type":"text","text":"` + strings.Repeat("💾", 1501) + `"}`), pointer: "/blocks/0/elements/0/elements/0/text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if found := Validate([]byte(`{"text":"x","blocks":[`+c.good+`]}`), MaxText); len(found) > 0 {
				t.Errorf("rejects what is at the limit: %v", found)
			}
			found := Validate([]byte(`{"text":"x","blocks":[`+c.bad+`]}`), MaxText)
			if len(found) == 0 {
				t.Fatal("lets through what is over the limit")
			}
			if code := c.code; found[0].Pointer != c.pointer || found[0].Code != code && (code != "" || found[0].Code != "invalid_blocks") {
				t.Errorf("found %v, want it at %s", found, c.pointer)
			}
		})
	}
	for message, code := range map[string]string{
		`{"text":""}`: "no_text", `{"text":"` + x(4001) + `"}`: "msg_too_long", `[]`: "invalid_blocks_format",
		`{"text":"<!channel>"}`: "invalid_blocks", `{"text":"<!date^1^{time}|x> <@U1>"}`: "invalid_blocks", `{"text":"<!date^1^{hour}|x>"}`: "invalid_blocks",
		`{"text":"<!date^1^{time}>"}`: "invalid_blocks", `{"text":"<!date^1^{time}|x"}`: "invalid_blocks",
	} {
		if found := Validate([]byte(message), MaxText); len(found) != 1 || found[0].Code != code {
			t.Errorf("%.20s: %v, want %s", message, found, code)
		}
	}
}

// Of markup a text may have times, and what is escaped is none.
func TestTextWithTimes(t *testing.T) {
	if found := Validate([]byte(`{"text":"<!date^1764161940^{date_short_pretty} {time}|2025-11-26 12:59 UTC> &lt;!channel&gt;"}`), MaxText); len(found) > 0 {
		t.Error(found)
	}
}

// Whatever is thrown at it, the validator answers.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(`{"blocks":[{"type":"table","rows":[[null],3]},{"type":"data_visualization","chart":{"series":[{"data":[{"label":{}}]}],"axis_config":{"categories":[{}]}}}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) { Validate(b, MaxText) })
}

// Those whom a test lets a message mention may be mentioned once, each as what it is.
func TestMentions(t *testing.T) {
	for elements, want := range map[string]int{
		`{"type":"user","user_id":"U0AAAAAA"},{"type":"usergroup","usergroup_id":"S0AAAAAA"}`: 0,
		`{"type":"user","user_id":"U0AAAAAA"},{"type":"user","user_id":"U0AAAAAA"}`:           1,
		`{"type":"user","user_id":"S0AAAAAA"}`:                                                1,
		`{"type":"usergroup","usergroup_id":"U0AAAAAA"}`:                                      1,
		`{"type":"user","user_id":""}`:                                                        1,
		`{"type":"user","user_id":"U0BBBBBB"}`:                                                1,
		`{"type":"user"}`:                                                                     1,
		`{"type":"broadcast","range":"here"}`:                                                 1,
	} {
		message := `{"text":"x","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[` + elements + `]}]}]}`
		if got := Validate([]byte(message), MaxText, "U0AAAAAA", "S0AAAAAA"); len(got) != want {
			t.Errorf("%s: %v, want %d violations", elements, got, want)
		}
	}
	if got := Validate([]byte(`{"text":"<@U0AAAAAA>"}`), MaxText, "U0AAAAAA"); len(got) != 1 {
		t.Errorf("a mention in the text: %v", got)
	}
}
