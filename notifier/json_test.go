package notifier_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
)

func toJSON(b *bytes.Buffer) notifier.Notifier { return notifier.NewJSON(b) }

func TestJSONIsTheReport(t *testing.T) {
	for _, name := range notifiertest.Reports {
		want := notifiertest.Load(t, name)
		var got digest.Report
		if err := json.Unmarshal(notifiertest.Render(t, toJSON, want), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&got, want) {
			t.Errorf("%s: the report changed on its way through JSON", name)
		}
	}
}

// Classes are written one by one, and the text is that of all at once.
func TestJSONIsOfOnePiece(t *testing.T) {
	names := append(slices.Clone(notifiertest.Reports), "none", "hostile")
	for _, name := range names {
		r := new(digest.Report)
		switch name {
		case "none":
		case "hostile":
			r.Instances = []string{"\n  \"classes\": []", "\u202e"}
			r.Classes = []digest.Class{{Fingerprint: "\n  \"classes\": []"}, {Fingerprint: "\u202e<b>\n"}}
		default:
			r = notifiertest.Load(t, name)
		}
		want, err := notifier.IndentedJSON(notifier.JSON(r))
		if err != nil {
			t.Fatal(err)
		}
		if got := notifiertest.Render(t, toJSON, r); !bytes.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestJSONHasNoNullLists(t *testing.T) {
	r := &digest.Report{}
	got := string(notifiertest.Render(t, toJSON, r))
	for _, want := range []string{`"notes": []`, `"classes": []`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if r.Classes != nil || r.Coverage.Notes != nil {
		t.Error("the report was changed")
	}
}

// The sentences are in the JSON too, next to the numbers that they are made of.
func TestJSONHasSentences(t *testing.T) {
	r := notifiertest.Load(t, "worse")
	var got struct {
		Classes []struct {
			ID      string
			Reasons []string
			Change  *struct{ Kind, Evidence string }
		}
		Past struct{ Gone []struct{ Evidence string } }
	}
	if err := json.Unmarshal(notifiertest.Render(t, toJSON, r), &got); err != nil {
		t.Fatal(err)
	}
	for i, c := range got.Classes {
		class := &r.Classes[i]
		if c.ID != class.ID || !slices.Equal(c.Reasons, notifier.Reasons(class)) || (c.Change == nil) != (class.Change == nil) ||
			c.Change != nil && c.Change.Kind+": "+c.Change.Evidence != notifier.Evidence(class) {
			t.Errorf("%+v", c)
		}
	}
	if want := "last seen 2026-11-23 07:00 UTC; before that 3m40s per hour in 160 hours, never more than 2 hours apart"; got.Past.Gone[0].Evidence != want {
		t.Errorf("%q", got.Past.Gone[0].Evidence)
	}
}

// A report that was saved when the sentences were a part of it can be read.
func TestJSONOfBefore(t *testing.T) {
	var r digest.Report
	err := json.Unmarshal([]byte(`{"version":1,"classes":[{"rank":1,"id":"1","calls":4,"full_scans":4,"reasons":["full scan in 4 of 4 calls"],
		"change":{"kind":"WORSE","evidence":"why","of":"p95","now":2,"usual":1,"highest":1.5}}],"past":{"gone":[{"id":"2","evidence":"why"}]}}`), &r)
	if err != nil || r.Classes[0].Change.Median != 1 || len(digest.Reasons(&r.Classes[0])) != 1 || r.Past.Gone[0].ID != "2" {
		t.Errorf("%+v, %v", r, err)
	}
}

// The JSON of a report that is grouped holds what it was read from, and no sentence but those
// on the coverage: names and statements as the log has them, in a form that cannot be mistaken for
// another's.
func TestJSONOfGroups(t *testing.T) {
	for _, name := range []string{"by-user", "by-table"} {
		r := notifiertest.Load(t, name)
		var got, want any
		for to, text := range map[*any][]byte{
			&got:  notifiertest.Render(t, toJSON, r),
			&want: notifiertest.Text(t, name),
		} {
			if err := json.Unmarshal(text, to); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is written as\n%v\nand was read from\n%v", name, got, want)
		}
	}
}

// No character of a name or a statement reaches a terminal that it would obey, or does not show,
// and all of them are there for who reads the JSON.
func TestJSONIsHarmless(t *testing.T) {
	hostile := "a\x00\x1b[2J\x7f\u0085\u009b31m\u00a0\u202egnp\u2066\u200b\u2028\U000e0041\U0001f600é<&>\"\\z"
	for name, write := range map[string]func(any) ([]byte, error){"indented": notifier.IndentedJSON, "compact": notifier.CompactJSON} {
		b, err := write(map[string]any{hostile: []string{hostile}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range string(b) {
			if !unicode.IsPrint(r) && r != '\n' {
				t.Errorf("%s: %U in %s", name, r, b)
			}
		}
		if !bytes.Contains(b, []byte(`\udb40\udc41😀é<&>`)) {
			t.Errorf("%s: %s", name, b)
		}
		var back map[string][]string
		if err := json.Unmarshal(b, &back); err != nil || len(back) != 1 || !slices.Equal(back[hostile], []string{hostile}) {
			t.Errorf("%s: %v, %q", name, err, back)
		}
	}
}
