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
// Statements come with other literals again and again. Their skeleton, see
// AppendSkeleton, costs a sixth of the fingerprint, and each skeleton has but one.
package fingerprint
