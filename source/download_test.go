package source_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// hostile is a log with all that the portion API does not deliver.
func hostile() []byte {
	var log bytes.Buffer
	log.WriteString(rdstest.Banner)
	log.WriteString("SELECT '佐藤 \xff\x00\x1b';\nSELECT '" + strings.Repeat("x", 5000) + "';\nSELECT 1\r\n;\n")
	return bytes.Repeat(log.Bytes(), 50)
}

func TestCompleteDownload(t *testing.T) {
	text := hostile()
	tests := []struct {
		name     string
		download source.Download
		fault    rdstest.Fault
		complete bool // every byte is delivered
		hint     string
	}{
		{"complete", source.Complete, rdstest.Fault{}, true, ""},
		{"auto", source.Auto, rdstest.Fault{}, true, ""},
		{"cut twice", source.Complete, rdstest.Fault{Kind: rdstest.CutConnection, Times: 2}, true, ""},
		{"throttled", source.Complete, rdstest.Fault{Kind: rdstest.Throttling, Times: 2}, true, ""},
		{"denied", source.Complete, rdstest.Fault{Kind: rdstest.AccessDenied, Times: -1}, false, "rds:DownloadCompleteDBLogFile on arn:aws:rds:eu-central-1:123456789012:db:orders-1"},
		{"denied, automatic", source.Auto, rdstest.Fault{Kind: rdstest.AccessDenied, Times: -1}, false, ""},
		{"failing, automatic", source.Auto, rdstest.Fault{Kind: rdstest.InternalFailure, Times: -1}, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			srv := rdstest.NewServer()
			defer srv.Close()
			srv.AddInstance("orders-1").Write(live, text, tenOClock)
			if test.fault.Kind != "" {
				test.fault.Action = "rds:DownloadCompleteDBLogFile"
				srv.Inject(test.fault)
			}
			s := source.NewRDS(patient(srv.Config()), source.Options{Download: test.download, Now: time.Now, Patience: time.Microsecond})
			var denials int
			for range 2 {
				l, err := s.Open(context.Background(), hour(t, s)[0])
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(l)
				if bytes.Equal(got, text) != test.complete {
					t.Errorf("%d bytes of %d, error %v, coverage %+v", len(got), len(text), err, l.Coverage())
				}
				if hint := source.Hint(err); !strings.Contains(hint, test.hint) || err == nil != (test.hint == "") {
					t.Errorf("error %v, hint %q, want %q", err, hint, test.hint)
				}
				_ = l.Close()
			}
			for _, c := range srv.Calls() {
				if c.Action == "rds:DownloadCompleteDBLogFile" {
					denials++
				}
			}
			if test.name == "denied, automatic" && denials != 1 {
				t.Errorf("a denied call was made %d times", denials)
			}
		})
	}
}

func TestCompleteNeedsClock(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.AddInstance("orders-1").Write(live, []byte("x\n"), tenOClock)
	for download, wantErr := range map[source.Download]bool{source.Complete: true, source.Auto: false} {
		s := source.NewRDS(patient(srv.Config()), source.Options{Download: download})
		l, err := s.Open(context.Background(), hour(t, s)[0])
		if err != nil != wantErr {
			t.Fatalf("%s: error %v", download, err)
		}
		if err == nil {
			_ = l.Close()
		}
	}
}

func TestWrongSecretIsRefused(t *testing.T) {
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.AddInstance("orders-1").Write(live, []byte("x\n"), tenOClock)
	s := source.NewRDS(patient(srv.Config()), source.Options{Download: source.Complete, Now: func() time.Time { return tenOClock }})
	cfg := patient(srv.Config())
	cfg.Region = "us-east-1" // and so another signature
	other := source.NewRDS(cfg, source.Options{Download: source.Complete, Now: time.Now})
	for s, wantErr := range map[*source.RDS]bool{s: false, other: true} {
		l, err := s.Open(context.Background(), hour(t, s)[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(l); err != nil != wantErr {
			t.Errorf("error %v, want one: %v", err, wantErr)
		}
		_ = l.Close()
	}
}
