package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	mostFiles       = 20 // of a package, tests left out
	mostMethodFiles = 3  // over which the methods of a type may spread
)

// TestRooms counts the files of each package, and those over which a type is spread.
// Who may import whom is in .golangci.yml.
func TestRooms(t *testing.T) {
	packages := sources(t)
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		files := packages[dir]
		if len(files) > mostFiles {
			t.Errorf("%s has %d files, and %d are the most: it holds two packages", dir, len(files), mostFiles)
		}
		for typ, in := range methodFiles(files) {
			if len(in) > mostMethodFiles {
				t.Errorf("%s.%s has methods in %s: it is several types", dir, typ, strings.Join(slices.Sorted(maps.Keys(in)), ", "))
			}
		}
	}
}

// sources are the parsed files of each package of the module, by directory and
// name, tests left out.
func sources(t *testing.T) map[string]map[string]*ast.File {
	t.Helper()
	packages := map[string]map[string]*ast.File{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			return err
		}
		dir, name := filepath.Split(path)
		dir = strings.TrimSuffix(dir, "/")
		if packages[dir] == nil {
			packages[dir] = map[string]*ast.File{}
		}
		packages[dir][name] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// methodFiles are the names of the files in which each type has methods.
func methodFiles(files map[string]*ast.File) map[string]map[string]bool {
	in := map[string]map[string]bool{}
	for name, f := range files {
		for _, d := range f.Decls {
			m, ok := d.(*ast.FuncDecl)
			if !ok || m.Recv == nil {
				continue
			}
			typ := receiver(m.Recv.List[0].Type)
			if in[typ] == nil {
				in[typ] = map[string]bool{}
			}
			in[typ][name] = true
		}
	}
	return in
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// foreign matches what code of others comes with.
var foreign = regexp.MustCompile(`(?i)copyright|SPDX-|licensed under|all rights reserved|@license|sourceMappingURL`)

// TestNoForeignCode looks at all that is text and no fixture: nothing but LICENSE names a holder of
// rights, no second licence is there, and no line is as long as only tools write them.
func TestNoForeignCode(t *testing.T) {
	const longest = 2000
	seen := 0
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "node_modules" || name == "dist" || name == ".serverless" || name == "out"):
			return fs.SkipDir
		case d.IsDir() && (name == "vendor" || name == "third_party"):
			t.Errorf("%s is a directory of foreign code", path)
		case d.IsDir(), path == "LICENSE", name == "package-lock.json", name == "go.sum":
			return nil
		case strings.HasPrefix(path, "cmd/") && !strings.Contains(path, "testdata/") && filepath.Ext(name) != ".go" && path != "cmd/slowdigest/slowdigest": // go build leaves that
			t.Errorf("%s is no source", path)
		case regexp.MustCompile(`(?i)licen[cs]e|copying|notice`).MatchString(name):
			t.Errorf("%s is of somebody else", path)
		}
		switch filepath.Ext(name) {
		case ".go", ".js", ".mjs", ".jsx", ".css", ".html", ".yml", ".yaml", ".sh", ".py", ".json":
		default:
			return nil
		}
		if strings.Contains(path, "testdata/") && filepath.Ext(name) != ".mjs" && filepath.Ext(name) != ".jsx" {
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		seen++
		for n, line := range strings.Split(string(text), "\n") {
			if len(line) > longest && filepath.Ext(name) != ".go" && filepath.Ext(name) != ".json" {
				t.Errorf("%s:%d has %d bytes: it is made by a tool", path, n+1, len(line))
			}
			if found := foreign.FindString(line); found != "" && path != "cmd/slowdigest/rooms_test.go" {
				t.Errorf("%s:%d says %q", path, n+1, found)
			}
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d files: %v", seen, err)
	}
}
