package fingerprint

import (
	"bytes"
	"math/bits"
	"slices"
	"strconv"
)

// aliases holds the names with digits that a statement gives itself. They lose those
// when it has been read, but for the names of common table expressions, which authors
// choose.
type aliases struct {
	known   []alias
	columns []uint64    // hashes of other names with digits
	tables  []uint64    // and of those of tables whose digits went
	open    []alias     // qualifiers with digits that were none of them
	scope   []tableName // tables of the branches and subqueries that are open
	named   []tableName // tables that have a number
	several []uint64    // hashes of names without their digits that several tables of a scope have
	added   bool        // the last table was added to scope
	read    int         // how many of several were known when the statement was read
	unknown bool        // a name was taken for a table's
	late    bool        // and an alias came after it, so it may have been one
}

type alias struct {
	hash   uint64 // of the name
	masked uint64 // of the name without its digits
	kind   aliasKind
	first  int // where in the statement it is declared first
	at     int // and last
	number int // by order of appearance, of those that are the same when masked
}

// tableName is the name of a table or schema that has digits.
type tableName struct {
	hash   uint64
	masked uint64 // of the name without its digits
	number int    // by order of appearance in its scope, 0 if none has the same masked name
}

type aliasKind byte

const (
	tableAlias aliasKind = iota
	columnAlias
	cteName // or another name that stays
)

// maxAliases bounds the number of aliases, as MySQL bounds that of tables in a join.
// Those after it are taken for names of tables and columns.
const maxAliases = 64

// hash returns the FNV-1a hash of a name.
func hash(name []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range name {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func appendBounded(hashes []uint64, h uint64) []uint64 {
	if len(hashes) < maxAliases && !slices.Contains(hashes, h) {
		hashes = append(hashes, h)
	}
	return hashes
}

// reset forgets all but the room, and keeps what is known if the statement is read again.
func (a *aliases) reset(again bool) {
	if !again {
		a.known, a.several = a.known[:0], a.several[:0]
	}
	a.scope, a.named, a.read = a.scope[:0], a.named[:0], len(a.several)
	a.columns, a.tables, a.open = a.columns[:0], a.tables[:0], a.open[:0]
	a.unknown, a.late = false, false
}

func (a *aliases) find(h uint64) *alias {
	for i := range a.known {
		if a.known[i].hash == h {
			return &a.known[i]
		}
	}
	return nil
}

func (a *aliases) has(h uint64) bool { return a.find(h) != nil }

func (a *aliases) hasCTE(h uint64) bool {
	known := a.find(h)
	return known != nil && known.kind == cteName
}

// add adds a name that the statement declares at a position.
func (a *aliases) add(name []byte, kind aliasKind, at int) {
	h := hash(name)
	if known := a.find(h); known != nil {
		known.at = max(known.at, at)
		if kind == cteName {
			known.kind = cteName
		}
		return
	}
	if len(a.known) == maxAliases {
		return
	}
	if kind <= columnAlias && readsAsKeyword(name) {
		kind = cteName
	}
	a.known = append(a.known, alias{hash: h, masked: maskedHash(name), kind: kind, first: at, at: at})
	a.late = a.late || a.unknown
}

// readsAsKeyword reports whether a name without its digits would be read as a keyword
// and a literal: order1.
func readsAsKeyword(name []byte) bool {
	start := text(name).span(0, isDigit|isMask)
	letters := text(name).span(start, isLetter)
	after := text(name).span(letters, isDigit|isMask)
	return text(name).at(after) != '_' && isKeyword(name[start:letters])
}

// maskedHash returns the hash of a name without its digits and quotes.
func maskedHash(name []byte) uint64 {
	var room [64]byte
	masked := append(room[:0], bytes.Trim(name, "`")...)
	return hash(masked[:maskGenerated(masked)])
}

// addTable adds the name of a table to the scope at hand, unless it is there, and returns
// its number.
func (a *aliases) addTable(h, masked uint64) int {
	a.added = false
	number := 1
	for _, t := range a.scope {
		if t.hash == h {
			return max(t.number, 0)
		}
		if t.masked == masked {
			number++
		}
	}
	if len(a.scope) == maxAliases {
		return 0
	}
	t := tableName{h, masked, number}
	switch {
	case slices.Contains(a.several, masked):
		if len(a.named) < maxAliases {
			a.named = append(a.named, t)
		}
	case number > 1:
		a.several = append(a.several, masked)
		t.number = newNumber
	default:
		t.number = 0
	}
	a.scope, a.added = append(a.scope, t), true
	return max(t.number, 0)
}

// newNumber is that of a table by which it turned out that there are several.
const newNumber = -1

// dropTable takes the last table back, as it has an alias, by which it is told apart.
func (a *aliases) dropTable() {
	if !a.added {
		return
	}
	last := a.scope[len(a.scope)-1]
	a.scope, a.added = a.scope[:len(a.scope)-1], false
	if n := len(a.several); last.number == newNumber {
		a.several = a.several[:n-1]
	}
	if n := len(a.named); n > 0 && a.named[n-1] == last {
		a.named = a.named[:n-1]
	}
}

// tableNumber returns the number of a table, 0 if it has none.
func (a *aliases) tableNumber(h uint64) int {
	for _, tables := range [...][]tableName{a.scope, a.named} {
		for _, t := range tables {
			if t.hash == h {
				return max(t.number, 0)
			}
		}
	}
	return 0
}

// addOpen adds the name of a table, or of an alias that comes later.
func (a *aliases) addOpen(name []byte) {
	if len(a.open) < maxAliases {
		a.open = append(a.open, alias{hash: hash(name), masked: maskedHash(name)})
	}
}

// addColumn adds the alias of a column. One that is also the name of a column is no
// other name: max(addr1) as addr1.
func (a *aliases) addColumn(name []byte, at int) {
	if len(a.columns) < maxAliases && !slices.Contains(a.columns, hash(name)) {
		a.add(name, columnAlias, at)
	}
}

// see remembers the name of a column, or of something else.
func (a *aliases) see(name []byte) { a.columns = appendBounded(a.columns, hash(name)) }

// unsee forgets a name that was seen last, and turned out to be no column's.
func (a *aliases) unsee(h uint64) {
	if n := len(a.columns); n > 0 && a.columns[n-1] == h {
		a.columns = a.columns[:n-1]
	}
}

// collides reports whether another name would be the same without digits.
func (a *aliases) collides(of *alias) bool {
	for i := range a.known {
		if other := &a.known[i]; other.masked == of.masked && other.hash != of.hash && other.kind != cteName {
			return true
		}
	}
	return slices.Contains(a.tables, of.masked)
}

// appendAlias appends an alias without its digits, or with its number in place of the
// first of them if it would be the same as another.
func (a *aliases) appendAlias(dst, name []byte, of *alias) []byte {
	start := len(dst)
	dst = append(dst, name...)
	dst = dst[:start+maskGenerated(dst[start:])]
	if string(dst[start:]) == "?" {
		dst = append(dst[:start], "`?`"...)
	}
	if !a.collides(of) {
		return dst
	}
	mask := start + bytes.IndexByte(dst[start:], '?')
	var room [64]byte
	after := append(room[:0], dst[mask+1:]...)
	number := of.number
	if number == 0 {
		number = a.lastNumber(of) + 1
	}
	for {
		dst = append(strconv.AppendInt(dst[:mask], int64(number), 10), after...)
		if of.number == number || !slices.Contains(a.columns, hash(dst[start:])) { // the name of a column is taken
			of.number = number
			return dst
		}
		number++
	}
}

// forget forgets the names that were declared from a position of the statement on: they
// went with a member that was folded.
func (a *aliases) forget(since int) {
	gone := func(h uint64) bool {
		known := a.find(h)
		return known != nil && known.first >= since
	}
	a.open = slices.DeleteFunc(a.open, func(o alias) bool { return gone(o.hash) })
	a.known = slices.DeleteFunc(a.known, func(k alias) bool { return k.first >= since })
}

// declares reports whether a name was declared from a position of the statement on.
func (a *aliases) declares(since int) bool {
	return slices.ContainsFunc(a.known, func(k alias) bool { return k.at >= since && k.kind != cteName })
}

// renaming is which names of one member are those of another.
type renaming struct {
	names [16][2]uint64
	n     int
}

// renames reports whether y may stand where x stood, as it did before.
func (r *renaming) renames(x, y uint64) bool {
	for _, pair := range r.names[:r.n] {
		if pair[0] == x || pair[1] == y {
			return pair == [2]uint64{x, y}
		}
	}
	if r.n == len(r.names) {
		return false
	}
	r.names[r.n] = [2]uint64{x, y}
	r.n++
	return true
}

// alike reports whether two texts are the same but for the numbers of the aliases that the
// second declares, which begins after a position of the statement. If so, those of its
// aliases are forgotten.
func (a *aliases) alike(first, second []byte, since int) bool {
	if bytes.Equal(first, second) {
		return true
	}
	if len(a.known) == 0 || max(len(first), len(second))-min(len(first), len(second)) > maxAliases || !a.declares(since) {
		return false
	}
	var r renaming
	for {
		i, end := nextName(first)
		j, last := nextName(second)
		if i != j || !bytes.Equal(first[:i], second[:j]) {
			return false
		}
		if i == len(first) {
			break
		}
		x, y := a.find(hash(first[i:end])), a.find(hash(second[j:last]))
		switch same := bytes.Equal(first[i:end], second[j:last]); {
		case !same && (x == nil || y == nil || x.masked != y.masked || y.at < since || x.kind == cteName || y.kind == cteName):
			return false
		case x != nil && y != nil && (same || x.kind != tableAlias || i == 0 || first[i-1] != '.' || end < len(first) && first[end] == '.'):
			if !r.renames(x.hash, y.hash) {
				return false
			}
		case !same:
			return false
		}
		first, second = first[end:], second[last:]
	}
	a.forget(since)
	return true
}

// unnumbered returns a text in which the aliases that it declares, between two positions of
// the statement, have the numbers in which they appear in it.
func (a *aliases) unnumbered(s []byte, since, until int) []byte {
	if len(a.known) == 0 || len(s) > maxMember || !a.declares(since) {
		return s
	}
	var own []uint64
	out := make([]byte, 0, 2*maxMember)
	for {
		i, end := nextName(s)
		out = append(out, s[:i]...)
		if i == len(s) {
			return out
		}
		x, start := a.find(hash(s[i:end])), len(out)
		out = append(out, s[i:end]...)
		if x != nil && x.kind != cteName && x.at >= since && x.first < until &&
			(x.kind != tableAlias || i == 0 || s[i-1] != '.' || end < len(s) && s[end] == '.') {
			own = appendBounded(own, x.hash)
			out = append(out[:start+maskGenerated(out[start:])], byte(slices.Index(own, x.hash)))
		}
		s = s[end:]
	}
}

// nextName returns where the next name with digits begins and ends, or the end twice.
func nextName(text []byte) (start, end int) {
	for i := range text {
		if byteClass[text[i]]&(isDigit|isMask) == 0 {
			continue
		}
		for start = i; start > 0 && byteClass[text[start-1]]&isLetter != 0; start-- {
		}
		for end = i; end < len(text) && byteClass[text[end]]&(isLetter|isDigit|isMask) != 0; end++ {
		}
		if end-start > 1 || text[i] != '?' {
			return start, end
		}
	}
	return len(text), len(text)
}

// lastNumber returns the last number of the names that are the same without digits.
func (a *aliases) lastNumber(of *alias) (last int) {
	for i := range a.known {
		if other := &a.known[i]; other.masked == of.masked {
			last = max(last, other.number)
		}
	}
	for _, t := range a.named {
		if t.masked == of.masked {
			last = max(last, t.number)
		}
	}
	return last
}

// finishNames masks the digits of the aliases in what was written, and of what turned
// out to be the names of tables that qualify others.
func (n *namer) finishNames() {
	if len(n.names.open) == 0 && len(n.names.known) == 0 && len(n.names.named) == 0 {
		return
	}
	for _, o := range n.names.open {
		if !n.names.has(o.hash) {
			n.names.tables = appendBounded(n.names.tables, o.masked)
		}
	}
	written := append(n.scratch[:0], n.dst[n.base:]...)
	n.scratch = written
	n.dst = n.dst[:n.base]
	done := 0
	for i := 0; i < len(written); i++ {
		if i = nextDigit(written, i); i >= len(written) {
			break
		}
		switch c := written[i]; {
		case c == '`':
			end, _, _ := quoted(written, i)
			if bytes.ContainsAny(written[i:end], "0123456789?") {
				n.dst = append(n.dst, written[done:i]...)
				done = n.finishName(written, i, end)
			}
			i = end - 1
		case byteClass[c]&(isDigit|isMask) != 0:
			start, end := i, i+1
			for start > done && byteClass[written[start-1]]&isLetter != 0 {
				start--
			}
			for end < len(written) && byteClass[written[end]]&(isLetter|isDigit|isMask) != 0 {
				end++
			}
			if start > done && written[start-1] == '@' {
				start--
			}
			if end-start > 1 || c != '?' {
				n.dst = append(n.dst, written[done:start]...)
				done = n.finishName(written, start, end)
			}
			i = end - 1
		}
	}
	n.dst = append(n.dst, written[done:]...)
}

// nextDigit returns an index from i on before which there is neither a digit nor a
// question or quotation mark.
func nextDigit(text []byte, i int) int {
	for ; i < len(text); i += 8 {
		v := load(text, i)
		if found := zeroBytes(v&(0xf0*eachByte)^'0'*eachByte) | zeroBytes(v^'`'*eachByte); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	return i
}

// finishName writes text[i:end], a name with digits, and returns where what is after it
// begins.
func (n *namer) finishName(text []byte, i, end int) int {
	name := text[i:end]
	if end < len(text) && text[end] <= maxNumber {
		n.numberName(name, int(text[end]))
		return end + 1
	}
	dot := end < len(text) && text[end] == '.'
	part := i > 0 && text[i-1] == '.'
	of := n.names.find(hash(name))
	switch {
	case of != nil && of.kind == cteName, end < len(text) && text[end] == '(', i > 0 && (text[i-1] == '@' || text[i-1] == ':'):
		n.dst = append(n.dst, name...)
	case of != nil && (of.kind != tableAlias || dot || !part):
		n.dst = n.names.appendAlias(n.dst, name, of)
	case dot && name[0] != '@':
		n.word.text = len(n.dst)
		n.dst = append(n.dst, name...)
		number := n.names.tableNumber(hash(name))
		if n.maskDigits(); number > 0 {
			masked := append([]byte(nil), n.dst[n.word.text:]...)
			n.dst = n.dst[:n.word.text]
			n.numberName(masked, number)
		}
	default:
		n.dst = append(n.dst, name...)
	}
	return end
}

// maxNumber bounds the numbers of tables. Until the statement has been read, the number
// of one is a control character after its name.
const maxNumber = ' ' - 1

// numberName writes a masked name with a number.
func (n *namer) numberName(name []byte, number int) {
	at := bytes.IndexByte(name, '?')
	n.dst = strconv.AppendInt(append(n.dst, name[:at]...), int64(number), 10)
	n.dst = append(n.dst, name[at+1:]...)
}

// maskTable masks the last word, the name of a table that has a number if it is above 0.
func (n *namer) maskTable(number int) {
	if n.maskDigits(); number > 0 {
		n.dst = append(n.dst, byte(min(number, maxNumber)))
	}
}
