package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"slowdigest/source/rdstest"
)

func TestDefaults(t *testing.T) {
	s := NewRDS(aws.Config{Region: "eu-central-1"}, Options{})
	if n := s.client.Options().Retryer.MaxAttempts(); n != 8 {
		t.Errorf("calls are tried %d times", n)
	}
	if o := s.opts; cap(s.slots) != 10 || cap(s.held) != 10 || o.Poll != 5*time.Second || o.Patience != 5*time.Second || o.Download != Portions {
		t.Errorf("%d calls at a time, %d portions held, options %+v", cap(s.slots), cap(s.held), o)
	}
	for configured, want := range map[time.Duration]time.Duration{0: time.Minute, time.Hour: time.Hour} {
		c := awshttp.NewBuildableClient()
		if configured > 0 {
			c = c.WithReadTimeout(configured)
		}
		got, _ := httpClient(c).(plainBodies).HTTPClient.(*awshttp.BuildableClient).GetReadTimeout()
		if got != want {
			t.Errorf("a timeout of %v became %v, want %v", configured, got, want)
		}
	}
}

// Only for throttling it pauses for as long as the SDK would.
func TestBackoff(t *testing.T) {
	b := backoff{retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = []func(*retry.StandardOptions){func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 20 * time.Second, nil })
		}}
	})}
	for code, want := range map[string]time.Duration{"InternalFailure": 3 * time.Second, "Throttling": 20 * time.Second} {
		if got, err := b.RetryDelay(1, &smithy.GenericAPIError{Code: code}); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", code, got, err, want)
		}
	}
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	if got, err := b.RetryDelay(1, refused); err != nil || got != 100*time.Millisecond {
		t.Errorf("%v after a refused connection, %v; want %v", got, err, 100*time.Millisecond)
	}
}

func TestValidInstance(t *testing.T) {
	long := strings.Repeat("a", 63)
	for id, want := range map[string]bool{
		"a": true, "Z": true, "orders-1": true, "a-b-c": true, "a1": true, long: true, long[1:] + "9": true,
		"": false, long + "a": false, "1a": false, "-a": false, "a-": false, "a--b": false,
		"a_b": false, "a.b": false, "a b": false, "ä": false, "a\n": false, "a*": false, "arn:a": false,
	} {
		if ValidInstance(id) != want {
			t.Errorf("%q: valid is %v", id, !want)
		}
	}
	for pattern, want := range map[string]bool{"*": true, "a-*": true, "*-b": true, long[1:] + "*": true, long + "*": false, "a--*": false, "-*": false, "": false} {
		if ValidPattern(pattern) != want {
			t.Errorf("pattern %q: valid is %v", pattern, !want)
		}
	}
}

// testReader returns a reader of a live file of the given size whose text goes
// nowhere.
func testReader(size int64) *reader {
	s := NewRDS(aws.Config{Region: "eu-central-1"}, Options{Patience: time.Second, Poll: time.Second})
	p := newPipe(0, func() {})
	_ = p.close()
	return newReader(context.Background(), s.api, p, &Coverage{Complete: true}, File{Name: liveName, Size: size}, beginning, false)
}

// TestSteps: no more than 500 calls are spent on unreadable lines.
func TestSteps(t *testing.T) {
	for spent, want := range map[int]error{maxSteps - 1: nil, maxSteps: errStopped} {
		r := testReader(1000)
		r.steps, r.suspects = spent, 100
		if _, err := r.narrow(errors.New("unreadable")); err != want || (r.track.left != nil) != (want != nil) {
			t.Errorf("after %d calls: %v, want %v", spent, err, want)
		}
	}
	if maxSteps != 500 {
		t.Errorf("maxSteps is %d", maxSteps)
	}
}

// TestSeekMargin: entries may be out of order by a minute.
func TestSeekMargin(t *testing.T) {
	ten := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for ahead, want := range map[time.Duration]bool{
		0: false, time.Minute - time.Microsecond: false, time.Minute: false, time.Minute + time.Microsecond: true,
	} {
		srv := rdstest.NewServer()
		text := fmt.Sprintf("# Time: %s\nSELECT 1;\n", ten.Add(-ahead).Format("2006-01-02T15:04:05.000000Z"))
		srv.AddInstance("orders-1").Write(rdstest.SlowLog, []byte(text), ten)
		f := &fetcher{api: NewRDS(srv.Config(), Options{}).api, ctx: t.Context(), cov: &Coverage{}}
		p := f.probe(File{Instance: "orders-1", Name: rdstest.SlowLog, from: ten}, marker{}, true)
		if !p.certain || p.before != want {
			t.Errorf("an entry %v before the window: %+v, want before to be %v", ahead, p, want)
		}
		srv.Close()
	}
}

// TestRepetition: bytes that RDS sends again are recognised within the last piece and
// 64 KB before it.
func TestRepetition(t *testing.T) {
	const size = 64<<10 + 1
	for repeated, want := range map[int]int{size: 3, size + 1: size + 4} {
		text := []byte(strings.Repeat("0123456789abcde\n", 5000)) // longer than what is remembered
		r := testReader(int64(len(text)) + 3)
		r.track.remember(text[:len(text)-1])
		r.track.remember(text[len(text)-1:])
		r.track.end = int64(len(text))
		from := len(text) - repeated
		r.track.at = marker{"2026-11-23.10", int64(from)}.String()
		got, end := r.track.unrepeated(append(text[from:len(text):len(text)], "new"...))
		if len(got) != want || end != int64(len(text))+3 {
			t.Errorf("%d bytes repeated: %d are new, up to %d; want %d", repeated, len(got), end, want)
		}
	}
}

// TestHead: a file is told from others by its first 4 KB.
func TestHead(t *testing.T) {
	for size, want := range map[int]int{4095: 4095, 4096: 4096, 4097: 4096} {
		r := testReader(1 << 20)
		r.track.remember(make([]byte, size-1000))
		r.track.remember(make([]byte, 1000))
		if got := len(r.track.head); got != want {
			t.Errorf("of %d bytes, %d are kept, want %d", size, got, want)
		}
	}
}

// TestMoreThanFileHolds: reading a file ends somewhere, whatever RDS sends.
func TestMoreThanFileHolds(t *testing.T) {
	const most = 4*1000 + 1<<24
	for pos, want := range map[int64]string{most: "", most + 1: "more than the file holds"} {
		r := testReader(1000)
		r.track.at, r.track.pos = marker{"1", pos}.String(), pos
		got := ""
		if err := r.track.follows(portion{text: []byte("x"), pending: true, marker: marker{"1", pos + 1}.String()}); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("at %d: %q, want %q", pos, got, want)
		}
	}
}

func TestLastTime(t *testing.T) {
	const line = "SET timestamp=1795424300;\n"
	for size, found := range map[int]bool{64 << 10: true, 64<<10 + 1: false} {
		text := line + strings.Repeat("x", size-len(line))
		if got := lastTime([]byte(text)); got.IsZero() == found {
			t.Errorf("%d bytes from the end: %v", size, got)
		}
	}
}

// TestPatienceOfFollow: a look counts as in vain for good when it has been so for 60
// times the patience, five minutes.
func TestPatienceOfFollow(t *testing.T) {
	a := NewRDS(aws.Config{Region: "eu-central-1"}, Options{}).api
	for stuck, want := range map[int]bool{59: false, 60: true} {
		if f := (&follower{api: a, stuck: stuck}); f.waited() != want {
			t.Errorf("after %v: waited is %v", time.Duration(stuck)*a.opts.Poll, !want)
		}
	}
}

// TestHopeless: a refusal ends Follow, a failure of RDS does not.
func TestHopeless(t *testing.T) {
	for status, want := range map[int]bool{399: false, 400: true, 403: true, 404: true, 499: true, 500: false, 503: false} {
		err := callFailed("call: %w", &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New("refused")})
		if hopeless(err) != want {
			t.Errorf("status %d: hopeless is %v", status, !want)
		}
	}
}

// scripted delivers chunks, before some of which text is missing.
type scripted []struct {
	text string
	gap  bool
}

func (s *scripted) next(c *Coverage) ([]byte, error) {
	if len(*s) == 0 {
		return nil, io.EOF
	}
	chunk := (*s)[0]
	*s = (*s)[1:]
	if chunk.gap {
		c.gap(File{Name: "slow.log"}, Gap{}, "lost")
	}
	return []byte(chunk.text), nil
}

func (s *scripted) close() error { return nil }

// An offset is that in the file until a gap or a cut line, and there is none in what is followed.
func TestOffset(t *testing.T) {
	log := newLog(&scripted{{"abc", false}, {"de", false}, {"", true}, {"f", false}})
	log.cov.Skipped = 100
	if _, err := io.ReadAll(iotest.OneByteReader(log)); err != nil {
		t.Fatal(err)
	}
	for pos, want := range []int64{100, 101, 102, 103, 104, -1} {
		if got, known := log.Offset(int64(pos)); known != (want >= 0) || known && got != want {
			t.Errorf("byte %d is %d, %v", pos, got, known)
		}
	}
}

// A seam is where in the text a gap is: at its first byte after that.
func TestSeams(t *testing.T) {
	log := newLog(&scripted{{"abc", false}, {"", true}, {"de", false}, {"f", true}, {"g", false}, {"", true}})
	text, err := io.ReadAll(iotest.OneByteReader(log))
	if want := []int64{3, 5, 7}; err != nil || string(text) != "abcdefg" || !slices.Equal(log.Seams(), want) {
		t.Errorf("%q, %v, seams at %v, want %v", text, err, log.Seams(), want)
	}
}
