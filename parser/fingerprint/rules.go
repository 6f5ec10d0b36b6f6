package fingerprint

// Rules is the version of the rules of the package comment. It is raised when a
// change of them gives some statements another fingerprint, and so another ID.
// Whoever compares IDs of two releases has to know under which rules each was made.
//
//	1  states and reports that name none were made under these
//	2  repetition folds in AND and OR, CASE, calls of any number of arguments and
//	   set operations; hexadecimal digits fold in generated names
const Rules = 2
