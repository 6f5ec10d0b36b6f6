package handler

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"slowdigest/digest"
)

// stateVersion is raised when a release could misread the states of the one
// before, and not when a field is added. This release reads all up to it.
const stateVersion = 1

// State is what is remembered of one channel: one JSON object. It holds no text
// of any log.
type State struct {
	Version int       `json:"version"`
	Since   time.Time `json:"since"` // start of the first hour that is owed to the channel
	// Entries say what became of each hour, the oldest first, for a week.
	Entries []Entry `json:"entries,omitempty"`
	Claim   *Claim  `json:"claim,omitempty"` // who is at work; nil is nobody
	// Missed and Untold wait for the next message: hours that were purged, and
	// whole sentences.
	Missed []digest.Window `json:"missed,omitempty"`
	Untold []string        `json:"untold,omitempty"`
	// Doubt says that an earlier state was lost, and with it what was posted.
	Doubt bool              `json:"doubt,omitempty"`
	Mutes []digest.Mute     `json:"mutes,omitempty"`
	Notes map[string]string `json:"notes,omitempty"` // by Class.ID
	// Served are the requests from Slack that were served, by Request.ID, for as
	// long as one could be sent again.
	Served  map[string]time.Time `json:"served,omitempty"`
	History digest.History       `json:"history"`
}

// EditState loads a state, has it edited and saves it if it was changed. Where
// somebody else was quicker it begins again, so edit is called once or more, each
// time with another State, and is to stand being repeated on what it has already
// changed: an answer of the store may be lost. An error of edit ends it, and
// nothing is saved.
func EditState(ctx context.Context, s Store, key string, edit func(*State) error) error {
	for try := 1; ; try++ {
		state, before, tag, err := loadState(ctx, s, key)
		if err != nil {
			return err
		}
		if err := edit(state); err != nil {
			return err
		}
		data, err := json.Marshal(state)
		if err != nil {
			return fmt.Errorf("encode state: %w", err)
		}
		if bytes.Equal(data, before) {
			return nil
		}
		if _, err = s.Save(ctx, key, data, tag); err == nil {
			return nil
		}
		if !errors.Is(err, ErrConflict) || try == maxEdits {
			return err
		}
		select { // so that many who come at the same time all come through
		case <-time.After(time.Duration(rand.Int64N(int64(20*time.Millisecond) * int64(try)))):
		case <-ctx.Done():
			return err
		}
	}
}

const maxEdits = 20

// ReadState returns a state as it is, an empty one where there is none yet.
func ReadState(ctx context.Context, s Store, key string) (*State, error) {
	state, _, _, err := loadState(ctx, s, key)
	return state, err
}

func loadState(ctx context.Context, s Store, key string) (state *State, data []byte, tag string, err error) {
	data, tag, err = s.Load(ctx, key)
	if err != nil {
		return nil, nil, "", err
	}
	if tag == "" {
		return &State{Version: stateVersion}, nil, "", nil
	}
	state, problem := decodeState(data)
	if problem == nil {
		return state, data, tag, nil
	}
	var newer newerVersion
	if errors.As(problem, &newer) {
		return nil, nil, "", &StoreError{Step: "read state " + key, Err: problem,
			hint: "a newer release has written it: deploy that release, or give this one a state of its own by --state"}
	}
	aside, err := keepAside(ctx, s, key, data)
	if err != nil {
		return nil, nil, "", err
	}
	return &State{Version: stateVersion, Doubt: true, Untold: []string{fmt.Sprintf(
		"What was remembered of this channel could not be read (%v). It is kept as %s, and learning starts again.", problem, aside)}}, data, tag, nil
}

type newerVersion int

func (v newerVersion) Error() string {
	return fmt.Sprintf("it has version %d, and this release reads versions up to %d", int(v), stateVersion)
}

// decodeState looks at the version first: the rest may have any form.
func decodeState(data []byte) (*State, error) {
	var head struct {
		Version int `json:"version"`
	}
	s := new(State)
	err := json.Unmarshal(data, &head)
	switch {
	case err != nil:
	case head.Version > stateVersion:
		err = newerVersion(head.Version)
	case head.Version < 1:
		err = errors.New("it has no version")
	default:
		err = json.Unmarshal(data, s)
	}
	s.Version = stateVersion
	return s, err
}

// keepAside copies what is not a state to another key, which is the same for the
// same content. The keys begin alike, so that a bucket can let them go by a rule.
func keepAside(ctx context.Context, s Store, key string, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	aside := fmt.Sprintf("aside/%s.corrupt-%x.json", strings.TrimSuffix(key, ".json"), sum[:4])
	if _, err := s.Save(ctx, aside, data, ""); err != nil && !errors.Is(err, ErrConflict) {
		return "", err
	}
	return aside, nil
}
