package redact

import "testing"

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"  a \t\r\n b  ", "a b"}, {"a\x00b\x1b[2Jc\x07", "ab[2Jc"}, {"a\u202eb\u2066c\u200bd\ufeff", "abcd"},
		{"bad \xff\xfe utf", "bad utf"}, {"注文 `é` ✓", "注文 `é` ✓"}, {"x\u0301\u0301\u0301\u0301\u0301\u0301", "x\u0301\u0301\u0301\u0301"},
		{"\u00a0\u3000", ""}, {"\ue000\U000e0041x", "x"}, {"a\u115f\u3164\u034f\u17b4b", "ab"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) is %q, want %q", c.in, got, c.want)
		}
	}
}
