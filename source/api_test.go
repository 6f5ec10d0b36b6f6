package source_test

import (
	"io"
	"net/http"
	"testing"
	"time"

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
