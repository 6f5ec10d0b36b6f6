package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// The SDK would wait forever for an answer, as over a connection that a NAT gateway
// has forgotten. It tries a call three times, so that one without any answer ends
// within a minute.
const (
	answerTime  = 5 * time.Second  // until an answer begins
	requestTime = 15 * time.Second // for a request and its answer in whole
)

// loadAWS reads the AWS configuration the standard way: environment, shared
// files, roles, and endpoints such as $AWS_ENDPOINT_URL_RDS. Its calls end for
// want of an answer, also those for credentials.
func loadAWS(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(limited(awshttp.NewBuildableClient(), answerTime, requestTime)))
	if err != nil {
		return cfg, fmt.Errorf("load AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, hinted{errors.New("load AWS configuration: no region is set"), "set AWS_REGION"}
	}
	return cfg, nil
}

// unlimited leaves it to package source how long a download may take.
func unlimited(cfg aws.Config) aws.Config {
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = limited(b, 0, 0)
	}
	return cfg
}

func limited(b *awshttp.BuildableClient, answer, request time.Duration) *awshttp.BuildableClient {
	return b.WithTimeout(request).WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answer })
}
