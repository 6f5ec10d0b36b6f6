package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkWholeProgram runs the command on 200 MB of the real logs, which are
// mostly long INSERTs, and on as much of ordinary statements, and in turn with a
// filter: the machine's noise is in both. What others take is BenchmarkPerformance's.
func BenchmarkWholeProgram(b *testing.B) {
	binary, err := build()
	if err != nil {
		b.Fatal(err)
	}
	for name, write := range map[string]func(testing.TB, *bufio.Writer){"real": realLogs, "ordinary": ordinaryLog} {
		b.Run(name, func(b *testing.B) {
			path, size := logOf(b, benchLogSize, write)
			var ours, oneCore, filtered used
			for b.Loop() {
				ours.run(b, nil, binary, "report", path)
				oneCore.run(b, []string{"GOMAXPROCS=1"}, binary, "report", path)
				filtered.run(b, []string{"GOMAXPROCS=1"}, binary, "report", "--filter", `rows_examined >= 0 or schema == "shop"`, path)
			}
			megabytes := float64(size) * float64(b.N) / 1e6
			b.ReportMetric(0, "ns/op") // of all runs together, which says nothing
			b.ReportMetric(megabytes/ours.wall.Seconds(), "MB/s")
			b.ReportMetric(megabytes/oneCore.wall.Seconds(), "MB/s-one-core")
			b.ReportMetric(megabytes/oneCore.processor.Seconds(), "MB/s-processor-time")
			b.ReportMetric(float64(max(ours.kilobytes, oneCore.kilobytes))/1024, "MiB-resident")
			b.ReportMetric(filtered.processor.Seconds()/oneCore.processor.Seconds(), "times-with-filter")
		})
	}
}

// used holds what the runs of a program took.
type used struct {
	wall, processor time.Duration
	kilobytes       int64 // resident at most
}

func (u *used) run(b testing.TB, env []string, name string, args ...string) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	u.follow(b, cmd)
}

// follow runs a program and adds what it takes.
func (u *used) follow(b testing.TB, cmd *exec.Cmd) {
	b.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				b.Fatalf("%s: %v\n%.1000s", cmd, err, out.Bytes())
			}
			u.wall += time.Since(start)
			u.processor += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			return
		case <-time.After(20 * time.Millisecond):
			u.kilobytes = max(u.kilobytes, resident(cmd.Process.Pid))
		}
	}
}

// resident is the most memory that a process has had, in KiB, by Linux. What the
// system says when it has ended counts the memory of the process that began it.
func resident(pid int) (kilobytes int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		return 0
	}
	return kilobytes
}

const benchLogSize = 195_000_000

// logOf writes a log to a file again and again until it is large enough.
func logOf(b testing.TB, least int64, write func(testing.TB, *bufio.Writer)) (path string, size int64) {
	b.Helper()
	out, err := os.Create(filepath.Join(b.TempDir(), "slow.log"))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	for size < least {
		w := bufio.NewWriter(out)
		write(b, w)
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if size, err = out.Seek(0, io.SeekEnd); err != nil {
			b.Fatal(err)
		}
	}
	return out.Name(), size
}

func realLogs(b testing.TB, w *bufio.Writer) {
	names, err := filepath.Glob(logs + "*.log")
	if err != nil || len(names) == 0 {
		b.Fatalf("no logs: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			b.Fatal(err)
		}
	}
}

// ordinaryLog writes 30,000 entries of 300 classes as applications have them,
// some 660 bytes each.
func ordinaryLog(_ testing.TB, w *bufio.Writer) {
	r := rand.New(rand.NewPCG(3, 300))
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for range 30_000 {
		at = at.Add(time.Duration(r.IntN(20_000)) * time.Microsecond)
		took := r.ExpFloat64() / 5
		fmt.Fprintf(w, "# Time: %s\n# User@Host: app[app] @ web-%d.shop.example [10.0.3.%d]  Id: %5d\n"+
			"# Query_time: %.6f  Lock_time: %.6f Rows_sent: %d  Rows_examined: %d\nSET timestamp=%d;\n%s;\n",
			at.Format("2006-01-02T15:04:05.000000Z"), r.IntN(8), r.IntN(8), 1000+r.IntN(200),
			took, took/1000, r.IntN(200), r.IntN(100_000), at.Unix(), ordinaryStatement(r))
	}
}

func ordinaryStatement(r *rand.Rand) string {
	number := func() int { return r.IntN(10_000_000) }
	text := func() string {
		words := []string{"it''s", "paid", `a \"quoted\" text`, "Zürich", "x@example.com", "2026-11-23 09:00:00", "new; or -- not"}
		return "'" + words[r.IntN(len(words))] + fmt.Sprint(number()) + "'"
	}
	list := func() string {
		items := make([]string, 1+r.IntN(40))
		for i := range items {
			items[i] = fmt.Sprint(number())
		}
		return strings.Join(items, ", ")
	}
	// The name of a column makes 50 classes of each kind of statement. It has no
	// digits, which pt-query-digest would take for a number.
	n := r.IntN(50)
	class := string([]byte{byte('a' + n/10), byte('a' + n%10)})
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf("SELECT `o`.`id`, `o`.`user_id`, `o`.`status`, `o`.`total`, `o`.`created_at`, `o`.`updated_at`, `o`.`attribute_%s`, "+
			"`u`.`name`, `u`.`email`, `u`.`locale`, `u`.`created_at` AS `user_created_at` FROM `orders` AS `o` INNER JOIN `users` AS `u` ON `u`.`id` = `o`.`user_id` "+
			"WHERE `o`.`user_id` = %d AND `o`.`status` IN (%s) AND `u`.`email` = %s ORDER BY `o`.`created_at` DESC LIMIT %d, 20", class, number(), list(), text(), number())
	case 1:
		return fmt.Sprintf("SELECT p.id, p.sku, p.name, p.price, p.weight, p.description, p.created_at, s.quantity, s.reserved, s.attribute_%s\n  FROM products p\n  LEFT JOIN stock s ON s.product_id = p.id AND s.warehouse_id = %d\n"+
			"  WHERE p.category_id = %d\n    AND p.price BETWEEN %d.50 AND %d.99\n    AND p.name LIKE %s\n    AND p.deleted_at IS NULL\n"+
			"  GROUP BY p.id\n  HAVING SUM(s.quantity) > %d\n  LIMIT 50", class, number(), number(), number(), number(), text(), number())
	case 2:
		return fmt.Sprintf("UPDATE orders SET status = %s, note = %s, total = total - %d.25, attribute_%s = %d, updated_at = NOW(), "+
			"address = 'Marktgasse 12, 8400 Winterthur', phone = '+41 52 000 00 00', ip = '203.0.113.7' "+
			"WHERE id = %d AND version = %d /* app:shop,route:checkout,trace:%08x */", text(), text(), number(), class, number(), number(), number(), number())
	case 3:
		rows := make([]string, 1+r.IntN(15))
		for i := range rows {
			rows[i] = fmt.Sprintf("(%d, %s, %d, NULL, NOW())", number(), text(), number())
		}
		return fmt.Sprintf("INSERT INTO order_items (order_id, sku, quantity, attribute_%s, created_at) VALUES %s "+
			"ON DUPLICATE KEY UPDATE quantity = quantity + VALUES(quantity)", class, strings.Join(rows, ", "))
	case 4:
		return fmt.Sprintf("SELECT COUNT(*) AS aggregate, MAX(e.attribute_%s) FROM events_%d e WHERE e.account_id = %d AND e.type = %s AND e.at >= %s AND e.at < %s "+
			"AND EXISTS (SELECT 1 FROM sessions WHERE sessions.id = e.session_id AND sessions.country IN ('DE', 'CH', %s)) "+
			"AND NOT EXISTS (SELECT 1 FROM blocks AS b WHERE b.account_id = e.account_id AND b.until > NOW() AND b.reason IS NOT NULL)", class, r.IntN(16), number(), text(), text(), text(), text())
	default:
		return fmt.Sprintf("DELETE FROM cache_entries WHERE attribute_%s = %d AND expires_at < %s AND id NOT IN (%s) LIMIT 1000", class, number(), text(), list())
	}
}
