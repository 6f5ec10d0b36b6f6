package source

import (
	"context"
	"sync/atomic"

	"github.com/aws/smithy-go/middleware"
)

// Calls is how an RDS has fared with the API. Each attempt counts.
type Calls struct {
	Made      int64
	Repeated  int64 // of those made, for the attempt before them had failed
	Throttled int64 // of those made, that RDS refused for their rate
}

// Calls are those made so far.
func (s *RDS) Calls() Calls {
	made := s.made.Load()
	return Calls{Made: made, Repeated: made - s.begun.Load(), Throttled: s.refusals.Load()}
}

// counters are of the calls so far.
type counters struct{ begun, made, refusals atomic.Int64 }

func (c *counters) attempt(err error) {
	c.made.Add(1)
	if throttled(err) {
		c.refusals.Add(1)
	}
}

// count has the SDK count its calls, and each attempt at them.
func (c *counters) count(stack *middleware.Stack) error {
	if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("CountCalls", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		c.begun.Add(1)
		return next.HandleInitialize(ctx, in)
	}), middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CountAttempts", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleFinalize(ctx, in)
		c.attempt(err)
		return out, metadata, err
	}), "Retry", middleware.After)
}
