package slacktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// Slack's limits on a message. Where Slack does not say what a character is,
// UTF-16 code units are counted, which are never fewer than characters.
const (
	// MaxText is how much text all the blocks of a message may hold
	// together. Slack does not write of it: others were let through up to
	// 13,172 characters and met msg_blocks_too_long above.
	MaxText = 13_172

	maxBlocks   = 50
	maxHeader   = 150
	maxSection  = 3_000
	maxFallback = 4_000
	maxCells    = 10_000 // characters in all the cells of a table
	maxLabel    = 20     // characters of a name in a chart
	maxSeries   = 6      // Slack has allowed 12 since, but not everywhere
	maxCharts   = 2
)

// Violation is one way in which a message breaks Slack's rules.
type Violation struct {
	Code    string // the error that Slack would answer: invalid_blocks, msg_blocks_too_long, msg_too_long
	Pointer string // of the offending value in the message, such as "/blocks/0/text/text"
	Message string
}

// Error is the violation in the words of Slack.
func (v Violation) Error() string {
	return fmt.Sprintf("%s [json-pointer:%s]", v.Message, v.Pointer)
}

// Validate checks a message for chat.postMessage, of which only text and
// blocks are looked at, against every limit that is known. It knows the blocks
// that a message may hold; a block or a property that it does not know is a
// violation, since Slack rejects a whole message for one. maxText is
// MaxText, or a budget below it. The message may mention the users and user groups with these IDs, each once,
// in a line of rich text, and nobody else.
func Validate(message []byte, maxText int, mentions ...string) []Violation {
	var m struct {
		Text   string `json:"text"`
		Blocks []any  `json:"blocks"`
	}
	if err := json.Unmarshal(message, &m); err != nil {
		return []Violation{{"invalid_blocks_format", "", err.Error()}}
	}
	v := validation{mentions: slices.Clone(mentions)}
	if n := characters(m.Text); n > maxFallback {
		v.found = append(v.found, Violation{"msg_too_long", "/text", fmt.Sprintf("%d characters, %d are shown", n, maxFallback)})
	}
	marked(&v, "/text", m.Text)
	if len(m.Blocks) == 0 && m.Text == "" {
		v.found = append(v.found, Violation{"no_text", "/text", "neither text nor blocks"})
	}
	if len(m.Blocks) > 0 {
		listOf(1, maxBlocks, messageBlock)(&v, "/blocks", m.Blocks)
	}
	v.once(m.Blocks, "table", 1)
	v.once(m.Blocks, "data_visualization", maxCharts)
	if v.text > maxText {
		v.found = append(v.found, Violation{"msg_blocks_too_long", "/blocks",
			fmt.Sprintf("%d characters of text in all blocks, at most %d", v.text, maxText)})
	}
	return v.found
}

func characters(s string) int { return len(utf16.Encode([]rune(s))) }

// validation is a pass over one message.
type validation struct {
	found []Violation
	text  int // characters that are shown

	mentions []string // IDs that are yet to be mentioned
}

func (v *validation) fail(at, format string, args ...any) {
	v.found = append(v.found, Violation{"invalid_blocks", at, fmt.Sprintf(format, args...)})
}

// once checks how many blocks of a type a message holds.
func (v *validation) once(blocks []any, kind string, most int) {
	n := 0
	for i, b := range blocks {
		if o, ok := b.(map[string]any); ok && o["type"] == kind {
			if n++; n > most {
				v.fail(fmt.Sprintf("/blocks/%d", i), "no more than %d blocks of type %s allowed", most, kind)
			}
		}
	}
}

// rule checks one value, which is at a place of the message.
type rule func(v *validation, at string, x any)

// shown is text that people see. word is text that they do not.
func shown(least, most int) rule {
	return func(v *validation, at string, x any) {
		v.text += checkString(v, at, x, least, most)
	}
}

func word(most int) rule {
	return func(v *validation, at string, x any) { checkString(v, at, x, 1, most) }
}

func checkString(v *validation, at string, x any, least, most int) int {
	s, ok := x.(string)
	if !ok {
		v.fail(at, "must be a string")
		return 0
	}
	n := characters(s)
	switch {
	case n < least:
		v.fail(at, "must be more than %d characters", least-1)
	case n > most:
		v.fail(at, "must be less than %d characters", most+1)
	}
	return n
}

// link is a URL that people can follow. It counts as text, to be on the safe side.
func link(v *validation, at string, x any) {
	v.text += checkString(v, at, x, 1, 3_000)
	if s, _ := x.(string); !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		v.fail(at, "must be a valid URL")
	}
}

// mention is the ID of a user or user group that may be mentioned.
func mention(first string) rule {
	return func(v *validation, at string, x any) {
		id, _ := x.(string)
		i := slices.Index(v.mentions, id)
		if i < 0 || !strings.ContainsAny(id[:1], first) {
			v.fail(at, "must mention nobody, and mentions %q", id)
			return
		}
		v.mentions = slices.Delete(v.mentions, i, i+1)
	}
}

func flag(v *validation, at string, x any) {
	if _, ok := x.(bool); !ok {
		v.fail(at, "must be a boolean")
	}
}

func number(least, most float64) rule {
	return func(v *validation, at string, x any) {
		if f, ok := x.(float64); !ok || f < least || f > most {
			v.fail(at, "must be a number from %g to %g", least, most)
		}
	}
}

func oneOf(words ...string) rule {
	return func(v *validation, at string, x any) {
		if s, _ := x.(string); !slices.Contains(words, s) {
			v.fail(at, "must be one of %s", strings.Join(words, ", "))
		}
	}
}

func listOf(least, most int, each rule) rule {
	return func(v *validation, at string, x any) {
		l, ok := x.([]any)
		switch {
		case !ok:
			v.fail(at, "must be an array")
		case len(l) < least:
			v.fail(at, "no less than %d items allowed", least)
		case len(l) > most:
			v.fail(at, "no more than %d items allowed", most)
		}
		for i, y := range l {
			each(v, fmt.Sprintf("%s/%d", at, i), y)
		}
	}
}

// fields are the properties that an object may have. One whose name begins with
// an exclamation mark must be there.
type fields map[string]rule

func objectOf(f fields) rule {
	return func(v *validation, at string, x any) {
		o, ok := x.(map[string]any)
		if !ok {
			v.fail(at, "must be an object")
			return
		}
		for _, name := range slices.Sorted(maps.Keys(f)) {
			key, must := strings.CutPrefix(name, "!")
			if y, there := o[key]; there {
				f[name](v, at+"/"+key, y)
			} else if must {
				v.fail(at, "missing required field: %s", key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(o)) {
			if f[key] == nil && f["!"+key] == nil && key != "type" {
				v.fail(at+"/"+key, "no such property: %s", key)
			}
		}
	}
}

// byType checks an object by the rule of its type.
func byType(types map[string]rule) rule {
	return func(v *validation, at string, x any) {
		o, ok := x.(map[string]any)
		if !ok {
			v.fail(at, "must be an object")
			return
		}
		kind, _ := o["type"].(string)
		if types[kind] == nil {
			v.fail(at+"/type", "unsupported type: %s", kind)
			return
		}
		types[kind](v, at, x)
	}
}
