package digest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"slowdigest/parser"
)

// BenchmarkStream reads and adds up logs from memory: all that the program does
// but for the files and the report.
func BenchmarkStream(b *testing.B) {
	names, err := filepath.Glob("../testdata/slowlogs/*.log")
	if err != nil || len(names) == 0 {
		b.Fatal(names, err)
	}
	for _, name := range names {
		b.Run(filepath.Base(name), func(b *testing.B) {
			log, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			a := NewAggregator(Window{})
			for b.Loop() {
				s := a.Stream("db-1")
				p := parser.New(bytes.NewReader(log), parser.Options{})
				for {
					e, err := p.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					s.Add(e)
				}
			}
		})
	}
}
