package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// readWith reads a log of one instance through a transport, and returns the notes
// and what the error hints at.
func readWith(t *testing.T, srv *rdstest.Server, o source.Options, rt http.RoundTripper) (text []byte, cov source.Coverage, said string) {
	t.Helper()
	cfg := patient(srv.Config())
	if rt != nil {
		cfg.HTTPClient = &http.Client{Transport: rt}
	}
	o.Patience, o.Now = time.Microsecond, time.Now
	s := source.NewRDS(cfg, o)
	l, err := s.Open(t.Context(), hour(t, s)[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	text, err = io.ReadAll(l)
	cov = l.Coverage()
	return text, cov, strings.Join(cov.Notes, " ") + source.Hint(err)
}

// oneLog is a server of an instance with the rotated log of an hour.
func oneLog(t *testing.T, text string) (*rdstest.Server, *rdstest.Instance) {
	t.Helper()
	srv := rdstest.NewServer()
	t.Cleanup(srv.Close)
	db := srv.AddInstance("orders-1")
	db.Write(live+".2026-11-23.10", []byte(text), tenOClock.Add(-time.Minute))
	db.Write(live, []byte(rdstest.Banner), tenOClock.Add(time.Minute))
	return srv, db
}

// TestMoves: a file is followed to four other names, and to no fifth.
func TestMoves(t *testing.T) {
	text := strings.Repeat("# 50 bytes of a line in a log that is read twice..\n", 100)
	for moves, said := range map[int]string{4: "", 5: "no longer there"} {
		srv, db := oneLog(t, text)
		srv.PortionBytes = 1000
		name, left := live+".2026-11-23.10", moves
		got, cov, notes := readWith(t, srv, source.Options{Sequential: true}, transport(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			if r.Body = io.NopCloser(bytes.NewReader(body)); strings.Contains(string(body), "DownloadDBLogFilePortion") && left > 0 {
				left--
				to := fmt.Sprintf("%s.2026-11-23.%d", live, 15-left)
				db.Rename(name, to)
				name = to
			}
			return http.DefaultTransport.RoundTrip(r)
		}))
		if whole := string(got) == text && cov.Complete; whole != (said == "") || !strings.Contains(notes, said) {
			t.Errorf("%d moves: %d bytes of %d, said %q, want %q", moves, len(got), len(text), notes, said)
		}
	}
}

// TestTries: a position is asked for five times before the rest counts as missing.
func TestTries(t *testing.T) {
	for _, kind := range []rdstest.Kind{rdstest.FileNotFound, rdstest.NoData, rdstest.StuckMarker} {
		for times, whole := range map[int]bool{4: true, 5: false} {
			srv, _ := oneLog(t, strings.Repeat("SELECT 1;\n", 1000))
			srv.PortionBytes = 1000
			srv.Inject(rdstest.Fault{Kind: kind, Skip: 1, Times: times})
			if _, cov, said := readWith(t, srv, source.Options{Sequential: true}, nil); cov.Complete != whole {
				t.Errorf("%s %d times: complete is %v, said %q", kind, times, cov.Complete, said)
			}
		}
	}
}

// TestForbidden: a bare 403 is a denial. It is not asked for again then, and says
// what is missing; anything else that is no answer may pass.
func TestForbidden(t *testing.T) {
	for status, want := range map[int]int{http.StatusForbidden: 1, http.StatusNotFound: 2, http.StatusUnauthorized: 2} {
		srv, _ := oneLog(t, "SELECT 1;\n")
		calls := 0
		cfg := patient(srv.Config())
		cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if !strings.Contains(r.URL.Path, "downloadCompleteLogFile") {
				return http.DefaultTransport.RoundTrip(r)
			}
			calls++
			return &http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
		})}
		o := source.Options{Download: source.Auto, Now: time.Now}
		s := source.NewRDS(cfg, o)
		for range 2 {
			if text, cov := read(t, s, hour(t, s)[0]); string(text) != "SELECT 1;\n" || !cov.Complete {
				t.Errorf("%d: read %q, %+v", status, text, cov)
			}
		}
		if calls != want {
			t.Errorf("%d: %d complete downloads were asked for, want %d", status, calls, want)
		}
		o.Download = source.Complete
		l, err := source.NewRDS(cfg, o).Open(context.Background(), hour(t, s)[0])
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(l)
		_ = l.Close()
		if hint := source.Hint(err); strings.Contains(hint, "rds:DownloadCompleteDBLogFile") != (status == http.StatusForbidden) {
			t.Errorf("%d: error %v, hint %q", status, err, hint)
		}
	}
}

// TestThrottledCodes has what RDS answers where calls are too many, on the wire.
func TestThrottledCodes(t *testing.T) {
	for _, code := range []string{"Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException"} {
		srv, _ := oneLog(t, "SELECT 1;\n")
		s := source.NewRDS(patient(srv.Config()), source.Options{})
		f := hour(t, s)[0]
		cfg := patient(srv.Config())
		cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			body := "<ErrorResponse><Error><Code>" + code + "</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})}
		s = source.NewRDS(cfg, source.Options{})
		l, err := s.Open(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(l)
		_ = l.Close()
		if calls := s.Calls(); calls.Throttled == 0 || calls.Throttled != calls.Made || !strings.Contains(source.Hint(err), "limits the calls") {
			t.Errorf("%s: %+v, error %v", code, calls, err)
		}
	}
}

// TestTriesOfDownload: a complete download is tried as often as a call of the SDK.
func TestTriesOfDownload(t *testing.T) {
	for times, whole := range map[int]bool{2: true, 3: false} {
		srv, _ := oneLog(t, "SELECT 1;\n")
		srv.Inject(rdstest.Fault{Kind: rdstest.InternalFailure, Times: times})
		if _, cov, said := readWith(t, srv, source.Options{Download: source.Complete}, nil); cov.Complete != whole || cov.Retries != 2 {
			t.Errorf("%d failures: %+v, said %q", times, cov, said)
		}
	}
}

// TestBudgetEdge: MaxBytes may be read, and not one byte more.
func TestBudgetEdge(t *testing.T) {
	text := strings.Repeat("SELECT 1;\n", 100)
	for limit, want := range map[int64]string{1000: "", 999: "budget of 999 bytes", 0: ""} {
		srv, _ := oneLog(t, text)
		if got, cov, said := readWith(t, srv, source.Options{MaxBytes: limit}, nil); (string(got) == text && cov.Complete) != (want == "") || !strings.Contains(said, want) {
			t.Errorf("limit %d: %d bytes, said %q", limit, len(got), said)
		}
	}
}

// TestLineOfPortion: a line of 1 MB arrives whole, one of a byte more does not.
func TestLineOfPortion(t *testing.T) {
	for over, want := range map[int]int{0: 0, 1: 1} {
		text := "SELECT 1;\n" + strings.Repeat("x", 1<<20-1+over) + "\nSELECT 2;\n"
		srv, _ := oneLog(t, text)
		if got, cov, _ := readWith(t, srv, source.Options{Sequential: true}, nil); cov.TruncatedLines != want || (string(got) == text) != (want == 0) {
			t.Errorf("%d bytes over: %d bytes of %d, %d lines cut", over, len(got), len(text), cov.TruncatedLines)
		}
	}
}

// TestSeekInSmallFile: files of less than 4 MB are read from their beginning.
func TestSeekInSmallFile(t *testing.T) {
	for size, seeks := range map[int64]bool{4 << 20: true, 4<<20 - recordBytes: false} {
		srv := rdstest.NewServer()
		log := aging{from: tenOClock.Add(-2 * time.Hour), to: tenOClock, size: size}
		srv.AddInstance("orders-1").WriteContent(live, log, log.to)
		if _, cov, _ := readWith(t, srv, source.Options{Seek: true}, nil); cov.Skipped > 0 != seeks || !cov.Complete {
			t.Errorf("%d bytes: %d were skipped", size, cov.Skipped)
		}
		srv.Close()
	}
}

// TestOverlap: a predicted portion repeats 64 bytes of the one before. Each is asked
// for with as many lines as RDS gives.
func TestOverlap(t *testing.T) {
	srv, _ := oneLog(t, strings.Repeat("SELECT 1;\n", 1000))
	srv.PortionBytes = 1000
	readWith(t, srv, source.Options{Concurrency: 1}, nil)
	var markers []string
	for _, c := range srv.Calls() {
		if c.Action == "rds:DownloadDBLogFilePortion" {
			markers = append(markers, c.Params.Get("Marker"))
			if lines := c.Params.Get("NumberOfLines"); lines != "10000" {
				t.Errorf("asked for %s lines", lines)
			}
		}
	}
	if !slices.Contains(markers, "2026-11-23.10:936") {
		t.Errorf("asked for %q", markers)
	}
}
