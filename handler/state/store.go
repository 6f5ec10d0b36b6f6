package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Store keeps one object for each key, and lets no writer overwrite what it has
// not read. A tag stands for a content; the empty one for there being none.
type Store interface {
	// Load returns the object and its tag, or nothing and the empty tag where
	// there is none.
	Load(ctx context.Context, key string) (data []byte, tag string, err error)

	// Save replaces the content that the tag stands for. If it is another one by
	// now, nothing is written and the error is ErrConflict. Any other error may
	// leave the object written or not. Save keeps no reference to data.
	Save(ctx context.Context, key string, data []byte, tag string) (newTag string, err error)
}

// maxState bounds what is read of an object, and held in memory some times over. A
// History takes a megabyte of it, and notes and mutes rarely as much.
const maxState = 16 << 20

var errTooLarge = fmt.Errorf("it is larger than %d MB", maxState>>20)

// readState reads an object, if it is not larger than a state can be.
func readState(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxState+1))
	if err == nil && len(data) > maxState {
		return nil, errTooLarge
	}
	return data, err
}

// hintTooLarge is advice on errTooLarge.
const hintTooLarge = "it is no state of slowdigest: move it away, or give --state another place"

// ErrConflict says that an object was changed since it was loaded.
var ErrConflict = errors.New("somebody else has changed it in the meantime")

// ReadOnly is a Store that nothing can be saved in.
type ReadOnly struct{ Store }

// Save returns ErrReadOnly.
func (ReadOnly) Save(context.Context, string, []byte, string) (string, error) { return "", ErrReadOnly }

// ErrReadOnly says that a Store may only be read.
var ErrReadOnly = errors.New("it may only be read")

// Key returns the key of a channel's state. Channels differ as they are
// configured: a channel's name and its ID are two.
func Key(channel string) string {
	return url.PathEscape(strings.TrimPrefix(channel, "#")) + ".json"
}

// StoreError says why a state could not be loaded or saved.
type StoreError struct {
	Step string // such as "load state s3://bucket/key"
	hint string
	Err  error
}

func (e *StoreError) Error() string { return e.Step + ": " + e.Err.Error() }
func (e *StoreError) Unwrap() error { return e.Err }

// Hint returns a sentence on what can be done about it, without a full stop;
// empty if there is nothing to say.
func (e *StoreError) Hint() string { return e.hint }
