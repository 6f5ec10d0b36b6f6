package rdstest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Content is what a log file holds. A *bytes.Reader is one, and an
// *io.SectionReader.
type Content interface {
	io.ReaderAt
	Size() int64
}

// Instance is a DB instance and its log files. Its methods may be called while
// the server answers.
type Instance struct {
	ID string

	server *Server
	files  map[string]*logFile
}

type logFile struct {
	name    string
	written time.Time
	content Content
	hour    time.Time // of the rotation that ends the file; its markers name it
}

// AddInstance adds an instance without log files.
func (s *Server) AddInstance(id string) *Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	db := &Instance{ID: id, server: s, files: map[string]*logFile{}}
	s.instances[id] = db
	return db
}

// Write makes a file of the given name, such as slowquery/mysql-slowquery.log or
// slowquery/mysql-slowquery.log.2026-11-23.9, in the place of any before it. The
// text must not be changed afterwards.
func (db *Instance) Write(name string, text []byte, lastWritten time.Time) {
	db.WriteContent(name, bytes.NewReader(text), lastWritten)
}

// WriteContent is Write for what is too large for the memory.
func (db *Instance) WriteContent(name string, c Content, lastWritten time.Time) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	hour := lastWritten.UTC().Truncate(time.Hour).Add(time.Hour)
	db.files[name] = &logFile{name: name, written: lastWritten, content: c, hour: hour}
}

// describeLogFiles lists the newest file first, as RDS does.
func (s *Server) describeLogFiles(db *Instance, params url.Values) (any, *apiError) {
	since, _ := strconv.ParseInt(params.Get("FileLastWritten"), 10, 64)
	larger, _ := strconv.ParseInt(params.Get("FileSize"), 10, 64)
	var all []fileDetails
	for _, f := range db.files {
		d := fileDetails{f.written.UnixMilli(), f.name, f.content.Size()}
		if strings.Contains(d.LogFileName, params.Get("FilenameContains")) && d.LastWritten >= since && d.Size >= larger {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b fileDetails) int {
		return cmp.Or(cmp.Compare(b.LastWritten, a.LastWritten), cmp.Compare(a.LogFileName, b.LogFileName))
	})
	limit := 1000
	if n, err := strconv.Atoi(params.Get("MaxRecords")); err == nil && n > 0 {
		limit = n
	}
	from, _ := strconv.Atoi(params.Get("Marker"))
	if from > len(all) {
		return nil, &apiError{http.StatusBadRequest, "InvalidParameterValue", fmt.Sprintf("Invalid marker %d", from)}
	}
	result := describeResult{Files: all[from:]}
	if len(result.Files) > limit {
		result.Files = result.Files[:limit]
		result.Marker = strconv.Itoa(from + limit)
	}
	return result, nil
}
