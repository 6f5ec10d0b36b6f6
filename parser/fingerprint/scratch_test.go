package fingerprint

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestScratchLinear(t *testing.T) {
	for _, prefix := range []string{"insert into t values ", "select ", "select a from \"t\" where b in (", "select # it's\n 'x"} {
		for _, p := range []string{`\'`, `'\' `, `'a\', `, `'\'', `, `"\" `, `'\'#`, `'\'#"\"/*`, "'\\'`", "/*M! ' */", `"a",`, `("a", f("b"), `, `'\' and `, `'\', x '`, `\"'`, `'?\\', `, `'\'(`, `'\';select `, "'\\'`a` "} {
			for _, tail := range []string{"", "# it's", "'"} {
				m := func(n int) (time.Duration, time.Duration) {
					sql := []byte(prefix + strings.Repeat(p, n/len(p)) + tail)
					s := time.Now()
					Append(nil, sql, false)
					a := time.Since(s)
					s = time.Now()
					AppendSkeleton(nil, sql)
					return a, time.Since(s)
				}
				a, b := m(100000)
				c, d := m(1000000)
				if c > 20*a+20*time.Millisecond || d > 20*b+20*time.Millisecond || c > time.Second {
					fmt.Println(prefix, p, tail, a, c, b, d)
				}
			}
		}
	}
}
