package filter

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"slowdigest/parser"
)

func entry() *parser.Event {
	at := time.Date(2026, 11, 23, 10, 0, 5, 0, time.UTC)
	return &parser.Event{
		Offset: 4711, Time: at, Start: at.Add(-2500 * time.Millisecond), User: "app", Host: "Web-1.example", Schema: "shop", ConnectionID: 42,
		QueryTime: 2.5, LockTime: 0.25, RowsSent: 10, RowsExamined: 2_000_000,
		Has:          parser.HasRowsAffected | parser.HasTmpTables | parser.HasFullScan | parser.HasErrno,
		RowsAffected: 3, TmpTables: 2, FullScan: true, Errno: 1205, Weight: 1,
		SQL: []byte("UPDATE t SET a = 'É\xff' WHERE id = 7"), SQLBytes: 900,
	}
}

// What it says that an entry does, with each operator on both sides of its edge.
func TestMatch(t *testing.T) {
	for condition, want := range map[string]bool{
		`rows_examined > 1e6 and schema == "shop"`:     true,
		`rows_examined > 2e6 or schema == "stock"`:     false,
		`rows_examined >= 2000000`:                     true,
		`rows_examined <= 2000000 and rows_sent != 11`: true,
		`rows_examined < 2000000`:                      false,
		`not rows_examined < 2000000`:                  true,
		`query_time == 2.5 and lock_time == .25`:       true,
		`rows_examined / rows_sent == 2e5`:             true,
		`rows_sent * 2 + 1 - -4 == 25`:                 true,
		`rows_sent - 2 - 3 == 5`:                       true,
		`query_time / 5 * 2 == 1`:                      true,
		`-rows_sent < 0 and +rows_sent > 0`:            true,
		`2 < 10 and "10" < "2"`:                        true,
		`full_scan`:                                    true,
		`not full_scan`:                                false,
		`full_scan == True and full_scan != False`:     true,
		`full_scan == (rows_sent > 10)`:                false,
		`True`:                                         true,
		`user in ["batch", "app"]`:                     true,
		`user not in ("batch", "app",)`:                false,
		`errno in [1205, 1213]`:                        true,
		`errno in [-1205]`:                             false,
		`"UPDATE" in query`:                            true,
		`"update" in query`:                            false,
		`"update" in query.lower()`:                    true,
		`"é" in query.lower() and "É" in query`:        true,
		`"update" not in query.lower()`:                false,
		`query.startswith("UPDATE t")`:                 true,
		`sql.endswith("7")`:                            true,
		`host.startswith("web")`:                       false,
		`host.lower().startswith("web")`:               true,
		`user.lower() == host.lower()`:                 false,
		`matches(host, "^Web-[0-9]+[.]")`:              true,
		`matches(query, "(?i)^update")`:                true,
		`matches(query, "^update")`:                    false,
		`time >= "2026-11-23T10:00"`:                   true,
		`time > "2026-11-23 10:00:05"`:                 false,
		`time == "2026-11-23T11:00:05+01:00"`:          true,
		`"2026-11-23" < start and start < time`:        true,
		`db == "shop" and database == schema`:          true,
		`thread_id == 42 and connection_id in [42]`:    true,
		`query_bytes == 900 and offset == 4711`:        true,
		`instance == "orders-1"`:                       true,
		`errno != None and tmp_disk_tables == None`:    true,
		`None == errno`:                                false,
		`user != None`:                                 true,
		"# of the shop\n(rows_sent\n > 1) # so":        true,
		`user == 'app' and user == r"app"`:             true,
	} {
		c, err := Parse(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		if got, missing := c.Matcher("orders-1").Match(entry()); got != want || missing != 0 {
			t.Errorf("%s: %v, missing %v", condition, got, missing.Reasons())
		}
	}
}

// What follows from what an entry does not tell is unknown, unless the rest decides.
func TestUnknown(t *testing.T) {
	for condition, want := range map[string]string{ // true, false, or the reasons
		`tmp_disk_tables > 0`:                         "tmp_disk_tables",
		`not tmp_disk_tables > 0`:                     "tmp_disk_tables",
		`tmp_disk_tables != 0`:                        "tmp_disk_tables",
		`tmp_disk_tables in [0, 1]`:                   "tmp_disk_tables",
		`-tmp_disk_tables + 1 > 0`:                    "tmp_disk_tables",
		`filesort`:                                    "filesort",
		`not filesort`:                                "filesort",
		`filesort == full_scan`:                       "filesort",
		`filesort or full_scan`:                       "true",
		`full_scan or filesort`:                       "true",
		`filesort and not full_scan`:                  "false",
		`not full_scan and filesort`:                  "false",
		`filesort and full_scan`:                      "filesort",
		`full_scan and filesort`:                      "filesort",
		`filesort or not full_scan`:                   "filesort",
		`not full_scan or filesort`:                   "filesort",
		`filesort or bytes_sent > 1`:                  "bytes_sent filesort",
		`filesort and bytes_sent > 1 and errno == 0`:  "false",
		`filesort == None`:                            "true",
		`filesort != None and filesort`:               "false",
		`rows_sent / (rows_sent - 10) > 1`:            NoNumber,
		`0 / (rows_sent - 10) == 0`:                   NoNumber,
		`1e308 * rows_sent > 0`:                       NoNumber,
		`rows_sent == 10 or 1 / (rows_sent - 10) > 0`: "true",
	} {
		c, err := Parse(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		holds, missing := c.Matcher("").Match(entry())
		got := strings.Join(missing.Reasons(), " ")
		if missing == 0 {
			got = map[bool]string{true: "true", false: "false"}[holds]
		}
		if got != want || holds && missing != 0 {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
	bare := &parser.Event{}
	for _, condition := range []string{`schema == ""`, `schema != "shop"`, `time < "2026-11-23"`, `start < time`, `connection_id < 5`, `not "x" in schema`, `matches(db, "^$")`, `schema.lower().endswith("")`} {
		c, err := Parse(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		if holds, missing := c.Matcher("").Match(bare); holds || missing == 0 {
			t.Errorf("%s is known of an entry that tells nothing", condition)
		}
	}
}

// Each field of an Event can be asked for: where it is set, what was asked of it changes.
func TestEveryFieldOfEvent(t *testing.T) {
	asked := map[string]string{
		"Offset": "offset == 0", "Time": `time == "2026-11-23"`, "Start": `start == "2026-11-23"`, "User": `user == ""`, "Host": `host == ""`,
		"Schema": "schema == None", "ConnectionID": "connection_id == None", "QueryTime": "query_time == 0", "LockTime": "lock_time == 0",
		"RowsSent": "rows_sent == 0", "RowsExamined": "rows_examined == 0", "RowsAffected": "rows_affected == 0", "BytesSent": "bytes_sent == 0",
		"TmpTables": "tmp_tables == 0", "TmpDiskTables": "tmp_disk_tables == 0", "FullScan": "full_scan", "FullJoin": "full_join",
		"Filesort": "filesort", "FilesortOnDisk": "filesort_on_disk", "Errno": "errno == 0", "Weight": "weight == 0", "MariaDB": "mariadb",
		"Admin": "admin", "SQL": `query == ""`, "SQLBytes": "query_bytes == 0", "Doubt": "doubtful", "Cut": "cut",
		"Has": "errno == None",
	}
	without := map[string]string{"Throttled": "is of a summary line, which is no call and is not counted", "Explain": "is a text, of which a report tells what is known"}
	typ := reflect.TypeFor[parser.Event]()
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		condition, ok := asked[name]
		if !ok {
			if without[name] == "" {
				t.Errorf("there is no field for Event.%s", name)
			}
			continue
		}
		c, err := Parse(condition)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e := &parser.Event{Has: 1<<9 - 1}
		before, _ := c.Matcher("").Match(e)
		switch v := reflect.ValueOf(e).Elem().Field(i); v.Interface().(type) {
		case time.Time:
			v.Set(reflect.ValueOf(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)))
		case string:
			v.SetString("x")
		case []byte:
			v.SetBytes([]byte("x"))
		case bool:
			v.SetBool(true)
		case float64:
			v.SetFloat(1)
		case uint64:
			v.SetUint(1)
		case int64, int:
			v.SetInt(1)
		case parser.Fields:
			v.SetUint(0)
		default:
			t.Errorf("Event.%s is of a new type", name)
		}
		if after, _ := c.Matcher("").Match(e); after == before {
			t.Errorf("%s is %v whatever Event.%s holds", condition, before, name)
		}
	}
	if len(fields) >= 63 {
		t.Error("there are more fields than a Missing holds")
	}
}

// What is shown to others holds no text that is compared with a statement.
func TestShown(t *testing.T) {
	for condition, want := range map[string]string{
		`rows_examined>1e6 and schema=='shop' # "secret"`: `rows_examined > 1e6 and schema == "shop"`,
		`("secret" in query) == (user in ("a", 'b'))`:     `(? in query) == (user in ["a", "b"])`,
		`"secret" not in query.lower()`:                   `? not in query.lower()`,
		`query in ["secret", "secret2"]`:                  `query in [?, ?]`,
		`query == "secret" or "secret" == sql`:            `query == ? or ? == query`,
		`(query) != (("secret"))`:                         `(query) != ?`,
		`"SECRET".lower() in query`:                       `? in query`,
		`query.startswith("secret")`:                      `query.startswith(?)`,
		`query.lower().lower().endswith(("secret"))`:      `query.lower().lower().endswith(?)`,
		`matches(query.lower(), "secret")`:                `matches(query.lower(), ?)`,
		`matches(user, "^app$")`:                          `matches(user, "^app$")`,
		`user in query or query in user`:                  `user in query or query in user`,
		`"secret".startswith(query)`:                      `?.startswith(query)`,
		`not -rows_sent < +(1 + 0x10)`:                    `not -rows_sent < +(1 + 0x10)`,
		`db == None`:                                      `schema == None`,
		"user == \"\x61\\n\u202eb\"":                      `user == "a\n\u202eb"`,
	} {
		c, err := Parse(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		if c.String() != want {
			t.Errorf("%s is shown as\n%s, want\n%s", condition, c, want)
		}
		if strings.Contains(c.String(), "?") {
			continue
		}
		again, err := Parse(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%s is read as %v, %v", c, again, err)
		}
	}
}

// Judging an entry allocates nothing, whatever is asked.
func TestNoAllocations(t *testing.T) {
	c, err := Parse(`rows_examined / rows_sent > 1e9 or user in ["a", "b"] or "zzz" in query.lower() or matches(query, "z{3}") or host.lower() == "x" ` +
		`or time < "2026-11-23" or filesort or tmp_disk_tables == 1 or not schema.startswith("sh") or errno in [1, 2] or instance == "x"`)
	if err != nil {
		t.Fatal(err)
	}
	m, e := c.Matcher("orders-1"), entry()
	m.Match(e) // makes room
	if n := testing.AllocsPerRun(1000, func() {
		if holds, missing := m.Match(e); holds || missing == 0 {
			t.Fatal(holds, missing)
		}
	}); n != 0 {
		t.Errorf("%v allocations for an entry", n)
	}
}

// docs/filter.md has a row for each field.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/filter.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Fields() {
		if row := f.Row(); !strings.Contains(string(page), row) {
			t.Errorf("docs/filter.md lacks\n%s", row)
		}
	}
}

// Eight letters at once are as small as each of them, wherever in a text they stand.
func TestLower(t *testing.T) {
	var all []byte
	for b := range 256 {
		all = append(all, byte(b))
	}
	texts := [][]byte{nil, []byte("ÀÉ abc ŞZ[@`{AZ\xff\xc3"), bytes.Repeat([]byte("AbCdEfGhİ"), 5)}
	for i := range all {
		texts = append(texts, all[i:], all[:i], append(bytes.Repeat([]byte("x"), i%9), all...))
	}
	for _, text := range texts {
		var want []byte
		for rest := text; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			if part := rest[:n]; r == utf8.RuneError {
				want = append(want, part...)
			} else {
				want = utf8.AppendRune(want, unicode.ToLower(r))
			}
			rest = rest[n:]
		}
		c := &call{rooms: make([][]byte, 1)}
		if got, _ := lower(func(*call) ([]byte, bool) { return text, true }, 0)(c); !bytes.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]string{
		"2026-11-23": "2026-11-23T00:00:00Z", "2026-11-23 10:00": "2026-11-23T10:00:00Z", "2026-11-23T10:00:00+02:00": "2026-11-23T08:00:00Z",
		"2026-11-23 09:48:12 UTC": "2026-11-23T09:48:12Z", "2026-11-23T10:00:00 CET": "",
		"2026-11-23T10:00+02:00": "2026-11-23T08:00:00Z", "2026-11-23T10:00Z": "2026-11-23T10:00:00Z", "2026-11-23 10:00:30+02:00": "2026-11-23T08:00:30Z", "2026-11-23 10:00Z": "2026-11-23T10:00:00Z",
		"1969-12-31": "", "soon": "", "": "",
	} {
		got, err := ParseTime(s)
		if err == nil && got.Format(time.RFC3339) != want || (err != nil) != (want == "") {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func asError(t *testing.T, condition string) *Error {
	t.Helper()
	_, err := Parse(condition)
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%q: %v", condition, err)
		return &Error{}
	}
	return e
}
