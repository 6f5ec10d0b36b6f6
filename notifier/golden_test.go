package notifier_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"slowdigest/digest"
	"slowdigest/notifier"
)

var update = flag.Bool("update", false, "write the goldens anew")

// load reads one of the reports in testdata/reports.
func load(t testing.TB, name string) *digest.Report {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", "reports", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r digest.Report
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &r
}

// golden compares got with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
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

var reports = []string{"full", "partial", "quiet", "trouble", "japanese", "hostile",
	"new", "worse", "learning", "catch-up", "repeat", "muted"}

func render(t *testing.T, n func(*bytes.Buffer) notifier.Notifier, r *digest.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := n(&b).Notify(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
