package redact

import (
	"regexp"
	"strings"
)

// What follows the first word of a statement, where SQL leaves little room. Prose may begin with a
// verb of SQL, too: "do not tell the user", "stop the analysis", "delete table orders".
var follows = map[string]func() *regexp.Regexp{
	"alter":    onUse(`^((online|ignore|algorithm ?= ?[^ ]+|definer ?= ?[^ ]+|sql security [^ ]+) )*(database|event|function|instance|logfile|procedure|resource|schema|sequence|server|table|tablespace|user|view)\b`),
	"call":     onUse(`^` + oneOf + `( ?\(|$)`),
	"close":    nameAlone,
	"create":   onUse(`^((or replace|temporary|unique|fulltext|spatial|online|offline|aggregate|undo|vector|algorithm ?= ?[^ ]+|definer ?= ?[^ ]+|sql security [^ ]+) )*(database|event|function|index|logfile|package|procedure|resource|role|schema|sequence|server|spatial|table|tablespace|trigger|user|view)\b`),
	"delete":   onUse(`^((low_priority|quick|ignore) )*([^ ]+( ?, ?[^ ]+)* )?from `),
	"desc":     explained,
	"describe": explained,
	"do":       onUse(`^(` + oneOf + ` ?\(|[?@(])`),
	"drop":     onUse(`^(temporary |online |offline |undo )*(database|event|function|index|logfile|package|prepare|procedure|resource|role|schema|sequence|server|spatial|table|tables|tablespace|trigger|user|view)\b`),
	"elseif":   condition,
	"end":      onUse(`^((if|case|while|loop|repeat)( ` + oneOf + `)?)?$`),
	"explain":  explained,
	"fetch":    onUse(`^((next )?from )?` + oneOf + ` into `),
	"flush":    onUse(`^((local|no_write_to_binlog) )?(binary|des_key_file|engine|error|general|global|hosts|index_statistics|logs|optimizer_costs|privileges|query|relay|slow|ssl|status|table|tables|table_statistics|user_resources|user_statistics|client_statistics|user_variables)( (logs|cache|status)| with read lock|$| ?[^ ]+( with read lock| for export)?$)`),
	"grant":    onUse(`^[^ ]+( [a-z]+)?( ?(\([^)]*\))?, ?[^ ]+( [a-z]+)?)*( ?\([^)]*\))? (on [^ ]+( ?\. ?[^ ]+)? )?to `),
	"help":     onUse(`^\?$`),
	"if":       condition,
	"insert":   inserted,
	"iterate":  nameAlone,
	"kill":     onUse(`^((hard|soft) )?(connection |query |user )?(id )?[?@]`),
	"leave":    nameAlone,
	"load":     onUse(`^(index into cache |((data|xml) )?((low_priority|concurrent) )?(local )?infile )`),
	"lock":     onUse(`^(tables?|instance|binlog) `),
	"open":     nameAlone,
	"replace":  inserted,
	"reset":    onUse(`^(master|slave|replica|binary logs and gtids|query cache|persist|qbc|connection)( |$)`),
	"restart":  onUse(`^$`),
	"return":   onUse(`^([?@(]|null$|` + oneOf + ` ?([(+*/%<>=!,-]|$))`),
	"revoke":   onUse(`^.* from `),
	"set":      onUse(`^(names |character set |charset |(global |session |local |persist )?transaction |role |default role |password |resource group |statement |[^ ]+( ?\. ?[^ ]+)? ?:?= ?|(global|session|local|persist|persist_only) [^ ]+ ?:?= ?)`),
	"show":     onUse(`^(full |extended |global |session |local |all |open |binary |relaylog |count ?\()*(authors|binlog|character|charset|client_statistics|collation|columns|contributors|create|databases|engine|engines|errors|events|explain|fields|function|grants|index|indexes|index_statistics|keys|locales|log|logs|master|package|plugins|privileges|procedure|processlist|profile|profiles|relaylog|replica|replicas|schemas|slave|slaves|status|storage|table|tables|table_statistics|triggers|user_statistics|variables|warnings|\*)\b`),
	"shutdown": onUse(`^(wait for all (slaves|replicas))?$`),
	"start":    onUse(`^(transaction|slave|replica|group_replication|all)\b`),
	"stop":     onUse(`^(slave|replica|group_replication|all slaves|all replicas)\b`),
	"until":    condition,
	"update":   onUse(`^((low_priority|ignore) )*[^ ]+( ?, ?[^ ]+)*( (as )?[^ ]+| (inner |left |right |cross |natural |outer |straight_)*join .*|( as)? [^ ]+ ?,.*)? set `),
	"use":      onUse(`^(\?|` + oneOf + `)$`),
	"when":     condition,
	"while":    condition,
}

// condition matches one, as far as its beginning tells.
var condition = onUse(`^(not |exists ?)?[^ ]* ?([=<>!(?.@+*/%&|-]|is (not )?(null|true|false)|in\b|like\b|not\b|between\b)`)

// testedFor matches what a value is tested for by IS, in SQL and in prose.
var testedFor = onUse(`\bis (\w+)`)

// tests are those of SQL.
var tests = set(`not null true false unknown distinct`)

// ignores matches IGNORE with the words around it. It follows on one of ignorers, or one of ignored on it.
var (
	ignores  = onUse(`(\w+)[ (\[{]+ignore[ (\[{]+[^a-z]*(\w*)`)
	ignorers = set(`insert update delete replace load alter low_priority high_priority delayed quick table infile`)
	ignored  = set(`index key nulls into server_ids domain_ids`)
)

// clauses matches what SHOW has no AND without.
var clauses = onUse(`\b(where|like)\b`)

// oneOf matches a name with its schema.
const oneOf = "[^ ?(),.;:'\"]+( ?\\. ?[^ ?(),.;:'\"]+){0,2}"

// longChain matches names that dots join, of which SQL joins three.
var longChain = onUse("(?:`[^`]*`|[\\w$\\x{80}-\\x{10ffff}]+)(?: ?\\. ?(?:`[^`]*`|[\\w$\\x{80}-\\x{10ffff}]+)){3,}")

var (
	nameAlone = onUse(`^` + oneOf + `$`)
	explained = onUse(`^((extended|partitions|analyze|format ?= ?[^ ]+|for (connection )?\?|for (schema|database) [^ ]+) ?)*($|\(|(select|insert|update|delete|replace|with|table|values)\b|` + oneOf + `( ` + oneOf + `)?$)`)
	inserted  = onUse(`^((low_priority|high_priority|delayed|ignore) )*(into )?` + oneOf + ` ?(\(|partition|values?\b|select|with|table|set |as |\?|$)`)
)

// glue are the keywords that part what they stand between in a statement that reads or writes
// rows. There, other keywords count as names: as many of them follow on each other as of names.
var glue = set(`all and any as asc between by call case cast collate cross delete desc distinct distinctrow div do duplicate else end escape except exists
false for force from full group having if ignore in inner insert intersect into is join key lateral left like limit lock mode natural not null
offset on or order outer over partition recursive regexp replace returning right rlike select set some sounds straight_join table then true union update
use using value values when where with within xor`)

// stock matches sequences of other keywords, of which some are longer than names follow on each other.
var stock = onUse(`^(natural language mode( with query expansion)?|boolean mode|with query expansion|unbounded (preceding|following)|current row|` +
	`((session|global|local) )?transaction( isolation level (read (un)?committed|repeatable read|serializable)| read only| read write)?|` +
	`high_priority|low_priority|sql_(big_result|buffer_result|cache|calc_found_rows|no_cache|small_result)|skip locked|nowait|character set|at time zone|with rollup|key update)\b`)

// rowVerbs begin statements that read or write rows.
var rowVerbs = set(`select insert update delete replace with call do values set return`)

// mostWords is how many words follow on each other without anything between them in other
// statements, such as those that define a table.
const mostWords = 12

// isProse reports whether what begins as a statement goes on as none.
func isProse(s string) bool {
	s = strings.ToLower(strings.TrimLeft(s, "( "))
	word := verb().FindString(s)
	s, _, _ = strings.Cut(s[len(word):], ";")
	for _, m := range testedFor().FindAllStringSubmatch(s, -1) {
		if rowVerbs[word] && !tests[m[1]] {
			return true
		}
	}
	for _, m := range ignores().FindAllStringSubmatch(word+" "+s, -1) {
		if !ignorers[m[1]] && !ignored[m[2]] {
			return true
		}
	}
	if word == "begin" {
		rest := strings.TrimSpace(s)
		return rest != "" && rest != "work" && rest != "not atomic" && !begins(strings.TrimPrefix(rest, "not atomic "))
	}
	if word == "show" && strings.Contains(s, " and ") && !clauses().MatchString(s) {
		return true
	}
	next := follows[word]
	return next != nil && !next().MatchString(strings.TrimSpace(s))
}
