package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"slowdigest/handler/state"
	"slowdigest/handler/state/s3test"
)

// stores are all stores, each made anew and empty. Both of a pair are of one content.
func stores(t *testing.T, test func(t *testing.T, a, b state.Store)) {
	t.Run("file", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "made", "when needed")
		test(t, state.FileStore{Dir: dir}, state.FileStore{Dir: dir})
	})
	t.Run("S3", func(t *testing.T) {
		cfg := s3test.New(t, nil)
		test(t, state.NewS3Store(cfg, s3test.Bucket, "prod"), state.NewS3Store(cfg, s3test.Bucket, "prod"))
	})
}

func TestStoreKeepsWhatWasSavedLast(t *testing.T) {
	stores(t, func(t *testing.T, a, b state.Store) {
		ctx := t.Context()
		key := state.Key("#slow/queries ü")
		if data, tag, err := a.Load(ctx, key); data != nil || tag != "" || err != nil {
			t.Fatalf("Load of nothing = %q, %q, %v", data, tag, err)
		}
		tag := ""
		for i, want := range [][]byte{[]byte("{}"), []byte(`{"version":1}`), bytes.Repeat([]byte("0123456789"), 100_000), []byte("{}")} {
			next, err := a.Save(ctx, key, want, tag)
			if err != nil {
				t.Fatal(err)
			}
			data, loaded, err := b.Load(ctx, key)
			if err != nil || !bytes.Equal(data, want) || loaded != next || next == "" {
				t.Fatalf("content %d: Load = %d bytes, %q, %v; want %d, %q", i, len(data), loaded, err, len(want), next)
			}
			tag = next
		}
		if data, _, err := a.Load(ctx, state.Key("another")); data != nil || err != nil {
			t.Errorf("another key holds %q, %v", data, err)
		}
	})
}

func TestStoreRefusesWhatIsNotUpToDate(t *testing.T) {
	stores(t, func(t *testing.T, a, b state.Store) {
		ctx := t.Context()
		const key = "c.json"
		first, err := a.Save(ctx, key, []byte("first"), "")
		if err != nil {
			t.Fatal(err)
		}
		second, err := b.Save(ctx, key, []byte("second"), first)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range []string{"", first, `"0123"`} {
			if _, err := a.Save(ctx, key, []byte("third"), tag); !errors.Is(err, state.ErrConflict) {
				t.Errorf("Save on %q is %v, want ErrConflict", tag, err)
			}
		}
		if _, err := a.Save(ctx, "nothing.json", []byte("x"), second); !errors.Is(err, state.ErrConflict) {
			t.Errorf("Save on what is not there is %v, want ErrConflict", err)
		}
		if data, tag, err := a.Load(ctx, key); string(data) != "second" || tag != second || err != nil {
			t.Errorf("Load = %q, %q, %v", data, tag, err)
		}
	})
}

// Each of many writers adds one, again and again. Run it under the race detector.
func TestStoreLosesNoUpdate(t *testing.T) {
	const writers, times = 8, 25
	stores(t, func(t *testing.T, a, b state.Store) {
		var wg sync.WaitGroup
		add := func(s state.Store) error {
			for {
				data, tag, err := s.Load(t.Context(), "n")
				if err != nil {
					return err
				}
				n, _ := strconv.Atoi(string(data))
				switch _, err := s.Save(t.Context(), "n", fmt.Append(nil, n+1), tag); {
				case err == nil:
					return nil
				case !errors.Is(err, state.ErrConflict):
					return err
				}
			}
		}
		for i := range writers {
			wg.Go(func() {
				for range times {
					if err := add([]state.Store{a, b}[i%2]); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if data, _, err := a.Load(t.Context(), "n"); string(data) != fmt.Sprint(writers*times) || err != nil {
			t.Errorf("%s updates are left of %d, %v", data, writers*times, err)
		}
	})
}

func TestFileStoreLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	s := state.FileStore{Dir: dir}
	tag := ""
	for range 3 {
		var err error
		if tag, err = s.Save(t.Context(), "c.json", []byte("x"), tag); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 || left[0].Name() != "c.json" || left[1].Name() != "c.json.lock" {
		t.Errorf("left %v, %v", left, err)
	}
}

// answer is a front that answers all requests of a method itself.
func answerS3(method string, status int, code string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != method {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, code)
		})
	}
}

// deniedS3 is a front that denies all, with the end of AWS's message.
func deniedS3(what string) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<Error><Code>AccessDenied</Code><Message>User: u is not authorized to perform: %s</Message></Error>`, what)
		})
	}
}

func TestS3StoreNamesWhatIsMissing(t *testing.T) {
	load := func(t *testing.T, s *state.S3Store) error { _, _, err := s.Load(t.Context(), "c.json"); return err }
	save := func(t *testing.T, s *state.S3Store) error {
		_, err := s.Save(t.Context(), "c.json", []byte("x"), "")
		return err
	}
	for name, c := range map[string]struct {
		front  func(http.Handler) http.Handler
		bucket string
		do     func(*testing.T, *state.S3Store) error
		want   []string
	}{
		"load denied": {answerS3("GET", 403, "AccessDenied"), s3test.Bucket, load, []string{"load state s3://slowdigest-state/prod/c.json", "s3:GetObject", "s3:ListBucket"}},
		"save denied": {answerS3("PUT", 403, "AccessDenied"), s3test.Bucket, save, []string{"save state s3://slowdigest-state/prod/c.json", "s3:PutObject"}},
		"key denied":  {deniedS3("kms:Decrypt on resource: arn:aws:kms:k because no identity-based policy allows the kms:Decrypt action"), s3test.Bucket, load, []string{"the role must allow kms:Decrypt on arn:aws:kms:k"}},
		"denied by the organisation": {deniedS3("s3:PutObject on resource: arn:aws:s3:::o with an explicit deny in a service control policy"), s3test.Bucket, save,
			[]string{"the service control policy denies s3:PutObject on arn:aws:s3:::o explicitly"}},
		"throttled":        {answerS3("GET", 503, "SlowDown"), s3test.Bucket, load, []string{"S3 takes no more calls just now"}},
		"no bucket":        {nil, "no-such-bucket", load, []string{"no such bucket"}},
		"in another place": {answerS3("GET", 301, "PermanentRedirect"), s3test.Bucket, load, []string{"another region"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.do(t, state.NewS3Store(s3test.New(t, c.front), c.bucket, "prod"))
			var e *state.StoreError
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error()+" ("+e.Hint()+")", want) {
					t.Errorf("%v (%s) lacks %q", err, e.Hint(), want)
				}
			}
		})
	}
	for region, arn := range map[string]string{"eu-central-1": "arn:aws:s3:::", "cn-north-1": "arn:aws-cn:s3:::",
		"us-gov-west-1": "arn:aws-us-gov:s3:::", "eusc-de-east-1": "arn:aws-eusc:s3:::"} {
		for method, do := range map[string]func(*testing.T, *state.S3Store) error{"GET": load, "PUT": save} {
			cfg := s3test.New(t, answerS3(method, 403, "AccessDenied"))
			cfg.Region = region
			var e *state.StoreError
			if !errors.As(do(t, state.NewS3Store(cfg, s3test.Bucket, "prod")), &e) || !strings.Contains(e.Hint(), "on "+arn+s3test.Bucket) || strings.Count(e.Hint(), "arn:") != strings.Count(e.Hint(), arn) {
				t.Errorf("in %s: %s", region, e.Hint())
			}
		}
	}
	s := state.NewS3Store(s3test.New(t, answerS3("PUT", 409, "ConditionalRequestConflict")), s3test.Bucket, "")
	if err := save(t, s); !errors.Is(err, state.ErrConflict) {
		t.Errorf("409 is %v, want ErrConflict", err)
	}
}

// S3 asks to try again where two write at a time. That is done until it is written,
// by the SDK and then by Edit, and what cannot be set aside is not overwritten.
func TestS3IsAskedAgain(t *testing.T) {
	for _, code := range []string{"OperationAborted", "ConditionalRequestConflict"} {
		var left atomic.Int64
		front := func(next http.Handler) http.Handler {
			conflict := answerS3("PUT", 409, code)(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "PUT" && left.Add(-1) >= 0 {
					conflict.ServeHTTP(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
		s := state.NewS3Store(s3test.New(t, front), s3test.Bucket, "")
		left.Store(4)
		since := func(s *state.State) error { s.Doubt = true; return nil }
		if err := state.Edit(t.Context(), s, "c.json", since); err != nil || left.Load() >= 0 {
			t.Errorf("%s: %v, %d are left", code, err, left.Load())
		}
		if _, err := s.Save(t.Context(), "d.json", []byte("no state"), ""); err != nil {
			t.Fatal(err)
		}
		left.Store(1 << 40)
		if err := state.Edit(t.Context(), s, "d.json", since); !errors.Is(err, state.ErrConflict) {
			t.Errorf("%s: %v where nothing can be set aside", code, err)
		}
	}
}

// wire answers nothing, and keeps where it was asked.
type wire struct{ url string }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.url = r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
	return nil, errors.New("no answer")
}

// Where an endpoint is given, the bucket stands in the path, and else in the name of the host.
func TestS3Endpoint(t *testing.T) {
	endpoint := "https://minio.example"
	for want, base := range map[string]*string{
		"https://slow.s3.eu-central-1.amazonaws.com/prod/c.json": nil,
		"https://minio.example/slow/prod/c.json":                 &endpoint,
	} {
		asked := &wire{}
		cfg := s3test.New(t, nil)
		cfg.BaseEndpoint, cfg.HTTPClient, cfg.RetryMaxAttempts = base, asked, 1
		if _, _, err := state.NewS3Store(cfg, "slow", "prod").Load(t.Context(), "c.json"); err == nil || asked.url != want {
			t.Errorf("asked %s, %v, want %s", asked.url, err, want)
		}
	}
}
