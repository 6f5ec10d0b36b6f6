package fingerprint_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"slowdigest/parser/fingerprint"
)

// chain says a condition of one column in any of the ways in which frameworks write a
// chain of them: bare, in parentheses, each member in them, nested to the left.
func (s speaker) chain(op string, member func() string) string {
	each := func() string { return "(" + member() + ")" }
	switch s.IntN(6) {
	case 0:
		return "(" + s.many(op, member) + ")"
	case 1:
		return s.many(op, each)
	case 2:
		return "(" + s.many(op, each) + ")"
	case 3:
		return s.nested(op, member)
	case 4:
		return s.nested(op, each)
	}
	return s.many(op, member)
}

// nestedFrom says a chain nested to the left, of a member and two or more others.
func (s speaker) nestedFrom(first, op string, member func() string) string {
	for range 2 + s.IntN(20) {
		first = "(" + first + op + member() + ")"
	}
	return first
}

// leftwards says a chain nested to the left, as EF Core does: (a op a) op a.
func (s speaker) leftwards(op string, member func() string) string {
	out := member()
	for i := range s.IntN(12) {
		if i > 0 {
			out = "(" + out + ")"
		}
		out += op + member()
	}
	return out
}

// variable is a numbered user variable.
func (s speaker) variable() string { return fmt.Sprintf("@p%d", s.IntN(50)) }

// moreShapes take the same forms to other places of a statement.
var moreShapes = map[string]func(s speaker) string{
	"or, in any way": func(s speaker) string {
		return "select a from t where " + s.chain(" or ", func() string { return "a = " + s.v() })
	},
	"or of pairs, in any way": func(s speaker) string {
		return "select a from t where " + s.chain(" or ", func() string { return "(a = " + s.v() + " and b = " + s.v() + ")" })
	},
	"mixed chain, nested to the left": func(s speaker) string {
		return "select a from t where " + s.nestedFrom("c = "+s.v(), " or ", func() string { return "a = " + s.v() }) + " and d = 1"
	},
	"mixed chain of pairs, nested to the left": func(s speaker) string {
		return "select a from t where " + s.nestedFrom("c = "+s.v(), " or ", func() string { return "(a = " + s.v() + " and b = " + s.v() + ")" })
	},
	"pairs in no parentheses, nested to the left": func(s speaker) string {
		pair := func() string { return "a = " + s.v() + " and b = " + s.v() }
		return "select a from t where " + s.nestedFrom(pair(), " or ", pair)
	},
	"or of pairs with a list, in any way": func(s speaker) string {
		return "select a from t where " + s.chain(" or ", func() string { return "(a = " + s.v() + " and b in (" + s.many(", ", s.v) + "))" })
	},
	"lists, each in parentheses": func(s speaker) string {
		chain := s.many(" or ", func() string { return "(a in (" + s.many(", ", s.v) + "))" })
		return "select a from t where x = 1 and (" + chain + ")"
	},
	"lists of tuples, in any way": func(s speaker) string {
		tuple := func() string { return "(" + s.v() + ", " + s.v() + ")" }
		return "select a from t where " + s.chain(" or ", func() string { return "(t.a, t.b) in (" + s.many(", ", tuple) + ")" })
	},
	"subqueries with a list, in any way": func(s speaker) string {
		return "select a from t where " + s.chain(" and ", func() string { return "a in (select b from u where c in (" + s.many(", ", s.v) + "))" })
	},
	"pairs, nested to the right": func(s speaker) string {
		pair := func() string { return "a = " + s.v() + " and b = " + s.v() }
		out := pair()
		for range s.IntN(20) {
			out = pair() + " or (" + out + ")"
		}
		return "select a from t where " + out
	},
	"members of two kinds in turns, with aliases of their own": func(s speaker) string {
		n := s.IntN(20)
		member := func(column string) string {
			n++
			return fmt.Sprintf("exists (select * from t as x_%[1]d join t as x_%[2]d on x_%[1]d.b = x_%[2]d.c where x_%[1]d.%[3]s = %[4]s)", n, 80+n, column, s.v())
		}
		first := member("d") + " and " + member("e")
		return "select a from t where " + first + " and " + s.many(" and ", func() string { return member(s.pick("d", "e")) })
	},
	"having, in any way": func(s speaker) string {
		return "select a, sum(b) from t group by a having " + s.chain(" and ", func() string { return "sum(b) > " + s.v() }) + " order by a"
	},
	"on, in any way": func(s speaker) string {
		return "select a from t left join u on " + s.chain(" or ", func() string { return "u.k like " + s.v() }) + " left join w on w.a = t.a"
	},
	"when, in any way": func(s speaker) string {
		return "select case when " + s.chain(" or ", func() string { return "a = " + s.v() }) + " then b else c end from t"
	},
	"subquery, in any way": func(s speaker) string {
		return "select a from t where b in (select b from u where " + s.chain(" or ", func() string { return "c <=> " + s.v() }) + ") limit 1"
	},
	"after a predicate, in any way": func(s speaker) string {
		return "select a from t where x = 1 and (" + s.chain(" or ", func() string { return "a = " + s.v() }) + ")"
	},
	"before a predicate, in any way": func(s speaker) string {
		return "select a from t where (" + s.chain(" or ", func() string { return "a = " + s.v() }) + ") and x = 1 for update"
	},
	"not, in any way": func(s speaker) string {
		return "select a from t where not (" + s.chain(" or ", func() string { return "a = " + s.v() }) + ")"
	},
	"chain in a call": func(s speaker) string {
		return "select if(" + s.many(" or ", func() string { return "a = " + s.v() }) + ", b, c) from t"
	},
	"chain in a select list": func(s speaker) string {
		return "select " + s.many(" or ", func() string { return "a = " + s.v() }) + " as found, b from t"
	},
	"like with an escape": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "a like " + s.v() + " escape '!'" })
	},
	"not exists": func(s speaker) string {
		return "select a from t where " + s.many(" and ", func() string { return "not exists (select 1 from u where u.a = t.a and b = " + s.v() + ")" })
	},
	"and of betweens": func(s speaker) string {
		return "select a from t where " + s.many(" and ", func() string { return "d not between " + s.v() + " and " + s.v() }) + " and b is null"
	},
	"json operators": func(s speaker) string {
		return "select a from t where " + s.many(" and ", func() string { return "j->>'$.a' = " + s.v() })
	},
	"collations": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "a = binary " + s.v() + " collate utf8mb4_bin" })
	},
	"rows compared with rows": func(s speaker) string {
		return "select a from t where row(a, b) in (" + s.many(", ", func() string { return "row(" + s.v() + ", " + s.v() + ")" }) + ")"
	},
	"tuples, not in": func(s speaker) string {
		return "delete from t where (a, b) not in (" + s.many(",", func() string { return "(" + s.v() + "," + s.v() + ")" }) + ") limit 5"
	},
	"tuples, in and in": func(s speaker) string {
		in := func() string {
			return "(a, b) in (" + s.many(",", func() string { return "(" + s.v() + "," + s.v() + ")" }) + ")"
		}
		return "select a from t where " + s.many(" or ", in)
	},
	"nested cases": func(s speaker) string {
		inner := func() string {
			return "case b " + s.many(" ", func() string { return "when " + s.v() + " then " + s.v() }) + " end"
		}
		return "update t set a = case id " + s.many(" ", func() string { return "when " + s.v() + " then " + inner() }) + " else a end"
	},
	"case in a sum": func(s speaker) string {
		return "select sum(case " + s.many(" ", func() string { return "when a in (" + s.many(",", s.v) + ") then " + s.v() }) + " else 0 end) from t"
	},
	"case of nulls": func(s speaker) string {
		return "update t set a = case id " + s.many(" ", func() string { return "when " + s.v() + " then " + s.pick("null", "true", s.v()) }) + " end"
	},
	"calls in calls": func(s speaker) string {
		return "select concat(a, coalesce(b, " + s.many(", ", s.v) + "), " + s.many(", ", s.v) + ") from t"
	},
	"calls that are alike": func(s speaker) string {
		return "select greatest(" + s.many(", ", func() string { return "ifnull(a, " + s.v() + ")" }) + ") from t"
	},
	"json_object with a column": func(s speaker) string {
		return "select json_object('a', a, " + s.many(", ", func() string { return s.v() + ", " + s.v() }) + ") from t"
	},
	"multipoint": func(s speaker) string {
		return "insert into t (g) select multipoint(" + s.many(", ", func() string { return "point(" + s.v() + ", " + s.v() + ")" }) + ") from u"
	},
	"insert, select, union": func(s speaker) string {
		return "insert into t (a, b) " + s.from(2, " union all ", func() string { return "select " + s.v() + ", " + s.v() })
	},
	"union of pairs in a join": func(s speaker) string {
		out := "select t.a from t join (select " + s.v() + " as a, " + s.v() + " b"
		for range 1 + s.IntN(20) {
			out += " union all select " + s.v() + ", " + s.v()
		}
		return out + ") v on v.a = t.a"
	},
	"two aliases": func(s speaker) string {
		n := s.IntN(100)
		return fmt.Sprintf("select o%[1]d_.a, o%[2]d_.b from orders o%[1]d_ join orders o%[2]d_ on o%[1]d_.id = o%[2]d_.parent where o%[2]d_.a = 1", n, n+1+s.IntN(100))
	},
	"alias in order by": func(s speaker) string {
		return fmt.Sprintf("select count(*) as col_%[1]d_0_ from t group by a order by col_%[1]d_0_ desc", s.IntN(100))
	},
	"delete of an alias": func(s speaker) string {
		return fmt.Sprintf("delete t%[1]d from t as t%[1]d join u on u.id = t%[1]d.id where u.a = 1", s.IntN(100))
	},
	"update of an alias": func(s speaker) string {
		return fmt.Sprintf("update t as t%[1]d set t%[1]d.a = 1 where t%[1]d.id = 2", s.IntN(100))
	},
	"two variables": func(s speaker) string {
		n := s.IntN(100)
		return fmt.Sprintf("select @p%d, @p%d", n, n+1+s.IntN(100))
	},
	"variables in a list": func(s speaker) string { return "select a from t where b in (" + s.many(", ", s.variable) + ")" },
	"variables in rows": func(s speaker) string {
		return "insert into t (a, b) values " + s.many(", ", func() string { return "(" + s.many(", ", s.variable) + ")" })
	},
	"variables in a chain": func(s speaker) string {
		return "select a from t where " + s.chain(" or ", func() string { return "a = " + s.variable() })
	},
	"variables in a case": func(s speaker) string {
		return "update t set a = case id " + s.many(" ", func() string { return "when " + s.variable() + " then " + s.variable() }) + " end"
	},
	"variables in a call": func(s speaker) string { return "select a from t order by field(id, " + s.many(", ", s.variable) + ")" },
	"arithmetic with NULL and introducers": func(s speaker) string {
		value := func() string { return s.pick("null", "true", "_utf8mb4'x'", "date '2026-01-01'", s.v()) }
		return "update t set a = " + s.many(s.pick(" + ", " * ", " div "), value) + " where b = 1"
	},
	"tables of a subquery in a list": func(s speaker) string {
		return fmt.Sprintf("select a from t where b in (select b from t_%d x, t_%d y where x.a = y.a)", s.IntN(100), s.IntN(100))
	},
	"chain of lists of calls, nested to the left": func(s speaker) string {
		return "select a from t where " + s.nestedFrom("a <> b", " and ", func() string { return "a not in (now())" })
	},
	"aliases after a case": func(s speaker) string {
		n := s.IntN(100)
		return fmt.Sprintf("select case when a = 1 then b end as col_%d_0_, c as col_%d_1_, d as col_%d_2_ from t", n, n, n)
	},
	"partitions": func(s speaker) string {
		return fmt.Sprintf("select a from t partition (p%d, p%d) where b = 1", s.IntN(100), s.IntN(100))
	},
	"hash of a shard": func(s speaker) string {
		h := s.hex(32)
		return "select `tmp_" + h + "`.a from `tmp_" + h + "` join u on u.id = `tmp_" + h + "`.id"
	},
	"members with aliases of their own": func(s speaker) string { // Hibernate
		n, k := s.IntN(20), 0
		return fmt.Sprintf("select a from orders o%[1]d_0 where ", n) + s.many(" or ", func() string {
			k++
			return fmt.Sprintf("exists(select 1 from items i%[2]d_0 join t t%[2]d_1 on t%[2]d_1.a=i%[2]d_0.a where i%[2]d_0.oid=o%[1]d_0.id and t%[2]d_1.sku=%[3]s)", n, k, s.v())
		})
	},
	"subqueries with aliases of their own": func(s speaker) string { // Prisma
		k := s.IntN(20)
		return "select a.id from a where " + s.many(" and ", func() string {
			k++
			return fmt.Sprintf("(a.id) in (select t%[1]d.aid from b as t%[1]d where (t%[1]d.x=%[2]s and t%[1]d.aid is not null))", k, s.v())
		})
	},
	"branches with aliases of their own": func(s speaker) string {
		k := s.IntN(20)
		return s.from(2, " union all ", func() string {
			k++
			return fmt.Sprintf("select t%[1]d.a from (select a from t where b=%[2]s) t%[1]d", k, s.v())
		})
	},
	"alias of a function's table": func(s speaker) string {
		return fmt.Sprintf("select j%[1]d.a from t join json_table(t.b, '$[*]' columns (a int path '$.a')) as j%[1]d on j%[1]d.a = %[2]s", s.IntN(50), s.v())
	},
	"alias of a partition": func(s speaker) string {
		return fmt.Sprintf("select t%[1]d.a from t partition (p1) t%[1]d where t%[1]d.a = %[2]s", s.IntN(50), s.v())
	},
	"alias of values": func(s speaker) string {
		return fmt.Sprintf("select v%[1]d.a1 from (values row(1, 2)) as v%[1]d (a1, b1) where v%[1]d.a1 = %[2]s", s.IntN(50), s.v())
	},
	"alias of rows": func(s speaker) string {
		return fmt.Sprintf("insert into `t_%[1]d` (`a`, `b`) values %[2]s as `t_%[1]d_values` on duplicate key update `t_%[1]d`.`b` = `t_%[1]d_values`.`b`",
			s.IntN(50), s.many(",", func() string { return "(" + s.v() + ", " + s.v() + ")" }))
	},
	"alias of a version": func(s speaker) string {
		return fmt.Sprintf("select t%[1]d.a from t for system_time %[3]s t%[1]d where t%[1]d.a = %[2]s", s.IntN(50), s.v(),
			"as of '2026-01-01'")
	},
	"lists, nested to the left": func(s speaker) string {
		return "select a from t where " + s.leftwards(" or ", func() string { return "(x in (" + s.many(", ", s.v) + "))" })
	},
	"groups with lists, nested to the left": func(s speaker) string {
		return "select a from t where " + s.leftwards(" or ", func() string { return "((x in (" + s.many(", ", s.v) + ")) and (y = " + s.v() + "))" })
	},
	"groups with subqueries, nested to the left": func(s speaker) string {
		return "select a from t where " + s.leftwards(" or ", func() string { return "((x in (select b from u where c = " + s.v() + ")) and (y = " + s.v() + "))" })
	},
	"nested to the left in a call": func(s speaker) string {
		return "select if(" + s.leftwards(" or ", func() string { return "(x = " + s.v() + ")" }) + ", 1, 2)"
	},
	"match against": func(s speaker) string {
		return "select a from t where " + s.many(" or ", func() string { return "match(a) against (" + s.v() + " in boolean mode)" })
	},
	"tables dropped": func(s speaker) string {
		return "drop table if exists " + s.many(", ", func() string { return fmt.Sprintf("tmp_%d", s.IntN(1000)) })
	},
	"partitions dropped": func(s speaker) string {
		return "alter table t drop partition " + s.many(", ", func() string { return fmt.Sprintf("p%d", s.IntN(1000)) })
	},
	"aliases that are hashes": func(s speaker) string { // TypeORM, where they would be too long
		a, b := s.hex(40), s.hex(40)
		return fmt.Sprintf("select `u`.`id` as `%s`, `u`.`b` as `%s` from `user` `u` where a = %s order by `%[2]s`", a, b, s.v())
	},
	"tables of one statement": func(s speaker) string {
		n, m := s.IntN(50), 50+s.IntN(50)
		return fmt.Sprintf("select t%[1]d.a, t%[2]d.a from t%[1]d join `t%[2]d` on t%[1]d.b = t%[2]d.b where t%[1]d.c = 1 and t%[2]d.d = 2", n, m)
	},
	"two tables of each shard": func(s speaker) string {
		k := 100
		return s.from(2, " union all ", func() string {
			k += 2
			return fmt.Sprintf("select a from s_%d x join s_%d y on x.a = y.a where x.b = %s", k, k+1, s.v())
		})
	},
	"schemas of one statement": func(s speaker) string {
		n := s.IntN(50)
		return fmt.Sprintf("insert into db%[1]d.t select * from db%[2]d.t where db%[2]d.t.a = %[3]s", n, n+1+s.IntN(50), s.v())
	},
	"drop prepare":  func(s speaker) string { return "drop prepare stmt_" + s.hex(10) },
	"create schema": func(s speaker) string { return "create database if not exists `tenant-" + s.uuid("-") + "`" },
}

// Where members of two kinds come in any order, there are as many classes as there are
// orders in which they may come first: of one, of the other, and of both, in two.
func TestMixedKindsAreFourClasses(t *testing.T) {
	for name, say := range map[string]func(s speaker) string{
		"keys with NULL": func(s speaker) string {
			return "select a from t where " + s.many(" or ", func() string {
				return "(a = " + s.v() + " and b " + s.pick("= 1", "is null") + " and c = " + s.v() + ")"
			})
		},
		"bare": func(s speaker) string {
			return "select a from t where " + s.many(" and ", func() string { return s.pick("a", "b") + " = " + s.v() })
		},
		"branches": func(s speaker) string {
			return "update t set a = case id " + s.many(" ", func() string { return "when " + s.v() + " then " + s.pick(s.v(), "now()") }) + " end"
		},
		"pairs": func(s speaker) string {
			return "update t set j = json_set(j, " + s.many(", ", func() string { return s.v() + ", " + s.pick(s.v(), "a") }) + ")"
		},
		"rows": func(s speaker) string {
			return "insert into t values " + s.many(", ", func() string { return "(" + s.v() + ", " + s.pick(s.v(), "a + 1") + ")" })
		},
	} {
		s := speaker{rand.New(rand.NewPCG(8, 14))}
		classes := map[string]bool{}
		for range statementsOfShape {
			classes[fingerprint.Of(say(s))] = true
		}
		if len(classes) != 4 {
			t.Errorf("%s: %d classes: %q", name, len(classes), slices.Collect(maps.Keys(classes)))
		}
	}
}
