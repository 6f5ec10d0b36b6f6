package filter

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"go.starlark.net/syntax"
)

func not(x func(*call) truth) func(*call) truth {
	return func(c *call) truth {
		switch x(c) {
		case no:
			return yes
		case yes:
			return no
		}
		return unknown
	}
}

func and(x, y func(*call) truth) func(*call) truth {
	return func(c *call) truth {
		a := x(c)
		if a == no {
			return no
		}
		if b := y(c); b != yes {
			return b
		}
		return a
	}
}

func or(x, y func(*call) truth) func(*call) truth {
	return func(c *call) truth {
		a := x(c)
		if a == yes {
			return yes
		}
		if b := y(c); b != no {
			return b
		}
		return a
	}
}

// calculate makes a number that is unknown where it is none: after a division by zero, as in SQL,
// and beyond the range of numbers.
func calculate(op syntax.Token, x, y func(*call) (float64, bool)) func(*call) (float64, bool) {
	result := map[syntax.Token]func(a, b float64) float64{
		syntax.PLUS:  func(a, b float64) float64 { return a + b },
		syntax.MINUS: func(a, b float64) float64 { return a - b },
		syntax.STAR:  func(a, b float64) float64 { return a * b },
		syntax.SLASH: func(a, b float64) float64 { return a / b },
	}[op]
	return func(c *call) (float64, bool) {
		a, aKnown := x(c)
		b, bKnown := y(c)
		if !aKnown || !bKnown {
			return 0, false
		}
		v := result(a, b)
		if math.IsInf(v, 0) || math.IsNaN(v) {
			c.missing |= noNumber
			return 0, false
		}
		return v, true
	}
}

// verdicts say what a comparison comes to where the left side is less, equal and greater.
var verdicts = map[syntax.Token][3]truth{
	syntax.EQL: {no, yes, no}, syntax.NEQ: {yes, no, yes},
	syntax.LT: {yes, no, no}, syntax.LE: {yes, yes, no},
	syntax.GT: {no, no, yes}, syntax.GE: {no, yes, yes},
}

func compared[T any](op syntax.Token, x, y func(*call) (T, bool), order func(a, b T) int) func(*call) truth {
	verdict := verdicts[op]
	return func(c *call) truth {
		a, aKnown := x(c)
		b, bKnown := y(c)
		if !aKnown || !bKnown {
			return unknown
		}
		return verdict[order(a, b)+1]
	}
}

// compare compares values of one kind, a time with a text that is one, and a field with None, which
// is not unknown.
func (c *compiler) compare(e *syntax.BinaryExpr, x, y node) (func(*call) truth, error) {
	equality := e.Op == syntax.EQL || e.Op == syntax.NEQ
	var err error
	switch {
	case (x.kind == aNone) != (y.kind == aNone):
		if x.kind == aNone {
			x = y
		}
		return c.compareNone(e, x, equality)
	case x.kind == aTime && y.kind == aText && y.literal:
		y, err = c.timeOf(e.Y, y)
	case y.kind == aTime && x.kind == aText && x.literal:
		x, err = c.timeOf(e.X, x)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case x.kind != y.kind || x.kind == aList || x.kind == aNone:
		err := c.errorAt(e.OpPos, "%s is %s, and %s is %s: they do not compare", brief(x.shown), x.kind, brief(y.shown), y.kind)
		if x.kind == aTime || y.kind == aTime {
			err.Reason += `; a time does with a text such as "2026-11-23T10:00"`
		}
		return nil, err
	case x.kind == aNumber:
		return compared(e.Op, x.number, y.number, cmp.Compare[float64]), nil
	case x.kind == aText:
		return compared(e.Op, x.text, y.text, bytes.Compare), nil
	case x.kind == aTime:
		return compared(e.Op, x.moment, y.moment, time.Time.Compare), nil
	case !equality:
		return nil, c.errorAt(e.OpPos, "a condition is neither less nor more than another; there are == and !=")
	}
	return compared(e.Op, asValue(x.holds), asValue(y.holds), func(a, b truth) int { return cmp.Compare(a, b) }), nil
}

// asValue is a condition as a value that may not be known.
func asValue(holds func(*call) truth) func(*call) (truth, bool) {
	return func(c *call) (truth, bool) {
		t := holds(c)
		return t, t != unknown
	}
}

func (c *compiler) compareNone(e *syntax.BinaryExpr, x node, equality bool) (func(*call) truth, error) {
	switch {
	case x.field < 0:
		return nil, c.errorAt(e.OpPos, "only a field can be None, and not %s", brief(x.shown))
	case !equality:
		return nil, c.errorAt(e.OpPos, "None is neither less nor more than a value; there are == and !=")
	}
	is := e.Op == syntax.EQL
	return func(c *call) truth { return truthOf(x.told(c) != is) }, nil
}

func (c *compiler) timeOf(e syntax.Expr, n node) (node, error) {
	t, err := ParseTime(n.value.(string))
	if err != nil {
		start, _ := e.Span()
		return node{}, c.errorAt(start, "%s is no time: %v", brief(n.shown), err)
	}
	return node{kind: aTime, shown: n.shown, field: -1, moment: func(*call) (time.Time, bool) { return t, true }}, nil
}

// member reports whether a value is in a list, or a text is a part of another.
func (c *compiler) member(e *syntax.BinaryExpr, x node, y *node) (func(*call) truth, error) {
	switch {
	case y.kind == aText && x.kind == aText && y.literal && !x.literal:
		return nil, c.errorAt(e.OpPos, "%s is no list; write [%[1]s], or ==", brief(strconv.Quote(y.value.(string))))
	case y.kind == aText && x.kind == aText:
		return textTest(x.text, y.text, func(part, of []byte) bool { return bytes.Contains(of, part) }), nil
	case y.kind != aList:
		return nil, c.errorAt(e.OpPos, "%s is %s: in wants a list after it, or between two texts", brief(y.shown), y.kind)
	case x.kind != y.items[0].kind:
		return nil, c.errorAt(e.OpPos, "%s is %s, and the list holds %s", brief(x.shown), x.kind, plural(y.items[0].kind))
	case x.kind == aNumber:
		var values []float64
		for _, i := range y.items {
			values = append(values, i.value.(float64))
		}
		return func(c *call) truth {
			v, known := x.number(c)
			if !known {
				return unknown
			}
			return truthOf(slices.Contains(values, v))
		}, nil
	}
	var values [][]byte
	for _, i := range y.items {
		values = append(values, []byte(i.value.(string)))
	}
	return func(c *call) truth {
		v, known := x.text(c)
		if !known {
			return unknown
		}
		for _, w := range values {
			if bytes.Equal(v, w) {
				return yes
			}
		}
		return no
	}, nil
}

func plural(k kind) string {
	if k == aNumber {
		return "numbers"
	}
	return "texts"
}
