package main

import (
	"slowdigest/digest"
)

// filterFlags are what narrows a report down to some of the calls.
type filterFlags struct {
	users, hosts, schemas listValue
	ids                   idList
	minTime               float64 // seconds
}

func (v *filterFlags) declare(f *flags) {
	f.declare(&v.users, "user", "", "count only calls of this `name`; repeat it or use commas")
	f.declare(&v.hosts, "host", "", "count only calls from this `client`, named as in the log")
	f.declare(&v.schemas, "schema", "", "count only calls with this default `database`")
	f.declare(&v.ids, "id", "", "count only the class with this query `ID`, of which the first digits do")
	f.declare(&parsedValue[float64]{&v.minTime, digest.ParseMinTime, ""}, "min-time", "", "count only calls that took this `time` or longer, as 500ms or, in seconds, 0.5")
}

// filter is nil where everything is to be counted.
func (v *filterFlags) filter() *digest.Filter {
	f := digest.Filter{Users: v.users.items, Hosts: v.hosts.items, Schemas: v.schemas.items, IDs: v.ids.items, MinTime: v.minTime}
	if f.Empty() {
		return nil
	}
	return &f
}

// idList is a list of query IDs.
type idList struct{ listValue }

func (l *idList) Set(s string) error {
	given := listValue{}
	if err := given.Set(s); err != nil {
		return err
	}
	for _, item := range given.items {
		id, err := digest.ParseID(item)
		if err != nil {
			return err
		}
		l.items = append(l.items, id)
	}
	return nil
}
