package fingerprint_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slowdigest/parser"
	"slowdigest/parser/fingerprint"
)

// The logs of testdata/orm were written by a MariaDB server under programs that use
// these object-relational mappers. A line of a truth names the site, which is the call
// in the program, of an entry, or is "-": an administrator command, or a statement that
// no call sends. After a site may stand another whose statement it also sends: a list of
// one that is written without IN. Of the logs as they were made, this is a part.

// ormSplits are the sites whose statements are more than one class, with the reason.
var ormSplits = map[string]string{
	"knex/unionAll#1": "its first branch is in no parentheses and ends in no ORDER BY, so of two branches none repeats, and of three one does",
}

// TestMappers: the statements of a site are one class, and only those sites share a
// class that send the same statement, which testdata/orm/merged.txt lists.
func TestMappers(t *testing.T) {
	merged := map[[2]string]bool{}
	for line := range strings.Lines(readFile(t, "testdata/orm/merged.txt")) {
		a, b, _ := strings.Cut(strings.TrimSpace(line), " ")
		merged[[2]string{a, b}] = true
	}
	logs, _ := filepath.Glob("testdata/orm/*.log.gz")
	sites, whole := 0, 0
	split := map[string]bool{}
	for _, path := range logs {
		classes := map[string]map[string]bool{} // of each site
		senders := map[string]map[string]bool{} // of each class
		for i, e := range ormEntries(t, path) {
			if e.site == "-" {
				continue
			}
			fp := fingerprint.Of(e.sql)
			if again := fingerprint.Of(fp); again != fp {
				t.Errorf("%s, entry %d: %.300s\nis read again as\n%.300s", path, i, fp, again)
			}
			checkSkeleton(t, e.sql)
			add(classes, e.site, fp)
			add(senders, fp, e.sends)
		}
		for site, of := range classes {
			if sites++; len(of) == 1 {
				whole++
				continue
			}
			if split[site] = true; ormSplits[site] == "" {
				t.Errorf("%s is %d classes:\n%s", site, len(of), strings.Join(slices.Sorted(maps.Keys(of)), "\n"))
			}
		}
		for fp, of := range senders {
			names := slices.Sorted(maps.Keys(of))
			for i, a := range names {
				for _, b := range names[i+1:] {
					if !merged[[2]string{a, b}] {
						t.Errorf("%s and %s are both %.300s", a, b, fp)
					}
				}
			}
		}
	}
	for site := range ormSplits {
		if !split[site] {
			t.Errorf("%s is one class", site)
		}
	}
	if sites < 500 || 100*whole < 98*sites {
		t.Errorf("%d of %d sites are one class", whole, sites)
	}
	t.Logf("%d of %d sites are one class", whole, sites)
}

type ormEntry struct{ sql, site, sends string }

// ormEntries reads a log and its truth.
func ormEntries(t *testing.T, path string) []ormEntry {
	t.Helper()
	truth := bufio.NewScanner(strings.NewReader(readFile(t, strings.Replace(path, ".log.", ".truth.", 1))))
	var entries []ormEntry
	for p := parser.New(strings.NewReader(readFile(t, path)), parser.Options{}); ; {
		e, err := p.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !truth.Scan() {
			t.Fatalf("%s: the truth ends at entry %d", path, len(entries))
		}
		site, sends, other := strings.Cut(truth.Text(), " ")
		if !other {
			sends = site
		}
		entries = append(entries, ormEntry{string(e.SQL), site, sends})
	}
	if truth.Scan() {
		t.Fatalf("%s: %d entries, and the truth has more", path, len(entries))
	}
	return entries
}

func add(m map[string]map[string]bool, key, value string) {
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	m[key][value] = true
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
