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

const (
	// clockSkew is how far the clocks of a database, of who sends an event, and of
	// the function may be apart.
	clockSkew = 5 * time.Minute

	// LogsKept is the greatest age of a window that is served. RDS for MySQL keeps
	// slow logs for two weeks, which is longest of all engines. The day on top is
	// for an event that Lambda delivers up to six hours late, for the last write of
	// an hour's file, which is after the hour, and for a removal that is late.
	LogsKept = 15 * 24 * time.Hour
)

// windowError reports a window of which nothing true could be said.
type windowError struct {
	window digest.Window
	reason string
	hint   string
}

func (e windowError) Error() string {
	const layout = "2006-01-02 15:04 UTC"
	return fmt.Sprintf("the window from %s to %s %s", e.window.Start.UTC().Format(layout), e.window.End.UTC().Format(layout), e.reason)
}

// Hint returns what to send in its place.
func (e windowError) Hint() string { return e.hint }

// CheckWindow returns an error for a window that has not ended by the clock, five
// minutes of skew aside, and for one that ended longer ago than logs are kept.
// Neither can be told: what has not been is not complete, and what is older than
// any log is not lost.
func CheckWindow(w digest.Window, now time.Time, kept time.Duration) error {
	switch {
	case w.End.After(now.Add(clockSkew)):
		return notEnded(w, now, "times are in UTC unless they name a zone; look at the year, too")
	case w.End.Before(now.Add(-kept)):
		return windowError{w, fmt.Sprintf("is older than any log: none is kept for more than %d days", kept/(24*time.Hour)),
			"look at the year; the test event of the Lambda console is dated 1970, so give it the time of now"}
	}
	return nil
}

func notEnded(w digest.Window, now time.Time, hint string) error {
	return windowError{w, "has not ended: it is " + now.UTC().Format("2006-01-02 15:04 UTC"), hint}
}
