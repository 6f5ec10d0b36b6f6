package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// binDir is where built puts the command.
var binDir string

// TestMain also lets scripts call this program as slowdigest.
func TestMain(m *testing.M) {
	testscript.Main(inBinDir{m}, map[string]func(){"slowdigest": main})
}

type inBinDir struct{ *testing.M }

func (m inBinDir) Run() int {
	dir, err := os.MkdirTemp("", "slowdigest")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binDir = dir
	return m.M.Run()
}

var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binDir, "bootstrap")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the command: %w\n%s", err, out)
	}
	return path, nil
})

// built returns the path of the command, built once for all tests.
func built(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
