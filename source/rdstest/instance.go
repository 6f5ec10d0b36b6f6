package rdstest

import (
	"bytes"
	"fmt"
	"time"
)

// A server writes Banner when it opens a log.
const Banner = `/rdsdbbin/mysql/bin/mysqld, Version: 8.4.6 (Source distribution). started with:
Tcp port: 3306  Unix socket: /tmp/mysql.sock
Time                 Id Command    Argument
`

// SlowLog is the name of the live slow log of every MySQL and MariaDB instance.
const SlowLog = "slowquery/mysql-slowquery.log"

// Instance is a DB instance and its log files. Its methods may be called while
// the server answers. Its fields may be set before the first call.
type Instance struct {
	Names   Names             // of rotated files
	Quiet   QuietHours        // what becomes of a log without an entry at the end of its hour
	Keep    time.Duration     // for how long EndHour keeps files; forever if zero
	Engine  string            // mysql if empty
	Cluster string            // the DB cluster that it is a member of, if any
	Status  string            // as DescribeDBInstances tells it; available if empty, stopped after Stop
	Tags    map[string]string // as DescribeDBInstances tells them
	Created time.Time         // as it tells that; not at all if zero

	// AsleepCode is the error of calls for the logs while the instance is stopped or
	// paused; DBInstanceNotReady if empty. That is documented for paused ones only.
	AsleepCode string

	id       string
	resource string
	server   *Server
	files    map[string]*logFile
	rotated  map[string]*logFile // of each live file, the one of the last rotation
	hidden   map[string]bool     // files that are not listed, by name
	asleep   string              // stopped, paused, or empty
	group    string

	nextGroup string // from the next reboot on, if any
}

// Names selects how rotated files are named.
type Names int

const (
	DatedNames  Names = iota // log.2026-11-23.9, as on RDS for MySQL
	PaddedNames              // log.2026-11-23.09, as on Aurora MySQL
	HourNames                // log.9, used anew every day
)

func (n Names) name(base string, hour time.Time) string {
	hour = hour.UTC()
	switch n {
	case PaddedNames:
		return base + hour.Format(".2006-01-02.15")
	case HourNames:
		return fmt.Sprintf("%s.%d", base, hour.Hour())
	}
	return fmt.Sprintf("%s.%s.%d", base, hour.Format(time.DateOnly), hour.Hour())
}

// ResourceID returns the DbiResourceId, which a rename does not change.
func (db *Instance) ResourceID() string { return db.resource }

// Write makes a file of the given name, such as slowquery/mysql-slowquery.log or
// slowquery/mysql-slowquery.log.2026-11-23.9, instead of any before it. The
// text must not be changed afterwards.
func (db *Instance) Write(name string, text []byte, lastWritten time.Time) {
	db.WriteContent(name, bytes.NewReader(text), lastWritten)
}

// WriteContent is Write for what is too large for the memory.
func (db *Instance) WriteContent(name string, c Content, lastWritten time.Time) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.write(name, c, lastWritten, lastWritten.UTC().Truncate(time.Hour).Add(time.Hour))
}

func (db *Instance) write(name string, c Content, lastWritten, hour time.Time) {
	db.server.files++
	db.files[name] = &logFile{id: db.server.files, name: name, written: lastWritten, content: c, hour: hour}
}

// Append adds to a file. One that does not exist is made.
func (db *Instance) Append(name string, text []byte, lastWritten time.Time) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.appendTo(name, text, lastWritten)
}

func (db *Instance) appendTo(name string, text []byte, lastWritten time.Time) {
	f, found := db.files[name]
	if !found {
		db.write(name, bytes.NewReader(text), lastWritten, lastWritten.UTC().Truncate(time.Hour).Add(time.Hour))
		return
	}
	old, _ := f.bytes(0, int(f.content.Size()))
	f.content, f.written = bytes.NewReader(append(old, text...)), lastWritten
}

// Rotate ends the live file of the given name at a time: it is named by that
// hour, and a new one begins with a Banner.
func (db *Instance) Rotate(name string, at time.Time) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.rotate(name, at)
}

func (db *Instance) rotate(name string, at time.Time) {
	f, found := db.files[name]
	if !found {
		return
	}
	db.nextFile(f, name, at, Banner)
}

// nextFile gives the live file the name of an hour, and begins a new one.
func (db *Instance) nextFile(f *logFile, name string, at time.Time, text string) {
	hour := at.UTC().Truncate(time.Hour)
	delete(db.hidden, name)
	f.name = db.Names.name(name, hour)
	db.files[f.name] = f
	db.rotated[name] = f
	next := hour.Add(time.Hour)
	if !next.After(f.hour) {
		next = f.hour.Add(time.Hour)
	}
	db.write(name, bytes.NewReader([]byte(text)), at, next)
}

// Truncate leaves the first bytes of a file, as a failover does, which loses what
// was not yet flushed.
func (db *Instance) Truncate(name string, size int64) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	if f, found := db.files[name]; found {
		f.truncate(size)
	}
}

// Rename gives a file another name.
func (db *Instance) Rename(from, to string) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.rename(from, to)
}

func (db *Instance) rename(from, to string) {
	if f, found := db.files[from]; found {
		delete(db.files, from)
		f.name = to
		db.files[to] = f
	}
}

// Remove removes a file, as RDS does with old ones.
func (db *Instance) Remove(name string) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	delete(db.files, name)
}

// Default before the name of a parameter makes its value one of the engine, which nobody
// has set.
const Default = "engine-default:"

// SetParameters puts the instance into a DB parameter group of the given values.
func (db *Instance) SetParameters(group string, values map[string]string) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.group = group
	db.server.groups[group] = values
}
