package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"slowdigest/digest"
)

// EventWindow returns the last whole hour, in UTC, before the time of a schedule
// event of EventBridge. A late delivery or a retry of an event has the time of
// the first, and so the same window.
func EventWindow(event []byte) (digest.Window, error) {
	var e struct {
		Time *time.Time `json:"time"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field == "" {
			err = fmt.Errorf("it is a JSON %s, and not an object", wrong.Value)
		}
		return digest.Window{}, fmt.Errorf("read event: %w", err)
	}
	if e.Time == nil {
		return digest.Window{}, errors.New(`read event: it has no "time", so it is not a schedule event`)
	}
	end := e.Time.UTC().Truncate(time.Hour)
	return digest.Window{Start: end.Add(-time.Hour), End: end}, nil
}
