package fingerprint

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
)

// TestBounds takes each bound of the package from both of its sides: the first
// statement is the last one within it.
func TestBounds(t *testing.T) {
	nested := func(n int) string { // the list is the nth group, the statement included
		return strings.Repeat("(", n-2) + "a in (1, 2)" + strings.Repeat(")", n-2)
	}
	aliased := func(n int) string {
		var from []string
		for i := range n {
			from = append(from, fmt.Sprintf("t a%d", i+100))
		}
		return fmt.Sprintf("select a%d.b from %s", n+99, strings.Join(from, ", "))
	}
	unnamed := func(n int) string { // the second branch has no aliases
		list := func(item string) string { return "select " + strings.Repeat(item+", ", n-1) + item + " from t" }
		return list("a x") + " union " + list("a")
	}
	numbered := func(n int) string { // tables that differ in their digits only
		var from []string
		for i := range n {
			from = append(from, fmt.Sprintf("t%d", i+1))
		}
		return strings.Join(from, ", ")
	}
	for _, row := range []struct {
		bound           string
		within, past    string
		inside, outside string // what the fingerprints hold
	}{
		{"maxDepth", nested(maxDepth), nested(maxDepth + 1), "a in(?+)", "a in (?, ?)"},
		{"maxSpans", unnamed(maxSpans), unnamed(maxSpans + 1), "/*repeat union*/", " union select a, a"},
		{"maxAliases", aliased(maxAliases), aliased(maxAliases + 1), "select a1.b", "select a?.b"},
		{"longestKeyword", "select sql_calc_found_rows -1", "select sql_calc_found_rowss -1", "rows ?", "rowss - ?"},
		{"shortest keyword", "select a as -1", "select a a -1", "as ?", "a - ?"},
		{"five digits of a version", "select /*!50000 a*/", "select /*!5000 a*/", "select a", "select ? a"},
		{"six digits of a version", "select /*!500000 a*/", "select /*!5000001 a*/", "select a", "select ? a"},
		{"longestUse", "'x'secondary_engine_attribute", "'x'secondary_engine_attributes", "? secondary_engine_attribute", EndsEarly},
		{"one number of a base", "select 0x", "select 0", "select ?", "select ?"},
		{"shortestHash", "select a from tmp_abcde12f", "select a from tmp_abcd12f", "from tmp_?", "from tmp_abcd?f"},
		{"surelyHash", "select a from tmp_abcdef1234567890", "select a from tmp_abcdef123456789", "from tmp_?", "from tmp_abcdef?"},
		{"a name of 256 bytes", "select 'x', a from `" + strings.Repeat("n", 256) + "`", "select 'x', a from `" + strings.Repeat("n", 257) + "`", "from nnn", "?" + EndsEarly},
		{"maxParens", "a where b = 1 and (" + strings.Repeat("n", maxParens-6) + " = 1)", "a where b = 1 and (" + strings.Repeat("n", maxParens-5) + " = 1)", "and n", "and (n"},
		{"maxNumber", "select t31.a from " + numbered(maxNumber) + " where 1", "select t32.a from " + numbered(maxNumber+1) + " where 1", "t30, t31 where", "t30, t31, t31 where"},
		{"two numbers of a LIMIT", "select a limit 1, 2", "select a limit 1, 2, 3", "limit ?", "limit ?"},
	} {
		if got := Of(row.within); !strings.Contains(got, row.inside) {
			t.Errorf("%s: within it, %.80q", row.bound, got)
		}
		if got := Of(row.past); !strings.Contains(got, row.outside) || row.inside != row.outside && strings.Contains(got, row.inside) && row.outside != "?" {
			t.Errorf("%s: past it, %.80q", row.bound, got)
		}
	}
}

// TestBoundsOfMembers: wherever members are told apart, the last of maxSeen is known when
// it comes again after another one, and so is one of maxMember bytes, and none beyond.
func TestBoundsOfMembers(t *testing.T) {
	for _, row := range []struct{ begin, member, other, joint, end string }{
		{"select a where ", "%s = 1", "b = fin", " or ", " limit 1"},
		{"select case ", "when %s = 1 then 2", "when b = fin then 2", " ", " end"},
		{"insert into t values ", "(1, %s)", "(1, fin)", ", ", ""},
		{"select json_object(", "1, %s", "1, fin", ", ", ")"},
	} {
		folds := func(name string, before int) bool {
			var members []string
			for i := range before {
				members = append(members, fmt.Sprintf(row.member, strings.Repeat("b", i+1)))
			}
			last := fmt.Sprintf(row.member, name)
			members = append(members, last, row.other, last)
			return strings.Count(Of(row.begin+strings.Join(members, row.joint)+row.end), name) == 1
		}
		shape := fmt.Sprintf(strings.NewReplacer("1", "?", "2", "?").Replace(row.member), "")
		for past := range 2 {
			if got := folds(strings.Repeat("n", maxMember-len(shape)+past), 0); got != (past == 0) {
				t.Errorf("%s: one of %d bytes is known: %v", row.member, maxMember+past, got)
			}
			if got := folds("z", maxSeen-1+past); got != (past == 0) {
				t.Errorf("%s: member %d is known: %v", row.member, maxSeen+past, got)
			}
		}
	}
}

func TestBoundOfSkeletons(t *testing.T) {
	for _, shape := range []string{"%s", "%s 'a'", "%s # c", "`%s`", "(%s"} {
		pad := maxSkeleton - len(fmt.Sprintf(shape, ""))
		if strings.HasSuffix(shape, "'a'") {
			pad++ // the text goes
		}
		if strings.HasSuffix(shape, "# c") {
			pad += 2 // a space remains
		}
		for _, n := range []int{pad, pad + 1} {
			sql := fmt.Sprintf(shape, strings.Repeat("a", n))
			s, _, ok := AppendSkeleton(nil, []byte(sql))
			if ok != (n == pad) || ok && len(s) != maxSkeleton {
				t.Errorf("%s of %d bytes has a skeleton of %d: %v", shape, n, len(s), ok)
			}
		}
	}
}

// TestEveryKeywordIsFound: the table has each of wordForms, in any case, and nothing
// that is longer or shorter.
func TestEveryKeywordIsFound(t *testing.T) {
	longest := 0
	for k, words := range wordForms {
		for _, w := range words {
			longest = max(longest, len(w))
			if e := lookup([]byte(w)); e == nil || e.keyword != k || len(w) < 2 || !isKeyword([]byte(strings.ToUpper(w))) {
				t.Errorf("%s: %+v", w, e)
			}
			if lookup([]byte(w+"z")) != nil || isKeyword([]byte("z"+w)) {
				t.Errorf("%s is found with another letter", w)
			}
		}
	}
	if longest != longestKeyword {
		t.Errorf("the longest keyword has %d letters", longest)
	}
}

func TestShortQuoted(t *testing.T) {
	for n, want := range map[int]int{0: 2, maxShort - 1: maxShort + 1, maxShort: -1} {
		for _, rest := range []string{"", ",", ", 'x'          "} {
			if got := shortQuoted([]byte("'"+strings.Repeat("a", n)+"'"+rest), 0); got != want {
				t.Errorf("%d bytes: %d, want %d", n, got, want)
			}
		}
	}
}

func TestShortID(t *testing.T) {
	id := ID("select ?")
	for n, want := range map[int]string{15: id[:15], 16: id[:16], 17: id[1:17], 32: id[16:]} {
		if got := ShortID(id[:n]); got != want {
			t.Errorf("%s: %s, want %s", id[:n], got, want)
		}
	}
}

// TestNextQuoteLooksAhead: two bytes past the end are enough to tell what begins,
// and one is not.
func TestNextQuoteLooksAhead(t *testing.T) {
	b := []byte("a/*! b */'")
	for _, row := range []struct {
		reach int
		want  Quote
	}{{4, InCode}, {3, InComment}} {
		if _, q := NextQuote(b[:row.reach], 0, 2, InCode); q != row.want {
			t.Errorf("%q: %q, want %q", b[:row.reach], q, row.want)
		}
	}
}

// TestTakenBackBranches: where a list for IN holds a UNION, or what looks like one, its
// fingerprint ends where it was written to, whatever stands there already.
func TestTakenBackBranches(t *testing.T) {
	for sql, want := range map[string]string{
		"a in (select 1, 2 union select 3, 4)":                                                     "a in (select ?, ? /*repeat union*/)",
		"a in (select 1, 2 union all select 3, 4 union all select 5, 6 limit 3)":                   "a in (select ?, ? /*repeat union all*/ limit ?)",
		"a in (select b, c from a_table_of_long_name union select b, c from a_table_of_long_name)": "a in (select b, c from a_table_of_long_name /*repeat union*/)",
		"a in (1, union (2), 3, union (4), 5":                                                      "a in(?+)",
	} {
		if again := Of(want); again != want {
			t.Errorf("%q is %q", want, again)
		}
		dst := []byte(strings.Repeat("Z", 2*len(sql)))
		if got := string(Append(dst[:0], []byte(sql), false)); got != want {
			t.Errorf("%.80q is\n%q, want\n%q", sql, got, want)
		}
	}
}

// A member of maxTemplate bytes, with the OR before it, is made a template, and no longer one.
func TestMaxTemplate(t *testing.T) {
	for longer, want := range []bool{true, false} {
		member := " or a = '" + strings.Repeat("x", maxTemplate-len(" or a = ''")+longer) + "'"
		f := new(formatter)
		f.format(nil, []byte("select a from t where a = 1"+strings.Repeat(member, 5)), false)
		if made := len(f.template) > 0; made != want {
			t.Errorf("%d bytes: a template was made: %v", len(member), made)
		}
	}
}

// TestHashesFold: of the beginnings of MD5 sums those stay that are letters and then
// digits, or nothing but letters, and if they are long only the latter.
func TestHashesFold(t *testing.T) {
	const sums = 20_000
	for length, most := range map[int]float64{8: .04, 12: .007, 16: .0001, 32: 0} {
		stay := 0
		for i := range sums {
			name := fmt.Sprintf("tmp_%x", md5.Sum([]byte(fmt.Sprint(i))))[:4+length]
			if Of("select a from "+name) != "select a from tmp_?" {
				stay++
			}
		}
		if share := float64(stay) / sums; share > most {
			t.Errorf("%d digits: %.4f are not folded", length, share)
		}
	}
}
