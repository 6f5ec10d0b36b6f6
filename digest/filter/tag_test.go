package filter

import (
	"testing"

	"slowdigest/parser"
	"slowdigest/parser/tags"
)

// A tag is a text like another, and unknown where the statement has none.
func TestTag(t *testing.T) {
	found := []tags.Tag{{Key: "controller", Value: "orders"}, {Key: "team", Value: "Shop"}, {Key: tags.Code, Value: "orders#index"}}
	for condition, want := range map[string]truth{
		`tag("controller") == "orders"`: yes, `tag("controller") != "orders"`: no, `tag('code').startswith("orders#")`: yes,
		`tag("team").lower() in ["shop", "stock"]`: yes, `"ord" in tag("controller")`: yes, `matches(tag("controller"), "^o.*s$")`: yes,
		`tag("job") == "x"`: unknown, `not tag("job") == "x"`: unknown, `tag("job") == None`: yes, `tag("controller") == None`: no,
		`tag("controller") != None and tag("job") == None`: yes, `tag("job") == "x" or tag("controller") == "orders"`: yes, `tag("controller") == tag("team")`: no,
	} {
		c, err := Parse(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		m := c.Matcher("x")
		m.Tags = found
		holds, missing := m.Match(&parser.Event{})
		if holds != (want == yes) || (missing != 0) != (want == unknown) {
			t.Errorf("%s: %v, lacks %v", condition, holds, missing.Reasons())
		}
		if want == unknown && missing.Reasons()[0] != "tag" {
			t.Errorf("%s lacks %v", condition, missing.Reasons())
		}
		if len(c.TagKeys()) == 0 || !c.Uses("tag") {
			t.Errorf("%s asks for no tag", condition)
		}
	}
	for condition, reason := range map[string]string{
		`tag == "orders"`:           wantsKey,
		`tag() == "x"`:              wantsKey,
		`tag(user) == "x"`:          wantsKey,
		`tag("a", "b") == "x"`:      wantsKey,
		`tag("traceparent") == "x"`: `there is no tag "traceparent"`,
		`tag("a b") == "x"`:         `there is no tag "a b"`,
		`tag("job")`:                `tag("job") is a text, and a condition is wanted; compare it: tag("job") == "…"`,
	} {
		if err := asError(t, condition); err.Reason != reason {
			t.Errorf("%s: %s, want %s", condition, err.Reason, reason)
		}
	}
}
