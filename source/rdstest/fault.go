package rdstest

import (
	"bytes"
	"net/http"
	"time"
)

// Fault asks for a wrong or an awkward answer to some of the calls to come.
type Fault struct {
	Kind   Kind
	Action string // the calls it is for, such as rds:DescribeDBLogFiles; downloads if empty
	// Instance and File narrow them down to those that name a DB instance, or a log
	// file; empty is any.
	Instance, File string
	Skip           int // how many of them come before it
	Times          int // how many of them it meets; 1 if zero, all of them if negative
}

// Kind names a fault.
type Kind string

// Errors, which any call may meet.
const (
	Throttling       Kind = "throttling"
	AccessDenied     Kind = "access-denied"
	InternalFailure  Kind = "internal-failure"
	InstanceNotReady Kind = "instance-not-ready"
	FileNotFound     Kind = "file-not-found" // though it is there, which happens during a rotation
	CutConnection    Kind = "cut-connection" // in the middle of the answer
	Silence          Kind = "silence"        // no answer, until the client gives up
	ExplicitDeny     Kind = "explicit-deny"  // AccessDenied by a service control policy
)

// Answers of DescribeDBLogFiles.
const (
	Unlisted    Kind = "unlisted"     // the live slow log is left out
	ListedTwice Kind = "listed-twice" // every file is
)

// Answers of DownloadDBLogFilePortion. With OpaqueMarkers, no client could tell
// that bytes were left out or repeated, so there they are not.
const (
	NilFields       Kind = "nil-fields"       // neither data nor a marker, and no more to come
	NoData          Kind = "no-data"          // the same marker, and no more to come
	NoMarker        Kind = "no-marker"        // data without one
	StuckMarker     Kind = "stuck-marker"     // data with the marker that was asked for
	BackwardMarker  Kind = "backward-marker"  // data with an earlier marker
	EarlyEnd        Kind = "early-end"        // no more to come, though there is
	TruncatedEnd    Kind = "truncated-end"    // cut within its last line, and no more to come
	BytesLeftOut    Kind = "bytes-left-out"   // the marker is ahead of the data
	BytesRepeated   Kind = "bytes-repeated"   // the marker is past the end of the data
	BrokenXML       Kind = "broken-xml"       // a character that XML does not allow
	SuddenlyShorter Kind = "suddenly-shorter" // the file loses its last 2000 bytes before the answer
	Rotated         Kind = "rotated"          // the live file is rotated before the answer
	RotatedTwice    Kind = "rotated-twice"    // it is, two times
	Renamed         Kind = "renamed"          // the file gets the name of the next hour before the answer
	Removed         Kind = "removed"          // the file is removed before the answer
)

// takeFault returns the fault that a call meets, if any, and counts it off.
func takeFault(faults []*Fault, call Call) Kind {
	var kind Kind
	for _, f := range faults {
		download := call.Action == "rds:DownloadDBLogFilePortion" || call.Action == "rds:DownloadCompleteDBLogFile"
		if f.Action != call.Action && !(f.Action == "" && download) || f.Times == 0 ||
			f.Instance != "" && f.Instance != call.Params.Get("DBInstanceIdentifier") ||
			f.File != "" && f.File != call.Params.Get("LogFileName") {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
		} else if kind == "" {
			kind = f.Kind
			f.Times--
		}
	}
	return kind
}

var apiErrors = map[Kind]func(Call) *apiError{
	Throttling: func(Call) *apiError { return &apiError{http.StatusBadRequest, "Throttling", "Rate exceeded"} },
	AccessDenied: func(c Call) *apiError {
		return &apiError{http.StatusForbidden, "AccessDenied", "User: arn:aws:sts::" + Account + ":assumed-role/slow-logs/test is not authorized to perform: " +
			c.Action + " on resource: " + c.Resource + " because no identity-based policy allows the " + c.Action + " action"}
	},
	ExplicitDeny: func(c Call) *apiError {
		return &apiError{http.StatusForbidden, "AccessDenied", "User: arn:aws:sts::" + Account + ":assumed-role/slow-logs/test is not authorized to perform: " +
			c.Action + " on resource: " + c.Resource + " with an explicit deny in a service control policy"}
	},
	InternalFailure: func(Call) *apiError {
		return &apiError{http.StatusInternalServerError, "InternalFailure", "An internal error has occurred."}
	},
	InstanceNotReady: func(Call) *apiError {
		return &apiError{http.StatusBadRequest, "DBInstanceNotReady", "The DB instance is not ready."}
	},
	FileNotFound: func(c Call) *apiError { return fileNotFound(c.Params.Get("LogFileName")) },
}

// changes are faults that happen to the file before the answer.
var changes = map[Kind]func(db *Instance, name string){
	Removed: func(db *Instance, name string) { delete(db.files, name) },
	SuddenlyShorter: func(db *Instance, name string) {
		if f, found := db.files[name]; found {
			f.truncate(f.content.Size() - 2000)
		}
	},
	Rotated: func(db *Instance, name string) { rotateNext(db, name) },
	RotatedTwice: func(db *Instance, name string) {
		rotateNext(db, name)
		rotateNext(db, name)
	},
	Renamed: func(db *Instance, name string) {
		if f, found := db.files[name]; found && name != SlowLog {
			db.rename(name, db.Names.name(SlowLog, f.hour.Add(time.Hour)))
		}
	},
}

// rotateNext rotates a live file at the hour that its markers name.
func rotateNext(db *Instance, name string) {
	if f, found := db.files[name]; found && name == SlowLog {
		db.rotate(name, f.hour)
	}
}

// distortions are faults of the answer alone.
var distortions = map[Kind]func(Markers, *logFile, *portion){
	NoData: func(_ Markers, _ *logFile, p *portion) {
		p.text, p.notice, p.marker, p.pending = nil, false, p.asked, false
	},
	StuckMarker: func(_ Markers, _ *logFile, p *portion) { p.marker = p.asked },
	BackwardMarker: func(m Markers, f *logFile, p *portion) {
		p.marker = "0"
		if m != OpaqueMarkers {
			p.marker = m.marker(f, max(0, p.from-100))
		}
	},
	EarlyEnd: func(_ Markers, _ *logFile, p *portion) { p.pending = false },
	TruncatedEnd: func(m Markers, f *logFile, p *portion) {
		last := bytes.LastIndexByte(bytes.TrimSuffix(p.text, []byte("\n")), '\n') + 1
		if cut := (last + len(p.text)) / 2; last > 0 {
			p.text, p.notice = p.text[:cut], true
			end, _ := f.lineEnd(p.from + int64(cut))
			p.next, p.marker = end, m.marker(f, end)
		}
		p.pending = false
	},
	BytesLeftOut: func(m Markers, f *logFile, p *portion) {
		if !p.notice && m != OpaqueMarkers {
			p.marker = m.marker(f, min(p.next+150, f.content.Size()))
		}
	},
	BytesRepeated: func(m Markers, f *logFile, p *portion) {
		if !p.notice && m != OpaqueMarkers && bytes.Count(p.text, []byte("\n")) > 1 {
			p.marker = m.marker(f, p.next-int64(len(p.text)/4))
			p.pending = true
		}
	},
}
