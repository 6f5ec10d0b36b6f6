package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/paste"
)

const (
	mariadbClients = 2
	mariadbRounds  = 5
)

// mariadbWorkload holds what each client sends in each round. "secret" stands in
// literals and comments, none of which may be in the report; {n} is another
// number in each round.
var mariadbWorkload = []struct {
	sql    string
	digest string // the text, up to %, under which the performance schema counts it
}{
	{`insert into orders (note, total) values ('it''s \'secret\'', {n}.5), ("x;y # no comment", -2e3)`, "INSERT INTO `orders` ( `note` %"},
	{`select * from orders where id = {n}`, "SELECT * FROM `orders` WHERE ID = ?%"},
	// An entry within an entry, secret{n}.
	{"select note from orders where note = '\n# Time: 261123 10:00:00\n# User@Host: secret[secret] @ secret []\n" +
		"# Thread_id: {n}  Schema: secret  QC_hit: No\n# Query_time: 99.000000  Lock_time: 99.000000  Rows_sent: 99  Rows_examined: 99\n" +
		"SET timestamp=1795428000;\ndrop table secret;\n'", "SELECT `note` FROM `orders` WHERE `note` = ?%"},
	{`select 0x41, b'01', -1.5e-3, null, n'secret', _utf8mb4'süß', "it's {n}" from orders limit 1`, "SELECT ?, ... , (_charset) %"},
	{"select count(*) -- secret\nfrom orders where id > {n}", "SELECT COUNT ( * ) FROM `orders` WHERE ID > ?%"},
	{"update orders set total = {n} where id in (1, 2, {n})", "UPDATE `orders` %"},
	{"with recursive n as (select 1 as i union all select i + 1 from n where i < {n}) select sum(i) from n", "WITH RECURSIVE %"},
	{"select a.id from orders a join orders b on a.note = b.note where a.id < {n} order by b.total desc limit 3", "SELECT `a`%"},
	{"begin", "BEGIN%"},
	{"delete from orders where id = 100{n}", "DELETE %"},
	{"commit", "COMMIT%"},
	// Statements that end in an error. The performance schema does not count the
	// one that cannot be parsed.
	{"selec 'secret'", ""},
	// A warning quotes the literal, and log_slow_verbosity=warnings puts that above the statement.
	{"select cast('{n}x\n# Time: 261123 10:00:00\n# User@Host: secret[secret] @ secret []\n# Query_time: 99.0  Lock_time: 0.0  Rows_sent: 9  Rows_examined: 9\n" +
		"SET timestamp=1795428000;\ndrop table secret;\n' as int)", "SELECT CAST ( ?%"},
	{"select * from nowhere where id = {n}", "SELECT * FROM `nowhere` %"},
	{"insert into orders (id) values (1)", "INSERT INTO `orders` ( ID ) %"},
	// A prepared statement is logged with its values in place, instead of EXECUTE.
	{"prepare by_id from 'select id, ? from orders where id = ?'", "PREPARE %"},
	{"set @a = {n}, @b = 'secret'", "SET @%"},
	{"execute by_id using @b, @a", ""},
	{"deallocate prepare by_id", "DEALLOCATE %"},
}

// What is logged in addition to the statements sent.
const (
	mariadbExecuted       = "select id, 'secret' from orders where id = 1" // for execute by_id
	mariadbExecutedDigest = "EXECUTE `by_id` %"
)

// TestMariaDB has a real server write its slow log under a workload of known
// counts, and compares the report with those and with what the server counted.
func TestMariaDB(t *testing.T) {
	t.Parallel()
	db := startMariaDB(t)
	db.control(t, "create database shop; create table shop.orders (id int primary key auto_increment, note text, total decimal(10,2));"+
		"insert into shop.orders (note) values ('a'), ('b'), ('c')")
	for _, verbosity := range []string{"", "query_plan,explain", "innodb,engine", "full"} {
		t.Run(strings.ReplaceAll("verbosity "+verbosity, ",", "+"), func(t *testing.T) {
			log := filepath.Join(db.dir, verbosity+"slow.log")
			before := db.slowQueries(t)
			db.control(t, "truncate performance_schema.events_statements_summary_by_digest;"+
				"set global log_slow_verbosity = '"+verbosity+"', slow_query_log_file = '"+log+"'")
			db.work(t)
			r := reportJSON(t, "--limit", "all", log)
			checkWorkload(t, r)
			checkAgainstServer(t, r, db.counted(t))
			if got, want := r.Coverage.Events, db.slowQueries(t)-before; got != want {
				t.Errorf("%d entries, and the server counts %d slow queries", got, want)
			}
			checkPasted(t, db, r)
			if t.Failed() {
				text, _ := os.ReadFile(log)
				t.Logf("the log:\n%.2000s", text)
			}
		})
	}
	t.Run("plans", func(t *testing.T) { checkPlans(t, db) })
}

// checkWorkload compares the report with what was sent.
func checkWorkload(t *testing.T, r *digest.Report) {
	t.Helper()
	want := map[string]int64{} // calls by ID
	for _, w := range mariadbWorkload {
		sql := w.sql
		if w.digest == "" && strings.HasPrefix(sql, "execute") {
			sql = mariadbExecuted
		}
		want[queryID(t, sql)] += mariadbClients * mariadbRounds
	}
	if len(want) != len(mariadbWorkload) {
		t.Errorf("%d statements fall into %d classes", len(mariadbWorkload), len(want))
	}
	for _, c := range r.Classes {
		if c.Calls != want[c.ID] {
			t.Errorf("%d calls, want %d, of %s", c.Calls, want[c.ID], c.Fingerprint)
		}
		delete(want, c.ID)
		for name, got := range map[string]int64{"root": c.Users["root"], "localhost": c.Hosts["localhost"], "shop": c.Schemas["shop"]} {
			if got != c.Calls {
				t.Errorf("%d of %d calls are of %s: %s", got, c.Calls, name, c.Fingerprint)
			}
		}
	}
	for id, calls := range want {
		t.Errorf("none of the %d calls of %s", calls, id)
	}
	if !r.Coverage.Complete || r.Coverage.Unreadable > 0 || r.Coverage.Truncated > 0 {
		t.Errorf("coverage: %+v", r.Coverage)
	}
	if text, _ := json.Marshal(r); strings.Contains(string(text), "secret") {
		t.Errorf("a literal or a comment is in the report: %s", text)
	}
}

// serverCount holds what the performance schema counted of a statement.
type serverCount struct{ calls, sent, examined, affected int64 }

// checkAgainstServer compares each class with the server's own numbers.
func checkAgainstServer(t *testing.T, r *digest.Report, counted map[string]serverCount) {
	t.Helper()
	byID := map[string]digest.Class{}
	for _, c := range r.Classes {
		byID[c.ID] = c
	}
	for _, w := range mariadbWorkload {
		sql, text := w.sql, w.digest
		if strings.HasPrefix(sql, "execute") {
			sql, text = mariadbExecuted, mariadbExecutedDigest
		}
		if text == "" {
			continue
		}
		var want serverCount
		for digestText, n := range counted {
			if strings.HasPrefix(digestText, strings.TrimSuffix(text, "%")) {
				want.calls += n.calls
				want.sent += n.sent
				want.examined += n.examined
				want.affected += n.affected
			}
		}
		c := byID[queryID(t, sql)]
		got := serverCount{c.Calls, int64(c.RowsSent.Sum), int64(c.RowsExamined.Sum), 0}
		if c.RowsAffected != nil {
			got.affected = int64(c.RowsAffected.Sum)
		}
		if got != want {
			t.Errorf("%+v, and the server counts %+v, of %s", got, want, sql)
		}
	}
}

// checkPasted has the server's client run the lines that are to be pasted into it.
func checkPasted(t *testing.T, db *mariadb, r *digest.Report) {
	t.Helper()
	shown, explained := 0, 0
	for i := range r.Classes {
		c := &r.Classes[i]
		script := strings.ReplaceAll(strings.Join(paste.Lines(c), "\n"), "?", "1")
		out, err := db.run("set slow_query_log = 0;\n"+script, "--skip-binary-mode", "--column-names")
		if absent := strings.Contains(c.Fingerprint, "nowhere"); (err != nil) != absent {
			t.Errorf("%s\nerror %v, pasted\n%s", c.Fingerprint, err, script)
		}
		shown += strings.Count(out, "CREATE TABLE `orders`")
		explained += strings.Count(out, "select_type")
	}
	if shown != 10 || explained != 9 {
		t.Errorf("%d tables shown and %d statements explained", shown, explained)
	}
	db.settle(t) // or what the server counts of the last of them could be counted among what comes next
}

// queryID asks the command for the ID of a statement.
func queryID(t *testing.T, sql string) string {
	t.Helper()
	stdout, stderr, code := call(t, strings.ReplaceAll(sql, "{n}", "7"), []string{"fingerprint", "-0"})
	if code != 0 {
		t.Fatal(stderr)
	}
	id, _, _ := strings.Cut(stdout, "\t")
	return id
}

// mariadb is a server of this test's own, reached by a socket and not by any network.
type mariadb struct {
	dir, socket, client string
}

func startMariaDB(t *testing.T) *mariadb {
	t.Helper()
	install, server := program(t, "mariadb-install-db"), program(t, "mariadbd")
	db := &mariadb{client: program(t, "mariadb")}
	// A socket's path must be short, which t.TempDir's is not.
	dir, err := os.MkdirTemp("", "mariadb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	db.dir, db.socket = dir, filepath.Join(dir, "socket")
	data := "--datadir=" + filepath.Join(dir, "data")
	// A server that starts removes the temporary tables of others from a directory in common.
	asUser := []string{"--no-defaults", "--tmpdir=" + dir}
	if os.Getuid() == 0 {
		asUser = append(asUser, "--user=root")
	}
	cmd := exec.Command(install, append(asUser, data, "--auth-root-authentication-method=normal", "--skip-test-db")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	var log lockedBuffer
	cmd = exec.Command(server, append(asUser, data, "--socket="+db.socket, "--pid-file="+filepath.Join(dir, "pid"), "--skip-networking",
		"--innodb-buffer-pool-size=16M", "--performance-schema=ON",
		"--log-output=FILE", "--slow-query-log=1", "--slow-query-log-file="+filepath.Join(dir, "first.log"), "--long-query-time=0")...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, err := db.run("select 1")
		if err == nil {
			return db
		}
		if time.Now().After(deadline) {
			t.Fatalf("mariadbd does not answer: %v\n%s", err, log.String())
		}
	}
}

func (db *mariadb) run(sql string, options ...string) (string, error) {
	cmd := exec.Command(db.client, append([]string{"--no-defaults", "--user=root", "--socket=" + db.socket, "--batch", "--skip-column-names",
		"--comments", "--binary-mode", "--default-character-set=utf8mb4"}, options...)...)
	cmd.Stdin = strings.NewReader(sql)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}

// control sends statements that are not to be logged.
func (db *mariadb) control(t *testing.T, sql string) string {
	t.Helper()
	out, err := db.run("set slow_query_log = 0, long_query_time = 100;" + sql)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// work runs the workload and returns when all of it is in the log: the server
// writes an entry only after it has answered, but before the connection ends.
func (db *mariadb) work(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	for range mariadbClients {
		wg.Go(func() {
			var script strings.Builder
			for n := range mariadbRounds {
				for _, w := range mariadbWorkload {
					script.WriteString(strings.ReplaceAll(w.sql, "{n}", strconv.Itoa(n+1)) + ";\n")
				}
			}
			// That the faulty statements fail is of no interest; that the others
			// do not is what the counts show.
			_, _ = db.run(script.String(), "--force", "shop")
		})
	}
	wg.Wait()
	db.settle(t)
}

// settle waits until all connections have ended: then all is in the log.
func (db *mariadb) settle(t *testing.T) {
	t.Helper()
	for range 200 {
		if strings.TrimSpace(db.control(t, "select count(*) from information_schema.processlist where user <> 'system user' and command <> 'Daemon' and id <> connection_id()")) == "0" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the connections of the workload do not end")
}

func (db *mariadb) slowQueries(t *testing.T) int64 {
	t.Helper()
	out := db.control(t, "show global status like 'Slow_queries'")
	n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(out, "Slow_queries")), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// counted returns what the performance schema counted, by digest text.
func (db *mariadb) counted(t *testing.T) map[string]serverCount {
	t.Helper()
	out := db.control(t, "select count_star, sum_rows_sent, sum_rows_examined, sum_rows_affected, digest_text"+
		" from performance_schema.events_statements_summary_by_digest where schema_name = 'shop'")
	counted := map[string]serverCount{}
	for line := range strings.Lines(out) {
		var n serverCount
		fields := strings.SplitN(line, "\t", 5)
		if len(fields) != 5 {
			t.Fatalf("%q", line)
		}
		for i, to := range []*int64{&n.calls, &n.sent, &n.examined, &n.affected} {
			var err error
			if *to, err = strconv.ParseInt(fields[i], 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		counted[fields[4]] = n
	}
	return counted
}
