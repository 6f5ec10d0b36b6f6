package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The command of the nights is the same source, compiled against a standard library
// whose time.Now is ahead by the nanoseconds in a file. So the command has the true
// clock of its world, and no switch for tests. Monotonic time stays as it is: timers
// and silence limits last as long as ever.
const (
	clockFile = "SLOWDIGEST_TEST_CLOCK"

	shiftedTime = `package time

import (
	"internal/runtime/atomic"
	"syscall"
	"unsafe"
)

// ahead is in a file that is mapped: the runtime asks for the time where no call of
// the system may be made.
var ahead = func() *int64 {
	name, _ := syscall.Getenv("` + clockFile + `")
	fd, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		return new(int64)
	}
	mapped, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return new(int64)
	}
	return (*int64)(unsafe.Pointer(&mapped[0]))
}()

func shifted(t Time) Time {
	if ahead == nil {
		return t
	}
	later := t.Add(Duration(atomic.Loadint64(ahead)))
	if t.wall&later.wall&hasMonotonic != 0 {
		later.ext = t.ext
	}
	return later
}
`
)

var buildShifted = sync.OnceValues(func() (string, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	std := filepath.Join(strings.TrimSpace(string(goroot)), "src", "time")
	text, err := os.ReadFile(filepath.Join(std, "time.go"))
	if err != nil {
		return "", err
	}
	const now = "func Now() Time {"
	if strings.Count(string(text), now) != 1 {
		return "", fmt.Errorf("%s/time.go has no %q", std, now)
	}
	replaced := strings.Replace(string(text), now, now+" return shifted(unshifted()) }\n\nfunc unshifted() Time {", 1)
	overlay := map[string]map[string]string{"Replace": {}}
	for name, text := range map[string]string{"time.go": replaced, "shifted.go": shiftedTime} {
		path := filepath.Join(binDir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
		overlay["Replace"][filepath.Join(std, name)] = path
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	path := filepath.Join(binDir, "bootstrap-shifted")
	if err := os.WriteFile(path+".json", list, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-trimpath", "-overlay", path+".json", "-buildvcs=false", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the command: %w\n%s", err, out)
	}
	return path, nil
})

// clock is that of a world. It goes on by itself, too.
type clock struct {
	name string
	file []byte // mapped, so that what is written is there at once, and in whole
	mu   sync.Mutex
	by   time.Duration
}

func newClock(t *testing.T, now time.Time) *clock {
	c := &clock{name: filepath.Join(t.TempDir(), "clock")}
	err := os.WriteFile(c.name, make([]byte, 8), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(c.name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if c.file, err = syscall.Mmap(int(f.Fd()), 0, 8, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(c.file) })
	c.set(now)
	return c
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = time.Until(now)
	binary.NativeEndian.PutUint64(c.file, uint64(c.by))
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.by)
}
