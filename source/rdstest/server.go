// Package rdstest is a fake of the part of Amazon RDS that serves log files, for
// tests of programs that read them and for trying such programs at a desk.
//
// A Server speaks the AWS query protocol over HTTP, so the program under test
// keeps its real SDK client, whatever the language; only the endpoint differs:
//
//	srv := rdstest.NewServer()
//	defer srv.Close()
//	db := srv.AddInstance("orders-1")
//	db.Write("slowquery/mysql-slowquery.log", text, lastWritten)
//	client := rds.NewFromConfig(srv.Config())
//
// A program in a process of its own finds it by AWS_ENDPOINT_URL_RDS.
//
// It answers as RDS has been observed to, which is not always as documented:
// portions of at most 1 MB or 10,000 lines, whichever is less; a portion that
// ends within a line carries the truncation notice, and its marker skips the
// rest of that line; markers have the form 2026-11-23.7:185849, name the hour
// of the coming rotation, and follow the live file across one rotation only;
// bytes outside ASCII arrive as question marks.
package rdstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region and Account are those of every resource of a Server.
const (
	Region  = "eu-central-1"
	Account = "123456789012"
)

// Server is a fake RDS. Its fields may be set before the first call.
type Server struct {
	URL string // of the endpoint, without a path

	// PortionBytes is the most text in a portion; 1 MB if zero.
	PortionBytes int

	http *httptest.Server

	mu        sync.Mutex // guards what follows, and the instances
	instances map[string]*Instance
	calls     []Call
}

// Call is a call that a Server has received.
type Call struct {
	Action   string // as IAM knows it, for example rds:DescribeDBLogFiles
	Resource string // the ARN the permission must be for
	Params   url.Values
}

// NewServer starts a Server on the loopback interface. It is to be closed.
func NewServer() *Server {
	s := &Server{instances: map[string]*Instance{}}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL
	return s
}

// Close ends all connections.
func (s *Server) Close() { s.http.Close() }

// Config is a configuration for clients of this server: its endpoint, its region
// and credentials that it accepts.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(s.URL),
		HTTPClient:   s.http.Client(),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "rdstest", ""),
	}
}

// Calls are the calls received so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	result, err := s.answer(r.PostForm)
	s.mu.Unlock()
	if err != nil {
		err.write(w)
		return
	}
	writeResult(w, r.PostForm.Get("Action"), result)
}

func (s *Server) answer(params url.Values) (any, *apiError) {
	actions := map[string]func(*Instance, url.Values) (any, *apiError){
		"DescribeDBLogFiles":       s.describeLogFiles,
		"DownloadDBLogFilePortion": s.downloadPortion,
	}
	name := params.Get("Action")
	action, known := actions[name]
	if !known {
		return nil, &apiError{http.StatusBadRequest, "InvalidAction", fmt.Sprintf("Could not find operation %s for version %s", name, params.Get("Version"))}
	}
	id := params.Get("DBInstanceIdentifier")
	s.calls = append(s.calls, Call{"rds:" + name, fmt.Sprintf("arn:aws:rds:%s:%s:db:%s", Region, Account, id), params})
	db, found := s.instances[id]
	if !found {
		return nil, &apiError{http.StatusNotFound, "DBInstanceNotFound", fmt.Sprintf("DBInstance %s not found.", id)}
	}
	return action(db, params)
}
