package ask

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"slowdigest/handler"
	"slowdigest/source"
)

func idsOf(all []source.Instance) (ids []string) {
	for _, i := range all {
		ids = append(ids, i.ID)
	}
	return ids
}

// A channel may ask for the instances whose digest it gets.
func TestInstancesOfAChannel(t *testing.T) {
	const main, people, other = "C0MAIN0001", "C0PEOPLE01", "C0OTHER001"
	tagged := func(id, channel string) source.Instance {
		return source.Instance{ID: id, Tags: map[string]string{"slowdigest:channel": channel}}
	}
	fleet := []source.Instance{{ID: "a"}, tagged("b", people), tagged("c", "#people"), {ID: "d", Unread: "runs postgres"}, tagged("e", people)}
	for _, c := range []struct {
		name, byDefault, channel string
		found                    []source.Instance
		want                     []string
	}{
		{"the default", main, main, fleet, []string{"a"}},
		{"one with a tag", main, people, fleet, []string{"b", "e"}},
		{"one without a digest", main, other, fleet, []string{"a"}},
		{"no default", "", people, fleet, []string{"b", "e"}},
		{"no default, and none of its own", "", other, fleet, nil},
		{"one channel", main, main, fleet[:1], []string{"a"}},
		{"nothing in the default", main, main, []source.Instance{tagged("b", people)}, nil},
		{"nothing at all", main, main, nil, nil},
	} {
		if got := idsOf(Of(c.found, handler.Route{Channel: c.byDefault}, c.channel)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSelect(t *testing.T) {
	among := []source.Instance{{ID: "orders-1", Cluster: "orders"}, {ID: "orders-2", Cluster: "orders"}, {ID: "users-1"}}
	for _, c := range []struct {
		names string
		want  string // IDs, or what the mistake says
	}{
		{"", "orders-1 orders-2 users-1"},
		{"users-1", "users-1"},
		{"users-1 orders-1", "orders-1 users-1"},
		{"orders-1 orders-*", "orders-1 orders-2"},
		{"*", "orders-1 orders-2 users-1"},
		{"*-1", "orders-1 users-1"},
		{"orders", "orders-1 orders-2"},
		{"cluster:orders", "orders-1 orders-2"},
		{"cluster:ord*", "orders-1 orders-2"},
		{"cluster:*", "orders-1 orders-2"},
		{"users-1 order-1", `"order-1"; the nearest: orders-1`},
		{"ordres-1", `"ordres-1"; the nearest: orders-1`},
		{"payroll-*", `"payroll-*"; there is orders-1, cluster:orders, orders-2, users-1`},
		{"cluster:users", `"cluster:users"; the nearest: cluster:orders`},
		{"cluster:users-1", `"cluster:users-1"`},
		{"lsat", `the nearest: last`},
		{"unmtue", `the nearest: unmute`},
		{"15m", "a time comes after `last`: last 15m"},
		{"../..", `no instance of this channel is called "../.."`},
		{"orders-[12]", `"orders-[12]"`},
		{"\x1b[2Jorders-1\u202e", `"[2Jorders-1"`},
		{strings.Repeat("x", 300), `"` + strings.Repeat("x", 63) + `…"`},
	} {
		got, err := Select(among, strings.Fields(c.names))
		said := strings.Join(idsOf(got), " ")
		if err != nil {
			said = err.Error()
		}
		if isMistake := errors.As(err, new(Mistake)); isMistake == (err == nil) || err == nil && said != c.want || !strings.Contains(said, c.want) {
			t.Errorf("%q: %q, want %q", c.names, said, c.want)
		}
	}
	if _, err := Select(nil, nil); !errors.As(err, new(Mistake)) {
		t.Errorf("of none: %v", err)
	}
	var many []source.Instance
	for i := range 30 {
		many = append(many, source.Instance{ID: fmt.Sprint("orders-", i)})
	}
	if _, err := Select(many, []string{"payroll"}); err == nil || !strings.HasSuffix(err.Error(), "there are orders-0, orders-1, orders-2, orders-3, orders-4 and 25 more") {
		t.Errorf("of many: %v", err)
	}
	for n, want := range map[int]bool{20: true, 21: false} {
		if _, err := Select(many, idsOf(many[:n])); (err == nil) != want {
			t.Errorf("%d names: %v", n, err)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		word string
		most int
		want string
	}{
		{"last", 0, "last"}, {"lost", 0, ""}, {"lost", 1, "last"}, {"list", 2, "last"}, {"", 4, "last help"}, {"xlastx", 1, ""}, {"xlastx", 2, "last"},
	} {
		if got := strings.Join(Nearest(c.word, []string{"last", "unmute", "help"}, c.most), " "); got != c.want {
			t.Errorf("%s within %d: %q, want %q", c.word, c.most, got, c.want)
		}
	}
}
