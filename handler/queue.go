package handler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slowdigest/source"
)

// SQS is a Queue of Amazon SQS. It needs sqs:SendMessage.
type SQS struct {
	client *sqs.Client
	url    string
}

// NewSQS uses the region, the credentials and the endpoint of cfg.
func NewSQS(cfg aws.Config, queueURL string) *SQS {
	return &SQS{sqs.NewFromConfig(cfg), queueURL}
}

// Waiting returns about how many messages the queue holds. It needs
// sqs:GetQueueAttributes.
func (q *SQS) Waiting(ctx context.Context) (int, error) {
	const name = types.QueueAttributeNameApproximateNumberOfMessages
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{name}})
	if err != nil {
		return 0, fmt.Errorf("look at queue: %w", err)
	}
	n, err := strconv.Atoi(out.Attributes[string(name)])
	if err != nil {
		return 0, fmt.Errorf("look at queue: %w", err)
	}
	return n, nil
}

const (
	maxBatch  = 10 // messages
	sendTries = 3
)

// Send sends the messages in batches. Where an answer is lost some of them are
// sent twice. The error says how many were not sent at all.
func (q *SQS) Send(ctx context.Context, bodies [][]byte) error {
	var unsent int
	var errs []error
	for len(bodies) > 0 {
		n, size := 0, 0
		for n < len(bodies) && n < maxBatch && (n == 0 || size+len(bodies[n]) <= maxJob) {
			size += len(bodies[n])
			n++
		}
		left, err := q.sendBatch(ctx, bodies[:n])
		if err != nil {
			unsent += left
			errs = append(errs, err)
		}
		bodies = bodies[n:]
		var silent net.Error
		if errors.As(err, &silent) && silent.Timeout() { // it would be for the next, too
			unsent += len(bodies)
			break
		}
	}
	if len(errs) > 0 {
		return queueError{fmt.Errorf("send messages: %d not sent: %w", unsent, errors.Join(errs...))}
	}
	return nil
}

// queueError reports a failed call of SQS.
type queueError struct{ error }

func (e queueError) Unwrap() error { return e.error }

// Hint returns what can be done about it; empty if there is nothing to say.
func (e queueError) Hint() string {
	return source.CallHint(e.error, "SQS", "the role must allow sqs:SendMessage on the queue, and kms:GenerateDataKey and kms:Decrypt on its key if that is one of your own")
}

// sendBatch sends again what SQS had no time for. It returns how many messages
// were not sent.
func (q *SQS) sendBatch(ctx context.Context, bodies [][]byte) (unsent int, err error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(bodies))
	for i, body := range bodies {
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(body))}
	}
	var refused []string
	for try := 0; len(entries) > 0; try++ {
		out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
		if err != nil {
			return len(entries) + len(refused), err
		}
		var again []types.SendMessageBatchRequestEntry
		for _, f := range out.Failed {
			if f.SenderFault || try == sendTries-1 {
				refused = append(refused, aws.ToString(f.Code)+": "+aws.ToString(f.Message))
				continue
			}
			for _, e := range entries {
				if *e.Id == aws.ToString(f.Id) {
					again = append(again, e)
				}
			}
		}
		entries = again
	}
	if len(refused) > 0 {
		return len(refused), errors.New(strings.Join(refused, "; "))
	}
	return 0, nil
}
