package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// query is one place in the code of the shop that sends a statement.
type query struct {
	sql      string // with a %d, or more, for what differs from call to call
	user     string
	host     int     // the last number of its address
	perHour  float64 // calls, on both instances together
	seconds  float64 // the median of a call
	sent     int     // rows
	examined int     // rows
	schema   string
	reader   bool // half of the calls go to the reader
	late     bool // is sent since the hour before the demo only
}

// The first is the one that loses its index.
var queries = []query{
	{sql: "SELECT id, total, status FROM orders WHERE customer_id = %d ORDER BY created_at DESC LIMIT 20", user: "shop", host: 11, perHour: 90, seconds: 0.15, sent: 20, examined: 400, schema: "shop", reader: true},
	{sql: "SELECT id, name, price FROM products WHERE name LIKE '%%%d%%' LIMIT 24", user: "shop", host: 11, perHour: 15, seconds: 0.8, sent: 24, examined: 81000, schema: "shop", reader: true},
	{sql: "SELECT c.id, i.sku, i.qty FROM carts c JOIN cart_items i ON i.cart_id = c.id WHERE c.session = 's%d'", user: "shop", host: 11, perHour: 40, seconds: 0.2, sent: 4, examined: 900, schema: "shop", reader: true},
	{sql: "SELECT count(*) FROM sessions WHERE seen_at > %d", user: "shop", host: 11, perHour: 20, seconds: 0.4, sent: 1, examined: 52000, schema: "shop", reader: true},
	{sql: "UPDATE stock SET qty = qty - 1 WHERE sku = 'S-%d'", user: "shop", host: 11, perHour: 50, seconds: 0.1, examined: 1, schema: "shop"},
	{sql: "INSERT INTO order_lines (order_id, sku, qty, price) VALUES (%d, 'S-%d', 1, 1990)", user: "shop", host: 11, perHour: 30, seconds: 0.07, schema: "shop"},
	{sql: "INSERT INTO events (kind, at) VALUES ('view', %d)", user: "shop", host: 11, perHour: 25, seconds: 0.06, schema: "shop"},
	{sql: "SELECT id, payload FROM jobs WHERE queue = 'mail' AND run_at <= %d ORDER BY priority, id LIMIT 100", user: "worker", host: 21, perHour: 24, seconds: 0.18, sent: 12, examined: 100, schema: "shop"},
	{sql: "DELETE FROM sessions WHERE seen_at < %d LIMIT 3000", user: "worker", host: 21, perHour: 6, seconds: 1, examined: 3000, schema: "shop"},
	{sql: "INSERT INTO daily_views (day, product_id, n) VALUES (%d, %d, 1) ON DUPLICATE KEY UPDATE n = n + 1", user: "worker", host: 21, perHour: 30, seconds: 0.09, schema: "stats"},
	{sql: "SELECT o.customer_id, sum(l.price * l.qty) FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.created_at > %d GROUP BY o.customer_id", user: "report", host: 31, perHour: 12, seconds: 5, sent: 2000, examined: 4_100_000, schema: "shop", late: true},
}

// Without its index the first query reads the whole table, and who waits for it tries again.
const (
	incidentCalls    = 20  // times as many
	incidentSeconds  = 50  // times as long
	incidentExamined = 900 // times as many rows
)

const sigma = 0.3 // of the logarithm of the time that a call takes

// entry is one of a slow log, which is written when its statement ends.
type entry struct {
	end    time.Time
	schema string
	text   string // all but the line that says which schema is used
	after  string // what stands after that line
}

// traffic makes up what the instances of the shop log.
type traffic struct{ rng *rand.Rand }

// between returns what an instance logs from a time up to another, in the order of time. Calls
// come at random, so that how the time is cut up makes no difference.
func (t traffic) between(from, to time.Time, reader bool, late, incident time.Time) []entry {
	var all []entry
	for n, q := range queries {
		start, rate := from, q.perHour
		switch {
		case reader && !q.reader:
			continue
		case q.reader:
			rate /= 2
		}
		if q.late {
			start = later(from, late)
		}
		lost := to // the index, at this time
		if n == 0 && reader {
			lost = earlier(later(from, incident), to)
		}
		t.calls(start, lost, rate, func(end time.Time) { all = append(all, t.entry(q, end)) })
		q.seconds, q.examined = q.seconds*incidentSeconds, q.examined*incidentExamined
		t.calls(lost, to, rate*incidentCalls, func(end time.Time) { all = append(all, t.entry(q, end)) })
	}
	slices.SortStableFunc(all, func(a, b entry) int { return a.end.Compare(b.end) })
	return all
}

// calls names the times of calls that come at a rate per hour.
func (t traffic) calls(from, to time.Time, rate float64, each func(time.Time)) {
	for {
		from = from.Add(time.Duration(t.rng.ExpFloat64() / rate * float64(time.Hour)))
		if !from.Before(to) {
			return
		}
		each(from.Truncate(time.Microsecond))
	}
}

func (t traffic) entry(q query, end time.Time) entry {
	seconds := q.seconds * math.Exp(sigma*t.rng.NormFloat64())
	started := end.Add(-time.Duration(seconds * float64(time.Second)))
	sql := fmt.Sprintf(q.sql, t.values(q.sql)...)
	return entry{end: end, schema: q.schema,
		text: fmt.Sprintf("# Time: %s\n# User@Host: %s[%s] @  [10.0.3.%d]  Id: %5d\n# Query_time: %.6f  Lock_time: %.6f Rows_sent: %d  Rows_examined: %d\n",
			end.Format("2006-01-02T15:04:05.000000Z"), q.user, q.user, q.host+t.rng.IntN(4), 100+t.rng.IntN(40),
			seconds, 2e-6*(1+t.rng.Float64()), q.sent, q.examined),
		after: fmt.Sprintf("SET timestamp=%d;\n%s;\n", started.Unix(), sql)}
}

// values returns a number for each %d of a format.
func (t traffic) values(format string) (all []any) {
	for i := 1; i < len(format); i++ {
		switch format[i-1 : i+1] {
		case "%d":
			all = append(all, 1+t.rng.IntN(900_000))
		case "%%":
			i++ // is one sign, and begins nothing
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
