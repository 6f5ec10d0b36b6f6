package fingerprint

import "strings"

// sentence says a statement of MySQL, each of whose choices is a byte; where there are no
// more bytes it takes the first, which is the shortest.
type sentence struct{ choices []byte }

func (s *sentence) choose(n int) int {
	if len(s.choices) == 0 {
		return 0
	}
	c := int(s.choices[0]) % n
	s.choices = s.choices[1:]
	return c
}

func (s *sentence) pick(of ...string) string { return of[s.choose(len(of))] }

func (s *sentence) many(sep string, form func() string) string {
	out := []string{form()}
	for range s.choose(5) {
		out = append(out, form())
	}
	return strings.Join(out, sep)
}

func (s *sentence) statement() string {
	switch s.choose(6) {
	case 1:
		return "insert into " + s.table() + " (a, b) " + s.pick("values ", "value ") + s.many(", ", s.row) + s.pick("", " on duplicate key update a = values(a), b = 1", " returning a")
	case 2:
		return "update " + s.source() + " set a = " + s.expression() + s.where() + s.limit()
	case 3:
		return "delete from " + s.table() + s.where() + s.limit()
	case 4:
		return s.many(s.pick(" union ", " union all ", " except ", " intersect "), s.query)
	case 5:
		return s.many("; ", func() string { return s.pick("set @p1 = 5", "savepoint sp_12", "call p1(2)", "use db_1", "commit") })
	}
	return s.query()
}

func (s *sentence) query() string {
	if s.choose(8) == 1 {
		return "(" + s.query() + ")"
	}
	return "select " + s.pick("", "distinct ", "/* c */ ") + s.many(", ", s.item) + " from " + s.many(s.pick(" join ", ", ", " left join "), s.source) +
		s.where() + s.pick("", " group by a", " order by a asc, b desc") + s.limit() + s.pick("", " for update")
}

func (s *sentence) item() string {
	return s.expression() + s.pick("", " as c1", " x", " as `n 1`")
}

func (s *sentence) source() string {
	if s.choose(8) == 1 {
		return "(" + s.query() + ") as d1"
	}
	return s.table() + s.pick("", " t1", " as u", " as t2")
}

func (s *sentence) table() string {
	return s.pick("t", "t_1", "db1.t", "`t 2`", "`T`", "tmp_7ab49c1e")
}

func (s *sentence) where() string {
	if s.choose(2) == 0 {
		return ""
	}
	return " where " + s.condition()
}

func (s *sentence) limit() string {
	return s.pick("", " limit 5", " limit 5, 6", " limit 5 offset 7")
}

func (s *sentence) condition() string {
	switch s.choose(8) {
	case 1:
		return "(" + s.condition() + ")"
	case 2, 3:
		return s.many(s.pick(" or ", " and "), s.condition)
	case 4:
		op, member, out := s.pick(" or ", " and "), s.predicate(), s.predicate()
		for range s.choose(5) {
			out = "(" + out + op + member + ")"
		}
		return out
	case 5:
		return "not " + s.condition()
	}
	return s.predicate()
}

func (s *sentence) predicate() string {
	switch s.choose(7) {
	case 1:
		return s.column() + s.pick(" in (", " not in (") + s.many(", ", s.expression) + ")"
	case 2:
		return s.column() + " in (" + s.query() + ")"
	case 3:
		return s.column() + s.pick(" is null", " like 'x'", " between 1 and 2")
	case 4:
		return "exists (" + s.query() + ")"
	}
	return s.column() + s.pick(" = ", " <> ", " != ", " > ") + s.expression()
}

func (s *sentence) row() string { return "(" + s.many(", ", s.expression) + ")" }

func (s *sentence) expression() string {
	switch s.choose(9) {
	case 1:
		return s.column()
	case 2:
		return s.pick("f", "concat", "coalesce", "json_object", "field") + s.row()
	case 3:
		return s.expression() + s.pick(" + ", " - ", " * ", " div ") + s.expression()
	case 4:
		return "case " + s.many(" ", func() string { return "when " + s.condition() + " then " + s.expression() }) + s.pick("", " else 1") + " end"
	case 5:
		return s.pick("@v1", "@v2", "@x", "@@sql_mode", "now()", "null", "true", "date '2026-01-01'")
	case 6:
		return "(" + s.query() + ")"
	}
	return s.pick("1", "'a'", "-2", "0x1F", "'it''s'", "?", "_utf8mb4'x'", "1.5e3")
}

func (s *sentence) column() string { return s.pick("a", "b", "t1.a", "t2.b", "addr1", "`c d`", "c1") }
