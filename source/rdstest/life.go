package rdstest

import (
	"bytes"
	"time"
)

const (
	stopped = "stopped"
	paused  = "paused"
)

// QuietHours selects what becomes of a slow log into which nothing was written for
// an hour.
type QuietHours int

const (
	QuietFile   QuietHours = iota // it is rotated like any other, and holds a Banner
	NoQuietFile                   // it stays, so the hour has no file; as in a listing of 2020, new files are empty
)

// Stop makes the instance answer calls for its logs as one that is stopped does.
// DescribeDBInstances says so.
func (db *Instance) Stop() { db.sleep(stopped) }

// Pause is Stop for Aurora Serverless v2, which is "available" while it is paused.
func (db *Instance) Pause() { db.sleep(paused) }

func (db *Instance) sleep(how string) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.asleep = how
}

// Start wakes an instance that was stopped or paused. The slow log that it left is
// opened again, and is rotated at the end of the hour like any other.
func (db *Instance) Start(at time.Time) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.asleep = ""
	db.appendTo(SlowLog, []byte(Banner), at)
	db.files[SlowLog].hour = at.UTC().Truncate(time.Hour).Add(time.Hour)
}

// Hide leaves a file out of listings until Show, as a listing that lags does. It can
// be downloaded nevertheless.
func (db *Instance) Hide(name string) { db.hide(name, true) }

// Show ends a Hide.
func (db *Instance) Show(name string) { db.hide(name, false) }

func (db *Instance) hide(name string, hidden bool) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.hidden[name] = hidden
}

// EndHour does what the server does at the end of an hour, unless it is asleep: it
// rotates the slow log as Quiet says, and removes the files that Keep is over for.
func (db *Instance) EndHour(at time.Time) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	if db.asleep != "" {
		return
	}
	for name, f := range db.files {
		if db.Keep > 0 && name != SlowLog && f.written.Before(at.Add(-db.Keep)) {
			delete(db.files, name)
		}
	}
	f, found := db.files[SlowLog]
	switch {
	case !found:
	case db.Quiet == QuietFile:
		db.rotate(SlowLog, at)
	case !f.blank():
		db.nextFile(f, SlowLog, at, "")
	default:
		f.hour = at.UTC().Truncate(time.Hour).Add(time.Hour)
	}
}

// blank reports whether a file holds no entry.
func (f *logFile) blank() bool {
	text, _ := f.bytes(0, int(f.content.Size()))
	return !bytes.Contains(text, []byte("# Query_time: "))
}
