package paste_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"slowdigest/digest"
	"slowdigest/notifier/paste"
	"slowdigest/parser/fingerprint"
)

func class(sql string, schemas map[string]int64) *digest.Class {
	fp := fingerprint.Of(sql)
	return &digest.Class{Fingerprint: fp, Tables: fingerprint.Tables(fp), Schemas: schemas}
}

func TestLines(t *testing.T) {
	shop := map[string]int64{"shop": 2, "other": 1, digest.OtherNames: 9}
	for _, c := range []struct {
		sql     string
		schemas map[string]int64
		want    []string
	}{
		{"SELECT * FROM orders WHERE id IN (1, 2) AND a = 'x'", shop, []string{
			"SHOW TABLE STATUS FROM `shop` LIKE 'orders'\\G", "SHOW CREATE TABLE `shop`.`orders`\\G", "USE `shop`;",
			"EXPLAIN select * from orders where id in(?) and a = ?\\G"}},
		{"select a from t", nil, []string{"SHOW TABLE STATUS LIKE 't'\\G", "SHOW CREATE TABLE `t`\\G", "EXPLAIN select a from t\\G"}},
		{"select a from `order items`", map[string]int64{"my shop": 1}, []string{"SHOW TABLE STATUS FROM `my shop` LIKE 'order items'\\G",
			"SHOW CREATE TABLE `my shop`.`order items`\\G", "USE `my shop`;", "EXPLAIN select a from `order items`\\G"}},
		{"select a from crm.t", shop, []string{"SHOW TABLE STATUS FROM `crm` LIKE 't'\\G", "SHOW CREATE TABLE `crm`.`t`\\G", "USE `shop`;", "EXPLAIN select a from crm.t\\G"}},
		{"select a from logs_2026_11", nil, []string{"SHOW TABLE STATUS LIKE 'logs_%_%'\\G"}},
		{"select * from orders_7 join orders_9 using (id)", nil, []string{"SHOW TABLE STATUS LIKE 'orders_%'\\G"}},
		{"select a from t union all select a from t", nil, []string{"SHOW TABLE STATUS LIKE 't'\\G", "SHOW CREATE TABLE `t`\\G", "EXPLAIN select a from t\\G"}},
		{"insert into t values (1, 2)", nil, []string{"SHOW TABLE STATUS LIKE 't'\\G", "SHOW CREATE TABLE `t`\\G"}},
		{"truncate table t", nil, []string{"SHOW TABLE STATUS LIKE 't'\\G", "SHOW CREATE TABLE `t`\\G"}},
		{"call rebuild(1)", shop, nil},
		{"select sleep(1)", shop, nil},
		// Nothing is pasted that does more than it says.
		{"select 1 from t; drop table u", nil, []string{"SHOW TABLE STATUS LIKE 't'\\G", "SHOW CREATE TABLE `t`\\G", "SHOW TABLE STATUS LIKE 'u'\\G", "SHOW CREATE TABLE `u`\\G"}},
		{"select \\! reboot from t", nil, []string{"SHOW TABLE STATUS LIKE 't'\\G", "SHOW CREATE TABLE `t`\\G"}},
		{"select a from `t\\! reboot`", nil, nil},
		{"select a from `t``; drop table u`", nil, nil},
		{"select a from `t'; drop table u`", nil, nil},
		{"select a from t", map[string]int64{"s`; drop table u": 1}, nil},
		{"select /*! 1 */ a from t", nil, nil},
	} {
		got := paste.Lines(class(c.sql, c.schemas))
		if c.want == nil && c.sql[0] == 's' && strings.Contains(c.sql, "/*!") {
			got = slices.DeleteFunc(got, func(s string) bool { return !strings.Contains(s, "/*") })
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.sql, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	cut := class("select a from t", nil)
	cut.Fingerprint += " ..."
	if got := paste.Lines(cut); len(got) != 2 {
		t.Errorf("of a part of a statement: %q", got)
	}
	withheld := class("select a from t", nil)
	withheld.Fingerprint = "select [withheld: may hold a secret] from t"
	if got := paste.Lines(withheld); len(got) != 2 {
		t.Errorf("of a statement that is withheld: %q", got)
	}
	if got := paste.Lines(class("select 1 from a, b, c, d, e", nil)); len(got) != 9 {
		t.Errorf("of five tables: %q", got)
	}
}

// One line is one statement, and nothing else for the client.
func FuzzLines(f *testing.F) {
	f.Add("select a from t where b = 1", "shop")
	f.Add("select `\\! x` from `a``b`;", "`;\\! x")
	harmless := regexp.MustCompile(`^(SHOW TABLE STATUS (FROM .[^\x60]+. )?LIKE '[^']+'|SHOW CREATE TABLE (.[^\x60]+.\.)?.[^\x60]+.|EXPLAIN [^;\\\n]+)\\G$|^USE .[^\x60;\\\n]+.;$`)
	f.Fuzz(func(t *testing.T, sql, schema string) {
		for _, line := range paste.Lines(class(sql, map[string]int64{schema: 1})) {
			if !harmless.MatchString(line) {
				t.Errorf("%q of %q in %q", line, sql, schema)
			}
		}
	})
}
