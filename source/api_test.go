package source_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// TestSilence has answers that never come; the calls are made once more.
func TestSilence(t *testing.T) {
	for _, action := range []string{"rds:DescribeDBLogFiles", "rds:DownloadDBLogFilePortion", "rds:DownloadCompleteDBLogFile"} {
		srv := rdstest.NewServer()
		srv.AddInstance("orders-1").Write(live, []byte("SELECT 1;\n"), tenOClock)
		srv.Inject(rdstest.Fault{Kind: rdstest.Silence, Action: action, Times: 2})
		cfg := patient(srv.Config())
		cfg.HTTPClient = awshttp.NewBuildableClient().WithReadTimeout(50 * time.Millisecond)
		o := source.Options{Now: time.Now, Patience: time.Microsecond}
		if action == "rds:DownloadCompleteDBLogFile" {
			o.Download = source.Complete
		}
		s := source.NewRDS(cfg, o)
		if text, cov := read(t, s, hour(t, s)[0]); string(text) != "SELECT 1;\n" || !cov.Complete {
			t.Errorf("%s: read %q, %+v", action, text, cov)
		}
		srv.Close()
	}
}

// TestSilentCallEnds: all attempts at a call end after two minutes, whether they are
// cut off or not, and are not begun anew.
func TestSilentCallEnds(t *testing.T) {
	for name, silence := range map[string]time.Duration{"of a minute each": time.Minute, "without end": time.Hour} {
		for _, download := range []source.Download{"", source.Portions, source.Complete} {
			synctest.Test(t, func(t *testing.T) {
				cfg := aws.Config{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
				})}
				cfg.HTTPClient = &http.Client{Timeout: silence, Transport: tripper(func(r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return nil, r.Context().Err()
				})}
				s := source.NewRDS(cfg, source.Options{Download: download, Now: time.Now})
				began := time.Now()
				var err error
				if download == "" {
					_, err = s.LogFiles(t.Context(), "orders-1", tenOClock.Add(-time.Hour), tenOClock)
				} else if log, _ := s.Open(t.Context(), source.File{Instance: "orders-1", Name: live, Size: 10, LastWritten: tenOClock}); log != nil {
					_, err = io.ReadAll(log)
				}
				if took := time.Since(began); err == nil || source.CauseOf(err) != source.Passing || source.Hint(err) == "" || took > 2*time.Minute {
					t.Errorf("silence %s, download %q: %v after %v, hint %q", name, download, err, took, source.Hint(err))
				}
			})
		}
	}
}

// TestRequestBodies: net/http must not see that a body of the SDK is an
// io.WriterTo; see plainBodies.
func TestRequestBodies(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.AddInstance("orders-1").Write(live, []byte("SELECT 1;\n"), tenOClock)
	cfg := srv.Config()
	looks := 0
	cfg.HTTPClient = &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
		if _, is := r.Body.(io.WriterTo); is {
			t.Errorf("the body is a %T", r.Body)
		}
		looks++
		return http.DefaultTransport.RoundTrip(r)
	})}
	hour(t, source.NewRDS(cfg, source.Options{}))
	if looks == 0 {
		t.Error("no request was seen")
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
