package rdstest

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// Text selects what becomes of bytes in a portion that are not ASCII text. All of
// these have been reported of RDS.
type Text int

const (
	QuestionMarks    Text = iota // each arrives as "?"
	ReplacementChars             // each arrives as U+FFFD, which is three bytes
	AsIs                         // they arrive, and what XML does not allow breaks the answer
	RefuseBinary                 // a portion with anything but UTF-8 text is refused; UTF-8 arrives as "?"
)

func isASCII(b byte) bool {
	return b < 0x80 && (b >= 0x20 || b == '\n' || b == '\t' || b == '\r')
}

func isBinary(text []byte) bool {
	return !utf8.Valid(text) || bytes.ContainsFunc(text, func(r rune) bool { return r < 0x80 && !isASCII(byte(r)) })
}

// result makes an answer of a portion.
func (t Text) result(p portion, fault Kind) (any, *apiError) {
	data := string(p.text)
	switch t {
	case AsIs:
	case ReplacementChars:
		data = replace(p.text, "\uFFFD")
	case RefuseBinary:
		if isBinary(p.text) {
			return nil, invalidParameter("This file contains binary data and should be downloaded instead of viewed")
		}
		fallthrough
	default:
		data = replace(p.text, "?")
	}
	if p.notice {
		data += truncationNotice
	}
	data = escape.Replace(data)
	if fault == BrokenXML {
		data += "\x01"
	}
	result := portionResult{&rawText{data}, &p.marker, &p.pending}
	switch fault {
	case NilFields:
		result = portionResult{AdditionalDataPending: new(bool)}
	case NoMarker:
		result.Marker = nil
	}
	return result, nil
}

func replace(text []byte, by string) string {
	if !slices.ContainsFunc(text, func(b byte) bool { return !isASCII(b) }) {
		return string(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for _, c := range text {
		if isASCII(c) {
			b.WriteByte(c)
		} else {
			b.WriteString(by)
		}
	}
	return b.String()
}
