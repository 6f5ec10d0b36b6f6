package slacktest

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// The shapes of the blocks, from docs.slack.dev/reference/block-kit/blocks.

func textObject(kinds ...string) func(most int) rule {
	return func(most int) rule {
		types := map[string]rule{}
		for _, kind := range kinds {
			f := fields{"!text": shown(1, most)}
			if kind == "mrkdwn" {
				f["verbatim"] = flag
			} else {
				f["emoji"] = flag
			}
			types[kind] = objectOf(f)
		}
		return byType(types)
	}
}

var (
	plainText = textObject("plain_text")
	anyText   = textObject("plain_text", "mrkdwn")
	blockID   = word(255)

	style = objectOf(fields{"bold": flag, "italic": flag, "strike": flag, "code": flag, "underline": flag})

	// inline are the elements of a line of rich text that mention nobody. The
	// others (channel, broadcast, emoji, team, color) are not for a
	// digest, so their names are as good as unknown, and user and usergroup are for whom a test
	// lets a message mention. A date does not stand in
	// preformatted text, nor without a text for those who cannot show it.
	inlineText = map[string]rule{
		"text": objectOf(fields{"!text": shown(1, maxSection), "style": style}),
		"link": objectOf(fields{"!url": link, "text": shown(1, maxSection), "style": style, "unsafe": flag}),
	}
	fixedWidth = listOf(1, 100, byType(inlineText))
	inlines    = listOf(1, 100, byType(map[string]rule{"text": inlineText["text"], "link": inlineText["link"],
		"user": objectOf(fields{"!user_id": mention("UW")}), "usergroup": objectOf(fields{"!usergroup_id": mention("S")}),
		"date": objectOf(fields{"!timestamp": seconds, "!format": dateFormat, "!fallback": shown(1, 100), "url": link})}))
	border   = number(0, 1)
	richLine = byType(map[string]rule{"rich_text_section": objectOf(fields{"!elements": inlines})})
	richText = fields{
		"block_id": blockID,
		"!elements": listOf(1, 100, byType(map[string]rule{
			"rich_text_section": objectOf(fields{"!elements": inlines}),
			"rich_text_quote":   objectOf(fields{"!elements": inlines, "border": border}),
			"rich_text_preformatted": objectOf(fields{"!elements": fixedWidth, "border": border,
				"language": word(50)}),
			"rich_text_list": objectOf(fields{"!elements": listOf(1, 100, richLine),
				"!style": oneOf("bullet", "ordered"), "indent": number(0, 8), "offset": number(0, 1000), "border": border}),
		})),
	}

	button = objectOf(fields{"!text": plainText(75), "!action_id": word(255), "url": link, "value": word(2_000),
		"style": oneOf("primary", "danger"), "accessibility_label": shown(1, 75)})
	image = fields{"!image_url": link, "!alt_text": shown(1, 2_000)}

	messageBlock = byType(map[string]rule{
		"header":  objectOf(fields{"!text": plainText(maxHeader), "block_id": blockID, "level": number(1, 4)}),
		"divider": objectOf(fields{"block_id": blockID}),
		"section": section,
		"context": objectOf(fields{"block_id": blockID, "!elements": listOf(1, 10, byType(map[string]rule{
			"plain_text": plainText(maxSection), "mrkdwn": anyText(maxSection), "image": objectOf(image)}))}),
		"actions": objectOf(fields{"block_id": blockID, "!elements": listOf(1, 25, byType(map[string]rule{"button": button}))}),
		"image": objectOf(fields{"block_id": blockID, "!image_url": link, "!alt_text": shown(1, 2_000),
			"title": plainText(2_000)}),
		"rich_text":          objectOf(richText),
		"table":              table,
		"data_visualization": objectOf(fields{"block_id": blockID, "!title": shown(1, 50), "!chart": chart}),
	})
)

// dateTokens are what a template of a time may hold in braces.
var dateTokens = []string{"date_num", "date_slash", "date_long", "date_long_full", "date_long_pretty", "date", "date_pretty",
	"date_short", "date_short_pretty", "day_divider_pretty", "time", "time_secs", "ago"}

func dateFormat(v *validation, at string, x any) {
	s, _ := x.(string)
	tokens := braced.FindAllStringSubmatch(s, -1)
	if len(tokens) == 0 || strings.ContainsAny(braced.ReplaceAllString(s, ""), "{}") {
		v.fail(at, "must hold date formatting tokens in braces")
	}
	for _, token := range tokens {
		if !slices.Contains(dateTokens, token[1]) {
			v.fail(at, "no such date formatting token: %s", token[1])
		}
	}
}

var braced = regexp.MustCompile(`{([^{}]*)}`)

// seconds since 1970.
func seconds(v *validation, at string, x any) {
	if f, ok := x.(float64); !ok || f != math.Trunc(f) || f < 0 || f > 253402300799 {
		v.fail(at, "must be a Unix timestamp in seconds")
	}
}

// marked checks the text of a message, in which Slack reads markup: of that it may hold
// only times.
func marked(v *validation, at, text string) {
	for _, m := range markup.FindAllStringSubmatch(text, -1) {
		date := dateMarkup.FindStringSubmatch(m[0])
		if date == nil {
			v.fail(at, "markup that is not a date: %s", m[0])
			continue
		}
		dateFormat(v, at, date[1])
	}
}

var (
	markup     = regexp.MustCompile(`<[^>]*>?`)
	dateMarkup = regexp.MustCompile(`^<!date\^\d{1,12}\^([^|^<>]+)\|[^|<>]+>$`)
)

func section(v *validation, at string, x any) {
	objectOf(fields{"block_id": blockID, "text": anyText(maxSection), "expand": flag,
		"fields": listOf(1, 10, anyText(2_000)), "accessory": byType(map[string]rule{"button": button, "image": objectOf(image)})})(v, at, x)
	if o, _ := x.(map[string]any); o["text"] == nil && o["fields"] == nil {
		v.fail(at, "missing required field: text")
	}
}

// table allows the cells that Slack has always taken: raw_number was rejected
// for a while, and null may only be received.
func table(v *validation, at string, x any) {
	before := v.text
	objectOf(fields{
		"block_id": blockID,
		"!rows": listOf(1, 100, listOf(1, 20, byType(map[string]rule{
			"raw_text": objectOf(fields{"!text": shown(1, maxCells)}), "rich_text": objectOf(richText)}))),
		"column_settings": listOf(1, 20, objectOf(fields{"align": oneOf("left", "center", "right"), "is_wrapped": flag})),
	})(v, at, x)
	if n := v.text - before; n > maxCells {
		v.fail(at+"/rows", "%d characters in all cells, at most %d", n, maxCells)
	}
	rows, _ := x.(map[string]any)["rows"].([]any)
	for i, r := range rows {
		first, _ := rows[0].([]any)
		if row, _ := r.([]any); len(row) != len(first) {
			v.fail(fmt.Sprintf("%s/rows/%d", at, i), "must have %d cells as the first row", len(first))
		}
	}
}

var (
	chartName  = shown(1, maxLabel)
	chartValue = number(-math.MaxFloat64, math.MaxFloat64)
	axes       = objectOf(fields{"!categories": listOf(1, 20, chartName), "x_label": shown(1, 50), "y_label": shown(1, 50)})
	series     = objectOf(fields{"!name": chartName,
		"!data": listOf(1, 20, objectOf(fields{"!label": chartName, "!value": chartValue}))})
	seriesChart = objectOf(fields{"!series": listOf(1, maxSeries, series), "!axis_config": axes})
)

func chart(v *validation, at string, x any) {
	byType(map[string]rule{
		"bar": seriesChart, "area": seriesChart, "line": seriesChart,
		"pie": objectOf(fields{"!segments": listOf(1, maxSeries,
			objectOf(fields{"!label": chartName, "!value": number(math.SmallestNonzeroFloat64, math.MaxFloat64)}))}),
	})(v, at, x)
	c, _ := x.(map[string]any)
	axis, _ := c["axis_config"].(map[string]any)
	categories, _ := axis["categories"].([]any)
	distinct(v, at+"/axis_config/categories", categories)
	all, _ := c["series"].([]any)
	var names []any
	for i, s := range all {
		o, _ := s.(map[string]any)
		names = append(names, o["name"])
		points, _ := o["data"].([]any)
		if len(points) != len(categories) {
			v.fail(fmt.Sprintf("%s/series/%d/data", at, i), "must have one point for each of the %d categories", len(categories))
			continue
		}
		for j, p := range points {
			o, _ := p.(map[string]any)
			label, _ := o["label"].(string)
			if category, _ := categories[j].(string); label != category {
				v.fail(fmt.Sprintf("%s/series/%d/data/%d/label", at, i, j), "must be the category of the same place")
			}
		}
	}
	distinct(v, at+"/series", names)
}

func distinct(v *validation, at string, names []any) {
	seen := map[any]bool{}
	for i, n := range names {
		if s, ok := n.(string); ok && seen[s] {
			v.fail(fmt.Sprintf("%s/%d", at, i), "must not occur twice: %s", s)
		} else if ok {
			seen[s] = true
		}
	}
}
