package fingerprint_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"slowdigest/parser/fingerprint"
)

// speaker says statements as frameworks write them: with lists of any length, and
// other literals and generated names each time.
type speaker struct{ *rand.Rand }

func (s speaker) pick(of ...string) string { return of[s.IntN(len(of))] }

// many repeats a form once to some forty times.
func (s speaker) many(sep string, form func() string) string { return s.from(1, sep, form) }

// from repeats it a least number of times or more.
func (s speaker) from(least int, sep string, form func() string) string {
	n := least + s.IntN(5)
	if s.IntN(3) == 0 {
		n = least + s.IntN(40)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = form()
	}
	return strings.Join(out, sep)
}

// v is a literal.
func (s speaker) v() string {
	switch s.IntN(8) {
	case 0, 1, 2:
		return fmt.Sprint(s.IntN(1e6))
	case 3:
		return "'it''s'"
	case 4:
		return fmt.Sprintf("-%d.%d", s.IntN(100), s.IntN(100))
	case 5:
		return fmt.Sprintf("x'%x'", s.Uint32())
	case 6:
		return fmt.Sprintf(`'%%a\'b%d or c = 1%%'`, s.IntN(50))
	}
	return fmt.Sprintf("'2026-11-%02d 10:00:00'", 1+s.IntN(28))
}

func (s speaker) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[s.IntN(16)]
	}
	digit := s.IntN(n - 1)
	b[digit] = "0123456789"[s.IntN(10)]
	if n < 16 { // else letters and then digits are a hash too
		b[digit+1+s.IntN(n-digit-1)] = "abcdef"[s.IntN(6)]
	}
	return string(b)
}

func (s speaker) uuid(sep string) string {
	return strings.Join([]string{s.hex(8), s.hex(4), s.hex(4), s.hex(4), s.hex(12)}, sep)
}

// nested joins forms as ((a op b) op c).
func (s speaker) nested(op string, form func() string) string {
	out := form()
	for range s.IntN(12) {
		out = "(" + out + op + form() + ")"
	}
	return out
}

// A statement that a framework makes at one place of the code is one class, however
// long its lists are, whatever its literals and whichever names it made up.
var frameworkShapes = map[string]func(s speaker) string{
	"or of pairs": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "(`o` = " + s.v() + " and `l` = " + s.v() + ")" })
	},
	"or of pairs in parentheses": func(s speaker) string {
		return "select a from t where b = 1 and (" + s.many(" OR ", func() string { return "(o = " + s.v() + " AND l = " + s.v() + ")" }) + ") limit " + s.v()
	},
	"or of pairs in double parentheses": func(s speaker) string {
		return "select a from t where ((" + s.many(") or (", func() string { return "o = " + s.v() + " and l = " + s.v() }) + "))"
	},
	"or, bare": func(s speaker) string {
		return "delete from t where " + s.many(" or ", func() string { return "a = " + s.v() })
	},
	"or of pairs, bare": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "a = " + s.v() + " and b = " + s.v() })
	},
	"or, nested to the left": func(s speaker) string {
		return "select a from t where " + s.nested(" or ", func() string { return "a = " + s.v() })
	},
	"or, single, nested to the left": func(s speaker) string { // Drizzle, Django's Q
		return "select a from t where " + s.nested(" or ", func() string { return "(a = " + s.v() + ")" })
	},
	"and like": func(s speaker) string {
		return "select a from t where " + s.many(" and ", func() string { return "title like " + s.v() }) + " order by a limit 10"
	},
	"and not like": func(s speaker) string {
		return "select a from t where x = 1 and (" + s.many(" and ", func() string { return "title not like " + s.v() }) + ")"
	},
	"and, nested to the left": func(s speaker) string {
		return "select a from t where " + s.nested(" and ", func() string { return "title collate utf8mb4_bin like " + s.v() })
	},
	"or between": func(s speaker) string {
		return "select sum(h) from t where " + s.many(" or ", func() string { return "d between " + s.v() + " and " + s.v() })
	},
	"or of calls": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "lower(title) = lower(" + s.v() + ")" })
	},
	"or of calls with a column": func(s speaker) string {
		return "select a from t where (" + s.many(" or ", func() string { return "f(" + s.v() + ", x)" }) + ")"
	},
	"groups of groups": func(s speaker) string {
		return "select a from t where " + s.many(" and ", func() string {
			return "(" + s.many(" or ", func() string { return "name like " + s.v() }) + ")"
		})
	},
	"or exists": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string {
			return "exists (select 1 from tags where tags.t = t.id and tags.name = " + s.v() + ")"
		})
	},
	"or in subquery": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string {
			return "id in (select x from tags where name = " + s.v() + ")"
		})
	},
	"or json_contains": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "json_contains(tags, " + s.v() + ")" })
	},
	"chunked in": func(s speaker) string {
		return "select a from t where (" + s.many(" or ", func() string { return "id in (" + s.many(",", s.v) + ")" }) + ")"
	},
	"chunked not in": func(s speaker) string {
		return "select a from t where " + s.many(" and ", func() string { return "id not in (" + s.many(", ", s.v) + ")" })
	},
	"chain, then null": func(s speaker) string {
		return "select a from t where (" + s.many(" or ", func() string { return "a = " + s.v() }) + " or a is null)"
	},
	"mixed chain": func(s speaker) string {
		return "select a from t where x > " + s.v() + " and " + s.many(" and ", func() string { return "title like " + s.v() }) + " and y = 1"
	},
	"two runs": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "a = " + s.v() }) + " or " + s.many(" or ", func() string { return "b = " + s.v() })
	},
	"xor and ||": func(s speaker) string {
		return "select a from t where " + s.many(" || ", func() string { return "(a = " + s.v() + ")" })
	},
	"join on or": func(s speaker) string {
		return "select a from t join u on u.id = t.id and (" + s.many(" or ", func() string { return "u.k = " + s.v() }) + ") where 1"
	},
	"having or": func(s speaker) string {
		return "select a, count(*) from t group by a having " + s.many(" or ", func() string { return "count(*) = " + s.v() })
	},
	"case of a column": func(s speaker) string {
		return "update t set s = case id " + s.many(" ", func() string { return "when " + s.v() + " then " + s.v() }) + " end where id in (" + s.many(",", s.v) + ")"
	},
	"case of a column, else": func(s speaker) string {
		return "update t set s = case `id` " + s.many(" ", func() string { return "when " + s.v() + " then " + s.v() }) + " else s end where id in (" + s.many(",", s.v) + ")"
	},
	"case of conditions": func(s speaker) string {
		return "update t set s = (CASE " + s.many(" ", func() string { return "WHEN (id = " + s.v() + ") THEN " + s.v() }) + " END) where id in (" + s.many(",", s.v) + ")"
	},
	"case of two columns": func(s speaker) string {
		n := func() string { return s.many(" ", func() string { return "when id = " + s.v() + " then " + s.v() }) }
		return "update t set a = case " + n() + " end, b = case " + n() + " else b end where id in (" + s.many(",", s.v) + ")"
	},
	"case of pairs": func(s speaker) string {
		return "update t set a = case " + s.many(" ", func() string { return "when a = " + s.v() + " and b = " + s.v() + " then " + s.v() }) + " end"
	},
	"case with casts": func(s speaker) string {
		return "update t set a = case " + s.many(" ", func() string { return "when id = " + s.v() + " then cast(" + s.v() + " as decimal(10,2))" }) + " end"
	},
	"order by case": func(s speaker) string {
		return "select a from t where id in (" + s.many(",", s.v) + ") order by case id " + s.many(" ", func() string { return "when " + s.v() + " then " + s.v() }) + " end"
	},
	"order by field": func(s speaker) string {
		return "select a from t where id in (" + s.many(",", s.v) + ") order by field(id, " + s.many(", ", s.v) + ")"
	},
	"order by FIELD": func(s speaker) string {
		return "select a from t order by FIELD(`t`.`id`," + s.many(",", s.v) + ") desc"
	},
	"elt":    func(s speaker) string { return "select elt(n, " + s.many(", ", s.v) + ") from t" },
	"concat": func(s speaker) string { return "select concat(a, " + s.many(", ", s.v) + ") from t" },
	"concat_ws": func(s speaker) string {
		return "select concat_ws(" + s.v() + ", t.a, " + s.many(", ", s.v) + ") from t"
	},
	"coalesce": func(s speaker) string { return "select coalesce(a, " + s.many(", ", s.v) + ") from t" },
	"greatest": func(s speaker) string { return "select greatest(" + s.many(", ", s.v) + ") from t" },
	"least":    func(s speaker) string { return "select least(" + s.many(", ", s.v) + ", a) from t" },
	"char":     func(s speaker) string { return "select char(" + s.many(",", s.v) + " using utf8mb4)" },
	"make_set": func(s speaker) string { return "select make_set(a, " + s.many(", ", s.v) + ") from t" },
	"json_array": func(s speaker) string {
		return "update t set j = json_array(" + s.many(", ", s.v) + ") where id = " + s.v()
	},
	"json_object": func(s speaker) string {
		return "insert into t (j) values (json_object(" + s.many(", ", func() string { return s.v() + ", " + s.v() }) + "))"
	},
	"json_set": func(s speaker) string {
		return "update t set j = json_set(j, " + s.many(", ", func() string { return s.v() + ", " + s.v() }) + ") where id = 1"
	},
	"json_set of casts": func(s speaker) string {
		return "update t set j = json_set(j, " + s.many(", ", func() string { return s.v() + ", cast(" + s.v() + " as json)" }) + ") where id = 1"
	},
	"points": func(s speaker) string {
		return "select a from t where st_contains(polygon(linestring(" + s.many(", ", func() string { return "point(" + s.v() + ", " + s.v() + ")" }) + ")), p)"
	},
	"values row": func(s speaker) string {
		return "select * from (values " + s.many(", ", func() string { return "row(" + s.v() + ", " + s.v() + ")" }) + ") as v (a, b)"
	},
	"insert of rows with calls": func(s speaker) string {
		return "insert into t (a, b, c) values " + s.many(", ", func() string { return "(" + s.v() + ", now(), default)" })
	},
	"insert of rows with parameters": func(s speaker) string {
		return "insert into t (a, b) values " + s.many(",", func() string { return "(" + s.v() + ",st_geomfromtext(" + s.v() + "))" }) + " on duplicate key update a = values(a)"
	},
	"tuples": func(s speaker) string {
		return "select a from t where (a, b) in (" + s.many(", ", func() string { return "(" + s.v() + ", " + s.v() + ")" }) + ")"
	},
	"tuples compared": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "(a, b) = (" + s.v() + ", " + s.v() + ")" })
	},
	"select of literals":     func(s speaker) string { return "select " + s.many(", ", s.v) },
	"arithmetic of literals": func(s speaker) string { return "select a from t where b > " + s.many(" + ", s.v) },
	"multiplied literals":    func(s speaker) string { return "select a from t where b > " + s.many(" * ", s.v) },
	"dates with intervals": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "d > " + s.v() + " - interval " + s.v() + " day" })
	},
	"union all": func(s speaker) string {
		return s.from(2, " union all ", func() string { return "select a from t where b = " + s.v() })
	},
	"union all in parentheses": func(s speaker) string {
		return s.from(2, " union all ", func() string { return "(select a from t where b = " + s.v() + " limit " + s.v() + ")" })
	},
	"union all, nested": func(s speaker) string {
		out := "(select a from t where b = " + s.v() + ")"
		for i := range 1 + s.IntN(8) {
			if i > 0 {
				out = "(" + out + ")"
			}
			out += " union all (select a from t where b = " + s.v() + ")"
		}
		return out
	},
	"union, names of the first": func(s speaker) string {
		out := "select " + s.v() + " as id, " + s.v() + " as name"
		for range 1 + s.IntN(20) {
			out += " union all select " + s.v() + ", " + s.v()
		}
		return "select * from (" + out + ") as v"
	},
	"intersect": func(s speaker) string {
		return s.from(2, " intersect ", func() string { return "select a from t where b = " + s.v() })
	},
	"except": func(s speaker) string {
		return s.from(2, " except ", func() string { return "(select a from t where b = " + s.v() + ")" })
	},
	"statements": func(s speaker) string {
		return s.many("; ", func() string { return "update t set a = " + s.v() + " where id = " + s.v() })
	},
	"uuid table":         func(s speaker) string { return "select a from `tmp_" + s.uuid("_") + "` where b = 1" },
	"uuid table, dashed": func(s speaker) string { return "drop temporary table if exists `import-" + s.uuid("-") + "`" },
	"hash table":         func(s speaker) string { return "create temporary table tmp_" + s.hex(32) + " (id int)" },
	"hash schema":        func(s speaker) string { return "select a from tenant_" + s.hex(8) + ".orders where b = 1" },
	"hash schema, quoted": func(s speaker) string {
		return "select t.a from `tenant_" + s.hex(16) + "`.`orders` t join u on u.id = t.id"
	},
	"savepoint":         func(s speaker) string { return s.pick("savepoint ") + "sp_" + s.hex(12) },
	"release savepoint": func(s speaker) string { return "RELEASE SAVEPOINT `" + s.uuid("-") + "`" },
	"rollback to":       func(s speaker) string { return "rollback to savepoint s" + s.hex(9) },
	"prepare":           func(s speaker) string { return "prepare stmt_" + s.hex(10) + " from 'select 1'" },
	"execute":           func(s speaker) string { return "execute stmt_" + s.hex(10) + " using @a" },
	"deallocate":        func(s speaker) string { return "deallocate prepare stmt_" + s.hex(10) },
	"partition":         func(s speaker) string { return "alter table t drop partition p" + s.hex(8) },
	"partition, dates":  func(s speaker) string { return fmt.Sprintf("alter table t drop partition p%d", 20260000+s.IntN(1000)) },
	"procedure schema":  func(s speaker) string { return "call tenant_" + s.hex(8) + ".close_day(" + s.v() + ")" },
	"hibernate aliases": func(s speaker) string {
		n := s.IntN(100)
		return fmt.Sprintf("select o%d_.id as id%d_, o%[1]d_.name as name%d_ from orders o%[1]d_ where o%[1]d_.id = 1", n, s.IntN(100), s.IntN(100))
	},
	"laravel aliases": func(s speaker) string {
		n := s.IntN(100)
		return fmt.Sprintf("select * from users where exists (select * from users as laravel_reserved_%d where users.id = laravel_reserved_%[1]d.parent_id)", n)
	},
	"sqlalchemy aliases": func(s speaker) string {
		n := s.IntN(100)
		return fmt.Sprintf("select anon_%d.id from (select id from t where a = 1) as anon_%[1]d", n)
	},
	"entity framework parameters": func(s speaker) string {
		n := s.IntN(100)
		return fmt.Sprintf("set @__p%d = 5; select a from t where b = @__p%[1]d", n)
	},
	"numbered variables": func(s speaker) string { return fmt.Sprintf("select @p%d", s.IntN(100)) },
	"not equal":          func(s speaker) string { return "select a from t where b " + s.pick("<>", "!=") + " 1" },
	"value, values": func(s speaker) string {
		return "insert into t (a) " + s.pick("value", "values", "VALUES") + " (" + s.v() + ")"
	},
	"call in braces": func(s speaker) string { return s.pick("{ call p(1) }", "{call p(2)}", "call p(3)", "CALL p (4)") },
}

// Statements that only look alike stay apart.
var keptApart = append([][2]string{
	{"select a from t where a = 1 or b = 2", "select a from t where a = 1 and b = 2"},
	{"select a from t where a = 1 or a = 2", "select a from t where a = 1 or a > 2"},
	{"select a from t where a = 1 or b = 2", "select a from t where a = 1 or a = 2"},
	{"select a from t where (a = 1 or b = 2) and b = 3", "select a from t where a = 1 or b = 2"},
	{"select a from t where ((a = 1 or b = 2) or b = 3) and c = 4", "select a from t where ((a = 1 or b = 2) or b = 3) or c = 4"},
	{"select a from t where a = 1 or a = 2", "select a from t where a = 1 or a = 2 or a is null"},
	{"select a from t where a = 1 or a = b", "select a from t where a = 1 or a = 2"},
	{"select a from t where (a = 1 and b = 2) or (a = 3 and b = 4)", "select a from t where (a = 1 or b = 2) and (a = 3 or b = 4)"},
	{"select a from t where (a = 1 and b = 2) or (a = 3 and b = 4)", "select a from t where (a = 1 and b = 2) or (a = 3 and c = 4)"},
	{"select a from t where a like 'x' or a like 'y'", "select a from t where a like 'x' or a not like 'y'"},
	{"select a from t where a between 1 and 2", "select a from t where a = 1 and a = 2"},
	{"select a from t where lower(a) = 'x'", "select a from t where upper(a) = 'x'"},
	{"select round(a) from t", "select round(a, 2) from t"},
	{"select substring(a, 1) from t", "select substring(a, 1, 2) from t"},
	{"select truncate(a, 1) from t", "select truncate(a, b) from t"},
	{"select concat(a, 'x') from t", "select concat('x', a) from t"},
	{"select concat(a, 'x', b) from t", "select concat(a, 'x') from t"},
	{"select field(id, 1, 2) from t", "select field(id, a, 2) from t"},
	{"select case id when 1 then 2 end from t", "select case id when 1 then 2 else 3 end from t"},
	{"select case id when 1 then 2 end from t", "select case when id = 1 then 2 end from t"},
	{"select case id when 1 then a end from t", "select case id when 1 then b end from t"},
	{"select case when a = 1 then 2 when b = 1 then 2 end from t", "select case when a = 1 then 2 when a = 3 then 2 end from t"},
	{"select a from t order by b asc", "select a from t order by b desc"},
	{"select a from facade", "select a from decade"},
	{"select a from ad20240101", "select a from feed20240101"},
	{"select a from facade2024", "select a from decade2024"},
	{"select a from added_feed", "select a from feed_added"},
	{"select addr1 from t", "select addr2 from t"},
	{"select t1.a from t t1 join t t2 on t1.id = t2.parent", "select t2.a from t t1 join t t2 on t1.id = t2.parent"},
	{"select t1.a from t t1 join t t2 on t1.id = t2.p", "select t1.a from t t1 join t t2 on t2.id = t1.p"},
	{"select a from t where a = 1", "select a from t where a in (1)"},
	{"select a, b from t", "select a from t"},
	{"select a, b from t", "select b, a from t"},
	{"insert into t (a, b) values (1, 2)", "insert into t (a) values (1)"},
	{"select a from t union all select b from t", "select a from t union all select a from t"},
	{"select a from t union select a from t", "select a from t union all select a from t"},
	{"select a from t intersect select a from t", "select a from t except select a from t"},
	{"select a from t where not (a = 1 or a = 2)", "select a from t where a = 1 or a = 2"},
	{"select a from t where (a = 1 or a = 2) and b = 3", "select a from t where a = 1 or a = 2 and b = 3"},
	{"select a from t where exists (select 1 from u where b = 1)", "select a from t where not exists (select 1 from u where b = 1)"},
	{"select a from t where b > 1 + c", "select a from t where b > 1"},
	{"select a from t where b > c + 2", "select a from t where b > c * 2"},
	{"select a from t where b > 1 + 2 * c", "select a from t where b > 3 * c"},
	{"update t set a = 1; update t set a = 2", "update t set a = 1; delete from t"},
	{"savepoint cafe", "savepoint face"},
	{"select a from t where b in (@v1, @v2)", "select a from t where b in (1, 2)"},
	{"select a from t where b in (@v, @w)", "select a from t where b in (@v)"},
	{"select a from t where b in (@v1, @v2)", "select a from t where b in (@v1, 2)"},
	{"select a from t t1, t t2 where exists (select 1 from u u1 where u1.a = t1.a and b = 1) or exists (select 1 from u u2 where u2.a = t2.a and b = 1)",
		"select a from t t1, t t2 where exists (select 1 from u u1 where u1.a = t1.a and b = 1) or exists (select 1 from u u2 where u2.a = t1.a and b = 1)"},
	{"select a from t t1 where t1.b in (select c from t t2 where t2.d = 1) or t1.b in (select c from t t3 where t1.d = 1)",
		"select a from t t1 where t1.b in (select c from t t2 where t2.d = 1) or t1.b in (select c from t t3 where t3.d = 1)"},
	{"update t1, t2 set t1.a = t2.a where t1.b = 1", "update t1, t2 set t2.a = t1.a where t1.b = 1"},
	{"update t1, t2 set t1.a = t2.a where t1.b = 1", "update t1, t2 set t1.a = t2.a where t2.b = 1"},
	{"delete t1 from t1 join t2 on t1.a = t2.a", "delete t2 from t1 join t2 on t1.a = t2.a"},
	{"select * from t1 join t2 on t1.a = t2.a where t1.b = 1", "select * from t1 join t2 on t1.a = t2.a where t2.b = 1"},
	{"select t1.a from t1 join t2 on t1.a = t2.a", "select t2.a from t1 join t2 on t1.a = t2.a"},
	{"insert into t2024 select * from t2023", "insert into t2024 select * from t2024"},
	{"select a from t1 where a in (select b from t2 where t2.x = t1.x)", "select a from t1 where a in (select b from t2 where t2.x = t2.y)"},
	{"select a from (t1 join t2 on t1.a = t2.b)", "select a from (t1 join t2 on t2.a = t1.b)"},
	{"select a, 1", "select a"},
	{"select a, 1", "select a, 1, 2"},
}, variablesApart...)

// The server's digest has no names of variables.
var variablesApart = [][2]string{
	{"select a from t where b in (@v1, @v2)", "select a from t where b in (@v1, @w2)"},
	{"select @v1", "select @@v1"},
}

const statementsOfShape = 300

func allShapes() map[string]func(s speaker) string {
	all := maps.Clone(frameworkShapes)
	maps.Copy(all, moreShapes)
	return all
}

// As a class has one text, so have any two statements of a shape.
func TestFrameworkShapes(t *testing.T) {
	for name, say := range allShapes() {
		s := speaker{rand.New(rand.NewPCG(14, 14))}
		classes := map[string]string{}
		for range statementsOfShape {
			sql := say(s)
			classes[fingerprint.Of(sql)] = sql
		}
		if len(classes) == 1 {
			continue
		}
		var b strings.Builder
		shown := 0
		for fp, sql := range classes {
			if shown++; shown <= 2 {
				fmt.Fprintf(&b, "\n\t%.200s\n\t\t%.200s", sql, fp)
			}
		}
		t.Errorf("%s: %d classes, as%s", name, len(classes), b.String())
	}
}

func TestKeptApart(t *testing.T) {
	for _, pair := range keptApart {
		if a, b := fingerprint.Of(pair[0]), fingerprint.Of(pair[1]); a == b {
			t.Errorf("%s\nand\n%s\nare both %s", pair[0], pair[1], a)
		}
	}
}
