package rdstest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	maxPortionBytes  = 1 << 20
	maxPortionLines  = 10000
	truncationNotice = "\n [Your log message was truncated]\n"
)

// portion is an answer of DownloadDBLogFilePortion in the making.
type portion struct {
	asked   string // the marker
	from    int64  // offset of the text
	text    []byte
	notice  bool
	next    int64
	marker  string
	pending bool
}

func (s *Server) downloadPortion(params url.Values, fault Kind) (any, *apiError) {
	db, apiErr := s.instance(params.Get("DBInstanceIdentifier"))
	if apiErr != nil {
		return nil, apiErr
	}
	name := params.Get("LogFileName")
	if change, changes := changes[fault]; changes {
		change(db, name)
	}
	if _, found := db.files[name]; !found {
		return nil, fileNotFound(name)
	}
	lines, err := strconv.Atoi(params.Get("NumberOfLines"))
	if err != nil || lines <= 0 || lines > maxPortionLines {
		lines = maxPortionLines
	}
	marker := params.Get("Marker")
	var at position
	if marker == "" {
		at = position{file: db.files[name]}
		at.offset, err = at.file.tail(lines)
	} else {
		at, apiErr = s.Markers.locate(db, name, marker)
		err = nil
	}
	if apiErr != nil {
		return nil, apiErr
	}
	var p portion
	if err == nil {
		p, err = s.portion(at, marker, lines)
	}
	if err != nil {
		return nil, &apiError{http.StatusInternalServerError, "InternalFailure", err.Error()}
	}
	if distort, distorts := distortions[fault]; distorts {
		distort(s.Markers, at.file, &p)
	}
	return s.Text.result(p, fault)
}

// portion reads what there is at a position.
func (s *Server) portion(at position, asked string, lines int) (portion, error) {
	p := portion{asked: asked, from: at.offset, next: at.offset, marker: asked}
	switch {
	case at.stuck:
		return p, nil
	case at.anew:
		p.marker = s.Markers.marker(at.file, 0)
		return p, nil
	}
	err := p.read(at.file, cmp.Or(s.PortionBytes, maxPortionBytes), lines)
	p.marker = s.Markers.marker(at.file, p.next)
	p.pending = p.next < at.file.content.Size()
	return p, err
}

// read takes as many lines as fit. If the last one does not fit, it is cut, and
// the next portion begins after the rest of it.
func (p *portion) read(f *logFile, size, lines int) error {
	var text []byte
	end := 0
	for step := 64 << 10; len(text) < size && lines > 0; step *= 4 { // few lines need little of a large file
		more, err := f.bytes(p.from+int64(len(text)), min(step, size-len(text)))
		if err != nil {
			return err
		}
		if text = append(text, more...); len(more) == 0 {
			break
		}
		for ; lines > 0; lines-- {
			n := bytes.IndexByte(text[end:], '\n')
			if n < 0 {
				break
			}
			end += n + 1
		}
	}
	p.next = p.from + int64(len(text))
	if lines == 0 {
		p.text, p.next = text[:end], p.from+int64(end)
		return nil
	}
	p.text = text
	if end < len(text) && p.next < f.content.Size() {
		p.notice = true
		var err error
		p.next, err = f.lineEnd(p.next)
		return err
	}
	return nil
}

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
