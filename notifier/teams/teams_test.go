package teams_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/notifiertest"
	"slowdigest/notifier/teams"
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
	for _, name := range notifiertest.Reports {
		url, got := workflow(t, 28_000)
		n := teams.New(url, teams.Options{Region: "eu-west-1"})
		if err := n.Notify(t.Context(), notifiertest.Load(t, name)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "quiet" {
			if len(*got) > 0 {
				t.Errorf("something was posted where nothing is slow: %s", *got)
			}
			continue
		}
		notifiertest.Golden(t, "teams-"+name+".json", notifiertest.Indented(t, (*got)[0]))
		checkCard(t, (*got)[0])
	}
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
		want     notifiertest.Failure
	}{
		{name: "all well", most: 28_000, posted: 1},
		{name: "429", most: 28_000, statuses: []int{429}, posted: 1},
		{name: "too large", most: 7_000, posted: 1},
		{name: "too large in every form", most: 100, want: notifiertest.Fails(notifier.Payload, notifier.NotPosted, "413")},
		{name: "gone", most: 28_000, statuses: []int{404}, want: notifiertest.Fails(notifier.Configuration, notifier.NotPosted, "copy its URL")},
		{name: "out of order", most: 28_000, statuses: []int{502}, want: notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "502")},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, got := workflow(t, c.most, c.statuses...)
			c.want.Check(t, teams.New(url, teams.Options{}).Notify(t.Context(), notifiertest.Load(t, "full")))
			if len(*got) != c.posted {
				t.Errorf("%d posted, want %d", len(*got), c.posted)
			}
		})
	}
}

// However much there is to show, the card is one that Teams takes.
func TestTeamsOfManyClasses(t *testing.T) {
	r := notifiertest.Many(t, 300)
	for i := range r.Classes {
		r.Classes[i].Change, r.Classes[i].Share = &digest.Change{Kind: digest.New}, 0.01
		r.Classes[i].Note = strings.Repeat("not seen ", 1000)
		r.Classes[i].Fingerprint = strings.Repeat("select a from b where ", 10_000)
	}
	url, got := workflow(t, 28_000)
	if err := teams.New(url, teams.Options{}).Notify(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	checkCard(t, (*got)[0])
}

// Where no connection comes about, nothing was posted and no URL is in the error.
func TestTeamsDeliveryToNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	n := teams.New(nobody+"/workflows?sig=secretsecretsecret", teams.Options{})
	notifiertest.Fails(notifier.Transient, notifier.NotPosted, "no connection").Check(t, n.Notify(t.Context(), notifiertest.Load(t, "full")))
}

// A workflow that never answers has an end.
func TestSilenceEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for what does not come")
	}
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer server.Close()
	began := time.Now()
	err := teams.New(server.URL, teams.Options{}).Notify(t.Context(), notifiertest.Load(t, "full"))
	notifiertest.Fails(notifier.Transient, notifier.MaybePosted, "unconfirmed").Check(t, err)
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

// No time of a card is left in UTC where there is a zone.
func TestCardHasTheZone(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	url, got := workflow(t, 28_000)
	if err := teams.New(url, teams.Options{Zone: zone}).Notify(t.Context(), notifiertest.Load(t, "worse")); err != nil {
		t.Fatal(err)
	}
	if card := (*got)[0]; !bytes.Contains(card, []byte("2026-11-23 19:30 to 20:30 IST")) || bytes.Contains(card, []byte(" UTC")) {
		t.Errorf("%.500s", card)
	}
}

// The row of a class tells of a single call that took most of its time, as in Slack.
func TestCardTellsOfOneCall(t *testing.T) {
	r := notifiertest.Load(t, "no-news")
	c := &r.Classes[0]
	c.QueryTime.Max, c.QueryTime.Median = 0.6*c.QueryTime.Sum, 0.001*c.QueryTime.Sum
	url, got := workflow(t, 28_000)
	if err := teams.New(url, teams.Options{}).Notify(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if card := (*got)[0]; !bytes.Contains(card, []byte(", one call of "+notifier.Duration(c.QueryTime.Max))) {
		t.Errorf("%.3000s", card)
	}
}
