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

// AppendAdmin appends the class of an administrator command, such as
// Quit. Its case is kept, as pt-query-digest does.
func AppendAdmin(dst, name []byte) []byte {
	dst = append(dst, adminCommand...)
	dst = append(dst, ' ')
	for _, c := range bytes.TrimSpace(name) {
		if c != ' ' && byteClass[c]&isLetter == 0 || c >= 0x80 {
			break // commands are words; anything else came from elsewhere
		}
		dst = append(dst, c)
	}
	return bytes.TrimRight(dst, " ")
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
