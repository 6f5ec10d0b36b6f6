package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"slowdigest/notifier/slacktest"
)

// TestTranscript asks what got worse in the morning of testdata, and where it comes from, as an
// agent would: each call follows from the answers before. docs/mcp.md holds what was said.
func TestTranscript(t *testing.T) {
	t.Parallel()
	before := snapshot(t, morning)
	to, _ := overStdio(t, nil, morning+"/shop-1.log", morning+"/shop-2.log", "--state", morning+"/state", "--channel", slacktest.Channel)
	s := connect(t, to, protocols[0])
	d := &dialog{t: t, s: s}

	changes := d.ask("changes", map[string]any{"since": "2026-11-23T06:00:00Z", "until": "2026-11-23T11:00:00Z"})
	var said []string
	for _, c := range list(changes, "changes") {
		q := d.ask("query_class", map[string]any{"query": c["query_id"], "since": c["since"], "until": "2026-11-23T11:00:00Z"})
		from := q["where_from"].(map[string]any)
		on := c["mostly_on_instance"].(map[string]any)
		said = append(said, fmt.Sprintf("%s since %s: `%s` (%s). %s. It comes from the user %s in %s, %.0f %% of its time is on %s; %s.",
			c["kind"], c["since"], q["whole_statement_fingerprint_untrusted"], c["query_id"], sentenceOf(c["evidence"].(string)), first(from, "users_untrusted"),
			from["host_network_untrusted"], 100*on["share_of_query_time"].(float64), on["name"], strings.Join(texts(q["query"].(map[string]any)["reasons"]), ", ")))
	}
	if d.calls > 5 || len(said) != 2 || !strings.HasPrefix(said[0], "WORSE since 2026-11-23T08:00:00Z: `select id, total from orders where customer_id = ?") ||
		!strings.Contains(said[0], "is on shop-2.log") || !strings.HasPrefix(said[1], "NEW since 2026-11-23T09:00:00Z: `select o.customer_id, sum(") || !strings.Contains(said[1], "the user report in 10.0.3.0/24") {
		t.Errorf("%d calls: %s", d.calls, strings.Join(said, "\n"))
	}
	if after := snapshot(t, morning); after != before {
		t.Error("the logs or the state are not what they were")
	}

	const doc, mark = "../../docs/mcp.md", "<!-- transcript -->\n"
	text := string(read(t, doc))
	at := strings.Index(text, mark) + len(mark)
	want := text[:at] + d.text.String() + "So the answer is, after " + fmt.Sprint(d.calls) + " calls:\n\n- " + strings.Join(said, "\n- ") + "\n"
	if *update {
		if err := os.WriteFile(doc, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if text != want {
		t.Errorf("%s has another transcript: write it with -update", doc)
	}
}

// dialog writes down what is asked and answered.
type dialog struct {
	t     *testing.T
	s     *mcp.ClientSession
	calls int
	text  strings.Builder
}

func (d *dialog) ask(tool string, args map[string]any) map[string]any {
	d.t.Helper()
	d.calls++
	answer, text := askTool(d.t, d.s, tool, args)
	if answer == nil {
		d.t.Fatalf("%s: %s", tool, text)
	}
	in, _ := json.Marshal(args)
	raw := text[strings.Index(text, "{") : strings.LastIndex(text, "}")+1]
	fmt.Fprintf(&d.text, "\n`%s` %s\n\n%s\n", tool, in, inLines(d.t, raw))
	return answer
}

// inLines writes an object as a block of code, with a line for each field and member of a list of objects.
func inLines(t *testing.T, raw string) string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "    %q: %s\n", name, bytes.ReplaceAll(value, []byte("},{"), []byte("},\n      {")))
	}
	return out.String()
}

func list(answer map[string]any, name string) (all []map[string]any) {
	for _, x := range answer[name].([]any) {
		all = append(all, x.(map[string]any))
	}
	return all
}

func first(answer map[string]any, name string) any { return list(answer, name)[0]["name"] }

func texts(of any) (all []string) {
	for _, x := range of.([]any) {
		all = append(all, x.(string))
	}
	return all
}

func sentenceOf(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// snapshot is all that a directory holds.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	names := []string{"."}
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		if in, err := os.ReadDir(dir + "/" + name); err == nil {
			for _, e := range in {
				names = append(names, name+"/"+e.Name())
			}
			continue
		}
		all = append(all, name+"\n"+string(read(t, dir+"/"+name)))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
