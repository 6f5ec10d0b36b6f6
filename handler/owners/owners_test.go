package owners

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

const file = `
# who owns what
*                                platform
schema:shop                      team-orders
table:shop.invoices              team-billing  mention=S0123ABCDEF   # on call
table:orders_?                   archive/cold
table:oauth2_tokens              auth
tag:controller=Invoices*         team-billing
user:etl_*                       data team-orders
user:monitor
`

// class is one with tables, such as "shop.orders", and calls by user, schema and "key=value".
func class(tables []string, users, schemas, tags map[string]int64) *digest.Class {
	c := &digest.Class{Users: users, Schemas: schemas}
	for _, t := range tables {
		if schema, name, ok := strings.Cut(t, "."); ok {
			c.Tables = append(c.Tables, digest.Table{Schema: schema, Name: name})
		} else {
			c.Tables = append(c.Tables, digest.Table{Name: t})
		}
	}
	for _, n := range users {
		c.Calls += n
	}
	for tag, n := range tags {
		key, value, _ := strings.Cut(tag, "=")
		c.Tags = append(c.Tags, digest.TagCount{Key: key, Value: value, Calls: n})
	}
	return c
}

func shown(all []digest.Owner) string {
	var out []string
	for _, o := range all {
		out = append(out, strings.TrimSuffix(o.Name+" "+o.Mention, " "))
	}
	return strings.Join(out, ", ")
}

func TestOf(t *testing.T) {
	o, err := Read([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	type calls = map[string]int64
	app, shop := calls{"app": 10}, calls{"shop": 10}
	for _, test := range []struct {
		name   string
		class  *digest.Class
		owners string
	}{
		{"nothing else matches", class([]string{"orders"}, app, calls{"crm": 10}, nil), "platform"},
		{"no table, no schema", class(nil, app, nil, nil), "platform"},
		{"a table in the default schema", class([]string{"orders"}, app, shop, nil), "team-orders"},
		{"no table, in the default schema", class(nil, app, shop, nil), "team-orders"},
		{"the schema that the statement writes", class([]string{"shop.orders"}, app, calls{"crm": 10}, nil), "team-orders"},
		{"another schema than the default one", class([]string{"crm.orders"}, app, shop, nil), "platform"},
		{"the schema in any case", class([]string{"orders"}, app, calls{"Shop": 10}, nil), "team-orders"},
		{"a table by its default schema", class([]string{"invoices"}, app, shop, nil), "team-billing S0123ABCDEF"},
		{"a table by its own", class([]string{"shop.invoices"}, app, nil, nil), "team-billing S0123ABCDEF"},
		{"a table of another schema", class([]string{"crm.invoices"}, app, nil, nil), "platform"},
		{"a table whose schema is not known", class([]string{"invoices"}, app, nil, nil), ""},
		{"next to one whose is", class([]string{"invoices", "shop.orders"}, app, calls{"": 10}, nil), "team-orders"},
		{"a table of any schema", class([]string{"orders_?"}, app, nil, nil), "archive/cold"},
		{"a user of a table whose schema is not known", class([]string{"invoices"}, calls{"etl_1": 1}, nil, nil), "data, team-orders"},
		{"tables of two teams", class([]string{"orders", "invoices", "users"}, app, shop, nil), "team-orders, team-billing S0123ABCDEF"},
		{"in the order of the tables", class([]string{"invoices", "orders"}, app, shop, nil), "team-billing S0123ABCDEF, team-orders"},
		{"digits that differ", class([]string{"shop.orders_?"}, app, nil, nil), "archive/cold"},
		{"digits of a pattern", class([]string{"shop.oauth?_tokens"}, app, nil, nil), "auth"},
		{"a ? that is no digit of it", class([]string{"shop.oauth_tokens"}, app, nil, nil), "team-orders"},
		{"a tag of more than half of the calls", class([]string{"orders"}, app, shop, calls{"controller=Invoices": 3, "controller=InvoicesV2": 3}), "team-billing"},
		{"a tag of half of the calls", class([]string{"orders"}, app, shop, calls{"controller=Invoices": 5}), "team-orders"},
		{"another tag", class([]string{"orders"}, app, shop, calls{"action=Invoices": 10}), "team-orders"},
		{"tags that are not named", class([]string{"orders"}, app, shop, calls{"controller=" + digest.OtherNames: 10}), "team-orders"},
		{"the line after it", class([]string{"shop.invoices"}, calls{"etl_1": 4, "etl_2": 2, "app": 5}, shop, nil), "data, team-orders"},
		{"users with half of the calls", class([]string{"invoices"}, calls{"etl_1": 5, "app": 5}, shop, nil), "team-billing S0123ABCDEF"},
		{"users that are not named", class([]string{"invoices"}, calls{digest.OtherNames: 6, "etl_1": 5}, shop, nil), "team-billing S0123ABCDEF"},
		{"a user in another case", class(nil, calls{"ETL_1": 10}, shop, nil), "team-orders"},
		{"a line without an owner", class([]string{"invoices", "orders"}, calls{"monitor": 10}, shop, nil), ""},
		{"half of the calls in a schema", class([]string{"orders"}, app, calls{"shop": 5, "crm": 5}, nil), "platform"},
		{"of the calls of which it is known", class([]string{"orders"}, app, calls{"shop": 2, "": 8}, nil), "team-orders"},
	} {
		if got := shown(o.Of(test.class)); got != test.owners {
			t.Errorf("%s: got %q, want %q", test.name, got, test.owners)
		}
	}
	if got := (*Owners)(nil).Of(class(nil, app, shop, nil)); got != nil {
		t.Errorf("no file names %v", got)
	}
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, yes, no string
	}{
		{"orders", "orders", " order orderss Orders"},
		{"orders*", "orders orders_1", "xorders order"},
		{"*orders", "orders xorders", "orders_"},
		{"*", "a orders", ""},
		{"a*a", "aa aba aXaXa", "a ab"},
		{"a*b*c", "abc aXbXc abbbc", "acb ac ab"},
		{"*b*b*", "bb abab", "b aba"},
		{"a**c", "ac abc", "a"},
		{"a?c", "a?c", "abc"},
		{"[ab]", "[ab]", "a b"},
	} {
		g := newGlob(test.pattern)
		for _, name := range strings.Fields(test.yes) {
			if !g.matches(name) {
				t.Errorf("%s does not match %s", test.pattern, name)
			}
		}
		for _, name := range strings.Split(test.no, " ") {
			if name != "" && g.matches(name) || test.pattern != "*" && g.matches("") {
				t.Errorf("%s matches %q", test.pattern, name)
			}
		}
	}
}

// TestReadErrors has what is wrong in the way of a person who writes such a file.
func TestReadErrors(t *testing.T) {
	long := strings.Repeat("x", maxPattern)
	for _, test := range []struct{ text, err, hint string }{
		{"shop.orders team", `line 1, column 1: pattern "shop.orders": want *, schema:NAME, table:NAME, table:SCHEMA.NAME, tag:KEY=VALUE or user:NAME`, "table:shop.orders is for a table"},
		{"\n  /shop/ team", `line 2, column 3: pattern "/shop/": want *`, ""},
		{"[Orders] team", `line 1, column 1: pattern "[Orders]": there are no sections`, ""},
		{"!schema team", `line 1, column 1: pattern "!schema": there is no negation`, "without an owner"},
		{"host:10.* team", `line 1, column 1: pattern "host:10.*": want *`, ""},
		{"schema: team", `line 1, column 1: pattern "schema:": want a name after the colon`, "schema:* is for any"},
		{"table:shop. team", `line 1, column 1: pattern "table:shop.": want table:NAME or table:SCHEMA.NAME`, "table:shop.*"},
		{"tag:controller team", `line 1, column 1: pattern "tag:controller": want tag:KEY=VALUE`, "tag:controller=* is for any value"},
		{"tag:contr*=x team", `line 1, column 1: pattern "tag:contr*=x": want the key of a tag`, ""},
		{"tag:trace_id=x team", `line 1, column 1: pattern "tag:trace_id=x": want the key of a tag`, ""},
		{"schema:" + long + " team", `line 1, column 1: pattern "schema:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…": want at most 200 bytes`, ""},
		{"* @team", `line 1, column 3: owner "@team": want 1 to 40 letters`, "write team; mention=ID after it is what mentions somebody"},
		{"* @here!", `line 1, column 3: owner "@here!": want`, ""},
		{"* ops@example.com", `line 1, column 3: owner "ops@example.com": want`, ""},
		{"* <!channel>", `line 1, column 3: owner "<!channel>": want`, ""},
		{"* équipe", `line 1, column 3: owner "équipe": want`, ""},
		{"* équipe x\x00y", `line 1, column 11: a character that is no text`, "UTF-8"},
		{"* \xff", `line 1, column 3: a character that is no text`, "UTF-8"},
		{"* " + strings.Repeat("y", digest.MaxOwner+1), `want 1 to 40 letters`, ""},
		{"* team team", `line 1, column 8: owner "team": it stands there twice`, ""},
		{"* a b c d e f", `line 1, column 13: more than 5 owners`, ""},
		{"* mention=S0123ABCDEF", `line 1, column 3: a mention without an owner`, ""},
		{"* team mention=S0123ABCDEF mention=U0123ABCDEF", `line 1, column 28: owner "team": a second mention`, ""},
		{"* team mention=here", `line 1, column 8: mention "here": want the ID of a Slack user`, "Copy member ID"},
		{"* team mention=@ops", `line 1, column 8: mention "@ops"`, ""},
		{"* team mention=C0123ABCDEF", `line 1, column 8: mention "C0123ABCDEF"`, ""},
		{"* team mention=S0123ABCDEF>", `line 1, column 8: mention "S0123ABCDEF>"`, ""},
		{"* team mention=", `line 1, column 8: mention ""`, ""},
		{"x\n* ok\ny\nz\nx\nx\nx", `line 1, column 1: pattern "x": want`, ""},
		{"x\n* ok\ny\nz\nx\nx\nx", `; and 1 more`, ""},
		{"* " + strings.Repeat(" ", MaxBytes), fmt.Sprintf("%d bytes: want at most %d", MaxBytes+2, MaxBytes), ""},
		{strings.Repeat("*\n", MaxLines+1), fmt.Sprintf("line %d, column 1: more than %d patterns", MaxLines+1, MaxLines), ""},
	} {
		o, err := Read([]byte(test.text))
		if err == nil || o != nil {
			t.Errorf("%q is read", test.text[:min(80, len(test.text))])
			continue
		}
		if !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: got %s, want %s", test.text[:min(80, len(test.text))], err, test.err)
		}
		var all Errors
		if !errors.As(err, &all) {
			t.Fatal(err)
		}
		if hint := all.Hint(); !strings.Contains(hint, test.hint) {
			t.Errorf("%q: got the hint %s, want %s", test.text[:min(80, len(test.text))], hint, test.hint)
		}
	}
}

// TestReadForms reads what is written otherwise and means the same.
func TestReadForms(t *testing.T) {
	for _, text := range []string{
		"* team", "*\tteam", "\ufeff* team\r\n", "  *   team  # a word\n\n#\n", "* x\n* team", "*\u00a0team",
	} {
		o, err := Read([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := shown(o.Of(new(digest.Class))); got != "team" {
			t.Errorf("%q: got %s", text, got)
		}
	}
	o, err := Read([]byte("tag:code=orders#index team mention=U0123ABCDEF#1\n"))
	if err == nil {
		t.Errorf("a # within a word begins a comment: %v", o)
	}
	for _, most := range []string{strings.Repeat("*\n", MaxLines), "* " + strings.Repeat("y", digest.MaxOwner), "schema:" + strings.Repeat("x", maxPattern-7), strings.Repeat(" ", MaxBytes)} {
		if _, err := Read([]byte(most)); err != nil {
			t.Errorf("at the bound: %v", err)
		}
	}
}

// TestMentionOfOwner has the mention of a line where another names the owner without one.
func TestMentionOfOwner(t *testing.T) {
	o, err := Read([]byte("table:a team\ntable:b team mention=W0123ABCDEF\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(o.Of(class(nil, nil, nil, nil))); got != "" {
		t.Errorf("no table: got %s", got)
	}
	for tables, want := range map[string]string{"a": "team", "b": "team W0123ABCDEF", "a b": "team W0123ABCDEF", "b a": "team W0123ABCDEF"} {
		if got := shown(o.Of(class(strings.Fields(tables), nil, nil, nil))); got != want {
			t.Errorf("%s: got %s, want %s", tables, got, want)
		}
	}
	if got := o.lines[0].owners[0].Mention; got != "" {
		t.Errorf("the line without a mention has one now: %s", got)
	}
}

// hostile is a class that takes long to match.
func hostile() *digest.Class {
	c := &digest.Class{Users: map[string]int64{}, Schemas: map[string]int64{}}
	c.Calls = 1 << 40
	for i := range 128 {
		name := strings.Repeat("a", 200) + fmt.Sprint(i)
		c.Users[name], c.Schemas[name] = 1, 1
		c.Tags = append(c.Tags, digest.TagCount{Key: "controller", Value: name[120:], Calls: 1})
	}
	for i := range 5_000 {
		c.Tables = append(c.Tables, digest.Table{Name: strings.Repeat("a", 60) + fmt.Sprint(i)})
	}
	return c
}

// TestHostileIsBounded matches the worst file with the worst class, in the time of some thousand usual ones.
func TestHostileIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	var b strings.Builder
	for _, kind := range []string{"user:", "schema:", "tag:controller=", "table:"} {
		for range 250 {
			b.WriteString(kind + strings.Repeat("a*", 20) + "b\n")
		}
	}
	o, err := Read([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	c, began := hostile(), time.Now()
	if got := o.Of(c); got != nil {
		t.Errorf("got %v", got)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

func FuzzOwners(f *testing.F) {
	f.Add([]byte(file), "orders", "shop", "etl_1", "Invoices")
	f.Add([]byte("* a mention=U0123ABCDEF\n"), "", "", "", "")
	if page, err := os.ReadFile("../../docs/owners.md"); err == nil {
		f.Add(page, "a.b", "b", "`", "<!channel>")
	}
	f.Fuzz(func(t *testing.T, text []byte, table, schema, user, tag string) {
		o, err := Read(text)
		if (o == nil) == (err == nil) {
			t.Fatalf("got %v and %v", o, err)
		}
		if err != nil {
			var all Errors
			if !errors.As(err, &all) {
				t.Fatal(err)
			}
			for _, e := range all {
				lines := bytes.Split(text, []byte("\n"))
				if e.Line < 0 || e.Line > len(lines) || e.Line > 0 && (e.Column < 1 || e.Column > len(lines[e.Line-1])) {
					t.Errorf("there is no line %d, column %d", e.Line, e.Column)
				}
			}
			return
		}
		c := class([]string{table, "x"}, map[string]int64{user: 2, "x": 1}, map[string]int64{schema: 2}, map[string]int64{"controller=" + tag: 3})
		seen := map[string]bool{}
		for _, own := range o.Of(c) {
			if !digest.IsOwner(own.Name) || own.Mention != "" && !digest.IsMention(own.Mention) || seen[own.Name] {
				t.Errorf("got %+v", own)
			}
			if seen[own.Name] = true; !bytes.Contains(text, []byte(own.Name)) || !bytes.Contains(text, []byte(own.Mention)) {
				t.Errorf("%+v is not of the file", own)
			}
		}
	})
}

// BenchmarkOf is of 5,000 classes and a file of 50 lines.
func BenchmarkOf(b *testing.B) {
	var file strings.Builder
	for i := range 50 {
		fmt.Fprintf(&file, []string{"table:shop.table_%d*", "schema:s%d", "user:etl_%d*", "tag:controller=C%d*"}[i%4]+" team\n", i)
	}
	o, err := Read([]byte(file.String()))
	if err != nil {
		b.Fatal(err)
	}
	c := class([]string{"orders", "customers", "shop.table_1"}, map[string]int64{"app": 9, "report": 1}, map[string]int64{"shop": 10}, map[string]int64{"controller=Orders": 10})
	for b.Loop() {
		for range 5_000 {
			o.Of(c)
		}
	}
}
