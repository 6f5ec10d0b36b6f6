package digest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

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

// BenchmarkReport makes the report of as many classes as are kept, all of them
// and as many as are shown.
func BenchmarkReport(b *testing.B) {
	a := NewAggregator(Window{noon, noon.Add(time.Hour)})
	s := a.Stream("db-1")
	for i := range 10 * maxClasses {
		s.Add(event(fmt.Sprintf("select c%d from t", i%maxClasses), time.Duration(i)*time.Millisecond, float64(i%97)/10))
	}
	for _, limit := range []Limit{{}, DefaultLimit} {
		b.Run(limit.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Report(limit, OrderBySum)
			}
		})
	}
}
