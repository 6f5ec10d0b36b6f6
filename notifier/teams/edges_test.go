package teams

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/redact"
)

// The card with the statements is sent up to 20,000 bytes; one byte more, and it
// goes with a single one.
func TestSizeOfACardAtItsBound(t *testing.T) {
	r := notifiertest.Load(t, "full")
	size := func(statements int) int {
		b, err := json.Marshal(newMessage(redact.Of(r), Options{}, statements))
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	for _, n := range []int{20_000, 20_001} {
		r.Classes[0].Reasons, r.Classes[1].Reasons = nil, nil
		for size(5) < n-1_000 {
			r.Classes[0].Reasons = append(r.Classes[0].Reasons, strings.Repeat("x", 200))
		}
		for i := 0; size(5) < n && i < 10; i++ { // of 1 to 200 bytes each
			reasons := append(r.Classes[1].Reasons, "x")
			r.Classes[1].Reasons = reasons
			reasons[i] = strings.Repeat("x", 1+min(max(n-size(5), 0), 100))
		}
		if got := size(5); got != n {
			t.Fatalf("the card has %d bytes, want %d", got, n)
		}
		var got int
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = len(body)
		}))
		err := New(server.URL, Options{}).Notify(t.Context(), r)
		server.Close()
		if want := map[int]int{20_000: 20_000, 20_001: size(1)}[n]; err != nil || got != want {
			t.Errorf("of %d bytes %d are sent, want %d: %v", n, got, want, err)
		}
	}
}

// A list or a text is whole at its bound and not beyond it.
func TestPartsOfACardAtTheirBounds(t *testing.T) {
	of := func(r *digest.Report, statements int) string {
		b, err := json.Marshal(newMessage(redact.Of(r), Options{}, statements))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, c := range []struct {
		name  string
		bound int
		count func(n int) int
	}{
		{"rows", 5, func(n int) int { return strings.Count(of(notifiertest.Many(t, n), 0), `"TableRow"`) - 1 }},
		{"statements", 2, func(n int) int { return strings.Count(of(notifiertest.Many(t, n), 2), `"CodeBlock"`) }},
		{"instances with links", 1, func(n int) int {
			r := &digest.Report{}
			for i := range n {
				r.Instances = append(r.Instances, fmt.Sprintf("db-%d", i))
			}
			return len(links(r, Options{Links: []notifier.Link{{Label: "x", URL: "https://g.example/{instance}"}}}))
		}},
		{"notes", 8, func(n int) int {
			r := &digest.Report{}
			for range n {
				r.Coverage.Notes = append(r.Coverage.Notes, "NOTE")
			}
			return strings.Count(of(r, 0), "NOTE")
		}},
		{"characters of a text", 1_000, func(n int) int { return len([]rune(run(strings.Repeat("x", n), nil)["text"].(string))) }},
		{"characters of a statement", 600, func(n int) int {
			return len([]rune(class(&digest.Class{Fingerprint: strings.Repeat("x", n)})[2]["codeSnippet"].(string)))
		}},
	} {
		if got := c.count(c.bound); got != c.bound {
			t.Errorf("%s: %d of %d", c.name, got, c.bound)
		}
		if got := c.count(c.bound + 1); got != c.bound {
			t.Errorf("%s: %d of %d", c.name, got, c.bound+1)
		}
	}
}
