// Package notifiertest has what the tests of all notifiers share: the reports in
// testdata/reports, and goldens.
package notifiertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slowdigest/digest"
	"slowdigest/notifier"
)

var update = flag.Bool("update", false, "write the goldens anew")

// Reports are the names of the reports that every notifier has a golden of.
var Reports = []string{"full", "partial", "quiet", "no-data", "japanese", "hostile",
	"new", "worse", "learning", "regrouped", "catch-up", "repeat", "muted", "later", "incident", "at-once", "no-news", "deploy", "day", "fleet", "idle", "no-query", "by-user", "by-table", "owners"}

// Load reads one of the reports.
func Load(t testing.TB, name string) *digest.Report {
	t.Helper()
	var r digest.Report
	if err := json.Unmarshal(Text(t, name), &r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &r
}

// Text is the JSON that Load reads.
func Text(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), "testdata", "reports", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// root is the directory of go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the package's directory")
	return ""
}

// Many is a report of n classes that all look alike.
func Many(t testing.TB, n int) *digest.Report {
	r := Load(t, "full")
	one := r.Classes[1]
	r.Classes = nil
	for i := range n {
		c := one
		c.Rank, c.ID = i+1, fmt.Sprintf("%032X", i+1)
		c.Fingerprint = fmt.Sprintf("select a, b, c from table_%d where id = ? and state in (?+) order by b", i)
		c.Share = 1 / float64(n)
		r.Classes = append(r.Classes, c)
	}
	r.Overall.Classes = n + r.Misc.Classes
	return r
}

// Golden compares got with a file in testdata, or writes that with -update.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at it and run go test -update\n%s", path, got)
	}
}

// Render returns what a notifier writes of a report.
func Render(t testing.TB, n func(*bytes.Buffer) notifier.Notifier, r *digest.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := n(&b).Notify(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Indented is JSON as it stands in a golden.
func Indented(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}

// Failure is the expected outcome of a delivery. The zero value is success.
type Failure struct {
	Kind   notifier.Kind
	Posted notifier.Posted
	Says   string // a part of the error, or of its hint
}

// Fails is a Failure with its fields in their order.
func Fails(kind notifier.Kind, posted notifier.Posted, says string) Failure {
	return Failure{kind, posted, says}
}

// Check fails the test where err is another failure, or holds a secret.
func (want Failure) Check(t testing.TB, err error) {
	t.Helper()
	if want == (Failure{}) {
		if err != nil {
			t.Errorf("error: %v", err)
		}
		return
	}
	var got *notifier.DeliveryError
	if !errors.As(err, &got) {
		t.Fatalf("no DeliveryError but %v", err)
	}
	said := err.Error() + " (" + got.Hint() + ")"
	if got.Kind != want.Kind || got.Posted != want.Posted || !strings.Contains(said, want.Says) {
		t.Errorf("kind %s, posted %s: %s\nwant kind %s, posted %s: %s", got.Kind, got.Posted, said, want.Kind, want.Posted, want.Says)
	}
	for _, secret := range []string{"xoxb-", "secretsecretsecret"} {
		if strings.Contains(said, secret) && !strings.Contains(want.Says, secret) {
			t.Errorf("the error holds a secret: %s", said)
		}
	}
}
