package sqstest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Put adds a message as it is, so that also those can be tried that no client of
// ours would send.
func (s *Server) Put(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(entry{Body: body}, Fault{})
}

// Receive returns an event with up to n messages, which are hidden from now on;
// nil if none is visible.
func (s *Server) Receive(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var e events.SQSEvent
	for _, m := range slices.Clone(s.messages) {
		if m.visible.After(now) || len(e.Records) == n {
			continue
		}
		if m.receives >= cmp.Or(s.MaxReceives, 3) {
			s.dead = append(s.dead, m.body)
			s.remove(m)
			continue
		}
		m.receives++
		m.visible = now.Add(cmp.Or(s.Visibility, 30*time.Second))
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: m.id, ReceiptHandle: fmt.Sprintf("%p", m), Body: m.body,
			Attributes:  map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.receives)},
			EventSource: "aws:sqs", EventSourceARN: ARN, AWSRegion: Region,
		})
	}
	if len(e.Records) == 0 {
		return nil
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings marshal
	}
	return b
}

func (s *Server) remove(m *message) {
	s.messages = slices.DeleteFunc(s.messages, func(x *message) bool { return x == m })
}

// Finish removes the messages of an event that the function has dealt with: all
// but those that its answer names, and none if it has ended in an error or its
// answer is not understood. The others stay hidden until their time is over.
func (s *Server) Finish(event, answer []byte, err error) {
	var e events.SQSEvent
	var a events.SQSEventResponse
	if err != nil || json.Unmarshal(event, &e) != nil || json.Unmarshal(answer, &a) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range e.Records {
		failed := slices.ContainsFunc(a.BatchItemFailures, func(f events.SQSBatchItemFailure) bool {
			return f.ItemIdentifier == r.MessageId || f.ItemIdentifier == "" // which fails them all
		})
		for _, m := range slices.Clone(s.messages) {
			if !failed && fmt.Sprintf("%p", m) == r.ReceiptHandle {
				s.remove(m)
			}
		}
	}
}

// Waiting is how many messages are on the queue, hidden ones included.
func (s *Server) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.messages)
}

// Dead are the bodies of the messages on the dead-letter queue.
func (s *Server) Dead() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dead)
}
