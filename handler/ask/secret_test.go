package ask

import (
	"context"
	"errors"
	"testing"
	"time"
)

// vault holds a secret as SSM does, and counts how often it is asked.
type vault struct {
	secret string
	err    error
	calls  int
}

func (v *vault) read(context.Context) (string, error) {
	v.calls++
	return v.secret, v.err
}

// A step of a story: what somebody signs with at a time, and what that is worth.
type step struct {
	at     time.Duration
	signed string
	proved bool
	err    bool
	calls  int // in all so far
}

func TestSecretIsKept(t *testing.T) {
	const good, forged = "secret", "guessed"
	begin := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		change map[time.Duration]vault // what becomes of the vault, at the step of this time
		steps  []step
	}{
		{"for minutes", nil, []step{
			{0, good, true, false, 1}, {9*time.Minute + 59*time.Second, good, true, false, 1}, {10 * time.Minute, good, true, false, 2}, {19 * time.Minute, good, true, false, 2}}},
		{"strangers cost a call a minute", nil, []step{
			{0, forged, false, false, 1}, {59 * time.Second, forged, false, false, 1}, {time.Minute, forged, false, false, 2}, {time.Minute + 1, forged, false, false, 2},
			{119 * time.Second, good, true, false, 2}, {2 * time.Minute, forged, false, false, 3}}},
		{"one that was changed is known within a minute", map[time.Duration]vault{30 * time.Second: {secret: "another"}}, []step{
			{0, good, true, false, 1}, {30 * time.Second, "another", false, false, 1}, {time.Minute, "another", true, false, 2}, {time.Minute, good, false, false, 2}}},
		{"a failure is remembered", map[time.Duration]vault{0: {err: errors.New("throttled")}, time.Second: {secret: good}}, []step{
			{0, good, false, true, 1}, {time.Second, good, false, true, 1}, {19 * time.Second, forged, false, true, 1}, {20 * time.Second, good, true, false, 2}}},
		{"it is used while SSM fails", map[time.Duration]vault{time.Minute: {err: errors.New("throttled")}}, []step{
			{0, good, true, false, 1}, {time.Minute, forged, false, false, 2}, {time.Minute, good, true, false, 2}, {79 * time.Second, forged, false, false, 2},
			{80 * time.Second, forged, false, false, 3}, {9 * time.Minute, good, true, false, 3}, {10 * time.Minute, good, false, true, 4}}},
		{"a clock that was set back", nil, []step{{0, good, true, false, 1}, {-time.Hour, good, true, false, 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := vault{secret: good}
			var s Secret
			for i, st := range c.steps {
				if now, changed := c.change[st.at]; changed {
					v.secret, v.err = now.secret, now.err
				}
				proved, err := s.Proves(t.Context(), begin.Add(st.at), v.read, func(secret string) bool { return secret == st.signed })
				if proved != st.proved || (err != nil) != st.err || v.calls != st.calls {
					t.Errorf("step %d, at %s: %v, %v after %d calls; want %v, error %v after %d", i, st.at, proved, err, v.calls, st.proved, st.err, st.calls)
				}
			}
		})
	}
}
