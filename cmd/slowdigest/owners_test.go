package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"slowdigest/handler/owners"
	"slowdigest/handler/state/s3test"
)

// TestOwnersNextToState has the owners in S3, next to the state: the function names them, also after they were
// changed, and where they are not there, may not be read or are wrong, the hour is posted all the same and says why.
func TestOwnersNextToState(t *testing.T) {
	schedule := example(t, "schedule")
	denied := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:assumed-role/r/f is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::slowdigest-state/prod/owners" because no identity-based policy allows the s3:GetObject action</Message></Error>`)
	}
	for _, c := range []struct {
		name   string
		owners string                      // what S3 has; empty is nothing
		front  func(w http.ResponseWriter) // what it answers in its place
		shows  string                      // in the message
		not    string
		log    string
	}{
		{name: "none", not: "Owner"},
		{name: "an empty one", owners: "\n", not: "Owner"},
		{name: "a table", owners: "table:shop.t team-shop", shows: `· team-shop`, not: "not named"},
		{name: "a tag of its own key", owners: "* platform\ntag:team=people team-people", shows: "· platform", not: "not named"},
		{name: "a wrong line", owners: "* platform\ntable: team", shows: `Owners are not named: read s3://slowdigest-state/prod/owners: line 2, column 1: pattern \"table:\": want a name after the colon`,
			not: "platform", log: "owners are not named"},
		{name: "another file", owners: "\x89PNG\r\n\x1a\n", shows: "Owners are not named: read s3://slowdigest-state/prod/owners: line 1, column 1: a character that is no text", not: "Owner:"},
		{name: "too large", owners: strings.Repeat("* platform\n", owners.MaxBytes/10), shows: "want at most 65536", not: "· platform"},
		{name: "denied", front: denied, shows: "Owners are not named: the role must allow s3:GetObject on arn:aws:s3:::slowdigest-state/prod/owners", not: "RequestID", log: "AccessDenied"},
		{name: "gone wrong", front: func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotImplemented) }, shows: "Owners are not named: ", not: "RequestID", log: "NotImplemented"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, time.Now())
			asked := 0
			cfg := s3test.New(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasSuffix(r.URL.Path, "/prod/owners") && r.Method == http.MethodGet {
						if asked++; c.front != nil {
							c.front(w)
							return
						}
					}
					next.ServeHTTP(w, r)
				})
			})
			put(t, *cfg.BaseEndpoint+"/"+s3test.Bucket+"/prod/owners", c.owners)
			w.env["AWS_ENDPOINT_URL_S3"], w.env["SLOWDIGEST_STATE"] = *cfg.BaseEndpoint, "s3://"+s3test.Bucket+"/prod"
			w.useAWS(t)
			seen := w.lambda(t, schedule)
			messages := w.slack.Messages()
			var posted string
			for _, m := range messages {
				posted += string(m.Blocks)
			}
			if len(messages) == 0 || asked == 0 || !strings.Contains(posted, c.shows) || strings.Contains(posted, c.not) {
				t.Errorf("%d messages, owners asked for %d times:\n%s\n%s", len(messages), asked, posted, seen)
			}
			if !strings.Contains(seen, c.log) || !strings.HasSuffix(strings.TrimSpace(strings.SplitN(seen, "\n", 3)[1]), "<nil>") {
				t.Errorf("the answer and the log:\n%s", seen)
			}
		})
	}
}

// put puts an object; an empty one is none.
func put(t *testing.T, url, text string) {
	t.Helper()
	if text == "" {
		return
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
}
