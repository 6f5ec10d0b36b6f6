package filter

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.starlark.net/syntax"
)

// node is a part of a condition. Of its functions it has that of its kind, each of which also
// reports whether the value is known.
type node struct {
	kind  kind
	shown string // as others may see it

	holds  func(*call) truth
	number func(*call) (float64, bool)
	text   func(*call) ([]byte, bool) // valid until the next entry
	moment func(*call) (time.Time, bool)

	field     int              // -1 where it is not a field alone
	told      func(*call) bool // of a field
	literal   bool             // a number or a text as it was written
	value     any              // of a literal: a float64 or a string
	items     []node           // of a list: literals of one kind
	fromQuery bool             // a text of the statement's
}

type compiler struct {
	source string
	used   Missing // the fields in it
	rooms  int
	tags   []string // the keys of those that it asks for
}

// parse makes a node of the text, which must be a condition.
func (c *compiler) parse() (node, error) {
	text := strings.TrimLeft(c.source, " \t\r\n") // what is indented is no expression
	line, column := place(c.source, len(c.source)-len(text))
	if text == "" {
		return node{}, &Error{Line: line, Column: column, Reason: `it is empty; write a condition, such as rows_examined > 1e6 and schema == "shop"`, source: c.source}
	}
	from := syntax.FilePortion{Content: []byte(text), FirstLine: int32(line), FirstCol: int32(column)}
	tree, err := new(syntax.FileOptions).ParseExpr("", from, 0)
	if err != nil {
		return node{}, syntaxError(c.source, err)
	}
	n, err := c.expr(tree)
	if err != nil {
		return node{}, err
	}
	return n, c.wantCondition(tree, n)
}

// expr compiles a part of the tree, which the parser has kept from being deep.
func (c *compiler) expr(e syntax.Expr) (node, error) {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		if tuple, ok := e.X.(*syntax.TupleExpr); ok {
			return c.list(e, tuple.List)
		}
		n, err := c.expr(e.X)
		n.shown = "(" + n.shown + ")"
		return n, err
	case *syntax.Ident:
		return c.name(e)
	case *syntax.Literal:
		return c.literal(e)
	case *syntax.ListExpr:
		return c.list(e, e.List)
	case *syntax.TupleExpr:
		if len(e.List) == 0 { // the only one that is not within a ParenExpr
			return c.list(e, nil)
		}
		start, _ := e.List[len(e.List)-1].Span()
		return node{}, c.errorAt(start, "a comma joins no conditions; write and, or or")
	case *syntax.UnaryExpr:
		return c.unary(e)
	case *syntax.BinaryExpr:
		return c.binary(e)
	case *syntax.CallExpr:
		return c.call(e)
	case *syntax.DotExpr:
		if slices.Contains(methods, e.Name.Name) {
			return node{}, c.errorAt(e.Name.NamePos, "write .%s with parentheses after it, as in host.lower() == \"web\"", e.Name.Name)
		}
	case *syntax.CondExpr:
		return node{}, c.errorAt(e.If, "there is no if; write and, or or")
	}
	start, _ := e.Span()
	return node{}, c.errorAt(start, "this is no part of a condition; there are comparisons, and, or, not, in, + - * / and matches")
}

func (c *compiler) name(e *syntax.Ident) (node, error) {
	switch e.Name {
	case "True", "False":
		holds := truthOf(e.Name == "True")
		return node{kind: aCondition, shown: e.Name, field: -1, holds: func(*call) truth { return holds }}, nil
	case "None":
		return node{kind: aNone, shown: e.Name, field: -1}, nil
	case "matches":
		return node{}, c.errorAt(e.NamePos, `matches wants a text and a regular expression: matches(host, "^web")`)
	case "tag", "tags":
		return node{}, c.errorAt(e.NamePos, wantsKey)
	}
	i := find(e.Name)
	if i < 0 {
		err := c.errorAt(e.NamePos, "there is no field %s", brief(e.Name))
		if slices.Contains(ofClasses, e.Name) {
			err.Reason = fmt.Sprintf("an entry has no %s; --id chooses the calls of a query class", e.Name)
			return node{}, err
		}
		err.Word, err.Known = e.Name, known()
		if field := meant[strings.ToLower(e.Name)]; field != "" {
			err.Reason, err.Word = fmt.Sprintf("there is no field %s; write %s", brief(e.Name), field), ""
		}
		return node{}, err
	}
	return c.fieldNode(i), nil
}

// fieldNode reads a field. A text is copied, for the functions of texts take bytes, but the
// statement is not.
func (c *compiler) fieldNode(i int) node {
	f := &fields[i]
	n := node{kind: f.kind(), shown: f.Name, field: i, told: f.told, fromQuery: f.isQuery}
	c.used |= 1 << i
	switch {
	case f.isQuery:
		n.text = func(c *call) ([]byte, bool) { return c.SQL, true }
	case f.text != nil:
		room := c.room()
		n.text = func(c *call) ([]byte, bool) {
			c.rooms[room] = append(c.rooms[room][:0], f.text(c)...)
			return c.rooms[room], c.tells(i)
		}
	case f.number != nil:
		n.number = func(c *call) (float64, bool) { return f.number(c), c.tells(i) }
	case f.moment != nil:
		n.moment = func(c *call) (time.Time, bool) { return f.moment(c), c.tells(i) }
	default:
		n.holds = func(c *call) truth {
			if !c.tells(i) {
				return unknown
			}
			return truthOf(f.flag(c))
		}
	}
	return n
}

func (c *compiler) room() int {
	c.rooms++
	return c.rooms - 1
}

func (c *compiler) literal(e *syntax.Literal) (node, error) {
	switch v := e.Value.(type) {
	case int64:
		return numberNode(e.Raw, float64(v)), nil
	case float64:
		return numberNode(e.Raw, v), nil
	case *big.Int:
		if f, _ := new(big.Float).SetInt(v).Float64(); !math.IsInf(f, 0) {
			return numberNode(e.Raw, f), nil
		}
	case string:
		if e.Token == syntax.STRING {
			text := []byte(v)
			return node{kind: aText, shown: strconv.Quote(v), field: -1, literal: true, value: v,
				text: func(*call) ([]byte, bool) { return text, true }}, nil
		}
		return node{}, c.errorAt(e.TokenPos, "write the text without the b before it")
	}
	return node{}, c.errorAt(e.TokenPos, "the number is too large")
}

func numberNode(shown string, v float64) node {
	return node{kind: aNumber, shown: shown, field: -1, literal: true, value: v, number: func(*call) (float64, bool) { return v, true }}
}

func (c *compiler) list(e syntax.Expr, items []syntax.Expr) (node, error) {
	start, _ := e.Span()
	if len(items) == 0 {
		return node{}, c.errorAt(start, "the list is empty")
	}
	n := node{kind: aList, field: -1}
	var shown []string
	for _, item := range items {
		i, err := c.expr(item)
		at, _ := item.Span()
		switch {
		case err != nil:
			return node{}, err
		case !i.literal:
			return node{}, c.errorAt(at, "a list holds numbers or texts as they are, and not %s", brief(i.shown))
		case len(n.items) > 0 && i.kind != n.items[0].kind:
			return node{}, c.errorAt(at, "%s is %s, and the list begins with %s", brief(i.shown), i.kind, n.items[0].kind)
		}
		n.items = append(n.items, i)
		shown = append(shown, i.shown)
	}
	n.shown = "[" + strings.Join(shown, ", ") + "]"
	return n, nil
}

func (c *compiler) unary(e *syntax.UnaryExpr) (node, error) {
	if !slices.Contains([]syntax.Token{syntax.NOT, syntax.MINUS, syntax.PLUS}, e.Op) {
		return node{}, c.errorAt(e.OpPos, "there is no %s", e.Op)
	}
	x, err := c.expr(e.X)
	switch {
	case err != nil:
		return node{}, err
	case e.Op == syntax.NOT:
		if err := c.wantCondition(e.X, x); err != nil {
			return node{}, err
		}
		return node{kind: aCondition, shown: "not " + x.shown, field: -1, holds: not(x.holds)}, nil
	case x.kind != aNumber:
		return node{}, c.errorAt(e.OpPos, "%s is %s, and %s wants a number", brief(x.shown), x.kind, e.Op)
	case e.Op == syntax.PLUS:
		x.shown, x.field = "+"+x.shown, -1
		return x, nil
	case x.literal:
		return numberNode("-"+x.shown, -x.value.(float64)), nil
	}
	return node{kind: aNumber, shown: "-" + x.shown, field: -1, number: func(c *call) (float64, bool) {
		v, known := x.number(c)
		return -v, known
	}}, nil
}

func (c *compiler) binary(e *syntax.BinaryExpr) (node, error) {
	x, err := c.expr(e.X)
	if err != nil {
		return node{}, err
	}
	y, err := c.expr(e.Y)
	if err != nil {
		var wrong *Error
		if _, name := e.Y.(*syntax.Ident); name && (e.Op == syntax.EQL || e.Op == syntax.NEQ) && errors.As(err, &wrong) && wrong.Word != "" {
			wrong.Reason += "; a text stands in quotes"
		}
		return node{}, err
	}
	n := node{kind: aCondition, field: -1}
	switch e.Op {
	case syntax.AND, syntax.OR:
		if err := c.wantCondition(e.X, x); err != nil {
			return node{}, err
		}
		if err := c.wantCondition(e.Y, y); err != nil {
			return node{}, err
		}
		if n.holds = and(x.holds, y.holds); e.Op == syntax.OR {
			n.holds = or(x.holds, y.holds)
		}
	case syntax.PLUS, syntax.MINUS, syntax.STAR, syntax.SLASH:
		if x.kind != aNumber || y.kind != aNumber {
			return node{}, c.errorAt(e.OpPos, "%s wants numbers: %s is %s, and %s is %s", e.Op, brief(x.shown), x.kind, brief(y.shown), y.kind)
		}
		n.kind, n.number = aNumber, calculate(e.Op, x.number, y.number)
	case syntax.IN, syntax.NOT_IN:
		if n.holds, err = c.member(e, x, &y); err == nil && e.Op == syntax.NOT_IN {
			n.holds = not(n.holds)
		}
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
		n.holds, err = c.compare(e, x, y)
	default:
		return node{}, c.errorAt(e.OpPos, "there is no %s; there are + - * /, comparisons, and, or, not and in", e.Op)
	}
	hide(&x, &y)
	n.shown = x.shown + " " + e.Op.String() + " " + y.shown
	return n, err
}

// wantCondition returns an error for what is true or false in Python alone.
func (c *compiler) wantCondition(e syntax.Expr, n node) error {
	if n.kind == aCondition {
		return nil
	}
	start, _ := e.Span()
	example := ""
	switch n.kind {
	case aNumber:
		example = "; compare it: " + brief(n.shown) + " > 0"
	case aText:
		example = `; compare it: ` + brief(n.shown) + ` == "…"`
	case aTime:
		example = `; compare it: ` + brief(n.shown) + ` >= "2026-11-23T10:00"`
	}
	return c.errorAt(start, "%s is %s, and a condition is wanted%s", brief(n.shown), n.kind, example)
}

// hide shows a question mark for texts that stand next to the statement's.
func hide(x, y *node) {
	for _, pair := range [][2]*node{{x, y}, {y, x}} {
		if of, n := pair[0], pair[1]; of.fromQuery && !n.fromQuery {
			switch n.kind {
			case aText:
				if n.field < 0 {
					n.shown = "?"
				}
			case aList:
				n.shown = "[" + strings.Join(slices.Repeat([]string{"?"}, len(n.items)), ", ") + "]"
			}
		}
	}
}

// brief is the beginning of what may be long.
func brief(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return harmless(s)
}

func (c *compiler) errorAt(at syntax.Position, format string, args ...any) *Error {
	return &Error{Line: int(at.Line), Column: int(at.Col), Reason: fmt.Sprintf(format, args...), source: c.source}
}
