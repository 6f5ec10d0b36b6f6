package teams

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
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
	r := notifiertest.Many(t, 5)
	for i := range r.Classes {
		c := &r.Classes[i]
		c.Users = map[string]int64{}
		for _, end := range []string{"a", "b", "c", "d"} {
			c.Users[strings.Repeat("注", 63)+end] = 1
		}
		c.Hosts, c.Note = c.Users, strings.Repeat("x", 268)
	}
	size := func(statements int) int {
		b, err := json.Marshal(newMessage(redact.Of(r), Options{}, statements))
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	for _, n := range []int{20_000, 20_001} {
		for i := range r.Classes { // a statement is shown up to 600 bytes, and its summary up to 80
			r.Classes[i].Fingerprint = strings.Repeat("x", 100)
			r.Classes[i].Fingerprint = strings.Repeat("x", 100+min(max(n-size(5), 0), 500))
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
			return len([]rune(class(&digest.Report{}, &digest.Class{Fingerprint: strings.Repeat("x", n)}, false)[2]["codeSnippet"].(string)))
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

// Where even a single statement is refused, the card goes without one.
func TestCardWithoutStatements(t *testing.T) {
	report := notifiertest.Load(t, "full")
	one, err := json.Marshal(newMessage(redact.Of(report), Options{}, 1))
	if err != nil {
		t.Fatal(err)
	}
	for most, statements := range map[int]int{len(one): 1, len(one) - 1: 0} {
		var got []byte
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if len(body) > most {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			got = body
		}))
		err := New(server.URL, Options{}).Notify(t.Context(), report)
		server.Close()
		if n := strings.Count(string(got), `"CodeBlock"`); err != nil || n != statements {
			t.Errorf("of at most %d bytes: %d statements, %v", most, n, err)
		}
	}
}

// The statements of what is NEW stand before that of the class with the most time, which
// the table shows.
func TestOrderOfStatements(t *testing.T) {
	r := notifiertest.Many(t, 5)
	for i := 1; i < 5; i++ {
		r.Classes[i].Change = &digest.Change{Kind: digest.New}
	}
	b, err := json.Marshal(newMessage(redact.Of(r), Options{}, 5))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, m := range regexp.MustCompile(`codeSnippet":"select a, b, c\\nfrom (\w+)`).FindAllStringSubmatch(string(b), -1) {
		order = append(order, m[1])
	}
	if want := []string{"table_1", "table_2", "table_3", "table_4", "table_0"}; !slices.Equal(order, want) {
		t.Errorf("order %q", order)
	}
}
