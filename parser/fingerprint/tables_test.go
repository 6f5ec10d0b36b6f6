package fingerprint_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"slowdigest/parser/fingerprint"
)

// tableCases are statements, and their tables.
var tableCases = []struct{ sql, want string }{
	{"SELECT 1", ""},
	{"SELECT 1 FROM DUAL WHERE 1 = 2", ""},
	{"SELECT * FROM Orders WHERE id = 1", "orders"},
	{"SELECT * FROM shop.orders o JOIN customers AS c ON c.id = o.customer_id", "shop.orders customers"},
	{"SELECT * FROM a, b x, c AS y WHERE a.id = x.id", "a b c"},
	{"SELECT * FROM a LEFT JOIN (b, c) ON a.id = b.id RIGHT OUTER JOIN d USING (id) NATURAL JOIN e CROSS JOIN f STRAIGHT_JOIN g", "a b c d e f g"},
	{"SELECT STRAIGHT_JOIN x, y FROM a, (b)", "a b"},
	{"SELECT * FROM a WHERE id IN (SELECT a_id FROM b WHERE EXISTS (SELECT 1 FROM c)) AND x = (SELECT max(x) FROM d)", "a b c d"},
	{"SELECT (SELECT count(*) FROM b), COALESCE((SELECT x FROM c LIMIT 1), 2) FROM a", "b c a"},
	{"SELECT * FROM (SELECT id FROM a) AS d, LATERAL (SELECT id FROM b WHERE b.id = d.id) l, c", "a b c"},
	{"(SELECT id FROM a) UNION ALL (SELECT id FROM b) EXCEPT SELECT id FROM c ORDER BY id LIMIT 3", "a b c"},
	{"SELECT a.x FROM a JOIN a AS again ON a.id = again.parent", "a"},
	{"SELECT * FROM a ORDER BY x DESC, y GROUP BY z, w", "a"},
	{"SELECT x FROM a GROUP BY x WITH ROLLUP HAVING count(*) > 1", "a"},
	{"SELECT x FROM a WINDOW w AS (ORDER BY y), v AS (w)", "a"},
	{"SELECT x FROM a, b FOR UPDATE OF a, b SKIP LOCKED", "a b"},
	{"SELECT x FROM a LOCK IN SHARE MODE", "a"},
	{"SELECT x INTO @v FROM a", "a"},
	{"SELECT x FROM a INTO OUTFILE '/tmp/x' FIELDS TERMINATED BY ','", "a"},
	{"SELECT EXTRACT(YEAR FROM at), TRIM(LEADING 'x' FROM name), SUBSTRING(name FROM 2 FOR 3) FROM a", "a"},
	{"SELECT REPLACE(x, 'a', 'b'), INSERT(x, 1, 2, 'c'), LEFT(x, 3), TRUNCATE(y, 2), VALUES(z) FROM a", "a"},
	{"SELECT * FROM a USE INDEX (i, j) IGNORE INDEX FOR JOIN (k), b FORCE KEY FOR ORDER BY (l) JOIN c", "a b c"},
	{"SELECT * FROM a PARTITION (p0, p1) AS x, b", "a b"},
	{"SELECT * FROM a FOR SYSTEM_TIME AS OF TIMESTAMP '2030-01-01 00:00:00', b FOR SYSTEM_TIME FROM '2030-01-01' TO '2030-02-01' JOIN c FOR SYSTEM_TIME BETWEEN x AND y", "a b c"},
	{"SELECT * FROM a, JSON_TABLE(a.doc, '$[*]' COLUMNS (id FOR ORDINALITY, x INT PATH '$.x')) AS jt, b", "a b"},
	{"SELECT * FROM { OJ a LEFT OUTER JOIN b ON a.id = b.id }, c", "a b c"},
	{"SELECT * FROM `my table`, `with.dot`.`and``quote`, `select`", "`my table` `with.dot`.`and``quote` `select`"},
	{"SELECT * FROM date, time, `key`, status", "date time `key` status"},
	{"SELECT * FROM shop . orders", "shop.orders"},
	{"SELECT * FROM /* of a */ a -- and b\n, # or c\n d", "a d"},
	{"SELECT * FROM logs_2026_01 JOIN shop_7.logs_2026_02", "logs_?_? shop_?.logs_?_?"},
	{"SELECT * FROM logs_1 a, logs_2 b WHERE a.id = b.id", "logs_?"},
	{"SELECT * FROM `42`", "`?`"},
	{"SELECT * FROM 漢字 JOIN Ünïcode", "漢字 ünïcode"},
	{"TABLE a ORDER BY x LIMIT 3", "a"},
	{"VALUES ROW(1, 2), ROW(3, 4)", ""},

	{"WITH a AS (SELECT * FROM b), c (x, y) AS (SELECT x, y FROM a) SELECT * FROM c JOIN d", "b d"},
	{"WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT * FROM t", ""},
	{"WITH a AS (SELECT * FROM a) SELECT * FROM a", "a"},
	{"SELECT * FROM (WITH x AS (SELECT * FROM b) SELECT * FROM x) AS d JOIN x", "b x"},
	{"WITH x AS (SELECT 1) SELECT * FROM shop.x", "shop.x"},
	{"WITH x AS (SELECT id FROM a) DELETE FROM b WHERE id IN (SELECT id FROM x)", "a b"},
	{"WITH x AS (SELECT id FROM a) UPDATE b JOIN x USING (id) SET b.y = 1", "a b"},
	{"INSERT INTO a WITH x AS (SELECT id FROM b) SELECT id FROM x", "a b"},

	{"INSERT INTO a (x, y) VALUES (1, 2), (3, 4) ON DUPLICATE KEY UPDATE x = VALUES(x), y = 3", "a"},
	{"INSERT a VALUES (1)", "a"},
	{"INSERT LOW_PRIORITY IGNORE INTO a SET x = 1", "a"},
	{"INSERT INTO a VALUES (1) AS new ON DUPLICATE KEY UPDATE x = new.x", "a"},
	{"INSERT INTO shop.a PARTITION (p0) (x) SELECT x FROM b JOIN c ON b.id = c.id RETURNING x, y", "shop.a b c"},
	{"REPLACE DELAYED INTO a SELECT * FROM b", "a b"},
	{"REPLACE a SET x = 1", "a"},
	{"UPDATE a SET x = 1 WHERE id = 2 LIMIT 3", "a"},
	{"UPDATE LOW_PRIORITY IGNORE a, b AS c JOIN d ON c.id = d.id SET a.x = c.x, a.y = 2 WHERE d.z = (SELECT z FROM e)", "a b d e"},
	{"UPDATE a FOR PORTION OF p FROM '2030-01-01' TO '2030-02-01' SET x = 1", "a"},
	{"DELETE FROM a WHERE id = 1", "a"},
	{"DELETE LOW_PRIORITY QUICK IGNORE FROM a", "a"},
	{"DELETE x FROM a AS x JOIN b ON b.id = x.id", "a b"},
	{"DELETE a, shop.b.* FROM a, shop.b WHERE a.id = b.id", "a shop.b"},
	{"DELETE FROM x, y USING a AS x JOIN b AS y ON x.id = y.id JOIN c", "a b c"},
	{"DELETE FROM x.* USING a x", "a"},
	{"DELETE FROM a FOR PORTION OF p FROM '2030-01-01' TO '2030-02-01'", "a"},
	{"DELETE FROM a USING a JOIN b USING (id)", "a b"},
	{"DELETE HISTORY FROM a BEFORE SYSTEM_TIME '2030-01-01'", "a"},
	{"DELETE a1 FROM t AS a1, u", "t u"},

	{"LOAD DATA LOCAL INFILE 'x' REPLACE INTO TABLE shop.a FIELDS TERMINATED BY ',' (x, y, @z) SET w = @z", "shop.a"},
	{"TRUNCATE TABLE a", "a"},
	{"TRUNCATE a", "a"},
	{"ALTER TABLE a ADD COLUMN b INT AFTER c, RENAME COLUMN d TO e, ADD CONSTRAINT FOREIGN KEY (f) REFERENCES g (id)", "a g"},
	{"ALTER ONLINE TABLE a RENAME TO shop.b", "a shop.b"},
	{"ALTER TABLE a EXCHANGE PARTITION p0 WITH TABLE b", "a b"},
	{"CREATE TEMPORARY TABLE IF NOT EXISTS shop.a LIKE b", "shop.a b"},
	{"CREATE TABLE a (LIKE b)", "a b"},
	{"CREATE OR REPLACE TABLE a AS SELECT x FROM b JOIN c ON b.id = c.id", "a b c"},
	{"CREATE TABLE a (id INT PRIMARY KEY, x INT DEFAULT 1, at TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, KEY k (x)) ENGINE=InnoDB SELECT x FROM b", "a b"},
	{"CREATE UNIQUE INDEX i ON a (x)", "a"},
	{"DROP INDEX i ON shop.a", "shop.a"},
	{"CREATE OR REPLACE VIEW v AS SELECT * FROM a", "v a"},
	{"CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW INSERT INTO b VALUES (NEW.x)", "a b"},
	{"CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO DELETE FROM a", "a"},
	{"CREATE DATABASE IF NOT EXISTS shop", ""},
	{"DROP SCHEMA shop", ""},
	{"DROP TABLE IF EXISTS a, shop.b CASCADE", "a shop.b"},
	{"DROP TEMPORARY TABLE a", "a"},
	{"DROP VIEW v, w", "v w"},
	{"DROP PROCEDURE p", ""},
	{"RENAME TABLE a TO b, shop.c TO shop.d", "a b shop.c shop.d"},
	{"RENAME USER a TO b", ""},
	{"LOCK TABLES a READ LOCAL, shop.b AS c LOW_PRIORITY WRITE", "a shop.b"},
	{"UNLOCK TABLES", ""},
	{"FLUSH TABLES a, b WITH READ LOCK", "a b"},
	{"FLUSH TABLES WITH READ LOCK", ""},
	{"ANALYZE NO_WRITE_TO_BINLOG TABLE a, shop.b", "a shop.b"},
	{"OPTIMIZE TABLE a", "a"},
	{"CHECK TABLE a, b QUICK", "a b"},
	{"CHECKSUM TABLE a EXTENDED", "a"},
	{"HANDLER a OPEN", "a"},
	{"CALL shop.report(1, 'x')", ""},
	{"{ CALL p(1) }", ""},
	{"USE shop", ""},
	{"DESCRIBE a", "a"},
	{"DESC shop.a x", "shop.a"},
	{"EXPLAIN SELECT * FROM a", "a"},
	{"EXPLAIN EXTENDED SELECT * FROM a", "a"},
	{"EXPLAIN FORMAT=JSON UPDATE a SET x = 1", "a"},
	{"ANALYZE FORMAT=JSON SELECT * FROM a", "a"},
	{"EXPLAIN FOR CONNECTION 5", ""},
	{"SHOW CREATE TABLE shop.a", "shop.a"},
	{"SHOW CREATE DATABASE shop", ""},
	{"SHOW FULL COLUMNS FROM a FROM shop LIKE 'x%'", "shop.a"},
	{"SHOW INDEX IN shop.a", "shop.a"},
	{"SHOW KEYS FROM a WHERE Key_name = 'x'", "a"},
	{"SHOW FULL TABLES FROM shop", ""},
	{"SHOW TABLE STATUS FROM shop LIKE 'a%'", ""},
	{"SHOW TRIGGERS IN shop", ""},
	{"SHOW PROCESSLIST", ""},
	{"GRANT SELECT, INSERT ON shop.* TO 'u'@'h'", ""},
	{"GRANT SELECT ON shop.a TO u", "shop.a"},
	{"REVOKE SELECT ON shop.a FROM u", "shop.a"},
	{"PREPARE s FROM 'SELECT 1'", ""},
	{"SET @x = (SELECT max(id) FROM a), autocommit = 1", "a"},
	{"DO (SELECT sleep(1) FROM a)", "a"},
	{"SELECT 1 FROM a; SELECT 2 FROM b", "a b"},
	{"# administrator command: Quit", ""},
	{"SELECT * FROM a WHERE x = 'O'Brien' AND y IN (SELECT z FROM b)", "a"},
	{"SELECT NEXT VALUE FOR s, x FROM a", "a"},
	{"SELECT * FROM seq_1_to_10", "seq_?_to_?"},
}

func TestTables(t *testing.T) {
	for _, c := range tableCases {
		fp := fingerprint.Of(c.sql)
		if got := tableNames(fp); got != c.want {
			t.Errorf("%s\nas %s\nhas the tables %q, want %q", c.sql, fp, got, c.want)
		}
	}
}

func tableNames(fp string) string {
	var names []string
	for _, table := range fingerprint.Tables(fp) {
		names = append(names, table.String())
	}
	return strings.Join(names, " ")
}

// TestTablesOfPart: of a fingerprint that is cut anywhere, each table that is told is one of
// the whole, and no part of a name is taken for a name.
func TestTablesOfPart(t *testing.T) {
	const sql = "select o.id from shop.orders o join customers c on c.id = o.customer where o.id in (select order_id from `order items` as oi)"
	whole := fingerprint.Tables(sql)
	if len(whole) != 3 {
		t.Fatal(whole)
	}
	told := 0
	for i := range sql {
		for _, table := range fingerprint.Tables(sql[:i] + fingerprint.EndsEarly) {
			if !slices.Contains(whole, table) {
				t.Errorf("%s ... has the table %v", sql[:i], table)
			}
			told++
		}
	}
	if told < 100 {
		t.Errorf("only %d tables were told", told)
	}
}

func FuzzTables(f *testing.F) {
	for _, c := range tableCases {
		f.Add(c.sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		fp := fingerprint.Of(sql)
		for _, table := range fingerprint.Tables(fp) {
			if table.Name == "" || !strings.Contains(fp, strings.ReplaceAll(table.Name, "`", "``")) && !strings.Contains(table.Name, "?") {
				t.Errorf("%q has the table %q", fp, table)
			}
		}
		fingerprint.Tables(sql) // which is no fingerprint, and does no harm
	})
}

// TestTablesOfServer: they are those that a MariaDB server looks for, of the statements above
// and of those of the mappers. The server is asked in a database without tables, and each
// table that it does not find is made, until it asks for no other.
func TestTablesOfServer(t *testing.T) {
	d := startDigester(t)
	var statements []string
	for _, c := range tableCases {
		statements = append(statements, c.sql)
	}
	logs, _ := filepath.Glob("testdata/orm/*.log.gz")
	if len(logs) == 0 {
		t.Fatal("no logs of mappers")
	}
	known := map[string]bool{}
	for _, path := range logs {
		for _, e := range ormEntries(t, path) {
			if fp := fingerprint.Of(e.sql); !known[fp] && !strings.Contains(fp, "administrator command") {
				known[fp] = true
				statements = append(statements, e.sql)
			}
		}
	}
	asked := d.tables(statements)
	agreed := 0
	for i, sql := range statements {
		got := fingerprint.Tables(fingerprint.Of(sql))
		for _, table := range asked[i] {
			if !slices.Contains(got, table) {
				t.Errorf("%s\nasks for %s, and has the tables %s", sql, table, got)
			}
			agreed++
		}
		for _, table := range got {
			if len(asked[i]) > 0 && !slices.Contains(asked[i], table) && !makes.MatchString(sql) {
				t.Errorf("%s\nhas the table %s, and asks for %s", sql, table, asked[i])
			}
		}
	}
	if t.Logf("%d statements, %d tables", len(statements), agreed); agreed < 500 {
		t.Error("too few")
	}
}

var (
	missing = regexp.MustCompile(`^ERROR 1146 .* Table '(d|shop|shop_7|with\.dot)\.(.*)' doesn't exist$`)
	digits  = regexp.MustCompile(`[0-9]+`)
	// makes matches statements that name a table that need not be there, or end at the first
	// table of which the partition is not.
	makes = regexp.MustCompile(`^(CREATE|ALTER|RENAME) |PARTITION \(`)
)

// tables returns the tables that the server asks for in each statement, as Tables does.
func (d *digester) tables(statements []string) [][]fingerprint.Table {
	asked := make([][]fingerprint.Table, len(statements))
	made := make([]string, len(statements))
	more := statements // empty in the place of those that ask for no more
	for more != nil {
		var script strings.Builder
		for i, sql := range more {
			if sql == "" {
				continue
			}
			script.WriteString("unlock tables; rollback; set default_storage_engine = memory;\n")
			for _, schema := range []string{"shop", "shop_7", "with.dot", "d"} {
				if schema == "d" || strings.Contains(sql, schema) {
					fmt.Fprintf(&script, "drop database if exists `%s`; create database `%[1]s`; use `%[1]s`;\n", schema)
				}
			}
			fmt.Fprintf(&script, "%sselect '%s%d';\ndelimiter //\n%s\n//\ndelimiter ;\nselect '%[2]s-1';\n", made[i], digestMark, i, sql)
		}
		cmd := d.command("--force", "--skip-column-names", "--binary-mode", "--unbuffered", "d")
		cmd.Stdin = strings.NewReader(script.String())
		out, _ := cmd.CombinedOutput() // that some fail is the point
		more = nil
		at := -1
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSuffix(line, "\n")
			if number, marked := strings.CutPrefix(line, digestMark); marked {
				at, _ = strconv.Atoi(number)
			} else if m := missing.FindStringSubmatch(line); m != nil && at >= 0 {
				made[at] += fmt.Sprintf("create table `%s`.`%s` (none int);\n", m[1], strings.ReplaceAll(m[2], "`", "``"))
				table := fingerprint.Table{Schema: digits.ReplaceAllString(m[1], "?"), Name: digits.ReplaceAllString(strings.ToLower(m[2]), "?")}
				if table.Schema == "d" {
					table.Schema = ""
				}
				if !slices.Contains(asked[at], table) {
					asked[at] = append(asked[at], table)
				}
				if more == nil {
					more = make([]string, len(statements))
				}
				more[at] = statements[at]
			}
		}
	}
	return asked
}
