package fingerprint_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"slowdigest/parser/fingerprint"
)

// digester asks a MariaDB server of this test's own for its statement digests.
type digester struct{ client, socket string }

func startDigester(t *testing.T) *digester {
	t.Helper()
	var paths []string
	for _, name := range []string{"mariadb-install-db", "mariadbd", "mariadb"} {
		path, err := exec.LookPath(name)
		if err != nil {
			if os.Getenv("SLOWDIGEST_REQUIRE_ALL") != "" {
				t.Fatal(err)
			}
			t.Skipf("%v: apt-get install mariadb-server", err)
		}
		paths = append(paths, path)
	}
	dir, err := os.MkdirTemp("", "digests") // a socket's path must be short, which t.TempDir's is not
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	// A server that starts removes the temporary tables of others from a directory in common.
	options := []string{"--no-defaults", "--datadir=" + filepath.Join(dir, "data"), "--tmpdir=" + dir}
	if os.Getuid() == 0 {
		options = append(options, "--user=root")
	}
	install := exec.Command(paths[0], append(options, "--auth-root-authentication-method=normal", "--skip-test-db")...)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	d := &digester{paths[2], filepath.Join(dir, "socket")}
	server := exec.Command(paths[1], append(options, "--socket="+d.socket, "--pid-file="+filepath.Join(dir, "pid"), "--skip-networking",
		"--innodb-buffer-pool-size=16M", "--performance-schema=ON", "--max-digest-length=65536", "--performance-schema-max-digest-length=65536")...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(time.Minute); !d.answers(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("mariadbd does not answer")
		}
	}
	return d
}

// run sends statements, and returns the lines of what they return. That some fail is of
// no interest.
func (d *digester) run(sql string) []string {
	cmd := d.command("--force", "--raw", "--skip-column-names", "--binary-mode", "d")
	cmd.Stdin = strings.NewReader(sql)
	out, _ := cmd.Output()
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

func (d *digester) command(options ...string) *exec.Cmd {
	return exec.Command(d.client, append([]string{"--no-defaults", "--user=root", "--socket=" + d.socket, "--batch"}, options...)...)
}

func (d *digester) answers() bool {
	return d.command("-e", "create database if not exists d").Run() == nil
}

const (
	digestTable = "performance_schema.events_statements_summary_by_digest"
	digestMark  = "digest: "
)

// digests returns the digests of the statements of each text. There is none of what the
// server cannot parse. What the client before did without a schema may be counted after it has got its answer.
func (d *digester) digests(texts []string) [][]string {
	var script strings.Builder
	for i, sql := range texts {
		fmt.Fprintf(&script, "truncate %s;\n%s;\ndelimiter ;\nrollback;\n", digestTable, sql)
		fmt.Fprintf(&script, "select concat('%s%d ', digest_text) from %s where schema_name is not null and digest_text is not null and digest_text not like '%%PERFORMANCE_SCHEMA%%'"+
			" and digest_text not like '%%`performance_schema`%%' and digest_text <> 'ROLLBACK ';\n", digestMark, i, digestTable)
	}
	of := make([][]string, len(texts))
	for _, line := range d.run(script.String()) {
		if text, marked := strings.CutPrefix(line, digestMark); marked {
			number, digest, _ := strings.Cut(text, " ")
			i, err := strconv.Atoi(number)
			if err != nil {
				panic("digest of no statement: " + line)
			}
			of[i] = append(of[i], strings.TrimSpace(digest))
		}
	}
	return of
}

// What the server's digest does not fold, or cannot: another opinion on what is one class.
var serverSplits = map[string][]string{
	"a chain is as long as it is": {"or of pairs", "or of pairs in parentheses", "or of pairs in double parentheses", "or, bare",
		"or of pairs, bare", "or, nested to the left", "or, single, nested to the left", "and like", "and not like",
		"and, nested to the left", "or between", "or of calls", "or of calls with a column", "groups of groups", "or exists",
		"or in subquery", "or json_contains", "chunked in", "chunked not in", "chain, then null", "mixed chain", "two runs",
		"xor and ||", "join on or", "having or", "tuples compared", "dates with intervals", "or, in any way", "or of pairs, in any way",
		"having, in any way", "on, in any way", "when, in any way", "subquery, in any way", "after a predicate, in any way",
		"before a predicate, in any way", "not, in any way", "chain in a call", "chain in a select list", "like with an escape",
		"not exists", "and of betweens", "json operators", "collations", "tuples, in and in",
		"pairs, nested to the right", "members of two kinds in turns, with aliases of their own", "or of pairs with a list, in any way", "lists, each in parentheses", "lists of tuples, in any way", "subqueries with a list, in any way",
		"mixed chain, nested to the left", "mixed chain of pairs, nested to the left", "pairs in no parentheses, nested to the left",
		"chain of lists of calls, nested to the left", "variables in a chain", "lists, nested to the left", "groups with lists, nested to the left", "groups with subqueries, nested to the left", "nested to the left in a call", "match against"},
	"variables are as many as they are": {"variables in a list", "variables in rows", "variables in a call"},
	"a CASE has the branches that it has": {"case of a column", "case of a column, else", "case of conditions", "case of two columns",
		"case of pairs", "variables in a case", "case with casts", "order by case", "nested cases", "case in a sum", "case of nulls"},
	"one literal is no list, and a sign or a prefix is an operator": {"order by field", "order by FIELD", "elt", "concat", "concat_ws",
		"coalesce", "greatest", "least", "char", "make_set", "json_array", "json_object", "json_set", "tuples", "tuples, not in", "calls in calls", "json_object with a column", "select of literals",
		"arithmetic of literals", "multiplied literals", "arithmetic with NULL and introducers"},
	"an element that is no literal ends a list": {"points", "insert of rows with calls", "insert of rows with parameters", "calls that are alike", "multipoint",
		"rows compared with rows"},
	"VALUE is another word": {"value, values"},
	"branches of a UNION are as many as they are": {"union all", "union all, nested", "union, names of the first", "intersect", "except",
		"insert, select, union", "union of pairs in a join"},
	"each statement of a text is counted": {"statements", "entity framework parameters"},
	"a name is what it is": {"members with aliases of their own", "subqueries with aliases of their own", "branches with aliases of their own", "tables of one statement", "aliases that are hashes", "tables dropped", "partitions dropped", "alias of a function's table", "alias of a partition", "alias of a version", "two tables of each shard", "schemas of one statement", "uuid table", "uuid table, dashed", "hash table", "hash schema", "hash schema, quoted", "savepoint",
		"release savepoint", "rollback to", "prepare", "execute", "deallocate", "partition", "partition, dates", "procedure schema",
		"hibernate aliases", "laravel aliases", "sqlalchemy aliases", "two aliases", "alias in order by", "delete of an alias",
		"update of an alias", "partitions", "aliases after a case", "tables of a subquery in a list", "hash of a shard", "drop prepare", "create schema"},
	"MariaDB cannot parse it": {"json_set of casts", "values row", "alias of values", "alias of rows", "union all in parentheses"}, // CAST AS JSON, VALUES ROW(), LIMIT 'a'
}

func TestShapesAgainstMariaDB(t *testing.T) {
	d := startDigester(t)
	split := map[string]string{}
	for reason, names := range serverSplits {
		for _, name := range names {
			split[name] = reason
		}
	}
	var names, texts []string
	for name, say := range allShapes() {
		s := speaker{rand.New(rand.NewPCG(14, 14))}
		var statements []string
		for range 12 {
			statements = append(statements, say(s))
		}
		names, texts = append(names, name), append(texts, strings.Join(statements, ";\n"))
	}
	for i, digests := range d.digests(texts) {
		switch reason, explained := split[names[i]]; {
		case len(digests) != 1 && !explained:
			t.Errorf("%s: the server has %d classes, and nothing explains it:\n%s", names[i], len(digests), strings.Join(digests[:min(2, len(digests))], "\n"))
		case len(digests) == 1 && explained:
			t.Errorf("%s: the server has one class too, though %s", names[i], reason)
		case len(digests) > 0 && reason == "MariaDB cannot parse it":
			t.Errorf("%s: MariaDB can parse it", names[i])
		}
	}
	var pairs []string
	for _, p := range keptApart[:len(keptApart)-len(variablesApart)] {
		pairs = append(pairs, p[0]+";\n"+p[1])
	}
	for i, digests := range d.digests(pairs) {
		if len(digests) != 2 {
			t.Errorf("the server has %d classes of %s", len(digests), keptApart[i])
		}
	}
}

// Comments that MariaDB runs are code to it, and to us in its logs.
func TestCommentsThatMariaDBRuns(t *testing.T) {
	d := startDigester(t)
	for sql, plain := range map[string]string{
		"select /*M! 1, */ 2 + 3 from dual":           "select 1, 2 + 3 from dual",
		"select /*M!100100 version(), */ 2 from dual": "select version(), 2 from dual",
		"select '/*M!', 2 from dual":                  "select 'x', 2 from dual",
	} {
		digests := d.digests([]string{sql + ";\n" + plain})
		if len(digests[0]) != 1 {
			t.Errorf("the server has %q for %s", digests[0], sql)
		}
		if got, want := fingerprint.Of(string(fingerprint.AppendMariaDB(nil, []byte(sql)))), fingerprint.Of(plain); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
