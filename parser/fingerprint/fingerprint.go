// Package fingerprint tells which statements are alike, and where quoted text and
// comments end.
//
// Statements are of one class if their fingerprints are the same text. It is
// written from the tokens of the statement, in lower case and with one spacing, and
// holds no literal. docs/fingerprints.md has the rules, with an example of each, and
// where they differ from those of pt-query-digest and of the server's own digest.
//
// In short: a literal is "?"; lists of any length, rows, members of a chain of AND or OR,
// branches of CASE and UNION and the arguments of functions that take any number of them
// are one where they are alike; names that are generated lose their digits.
//
// Of quotes and comments:
//
//   - A text in double quotes after FROM, JOIN, INTO, UPDATE or TABLE, in the list of
//     tables there, or after the dot of such a name, is a name, as under ANSI_QUOTES.
//     Anywhere else it is a literal, and so it is where the grammar has a value after
//     such a word, as in FOR SYSTEM_TIME FROM and TRIM(... FROM ...).
//   - /*M! ... */, which is code to MariaDB and a comment to MySQL, goes. If it holds
//     what MySQL and MariaDB would end at different places, the fingerprint ends
//     before it. In a log of MariaDB it is code: see AppendMariaDB.
//
// The log does not tell how a session read and wrote strings. Where it is not certain
// what is a literal, the fingerprint ends, with EndsEarly if that leaves anything out:
//
//   - A backslash before a quote may be a character, under NO_BACKSLASH_ESCAPES, and
//     so may the first of several after a question mark or a byte beyond ASCII, which
//     may be the second byte of a character of SJIS, GBK or Big5. If a statement can be
//     read to its end in another way than by MySQL's defaults, the fingerprint ends at
//     the first string that may end elsewhere. Under NO_BACKSLASH_ESCAPES no backslash of
//     the statement escapes anything. A way is impossible if a token stands
//     where it cannot, such as a word after a string, if there is a backslash in code, or
//     a string, comment or name without an end in a statement that was not cut; and if
//     under NO_BACKSLASH_ESCAPES all that comes after the first such string, and those
//     joined to it, is code and a comment that holds the other quotes.
//   - If by MySQL's defaults a token stands where it cannot, as in 'O'Brien' and 'the
//     girls' secret', or a string, name or comment has no end, any quote before may be
//     the wrong one: the fingerprint ends at the first string. A word next to a string
//     is one that the manuals have there, or an alias where there may be one. A name in
//     back-quotes is of one line, no longer than MySQL allows, and touches no other. An
//     operator, a comma or a semicolon comes after no operator, no comma between CASE and
//     END, a word of ODBC's after a brace, and a statement that was not cut ends with no
//     operator and leaves no parenthesis or brace open.
//
// Statements come with other literals again and again. Their skeleton, see
// AppendSkeleton, costs a sixth of the fingerprint, and each skeleton has but one. It
// obeys the same rules: a statement whose fingerprint would end early for a backslash or
// a missing end has none, and any other skeleton's fingerprint ends where its
// statement's does.
package fingerprint

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strings"
	"sync"
)

// Of returns the text that all statements of a class have in common:
// see the package comment for the rules. It holds no literal of the statement.
func Of(sql string) string {
	return string(Append(nil, []byte(sql), false))
}

// truncationNotice stands after a line that RDS cut.
const truncationNotice = "[Your log message was truncated]"

// EndsEarly stands at the end of the fingerprint of a statement of which it is not known
// from a place on what is a literal. MySQL's own digest text ends like that where it
// is truncated.
const EndsEarly = " ..."

// Append appends the fingerprint of sql to dst. Cut says that sql is
// only the beginning of a statement; then a last word that may be only a part of
// one is left out, and a list that is open is closed. Sql is not kept.
func Append(dst, sql []byte, cut bool) []byte {
	dst, _ = AppendCounting(dst, sql, cut)
	return dst
}

// AppendCounting is Append, and returns how many members the longest list of the
// statement had that the fingerprint shows as one: elements of IN, rows of VALUES,
// arguments, branches of CASE and UNION, members of AND and OR. It is 0 if there is none.
func AppendCounting(dst, sql []byte, cut bool) (fingerprint []byte, longest int) {
	if s, noticed := bytes.CutSuffix(trimEnd(sql), []byte(truncationNotice)); noticed {
		sql, cut = bytes.TrimRight(s, " \r\n"), true
	}
	if name, ok := adminName(sql); ok {
		return AppendAdmin(dst, name), 0
	}
	f := formatters.Get().(*formatter)
	defer formatters.Put(f)
	if s, early := bytes.CutSuffix(trimEnd(sql), []byte(EndsEarly)); early && !cut && !bytes.HasSuffix(s, []byte(";")) { // a fingerprint
		if dst = f.format(dst, s, false); !bytes.HasSuffix(dst, []byte(EndsEarly)) {
			dst = append(dst, EndsEarly...)
		}
		return dst, f.longest
	}
	dst = f.format(dst, sql, cut)
	return dst, f.longest
}

// trimEnd leaves out the white space and semicolons that a statement ends with.
func trimEnd(sql []byte) []byte {
	for n := len(sql); n > 0; n-- {
		switch sql[n-1] {
		case ' ', '\t', '\r', '\n', ';':
		default:
			return sql[:n]
		}
	}
	return nil
}

// formatters saves the room that each statement's formatter needs.
var formatters = sync.Pool{New: func() any { return new(formatter) }}

const adminCommand = "administrator command:"

// adminName returns the name of an administrator command as the log has it.
func adminName(sql []byte) ([]byte, bool) {
	s := bytes.TrimSpace(sql)
	if len(s) > 0 && s[0] == '#' {
		s = bytes.TrimLeft(s[1:], " \t")
	}
	if len(s) < len(adminCommand) || s[0]|0x20 != 'a' || !strings.EqualFold(string(s[:len(adminCommand)]), adminCommand) {
		return nil, false
	}
	name := s[len(adminCommand):]
	return name, bytes.IndexByte(name, '\n') < 0
}

// commands are the names that MySQL and MariaDB give the commands of their protocol in
// the log (Command_names in MySQL's sql_parse.cc, command_name in MariaDB's).
var commands = []string{
	"Sleep", "Quit", "Init DB", "Query", "Field List", "Create DB", "Drop DB", "Refresh", "Shutdown", "Statistics",
	"Processlist", "Connect", "Kill", "Debug", "Ping", "Time", "Delayed insert", "Change user", "Binlog Dump",
	"Table Dump", "Connect Out", "Register Slave", "Register Replica", "Prepare", "Execute", "Long Data", "Close stmt",
	"Reset stmt", "Set option", "Fetch", "Daemon", "Binlog Dump GTID", "Reset Connection", "Reset connection", "clone",
	"Group Replication Data Stream subscription", "Unimpl get tid", "Bulk_execute", "Slave_worker", "Slave_IO",
	"Slave_SQL", "Com_multi", "Error",
}

// AppendAdmin appends the class of an administrator command, such as
// Quit. Its case is kept, as pt-query-digest does. What is none of the server's commands
// came from elsewhere, and is "other".
func AppendAdmin(dst, name []byte) []byte {
	dst = append(dst, adminCommand...)
	dst = append(dst, ' ')
	name = trimEnd(bytes.TrimSpace(name))
	for _, c := range commands {
		if string(name) == c {
			return append(dst, c...)
		}
	}
	return append(dst, "other"...)
}

// ID returns the MD5 of a fingerprint in 32 upper-case hexadecimal digits, as
// pt-query-digest prints it since 3.0.11.
func ID(fingerprint string) string {
	sum := md5.Sum([]byte(fingerprint))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// ShortID returns the last half of a query ID, which people are shown, as in PMM. It
// is the whole ID of pt-query-digest before 3.0.11.
func ShortID(id string) string { return id[max(0, len(id)-16):] }

// Rules is the version of the rules of the package comment. It is raised when a
// change of them gives some statements another fingerprint, and so another ID.
// Whoever compares IDs of two releases has to know under which rules each was made.
//
//	1  states and reports that name none were made under these
//	2  repetition folds in AND and OR, CASE, calls of any number of arguments and
//	   set operations; hexadecimal digits fold in generated names
const Rules = 2
