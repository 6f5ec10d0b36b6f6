// Package parser reads the slow query log of MySQL, Percona Server, MariaDB and
// Aurora MySQL. Which statements are alike, package fingerprint knows.
//
// An entry is a header, lines that begin with "#", the lines "use db;" and
// "SET timestamp=1;", and the statement, which can hold any text: lines like
// those of a header, a banner or a mark that RDS has cut the log, too. Whoever
// can store a text in the database can so try to put an entry into the log that
// never was. And a log can be damaged: an entry cut where a disk was full or the
// server was killed, lines of others between entries, a part that was not delivered.
//
// # Where an entry ends
//
// The server ends a statement with a semicolon and a line feed. After these, and any
// blanks, the next header is one if it has the fields that all others of the log have.
// Elsewhere in code, which is outside of literals
// and comments, a header is one if it is whole and fits the log: if it is written as
// the log's other headers are, has a statement, and its time is not before that of
// the entry before it, or long after it. The entry before it is cut then, or ends at
// its last semicolon, and what follows that is of no entry. It does not matter where
// in a line the header begins. The same holds where the semicolon stands in a comment
// to the end of its line, which can be the server's or the comment's.
//
// Within a literal or comment the parser reads ahead, up to 1 MiB, to see which of
// two things is true: that the literal goes on and the header is a part of it, or
// that the statement is cut or has a quote too many, and the header is real. The
// literal goes on if it ends as literals do, and so does its statement. If what
// would end it is followed by text, it is rather the quote that opens a literal of
// a later entry. Where the log ends before that, with a whole entry, the header
// itself counts. A log does not tell which backslashes are escapes: under
// NO_BACKSLASH_ESCAPES none is, and in SJIS, GBK and Big5 not one that is the second byte
// of a character. Where a header stands in a closed literal with one of these readings,
// it is not believed; in code, it is unless the usual reading is impossible.
//
// The mark of RDS, a banner, and what tail -f writes between two files, end an entry
// in code, and in a literal that is not closed. The mark of RDS ends it in any literal
// if a header that fits follows at once, and what comes then can be read as entries.
// Where the source knows that text is missing, the entry ends whatever was open: see
// Options.Gaps.
//
// # What is in doubt
//
// Where both readings are possible, or 1 MiB is not enough, the header is not
// believed: rather is an entry lost than one believed that somebody has forged. Each
// such text is counted as a Problem with its position. So is a whole header that fits the
// log in a literal that is closed: a statement with a quote too many and another can have
// it between them, while a log that somebody stores in the database is older than the
// statement that does it. And so are a header in code that
// does not fit, one that holds the first line of another, an entry that ends in its
// middle, or with a quote open, one without a statement, text of no entry, and text that
// is compressed or in UTF-16, after which reading goes on. Then Stats.Complete is false.
// There are two exceptions: what would end a comment can be that of a comment in a later
// entry. Then the header is believed if it fits and another that fits is before the later
// comment; so is one after the mark of RDS, and the doubt is reported.
//
// What stands outside of literals and comments is believed. A client that can
// send whole statements can send one that looks like several entries.
//
// # Fields
//
// The first value of a field counts. The names of schemas and routines, and what
// Percona Server tells of a statement's tables and digest, end where the server ends
// them and not at what looks like another field, or like another line: those in front of
// the statement at the server's SET timestamp. The line of the user sets no times but
// where it holds all four fields of Query_time's line.
//
// Exports of CloudWatch Logs are read without the stamps before their lines. Other
// forms are refused with a FormError, which says what to do.
package parser
