package tags

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slowdigest/parser/fingerprint"
)

// read returns the tags of a statement as key=value, by a Reader that has read others.
func read(t *testing.T, sql string, certain bool, more ...string) string {
	t.Helper()
	r := NewReader(more)
	var first string
	for range 2 { // the second time all values are remembered
		var out []string
		for _, tag := range r.Read([]byte(sql), certain) {
			out = append(out, tag.Key+"="+tag.Value)
		}
		again := strings.Join(out, " ")
		if first != "" && again != first {
			t.Errorf("%s: %s the first time, and %s the second", sql, first, again)
		}
		first = again
	}
	return first
}

// Each form in which libraries and people write tags.
func TestForms(t *testing.T) {
	const sha = "3f2a91c0d4e5b6a798c1d2e3f405162738495a6b"
	for _, c := range []struct{ sql, want string }{
		{"select 1 /*action='index',controller='orders'*/", "action=index controller=orders code=orders#index"},
		{"select 1 /*action='%2Fparam%2Aa',controller='index',framework='spring'*/", "controller=index framework=spring code=index"}, // a star is none of the form
		{"select 1 /*db_driver='knex%3A0.16.3',route='%2Forders%2F%3Aid',traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/",
			"db_driver=knex:0.16.3 route=/orders/:id code=/orders/:id"},
		{"select 1 /*framework='django%%3A3.2.25',controller='polls.views.index'*/", "framework=django:3.2.25 controller=polls.views.index code=polls.views.index"},
		{`select 1 /*application='it\'s',controller='orders\''*/`, ""},
		{`select 1 /*name='a\\b',job='x'*/`, "job=x code=x"},
		{"select 1 /*job='x',route='%2Fit's%2Fa',controller='y'*/", "job=x code=x"}, // as @google-cloud/sqlcommenter-knex has it
		{"select 1 /* action='index' , controller='orders' */", "action=index controller=orders code=orders#index"},
		{"/*application:Shop,controller:orders,action:index*/ select 1", "application=Shop controller=orders action=index code=orders#index"},
		{"/*application:Shop,job:OrderMailer,line:/app/models/order.rb:12:in `find'*/ select 1", "application=Shop job=OrderMailer line=/app/models/order.rb:12 code=OrderMailer"},
		{"select 1 /*source_location='app%2Fmodels%2Forder.rb%3A3%3Ain%20%60find%27'*/", "source_location=app/models/order.rb:3 code=app/models/order.rb:3"},
		{"select 1 /*application:Shop,namespaced_controller:admin/orders,controller:orders,action:index*/",
			"application=Shop namespaced_controller=admin/orders controller=orders action=index code=admin/orders#index"},
		{"select 1 /*controller_with_namespace:Api::V1::OrdersController,action:show*/", "controller_with_namespace=Api::V1::OrdersController action=show code=Api::V1::OrdersController#show"},
		{"/* named HQL query Order.findOpen */ select 1", "name=Order.findOpen code=Order.findOpen"},
		{"/* named native SQL query Order.totals */ select 1", "name=Order.totals code=Order.totals"},
		{"/* load com.example.Order */ select 1", "name=com.example.Order code=com.example.Order"},
		{"/* insert for com.example.Order */insert into t values (1)", "name=com.example.Order code=com.example.Order"},
		{"/* select o from Order o where o.total > 5 */ select 1", ""},
		{"/* OrderRepository.find */ select 1", "name=OrderRepository.find code=OrderRepository.find"},
		{"/* orders#index */select 1", "name=orders#index code=orders#index"},
		{"select /*master*/ * from t", "name=master code=master"},
		{"/* Order::find */ select 1", "name=Order::find code=Order::find"},
		{"-- name: GetOrders :many\nselect 1", "name=GetOrders code=GetOrders"},
		{" -- GetOrders\r\nselect 1", "name=GetOrders code=GetOrders"},
		{"/* name: GetOrders :one */ select 1", "name=GetOrders code=GetOrders"},
		{"select 1 -- name: late :one\nfrom t", ""},
		{"/*dddbs='orders-db',dde='prod',ddps='shop',ddpv='v1.2.3'*/ select 1", "ddps=shop ddpv=v1.2.3"},
		{"select 1 /*release='" + sha + "'*/", "release=3f2a91c0d4e5"},
		{"select 1 /*application='" + sha + "'*/", ""},
		{"select 1 /*file='src/orders.ts',line='12'*/", "file=src/orders.ts line=12 code=src/orders.ts:12"},
		{"select 1 /*action='index'*/ from t /*controller='orders'*/ where a = 'x' /* third */", "action=index controller=orders name=third code=orders#index"},
		{"select 1 /*action='index'*/ /*action='show'*/", "action=index code=index"},
		{"insert into t values ('a'), (\"b\"), (`c`) /*job='x'*/", "job=x code=x"},
		{"update t set a = 'it''s', b = 'x\\'y' /*job='x'*/", "job=x code=x"},
		{"select 1 /*! action='x' */ /*+ action='y' */", ""},
		{"select 1 /*!50000 straight_join */ /*job='x'*/", "job=x code=x"},
		{"select 1 /*M! 2 */ /*job='x'*/", ""},
		{"select 1 /*+ set_var(a=1), job:x */", ""},
		{"select 1 /*release='9f86d081884c7d659a2f'*/", ""},
		{"select 1 /*job='x'", ""}, // cut
		{"select 1 /*" + "x:" + strings.Repeat("x", 2038) + ",job:y*/", "job=y code=y"}, // 2046 bytes
		{"select 1 /*" + "x:" + strings.Repeat("x", 2041) + ",job:y*/", ""},
		{"select 1 /* */ /**/", ""},
		{"select 1 /*controller='orders", ""},
		{"select 1 /*Controller='orders'*/", ""},
		{"select 1 /* look at name:bob, he knows */", ""},
		{"select 1 /* Please call, name: Doe, line: 555-1234, file: secret */", ""},
		{"select 1 /* customer: Jane, name: Doe */", ""},
		{"select 1 /*ticket:4711,name:Jane*/", ""},
		{"select 1 /*name: Jane*/", ""},
		{"select 1 /*line:12*/", "line=12"},
		{"select 1 /*file='/srv/2/app/o.rb$',line='42'*/", "line=42"},
		// However backslashes are read, it is a comment, or else there is no tag.
		{"select a from t where p='C:\\' and a='/* leak */' and b=1", ""},
		{"select a from t where p=\"C:\\\" and a=\"/* leak */\"", ""},
		{"insert into t (p,a) values ('C:\\temp\\','/*name:hunter2,customer:x*/')", ""},
		{"select a from t where a='\\''/* leak */'", ""},
		{"select * from c where n='\x95\\' and memo='/* leak */' and b=1", ""},
		{"select * from c where n='\x95\\' and m='O\\'B' and memo='/* leak */' and b=1", ""},
		{"select * from c where n='O\\'Brien' and b=1 /*job='x'*/", "job=x code=x"},
		{"insert into c values ('a\\nb\\\\', 'O\\'Brien') /*job='x'*/", "job=x code=x"},
		{"/*job='x'*/ select 'O\\'Brien', '/* leak */'", "job=x code=x"},
		{"/* 12345 */ select 1", ""},
		{"/* get all orders */ select 1", ""},
		{"select /* SQL_NO_CACHE */ 1", ""},
		{"select /*straight_join*/ 1", ""},
		{"select /* SQL_NO_CACHE */ 1 /* sql_no_cache_test */", "name=sql_no_cache_test code=sql_no_cache_test"},
		{"/* request_id:abcd */ select 1", ""},
		{"select 1 /*" + strings.Repeat(" ", maxComment) + "*/ /*job='" + strings.Repeat("x", MaxValue) + "'*/", "job=" + strings.Repeat("x", MaxValue) + " code=" + strings.Repeat("x", MaxValue)},
		{"select 1 /*job='" + strings.Repeat("x", MaxValue+1) + "'*/", ""},
	} {
		if got := read(t, c.sql, true); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
		}
	}
}

// What stands in a literal is no comment, whatever it looks like.
func TestLiterals(t *testing.T) {
	const tag = "/*name:secret*/"
	for _, sql := range []string{
		"select '" + tag + "'", `select "` + tag + `"`, "select `" + tag + "`", `select 'a\'` + tag + `'`, "select 'a''" + tag + "'",
		"select 1 # " + tag, "select 1 -- " + tag, "select $$ " + tag + "$$", "select $js$ " + tag + "$js$",
		"select /*! 3 */* 'a,name:secret*/'", // the star is a product
		"select 1 -- it's\n, '" + tag + "'",
	} {
		if got := read(t, sql, true); got != "" {
			t.Errorf("%s: %s", sql, got)
		}
	}
	// Where it is not certain which quote is which, only what is before them all counts.
	if got := read(t, `/*job='x'*/ select 'a\' /*name:secret*/ , 'b' /*action='y'*/`, false); got != "job=x code=x" {
		t.Error(got)
	}
	if got := read(t, "select a$b, c from v$x /*job='x'*/", true); got != "job=x code=x" {
		t.Error(got)
	}
}

// Only keys of the list and of the setting count.
func TestKeys(t *testing.T) {
	const sql = "select 1 /*team='checkout',tenant='7',traceparent='a',request_id='b'*/"
	if got := read(t, sql, true); got != "" {
		t.Error(got)
	}
	if got := read(t, sql, true, "team"); got != "team=checkout" {
		t.Error(got)
	}
	for _, key := range []string{"", "traceparent", "TraceState", "request_id", Code, "a b", "a'b", "a=b", "1a", "ü", strings.Repeat("x", MaxKey+1)} {
		if CheckKey(key) == nil {
			t.Errorf("%q can be a key", key)
		}
	}
	for _, key := range []string{"team", "x-y.z_1", strings.Repeat("x", MaxKey)} {
		if err := CheckKey(key); err != nil {
			t.Error(err)
		}
	}
	var all strings.Builder
	for i := range 2 * maxTags {
		fmt.Fprintf(&all, "k%d='v',", i)
	}
	var more []string
	for i := range 2 * maxTags {
		more = append(more, fmt.Sprintf("k%d", i))
	}
	if got := strings.Count(read(t, "select 1 /*"+all.String()+"*/", true, more...), "="); got != 16 {
		t.Errorf("%d tags", got)
	}
}

// What is secret, or names a person, a machine or a request, is no value.
func TestPrivate(t *testing.T) {
	for _, v := range []string{
		"jane.doe@example.com", "root:hunter2@db", "joe.smith@localhost", "joe@corp", "@jane@example.com", "mailto:a@b.example", "x+jane@mail.example.org/y", "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01",
		"123e4567-e89b-12d3-a456-426614174000", "9f86d081884c7d659a2feaa0c55ad015", "deadbeefdeadbeef12", "user/123456789", "4111-1111-1111-1111", "+49-170-1234567-8",
		"192.168.0.1", "web:10.0.0.7:3306", "host-10.1.2.3", "2001:db8::1", "web/2001:db8::7", "fe80::1", "1:2:3:4:5:6:7:8", "00:1A:2b:3C:4d:5E",
		"AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "xoxb-123456-abc", "sk_live_abcdef12", "eyJhbGciOiJIUzI1", "https://user:pw@host/",
		"01ARZ3NDEKTSV4RRFFQ69G5FAV", "k3J9xQ2mB7vL5tZ8", "-----BEGIN", "hooks.slack.com/services/T0/B0/x",
		"ip-10-1-2-3.ec2.internal", "10-1-2-3", "4111.1111.1111.1111", "card:4111_1111_1111_1111", "555.123.4567", "555/123/4567", "078-05-1120",
		"github_pat_11ABCDEFG0abc", "glpat-abcdEFGHijkl", "npm_abcdefghijkl", "AIzaSyAbCdEf", "sk-proj-abcdef", "rk_live_abcdef", "SG.abcdef.ghi", "password:hunter2", "pwd:Sommer2024", "Bearer:abc1", "x/Passphrase:abc2", "mueller.Controller@acme", "Controller@gmail/com",
		"", "a b", strings.Repeat("x", 81), "a\nb", "a'b", "a`b", "a*b", "<!here>", "*bold*", "ü", "a\u202eb", "a\x00b", strings.Repeat("a", MaxValue+1),
	} {
		if May(v) {
			t.Errorf("%q may be shown", v)
		}
	}
	for _, v := range []string{
		"orders#index", "Api::V1::OrdersController", "OrdersController@show", "Users::Password:reset", "cpwd:app", "/x/pwd:rotate", "bearer:check", "app/models/order.rb:12", "/orders/:id", "my-app@1.2.3", "v142", "2026-11-27", "20261127", "rails:7.1.3", "3f2a91c0d4e5",
		"polls.views.index", "django.db.backends.mysql", "OrderMailer", "net/http", "Order.findByStatus", "a", "mysql2:3.11.0", "src/orders.ts:12:7", "Dead::Beef", "feedback", "task-runner", "2026.11.23.1", "/orders/2026/11/23", "10.0.19041",
		strings.Repeat("x", MaxValue),
	} {
		if !May(v) {
			t.Errorf("%q may not be shown", v)
		}
	}
}

// A Reader allocates nothing for a statement like the ones before it, whether it has comments or not.
func TestNoAllocation(t *testing.T) {
	r := NewReader(nil)
	n := 0
	for _, sql := range []string{
		"select * from orders where id = 5 and note = 'x'",
		"select * from orders where id = 5 /*action='index',application='Shop',controller='orders',route='%2Forders'*/",
		"-- name: GetOrders :many\nselect * from orders",
	} {
		text := []byte(sql)
		if got := testing.AllocsPerRun(100, func() { n += len(r.Read(text, true)) }); got > 0 {
			t.Errorf("%.1f allocations for %s", got, sql)
		}
	}
	if n == 0 {
		t.Error("no tags")
	}
	// That each call has another trace changes nothing.
	sql := []byte("select 1 /*controller='orders',traceparent='00-0000000000000000-00'*/")
	at := strings.Index(string(sql), "0000000")
	if got := testing.AllocsPerRun(100, func() { sql[at]++; r.Read(sql, true) }); got > 0 {
		t.Errorf("%.1f allocations where traces differ", got)
	}
}

// What a Reader remembers is bounded.
func TestManyValues(t *testing.T) {
	r := NewReader(nil)
	for i := range 3 * maxValues {
		r.Read(fmt.Appendf(nil, "select 1 /*job='j%d'*/", i), true)
		if len(r.values) > maxValues || len(r.sets) > maxSets {
			t.Fatalf("%d values, %d sets", len(r.values), len(r.sets))
		}
	}
}

var form = regexp.MustCompile(`^[A-Za-z0-9_.:/#@+-]{1,80}$`)

// FuzzRead has nothing get out but what has the form.
func FuzzRead(f *testing.F) {
	for _, sql := range []string{
		"select 1 /*action='index',controller='%6frders'*/", "/*application:Shop,line:a.rb:1:in `x'*/ select 'a'", "-- name: X :one\nselect 1",
		"/*name='<!here>',job='a\\'b'*/ select \"/*x*/\"", "select 1 /*!5 */* '/*name:x*/'", "/* named HQL query a.b */ select `x`",
	} {
		f.Add(sql, true)
	}
	f.Fuzz(func(t *testing.T, sql string, certain bool) {
		r := NewReader([]string{"team"})
		found := slices.Clone(r.Read([]byte(sql), certain))
		if _, comments, _, ok := fingerprint.AppendSkeletonNoting(nil, []byte(sql), nil); ok && certain && !strings.Contains(sql, "*/*") { // which Read takes for the end of /*!
			if known := r.ReadComments([]byte(sql), comments); !slices.Equal(known, found) {
				t.Errorf("%q where the comments are known, and %q", known, found)
			}
		}
		if len(found) > maxTags+1 {
			t.Errorf("%d tags", len(found))
		}
		seen := map[string]bool{}
		for _, tag := range found {
			if !form.MatchString(tag.Value) || !May(tag.Value) || seen[tag.Key] {
				t.Errorf("%q", tag)
			}
			seen[tag.Key] = true
		}
	})
}

// What a skeleton notes as comments leads to the same tags.
func TestReadComments(t *testing.T) {
	for _, sql := range []string{
		"select 1 /*action='index',controller='orders'*/", "-- name: GetOrders :many\nselect 'a'", " # GetOrders\nselect /*controller:x*/ 'a' -- late\n, 2",
		"/* a.b */ /*+ hint */ select '/*name:c*/' /*job='d'*/", "select /* a */ 1 in (1, 2, 3) /*job='x'*/", "select 1 /**/", "--\nselect 1", "select 1 --",
	} {
		_, comments, _, ok := fingerprint.AppendSkeletonNoting(nil, []byte(sql), nil)
		if !ok {
			t.Errorf("%s has no skeleton", sql)
		}
		r := NewReader(nil)
		got := fmt.Sprint(r.ReadComments([]byte(sql), comments))
		if want := fmt.Sprint(NewReader(nil).Read([]byte(sql), true)); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// docs/tags.md names each key.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/tags.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range Keys {
		if !strings.Contains(string(page), "`"+key+"`") {
			t.Errorf("docs/tags.md lacks %s", key)
		}
	}
}
