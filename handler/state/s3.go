package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"slowdigest/iam/denial"
)

// S3Store keeps each object in a bucket. It needs s3:GetObject and s3:PutObject
// on the objects, and s3:ListBucket on the bucket, without which S3 does not
// tell an object that is not there from one that may not be read.
type S3Store struct {
	client         *s3.Client
	bucket, prefix string
}

// NewS3Store keeps objects below a prefix, which may be empty. Where cfg, or
// AWS_ENDPOINT_URL_S3, names an endpoint, the bucket stands in the path.
func NewS3Store(cfg aws.Config, bucket, prefix string) *S3Store {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.Retryer = retry.AddWithErrorCodes(o.Retryer, codeAborted)
	})
	return &S3Store{client: client, bucket: bucket, prefix: prefix}
}

// codeAborted is that of a 409 where somebody else writes at the same time; S3 asks
// to try again.
const codeAborted = "OperationAborted"

func (s *S3Store) Load(ctx context.Context, key string) ([]byte, string, error) {
	key = path.Join(s.prefix, key)
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if errorCode(err) == "NoSuchKey" {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", s.failed("load", key, err)
	}
	defer out.Body.Close()
	data, err := readState(out.Body)
	if err != nil {
		return nil, "", s.failed("load", key, err)
	}
	return data, aws.ToString(out.ETag), nil
}

func (s *S3Store) Save(ctx context.Context, key string, data []byte, tag string) (string, error) {
	key = path.Join(s.prefix, key)
	in := &s3.PutObjectInput{
		Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(data), ContentType: aws.String("application/json"),
	}
	if tag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &tag
	}
	out, err := s.client.PutObject(ctx, in)
	switch code := errorCode(err); {
	case code == "PreconditionFailed", code == "ConditionalRequestConflict", code == codeAborted, // 412, and 409 where two write at a time
		code == "NoSuchKey" && tag != "": // it was deleted
		return "", s.failed("save", key, ErrConflict)
	case err != nil:
		return "", s.failed("save", key, err)
	}
	return aws.ToString(out.ETag), nil
}

func (s *S3Store) failed(verb, key string, err error) error {
	e := &StoreError{Step: fmt.Sprintf("%s state s3://%s/%s", verb, s.bucket, key), Err: err}
	switch errorCode(err) {
	case "":
		if errors.Is(err, errTooLarge) {
			e.hint = hintTooLarge
		}
	case "SlowDown", "ServiceUnavailable", "503":
		e.hint = "S3 takes no more calls just now; the next run tries again"
	case "AccessDenied", "Forbidden":
		bucket := fmt.Sprintf("arn:%s:s3:::%s", denial.Partition(s.client.Options().Region), s.bucket)
		e.hint = fmt.Sprintf("the role must allow s3:GetObject and s3:PutObject on %s/%s, and s3:ListBucket on %s, "+
			"without which a state that does not exist yet is denied too", bucket, key, bucket)
		if verb == "save" {
			e.hint = fmt.Sprintf("the role must allow s3:PutObject on %s/%s, and kms:GenerateDataKey and kms:Decrypt on the bucket's key if it has one", bucket, key)
		}
		// S3 denies an object that is not there, too, and then names s3:ListBucket.
		if hint := denial.Hint(errorMessage(err)); hint != "" {
			e.hint = hint
		}
	case "NoSuchBucket":
		e.hint = "there is no such bucket: give --state as s3://BUCKET/PREFIX"
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "MovedPermanently":
		e.hint = "the bucket is in another region; the state must be in that of the function"
	}
	return e
}

func errorMessage(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
