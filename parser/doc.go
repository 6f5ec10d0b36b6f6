// Package parser reads the slow query log of MySQL, Percona Server, MariaDB and
// Aurora MySQL. Which statements are alike, package fingerprint knows.
//
// An entry is a header, lines that begin with "#", the lines "use db;" and
// "SET timestamp=1;", and the statement, which can hold any text: lines like
// those of a header, a banner or a mark that RDS has cut the log, too. Whoever
// can store a text in the database can so try to put an entry into the log that
// never was. The parser follows quotes and comments, and where it finds a whole
// header within them it reads ahead, up to 1 MiB, to see which of two things is
// true: that the literal goes on and the header is a part of it, or that the
// statement has a quote too many, and the header is real.
//
// The literal goes on if it ends as literals do, and so does its statement. If
// what would end it is followed by text, it is rather the quote that opens a
// literal of a later entry. Only where that does not decide, the header itself
// counts, its form and its times beside those of the log: where the statement
// could have been repeated with the same quote missing, where the comment that
// would end is the comment of a later entry, and where 1 MiB is not enough.
//
// What stands outside of literals and comments is believed. A client that can
// send whole statements can send one that looks like several entries.
package parser
