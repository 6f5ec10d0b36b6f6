// Package rdstest is a fake of the part of Amazon RDS that serves log files, for
// tests of programs that read them and for trying such programs at a desk.
//
// A Server speaks the AWS query protocol over HTTP, so the program under test
// keeps its real SDK client, whatever the language; only the endpoint differs.
// A program in a process of its own finds it by AWS_ENDPOINT_URL_RDS. The server
// knows DescribeDBLogFiles, DownloadDBLogFilePortion, DescribeDBInstances and
// DescribeDBParameters, and the signed request downloadCompleteLogFile.
//
// # What it is like
//
// It answers as RDS has been observed to, which is not always as documented:
//
//   - A portion is at most 1 MB or 10,000 lines, whichever is less. One that
//     ends within a line carries the truncation notice, and its marker skips the
//     rest of that line.
//   - The marker of a live file names the hour of the coming rotation. On the
//     live name it follows the file across one rotation only; then it is stuck,
//     and when its file is purged it reads the live file at the same offset. On
//     a rotated name only its offset counts.
//   - Bytes outside ASCII arrive as question marks.
//
// What differs between engines and has differed over the years can be set: the
// form of markers (Server.Markers) and of the names of rotated files
// (Instance.Names), and what becomes of bytes that are not text (Server.Text). So
// can the size of portions, the latency of downloads and the rate of calls that is
// allowed.
//
// # A test
//
//	srv := rdstest.NewServer()
//	defer srv.Close()
//	db := srv.AddInstance("orders-1")
//	db.Write(rdstest.SlowLog, text, lastWritten)
//	client := rds.NewFromConfig(srv.Config())
//
// ServeDir serves a directory of logs instead, and a file of any size needs no more
// than an io.ReaderAt: see Content. A client that is another program wants the
// Server's URL, Region, AccessKeyID and SecretAccessKey in its environment.
//
// Instances change on command: Append, Rotate, Truncate, Rename and Remove.
// Faults are injected by name, for the next call or for many:
//
//	srv.Inject(rdstest.Fault{Kind: rdstest.StuckMarker, Skip: 2, Times: 3})
//
// Calls records every call with the action and the resource that IAM would ask
// about, so that a policy can be compared with what a program needs.
package rdstest

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region and Account are those of every resource of a Server.
const (
	Region  = "eu-central-1"
	Account = "123456789012"
)

// The only key that a Server accepts in a signature. Calls of the query protocol
// are answered whatever their signature.
const (
	AccessKeyID     = "AKIDEXAMPLE"
	SecretAccessKey = "rdstest-secret"
)

// Server is a fake RDS. Its fields may be set before the first call.
type Server struct {
	URL string // of the endpoint, without a path

	PortionBytes int           // the most text in a portion; 1 MB if zero
	PageSize     int           // the most files in an answer of DescribeDBLogFiles; 1000 if zero
	Markers      Markers       // their form
	Text         Text          // what becomes of bytes that are not text
	Latency      time.Duration // of every download

	// CallsPerSecond is the rate above which calls are throttled; none if zero.
	CallsPerSecond int
	Now            func() time.Time // the clock of CallsPerSecond; time.Now if nil

	http *httptest.Server

	mu        sync.Mutex // guards what follows, and the instances
	instances map[string]*Instance
	groups    map[string]map[string]string
	calls     []Call
	faults    []*Fault
	second    time.Time // the one that is counted for CallsPerSecond
	inSecond  int
	files     int // made so far
}

// Call is a call that a Server has received.
type Call struct {
	Action   string // as IAM knows it, for example rds:DescribeDBLogFiles
	Resource string // the ARN the permission must be for
	Params   url.Values
}

// NewServer starts a Server on the loopback interface. It is to be closed.
func NewServer() *Server {
	s := &Server{instances: map[string]*Instance{}, groups: map[string]map[string]string{}}
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
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, ""),
	}
}

// Calls are the calls received so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// ServeHTTP makes a Server usable with a listener or a transport of one's own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, completePath) {
		s.serveComplete(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	action := r.PostForm.Get("Action")
	if action == "DownloadDBLogFilePortion" && s.Latency > 0 {
		time.Sleep(s.Latency)
	}
	s.mu.Lock()
	result, fault, err := s.answer(action, r.PostForm)
	s.mu.Unlock()
	if fault == Silence {
		<-r.Context().Done()
		return
	}
	if err != nil {
		err.write(w)
		return
	}
	writeResult(w, action, result, fault == CutConnection)
}

func (s *Server) answer(action string, params url.Values) (any, Kind, *apiError) {
	id := params.Get("DBInstanceIdentifier")
	resource := "db:" + cmp.Or(id, "*")
	if action == "DescribeDBParameters" {
		resource = "pg:" + params.Get("DBParameterGroupName")
	}
	call := Call{"rds:" + action, arn(resource), params}
	fault, err := s.receive(call)
	if err != nil {
		return nil, "", err
	}
	var result any
	switch action {
	case "DescribeDBLogFiles":
		result, err = s.describeLogFiles(params, fault)
	case "DownloadDBLogFilePortion":
		result, err = s.downloadPortion(params, fault)
	case "DescribeDBInstances":
		result, err = s.describeInstances(params)
	case "DescribeDBParameters":
		result, err = s.describeParameters(params.Get("DBParameterGroupName"))
	default:
		err = invalidAction(action)
	}
	return result, fault, err
}

// receive records a call and tells which fault it is to meet.
func (s *Server) receive(call Call) (Kind, *apiError) {
	s.calls = append(s.calls, call)
	if s.tooFast() {
		return "", apiErrors[Throttling](call)
	}
	kind := s.fault(call)
	if fail, isError := apiErrors[kind]; isError {
		return kind, fail(call)
	}
	return kind, nil
}

func (s *Server) tooFast() bool {
	if s.CallsPerSecond == 0 {
		return false
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	if second := now().Truncate(time.Second); !second.Equal(s.second) {
		s.second, s.inSecond = second, 0
	}
	s.inSecond++
	return s.inSecond > s.CallsPerSecond
}

func arn(resource string) string { return "arn:aws:rds:" + Region + ":" + Account + ":" + resource }
