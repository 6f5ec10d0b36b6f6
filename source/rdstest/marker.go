package rdstest

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Markers selects the form of the markers of portions.
type Markers int

const (
	DatedMarkers  Markers = iota // 2026-11-23.7:185849, as on RDS for MySQL today
	HourMarkers                  // 7:185849, as before; across a rotation they lead to the new live file at once
	OpaqueMarkers                // a form that tells nothing
)

// marker names the position in a file where a portion ends.
func (m Markers) marker(f *logFile, offset int64) string {
	if m == OpaqueMarkers {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d/%d", f.id, offset))
	}
	return fmt.Sprintf("%s:%d", m.prefix(f.hour), offset)
}

func (m Markers) prefix(hour time.Time) string {
	if m == HourMarkers {
		return strconv.Itoa(hour.UTC().Hour())
	}
	return fmt.Sprintf("%s.%d", hour.UTC().Format(time.DateOnly), hour.UTC().Hour())
}

// position says where a portion begins.
type position struct {
	file   *logFile
	offset int64
	stuck  bool // the marker has lost its file: no data, and the same marker again
	anew   bool // no data, but the marker of the file's beginning
}

// locate finds the position that a marker names in the file of a name.
func (m Markers) locate(db *Instance, name, marker string) (position, *apiError) {
	live := db.files[name]
	if marker == "0" {
		return position{file: live}, nil
	}
	id, offset, ok := m.parse(marker)
	if !ok {
		return position{}, invalidParameter("Invalid marker %q", marker)
	}
	rotated, isLive := db.rotated[name]
	here := position{file: live, offset: min(offset, live.content.Size())}
	switch {
	case !isLive || id == m.id(live):
		return here, nil
	case m == HourMarkers:
		return position{file: live, anew: true}, nil
	case id == m.id(rotated) && offset < rotated.content.Size():
		return position{file: rotated, offset: offset}, nil
	case id == m.id(rotated):
		return position{file: live}, nil
	}
	for _, f := range db.files {
		if id == m.id(f) {
			return position{file: f, offset: offset, stuck: true}, nil
		}
	}
	return here, nil
}

// id returns the part of a marker that differs from file to file.
func (m Markers) id(f *logFile) string {
	if m == OpaqueMarkers {
		return strconv.Itoa(f.id)
	}
	return m.prefix(f.hour)
}

func (m Markers) parse(marker string) (id string, offset int64, ok bool) {
	separator := ":"
	if m == OpaqueMarkers {
		plain, _ := base64.RawURLEncoding.DecodeString(marker)
		marker, separator = string(plain), "/"
	}
	id, digits, ok := strings.Cut(marker, separator)
	offset, err := strconv.ParseInt(digits, 10, 64)
	return id, offset, ok && err == nil && offset >= 0
}
