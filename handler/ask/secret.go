package ask

import (
	"context"
	"sync"
	"time"
)

// A signing secret is kept for secretTime. After leastTime it is read anew where a
// request is not signed with it, so that one which was changed is known within a minute,
// and strangers cost one call a minute. A failure is remembered for failureTime.
const (
	secretTime  = 10 * time.Minute
	leastTime   = time.Minute
	failureTime = 20 * time.Second
)

// Secret keeps Slack's signing secret in memory for some minutes. The zero value holds
// none yet.
type Secret struct {
	mu     sync.Mutex
	value  string
	read   time.Time // when
	err    error     // of the last attempt
	failed time.Time // when
}

// Proves reports whether something is signed with the secret, which verify checks. Where
// it has to be read, read does. The error says that it is not known.
func (s *Secret) Proves(ctx context.Context, now time.Time, read func(context.Context) (string, error), verify func(secret string) bool) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := now.Sub(s.read)
	if s.value == "" || age >= secretTime || age < 0 {
		if err := s.readAnew(ctx, now, read); err != nil {
			return false, err
		}
		return verify(s.value), nil
	}
	if verify(s.value) {
		return true, nil
	}
	if age < leastTime || s.readAnew(ctx, now, read) != nil {
		return false, nil
	}
	return verify(s.value), nil
}

func (s *Secret) readAnew(ctx context.Context, now time.Time, read func(context.Context) (string, error)) error {
	if s.err != nil && now.Sub(s.failed) < failureTime && !now.Before(s.failed) {
		return s.err
	}
	var value string
	if value, s.err = read(ctx); s.err != nil {
		s.failed = now
		return s.err
	}
	s.value, s.read = value, now
	return nil
}
