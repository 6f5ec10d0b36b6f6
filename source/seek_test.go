package source_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// aging is a log of any size in which time passes evenly, made up as it is read.
type aging struct {
	from, to time.Time
	size     int64
	old      bool // as MySQL 5.6 and MariaDB write it
	bad      byte // in every statement, if not zero
}

// recordBytes is the length of every entry.
const recordBytes = 256

func (a aging) Size() int64 { return a.size }

func (a aging) ReadAt(p []byte, offset int64) (n int, err error) {
	var record [recordBytes]byte
	for n < len(p) && offset < a.size {
		at := offset % recordBytes
		a.record(&record, offset/recordBytes)
		k := copy(p[n:], record[at:min(recordBytes, at+a.size-offset)])
		n, offset = n+k, offset+int64(k)
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// record writes entry i. The statement is a comment that ends with its number, and
// began an hour before the entry was written.
func (a aging) record(to *[recordBytes]byte, i int64) {
	at := a.from.Add(time.Duration(float64(a.to.Sub(a.from)) * float64(i) / float64(a.size/recordBytes)))
	b := to[:0]
	switch {
	case !a.old:
		b = at.AppendFormat(append(b, "# Time: "...), "2006-01-02T15:04:05.000000Z\n")
		at = at.Add(-time.Hour)
	case i%5 == 0:
		b = at.AppendFormat(append(b, "# Time: "...), "060102 15:04:05\n")
	}
	b = append(b, "# User@Host: app[app] @ [10.0.0.1]  Id: 7\n# Query_time: 3600.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 1\nSET timestamp="...)
	b = append(strconv.AppendInt(b, at.Unix(), 10), ";\nSELECT 1 -- "...)
	for len(b) < recordBytes-13 {
		b = append(b, 'x')
	}
	if a.bad != 0 {
		b[len(b)-1] = a.bad
	}
	_ = fmt.Appendf(b, " %010d", i) // into the same array
	to[recordBytes-2], to[recordBytes-1] = ';', '\n'
}

// numbers are those of the entries in a text, which must be whole.
func (a aging) numbers(text []byte) (first, last int64, err error) {
	records := bytes.Split(bytes.TrimSuffix(text, []byte(";\n")), []byte(";\n# "))
	for i, r := range records {
		n, err := strconv.ParseInt(string(r[max(0, len(r)-10):]), 10, 64)
		if err != nil {
			return 0, 0, err
		}
		if i == 0 {
			first = n
		} else if n != last+1 {
			return 0, 0, fmt.Errorf("entry %d follows on %d", n, last)
		}
		last = n
	}
	return first, last, nil
}

// TestSeek begins to read where a window begins.
func TestSeek(t *testing.T) {
	const size = 8 << 20
	hourLog := aging{from: tenOClock.Add(-time.Hour), to: tenOClock, size: size}
	oldLog := hourLog
	oldLog.old = true
	badLog := hourLog
	badLog.bad = 0xff
	none := rdstest.Fault{}
	tests := []struct {
		name    string
		log     aging
		markers rdstest.Markers
		text    rdstest.Text
		opts    source.Options
		fault   rdstest.Fault
		seeks   bool
	}{
		{"dated markers", hourLog, rdstest.DatedMarkers, 0, source.Options{}, none, true},
		{"hour markers", hourLog, rdstest.HourMarkers, 0, source.Options{}, none, true},
		{"old log", oldLog, rdstest.DatedMarkers, 0, source.Options{}, none, true},
		{"auto", hourLog, rdstest.DatedMarkers, 0, source.Options{Download: source.Auto, Now: time.Now}, none, true},
		{"bytes replaced", badLog, rdstest.DatedMarkers, rdstest.QuestionMarks, source.Options{}, none, true},
		{"opaque markers", hourLog, rdstest.OpaqueMarkers, 0, source.Options{}, none, false},
		{"sequential", hourLog, rdstest.DatedMarkers, 0, source.Options{Sequential: true}, none, false},
		{"complete", hourLog, rdstest.DatedMarkers, 0, source.Options{Download: source.Complete, Now: time.Now}, none, false},
		{"a marker goes back", hourLog, rdstest.DatedMarkers, 0, source.Options{}, rdstest.Fault{Kind: rdstest.BackwardMarker, Skip: 5}, false},
		{"no answer to a probe", hourLog, rdstest.DatedMarkers, 0, source.Options{}, rdstest.Fault{Kind: rdstest.NilFields, Skip: 3}, false},
		{"the file is gone", hourLog, rdstest.DatedMarkers, 0, source.Options{}, rdstest.Fault{Kind: rdstest.FileNotFound, Skip: 3}, false},
		{"bytes repeated", hourLog, rdstest.DatedMarkers, 0, source.Options{}, rdstest.Fault{Kind: rdstest.BytesRepeated, Skip: 4}, false},
	}
	if testing.Short() { // the others start no more goroutines
		tests = tests[:1]
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := rdstest.NewServer()
			defer srv.Close()
			srv.Markers, srv.Text = test.markers, test.text
			srv.AddInstance("orders-1").WriteContent(live, test.log, test.log.to)
			if test.fault != none {
				srv.Inject(test.fault)
			}
			test.opts.Patience, test.opts.Seek = time.Microsecond, true
			s := source.NewRDS(patient(srv.Config()), test.opts)
			from := tenOClock.Add(-15 * time.Minute)
			files, err := s.LogFiles(context.Background(), "orders-1", from, tenOClock)
			if err != nil {
				t.Fatal(err)
			}
			text, cov := read(t, s, files[0])
			first, last, err := test.log.numbers(text)
			const count = size / recordBytes
			switch {
			case !bytes.HasPrefix(text, []byte("# ")), err != nil, last != count-1, !cov.Complete, len(cov.Notes) > 0:
				t.Errorf("entries %d to %d: %v, coverage %+v", first, last, err, cov)
			case cov.Skipped+cov.BytesRead != size:
				t.Errorf("%d bytes were skipped and %d read of %d", cov.Skipped, cov.BytesRead, size)
			case test.seeks && (first > count*3/4-(1<<20)/recordBytes || first < count*3/4-(3<<20)/recordBytes-count/60):
				t.Errorf("the first entry is %d of %d", first, count)
			case test.seeks && probed(srv) != 9: // the beginning, seven at once, and before what they found
				t.Errorf("%d positions were looked at", probed(srv))
			case !test.seeks && (first != 0 || cov.Skipped != 0):
				t.Errorf("the first entry is %d, %d bytes were skipped", first, cov.Skipped)
			}
		})
	}
}

// probed returns the number of calls that asked for a few lines.
func probed(srv *rdstest.Server) (n int) {
	for _, c := range srv.Calls() {
		if c.Params.Get("NumberOfLines") == "200" {
			n++
		}
	}
	return n
}

// TestSeekInGigabyte has the first text of the last quarter of an hour, where each
// call takes 150 ms, within the time of 20 calls, 3 s where the machine is not busy.
func TestSeekInGigabyte(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.Latency = 150 * time.Millisecond
	log := aging{from: tenOClock.Add(-time.Hour), to: tenOClock, size: 1 << 30}
	srv.AddInstance("orders-1").WriteContent(live, log, log.to)
	s := source.NewRDS(srv.Config(), source.Options{Seek: true})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	call := timeOfCall(t, srv)
	began := time.Now()
	files, err := s.LogFiles(ctx, "orders-1", tenOClock.Add(-15*time.Minute), tenOClock)
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Open(ctx, files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	text := make([]byte, 2*recordBytes)
	if _, err := io.ReadFull(l, text); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	first, _, err := log.numbers(text)
	if quarter := log.size / recordBytes * 3 / 4; err != nil || first > quarter || first < quarter-(3<<20)/recordBytes-log.size/recordBytes/60 {
		t.Errorf("the first entry is %d of %d, error %v", first, log.size/recordBytes, err)
	}
	if took > 20*call && !testing.Short() {
		t.Errorf("the first text came after %v, a call takes %v", took, call)
	}
	t.Logf("a call took %v, the first text came after %v and %d calls, %d MB were skipped", call, took, len(srv.Calls()), l.Coverage().Skipped>>20)
}

// timeOfCall measures how long a call for a few lines takes on a machine as busy as this.
func timeOfCall(t *testing.T, srv *rdstest.Server) time.Duration {
	t.Helper()
	const calls = 4
	client := rds.NewFromConfig(srv.Config())
	began := time.Now()
	for range calls {
		_, err := client.DownloadDBLogFilePortion(context.Background(), &rds.DownloadDBLogFilePortionInput{
			DBInstanceIdentifier: aws.String("orders-1"), LogFileName: aws.String(live), Marker: aws.String("0"), NumberOfLines: aws.Int32(200)})
		if err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(began) / calls
}
