package rdstest

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	completePath = "/v13/downloadCompleteLogFile/"
	emptySHA256  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// serveComplete answers GET /v13/downloadCompleteLogFile/INSTANCE/FILE with the
// bytes of the file, compressed if that is accepted.
func (s *Server) serveComplete(w http.ResponseWriter, r *http.Request) {
	id, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, completePath), "/")
	content, fault, err := s.complete(r, id, name)
	if fault == Silence {
		<-r.Context().Done()
		return
	}
	if err != nil {
		err.write(w)
		return
	}
	time.Sleep(s.Latency)
	size := content.Size()
	if fault == CutConnection {
		size /= 2
	}
	text := io.NewSectionReader(content, 0, size)
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.Copy(z, text)
		_ = z.Flush()
		if fault != CutConnection {
			_ = z.Close()
		}
	} else {
		_, _ = io.Copy(w, text)
	}
	if fault == CutConnection {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) complete(r *http.Request, id, name string) (Content, Kind, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !signed(r) {
		return nil, "", &apiError{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."}
	}
	params := r.URL.Query()
	params.Set("LogFileName", name)
	fault, err := s.receive(Call{"rds:DownloadCompleteDBLogFile", arn("db:" + id), params})
	if err != nil {
		return nil, "", err
	}
	db, err := s.instance(id)
	if err != nil {
		return nil, "", err
	}
	if change, changes := changes[fault]; changes {
		change(db, name)
	}
	f, found := db.files[name]
	if !found {
		return nil, "", fileNotFound(name)
	}
	return f.content, fault, nil
}

// signed makes the signature anew and compares.
func signed(r *http.Request) bool {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return false
	}
	keys := aws.Credentials{AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey}
	err = v4.NewSigner().SignHTTP(r.Context(), keys, again, emptySHA256, "rds", Region, at)
	return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
}
