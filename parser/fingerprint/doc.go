// Package fingerprint tells which statements are alike, and where quoted text and
// comments end.
//
// Statements are of one class if their fingerprints are the same text. It is
// written from the tokens of the statement, in lower case and with one spacing, and
// holds no literal. docs/fingerprints.md has the rules, with an example of each, and
// where they differ from those of pt-query-digest and of the server's own digest.
//
// In short: a literal is "?"; lists of any length, rows, members of a chain of AND or OR,
// branches of CASE and UNION and the arguments of functions that take any number of them
// are one where they are alike; names that are generated lose their digits.
//
// Of quotes and comments:
//
//   - A text in double quotes after FROM, JOIN, INTO, UPDATE or TABLE, in the list of
//     tables there, or after the dot of such a name, is a name, as under ANSI_QUOTES.
//     Anywhere else it is a literal.
//   - /*M! ... */, which is code to MariaDB and a comment to MySQL, goes. If it holds
//     what MySQL and MariaDB would end at different places, the fingerprint ends
//     before it. In a log of MariaDB it is code: see AppendMariaDB.
//
// The log does not tell how a session read and wrote strings. Where it is not certain
// what is a literal, the fingerprint ends, with EndsEarly if that leaves anything out:
//
//   - A backslash before a quote may be a character, under NO_BACKSLASH_ESCAPES, and
//     so may the first of several after a question mark or a byte beyond ASCII, which
//     may be the second byte of a character of SJIS, GBK or Big5. If a statement can be
//     read to its end in another way than by MySQL's defaults, the fingerprint ends at
//     the first string that may end elsewhere. A way is impossible if a token stands
//     where it cannot, such as a word after a string, if there is a backslash in code, a
//     string, comment or name without an end in a statement that was not cut, or a
//     comment that holds a quote where MySQL's defaults find none.
//   - If by MySQL's defaults a token stands where it cannot, as in 'O'Brien' and 'the
//     girls' secret', or a string, name or comment has no end, any quote before may be
//     the wrong one: the fingerprint ends at the first string. A word next to a string
//     is one that the manuals have there, or an alias where there may be one. A name in
//     back-quotes is of one line and no longer than MySQL allows.
//
// Statements come with other literals again and again. Their skeleton, see
// AppendSkeleton, costs a sixth of the fingerprint, and each skeleton has but one. It
// obeys the same rules: a statement whose fingerprint would end early for a backslash or
// a missing end has none, and any other skeleton's fingerprint ends where its
// statement's does.
package fingerprint
