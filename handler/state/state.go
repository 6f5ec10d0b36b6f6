// Package state holds what slowdigest remembers of a channel between two runs:
// which hours were posted, who is at work, the history of the classes, mutes and
// notes. It owns the rules of all that, whoever asks, and the stores.
//
// It reads no clock: the times come from those who call.
package state

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

// version is raised when a release could misread the states of the next one, and
// not when a field is added. This release reads all up to it.
//
// Releases that read version 1 only do not know that fingerprints have rules. They
// would take the IDs of other rules for new queries, and forget the rules. So a
// state has version 2 from when it holds such IDs on, and they refuse it. This
// release, and those to come, read states of any rules: see digest.Regrouped.
//
// Releases that read version 2 would forget which parts of hours are open, and never
// read them. So a state has version 3 for as long as there are any.
const version = 3

// State holds what is remembered of one channel: one JSON object. It holds no statement of
// any log, but the labels of some classes, as redact lets others see them.
type State struct {
	Version int       `json:"version"`
	Since   time.Time `json:"since"` // start of the first hour that the channel is to get
	Entries Entries   `json:"entries,omitempty"`
	Claim   *Claim    `json:"claim,omitempty"` // who is at work; nil is nobody
	// Settled is the time before which all hours from Since on are done; zero in the
	// states of earlier releases, where that is a week before the last entry.
	Settled time.Time `json:"settled,omitzero"`
	// Open are the parts of hours that are to be read yet.
	Open Parts `json:"open,omitempty"`
	// Lost are the parts of hours that were open when their instances were found not to be
	// there any more. Corrections of these hours are without them.
	Lost Parts `json:"lost,omitempty"`
	// Instances are those that were read last, by their IDs.
	Instances Instances `json:"instances,omitempty"`
	// Formers are those that had their names before.
	Formers []Former `json:"formers,omitempty"`
	// Unidentified says that the role may not ask who has the names, and that this was said.
	Unidentified bool `json:"unidentified,omitempty"`
	// Missed, GivenUp, Unreported and News wait for the next message: hours that were
	// deleted before they could be read, or tried for too long; whole sentences on what
	// is remembered; and such on instances.
	Missed     []digest.Window `json:"missed,omitempty"`
	GivenUp    []digest.Window `json:"given_up,omitempty"`
	Unreported []string        `json:"untold,omitempty"`
	News       []string        `json:"news,omitempty"`
	// GivenUpParts wait, too. GivenUpSaid holds, by instance, the end of the hours whose
	// message said last what is given up of it; the empty name stands for all of them.
	GivenUpParts Parts                `json:"given_up_parts,omitempty"`
	GivenUpSaid  map[string]time.Time `json:"given_up_said,omitempty"`
	// Doubt says that an earlier state was lost, and with it what was posted.
	Doubt bool              `json:"doubt,omitempty"`
	Mutes []digest.Mute     `json:"mutes,omitempty"`
	Notes map[string]string `json:"notes,omitempty"` // by Class.ID
	Week  *Week             `json:"week,omitempty"`
	// Served holds when each request from Slack was served, by its ID, for as long
	// as it could be sent again.
	Served map[string]time.Time `json:"served,omitempty"`
	// Answers holds when each request was answered in the channel, for a day.
	Answers map[string]time.Time `json:"answers,omitempty"`
	History digest.History       `json:"history"`
}

// maxEdits is how often an edit is tried where others are quicker.
const maxEdits = 20

// Edit loads a state, has it edited and saves it if it was changed. Where
// somebody else was quicker it begins again, so edit is called once or more, each
// time with another State. It must bear being repeated on what it has already
// changed, for an answer of the store may be lost. An error of edit ends it, and
// nothing is saved.
func Edit(ctx context.Context, s Store, key string, edit func(*State) error) error {
	for try := 1; ; try++ {
		state, before, tag, err := load(ctx, s, key)
		if err != nil {
			return err
		}
		if err := edit(state); err != nil {
			return err
		}
		switch {
		case len(state.Open) > 0:
			state.Version = 3
		case state.Version == 3, state.History.Rules() > 1:
			state.Version = 2
		}
		data, err := encode(state)
		if err != nil {
			return fmt.Errorf("encode state %s: %w", key, err)
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

// Read returns a state as it is, an empty one where there is none yet.
func Read(ctx context.Context, s Store, key string) (*State, error) {
	state, _, _, err := load(ctx, s, key)
	return state, err
}

func load(ctx context.Context, s Store, key string) (state *State, data []byte, tag string, err error) {
	data, tag, err = s.Load(ctx, key)
	if err != nil {
		return nil, nil, "", err
	}
	if tag == "" {
		return &State{Version: 1}, nil, "", nil
	}
	state, problem := decode(data)
	if problem == nil {
		return state, data, tag, nil
	}
	if errors.As(problem, new(newerVersion)) {
		return nil, nil, "", &StoreError{Step: "read state " + key, Err: problem,
			hint: "a newer release has written it: deploy that release, or give this one a state of its own by --state"}
	}
	aside, err := keepAside(ctx, s, key, data)
	if err != nil {
		return nil, nil, "", err
	}
	return &State{Version: 1, Doubt: true, Unreported: []string{fmt.Sprintf(
		"What was remembered of this channel could not be read (%v). It is kept as %s, and learning starts again. "+
			"What was still to be read of earlier hours is not known any more.", problem, aside)}}, data, tag, nil
}

type newerVersion int

func (v newerVersion) Error() string {
	return fmt.Sprintf("it has version %d, and this release reads versions up to %d", int(v), version)
}

// decode looks at the version first: the rest may have any form.
func decode(data []byte) (*State, error) {
	var head struct {
		Version int `json:"version"`
	}
	s := new(State)
	err := json.Unmarshal(data, &head)
	switch {
	case err != nil:
	case head.Version > version:
		err = newerVersion(head.Version)
	case head.Version < 1:
		err = errors.New("it has no version")
	default:
		err = json.Unmarshal(data, s)
	}
	return s, err
}

// encode writes nothing that decode or a Store would refuse to read.
func encode(s *State) ([]byte, error) {
	data, err := json.Marshal(s)
	if err == nil && len(data) > maxState {
		err = errTooLarge
	}
	if err == nil {
		_, err = decode(data)
	}
	return data, err
}

// keepAside copies what is not a state to another key, which is the same for the
// same content. All these keys start with "aside/", so that a bucket can expire
// them by a lifecycle rule.
func keepAside(ctx context.Context, s Store, key string, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	aside := fmt.Sprintf("aside/%s.corrupt-%x.json", strings.TrimSuffix(key, ".json"), sum[:4])
	_, err := s.Save(ctx, aside, data, "")
	if errors.Is(err, ErrConflict) { // as where it was there already
		var tag string
		if _, tag, err = s.Load(ctx, aside); err == nil && tag == "" {
			err = ErrConflict
		}
	}
	return aside, err
}
