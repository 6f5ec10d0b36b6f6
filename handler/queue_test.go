package handler_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"slowdigest/handler"
	"slowdigest/handler/sqstest"
	"slowdigest/source"
)

// What is wrong with a queue has a hint of its own, and one that does not answer is
// not asked for each batch.
func TestQueueErrorsHaveHints(t *testing.T) {
	queue := sqstest.New()
	defer queue.Close()
	for answer, want := range map[string]string{
		`{"__type":"com.amazonaws.sqs#KmsAccessDenied","message":"no"}`: "kms:GenerateDataKey and kms:Decrypt on its key",
		`{"__type":"com.amazonaws.sqs#KmsThrottled","message":"no"}`:    "SQS limits the calls",
		`{"__type":"AccessDenied","message":"User: u is not authorized to perform: sqs:SendMessage on resource: arn:q with an explicit deny in a service control policy"}`: "the service control policy denies sqs:SendMessage on arn:q explicitly",
		"": "a function in a VPC needs a NAT gateway or an interface endpoint for SQS",
	} {
		var calls atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			if answer == "" {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
				return
			}
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, answer)
		}))
		defer server.Close()
		cfg := queue.Config()
		cfg.BaseEndpoint = &server.URL
		cfg.HTTPClient = awshttp.NewBuildableClient().WithTimeout(100 * time.Millisecond)
		cfg.Retryer = func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), 1) }
		err := handler.NewSQS(cfg, queue.QueueURL()).Send(t.Context(), make([][]byte, 35))
		if hint := source.Hint(err); !strings.Contains(hint, want) || err == nil || !strings.Contains(err.Error(), "35 not sent") {
			t.Errorf("%s: hint %q, error %v", answer, hint, err)
		}
		if answer == "" && calls.Load() != 1 {
			t.Errorf("%d calls without an answer, want 1", calls.Load())
		}
	}
}
