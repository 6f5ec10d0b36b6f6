package parser

import (
	"bytes"
	"time"
)

// entry is an Event and what of its header is not part of it.
type entry struct {
	Event
	sql int // index in the window of what follows the header: the statement

	logged     time.Time // from "# Time:"
	loggedZone zone
	epoch      time.Time // from SET timestamp; zero if there is none
	start, end time.Time // of log_slow_extra

	garbled                        bool // "# Time:" cannot be read
	holdsHeader                    bool // a name or text in the line at hand seems to hold the first line of another
	twofold                        bool // one does
	merged                         bool // a line of the header seems to hold the first one of another
	hasUser                        bool // the line User@Host has been read
	hasQueryTime, badTime, badLock bool
	hasRoutine                     bool // the name of a routine is in the header's last lines
	hasID, hasSchema, schemaOpen   bool // schemaOpen: its line does not end as the server ends it
	warned, clear                  bool // the header has warnings, and it is clear where they end
	readFirst                      uint64
	seen                           seen

	// The lines "# explain:" that are kept, as indices in the window, and where those end that are not.
	plan, planEnd, planLines int
}

// maxExplain is how many bytes are kept of the lines of a plan.
const maxExplain = 64 << 10

// explained notes a line of a plan. Only the last ones count, without others between them: what is above may be of
// a routine's name.
func (e *entry) explained(i, end int) {
	if i != e.planLines {
		e.plan, e.planEnd = i, i
	}
	if e.planLines = end; e.planEnd == i && end-e.plan <= maxExplain {
		e.planEnd = end
	}
}

// form holds what the headers of one log have in common. An entry that is cut can have
// less of it.
type form struct {
	zoned bool // "# Time:" tells the zone, and every entry has one
	local bool // it does not, or the entry has no "# Time:"
	id    bool // "Id:" in the line User@Host
	stamp bool // SET timestamp

	known  bool // one header has been read
	fields seen // of seenQuery and seenConnection, those that every header has
}

func (e *entry) form() form {
	zoned := e.loggedZone == utcTime
	return form{zoned: zoned, local: !zoned && !e.garbled, id: e.hasID, stamp: !e.epoch.IsZero(),
		known: true, fields: e.seen & (seenQuery | seenConnection)}
}

// add takes in the form of an entry.
func (f *form) add(e *entry) {
	g := e.form()
	if f.id, f.stamp = f.id || g.id, f.stamp || g.stamp; f.known {
		g.fields &= f.fields
	}
	f.known, f.fields = true, g.fields
	if g.zoned || g.local {
		f.zoned, f.local = g.zoned, g.local
	}
}

// has reports whether an entry has all of the form. With exact it has no more,
// either.
func (f form) has(e *entry, exact bool) bool {
	g := e.form()
	if exact {
		g.fields &= f.fields
		return f == g
	}
	return f.hasHeader(e) && (g.stamp || !f.stamp) && !(f.zoned && g.local) && !(f.local && g.zoned)
}

// hasHeader reports whether the header of an entry has all that the others have, but for
// "# Time:", which may be lost: no name has room for the rest.
func (f form) hasHeader(e *entry) bool {
	g := e.form()
	return (g.id || !f.id) && g.fields&f.fields == f.fields
}

// headerLine reads a line of a header, and reports whether it is one.
func (e *entry) headerLine(line []byte, first bool, names *interner) bool {
	if len(line) > 2 {
		switch line[2] { // most lines begin with none of these prefixes
		case 'T':
			if bytes.HasPrefix(line, []byte(timePrefix)) {
				return first && e.timeLine(line[len(timePrefix):], names)
			}
		case 'U':
			if bytes.HasPrefix(line, []byte(userPrefix)) {
				return !e.hasUser && e.userLine(line[len(userPrefix):], names)
			}
		case 'a':
			if bytes.HasPrefix(line, []byte(adminPrefix)) {
				return false
			}
		case 'e':
			if bytes.HasPrefix(line, []byte(explainPrefix)) {
				e.holdsHeader = holdsHeader(line[1:])
				return true
			}
		}
	}
	if !bytes.HasPrefix(line, []byte("#")) && !bytes.HasPrefix(line, []byte("Tmp_tables: ")) { // PS-7492
		return false
	}
	e.fields(line, names)
	return true
}

// holdsHeader reports whether the first line of a header can begin within b.
func holdsHeader(b []byte) bool {
	n := bytes.IndexByte(b, '#')
	return n >= 0 && (bytes.Contains(b[n:], []byte(userPrefix)) || bytes.Contains(b[n:], []byte(timePrefix)))
}

// timeLine reads "# Time:", which in some logs is followed by User@Host.
func (e *entry) timeLine(line []byte, names *interner) bool {
	var n int
	e.logged, e.loggedZone, n = entryTime(line)
	if e.loggedZone == noTime {
		return false
	}
	if n == len(line) {
		return true
	}
	rest := bytes.TrimLeft(line[n:], " \t")
	if len(rest) < len(line)-n && bytes.HasPrefix(rest, []byte(userPrefix)) {
		return e.userLine(rest[len(userPrefix):], names)
	}
	if len(rest) > 0 {
		e.loggedZone = noTime
	}
	return len(rest) == 0
}

// userLine reads "user[user] @ host [ip]  Id: 1". The user can hold brackets,
// blanks and @; the host cannot.
func (e *entry) userLine(line []byte, names *interner) bool {
	at := bytes.LastIndexByte(line, '@')
	if at < 2 || line[at-2] != ']' {
		return false
	}
	host := line[at+1:]
	open, shut := bytes.IndexByte(host, '['), bytes.IndexByte(host, ']')
	if open < 0 || shut < open {
		return false
	}
	ip, rest := host[open+1:shut], host[shut+1:]
	if host = bytes.Trim(host[:open], " "); len(host) == 0 {
		host = ip
	}
	e.merged = e.merged || bytes.IndexByte(line[:at], '#') >= 0 && !isTwice(line[:at-2])
	e.User, e.Host = names.get(userOf(line[:at-2])), names.get(host)
	seenBefore := e.seen & seenQuery
	e.fields(rest, names)
	if e.seen&seenQuery != seenQuery { // else all is in one line, as Percona Server once wrote it
		e.seen = e.seen&^seenQuery | seenBefore
		if seenBefore == 0 { // a host's name can hold such a thing
			e.QueryTime, e.LockTime, e.RowsSent, e.RowsExamined = 0, 0, 0, 0
			e.hasQueryTime, e.badTime, e.badLock = false, false, false
		}
	}
	e.hasUser = true
	return true
}

// userOf splits "account[login". The two are the same but for anonymous
// accounts, whose account is empty, and for proxies.
func userOf(b []byte) []byte {
	if isTwice(b) {
		return b[:len(b)/2]
	}
	account, login, _ := bytes.Cut(b, []byte("["))
	if len(account) == 0 {
		return login
	}
	return account
}

// interner keeps one string for each user, host and schema, so that an entry
// costs no memory. It is bounded, as the names of a hostile log need not be.
type interner struct {
	names  map[string]string
	recent [16]string // by length: most entries have the names of others before them
}

const (
	maxNames = 4096
	maxName  = 256 // bytes; longer ones are not kept
)

func (n *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	recent := &n.recent[len(b)%len(n.recent)]
	if *recent == string(b) {
		return *recent
	}
	s, found := n.names[string(b)]
	if !found {
		if s = string(b); len(s) > maxName {
			return s
		}
		if n.names == nil || len(n.names) >= maxNames {
			n.names = make(map[string]string)
		}
		n.names[s] = s
	}
	*recent = s
	return s
}
