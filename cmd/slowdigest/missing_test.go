package main

import (
	"os"
	"os/exec"
	"testing"
)

// program returns the path of a program that a developer's machine may lack.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	missing(t, name+" is not installed")
	return ""
}

// missing skips the test for the reason given. CI, which installs everything,
// sets SLOWDIGEST_REQUIRE_ALL, and then the test fails.
func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("SLOWDIGEST_REQUIRE_ALL") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
