package slacktest

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Shown returns what a reader in UTC sees of the blocks of a message, a line each.
func (m Message) Shown() string {
	var b strings.Builder
	var blocks any
	if json.Unmarshal(m.Blocks, &blocks) == nil {
		show(&b, blocks)
	}
	return zoned.ReplaceAllString(strings.TrimSpace(b.String()), "$0 UTC")
}

// ShownText returns what that reader sees of its text.
func (m Message) ShownText() string {
	return zoned.ReplaceAllString(markup.ReplaceAllStringFunc(m.Text, func(s string) string {
		date := dateParts.FindStringSubmatch(s)
		if date == nil {
			return s
		}
		seconds, _ := strconv.ParseInt(date[1], 10, 64)
		return clock(seconds, date[2])
	}), "$0 UTC")
}

var (
	dateParts = regexp.MustCompile(`^<!date\^(\d+)\^([^|]+)\|`)

	// zoned is one time, or two of a window, after which the zone stands.
	zoned = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( to (\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)?)?`)
)

// clock writes a time by the tokens of package slack.
func clock(seconds int64, format string) string {
	return time.Unix(seconds, 0).UTC().Format(strings.NewReplacer("{date_short_pretty}", time.DateOnly, "{time}", "15:04", "{time_secs}", time.TimeOnly).Replace(format))
}

// show writes the texts in a value of JSON in their order.
func show(b *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			show(b, x)
		}
	case map[string]any:
		kind, _ := v["type"].(string)
		if seconds, ok := v["timestamp"].(float64); ok && kind == "date" {
			format, _ := v["format"].(string)
			b.WriteString(clock(int64(seconds), format))
		}
		if kind != "text" && kind != "date" && kind != "link" {
			b.WriteByte('\n')
		}
		for _, key := range []string{"text", "title", "elements", "rows"} {
			if text, ok := v[key].(string); ok {
				b.WriteString(text)
			} else {
				show(b, v[key])
			}
		}
	}
}
