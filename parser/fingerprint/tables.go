package fingerprint

// tableClause is clause for the keywords that tables stand after.
func (g *grammar) tableClause(k keyword, expect expectation, alias bool) expectation {
	top := g.top
	switch k {
	case kwFrom:
		if top.call && top.verb == noKeyword || g.word.key == kwDistinct {
			return nothing // SUBSTRING(a FROM 2), IS DISTINCT FROM
		}
		top.listed = table
		return table
	case kwJoin:
		if g.word.key != kwFor { // USE INDEX FOR JOIN
			return table
		}
	case kwStraightJoin:
		if top.listed == table { // else it is an option of SELECT
			return table
		}
	case kwUpdate, kwDelete:
		return g.changes(k)
	case kwInsert, kwReplace:
		if g.word.key != kwEvent && g.word.key != kwGrant {
			if g.atStart() {
				top.verb = k
			}
			return target
		}
	case kwTable, kwTables:
		top.variable = true
		if listsTables(top.verb) {
			top.listed = table
		}
		if g.atStart() || g.afterSetOperator() {
			top.beginBranch(g.word.text)
		}
		return target
	case kwView, kwTruncate:
		return target
	case kwHandler:
		return table
	case kwDescribe:
		if g.word.prev <= afterSemicolon {
			return table
		}
	case kwSchema:
		if top.verb == kwCreate || top.verb == kwDrop || top.verb == kwAlter || top.verb == kwShow {
			return table
		}
	case kwIn:
		if top.verb == kwShow && g.lexer.peek() != '(' {
			return table
		}
	case kwLike:
		if top.verb == kwCreate && alias {
			return target
		}
	case kwUsing:
		if top.verb == kwDelete && g.lexer.peek() != '(' {
			top.listed = table
			return table
		}
	case kwOn:
		if top.verb == kwCreate || top.verb == kwDrop || top.verb == kwGrant {
			return target
		}
	case kwAs, kwTo:
		return g.renames(k, expect)
	case kwCreate, kwAlter, kwDrop, kwGrant, kwShow, kwRollback, kwRename, kwLock:
		return g.begins(k)
	}
	return nothing
}

// changes is for UPDATE and DELETE, which are statements unless they stand in
// FOR UPDATE, ON DUPLICATE KEY UPDATE, ON DELETE, BEFORE DELETE or a GRANT.
func (g *grammar) changes(k keyword) expectation {
	switch g.word.key {
	case kwFor:
		g.endClauses(g.keyAt)
		return nothing
	case kwOn, kwIndex, kwEvent, kwGrant:
		return nothing
	}
	if g.word.prev == afterComma {
		return nothing
	}
	g.top.verb, g.top.listed = k, table
	return table
}

// begins is for what is a statement only at its beginning.
func (g *grammar) begins(k keyword) expectation {
	switch {
	case g.atStart():
		g.top.verb = k
	case k == kwRename: // of ALTER TABLE
		return target
	case k == kwLock:
		g.endClauses(g.word.at)
	}
	return nothing
}

// renames is for TO and AS of RENAME, and for TO of ROLLBACK TO.
func (g *grammar) renames(k keyword, expect expectation) expectation {
	switch {
	case g.word.key == kwRename:
		return expect
	case k == kwTo && g.top.verb == kwRename:
		return table
	case k == kwTo && g.top.verb == kwRollback:
		return generated
	}
	return nothing
}

// listsTables reports whether TABLE is followed by a list of tables in a statement.
func listsTables(verb keyword) bool { return verb == kwDrop || verb == kwLock || verb == kwRename }
