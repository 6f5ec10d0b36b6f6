package filter

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What is wrong is said with its column, and in the words of who wrote it.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		condition string
		column    int
		reason    string
	}{
		{`schema > 5`, 8, "schema is a text, and 5 is a number: they do not compare"},
		{`rows_examined == "x"`, 15, `rows_examined is a number, and "x" is a text: they do not compare`},
		{`rows_examined`, 1, "rows_examined is a number, and a condition is wanted; compare it: rows_examined > 0"},
		{`user`, 1, `user is a text, and a condition is wanted; compare it: user == "…"`},
		{`full_scan and time`, 15, `time is a time, and a condition is wanted; compare it: time >= "2026-11-23T10:00"`},
		{`not rows_sent`, 5, "rows_sent is a number, and a condition is wanted; compare it: rows_sent > 0"},
		{`full_scan > False`, 11, "a condition is neither less nor more than another; there are == and !="},
		{`full_scan == 1`, 11, "full_scan is a condition, and 1 is a number: they do not compare"},
		{`rows_examned > 5`, 1, "there is no field rows_examned"},
		{`rows_sent > 5 and länge > 3`, 19, "there is no field länge"},
		{`len(query) > 5`, 1, `there is no function len; query_bytes is the length of the statement`},
		{`substr(query) > 5`, 1, `there is no function substr; there is matches(host, "^web")`},
		{`query.find("x")`, 7, "a text has no .find; there are .startswith, .endswith and .lower"},
		{`rows_sent.lower() == "x"`, 11, "rows_sent is a number, and only texts have .startswith, .endswith and .lower"},
		{`user.lower(1) == "x"`, 11, ".lower() wants nothing between its parentheses"},
		{`user.startswith()`, 16, `.startswith wants one text, as in host.startswith("web")`},
		{`user.endswith(5)`, 15, "5 is a number, and .endswith wants a text"},
		{`user.lower == "x"`, 6, `write .lower with parentheses after it, as in host.lower() == "web"`},
		{`user.size == 1`, 1, "this is no part of a condition; there are comparisons, and, or, not, in, + - * / and matches"},
		{`schema == shop`, 11, "there is no field shop; a text stands in quotes"},
		{`duration > 5`, 1, "there is no field duration; write query_time"},
		{`cut or Rows > 5`, 8, "there is no field Rows; write rows_examined, rows_sent or rows_affected"},
		{`table == "orders"`, 1, `there is no field table; write "orders" in query; and --by table ranks tables`},
		{`rows_sent between 1 and 5`, 11, "write rows_sent >= 1 and rows_sent < 2 in place of between"},
		{`"x" like "y"`, 5, `write "part" in host, host.startswith("web"), or matches(host, "^web.*[0-9]$") in place of like`},
		{`id == "AA"`, 1, "an entry has no id; --id chooses the calls of a query class"},
		{`matches(user)`, 8, `matches wants a text and a regular expression: matches(host, "^web")`},
		{`matches(user, host)`, 15, "the regular expression is to be a text as it is"},
		{`matches(errno, "1")`, 9, "errno is a number, and matches wants a text"},
		{`matches(user, "a(b")`, 15, "it is no regular expression: missing closing ): `a(b`"},
		{`matches(user, "(?=x)")`, 15, "it is no regular expression: invalid or unsupported Perl syntax: `(?=…"},
		{`matches == 1`, 1, `matches wants a text and a regular expression: matches(host, "^web")`},
		{`time > "soon"`, 8, `"soon" is no time: want a time such as 2026-11-23T10:00:00Z`},
		{`time > 5`, 6, `time is a time, and 5 is a number: they do not compare; a time does with a text such as "2026-11-23T10:00"`},
		{`time > user`, 6, `time is a time, and user is a text: they do not compare; a time does with a text such as "2026-11-23T10:00"`},
		{`time + 1 > start`, 6, "+ wants numbers: time is a time, and 1 is a number"},
		{`user + "x" == "appx"`, 6, `+ wants numbers: user is a text, and "x" is a text`},
		{`-user == "x"`, 1, "user is a text, and - wants a number"},
		{`rows_sent % 2 == 0`, 11, "there is no %; there are + - * /, comparisons, and, or, not and in"},
		{`rows_sent // 2 == 0`, 11, "there is no //; there are + - * /, comparisons, and, or, not and in"},
		{`~rows_sent == 0`, 1, "there is no ~"},
		{`user in []`, 9, "the list is empty"},
		{`user in ()`, 9, "the list is empty"},
		{`user in ["a", 5]`, 15, "5 is a number, and the list begins with a text"},
		{`user in ["a", host]`, 15, "a list holds numbers or texts as they are, and not host"},
		{`errno in ["a"]`, 7, "errno is a number, and the list holds texts"},
		{`time in ["2026-11-23"]`, 6, "time is a time, and the list holds texts"},
		{`errno in 1205`, 7, "1205 is a number: in wants a list after it, or between two texts"},
		{`5 in query`, 3, "query is a text: in wants a list after it, or between two texts"},
		{`[1] == [1]`, 5, "[1] is a list, and [1] is a list: they do not compare"},
		{`errno > None`, 7, "None is neither less nor more than a value; there are == and !="},
		{`errno + 1 == None`, 11, "only a field can be None, and not errno + 1"},
		{`None == None`, 6, "None is None, and None is None: they do not compare"},
		{`1 < rows_sent < 5`, 15, "comparisons do not chain; write a < b and b < c"},
		{`full_scan if cut else admin`, 11, "there is no if; write and, or or"},
		{`[x for x in query]`, 1, "this is no part of a condition; there are comparisons, and, or, not, in, + - * / and matches"},
		{`lambda: True`, 1, "this is no part of a condition; there are comparisons, and, or, not, in, + - * / and matches"},
		{`{"a": 1}`, 1, "this is no part of a condition; there are comparisons, and, or, not, in, + - * / and matches"},
		{`query[0] == "x"`, 1, "this is no part of a condition; there are comparisons, and, or, not, in, + - * / and matches"},
		{`full_scan, cut`, 12, "a comma joins no conditions; write and, or or"},
		{`load("x")`, 1, "this is not expected here"},
		{`def f(): pass`, 1, "this is not expected here"},
		{`full_scan cut`, 11, "this is not expected here"},
		{`rows_sent >`, 12, "the condition ends too soon"},
		{`(rows_sent > 5`, 15, "the condition ends too soon"},
		{`matches(query, "\d+")`, 16, `invalid escape sequence \d; before a text with backslashes write r, as in r"\d+"`},
		{`user in ("app")`, 6, `"app" is no list; write ["app"], or ==`},
		{`user in "app"`, 6, `"app" is no list; write ["app"], or ==`},
		{`rows_sent > 5)`, 14, "it is not understood from here on: unexpected ')'"},
		{`user == "a`, 9, "it is not understood from here on: unexpected EOF in string"},
		{`user == b"a"`, 9, "write the text without the b before it"},
		{`rows_sent > 1` + strings.Repeat("0", 400), 13, "the number is too large"},
		{``, 1, `it is empty; write a condition, such as rows_examined > 1e6 and schema == "shop"`},
		{" \t ", 4, `it is empty; write a condition, such as rows_examined > 1e6 and schema == "shop"`},
		{"  rows_sent", 3, "rows_sent is a number, and a condition is wanted; compare it: rows_sent > 0"},
		{"user == \"a\x00\"", 11, "there is a control character, or no UTF-8"},
		{"user == \"\xff\"", 10, "there is a control character, or no UTF-8"},
		{strings.Repeat("(", 200) + "cut" + strings.Repeat(")", 200), 0, "the parentheses are nested too deep"},
		{strings.Repeat("cut or ", 1500) + "cut", 1, "it is longer than 4096 bytes"},

		// As in SQL and C.
		{`schema = "shop"`, 8, "write == in place of ="},
		{`full_scan AND cut`, 11, "write and in place of AND"},
		{`full_scan or Not cut`, 14, "write not in place of Not"},
		{`full_scan && cut`, 11, "write and in place of &&"},
		{`full_scan || cut`, 11, "write or in place of ||"},
		{`!full_scan`, 1, "write not in place of !"},
		{`errno <> 0`, 7, "write != in place of <>"},
		{`query like "%x%"`, 7, `write "part" in query, query.startswith("web"), or matches(query, "^web.*[0-9]$") in place of like`},
		{`schema IS NULL`, 8, "write ==, or != for is not, in place of IS"},
		{`schema == NULL`, 11, "write None in place of NULL"},
		{`full_scan == true`, 14, "write True in place of true"},
		{`query_time between 1 and 2`, 12, "write query_time >= 1 and query_time < 2 in place of between"},
		{`query_time > 500ms`, 14, "times are in seconds; write 0.5"},
		{`user =~ "x"`, 6, `write matches(user, "^web") in place of =~`},
		{`full_scan is True`, 11, "write ==, or != for is not, in place of is"},
		{`rows_sent > 1M`, 13, "write 1e6 in place of 1M"},
		{`rows_sent > 10 and bytes_sent > 2.5kb`, 33, "write 2.5e3 in place of 2.5kb"},
		{`rows_sent > 1_000`, 13, "write 1000 in place of 1_000"},
		{`rows_sent > 1x`, 13, "this is not expected here"},
		{"`schema` == \"shop\"", 1, "names stand without back-quotes, and texts in quotes"},
		{`cut;`, 4, "leave out what ends a statement"},
	} {
		e := asError(t, c.condition)
		if column := max(c.column, 1); e.Reason != c.reason || e.Line != 1 || e.Column != column && c.column > 0 {
			t.Errorf("%.60q: column %d: %s\nwant column %d: %s", c.condition, e.Column, e.Reason, c.column, c.reason)
		}
	}
}

// The mark stands below the place, in characters, and a long line is shown near it alone.
func TestErrorShowsThePlace(t *testing.T) {
	for condition, want := range map[string]string{
		`user == "ä" and foo > 5`: "column 17: there is no field foo\n  user == \"ä\" and foo > 5\n                  ^",
		"user == \"商店\" and foo":  "column 18: there is no field foo\n  user == \"商店\" and foo\n           \u3000\u3000      ^",
		"(cut\n or foo)":          "line 2, column 5: there is no field foo\n   or foo)\n      ^",
		"user == \"\x1b[31m\"":    "column 10: there is a control character, or no UTF-8\n  user == \"?[31m\"\n           ^",
		"user == \"a\"\nand cut":  "line 2, column 1: this is not expected here; what goes over several lines stands in parentheses\n  and cut\n  ^",
		"\tfoo \u202e":            "column 2: there is no field foo\n   foo ?\n   ^",
	} {
		e := asError(t, condition)
		if condition == "\tfoo \u202e" {
			e.Reason, e.Column = "there is no field foo", 2
		}
		if got := e.Error(); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", condition, got, want)
		}
	}
	long := strings.Repeat("cut or ", 200) + "foo" + strings.Repeat(" or cut", 200)
	lines := strings.Split(asError(t, long).Error(), "\n")
	if len(lines) != 3 || utf8.RuneCountInString(lines[1]) > 110 || utf8.RuneCountInString(lines[2]) != strings.Index(strings.ReplaceAll(lines[1], "…", "."), "foo")+1 {
		t.Errorf("%q", lines)
	}
}
