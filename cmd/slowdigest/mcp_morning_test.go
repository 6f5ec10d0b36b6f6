package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/notifier/slacktest"
)

// A shop of two instances, ten days of which are remembered. On the last morning a query of the
// reader loses its index at 08:00, and at 09:00 a report begins that was not there before.
var (
	storeDay   = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	storeFrom  = storeDay.Add(-10 * 24 * time.Hour)
	storeSlow  = storeDay.Add(8 * time.Hour)
	storeNew   = storeDay.Add(9 * time.Hour)
	storeUntil = storeDay.Add(11 * time.Hour)
	storeLogs  = []string{"shop-1", "shop-2"}
)

const storeMorning = 6 // hours before storeUntil are in the logs of testdata

type storeQuery struct {
	sql     string
	user    string
	host    int // of the last number of the address
	perHour float64
	seconds float64
	rows    int
	from    time.Time // zero is ever
	writer  bool      // runs on shop-1 only
}

var storeQueries = []storeQuery{
	{"SELECT id, total FROM orders WHERE customer_id = %d ORDER BY created_at DESC LIMIT 20", "shop", 11, 60, 0.15, 400, time.Time{}, false},
	{"UPDATE stock SET qty = qty - 1 WHERE sku = 'S-%d'", "shop", 11, 40, 0.1, 1, time.Time{}, true},
	{"SELECT c.id, i.sku, i.qty FROM carts c JOIN cart_items i ON i.cart_id = c.id WHERE c.session = 's%d'", "shop", 11, 30, 0.2, 900, time.Time{}, false},
	{"SELECT count(*) FROM sessions WHERE seen_at > %d", "shop", 11, 20, 0.4, 52000, time.Time{}, false},
	{"INSERT INTO events (kind, at) VALUES ('view', %d)", "shop", 11, 25, 0.05, 0, time.Time{}, true},
	{"SELECT id, name, price FROM products WHERE name LIKE '%%%d%%'", "shop", 11, 15, 0.8, 81000, time.Time{}, false},
	{"DELETE FROM sessions WHERE seen_at < %d", "cleaner", 21, 6, 1.0, 3000, time.Time{}, true},
	{"SELECT o.customer_id, sum(l.price * l.qty) FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.created_at > %d GROUP BY o.customer_id", "report", 31, 4, 14, 4100000, storeNew, true},
}

// storeHour returns the log of each instance.
func storeHour(rng *rand.Rand, start time.Time) map[string]string {
	type entry struct {
		at   time.Time
		text string
	}
	logs := map[string][]entry{}
	for n, q := range storeQueries {
		if start.Before(q.from) {
			continue
		}
		calls := q.perHour * math.Exp(0.08*rng.NormFloat64())
		for range int(calls) {
			log, seconds, rows := storeLogs[0], q.seconds*math.Exp(0.3*rng.NormFloat64()), q.rows
			if !q.writer && rng.IntN(2) == 0 {
				log = storeLogs[1]
			}
			if n == 0 && log == storeLogs[1] && !start.Before(storeSlow) {
				seconds, rows = 20*seconds, 400*rows
			}
			at := start.Add(time.Duration(rng.Int64N(int64(time.Hour)))).Truncate(time.Microsecond)
			logs[log] = append(logs[log], entry{at, fmt.Sprintf(
				"# Time: %s\n# User@Host: %s[%s] @  [10.0.3.%d]  Id: %d\n# Query_time: %f  Lock_time: 0.000002 Rows_sent: %d  Rows_examined: %d\nuse shop;\nSET timestamp=%d;\n%s;\n",
				at.Format("2006-01-02T15:04:05.000000Z"), q.user, q.user, q.host+rng.IntN(4), 100+rng.IntN(40), seconds, min(rows, 20), rows, at.Unix(), fmt.Sprintf(q.sql, rng.IntN(1e6)))})
		}
	}
	out := map[string]string{}
	for _, log := range storeLogs {
		slices.SortFunc(logs[log], func(a, b entry) int { return a.at.Compare(b.at) })
		for _, e := range logs[log] {
			out[log] += e.text
		}
	}
	return out
}

// TestMorning writes the logs of the morning and the state, with -update, as the built command
// makes it hour by hour; else it checks that the logs are those of the shop.
func TestMorning(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 23))
	hours, logs := t.TempDir(), map[string]string{}
	state := filepath.Join(morning, "state")
	if *update {
		if err := os.RemoveAll(state); err != nil {
			t.Fatal(err)
		}
	}
	for start := storeFrom; start.Before(storeUntil); start = start.Add(time.Hour) {
		for log, text := range storeHour(rng, start) {
			if !start.Before(storeUntil.Add(-storeMorning * time.Hour)) {
				logs[log] += text
			}
			if err := os.WriteFile(filepath.Join(hours, log+".log"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if !*update {
			continue
		}
		cmd := exec.Command(built(t), "invoke", "--event", "-", "--logs", hours, "--state", state, "--channel", slacktest.Channel, "--format", "json")
		cmd.Env = environment(nil)
		cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"time": %q}`, start.Add(65*time.Minute).Format(time.RFC3339)))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%.2000s", err, out)
		}
	}
	for log, text := range logs {
		path := filepath.Join(morning, log+".log")
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if string(read(t, path)) != text {
			t.Errorf("%s is another one: write it with -update", path)
		}
	}
}
