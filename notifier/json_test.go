package notifier_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

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
