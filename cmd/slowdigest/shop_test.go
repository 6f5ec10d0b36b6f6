package main

import (
	"bytes"
	"cmp"
	"encoding/json"
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

	"slowdigest/digest"
	"slowdigest/notifier"
	"slowdigest/notifier/slacktest"
)

// shop simulates a shop behind an ORM: 28 queries, three of which the ORM writes at
// another length each time. These take 78 % of the time.
type shop struct {
	rng     *rand.Rand
	members int // the most of a list
}

// shopQuery is one place in the code of the shop that sends a statement.
type shopQuery struct {
	calls   float64 // per hour on average
	time    float64 // median of a call, in seconds
	sql     func(s *shop, n int) string
	member  float64 // seconds that each member of the list adds
	user    string
	rows    int  // sent
	scanned int  // examined
	grows   bool // the numbers of rows are per member
}

// The three come first. The others are written as people and frameworks write them.
var shopQueries = []shopQuery{
	{calls: 400, time: 0.02, member: 0.015, user: "app", rows: 1, scanned: 90, grows: true, sql: (*shop).stockOfPairs},
	{calls: 210, time: 0.03, member: 0.019, user: "app", scanned: 2, grows: true, sql: (*shop).positions},
	{calls: 300, time: 0.02, member: 0.0084, user: "app", rows: 1, scanned: 2, grows: true, sql: (*shop).searchResult},

	{calls: 70, time: 0.25, user: "app", rows: 20, scanned: 4000, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT `orders`.* FROM `orders` WHERE `orders`.`customer_id` = %d ORDER BY `orders`.`created_at` DESC LIMIT 20 OFFSET %d", s.id(), 20*s.rng.IntN(9))
	}},
	{calls: 60, time: 0.22, user: "app", rows: 1, scanned: 9000, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT COUNT(*) FROM `orders` WHERE `orders`.`status` = '%s' AND `orders`.`created_at` > '2026-10-%02d 00:00:00'", s.word(), 1+s.rng.IntN(28))
	}},
	{calls: 90, time: 0.12, user: "app", rows: 3, scanned: 40, member: 0.001, sql: func(s *shop, n int) string {
		return "SELECT `id`, `name`, `price` FROM `products` WHERE `id` IN (" + s.ids(n) + ")"
	}},
	{calls: 80, time: 0.1, user: "app", member: 0.002, sql: func(s *shop, n int) string {
		rows := s.list(n, ",", func() string { return fmt.Sprintf("(%d,%d,'%s',%d)", s.id(), s.id(), s.word(), s.rng.IntN(9)) })
		return "INSERT INTO `order_lines` (`order_id`, `product_id`, `sku`, `quantity`) VALUES " + rows
	}},
	{calls: 55, time: 0.16, user: "app", scanned: 1, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("UPDATE `carts` SET `updated_at` = '2026-11-02 10:%02d:11', `total` = %d.50 WHERE `carts`.`id` = %d", s.rng.IntN(60), s.rng.IntN(900), s.id())
	}},
	{calls: 40, time: 0.2, user: "app", rows: 12, scanned: 800, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT p.id, p.name, c.name AS category FROM products p JOIN categories c ON c.id = p.category_id WHERE c.slug = '%s' AND p.active = 1 ORDER BY p.position LIMIT 12", s.word())
	}},
	{calls: 35, time: 0.2, user: "app", rows: 5, scanned: 5000, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT * FROM reviews WHERE product_id = %d AND rating >= %d AND deleted_at IS NULL", s.id(), 1+s.rng.IntN(5))
	}},
	{calls: 30, time: 0.22, user: "app", rows: 10, scanned: 22000, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT id, name FROM products WHERE name LIKE '%%%s%%' LIMIT 10", s.word())
	}},
	{calls: 28, time: 0.18, user: "app", scanned: 3, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("UPDATE stock_levels SET reserved = reserved + %d WHERE warehouse_id = %d AND sku = '%s'", 1+s.rng.IntN(4), s.rng.IntN(9), s.sku())
	}},
	{calls: 26, time: 0.16, user: "app", scanned: 1, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("DELETE FROM `sessions` WHERE `sessions`.`token` = '%x'", s.rng.Uint64())
	}},
	{calls: 24, time: 0.14, user: "app", rows: 1, scanned: 1, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT `users`.* FROM `users` WHERE `users`.`email` = '%s@example.com' LIMIT 1", s.word())
	}},
	{calls: 22, time: 0.13, user: "app", sql: func(s *shop, _ int) string {
		return fmt.Sprintf("INSERT INTO events (name, payload, created_at) VALUES ('%s', '{\"id\": %d}', NOW(6))", s.word(), s.id())
	}},
	{calls: 20, time: 0.15, user: "app", rows: 1, scanned: 2, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT * FROM coupons WHERE code = '%s' AND (expires_at IS NULL OR expires_at > '2026-11-02') FOR UPDATE", s.word())
	}},
	{calls: 18, time: 0.2, user: "app", rows: 6, scanned: 600, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT product_id, SUM(quantity) AS n FROM order_lines WHERE order_id BETWEEN %d AND %d GROUP BY product_id ORDER BY n DESC LIMIT 6", s.id(), s.id())
	}},
	{calls: 16, time: 0.1, user: "app", sql: func(*shop, int) string { return "COMMIT" }},
	{calls: 15, time: 0.2, user: "app", scanned: 1, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("INSERT INTO counters (name, day, n) VALUES ('%s', '2026-11-02', 1) ON DUPLICATE KEY UPDATE n = n + 1", s.word())
	}},
	{calls: 14, time: 0.18, user: "worker", rows: 100, scanned: 100, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT * FROM jobs WHERE queue = '%s' AND run_at <= '2026-11-02 10:00:00' ORDER BY priority, id LIMIT 100", s.word())
	}},
	{calls: 14, time: 0.12, user: "worker", scanned: 1, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("UPDATE jobs SET locked_by = 'worker-%d', attempts = attempts + 1 WHERE id = %d AND locked_by IS NULL", s.rng.IntN(8), s.id())
	}},
	{calls: 12, time: 0.3, user: "report", rows: 24, scanned: 60000, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT HOUR(created_at) AS h, COUNT(*), SUM(total) FROM orders WHERE created_at >= '2026-11-%02d' GROUP BY h", 1+s.rng.IntN(28))
	}},
	{calls: 12, time: 0.16, user: "app", rows: 8, scanned: 30, member: 0.001, sql: func(s *shop, n int) string {
		return "SELECT * FROM `prices` WHERE (`product_id`, `currency`) IN (" + s.list(n, ", ", func() string { return fmt.Sprintf("(%d, 'EUR')", s.id()) }) + ")"
	}},
	{calls: 11, time: 0.15, user: "app", rows: 1, scanned: 1, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT 1 FROM `wishlists` WHERE `wishlists`.`user_id` = %d AND `wishlists`.`product_id` = %d LIMIT 1", s.id(), s.id())
	}},
	{calls: 10, time: 0.2, user: "worker", scanned: 500, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("DELETE FROM carts WHERE updated_at < '2026-10-%02d' LIMIT 500", 1+s.rng.IntN(28))
	}},
	{calls: 10, time: 0.12, user: "app", sql: func(*shop, int) string { return "SET NAMES utf8mb4" }},
	{calls: 9, time: 0.2, user: "app", rows: 3, scanned: 300, sql: func(s *shop, _ int) string {
		return fmt.Sprintf("SELECT a.* FROM addresses a LEFT JOIN users u ON u.id = a.user_id WHERE u.id = %d AND a.kind <> '%s'", s.id(), s.word())
	}},
	{calls: 9, time: 0.14, user: "app", sql: func(s *shop, _ int) string {
		return fmt.Sprintf("CALL recount_category(%d, '%s')", s.id(), s.word())
	}},
}

// stockOfPairs looks up composite keys as Sequelize and TypeORM do.
func (s *shop) stockOfPairs(n int) string {
	return "SELECT `warehouse_id`, `sku`, `quantity` FROM `stock_levels` AS `StockLevel` WHERE (" + s.list(n, " OR ", func() string {
		return fmt.Sprintf("(`StockLevel`.`warehouse_id` = %d AND `StockLevel`.`sku` = '%s')", s.rng.IntN(9), s.sku())
	}) + ")"
}

// positions updates many rows at once as Django's bulk_update does.
func (s *shop) positions(n int) string {
	return "UPDATE `products` SET `position` = CASE " + s.list(n, " ", func() string {
		return fmt.Sprintf("WHEN (`products`.`id` = %d) THEN %d", s.id(), s.rng.IntN(500))
	}) + " ELSE NULL END WHERE `products`.`id` IN (" + s.ids(n) + ")"
}

// searchResult loads what a search engine found, in its order.
func (s *shop) searchResult(n int) string {
	ids := s.ids(n)
	return "SELECT `products`.* FROM `products` WHERE `products`.`id` IN (" + ids + ") ORDER BY FIELD(`products`.`id`, " + ids + ")"
}

func (s *shop) id() int { return 1 + s.rng.IntN(900_000) }
func (s *shop) sku() string {
	return fmt.Sprintf("%c%c-%d", 'A'+s.rng.IntN(26), 'A'+s.rng.IntN(26), s.id())
}
func (s *shop) word() string {
	return []string{"paid", "blue", "Ann", "O''Neill", "winter", "x"}[s.rng.IntN(6)]
}

func (s *shop) ids(n int) string {
	return s.list(n, ", ", func() string { return fmt.Sprint(s.id()) })
}

func (s *shop) list(n int, between string, member func() string) string {
	members := make([]string, n)
	for i := range members {
		members[i] = member()
	}
	return strings.Join(members, between)
}

// poisson draws a number of calls.
func (s *shop) poisson(mean float64) (n int) {
	for t := s.rng.ExpFloat64(); t < mean; t += s.rng.ExpFloat64() {
		n++
	}
	return n
}

// logNormal draws a number around a median.
func (s *shop) logNormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*s.rng.NormFloat64())
}

// hour returns the log of an hour of steady traffic, as MySQL 8 writes it: an entry
// when its statement ends, without `use` where the connections stay in one schema.
// Nights have half of the calls that days have.
func (s *shop) hour(start time.Time) []byte {
	type entry struct {
		end  time.Time
		text string
	}
	var entries []entry
	day := 0.75 - 0.25*math.Cos(2*math.Pi*float64(start.Hour()-3)/24)
	for _, q := range shopQueries {
		for range s.poisson(q.calls * day) {
			n := min(s.members, 1+int(s.logNormal(24, 1)))
			took := s.logNormal(q.time+q.member*float64(n), 0.3)
			end := start.Add(time.Duration(s.rng.Int64N(int64(time.Hour/time.Microsecond))) * time.Microsecond)
			rows := 1
			if q.grows {
				rows = n
			}
			entries = append(entries, entry{end, fmt.Sprintf("# Time: %s\n# User@Host: %s[%s] @  [10.0.1.%d]  Id: %5d\n"+
				"# Query_time: %.6f  Lock_time: %.6f Rows_sent: %d  Rows_examined: %d\nSET timestamp=%d;\n%s;\n",
				end.Format("2006-01-02T15:04:05.000000Z"), q.user, q.user, 10+s.rng.IntN(4), 1000+s.rng.IntN(60),
				took, s.rng.Float64()/1e5, q.rows*rows, q.scanned*rows, end.Add(-time.Duration(took*1e9)).Unix(), q.sql(s, n))})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(a.end.Compare(b.end), strings.Compare(a.text, b.text)) })
	log := []byte("/rdsdbbin/mysql/bin/mysqld, Version: 8.0.40 (Source distribution). started with:\nTcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n")
	for _, e := range entries {
		log = append(log, e.text...)
	}
	return log
}

func newShop(seed uint64, members int) *shop {
	return &shop{rng: rand.New(rand.NewPCG(seed, 28)), members: members}
}

// TestShop: each query of the shop is one class, but for three more at most, and
// those that take the time stand first.
func TestShop(t *testing.T) {
	start := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	r := reportJSON(t, "--limit", "all", write(t, "shop-1.log", string(newShop(1, 400).hour(start))))
	if len(shopQueries) != 28 {
		t.Fatalf("%d queries", len(shopQueries))
	}
	if n := len(r.Classes); n > 31 {
		t.Errorf("%d classes of 28 queries, want 31 at most", n)
	}
	written := []string{"stocklevel where ", "set position = case", "order by field("} // by the ORM
	byORM := func(c digest.Class) bool {
		return slices.ContainsFunc(written, func(text string) bool { return strings.Contains(c.Fingerprint, text) })
	}
	share := 0.0
	for i, c := range r.Classes {
		switch {
		case byORM(c):
			share += c.Share
		case i < len(written):
			t.Errorf("rank %d is %.200s", c.Rank, c.Fingerprint)
		}
	}
	if share < 0.77 || share > 0.79 {
		t.Errorf("the statements of the ORM take %.1f%% of the time, want 78%%", 100*share)
	}
}

// digestHour hands the built command the event after an hour, with its log as that of
// the instance shop-1, and returns the digest.
func digestHour(t *testing.T, bin, state string, start time.Time, log []byte) *digest.Report {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shop-1.log"), log, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "invoke", "--event", "-", "--logs", dir, "--state", state,
		"--channel", slacktest.Channel, "--limit", "all", "--format", "json")
	cmd.Env = environment(nil)
	cmd.Stdin = strings.NewReader(fmt.Sprintf(`{"time": %q}`, start.Add(65*time.Minute).Format(time.RFC3339)))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", start, err, &stderr)
	}
	r := new(digest.Report)
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(r); err != nil { // a line on the fake Slack follows
		t.Fatal(err)
	}
	return r
}

// TestShopIsSteady: of 29 hours of steady traffic nothing is said.
func TestShopIsSteady(t *testing.T) {
	t.Parallel()
	s, state := newShop(2, 400), t.TempDir()
	start := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	for n := range 29 {
		at := start.Add(time.Duration(n) * time.Hour)
		r := digestHour(t, built(t), state, at, s.hour(at))
		if r.Past == nil || r.Past.Learning != (n < 24) || !r.Coverage.Complete {
			t.Fatalf("hour %d: past %+v, coverage %+v", n, r.Past, r.Coverage)
		}
		if r.Past.New > 0 || len(r.Past.Gone) > 0 {
			t.Errorf("hour %d: %d NEW, %d GONE", n, r.Past.New, len(r.Past.Gone))
		}
		for _, c := range r.Classes {
			if c.Change != nil {
				t.Errorf("hour %d: %s of %.100s", n, notifier.Evidence(&c), c.Fingerprint)
			}
		}
	}
}
