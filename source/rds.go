package source

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// Options are the settings of an RDS. The zero value is ready for use.
type Options struct {
	// MaxAttempts is how often a call is tried before its error counts; 8 if zero.
	MaxAttempts int
}

// RDS reads the slow logs of RDS instances. It is safe for concurrent use.
type RDS struct {
	client *rds.Client
}

// NewRDS uses the region, the credentials, the HTTP client and the endpoint of
// cfg. If cfg has a Retryer it takes the place of ours, which tries more often
// than the SDK's and slows down when RDS throttles.
func NewRDS(cfg aws.Config, o Options) *RDS {
	client := rds.NewFromConfig(cfg, func(c *rds.Options) {
		if cfg.Retryer == nil {
			c.Retryer = retry.AddWithMaxAttempts(retry.NewAdaptiveMode(), cmp.Or(o.MaxAttempts, 8))
		}
	})
	return &RDS{client: client}
}

// Open opens a file that LogFiles has listed. It makes no call: what is wrong
// with the file is for Read to say. The calls of the Log end with ctx.
func (s *RDS) Open(ctx context.Context, f File) (*Log, error) {
	if f.missing != "" {
		return newLog(absent{f.missing}), nil
	}
	if _, ok := parseName(f.Name); !ok {
		return nil, fmt.Errorf("open slow log: %q is not the name of a slow log", f.Name)
	}
	ctx, cancel := context.WithCancel(ctx)
	return newLog(&portions{rds: s, ctx: ctx, cancel: cancel, file: f, marker: "0"}), nil
}

func utc(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
