package parser

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

// benchLog is some 64 MB of the entries of a kind.
func benchLog(b *testing.B, kind string) []byte {
	b.Helper()
	var log bytes.Buffer
	switch kind {
	case "mysql", "mariadb":
		d := dialects[0]
		if kind == "mariadb" {
			d = dialects[2]
		}
		log.WriteString(d.banner)
		rnd := rand.New(rand.NewPCG(1, 2))
		for n := 0; log.Len() < 64<<20; n++ {
			var sql string
			switch rnd.IntN(4) {
			case 0:
				sql = fmt.Sprintf("SELECT id, total FROM orders WHERE user_id = %d AND status = 'paid'", n)
			case 1:
				sql = fmt.Sprintf("UPDATE orders SET total = total * 1.05, note = 'it''s %d' WHERE id BETWEEN 46 AND %d", n, n)
			case 2:
				sql = fmt.Sprintf("SELECT o.id, o.total\n  FROM orders AS o\n  WHERE o.id IN (1, 2, 3, %d)\n  ORDER BY o.created DESC\n  LIMIT 10, 20", n)
			default:
				sql = "INSERT INTO items_2024 (order_id, sku, qty) VALUES (30, 'sku-59', 4), (87, 'it''s \\'q\\' \"x\"', -3)"
			}
			log.WriteString(d.entry(n, sql))
		}
	case "bulk inserts":
		row := []byte("(2966,'new',555.77,'n0 and some text that is as long as a note',now()),")
		for n := 0; log.Len() < 64<<20; n++ {
			log.WriteString(dialects[0].entry(n, "insert into orders values "+string(bytes.Repeat(row, 2000))))
		}
	default:
		text, err := os.ReadFile("../testdata/slowlogs/" + kind + ".log")
		if err != nil {
			b.Fatal(err)
		}
		for log.Len() < 64<<20 {
			log.Write(text)
		}
	}
	return log.Bytes()
}

func BenchmarkParser(b *testing.B) {
	for _, kind := range []string{"mysql", "mariadb", "bulk inserts", "mysql-9-7", "mysql-9-7-extra", "mariadb-10-11-verbose"} {
		b.Run(kind, func(b *testing.B) {
			log := benchLog(b, kind)
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			var events int
			for b.Loop() {
				p := New(bytes.NewReader(log), Options{})
				events = 0
				for {
					_, err := p.Next()
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					events++
				}
			}
			b.ReportMetric(float64(events), "events/op")
		})
	}
}
