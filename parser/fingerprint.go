package parser

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strings"
	"sync"
)

// Fingerprint returns the text that all statements of a class have in common:
// see the package comment for the rules. It holds no literal of the statement.
func Fingerprint(sql string) string {
	return string(AppendFingerprint(nil, []byte(sql), false))
}

// truncationNotice is what RDS writes behind a line that it cut.
const truncationNotice = "[Your log message was truncated]"

const adminCommand = "administrator command: "

// AppendFingerprint appends the fingerprint of sql to dst. Cut says that sql is
// only the beginning of a statement; then a last word that may be only a part of
// one is left out, and a list that is open is closed. Sql is not kept.
func AppendFingerprint(dst, sql []byte, cut bool) []byte {
	if s, noticed := bytes.CutSuffix(bytes.TrimSpace(sql), []byte(truncationNotice)); noticed {
		sql, cut = bytes.TrimRight(s, " \r\n"), true
	}
	command := bytes.TrimPrefix(bytes.TrimSpace(sql), []byte("# "))
	if name, ok := bytes.CutPrefix(command, []byte(adminCommand)); ok {
		return AppendAdminFingerprint(dst, name)
	}
	f := formatters.Get().(*formatter)
	*f = formatter{lexer: lexer{sql: sql}, dst: dst, base: len(dst), cut: cut, groups: f.groups[:0]}
	dst = f.run()
	f.sql, f.dst, f.tables = nil, nil, nil
	formatters.Put(f)
	return dst
}

// formatters saves the room that each statement's formatter needs.
var formatters = sync.Pool{New: func() any { return new(formatter) }}

// AppendAdminFingerprint appends the class of an administrator command, such as
// Quit. Its case is kept, as pt-query-digest does.
func AppendAdminFingerprint(dst, name []byte) []byte {
	dst = append(dst, adminCommand...)
	for _, c := range bytes.TrimRight(bytes.TrimSpace(name), ";") {
		if c != ' ' && byteClass[c]&isLetter == 0 || c >= 0x80 {
			break // commands are words; anything else came from elsewhere
		}
		dst = append(dst, c)
	}
	return dst
}

// QueryID is the MD5 of a fingerprint in 32 upper-case hexadecimal digits, as
// pt-query-digest prints it since 3.0.11.
func QueryID(fingerprint string) string {
	sum := md5.Sum([]byte(fingerprint))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// ShortID is the last half of a query ID, which people are shown, as in PMM. It
// is the whole ID of pt-query-digest before 3.0.11.
func ShortID(id string) string { return id[max(0, len(id)-16):] }
