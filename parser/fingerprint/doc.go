// Package fingerprint tells which statements are alike, and where quoted text and
// comments end.
//
// Statements are of one class if their fingerprints are the same text. It is
// written from the tokens of the statement, in lower case and with one spacing,
// by these rules and no others:
//
//   - A literal is "?", with its sign and character set: strings in single or
//     double quotes, numbers of any base, DATE '...' and its like, and NULL, TRUE,
//     FALSE and DEFAULT where they are values. IS NULL, NOT NULL and IS TRUE stay.
//     Strings that stand side by side are one.
//   - "in(?+)" stands for a list of literals, of calls with literals, or of
//     tuples of them, whatever its length; "values(?+)" stands for such rows,
//     whatever their number. What follows stays: ON DUPLICATE KEY UPDATE does.
//     In a list that also names columns, variables or subqueries, each run of
//     literals is one "?", and rows that are alike are one.
//   - "limit ?" stands for LIMIT n, LIMIT m, n and LIMIT n OFFSET m. ASC goes
//     from ORDER BY. Branches of a UNION that repeat are one, with the remark
//     "/*repeat union all*/".
//   - Comments and optimizer hints go; the code of a version comment is code.
//     Back-quotes go from names that need none. A closing semicolon goes.
//   - Digits in the name of a table, or of its schema, are one "?" a run, so
//     that shards are one class, also where the name qualifies a column. So are
//     those of savepoints, which drivers number. Names of columns, aliases,
//     indexes and common table expressions keep theirs: they are the author's.
//   - CALL keeps the procedure's name, USE nothing.
//   - Of a statement that is cut, a last word that may be only a part of one is
//     left out, a literal that has begun is a literal, and a list that is open
//     ends as if it were closed. So it falls into a class of the statement's
//     prefix, one for each token at most, and a bulk INSERT that is cut within
//     its rows into the class of the whole.
//   - An administrator command keeps its name if it is one of the server's, by a list.
//     Any other is "other".
//   - A text in double quotes after FROM, JOIN, INTO, UPDATE or TABLE, in the list of
//     tables there, or after the dot of such a name, is a name, as under ANSI_QUOTES.
//     Anywhere else it is a literal.
//   - /*M! ... */, which is code to MariaDB and a comment to MySQL, goes. If it holds
//     what MySQL and MariaDB would end at different places, the fingerprint ends
//     before it.
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
//
// For statements spaced as most people space them (a = 1, b, c) the text, and so
// the ID, is that of pt-query-digest. Of 176 statements as applications write them
// 123 have its text, and of 205 different ones of the real logs of this project, which
// were made to be hard, 86. Its version is 3.2.1. The others hold something of these
// kinds, which a test looks for in each of them:
//
//   - White space: pt keeps the statement's own around operators, commas and
//     parentheses, and after a comment that ended the statement.
//   - Back-quotes, which pt keeps.
//   - Literals: pt shows pieces of upper-case hexadecimal numbers, of 1.5E+3, and
//     of what stands after a doubled quote; it keeps _utf8mb4, N and DATE before
//     a string; it takes IS NULL for "is ?", and TRUE, FALSE and DEFAULT for no
//     literals.
//   - Names: pt takes digits in any name (utf8, addr1, o1.id), hyphens in
//     back-quotes and the signs of a + b, a - 1 and a->b for numbers.
//   - Lists: pt folds no list with a call or a tuple, cuts what follows several
//     rows, and folds only the first LIMIT and no UNION of branches in
//     parentheses. It keeps the arguments of CALL after a space.
//   - Comments: pt keeps the number of a version comment, calls mysqldump's own
//     statements "mysqldump", and ends no "--" comment that holds a quote.
//   - Reading: pt takes a user's SET timestamp for the server's, and then the
//     next header for a statement; it loses the text of a user's USE.
package fingerprint
