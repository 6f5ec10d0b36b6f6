package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// neverSent are statements that would wait, stop the client or change the mode.
var neverSent = regexp.MustCompile(`(?i)sleep|get_lock|outfile|dumpfile|infile|sql_mode|^(set global|kill|help|begin|xa|change|purge|load)`)

// TestMariaDBModes has a real server write its slow log while its clients use SQL modes
// that change what a quote is. No literal is in any output.
func TestMariaDBModes(t *testing.T) {
	t.Parallel()
	db := startMariaDB(t)
	db.control(t, "create database shop; create table shop.files (path text, owner text, note text); create table shop.orders (id int, name text)")
	for _, mode := range sqlModes {
		if mode.wide || mode.misquoted {
			continue
		}
		t.Run(mode.name, func(t *testing.T) {
			log := filepath.Join(db.dir, strings.ReplaceAll(mode.name, ",", "+")+".log")
			db.control(t, "set global slow_query_log_file = '"+log+"'")
			w := newWriter(t, mode)
			var script strings.Builder
			script.WriteString("set session sql_mode = '" + strings.TrimPrefix(mode.name, "default") + "'\n//\n")
			sent := 1
			send := func(sql string) {
				script.WriteString(sql + "\n//\n")
				sent++
			}
			if mode.bare {
				send(`insert into files values ('C:\tmp\', '-zqkroe', 'zqk')`)
				send(`select '\', zqk from files where path = 'zqk\'`)
			}
			if mode.ansi {
				send(`select "path", 'zqk' as "the owner" from "files" where "note" = 'zqk"'`)
			}
			for range 1000 {
				if sql := w.write("{stmt}", 0); !neverSent.MatchString(sql) {
					send(sql)
				}
			}
			// Most of the statements name tables that are not there; the server logs them all
			// the same, also those that it cannot parse.
			_, _ = db.run("delimiter //\n"+script.String(), "--force", "shop")
			db.work(t)
			if got := strings.TrimSpace(db.control(t, "select count(*) from shop.files where owner = '-zqkroe'")); mode.bare && got == "0" {
				t.Error("the server did not take the backslash for a character")
			}
			checkNoCanary(t, log)
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(text, []byte(canaryWord)); n < sent {
				t.Errorf("%d literals in the log of %d statements:\n%.2000s", n, sent, text)
			}
		})
	}
}

// checkNoCanary reports a log in each format.
func checkNoCanary(t *testing.T, path string) {
	t.Helper()
	for _, format := range formats {
		var out, errs bytes.Buffer
		p := &process{getenv: func(string) string { return "" }, stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
		p.run(context.Background(), []string{"report", "--limit", "all", "--format", format, path})
		if text := append(out.Bytes(), errs.Bytes()...); leaked(text) || out.Len() == 0 {
			at := bytes.Index(bytes.ToLower(text), []byte(canaryWord))
			if at < 0 {
				at = bytes.Index(text, []byte(canaryNumber))
			}
			t.Fatalf("%s has %d bytes and shows: %q", format, out.Len(), text[max(0, at-300):min(len(text), max(0, at)+100)])
		}
	}
}
