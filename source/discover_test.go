package source_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// fleet is a server of instances of every kind.
func fleet(t *testing.T) *rdstest.Server {
	srv := rdstest.NewServer()
	t.Cleanup(srv.Close)
	add := func(id, engine, cluster string, tags ...string) *rdstest.Instance {
		db := srv.AddInstance(id)
		db.Engine, db.Cluster, db.Tags = engine, cluster, map[string]string{}
		for _, tag := range tags {
			key, value, _ := strings.Cut(tag, "=")
			db.Tags[key] = value
		}
		return db
	}
	add("orders-1", "mysql", "", "slowdigest=on", "slowdigest:channel=shop")
	add("orders-2", "mariadb", "", "slowdigest=off")
	add("users-writer", "aurora-mysql", "users")
	add("users-reader", "aurora-mysql", "users", "slowdigest=on")
	add("ledger", "postgres", "", "slowdigest=on")
	add("orders-pg", "postgres", "")
	add("orders-old", "mysql", "").Stop()
	for i := range 250 { // three pages
		add(fmt.Sprintf("many-%03d", i), "mysql", "")
	}
	return srv
}

func TestDiscover(t *testing.T) {
	srv := fleet(t)
	tests := []struct {
		names string
		tag   string
		want  string // what is not to be read is in brackets
		calls int
	}{
		{"orders-1,nowhere", "", "nowhere orders-1", 0},
		{"Orders-1,orders-1", "", "orders-1", 0},
		{"orders-*", "", "orders-1 orders-2 orders-old", 3},
		{"orders-*,orders-pg", "", "orders-1 orders-2 orders-old [orders-pg]", 3},
		{"*-1,nowhere", "", "nowhere orders-1", 3},
		{"cluster:users", "", "users-reader users-writer", 3},
		{"cluster:u*", "", "users-reader users-writer", 3},
		{"users,nobody-*", "", "users-reader users-writer", 3},
		{"cluster:orders-1,nobody-*", "", "", 3},
		{"", "slowdigest=on", "[ledger] orders-1 users-reader", 3},
		{"", "slowdigest", "[ledger] orders-1 orders-2 users-reader", 3},
		{"users-writer", "slowdigest=off", "orders-2 users-writer", 3},
	}
	for _, tt := range tests {
		t.Run(tt.names+" "+tt.tag, func(t *testing.T) {
			before := len(srv.Calls())
			var list []string
			if tt.names != "" {
				list = strings.Split(tt.names, ",")
			}
			found, err := source.NewRDS(direct(srv), source.Options{}).Discover(t.Context(), list, tt.tag)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range found {
				if i.Unread != "" {
					i.ID = "[" + i.ID + "]"
				}
				got = append(got, i.ID)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("found %s, want %s", got, tt.want)
			}
			calls := srv.Calls()[before:]
			if len(calls) != tt.calls {
				t.Errorf("%d calls, want %d", len(calls), tt.calls)
			}
			for _, c := range calls {
				if c.Action != "rds:DescribeDBInstances" || !strings.HasSuffix(c.Resource, ":db:*") {
					t.Errorf("%s on %s", c.Action, c.Resource)
				}
			}
		})
	}
}

func TestDiscoverTellsTagsAndReasons(t *testing.T) {
	srv := fleet(t)
	found, err := source.NewRDS(direct(srv), source.Options{}).Discover(t.Context(), []string{"orders-*"}, "slowdigest=on")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range found {
		switch {
		case i.ID == "orders-1" && i.Tags["slowdigest:channel"] != "shop",
			i.ID == "users-reader" && i.Cluster != "users",
			i.ID == "ledger" && !strings.Contains(i.Unread, "postgres"),
			i.ID == "orders-old" && i.Unread != "":
			t.Errorf("%+v", i)
		}
	}
	for _, bad := range []string{"orders_*", "cluster:", "*;", "a*/b", "db:orders", "[a]*"} {
		if _, err := source.NewRDS(srv.Config(), source.Options{}).Discover(t.Context(), []string{bad}, ""); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("Discover(%q): error %v", bad, err)
		}
	}
	srv.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBInstances"})
	_, err = source.NewRDS(srv.Config(), source.Options{}).Discover(t.Context(), []string{"*"}, "")
	if err == nil || !strings.Contains(source.Hint(err), "rds:DescribeDBInstances on arn:aws:rds:eu-central-1:123456789012:db:*") {
		t.Errorf("error %v, hint %q", err, source.Hint(err))
	}
}

// TestClusterName reads a cluster that was taken for an instance.
func TestClusterName(t *testing.T) {
	srv := fleet(t)
	writer := srv.AddInstance("users-writer")
	writer.Cluster = "users"
	writer.Write(live, []byte("entry\n"), minutesPastEight(30))
	s := source.NewRDS(srv.Config(), source.Options{})
	files, err := s.LogFiles(t.Context(), "users", minutesPastEight(0), minutesPastEight(60))
	if err != nil || len(files) != 2 || files[0].Instance != "users-reader" || files[1].Instance != "users-writer" {
		t.Fatalf("LogFiles = %+v, %v", files, err)
	}
	if _, cov := read(t, s, files[0]); cov.Complete || !strings.Contains(cov.Notes[0], "users-reader has no slow log") {
		t.Errorf("the reader's coverage: %+v", cov)
	}
	if text, cov := read(t, s, files[1]); string(text) != "entry\n" || !cov.Complete {
		t.Errorf("the writer: %q, %+v", text, cov)
	}
	srv.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBInstances"})
	if _, err := s.LogFiles(t.Context(), "users", minutesPastEight(0), minutesPastEight(60)); !strings.Contains(source.Hint(err), "cluster:NAME") {
		t.Errorf("error %v, hint %q", err, source.Hint(err))
	}
}

// Instances are found by their names and by their IDs, which a rename does not change, and
// whatever their number.
func TestIdentities(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	var names, ids []string
	for n := range 101 {
		names = append(names, fmt.Sprintf("orders-%d", n))
		ids = append(ids, srv.AddInstance(names[n]).ResourceID())
	}
	made := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	srv.AddInstance("billing").Created = made
	srv.RenameInstance("orders-100", "orders-100-old1")
	for _, c := range []struct {
		names, ids []string
		calls      int
		want       []source.Identity
	}{
		{nil, nil, 0, nil},
		{[]string{"orders-0", "orders-100", "billing"}, nil, 1, []source.Identity{{Name: "billing", ID: "db-00000000000000000000000102", Created: made}, {Name: "orders-0", ID: ids[0]}}},
		{nil, []string{ids[100], "db-GONE"}, 1, []source.Identity{{Name: "orders-100-old1", ID: ids[100]}}},
	} {
		before := len(srv.Calls())
		got, err := source.NewRDS(srv.Config(), source.Options{}).Identities(t.Context(), c.names, c.ids)
		if calls := len(srv.Calls()) - before; err != nil || !slices.EqualFunc(got, c.want, func(a, b source.Identity) bool { return a == b }) || calls != c.calls {
			t.Errorf("%v, %v: %+v in %d calls, %v", c.names, c.ids, got, calls, err)
		}
	}
	if got, err := source.NewRDS(srv.Config(), source.Options{}).Identities(t.Context(), names, ids); err != nil || len(got) != 100+101 {
		t.Errorf("%d of all: %v", len(got), err)
	}
}

// What is said of an instance that is gone names those that have at least half of its own in common, at most three, the most similar first.
func TestBecame(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	const there, unread = " does not exist any more, and was still there at 2026-11-23 09:00 UTC: it was deleted or renamed. ", "What it logged last was not read."
	for _, c := range []struct {
		gone    string
		present string
		denied  bool
		want    string
	}{
		{"orders-1", "orders-1", false, "orders-1 is not selected for this channel any more: no name, pattern or tag stands for it here."},
		{"orders-1", "billing ord orde", false, "orders-1" + there + "There is orde. " + unread},
		{"orders-1", "billing ord", false, "orders-1" + there + unread},
		{"orders-1", "orde orders orders-10 orders-2 billing", false, "orders-1" + there + "There is orders-10, orders-2, orders. " + unread},
		{"orders-1", "orders-2", true, "orders-1" + there + unread},
		{"application-autoscaling-1", "", false, "application-autoscaling-1 was removed, as autoscaling does with readers, and was still there at 2026-11-23 09:00 UTC. What it logged last is lost with it."},
	} {
		srv := rdstest.NewServer()
		for _, id := range strings.Fields(c.present) {
			srv.AddInstance(id)
		}
		if c.denied { // to list all
			srv.Inject(rdstest.Fault{Kind: rdstest.AccessDenied, Action: "rds:DescribeDBInstances", Skip: 1, Times: -1})
		}
		if got := source.NewRDS(patient(srv.Config()), source.Options{}).Became(t.Context(), c.gone, at); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.gone, c.present, got, c.want)
		}
		srv.Close()
	}
}

// TestOneBound reads many files of many instances at once. However many are
// open, no more calls are under way than the options say.
func TestOneBound(t *testing.T) {
	const bound = 3
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.PortionBytes = portionBytes
	text := []byte(strings.Repeat("# a line of a slow log that has fifty characters\n", 400))
	ids := []string{"a", "b", "c", "d", "e", "f"}
	for _, id := range ids {
		db := srv.AddInstance(id)
		db.Write(live+".2026-11-23.8", text, minutesPastEight(-1))
		db.Write(live+".2026-11-23.9", text, minutesPastEight(59))
		db.Write(live, nil, minutesPastEight(60))
	}
	var now, most atomic.Int64
	cfg := srv.Config()
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		for n := now.Add(1); ; {
			if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		time.Sleep(time.Millisecond)
		defer now.Add(-1)
		return http.DefaultTransport.RoundTrip(r)
	})}
	s := source.NewRDS(cfg, source.Options{Concurrency: bound})
	var wg sync.WaitGroup
	var total atomic.Int64
	for _, id := range ids {
		wg.Go(func() {
			files, err := s.LogFiles(context.Background(), id, minutesPastEight(-60), minutesPastEight(59))
			if err != nil {
				t.Error(err)
			}
			for _, f := range files {
				wg.Go(func() {
					l, err := s.Open(context.Background(), f)
					if err != nil {
						t.Error(err)
						return
					}
					defer l.Close()
					n, err := io.Copy(io.Discard, l)
					if total.Add(n); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
	wg.Wait()
	if want := int64(2 * len(ids) * len(text)); total.Load() != want {
		t.Errorf("read %d bytes, want %d", total.Load(), want)
	}
	if most.Load() != bound {
		t.Errorf("%d calls were under way at a time, want %d", most.Load(), bound)
	}
}

// direct is a configuration of clients that need no network.
func direct(srv *rdstest.Server) aws.Config {
	cfg := srv.Config()
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		return w.Result(), nil
	})}
	return cfg
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
