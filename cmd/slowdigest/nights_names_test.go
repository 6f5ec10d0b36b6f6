package main

import (
	"strings"
	"time"

	"slowdigest/source/rdstest"
)

// over gives the name of one database to another, as a switchover does, and the
// first one another name.
func (n *night) over(from, to *database, old string) {
	name, rate := from.name, from.rate
	n.rds.RenameInstance(name, old)
	n.rds.RenameInstance(to.name, name)
	from.name, from.rate, to.name, to.rate = old, 0, name, rate
	n.change("switchover to " + old)
}

// rename gives a database another name.
func (n *night) rename(db *database, name string) {
	n.rds.RenameInstance(db.name, name)
	db.name = name
	n.change("renamed to " + name)
}

// nameStories are of names that change hands.
var nameStories = []story{
	{"between the two renames of a switchover", "orders", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.pass(2)
		n.pass(1, step{59, func(time.Time) {
			n.rds.RenameInstance("orders", "orders-old1")
			blue.name, blue.rate = "orders-old1", 0
			n.change("switchover")
		}})
		n.pass(1, step{6, func(time.Time) {
			n.rds.RenameInstance("orders-green-x1", "orders")
			green.name, green.rate = "orders", 5
		}})
		n.pass(2)
	}, 0},
	{"renamed in a switchover", "orders", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) {
			n.over(blue, green, "orders-old1")
		}})
		n.pass(3)
	}, 0},
	{"two switchovers", "orders", twice(false), 0},
	{"two switchovers, the first one deleted", "orders", twice(true), 0},
	{"switchover, and no event for more than a day", "orders", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.pass(2)
		n.live(step{30, func(time.Time) { n.over(blue, green, "orders-old1") }})
		for range 28 {
			n.live()
		}
		n.pass(2)
	}, 0},
	{"restored, and no event for more than a day", "orders,billing", func(n *night) {
		n.add("orders", 5)
		db := n.add("billing", 4)
		n.pass(2)
		n.live(step{20, func(hour time.Time) { n.remove(db, hour, `billing was deleted`) }}, step{40, func(hour time.Time) {
			n.add("billing", 3).Created = hour.Add(40 * time.Minute)
		}})
		for range 28 {
			n.live()
		}
		n.pass(2)
	}, 0},
	{"switchover, and the one before is deleted at once", "orders", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.over(blue, green, "orders-old1") }}, step{50, func(hour time.Time) {
			n.remove(blue, hour, "")
			blue.lost[hour] = "orders is another instance now, and the one before does not exist any more. What the one before logged since"
			blue.name = "orders"
		}})
		n.pass(3)
	}, 0},
	{"two switchovers within an hour", "orders", func(n *night) {
		first, second, third := n.add("orders", 5), n.add("orders-green-x1", 0), n.add("orders-green-x2", 0)
		n.pass(2)
		n.pass(1, step{20, func(time.Time) { n.over(first, second, "orders-old1") }}, step{40, func(time.Time) { n.over(second, third, "orders-old2") }})
		n.pass(3)
	}, 0},
	{"switchover taken back", "orders", takenBack, 0},
	{"switchover taken back, of a pattern", "orders*", takenBack, 0},
	{"renamed within a pattern", "orders-*", func(n *night) {
		n.add("orders-1", 5)
		db := n.add("orders-2", 3)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.rename(db, "orders-9") }})
		n.pass(3)
	}, 0},
	{"renamed out of a pattern", "orders-*", func(n *night) {
		n.add("orders-1", 5)
		db := n.add("orders-2", 3)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) {
			n.rename(db, "former-2")
			db.rate = 0
		}})
		n.pass(3)
	}, 0},
	{"the only one renamed, and restored hours later", "orders", func(n *night) {
		db := n.add("orders", 5)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.rename(db, "orders-broken"); db.rate = 0 }})
		if !mentions(n.posts(), "renamed to orders-broken.*nothing of orders is until an instance is called that") {
			n.errorf("nobody is told that nothing is read any more")
		}
		n.pass(3)
		n.nobody += 3
		n.pass(1, step{20, func(hour time.Time) {
			n.add("orders", 5).Created = hour.Add(20 * time.Minute)
			n.change("restored")
		}})
		n.pass(2)
		if mentions(n.posts(), "no slow query") {
			n.errorf("it is said that no slow query was logged by an instance that there was not")
		}
	}, 0},
	{"the only one of a pattern renamed out of it", "orders-*", func(n *night) {
		db := n.add("orders-1", 5)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.rename(db, "shop-1"); db.rate = 0 }})
		n.pass(5)
		n.nobody += 5
		if !mentions(n.posts(), "nothing of orders-1 is until an instance is called that") || mentions(n.posts(), "no slow query") {
			n.errorf("nobody is told that nothing is read any more, or it is said to be quiet")
		}
	}, 0},
	{"switchover of one that is asleep", "orders,billing", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.add("billing", 3)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.sleep(blue, (*rdstest.Instance).Stop) }})
		n.pass(2)
		n.pass(1, step{20, func(time.Time) { n.over(blue, green, "orders-old1") }})
		n.pass(2)
		n.wake(blue, n.at)
		n.pass(3)
	}, 0},
	{"switchover between two that are configured", "orders,orders-green-x1", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.over(blue, green, "orders-old1") }})
		n.pass(4)
	}, 0},
	{"switchover in a list of names", "orders-1,orders-2", func(n *night) {
		first, second := n.add("orders-1", 5), n.add("orders-2", 3)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) {
			n.rename(second, "orders-3")
			n.rename(first, "orders-2")
			second.rate = 0
		}})
		n.pass(4)
	}, 0},
	{"swap in a list of names", "orders-1,orders-2", func(n *night) {
		first, second := n.add("orders-1", 5), n.add("orders-2", 3)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) {
			n.rds.RenameInstance("orders-2", "orders-x")
			n.rds.RenameInstance("orders-1", "orders-2")
			n.rds.RenameInstance("orders-x", "orders-1")
			first.name, second.name = "orders-2", "orders-1"
			n.change("swapped")
			n.change("swapped")
		}})
		n.pass(4)
	}, 0},
	{"renamed within a pattern, and asleep in the next hour", "orders-*", func(n *night) {
		n.add("orders-1", 5)
		db := n.add("orders-2", 3)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.rename(db, "orders-9") }})
		n.pass(1, step{50, func(time.Time) { n.sleep(db, (*rdstest.Instance).Stop) }})
		n.pass(2)
		n.wake(db, n.at)
		n.pass(2)
	}, 0},
	{"renamed in each of three hours", "orders-*", func(n *night) {
		n.add("orders-1", 5)
		db := n.add("orders-2", 3)
		n.pass(2)
		for _, name := range []string{"orders-3", "orders-4", "orders-5"} {
			n.pass(1, step{30, func(time.Time) { n.rename(db, name) }})
		}
		n.pass(2)
		for _, p := range n.posts() {
			if p.window.End.Equal(n.at.Add(-time.Hour)) && !strings.Contains(p.all, "orders-5") {
				n.errorf("the hour after the last change is not that of orders-5")
			}
		}
	}, 0},
	{"switchover in the hour of the upgrade", "orders", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.pass(2)
		n.edit(func(s map[string]any) {
			for _, seen := range s["instances"].(map[string]any) {
				delete(seen.(map[string]any), "id")
				delete(seen.(map[string]any), "same")
			}
		})
		n.pass(1, step{30, func(time.Time) { n.over(blue, green, "orders-old1") }})
		n.pass(2)
	}, 0},
	{"switchover, and the next one is deleted before its log could be read", "orders,billing", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		n.add("billing", 3)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.over(blue, green, "orders-old1") }})
		n.pass(2)
		end := n.live()
		n.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, File: file(end), Instance: "orders", Times: -1})
		n.change("a file is denied")
		n.event(end, 5*time.Minute)
		n.pass(1, step{30, func(hour time.Time) {
			green.lost[end.Add(-time.Hour)] = "could not be read, and is lost"
			n.remove(green, hour, goneCause)
		}})
		n.rds.Heal()
		n.pass(2)
	}, 0},
	{"two switchovers while nobody may ask, and the one between is deleted", "orders", func(n *night) {
		first, second, third := n.add("orders", 5), n.add("orders-green-x1", 0), n.add("orders-green-x2", 0)
		n.pass(2)
		n.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBInstances", Times: -1})
		n.change("denied")
		n.pass(1)
		n.pass(1, step{30, func(time.Time) { n.over(first, second, "orders-old1") }})
		n.pass(2)
		n.pass(1, step{30, func(hour time.Time) {
			n.over(second, third, "orders-old2")
			n.remove(second, hour, "")
			second.name = "orders"
			second.lost[hour] = "" // of which nobody can know
		}})
		n.pass(1)
		n.rds.Heal()
		n.pass(3)
	}, 0},
	{"the role may not ask whose a name is", "orders", func(n *night) {
		blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
		deny := func() {
			n.rds.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBInstances", Times: -1})
			n.change("denied")
		}
		deny() // before it could be known
		n.pass(3)
		n.rds.Heal()
		n.pass(2)
		deny() // and when it could be another's
		n.pass(3)
		n.pass(1, step{30, func(time.Time) { n.over(blue, green, "orders-old1") }})
		n.pass(2)
		n.rds.Heal()
		n.pass(2)
	}, 0},
}

// twice switches orders over two times within half a day. What was first is asleep between,
// and is deleted before the second if it is to be.
func twice(deleted bool) func(n *night) {
	return func(n *night) {
		first, second, third := n.add("orders", 5), n.add("orders-green-x1", 0), n.add("orders-green-x2", 0)
		n.pass(2)
		n.pass(1, step{30, func(time.Time) { n.over(first, second, "orders-old1"); n.sleep(first, (*rdstest.Instance).Stop) }})
		n.pass(4)
		old := "orders-old2"
		if deleted {
			old = "orders-old1"
			n.remove(first, n.at.Add(-5*time.Hour), goneCause)
		} else {
			n.wake(first, n.at)
		}
		n.pass(1, step{30, func(time.Time) { n.over(second, third, old) }})
		n.pass(3)
	}
}

// takenBack switches orders over, and back in the next hour.
func takenBack(n *night) {
	blue, green := n.add("orders", 5), n.add("orders-green-x1", 0)
	n.pass(2)
	n.pass(1, step{30, func(time.Time) { n.over(blue, green, "orders-old1") }})
	n.pass(1, step{20, func(time.Time) { n.over(green, blue, "orders-failed") }})
	n.pass(3)
}
