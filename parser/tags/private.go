package tags

import "strings"

// May reports whether a value may be shown: it consists of 1 to 80 letters, digits and _ . : / # @ + -, and
// does not look like what is secret, or names a person, a machine or one request.
func May(v string) bool {
	if len(v) == 0 || len(v) > MaxValue {
		return false
	}
	for i := range len(v) {
		if !isWord(v[i]) && strings.IndexByte(".:/#@+-", v[i]) < 0 {
			return false
		}
	}
	return !hasAddress(v) && !hasNumber(v) && !hasToken(v)
}

// hasAddress reports whether there is an e-mail address, an IP address, a MAC address or a URL.
func hasAddress(v string) bool {
	if at := strings.IndexByte(v[1:], '@'); at >= 0 && !isAction(v[:1+at], v[2+at:]) { // with something before it
		for i, after := 0, v[1+at:]; i+1 < len(after); i++ {
			if (after[i] == '.' || after[i] == '@') && isLetter(after[i+1]) { // also user@host
				return true
			}
		}
	}
	if strings.Contains(v, "://") {
		return true
	}
	for i := range len(v) {
		if (i == 0 || !isDigit(v[i-1])) && (beginsIPv4(v[i:]) || beginsIPv4(strings.ReplaceAll(v[i:], "-", "."))) {
			return true
		}
	}
	for i := 0; i < len(v); i++ {
		from := i
		for i < len(v) && (isHex(v[i]) || v[i] == ':') {
			i++
		}
		numbers := v[from:i]
		if from > 0 && isWord(v[from-1]) { // the first is a part of a word, as in Api::V1::Base
			_, numbers, _ = strings.Cut(numbers, ":")
		}
		if i < len(v) && isWord(v[i]) {
			numbers = numbers[:strings.LastIndexByte(numbers, ':')+1]
		}
		if isIPv6(numbers) {
			return true
		}
	}
	return false
}

// isAction reports whether what stands before and after an @ is a controller and its action, as Laravel writes them.
func isAction(before, after string) bool {
	return strings.HasSuffix(before, "Controller") && !strings.Contains(before, ".") && isKey([]byte(after)) && !strings.Contains(after, ".")
}

// beginsIPv4 reports whether a text begins with four numbers of one to three digits with dots between them.
func beginsIPv4(v string) bool {
	for groups := 1; ; groups++ {
		n := len(v) - len(strings.TrimLeft(v, "0123456789"))
		switch {
		case n == 0 || n > 3:
			return false
		case groups == 4:
			return true
		case n == len(v) || v[n] != '.':
			return false
		}
		v = v[n+1:]
	}
}

// isIPv6 reports whether hexadecimal numbers with colons between them may be an IPv6 address, or one of a
// network card.
func isIPv6(numbers string) bool {
	filled, pairs, digit := 0, 0, false
	groups := strings.Split(numbers, ":")
	for _, g := range groups {
		switch len(g) {
		case 0:
			continue
		case 2:
			pairs++
		}
		if len(g) > 4 {
			return false
		}
		filled++
		digit = digit || strings.ContainsAny(g, "0123456789")
	}
	return filled >= 8 || pairs >= 6 || digit && filled >= 2 && strings.Contains(numbers, "::")
}

// hasNumber reports whether there is a long number: a phone's, a card's, a hash, a UUID.
func hasNumber(v string) bool {
	digits, apart, hex, hexDigits := 0, 0, 0, 0
	all, letters := 0, false
	for i := range len(v) {
		c := v[i]
		if letters = letters || isLetter(c); isLetter(c) {
			all = 0
		} else if isDigit(c) {
			all++
		}
		switch {
		case isDigit(c):
			digits, apart = digits+1, apart+1
		case c == '-':
			digits = 0
		default:
			digits, apart = 0, 0
		}
		switch {
		case isDigit(c):
			hex, hexDigits = hex+1, hexDigits+1
		case isHex(c):
			hex++
		case c != '-':
			hex, hexDigits = 0, 0
		}
		if digits >= 9 || all >= 12 || apart >= 12 || hex >= 16 && (hexDigits >= 2 || hex >= 32) {
			return true
		}
	}
	return !letters && (all >= 10 || all == 9 && !strings.Contains(v, ".")) // a version has dots
}

// keyed are what access keys and tokens have in them.
var keyed = []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "eyJ", "AIza", "password:", "passwd:", "hooks.slack.com", "-----"}

// labels are what people write before a password, in any case, which has a digit.
var labels = []string{"password:", "passwd:", "passphrase:", "pwd:", "bearer:"}

// hasToken reports whether there is a key or a token: one of a known form, or 16 characters with digits all over.
func hasToken(v string) bool {
	for _, k := range keyed {
		if strings.Contains(v, k) {
			return true
		}
	}
	for _, k := range []string{"npm_", "sk-", "SG."} {
		if strings.HasPrefix(v, k) {
			return true
		}
	}
	lower := strings.ToLower(v)
	for _, k := range labels {
		if _, secret, found := strings.Cut(lower, k); found && strings.ContainsAny(secret, "0123456789") {
			return true
		}
	}
	for _, k := range []string{"akia", "asia", "aroa", "aida"} {
		if i := strings.Index(lower, k); i >= 0 && len(v)-i >= 20 {
			return true
		}
	}
	if i := strings.Index(v, "xox"); i >= 0 && len(v) > i+4 && v[i+4] == '-' {
		return true
	}
	length, numbers := 0, 0           // of letters and digits
	long, digit, mixed := 0, false, 0 // of those of base64
	for i := range len(v) {
		c := v[i]
		if length++; !isLetter(c) && !isDigit(c) {
			length, numbers = 0, 0
		} else if isDigit(c) && (i == 0 || !isDigit(v[i-1])) {
			numbers++
		}
		switch {
		case isDigit(c):
			long, digit = long+1, true
		case isLetter(c):
			long, mixed = long+1, mixed|1<<(c>>5&1)
		case c == '+' || c == '/':
			long++
		default:
			long, digit, mixed = 0, false, 0
		}
		if length >= 16 && numbers >= 3 || long >= 40 && digit && mixed == 3 {
			return true
		}
	}
	return false
}

// isCommit reports whether a text is the hash of a commit.
func isCommit(text []byte) bool {
	for _, c := range text {
		if !isHex(c) || c >= 'A' && c <= 'F' {
			return false
		}
	}
	return len(text) == 40
}

// isKey reports whether a text has the form of a key.
func isKey(text []byte) bool {
	for _, c := range text {
		if !isWord(c) && c != '-' && c != '.' {
			return false
		}
	}
	return len(text) > 0 && !isDigit(text[0])
}

func isWord(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isHex(c byte) bool    { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
