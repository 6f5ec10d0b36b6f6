package redact

import (
	"encoding/json"
	"strings"
	"testing"

	"slowdigest/digest"
)

// Of plans that came from elsewhere, known words and names are left, and to agents no name of an unusual form.
func TestPlans(t *testing.T) {
	row := func(words ...string) (r digest.PlanRow) {
		r.Select, r.Table, r.Type, r.Key, r.Ref, r.Extra = words[0], words[1], words[2], words[3], words[4], words[5:]
		return r
	}
	usual := digest.Plan{ID: "0123456789abcdef", Calls: 3, Rows: []digest.PlanRow{
		row("SIMPLE", "orders_?", "ref|filter", "idx_1|#hash#$hj:b", "o.customer_id,const,func", "Using where", "Using join buffer (flat, BNLH join)"),
		row("DERIVED", "<derived>", "ALL", "", "", "Using filesort"), row("SIMPLE", "?", "ref", "?", "?", "Using index"),
	}}
	bad := digest.Plan{ID: "<!here>", More: -1, Rows: []digest.PlanRow{
		row("<b>", "<alice@example.com>", "x", "alice@example.com,`a b`", "'secret',alice@example.com", "secret", "Using secret", "Using where; secret"),
		row("SIMPLE", "AKIAIOSFODNN7EXAMPLE", "ALL", "a\nb", "\x1b[2J", "FirstMatch(secret)"),
	}}
	for range 40 {
		bad.Rows = append(bad.Rows, bad.Rows[0])
	}
	r := &digest.Report{Classes: []digest.Class{{Fingerprint: "select a from t", Plans: &digest.Plans{Usual: usual, Worst: &bad, Others: []digest.Plan{bad},
		Change: &digest.PlanChange{From: "<!here>", To: usual.ID}}}}}
	for name, out := range map[string]Report{"others": Of(r), "agents": ForAgents(r)} {
		p := out.Digest().Classes[0].Plans
		was, _ := json.Marshal(usual)
		if is, _ := json.Marshal(p.Usual); string(is) != string(was) {
			t.Errorf("%s: %s\nis no more\n%s", name, is, was)
		}
		text, _ := json.Marshal(p)
		for _, no := range []string{"secret", "alice", "AKIA", "!here", "u003c", "\\n", "u001b", "a b"} {
			if strings.Contains(strings.ReplaceAll(string(text), "\\u003cderived\\u003e", ""), no) {
				t.Errorf("%s: %q is in %s", name, no, text)
			}
		}
		if p.Change.From != "" || p.Change.To != usual.ID || p.Worst.ID != "" || len(p.Worst.Rows) > 12 || p.Worst.More < 0 {
			t.Errorf("%s: %+v, %d rows", name, p.Change, len(p.Worst.Rows))
		}
	}
	if r.Classes[0].Plans.Worst.Rows[0].Select != "<b>" || len(r.Classes[0].Plans.Others) != 1 {
		t.Error("the report has changed")
	}
	long := usual
	long.Rows = []digest.PlanRow{row("SIMPLE", "Заказы_покупателей_отовсюду", "ref", "k", "")}
	if got := PlanDiffForAgents(&digest.PlanDiff{Before: long, After: usual}); !nameForm.MatchString(got.Before.Rows[0].Table) || got.After.Rows[0].Table != "orders_?" {
		t.Errorf("%+v", got)
	}
	d := OfDiff(&digest.Diff{Classes: []digest.ClassDiff{{Plans: &digest.PlanDiff{Before: bad, After: usual}}}})
	if text, _ := json.Marshal(d.Digest()); strings.Contains(string(text), "alice") || !strings.Contains(string(text), "idx_1") {
		t.Errorf("%s", text)
	}
}
