package handler

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"slowdigest/digest"
	"slowdigest/source"
)

// Job is one digest to be made: the body of a message that a scheduled
// invocation leaves for a worker.
type Job struct {
	Version int           `json:"version"` // of this format; jobVersion
	Window  digest.Window `json:"window"`
	Route
}

const (
	jobVersion = 1
	// maxWindow is far more than the hour that is asked for, and little enough
	// that a forged message cannot have a fleet read everything there is.
	maxWindow = 25 * time.Hour
	// maxJob is the most bytes that SQS has always taken, of one message as of a batch of them.
	maxJob = 256 << 10
)

// Encode returns the body of the message. It is an error if that is too long for SQS.
func (j Job) Encode() ([]byte, error) {
	j.Version = jobVersion
	if j.Channel == "" {
		return nil, errors.New("make message: there is no channel to post to")
	}
	body, err := json.Marshal(j)
	if err == nil && len(body) > maxJob {
		err = fmt.Errorf("its %d instances do not fit into a message", len(j.Instances))
	}
	if err != nil {
		return nil, fmt.Errorf("make message for %s: %w", j.Channel, err)
	}
	return body, nil
}

// DecodeJob reads and checks the body of a message. It names no instance where a channel has
// none any more. Whoever may send messages
// may name channels and instances, but nothing that a setting could not.
func DecodeJob(body []byte) (Job, error) {
	var j Job
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(&j)
	var known digest.OrderBy
	if err == nil {
		known, err = digest.ParseOrderBy(string(cmp.Or(j.OrderBy, digest.OrderBySum)))
	}
	length := j.Window.End.Sub(j.Window.Start)
	switch {
	case err != nil:
	case d.More():
		err = errors.New("something follows on it")
	case j.Version != jobVersion:
		err = fmt.Errorf("its version is %d, and not %d", j.Version, jobVersion)
	case j.Channel == "" || len(j.Channel) > 256:
		err = errors.New("it names no channel")
	case j.Window.Start.IsZero() || length <= 0 || length > maxWindow:
		err = fmt.Errorf("its window is from %v to %v", j.Window.Start, j.Window.End)
	case j.MinTime < 0:
		err = fmt.Errorf("its least query time is %g", j.MinTime)
	}
	for _, id := range j.Instances {
		if err == nil && !source.ValidInstance(id) {
			err = fmt.Errorf("%q is not the name of an instance", id)
		}
	}
	if err != nil {
		return Job{}, fmt.Errorf("read message: %w", err)
	}
	j.OrderBy = known
	j.Window = digest.Window{Start: j.Window.Start.UTC(), End: j.Window.End.UTC()}
	return j, nil
}
