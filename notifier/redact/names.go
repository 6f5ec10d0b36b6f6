package redact

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxForeign is how many letters outside ASCII a name has that a program reads as it is. A
// sentence without spaces, as in Chinese or Japanese, is longer.
const maxForeign = 24

// maxIdeographs is the same of the scripts that part no words.
const maxIdeographs = 8

// SafeName is a name out of a log (of a user, host, schema, table, column, alias, instance or file) as
// a program may read it that takes instructions in words. One that has not the form of an
// identifier or address is replaced by a hash of itself, such as name_3fa9c1: the same for the
// same name, so that it can still be told from others and counted.
func SafeName(s string) string {
	if s == "" || s == otherNames || isUsual(s) {
		return s
	}
	return hashed(s)
}

// otherNames is digest.OtherNames, which is no name.
const otherNames = "(others)"

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "name_" + hex.EncodeToString(sum[:3])
}

// isUsual reports whether a name has the form of an identifier, an address, a network or a domain.
func isUsual(s string) bool {
	if len(s) > 4*MaxName || utf8.RuneCountInString(s) > MaxName || !utf8.ValidString(s) {
		return false
	}
	return isIdentifier(strings.TrimPrefix(s, "*.")) || address().MatchString(s)
}

// isUsualWord is isUsual of a name in a fingerprint, in which a question mark stands for digits.
func isUsualWord(s string) bool { return isUsual(strings.ReplaceAll(s, "?", "0")) }

// address matches addresses and networks of IP.
var address = onUse(`^(?:[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?|\d{1,3}(?:\.\d{1,3}){3})(?:/\d{1,3})?$`)

// isIdentifier reports whether a name consists of letters, digits and what joins them.
func isIdentifier(s string) bool {
	solid, foreign, ideographs := false, 0, 0
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			solid = true
		case strings.ContainsRune("_$.-", r):
		case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector): // letters that show as nothing, or as a space
			return false
		case unicode.Is(unicode.Lm, r) && r != 'ー' && r != '々', unicode.In(r, styled): // which look like marks, or like other letters
			return false
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.M, r):
			solid = true
			foreign++
			if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
				ideographs++
			}
		default:
			return false
		}
	}
	return solid && foreign <= maxForeign && ideographs <= maxIdeographs
}

// styled are letters of ASCII in the look of mathematics, of a circle or of full width.
var styled = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x2100, Hi: 0x214f, Stride: 1}, {Lo: 0xff00, Hi: 0xff5e, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x1d400, Hi: 0x1d7ff, Stride: 1}, {Lo: 0x1f100, Hi: 0x1f1ff, Stride: 1}},
}

// names replaces the names in a fingerprint as SafeName does, wherever they stand: in back-quotes or
// bare, as alias, variable, label, index or savepoint. Words that follow on each other as they do
// in no SQL are replaced together, and so is what begins with no word of SQL.
func names(fingerprint string) string {
	if fingerprint == "" {
		return ""
	}
	if !begins(fingerprint) {
		return noStatement(fingerprint)
	}
	fingerprint = longChain().ReplaceAllStringFunc(fingerprint, hashed)
	w := nameWriter{in: fingerprint}
	w.begin(fingerprint)
	for w.pos < len(w.in) {
		w.next()
	}
	w.flush()
	if w.prose {
		return noStatement(fingerprint)
	}
	return w.out.String()
}

// begins reports whether a statement may begin so.
func begins(s string) bool {
	s = strings.TrimLeft(s, "( ")
	return verbs[strings.ToLower(verb().FindString(s))] && !isProse(s) || labelled().MatchString(s)
}

func noStatement(s string) string { return "[withheld: no statement of SQL] " + hashed(s) }

// verb matches the first word of a statement.
var verb = onUse(`^[A-Za-z_]+`)

// labelled matches the label of a block.
var labelled = onUse(`^[\w$]{1,64}: ?(begin|loop|while|repeat)\b`)

// remark matches what a fingerprint says of branches that repeat.
var remark = onUse(`^/\*repeat (union|intersect|except|minus)( all| distinct)?\*/`)

// maxAdjacent is how many names follow on each other in SQL: what is named, and its alias.
const maxAdjacent = 2

// nameWriter copies a fingerprint word by word.
type nameWriter struct {
	in   string
	pos  int
	out  strings.Builder
	run  strings.Builder // names that follow on each other, with their spaces
	raw  strings.Builder // the same as they stand in the fingerprint
	many int             // how many they are
	// rows is set in a statement that reads or writes rows, in which few keywords part names.
	rows  bool
	words int  // that follow on each other, keywords too
	prose bool // there were too many of them
	stock int  // how many words from here on are one of the sequences that stock matches
	// ignoring is set after the word IGNORE, which stands before one name, or a keyword, in SQL,
	// and before several in prose.
	ignoring bool
}

// begin looks at how a statement begins.
func (w *nameWriter) begin(s string) {
	w.rows = rowVerbs[strings.ToLower(verb().FindString(strings.TrimLeft(s, "( ")))]
	w.words = 0
}

// takeKeyword reports whether the word at the beginning of rest, which is taken next, is no name.
func (w *nameWriter) takeKeyword(word, rest string) bool {
	if w.stock == 0 && w.rows && w.many == 0 {
		w.stock = len(strings.Fields(stock().FindString(strings.ToLower(rest))))
	}
	if w.stock > 0 {
		w.stock--
		return true
	}
	word = strings.ToLower(word)
	return keywords[word] && (!w.rows || glue[word])
}

func (w *nameWriter) next() {
	rest := w.in[w.pos:]
	switch c := rest[0]; {
	case c == ' ':
		w.pos++
		if w.many == 0 {
			w.out.WriteByte(' ')
			return
		}
		w.run.WriteByte(' ')
		w.raw.WriteByte(' ')
	case c == '`':
		n := quoted(rest)
		inside := strings.ReplaceAll(strings.Trim(rest[:n], "`"), "``", "`")
		written := rest[:n]
		if n == len(inside) || !isUsualWord(inside) {
			written = hashed(inside)
		}
		w.name(rest[:n], written)
	case c == '\'' || c == '"': // nothing should have put it there
		w.flush()
		w.out.WriteByte('?')
		w.pos += quoted(rest)
	case strings.HasPrefix(rest, "/*"):
		w.flush()
		kept := remark().FindString(rest)
		w.out.WriteString(kept)
		if w.pos += len(kept); kept == "" {
			w.pos += len("/*")
			if n := strings.Index(rest[len("/*"):], "*/"); n >= 0 {
				w.pos += n + len("*/")
			} else {
				w.pos = len(w.in)
			}
		}
	case isWordByte(c), c == '?' && len(rest) > 1 && isWordByte(rest[1]):
		n := wordLength(rest)
		if word := rest[:n]; w.takeKeyword(word, rest) {
			w.flush()
			w.word()
			w.out.WriteString(word)
			w.pos += n
			w.ignoring = w.ignoring || strings.EqualFold(word, "ignore")
		} else {
			written := word
			if !isUsualWord(word) && word != "_" {
				written = hashed(word)
			}
			w.name(word, written)
		}
	default:
		w.flush()
		w.out.WriteByte(c)
		w.pos++
		w.ignoring, w.words = false, 0
		if c == ';' {
			w.begin(rest[1:])
		}
		if next := strings.TrimLeft(rest[1:], " "); c == ';' && next != "" && !begins(next) {
			w.out.WriteString(" " + noStatement(next))
			w.pos = len(w.in)
		}
	}
}

// word counts a word.
func (w *nameWriter) word() {
	w.words++
	w.prose = w.prose || w.words > mostWords && !w.rows
}

// name takes a name, and what to write for it.
func (w *nameWriter) name(raw, written string) {
	w.pos += len(raw)
	w.word()
	w.raw.WriteString(raw)
	w.run.WriteString(written)
	w.many++
}

// flush writes the names that followed on each other.
func (w *nameWriter) flush() {
	text := w.run.String()
	if w.many > maxAdjacent || w.many > 1 && w.ignoring {
		raw := w.raw.String()
		text = hashed(strings.TrimSpace(raw)) + raw[len(strings.TrimRight(raw, " ")):]
	}
	w.out.WriteString(text)
	w.run.Reset()
	w.raw.Reset()
	w.ignoring = w.ignoring && w.many == 0
	w.many = 0
}

// wordLength returns the length of the word at the beginning of s, with the question marks that stand
// for digits in it.
func wordLength(s string) int {
	n := 1
	for n < len(s) && (isWordByte(s[n]) || s[n] == '?') {
		n++
	}
	return n
}

func isWordByte(c byte) bool {
	return c >= utf8.RuneSelf || c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// quoted returns the length of what stands in quotes at the beginning of s; the same quote twice
// is one character of it. Without an end it is all the rest.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			continue
		}
		if i+1 == len(s) || s[i+1] != s[0] {
			return i + 1
		}
		i++
	}
	return len(s)
}

// label matches what a state remembers that a class was called: see Short. Its names are as they
// were read, without quotes.
var label = onUse(`^([A-Z]{2,10}) ` + nameList + `( set ` + nameList + `)?( by (` + nameList + `|…))?( per ` + nameList + `)?`)

const (
	oneName  = `[\p{L}\p{N}_$.()-]{1,66}…?`
	nameList = oneName + `(, ` + oneName + `)*( \+\d+)?`
)

// RememberedLabel is a label that was remembered, as far as it has the form of one. What
// follows, which tells it from others, is left out: it has any form.
func RememberedLabel(s string) string {
	short, _, _ := strings.Cut(s, ": ")
	short, _, _ = strings.Cut(short, " · ")
	switch found := label().FindString(short); {
	case s == "":
		return ""
	case found != short:
		return hashed(s)
	}
	for _, word := range strings.FieldsFunc(short, func(r rune) bool { return strings.ContainsRune(" ,()…+", r) }) {
		if !isUsual(word) {
			return hashed(s)
		}
	}
	return short
}

// inQuotes matches what a sentence of ours quotes.
var inQuotes = onUse("\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`")

// ofSDK matches what only errors of AWS's SDK have.
var ofSDK = onUse(`operation error |api error |https response error|RequestID: |StatusCode: `)

// timesOf matches how a sentence begins that is of several instances.
var timesOf = onUse(`^\d+ times \([^()]*\): `)

// sentence is a sentence of ours as a program may read it: the names that it quotes are replaced as
// Name does, long words too, and what the SDK says of an error is left out.
func sentence(s string) string {
	s = withoutSDK(s)
	if at := ofSDK().FindStringIndex(s); at != nil {
		several := timesOf().FindString(s)
		before := s[min(len(several), at[0]):at[0]]
		if open := strings.LastIndexByte(before, '('); open > 0 {
			s = several + strings.TrimSpace(before[:open])
		} else {
			s = several + "A call of AWS failed; slowdigest doctor tells which, and why."
		}
	}
	s = inQuotes().ReplaceAllStringFunc(s, func(q string) string {
		if inside := q[1 : len(q)-1]; !isUsual(inside) {
			return hashed(inside)
		}
		return q
	})
	words := strings.Fields(s)
	for i, word := range words {
		if utf8.RuneCountInString(word) > MaxName {
			words[i] = hashed(word)
		}
	}
	return Text(strings.Join(words, " "), MaxCoverageNote)
}

// set makes a set of words.
func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// verbs are the words with which a statement begins.
var verbs = set(`select insert update delete replace with call create alter drop truncate rename show set use begin start commit rollback
savepoint release lock unlock analyze optimize check checksum repair flush load explain describe desc do execute prepare deallocate grant revoke
handler kill purge change xa table values administrator import install uninstall reset shutdown signal resignal get declare if case loop while
repeat binlog cache help restart clone stop return open fetch close leave iterate end else elseif until when sql_no_cache`)

// keywords are words of SQL that stand next to names, or to each other, without being names.
var keywords = set(`accessible account action add admin after against aggregate algorithm all alter always analyze and any as asc asensitive at
auto_increment autocommit avg_row_length backup before begin between bigint binary bit blob body boolean both btree buckets by cache call cascade
cascaded case catalog_name chain change changed channel char character charset check checksum close clone clustering coalesce collate collation
column columns comment commit committed compact compressed concurrent condition connection consistent constraint contains convert create cross
cube cume_dist current cursor data database databases date datetime day deallocate dec decimal declare default deferred definer delay_key_write
delayed delete dense_rank desc describe deterministic directory disable discard distinct distinctrow div do double drop dual dumpfile duplicate
dynamic each else elseif enable enclosed encryption end ends engine engines enum error errors escape escaped event events every except exchange
execute exists exit expansion explain export extended false fast fetch fields first fixed float following for force foreign format found from
full fulltext function general generated geometry get global grant grants group grouping handler hash having high_priority histogram hosts hour
identified if ignore ignored import in index indexes infile inner innodb inout inplace input insensitive insert install instant int integer
intersect interval into invisible invoker is isolation iterate join json key key_block_size keys kill language last lateral leading leave left
less level like limit linear lines list load local localtime localtimestamp lock locked logfile logs long longblob longtext loop low_priority
master match max_rows maxvalue medium mediumblob mediumint mediumtext member memory merge microsecond min_rows minus minute mod mode modifies
modify month mutex names natural nested next no no_write_to_binlog nocache none not nowait null nulls numeric of off offset on only open
optimize option optional optionally or order ordinality out outer outfile over overlaps owner parser partial partition partitioning partitions
password path percent period persist plan plugin plugins point preceding prepare preserve prev primary privileges procedure process processlist
profile profiles purge quarter query quick range read reads real rebuild recursive redundant references regexp relay release reload remove
rename reorganize repair repeat repeatable replace replica replication require reset resignal restrict return returning returns revoke right
rlike role rollback rollup routine row row_count row_format rows savepoint schedule schema schemas second secondary security select sensitive
separator sequence serial serializable session set share shared show signal signed simple skip slave slow smallint snapshot some spatial
specific sql sql_big_result sql_buffer_result sql_cache sql_calc_found_rows sql_no_cache sql_small_result sqlexception sqlstate sqlwarning ssl
start starting starts stats_auto_recalc stats_persistent status stop storage stored straight_join subpartition system system_time table tables
tablespace temporary temptable terminated text than then time timestamp tinyblob tinyint tinytext to trailing transaction trigger triggers true
truncate type unbounded uncommitted undo uninstall union unique unknown unlock unsigned until update usage use user using utc_date utc_time
utc_timestamp value values varbinary varchar varying versioning view virtual visible wait warnings week when where while window with within
without work write x509 xa xor year year_month zerofill administrator command`)
