// Package classify finds out of which query class an event is: the calls of a class have one fingerprint.
package classify

import (
	"bytes"
	"crypto/md5"
	"fmt"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
	"slowdigest/parser/tags"
)

const (
	// maxKnown bounds the bytes that a Classifier remembers skeletons in, and knownCost
	// is what one takes in addition to its text.
	maxKnown  = 1 << 20
	knownCost = 64
)

// Key is the MD5 of a fingerprint, which is the query ID before it is printed.
type Key [md5.Size]byte

// ID returns the query ID, in hexadecimal.
func (k Key) ID() string { return fmt.Sprintf("%X", k[:]) }

// Class is that of an event.
type Class struct {
	Key     Key
	Members int // of its longest list that the fingerprint shows as one

	early bool // the fingerprint ends early
}

// A Classifier finds the classes of events. It belongs to one goroutine. The zero value is ready.
type Classifier struct {
	Of     string   // is added to each fingerprint before the Key is made of it
	Tagged []string // keys of tags that count in addition to tags.Keys

	fingerprint []byte
	skeleton    []byte
	sql         []byte           // of a statement that was written again
	known       map[string]Class // by skeleton
	knownBytes  int

	reader   *tags.Reader
	comments []fingerprint.Comment
	plain    bool // the event has a skeleton, and these are all its comments
}

// Class returns the class of an event. It remembers the classes of skeletons, which
// are few in most logs; where they are many, it starts again from time to time.
func (c *Classifier) Class(e *parser.Event) (class Class) {
	var masked int // members that the skeleton shows as one
	c.plain = false
	if sql, cut := certain(e); !e.Admin && !cut && len(sql) > 0 {
		c.skeleton, c.comments, masked, c.plain = fingerprint.AppendSkeletonNoting(c.skeleton[:0], sql, c.comments[:0])
	}
	if c.plain {
		if known, found := c.known[string(c.skeleton)]; found {
			known.Members = max(known.Members, masked)
			return known
		}
		c.fingerprint, class.Members = appendStatement(c.fingerprint[:0], c.skeleton, false)
	} else {
		c.fingerprint, class.Members = c.append(c.fingerprint[:0], e)
	}
	class.early = bytes.HasSuffix(c.fingerprint, []byte(fingerprint.EndsEarly))
	c.fingerprint = append(c.fingerprint, c.Of...)
	class.Key = md5.Sum(c.fingerprint)
	if c.plain {
		if c.knownBytes += len(c.skeleton) + knownCost; c.known == nil || c.knownBytes > maxKnown {
			c.known, c.knownBytes = make(map[string]Class), len(c.skeleton)+knownCost
		}
		c.known[string(c.skeleton)] = class
	}
	class.Members = max(class.Members, masked)
	return class
}

// Tags returns the tags of the event of which Class was asked last, and what that has returned. They are the
// caller's to keep, and not to change.
func (c *Classifier) Tags(e *parser.Event, class Class) []tags.Tag {
	sql, cut := certain(e)
	whole := c.plain && !class.early
	if e.Admin || whole && len(c.comments) == 0 || !whole && !tags.In(sql) {
		return nil
	}
	if c.reader == nil {
		c.reader = tags.NewReader(c.Tagged)
	}
	if whole {
		return c.reader.ReadComments(sql, c.comments)
	}
	if runsMore(e, sql) { // Class has written it as the server reads it
		sql = c.sql
	}
	return c.reader.Read(sql, !class.early && !cut)
}

// AppendFingerprint appends that of an event to dst.
func (c *Classifier) AppendFingerprint(dst []byte, e *parser.Event) []byte {
	dst, _ = c.append(dst, e)
	return dst
}

func (c *Classifier) append(dst []byte, e *parser.Event) (text []byte, members int) {
	if e.Admin {
		return fingerprint.AppendAdmin(dst, e.SQL), 0
	}
	if len(e.SQL) == 0 { // the log ends, or was cut, after the header
		return append(dst, "(no statement)"...), 0
	}
	sql, cut := certain(e)
	if runsMore(e, sql) { // none has a skeleton
		c.sql = fingerprint.AppendMariaDB(c.sql[:0], sql)
		sql = c.sql
	}
	return appendStatement(dst, sql, cut)
}

func appendStatement(dst, sql []byte, cut bool) (text []byte, members int) {
	text, members = fingerprint.AppendCounting(dst, sql, cut)
	if len(text) == len(dst) {
		text = append(text, "(comment only)"...)
	}
	return text, members
}

// runsMore reports whether MariaDB runs what is a comment to others.
func runsMore(e *parser.Event, sql []byte) bool {
	return e.MariaDB && bytes.Contains(sql, []byte("/*M!"))
}

// certain returns the statement up to where it is in doubt, and whether that or the log
// has cut it: the quotes after that may be another statement's.
func certain(e *parser.Event) (sql []byte, cut bool) {
	if e.Doubt > 0 {
		return e.SQL[:e.Doubt], true
	}
	return e.SQL, e.Cut
}
