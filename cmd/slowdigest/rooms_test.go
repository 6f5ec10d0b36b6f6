package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	mostFiles       = 20 // of a package, tests left out
	mostMethodFiles = 3  // over which the methods of a type may spread
)

// rooms says what each package may import of this module and of the AWS SDK, and
// which packages of the standard library are closed to it. A fake server may in
// addition import the package whose wire it speaks.
var rooms = map[string]struct{ may, never []string }{
	"cmd/slowdigest":     {may: []string{"digest", "handler", "handler/sqstest", "handler/state", "iam", "notifier", "notifier/redact", "notifier/slack", "notifier/slacktest", "notifier/teams", "parser", "parser/fingerprint", "source", "source/rdstest", "aws"}},
	"handler":            {may: []string{"digest", "handler/state", "notifier", "notifier/slack", "parser", "source", "aws"}, never: []string{"flag", "os"}},
	"handler/state":      {may: []string{"digest", "aws"}},
	"source":             {may: []string{"aws"}},
	"parser":             {may: []string{"parser/fingerprint"}, never: []string{"os", "log", "log/slog", "net/http"}},
	"parser/fingerprint": {never: []string{"os", "log", "log/slog", "net/http"}},
	"digest":             {may: []string{"parser", "parser/fingerprint"}, never: []string{"os", "net/http"}},
	"notifier":           {may: []string{"digest", "notifier/redact"}},
	"notifier/redact":    {may: []string{"digest"}, never: []string{"os", "net/http"}},
	"notifier/slack":     {may: []string{"digest", "notifier", "notifier/redact"}},
	"notifier/teams":     {may: []string{"digest", "notifier", "notifier/redact"}},
	"iam":                {},
}

// TestRooms reads the sources: what a package imports, how many files it has, and
// over how many of them a type is spread.
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
		if strings.HasSuffix(dir, "test") {
			continue
		}
		room, known := rooms[dir]
		if !known {
			t.Errorf("%s is no room of the design", dir)
			continue
		}
		for name, f := range files {
			checkImports(t, dir+"/"+name, f, room.may, room.never)
		}
	}
}

// The environment, the exit code and the clock belong to the command.
func TestOnlyTheCommandKnowsTheWorld(t *testing.T) {
	for dir, files := range sources(t) {
		if dir == "cmd/slowdigest" || strings.HasSuffix(dir, "test") {
			continue
		}
		for name, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					x, _ := s.X.(*ast.Ident)
					if x != nil && slices.Contains([]string{"os.Getenv", "os.LookupEnv", "os.Exit", "time.Now"}, x.Name+"."+s.Sel.Name) {
						t.Errorf("%s/%s uses %s.%s", dir, name, x.Name, s.Sel.Name)
					}
				}
				return true
			})
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

func checkImports(t *testing.T, name string, f *ast.File, may, never []string) {
	t.Helper()
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		own, ours := strings.CutPrefix(path, "slowdigest/")
		aws := strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2/") || strings.HasPrefix(path, "github.com/aws/smithy-go")
		if ours && !slices.Contains(may, own) || aws && !slices.Contains(may, "aws") || slices.Contains(never, path) {
			t.Errorf("%s imports %s", name, path)
		}
	}
}
