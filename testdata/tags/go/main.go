// Command fixture has libraries for Go write comments. The argument is the socket of a server with the table
// shop.orders. Each statement compares id with a number of its own; what its call site says of
// itself is printed, one line each.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"log"
	"os"

	_ "github.com/go-sql-driver/mysql"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/hints"
)

// Order is a row of orders.
type Order struct {
	ID   int
	Note string
}

func site(name string, marker int, tags map[string]string) {
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"site": name, "marker": marker, "tags": tags})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	dsn := "root@unix(" + os.Args[1] + ")/shop"
	db, err := gorm.Open(gormmysql.Open(dsn), &gorm.Config{}) // which prepares on the server
	check(err)
	var found []Order
	check(db.Clauses(hints.Comment("select", "OrderStore.Find")).Where("id = ? and note = ?", 2001, "it's").Find(&found).Error)
	site("gorm hints.Comment, prepared", 2001, map[string]string{"name": "OrderStore.Find"})
	check(db.Clauses(hints.CommentBefore("select", "controller='orders',action='show'"), hints.New("MAX_EXECUTION_TIME(1000)")).Where("id = ?", 2002).Find(&found).Error)
	site("gorm hints.CommentBefore and an optimizer hint", 2002, map[string]string{"controller": "orders", "action": "show"})

	pool, err := sql.Open("mysql", dsn)
	check(err)
	defer pool.Close()
	b := bun.NewDB(pool, mysqldialect.New())
	check(b.NewSelect().Model(&found).Comment("OrderQuery").Where("id = ?", 2010).Where("note = ?", `x\'y /*job:x*/`).Scan(context.Background()))
	site("bun Comment", 2010, map[string]string{"name": "OrderQuery"})
	_, err = b.NewUpdate().Model(&Order{2011, "a"}).Comment("application:Shop,job:Invoices").Where("id = ?", 2011).Exec(context.Background())
	check(err)
	site("bun Comment, marginalia by hand", 2011, map[string]string{"application": "Shop", "job": "Invoices"})

	// As sqlc writes it into the code that it generates.
	const getOrders = `-- name: GetOrders :many
SELECT id, note FROM orders
WHERE id = ?`
	rows, err := pool.Query(getOrders, 2020)
	check(err)
	check(rows.Close())
	site("sqlc's form, prepared", 2020, map[string]string{"name": "GetOrders"})
}
