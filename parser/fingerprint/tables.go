package fingerprint

// tableClause is clause for the keywords that tables stand after.
func (f *formatter) tableClause(k keyword, expect expectation, alias bool) expectation {
	g := f.top
	switch k {
	case kwFrom:
		if g.call && g.verb == noKeyword || f.wordKey == kwDistinct {
			return nothing // SUBSTRING(a FROM 2), IS DISTINCT FROM
		}
		g.listed = table
		return table
	case kwJoin:
		if f.wordKey != kwFor { // USE INDEX FOR JOIN
			return table
		}
	case kwStraightJoin:
		if g.listed == table { // else it is an option of SELECT
			return table
		}
	case kwUpdate, kwDelete:
		return f.changes(k)
	case kwInsert, kwReplace:
		if f.wordKey != kwEvent && f.wordKey != kwGrant {
			if f.atStart() {
				g.verb = k
			}
			return target
		}
	case kwTable, kwTables:
		g.variable = true
		if listsTables(g.verb) {
			g.listed = table
		}
		if f.atStart() || f.afterSetOperator() {
			f.beginBranch(g, f.wordText)
		}
		return target
	case kwView, kwTruncate:
		return target
	case kwHandler:
		return table
	case kwDescribe:
		if f.wordPlace <= afterSemicolon {
			return table
		}
	case kwSchema:
		if g.verb == kwCreate || g.verb == kwDrop || g.verb == kwAlter || g.verb == kwShow {
			return table
		}
	case kwIn:
		if g.verb == kwShow && f.peek() != '(' {
			return table
		}
	case kwLike:
		if g.verb == kwCreate && alias {
			return target
		}
	case kwUsing:
		if g.verb == kwDelete && f.peek() != '(' {
			g.listed = table
			return table
		}
	case kwOn:
		if g.verb == kwCreate || g.verb == kwDrop || g.verb == kwGrant {
			return target
		}
	case kwAs, kwTo:
		return f.renames(k, expect)
	case kwCreate, kwAlter, kwDrop, kwGrant, kwShow, kwRollback, kwRename, kwLock:
		return f.begins(k)
	}
	return nothing
}

// changes is for UPDATE and DELETE, which are statements unless they stand in
// FOR UPDATE, ON DUPLICATE KEY UPDATE, ON DELETE, BEFORE DELETE or a GRANT.
func (f *formatter) changes(k keyword) expectation {
	switch f.wordKey {
	case kwFor:
		f.endClauses(f.keyAt)
		return nothing
	case kwOn, kwIndex, kwEvent, kwGrant:
		return nothing
	}
	if f.wordPlace == afterComma {
		return nothing
	}
	f.top.verb, f.top.listed = k, table
	return table
}

// begins is for what is a statement only at its beginning.
func (f *formatter) begins(k keyword) expectation {
	switch {
	case f.atStart():
		f.top.verb = k
	case k == kwRename: // of ALTER TABLE
		return target
	case k == kwLock:
		f.endClauses(f.wordAt)
	}
	return nothing
}

// renames is for TO and AS of RENAME, and for TO of ROLLBACK TO.
func (f *formatter) renames(k keyword, expect expectation) expectation {
	switch {
	case f.wordKey == kwRename:
		return expect
	case k == kwTo && f.top.verb == kwRename:
		return table
	case k == kwTo && f.top.verb == kwRollback:
		return savepoint
	}
	return nothing
}

// listsTables reports whether TABLE is followed by a list of tables in a statement.
func listsTables(verb keyword) bool { return verb == kwDrop || verb == kwLock || verb == kwRename }
