package notifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// A list is whole at its bound, and one beyond it says how many are left out.
func TestListsAtTheirBounds(t *testing.T) {
	hours := func(n int) *digest.Report {
		p := &digest.Past{}
		for i := range n {
			at := time.Date(2026, 11, 23, 2*i, 0, 0, 0, time.UTC)
			p.Missed = append(p.Missed, digest.Window{Start: at, End: at.Add(time.Hour)})
		}
		return &digest.Report{Past: p}
	}
	kinds := func(kind digest.ChangeKind) func(n int) *digest.Report {
		return func(n int) *digest.Report {
			return changed(&digest.Past{}, slices.Repeat([]digest.ChangeKind{kind}, n)...)
		}
	}
	changes := func(r *digest.Report) string { return fmt.Sprint(Changes(r)) }
	byName := func(n int) map[string]int64 {
		calls := map[string]int64{}
		for i := range n {
			calls[fmt.Sprintf("user%02d", i)] = 1
		}
		calls["user00"] = 100 // it stands out
		return calls
	}
	for _, c := range []struct {
		name  string
		bound int
		make  func(n int) *digest.Report
		show  func(r *digest.Report) string
		more  string // of a list with one more
	}{
		{"leading changes", 6, kinds(digest.New), changes, "and 2 more new"},
		{"better", 4, kinds(digest.Better), changes, "and 2 more better"},
		{"gone", 4, func(n int) *digest.Report {
			return &digest.Report{Past: &digest.Past{Gone: make([]digest.GoneClass, n)}}
		}, changes, "and 2 more gone"},
		{"lost hours", 4, hours, func(r *digest.Report) string { return Notices(r)[0].Text }, "and 1 more"},
		{"muted", 5, func(n int) *digest.Report {
			return &digest.Report{Past: &digest.Past{Muted: make([]digest.MutedClass, n)}}
		}, Muted, "and 1 more"},
		{"instances of a title", 2, func(n int) *digest.Report {
			return &digest.Report{Instances: []string{"a", "b", "c"}[:n], Coverage: digest.Coverage{Complete: true}}
		}, Title, "3 instances"},
		{"notes", 8, func(n int) *digest.Report {
			return &digest.Report{Coverage: digest.Coverage{Notes: make([]string, n)}}
		}, func(r *digest.Report) string {
			notes, more := Notes(r)
			return fmt.Sprintf("%d, and %d more", len(notes), more)
		}, "8, and 1 more"},
		{"users of a class in a chat", 4, func(n int) *digest.Report {
			return &digest.Report{Classes: []digest.Class{{Users: byName(n)}}}
		}, func(r *digest.Report) string { return origin(&r.Classes[0]) }, "and 4 more users"},
		{"users of a class in a text", 8, func(n int) *digest.Report {
			return &digest.Report{Classes: []digest.Class{{Users: byName(n)}}}
		}, func(r *digest.Report) string {
			p := newPage(TextOptions{Width: 200})
			writeClass(p, &digest.Report{}, &r.Classes[0])
			return p.String()
		}, "and 8 more users"},
		{"users of a class in a page", 20, func(n int) *digest.Report {
			return &digest.Report{Classes: []digest.Class{{Users: byName(n)}}}
		}, func(r *digest.Report) string {
			return newViewClass(&digest.Report{}, &r.Classes[0], nil).Names[0].Names
		}, "and 20 more users"},
	} {
		if got := c.show(c.make(c.bound)); strings.Contains(got, c.more) {
			t.Errorf("%s: of %d it is said %q", c.name, c.bound, got)
		}
		if got := c.show(c.make(c.bound + 1)); !strings.Contains(got, c.more) {
			t.Errorf("%s: of %d no %q in %q", c.name, c.bound+1, c.more, got)
		}
	}
}

// A text is whole at its bound, and cut one character beyond it.
func TestTextsAtTheirBounds(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name  string
		bound int
		show  func(s string) string
		want  string // of a text one longer than the bound
	}{
		{"badge", 12, func(s string) string { return Badge(&digest.Class{Change: &digest.Change{Kind: digest.ChangeKind(s)}}) }, x(11) + "…"},
		{"query ID", 16, redact.ShortID, x(16)},
		{"instance in the ranking", 16, func(s string) string { return instances(&digest.Class{Instances: map[string]int64{s: 1}}) }, x(15) + "…"},
		{"name", 64, func(s string) string { return mostCalls(map[string]int64{s: 1}, 0, "user", network{}, 1) }, x(63) + "…"},
		{"answer of a webhook", 100, func(s string) string {
			return strings.TrimPrefix(Answer{Status: 500, Body: s}.Err().Error(), "HTTP 500: ")
		}, x(99) + "…"},
	} {
		if got := c.show(x(c.bound)); got != x(c.bound) {
			t.Errorf("%s of %d: %q", c.name, c.bound, got)
		}
		if got := c.show(x(c.bound + 1)); got != c.want {
			t.Errorf("%s of %d: %q", c.name, c.bound+1, got)
		}
	}
}

func TestLinksAtTheirBounds(t *testing.T) {
	const host = "https://g.example/"
	link := func(label, path int) string {
		return strings.Repeat("x", label) + "=" + host + strings.Repeat("x", path-len(host))
	}
	for _, c := range []struct {
		name      string
		good, bad string
	}{
		{"label", link(40, 100), link(41, 100)},
		{"URL", link(1, 400), link(1, 401)},
		{"links", strings.Repeat(link(1, 30)+" ", 5), strings.Repeat(link(1, 30)+" ", 6)},
	} {
		if _, err := ParseLinks(c.good); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := ParseLinks(c.bad); err == nil {
			t.Errorf("%s: one more than allowed is taken", c.name)
		}
	}
	for n, want := range map[int]bool{500: true, 501: false} {
		if _, ok := (Link{URL: host + strings.Repeat("x", n-len(host))}).Expand("", "", digest.Window{}); ok != want {
			t.Errorf("a link of %d bytes: %v", n, ok)
		}
	}
	for name, want := range map[string]bool{"orders-1": true, "slow.log": false, "a b": false, "a/b": false, "": false} {
		if _, ok := (Link{URL: host + "{instance}"}).Expand("", name, digest.Window{}); ok != want {
			t.Errorf("an instance's name of %q: %v", name, ok)
		}
	}
}

// The less important columns come with the width of 110 columns, and a text is at
// least 40 columns wide.
func TestWidthsAtTheirBounds(t *testing.T) {
	r := changed(nil, "")
	for width, want := range map[int]bool{109: false, 110: true} {
		has := slices.ContainsFunc(rankingColumns(r, width), func(c classColumn) bool { return c.head == "Mean" })
		if has != want {
			t.Errorf("%d columns: %v", width, has)
		}
	}
	for width, want := range map[int]int{0: 100, 1: 40, 39: 40, 40: 40, 41: 41} {
		if got := newPage(TextOptions{Width: width}).Width; got != want {
			t.Errorf("width %d becomes %d, want %d", width, got, want)
		}
	}
}

// At most five requests are made, and a wait is begun only if there is time for it
// and for the request that follows.
func TestRetryAtItsBounds(t *testing.T) {
	for _, c := range []struct {
		name     string
		deadline time.Duration // 0 is none
		wait     time.Duration
		fails    int // answers that ask to wait
		requests int
	}{
		{"four failures", time.Hour, time.Second, 4, 5},
		{"five failures", time.Hour, time.Second, 5, 5},
		{"no wait asked for", time.Hour, 0, 1, 1},
		{"time for the request", 4*time.Second + 1, time.Second, 1, 2},
		{"no time for the request", 4 * time.Second, time.Second, 1, 1},
		{"a minute without a deadline", 0, time.Minute, 1, 2},
		{"over a minute without a deadline", 0, time.Minute + 1, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				requests := 0
				err := Retry(ctx, func() *DeliveryError {
					if requests++; requests <= c.fails {
						return &DeliveryError{Wait: c.wait, Err: errors.New("429")}
					}
					return nil
				})
				if requests != c.requests || (err == nil) != (requests > c.fails) {
					t.Errorf("%d requests and %v, want %d", requests, err, c.requests)
				}
			})
		})
	}
}

// Of the answer of a webhook one KiB is read.
func TestWebhookAnswerIsBounded(t *testing.T) {
	for n, want := range map[int]int{1024: 1024, 1025: 1024} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", n))
		}))
		a, err := Webhook{server.Client(), server.URL}.Post(t.Context(), "x")
		if server.Close(); err != nil || len(a.Body) != want || a.Wait != 10*time.Second {
			t.Errorf("%d bytes: %d of them, %v, wait %s", n, len(a.Body), err, a.Wait)
		}
	}
}

func TestParseDays(t *testing.T) {
	for in, want := range map[string]time.Duration{"1d": 24 * time.Hour, "0.5d": 12 * time.Hour, "-1d": -24 * time.Hour, "90m": 90 * time.Minute, "106751d": 106751 * 24 * time.Hour} {
		if got, err := ParseDays(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "d", "1w", "1d12h", "x", "106752d", "-106752d"} {
		if got, err := ParseDays(in); err == nil {
			t.Errorf("%q: %s", in, got)
		}
	}
}

// No line ends within a number.
func TestNumbersAreWhole(t *testing.T) {
	for width := 40; width < 70; width++ {
		p := newPage(TextOptions{Width: width})
		p.wrapped("", "", "", "usually 51m40s to 55m00s in 1,800 to 2,100,000 queries of a,"+strings.Repeat("b", 30)+",c and 3,000 rows since 2026-11-23 09:00 UTC, -5.5s")
		for _, number := range []string{"1,800", "2,100,000", "3,000", "2026-11-23", "-5.5s"} {
			if !strings.Contains(p.String(), number) {
				t.Errorf("%d columns: %s is not whole in\n%s", width, number, p.String())
			}
		}
	}
}
