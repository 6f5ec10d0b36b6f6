package rdstest

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Markers is the form of the markers of portions.
type Markers int

const (
	DatedMarkers  Markers = iota // 2026-11-23.7:185849, as on RDS for MySQL today
	HourMarkers                  // 7:185849, as before; across a rotation they lead to the new live file at once
	OpaqueMarkers                // a form that tells nothing
)

// marker names the place in a file where a portion ends.
func (s *Server) marker(f *logFile, offset int64) string {
	if s.Markers == OpaqueMarkers {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d/%d", f.id, offset))
	}
	return fmt.Sprintf("%s:%d", s.prefix(f.hour), offset)
}

func (s *Server) prefix(hour time.Time) string {
	if s.Markers == HourMarkers {
		return strconv.Itoa(hour.UTC().Hour())
	}
	return fmt.Sprintf("%s.%d", hour.UTC().Format(time.DateOnly), hour.UTC().Hour())
}

// place is where a portion begins.
type place struct {
	file   *logFile
	offset int64
	stuck  bool // the marker has lost its file: no data, and the same marker again
	turned bool // no data, but the marker of the file's beginning
}

// locate finds the place that a marker names in the file of a name.
func (s *Server) locate(db *Instance, name, marker string) (place, *apiError) {
	live := db.files[name]
	if marker == "0" {
		return place{file: live}, nil
	}
	id, offset, ok := s.parseMarker(marker)
	if !ok {
		return place{}, invalidParameter("Invalid marker %q", marker)
	}
	rotated, isLive := db.rotated[name]
	here := place{file: live, offset: min(offset, live.content.Size())}
	switch {
	case !isLive || id == s.id(live):
		return here, nil
	case s.Markers == HourMarkers:
		return place{file: live, turned: true}, nil
	case id == s.id(rotated) && offset < rotated.content.Size():
		return place{file: rotated, offset: offset}, nil
	case id == s.id(rotated):
		return place{file: live}, nil
	}
	for _, f := range db.files {
		if id == s.id(f) {
			return place{file: f, offset: offset, stuck: true}, nil
		}
	}
	return here, nil
}

// id is what tells files apart in a marker.
func (s *Server) id(f *logFile) string {
	if s.Markers == OpaqueMarkers {
		return strconv.Itoa(f.id)
	}
	return s.prefix(f.hour)
}

func (s *Server) parseMarker(m string) (id string, offset int64, ok bool) {
	separator := ":"
	if s.Markers == OpaqueMarkers {
		plain, _ := base64.RawURLEncoding.DecodeString(m)
		m, separator = string(plain), "/"
	}
	id, digits, ok := strings.Cut(m, separator)
	offset, err := strconv.ParseInt(digits, 10, 64)
	return id, offset, ok && err == nil && offset >= 0
}
