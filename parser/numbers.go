package parser

import "strconv"

// maxSeconds is the longest time that is believed, some 30 years. Some servers
// write 18446744073708.796870 where a counter went below zero.
const maxSeconds = 1e9

// parseCount reads digits; what is no number is 0, what overflows the largest.
func parseCount(b []byte) uint64 {
	var n uint64
	if len(b) > 19 {
		n, _ = strconv.ParseUint(string(b), 10, 64)
		return n
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

var powersOf10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// parseSeconds reads a decimal fraction. Bad is true, and the value 0, if it is no
// number or no sensible time.
func parseSeconds(b []byte) (v float64, bad bool) {
	var n uint64
	point := -1
	for i, c := range b {
		switch {
		case c == '.' && point < 0:
			point = i
		case c < '0' || c > '9' || i > 18:
			return 0, true
		default:
			n = n*10 + uint64(c-'0')
		}
	}
	v = float64(n)
	if point >= 0 {
		digits := len(b) - point - 1
		if digits >= len(powersOf10) {
			return 0, true
		}
		v /= powersOf10[digits]
	}
	if len(b) == 0 || v > maxSeconds {
		return 0, true
	}
	return v, false
}

// digits reads a number that consists of digits; it is -1 if b does not.
func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
