// Package sqstest is a fake of Amazon SQS and of the event source mapping by
// which Lambda takes messages from it, for tests of programs on both its ends.
//
// A Server is one standard queue with a dead-letter queue. Messages arrive over
// HTTP in the AWS JSON protocol, so that the program under test keeps its real
// SDK client: SendMessage and SendMessageBatch. They leave as Lambda hands them
// to a function: Receive returns an event, and Finish takes the function's
// answer, as ReportBatchItemFailures has it. What is neither removed nor visible
// yet comes back when its visibility timeout has passed, and is put aside after
// MaxReceives deliveries.
//
//	queue := sqstest.New()
//	defer queue.Close()
//	client := sqs.NewFromConfig(queue.Config())
//	…
//	event := queue.Receive(1)
//	answer, err := function(ctx, event)
//	queue.Finish(event, answer, err)
package sqstest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Of the only queue.
const (
	Region  = "eu-central-1"
	Account = "123456789012"
	Name    = "slowdigest-jobs"
	ARN     = "arn:aws:sqs:" + Region + ":" + Account + ":" + Name
)

// Server is a fake SQS. Its fields may be set before the first message.
type Server struct {
	URL string // of the endpoint

	Visibility  time.Duration    // how long a received message is hidden; 30 s if zero
	MaxReceives int              // deliveries before a message is dead; 3 if zero
	Now         func() time.Time // time.Now if nil

	http *httptest.Server

	mu       sync.Mutex
	messages []*message
	dead     []string
	sent     int // messages so far
	calls    []string
	faults   []Fault
}

// Fault makes one call go wrong.
type Fault struct {
	Skip   int  // how many calls go well before
	Busy   int  // so many of its messages are refused for now
	Refuse int  // so many of its messages are refused for good
	Error  bool // the call fails
	Lost   bool // the messages are taken, and the call fails
	Twice  bool // the messages are delivered twice
}

type message struct {
	id, body string
	visible  time.Time
	receives int
}

// New starts a Server on the loopback interface. It is to be closed.
func New() *Server {
	s := &Server{}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close ends all connections.
func (s *Server) Close() { s.http.Close() }

// QueueURL names the queue to clients.
func (s *Server) QueueURL() string { return s.URL + "/" + Account + "/" + Name }

// Config is a configuration for clients of this server.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "sqstest-secret", ""),
	}
}

// Inject adds faults, of which each call meets the first that is due.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Calls are the actions called so far, as IAM knows them, on ARN.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

type entry struct {
	ID   string `json:"Id"`
	Body string `json:"MessageBody"`
}

type object = map[string]any

// ServeHTTP makes a Server usable with a listener or a transport of one's own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []entry
		Body     string `json:"MessageBody"`
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	err := json.NewDecoder(r.Body).Decode(&in)
	s.mu.Lock()
	defer s.mu.Unlock()
	permission := "sqs:SendMessage" // which is also what a batch needs
	if action == "GetQueueAttributes" {
		permission = "sqs:GetQueueAttributes"
	}
	s.calls = append(s.calls, permission)
	size := 0
	for _, e := range in.Entries {
		size += len(e.Body)
	}
	f := s.nextFault()
	switch {
	case err != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.0":
		fail(w, http.StatusBadRequest, "SerializationException")
	case f.Error:
		fail(w, http.StatusServiceUnavailable, "ServiceUnavailable")
	case !strings.HasSuffix(in.QueueURL, "/"+Account+"/"+Name):
		fail(w, http.StatusBadRequest, "QueueDoesNotExist")
	case action == "GetQueueAttributes":
		reply(w, object{"Attributes": object{"ApproximateNumberOfMessages": fmt.Sprint(len(s.messages))}})
	case action == "SendMessage" && len(in.Body) <= 256<<10:
		reply(w, s.take(entry{"", in.Body}, f))
	case action != "SendMessageBatch":
		fail(w, http.StatusBadRequest, "UnknownOperationException")
	case len(in.Entries) == 0:
		fail(w, http.StatusBadRequest, "EmptyBatchRequest")
	case len(in.Entries) > 10:
		fail(w, http.StatusBadRequest, "TooManyEntriesInBatchRequest")
	case size > 256<<10:
		fail(w, http.StatusBadRequest, "BatchRequestTooLong")
	default:
		answer := s.takeBatch(in.Entries, f)
		if f.Lost {
			fail(w, http.StatusInternalServerError, "InternalFailure")
			return
		}
		reply(w, answer)
	}
}

// nextFault and the following are called with s.mu held.
func (s *Server) nextFault() Fault {
	if len(s.faults) == 0 {
		return Fault{}
	}
	if s.faults[0].Skip > 0 {
		s.faults[0].Skip--
		return Fault{}
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f
}

func (s *Server) takeBatch(entries []entry, f Fault) object {
	done, refused := []object{}, []object{}
	for i, e := range entries {
		switch {
		case i < f.Busy:
			refused = append(refused, object{"Id": e.ID, "SenderFault": false, "Code": "InternalError", "Message": "try again"})
		case i < f.Busy+f.Refuse:
			refused = append(refused, object{"Id": e.ID, "SenderFault": true, "Code": "InvalidMessageContents", "Message": "not these"})
		default:
			done = append(done, s.take(e, f))
		}
	}
	return object{"Successful": done, "Failed": refused}
}

func (s *Server) take(e entry, f Fault) object {
	s.sent++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", s.sent)
	s.messages = append(s.messages, &message{id: id, body: e.Body})
	if f.Twice {
		s.messages = append(s.messages, &message{id: id, body: e.Body})
	}
	sum := md5.Sum([]byte(e.Body))
	return object{"Id": e.ID, "MessageId": id, "MD5OfMessageBody": hex.EncodeToString(sum[:])}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"__type": "com.amazonaws.sqs#" + code, "message": code})
}
