package slacktest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Fault makes one request go wrong. One of the fields below Skip says how.
type Fault struct {
	Method string // that it is for, such as "chat.postMessage"; empty is any
	Skip   int    // how many requests of the method go well before

	Code       string // Slack's error, in an answer with status 200; a webhook's with status 403
	Status     int    // answer with this HTTP status and a page that is not JSON
	RetryAfter int    // answer 429 with this many seconds; below 0 without the header
	RetryNow   bool   // answer 429 with a Retry-After of 0
	Hang       bool   // take the request, and neither post nor answer
	Cut        bool   // end the connection before anything is posted
	HangAfter  bool   // post, and never answer
	CutAfter   bool   // post, and end the connection without an answer
	Do         func() // is called before the request is served, which then goes well
}

// before does what goes wrong before the request is served, and reports whether it
// has been answered.
func (f Fault) before(s *Server, w http.ResponseWriter, r *http.Request) bool {
	switch {
	case f.Do != nil:
		f.Do()
		return false
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.Hang:
		s.hang(r)
	case f.RetryAfter != 0 || f.RetryNow:
		if f.RetryAfter >= 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		w.WriteHeader(http.StatusTooManyRequests)
		answer(w, map[string]any{"ok": false, "error": "ratelimited"})
	case f.Status != 0:
		http.Error(w, "<html>something else answers here</html>", f.Status)
	case f.Code != "" && r.URL.Path == webhookPath:
		http.Error(w, f.Code, http.StatusForbidden)
	case f.Code != "":
		answer(w, map[string]any{"ok": false, "error": f.Code})
	default:
		return false
	}
	return true
}

func methodOf(r *http.Request) string {
	if r.URL.Path == webhookPath {
		return "webhook"
	}
	return strings.TrimPrefix(r.URL.Path, "/api/")
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings marshal
	}
	_, _ = w.Write(b) // the client is gone; nothing to be done
}
