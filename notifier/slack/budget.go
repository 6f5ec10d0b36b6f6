package slack

import (
	"encoding/json"
	"slices"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"
)

// Slack's limits on a message that depend on what a report holds. They are counted
// in UTF-16 code units, which are never fewer than characters, since Slack does not
// say what a character is. The others are kept by the form of the message;
// slacktest checks them all.
const (
	// TextBudget is how much text the blocks of a message may hold together. Slack
	// has let others through up to 13,172 characters and answered
	// msg_blocks_too_long above, but it is not documented what exactly it counts.
	TextBudget = 9_000

	maxHeader = 150
	maxLabel  = 20 // of a name in a chart
)

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// cutUnits shortens s to at most n UTF-16 code units, the last of which then is
// "…". It never cuts a character in two.
func cutUnits(s string, n int) string {
	if units(s) <= n {
		return s
	}
	room := n - 1
	for i, r := range s {
		if room -= utf16.RuneLen(r); room < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// fits reports whether the text of a message's blocks is within the budget.
func fits(blocks []slackgo.Block) bool {
	b, err := json.Marshal(blocks)
	if err != nil {
		return false
	}
	var v any
	return json.Unmarshal(b, &v) == nil && textIn(v) <= TextBudget
}

// textKeys are the properties that hold a text which people see or hear. A URL
// counts as text too, to be on the safe side.
var textKeys = []string{"text", "url", "title", "name", "label", "x_label", "y_label", "accessibility_label", "fallback"}

// textIn counts the text in a value of JSON.
func textIn(v any) int {
	n := 0
	switch v := v.(type) {
	case string:
		n = units(v)
	case []any:
		for _, x := range v {
			n += textIn(x)
		}
	case map[string]any:
		for key, x := range v {
			if _, isString := x.(string); !isString || slices.Contains(textKeys, key) {
				n += textIn(x)
			}
		}
	}
	return n
}
