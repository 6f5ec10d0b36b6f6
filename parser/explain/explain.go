// Package explain reads the plans that MariaDB writes into its slow log, above the statement, with
// log_slow_verbosity=explain:
//
//	# explain: id	select_type	table	type	possible_keys	key	key_len	ref	rows	r_rows	filtered	r_filtered	Extra
//	# explain: 1	SIMPLE	orders	ALL	NULL	NULL	NULL	NULL	2806500	2806500.00	100.00	0.00	Using where
//
// The server writes names as they are, tabs and line feeds included. What a Shape holds is of known words
// and of names in the form of names, so that nothing else comes out of a log this way.
package explain

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"slices"
)

// Prefix begins each line of a plan.
const Prefix = "# explain: "

// The most of a plan that is read: later lines, and rows that are not like the one before, are counted.
const (
	MaxText = 64 << 10 // bytes
	MaxRows = 12
)

// Shape is what plans have in common that differ only in their numbers.
type Shape struct {
	ID   string // 16 hexadecimal digits of all the rows
	Rows []Row
	More int // rows that there is no room for
}

// Row says how a table is read, or in Extra why none is. Rows that follow on each other and are alike are one.
type Row struct {
	Select string `json:"select_type,omitempty"`
	// Table is the name or alias of a table as fingerprints have it, digits as ?; <derived>, <union> and
	// the like of a result; Unnamed where it has another form; and empty where no table is read.
	Table string `json:"table,omitempty"`
	Type  string `json:"type,omitempty"` // such as ALL, ref or ref|filter
	Key   string `json:"key,omitempty"`  // several with , or | between them
	// Ref is what the key is compared with: const for a literal, func, or the column of a table.
	Ref   string   `json:"ref,omitempty"`
	Extra []string `json:"extra,omitempty"`
	Times int      `json:"times,omitempty"` // how many rows it stands for, if several
}

// Unnamed stands for a name that has not the form of one.
const Unnamed = "?"

// Scans reports whether all rows of a table are read. That of a temporary table is no table's.
func (r *Row) Scans() bool {
	return (r.Type == "ALL" || r.Type == "hash_ALL") && r.Table != "" && r.Table[0] != '<'
}

// Numbers are those of a row, of several that are one their sum; a negative one is not known. Of an inner table
// of a join they are of one of the times that it is read, as a mean.
type Numbers struct {
	Rows, Read             float64 // estimated, and read in fact
	Filtered, ReadFiltered float64 // the part of them that conditions leave, in percent
}

// Plan is that of an entry. The zero Plan is of one that has none.
type Plan struct {
	Shape   *Shape
	Numbers []Numbers // of each of its rows
}

// memory bounds the bytes that a Reader remembers plans in, and cost is what one takes in addition to its text.
const (
	memory = 1 << 20
	cost   = 256
)

// A Reader reads plans. It belongs to one goroutine. The zero value is ready.
type Reader struct {
	known  map[string]known // by the text of a plan without its numbers
	used   int              // bytes
	tables map[string]string

	text    []byte
	columns columns
	fields  [][]byte
	lines   []Numbers // of the plan that is read
	numbers []Numbers // room for those of further plans
}

// known is a shape, and which of its rows each line of the text is: -1 is none. Without a shape there is none
// to be told.
type known struct {
	shape *Shape
	rows  []int8
}

// columns are the fields of a line in their order.
type columns struct {
	header []byte
	at     [len(columnNames)]int // -1 is none
	n      int
}

// columnNames are those that are read. Others may stand between them, as partitions.
var columnNames = [...]string{"select_type", "table", "type", "key", "ref", "Extra", "rows", "r_rows", "filtered", "r_filtered"}

const (
	colSelect = iota
	colTable
	colType
	colKey
	colRef
	colExtra
	colRows // from here on numbers
	colRead
	colFiltered
	colReadFiltered
)

// Read reads the lines of a plan that stand above a statement; of none the plan is zero. So it is where a line
// has another form, as one has with a tab in a name, and where the statement holds what looks like such a line: an
// alias may have put it there. The plan is the caller's to keep.
func (r *Reader) Read(lines, sql []byte) Plan {
	header, rest, _ := bytes.Cut(lines, []byte("\n"))
	if len(rest) == 0 || bytes.Contains(sql, []byte(Prefix)) || !r.readHeader(header) {
		return Plan{}
	}
	r.text, r.lines = append(r.text[:0], r.columns.header...), r.lines[:0]
	for line := range bytes.Lines(rest) {
		if !r.split(line) {
			return Plan{}
		}
		for _, at := range r.columns.at[:colRows] {
			r.text = append(r.text, '\t')
			if at >= 0 {
				r.text = append(r.text, r.fields[at]...)
			}
		}
		r.text = append(r.text, '\n')
		r.lines = append(r.lines, Numbers{number(r.field(colRows)), number(r.field(colRead)), number(r.field(colFiltered)), number(r.field(colReadFiltered))})
	}
	k, found := r.known[string(r.text)]
	if !found {
		k = r.shape(rest)
		r.remember(k)
	}
	if k.shape == nil {
		return Plan{}
	}
	return Plan{k.shape, r.add(k)}
}

// remember keeps the shape of the text. Where they are many, it starts again.
func (r *Reader) remember(k known) {
	if r.used += len(r.text) + cost; r.known == nil || r.used > memory {
		r.known, r.tables, r.used = make(map[string]known), nil, len(r.text)+cost
	}
	r.known[string(r.text)] = k
}

// readHeader finds the columns, which are those of the plan before in all but a few.
func (r *Reader) readHeader(line []byte) bool {
	c := &r.columns
	if c.n > 0 && bytes.Equal(line, c.header) {
		return true
	}
	rest, ok := bytes.CutPrefix(bytes.TrimSuffix(line, []byte("\r")), []byte(Prefix))
	if !ok {
		return false
	}
	*c = columns{header: append(c.header[:0], line...)}
	for i := range c.at {
		c.at[i] = -1
	}
	for name := range bytes.SplitSeq(rest, []byte("\t")) {
		for i, known := range columnNames {
			if string(name) == known && c.at[i] < 0 {
				c.at[i] = c.n
			}
		}
		c.n++
	}
	if !bytes.HasPrefix(rest, []byte("id\t")) || c.at[colTable] < 0 || c.at[colType] < 0 || c.at[colKey] < 0 {
		c.n = 0
	}
	return c.n > 0
}

// split splits a line into its fields, and reports whether it has as many as columns.
func (r *Reader) split(line []byte) bool {
	line, ok := bytes.CutPrefix(line, []byte(Prefix))
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	r.fields = r.fields[:0]
	for ok {
		n := bytes.IndexByte(line, '\t')
		if n < 0 {
			break
		}
		r.fields = append(r.fields, line[:n])
		line = line[n+1:]
	}
	r.fields = append(r.fields, line)
	return ok && len(r.fields) == r.columns.n
}

// field returns a field of the line that was split, and nothing of NULL.
func (r *Reader) field(column int) []byte {
	at := r.columns.at[column]
	if at < 0 || string(r.fields[at]) == "NULL" {
		return nil
	}
	return r.fields[at]
}

// shape makes that of the lines.
func (r *Reader) shape(lines []byte) known {
	s, rows := new(Shape), []int8(nil)
	last, more := "", false
	hash := md5.New()
	for line := range bytes.Lines(lines) {
		r.split(line)
		row := r.row()
		text := row.text()
		switch n := len(s.Rows); {
		case row.Select == "INSERT", row.Table == "" && (row.Extra == nil || row.Extra[0] == "No tables used"): // which reads nothing
			rows = append(rows, -1)
			continue
		case text == last && more:
			rows = append(rows, -1)
			continue
		case text == last:
			s.Rows[n-1].Times = max(s.Rows[n-1].Times, 1) + 1
		case n == MaxRows:
			s.More++
			more = true
		default:
			s.Rows = append(s.Rows, row)
		}
		if text != last {
			hash.Write([]byte(text))
		}
		last = text
		if more {
			rows = append(rows, -1)
			continue
		}
		rows = append(rows, int8(len(s.Rows)-1))
	}
	if s.Rows == nil {
		return known{}
	}
	s.ID = hex.EncodeToString(hash.Sum(nil)[:8])
	return known{s, rows}
}

// add adds up the numbers of the lines that are one row of the shape.
func (r *Reader) add(k known) []Numbers {
	n := len(k.shape.Rows)
	if cap(r.numbers)-len(r.numbers) < n {
		r.numbers = make([]Numbers, 0, 256)
	}
	from := len(r.numbers)
	r.numbers = r.numbers[:from+n]
	out := r.numbers[from : from+n : from+n]
	for i := range out {
		out[i] = Numbers{-1, -1, -1, -1}
	}
	for i, at := range k.rows {
		if at < 0 {
			continue
		}
		n := r.lines[i]
		if slices.Contains(k.shape.Rows[at].Extra, "Using filesort") { // of which r_rows is what came out of it
			n.Read, n.ReadFiltered = -1, -1
		}
		out[at].add(n)
	}
	return out
}

// add adds the rows of another line that is of the same row. Of percentages that of the first is kept.
func (n *Numbers) add(m Numbers) {
	sum := func(a, b float64) float64 {
		if a < 0 || b < 0 {
			return max(a, b)
		}
		return a + b
	}
	n.Rows, n.Read = sum(n.Rows, m.Rows), sum(n.Read, m.Read)
	if n.Filtered < 0 {
		n.Filtered = m.Filtered
	}
	if n.ReadFiltered < 0 {
		n.ReadFiltered = m.ReadFiltered
	}
}

// number reads a number, as in 40, 40.00 and 100 (5%), or returns -1.
func number(b []byte) float64 {
	n, digits, scale := 0.0, 0, 0.0
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9' && digits < 18:
			n = 10*n + float64(c-'0')
			digits++
			scale *= 10
		case c == '.' && scale == 0 && digits > 0:
			scale = 1
		case c == ' ' && digits > 0 && i+1 < len(b) && b[i+1] == '(':
			return n / max(scale, 1)
		default:
			return -1
		}
	}
	if digits == 0 {
		return -1
	}
	return n / max(scale, 1)
}
