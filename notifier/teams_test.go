package notifier_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// workflow is a webhook of Power Automate, which refuses what is over most bytes.
func workflow(t *testing.T, most int, statuses ...int) (string, *[][]byte) {
	var got [][]byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
		case len(statuses) > 0:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(statuses[0])
			statuses = statuses[1:]
		case len(body) > most:
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		default:
			got = append(got, body)
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/workflows?sig=secretsecretsecret", &got
}

func TestTeamsGoldens(t *testing.T) {
	for _, name := range reports {
		url, got := workflow(t, 28_000)
		n := notifier.NewTeams(url, notifier.TeamsOptions{Region: "eu-west-1"})
		if err := n.Notify(t.Context(), load(t, name)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "quiet" {
			if len(*got) > 0 {
				t.Errorf("something was posted where nothing is slow: %s", *got)
			}
			continue
		}
		golden(t, "teams-"+name+".json", indented(t, (*got)[0]))
		checkCard(t, (*got)[0])
	}
}

func indented(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}

// checkCard proves that nothing in a card is read as Markdown.
func checkCard(t testing.TB, card []byte) {
	t.Helper()
	if bytes.Contains(card, []byte(`"TextBlock"`)) || bytes.Contains(card, []byte(`"FactSet"`)) {
		t.Error("the card has an element that reads Markdown")
	}
	if len(card) > 28_000 {
		t.Errorf("the card has %d bytes", len(card))
	}
}

func TestTeamsDelivery(t *testing.T) {
	for _, c := range []struct {
		name     string
		most     int
		statuses []int
		posted   int
		want     failure
	}{
		{name: "all well", most: 28_000, posted: 1},
		{name: "429", most: 28_000, statuses: []int{429}, posted: 1},
		{name: "too large", most: 7_000, posted: 1},
		{name: "too large in every form", most: 100, want: failure{notifier.Payload, notifier.NotPosted, "413"}},
		{name: "gone", most: 28_000, statuses: []int{404}, want: failure{notifier.Configuration, notifier.NotPosted, "copy its address"}},
		{name: "out of order", most: 28_000, statuses: []int{502}, want: failure{notifier.Transient, notifier.MaybePosted, "502"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, got := workflow(t, c.most, c.statuses...)
			c.want.check(t, notifier.NewTeams(url, notifier.TeamsOptions{}).Notify(t.Context(), load(t, "full")))
			if len(*got) != c.posted {
				t.Errorf("%d posted, want %d", len(*got), c.posted)
			}
		})
	}
}

// However much there is to tell, the card is one that Teams takes.
func TestTeamsOfManyClasses(t *testing.T) {
	r := manyClasses(t, 300)
	for i := range r.Classes {
		r.Classes[i].Change = &digest.Change{Kind: digest.New, Evidence: strings.Repeat("not seen ", 1000)}
		r.Classes[i].Fingerprint = strings.Repeat("select a from b where ", 10_000)
	}
	url, got := workflow(t, 28_000)
	if err := notifier.NewTeams(url, notifier.TeamsOptions{}).Notify(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	checkCard(t, (*got)[0])
}
