package handler

import (
	"io"
	"sync/atomic"

	"slowdigest/digest"
	"slowdigest/source"
)

// Progress shows how far a reading has come while it goes on. The zero value is
// ready for use by one reading, and nil shows nothing.
type Progress struct {
	files, done  atomic.Int64
	listed, read atomic.Int64
	skipped      atomic.Int64
	unsized      atomic.Bool
	reading      atomic.Pointer[reading]
}

// Counts holds the files and bytes chosen for the window, and those read so far.
type Counts struct {
	Files, Done           int64
	Listed, Read, Skipped int64 // bytes as stored; what lies outside the window may be skipped
	Unsized               bool  // there are files of which it is not known how much they will hold, such as pipes
}

// Counts may be called at any time.
func (p *Progress) Counts() Counts {
	return Counts{p.files.Load(), p.done.Load(), p.listed.Load(), p.read.Load(), p.skipped.Load(), p.unsized.Load()}
}

// Report ranks what has been counted so far; nil before anything was read. It
// may be called at any time, and knows nothing yet of what could not be read.
func (p *Progress) Report(l digest.Limit) *digest.Report {
	rd := p.reading.Load()
	if rd == nil || p.read.Load() == 0 {
		return nil
	}
	r := rd.whole.Report(l, rd.handler.OrderBy)
	if r.Instances = rd.handler.Instances; len(rd.local) > 0 {
		r.Instances = rd.local
	}
	r.Coverage.Files, r.Coverage.BytesRead, r.Coverage.BytesListed = int(p.files.Load()), p.read.Load(), p.listed.Load()
	return r
}

func (p *Progress) begin(rd *reading, files []source.File) {
	if p == nil {
		return
	}
	for _, f := range files {
		p.listed.Add(f.Size)
		if f.Size == 0 && f.LastWritten.IsZero() && f.Omitted == "" && f.Absent == nil {
			p.unsized.Store(true)
		}
	}
	p.files.Add(int64(len(files)))
	p.reading.Store(rd)
}

func (p *Progress) end() {
	if p != nil {
		p.done.Add(1)
	}
}

// count passes a log on and counts its bytes, which of a compressed one are those that are stored.
func (p *Progress) count(log *source.Log) io.Reader {
	if p == nil {
		return log
	}
	return &counted{Log: log, to: p}
}

type counted struct {
	*source.Log
	to            *Progress
	read, skipped int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Log.Read(b)
	now := c.Coverage()
	c.to.read.Add(now.BytesRead - c.read)
	c.to.skipped.Add(now.Skipped - c.skipped)
	c.read, c.skipped = now.BytesRead, now.Skipped
	return n, err
}
