package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// day is an instance that writes and rotates its log as it is followed: something
// happens before each of the first calls.
type day struct {
	*history
	srv     *rdstest.Server
	db      *rdstest.Instance
	calls   int // during which it is written to
	at      time.Time
	longest int
	rotated int
}

func newDay(seed uint64, markers rdstest.Markers, names rdstest.Names) *day {
	d := &day{history: newHistory(seed), srv: rdstest.NewServer(), calls: 150, at: tenOClock, longest: 60}
	d.srv.PortionBytes, d.srv.Markers = portionBytes, markers
	d.db = d.srv.AddInstance("orders-1")
	d.db.Names = names
	d.db.Write(live, d.write("all", []byte(rdstest.Banner), 5, d.longest, d.at), d.at)
	return d
}

func (d *day) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	if d.calls > 0 {
		d.calls--
		d.at = d.at.Add(time.Minute)
		if d.random.IntN(3) > 0 {
			text := d.write("all", nil, d.random.IntN(6), d.longest, d.at)
			half := d.random.IntN(len(text) + 1)
			d.db.Append(live, text[:half], d.at)
			d.db.Append(live, text[half:], d.at.Add(time.Second))
		}
		if d.random.IntN(25) == 0 {
			d.at = d.at.Truncate(time.Hour).Add(time.Hour)
			d.db.Rotate(live, d.at)
			d.rotated++
		}
		if d.calls == 0 {
			d.db.Append(live, d.write("all", nil, 1, d.longest, d.at), d.at.Add(2*time.Second))
		}
	}
	d.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// follow reads until the log is quiet and all of it has come, or for long enough.
func (d *day) follow(t *testing.T, o source.Options) ([]byte, source.Coverage, error) {
	t.Helper()
	cfg := patient(d.srv.Config())
	cfg.HTTPClient = &http.Client{Transport: d}
	o.Patience, o.Poll = time.Microsecond, time.Microsecond
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	l := source.NewRDS(cfg, o).Follow(ctx, "orders-1", tenOClock)
	defer l.Close()
	var text bytes.Buffer
	buf := make([]byte, 4096)
	for {
		n, err := l.Read(buf)
		text.Write(buf[:n])
		if err == io.EOF {
			return text.Bytes(), l.Coverage(), nil
		}
		if err != nil {
			return text.Bytes(), l.Coverage(), err
		}
		d.mu.Lock()
		last := d.entries["all"][len(d.entries["all"])-1]
		quiet := d.calls == 0
		d.mu.Unlock()
		if quiet && bytes.Contains(text.Bytes()[max(0, text.Len()-4096):], []byte(last.text)) {
			cancel()
		}
	}
}

func (d *day) check(text []byte, cov source.Coverage) error {
	found := split(text)
	for _, e := range d.entries["all"] {
		got := found[e.id]
		switch {
		case len(got) > 1:
			return fmt.Errorf("%s was delivered %d times", e.id, len(got))
		case len(got) == 1 && strings.HasPrefix(got[0], e.text):
		case len(cov.Gaps) == 0:
			return fmt.Errorf("%s was delivered as %q", e.id, got)
		}
	}
	return nil
}

// TestFollow follows a log through hours of every form.
func TestFollow(t *testing.T) {
	first := fromEnv(t, "SLOWDIGEST_SEED", uint64(1))
	wanted := fromEnv(t, "SLOWDIGEST_RUNS", 0)
	began := time.Now()
	rotations := 0
	seed := first
	for ; seed < first+wanted || wanted == 0 && time.Since(began) < 2*time.Second; seed++ {
		d := newDay(seed, rdstest.Markers(seed%3), rdstest.Names(seed/3%3))
		text, cov, err := d.follow(t, source.Options{Sequential: seed%2 == 0})
		if err == nil {
			err = d.check(text, cov)
		}
		rotations += d.rotated
		if err != nil || len(cov.Notes) > 0 && !strings.Contains(strings.Join(cov.Notes, ""), "was stopped") {
			t.Fatalf("SLOWDIGEST_SEED=%d, markers %d, names %d, %d rotations: %v, coverage %+v", seed, seed%3, seed/3%3, d.rotated, err, cov)
		}
		d.srv.Close()
	}
	t.Logf("%d runs with %d rotations, from SLOWDIGEST_SEED=%d on", seed-first, rotations, first)
}

// TestFollowUnderFaults follows a log whose calls fail now and then. Nothing may
// come twice, and what does not come at all must be told.
func TestFollowUnderFaults(t *testing.T) {
	kinds := []rdstest.Kind{
		rdstest.Throttling, rdstest.InternalFailure, rdstest.InstanceNotReady, rdstest.FileNotFound, rdstest.CutConnection,
		rdstest.NilFields, rdstest.NoData, rdstest.NoMarker, rdstest.StuckMarker, rdstest.BackwardMarker, rdstest.EarlyEnd,
		rdstest.TruncatedEnd, rdstest.BytesLeftOut, rdstest.BytesRepeated, rdstest.BrokenXML,
	}
	first := fromEnv(t, "SLOWDIGEST_SEED", uint64(1))
	wanted := fromEnv(t, "SLOWDIGEST_RUNS", 0)
	began := time.Now()
	seed := first
	for ; seed < first+wanted || wanted == 0 && time.Since(began) < 2*time.Second; seed++ {
		d := newDay(seed, rdstest.Markers(seed%2), rdstest.Names(seed/2%3))
		for range 4 {
			f := rdstest.Fault{Kind: kinds[d.random.IntN(len(kinds))], Skip: d.random.IntN(40), Times: 1 + d.random.IntN(3)}
			if d.random.IntN(3) == 0 {
				f.Kind, f.Action = []rdstest.Kind{rdstest.Throttling, rdstest.Unlisted, rdstest.ListedTwice}[d.random.IntN(3)], "rds:DescribeDBLogFiles"
			}
			d.srv.Inject(f)
		}
		text, cov, err := d.follow(t, source.Options{Sequential: seed%3 == 0})
		if err == nil {
			err = d.check(text, cov)
		}
		if err != nil {
			t.Fatalf("SLOWDIGEST_SEED=%d, markers %d, names %d, %d rotations: %v, coverage %+v", seed, seed%2, seed/2%3, d.rotated, err, cov)
		}
		d.srv.Close()
	}
	t.Logf("%d runs, from SLOWDIGEST_SEED=%d on", seed-first, first)
}

// TestFollowEnds has what RDS refuses for good.
func TestFollowEnds(t *testing.T) {
	for kind, hint := range map[rdstest.Kind]string{rdstest.AccessDenied: "the role must allow rds:DownloadDBLogFilePortion"} {
		d := newDay(1, 0, 0)
		d.srv.Inject(rdstest.Fault{Kind: kind, Times: -1})
		_, cov, err := d.follow(t, source.Options{})
		if !strings.Contains(source.Hint(err), hint) || cov.Complete || len(cov.Gaps) != 1 {
			t.Errorf("%s: error %v, coverage %+v", kind, err, cov)
		}
		d.srv.Close()
	}
	srv := rdstest.NewServer()
	defer srv.Close()
	l := source.NewRDS(patient(srv.Config()), source.Options{}).Follow(context.Background(), "none", tenOClock)
	defer l.Close()
	if _, err := io.Copy(io.Discard, l); !strings.Contains(source.Hint(err), "not of a cluster") {
		t.Errorf("an unknown instance: %v", err)
	}
}

// unlisted lets the live file grow when it is first read, and leaves it out of the
// next 100 listings, which is longer than a rotation takes. It ends the following
// a while later.
type unlisted struct {
	*day
	downloads, lists int
	end              context.CancelFunc
}

func (u *unlisted) RoundTrip(r *http.Request) (*http.Response, error) {
	form, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(form))
	if bytes.Contains(form, []byte("Action=DescribeDBLogFiles")) {
		if u.lists++; u.lists == 150 {
			u.end()
		}
	} else if u.downloads++; u.downloads == 1 {
		u.srv.Inject(rdstest.Fault{Kind: rdstest.Unlisted, Action: "rds:DescribeDBLogFiles", Times: 100})
		u.db.Append(live, u.write("all", nil, 5, u.longest, u.at), u.at)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestFollowUnlisted(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	u := &unlisted{day: newDay(5, rdstest.DatedMarkers, rdstest.DatedNames), end: cancel}
	defer u.srv.Close()
	cfg := patient(u.srv.Config())
	cfg.HTTPClient = &http.Client{Transport: u}
	l := source.NewRDS(cfg, source.Options{Patience: time.Microsecond, Poll: time.Microsecond}).Follow(ctx, "orders-1", tenOClock)
	defer l.Close()
	text, err := io.ReadAll(l)
	if err == nil {
		err = u.check(text, l.Coverage())
	}
	if err != nil || !l.Coverage().Complete || u.lists < 150 {
		t.Errorf("%v after %d listings, coverage %+v", err, u.lists, l.Coverage())
	}
}

// TestFollowAcrossFailover: the live file loses its end, and grows again from
// there, before that was noticed or after.
func TestFollowAcrossFailover(t *testing.T) {
	for _, noticed := range []bool{true, false} {
		d := newDay(5, rdstest.DatedMarkers, rdstest.DatedNames)
		d.calls = 0
		full := d.write("all", []byte(rdstest.Banner), 30, d.longest, d.at)
		kept := d.entries["all"][len(d.entries["all"])-3].to
		d.db.Write(live, full, d.at)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		l := source.NewRDS(patient(d.srv.Config()), source.Options{Patience: time.Microsecond, Poll: time.Millisecond}).Follow(ctx, "orders-1", tenOClock)
		got := make([]byte, len(full))
		if _, err := io.ReadFull(l, got); err != nil || !bytes.Equal(got, full) {
			t.Fatalf("before: %v", err)
		}
		grown := 3
		if !noticed {
			grown = 12
		}
		more := d.write("all", nil, grown, d.longest, d.at.Add(time.Minute))
		if noticed {
			d.srv.Inject(rdstest.Fault{Kind: rdstest.InternalFailure, Times: 3}) // a look that fails says nothing
			d.db.Truncate(live, kept)
			calls := len(d.srv.Calls())
			for ctx.Err() == nil && len(d.srv.Calls()) < calls+20 {
				time.Sleep(time.Millisecond)
			}
			d.db.Append(live, more, d.at.Add(time.Minute))
		} else {
			d.db.Write(live, append(bytes.Clone(full[:kept]), more...), d.at.Add(time.Minute))
		}
		got = make([]byte, len(more))
		if _, err := io.ReadFull(l, got); err != nil || !bytes.Equal(got, more) {
			t.Errorf("after, noticed %v: %v, %.400q", noticed, err, got)
		}
		cancel()
		_, err := io.Copy(io.Discard, l)
		if notes := strings.Join(l.Coverage().Notes, " "); err != nil || strings.Count(notes, "has become smaller") != 1 {
			t.Errorf("error %v, notes %q", err, notes)
		}
		_ = l.Close()
		d.srv.Close()
	}
}
