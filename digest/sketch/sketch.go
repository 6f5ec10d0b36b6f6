// Package sketch counts whole numbers by their size, and tells their quantiles within 1 %.
//
// The numbers of an octave, from a power of two to the next, share 64 buckets of equal
// width, which is at most a 64th of each number; what a bucket says is its middle, so the
// error is below 0.8 %. Numbers below 128 are exact. Two sketches of the same numbers are the same,
// in whichever order and parts they were counted.
//
// It is our own, for the libraries at hand cost more than it is: by reflection, which
// makes the linker keep every method of the program; by floating point for each number; or
// by memory for numbers that never come.
package sketch

import (
	"errors"
	"math/bits"
)

const (
	precision = 6 // bits of a number after the first; what is below them is dropped
	buckets   = 1 << precision
	octaves   = 64 - precision + 1
)

// Sketch counts numbers. Its zero value is empty. It takes some 500 bytes, and half as many for
// each octave that has a number.
type Sketch struct {
	counts [octaves]*[buckets]uint32
	over   map[[2]int]uint64 // by octave and bucket: what is counted beyond 32 bits, in units of these
	total  uint64
}

// place returns the octave of v, and its bucket there. Octave 0 has the numbers below 64.
func place(v uint64) (octave, bucket int) {
	octave = max(bits.Len64(v)-precision, 0)
	if octave == 0 {
		return 0, int(v)
	}
	return octave, int(v>>(octave-1)) - buckets
}

// value returns the middle of a bucket, which is its only number where it has one.
func value(octave, bucket int) float64 {
	if octave == 0 {
		return float64(bucket)
	}
	width := uint64(1) << (octave - 1)
	return float64(uint64(bucket+buckets)*width) + float64(width-1)/2
}

// Add counts v so many times.
func (s *Sketch) Add(v, times uint64) {
	octave, bucket := place(v)
	s.add(octave, bucket, times)
}

func (s *Sketch) add(octave, bucket int, times uint64) {
	if s.counts[octave] == nil {
		s.counts[octave] = new([buckets]uint32)
	}
	count := &s.counts[octave][bucket]
	sum := uint64(*count) + times
	if *count = uint32(sum); sum>>32 > 0 {
		if s.over == nil {
			s.over = make(map[[2]int]uint64)
		}
		s.over[[2]int{octave, bucket}] += sum >> 32
	}
	s.total += times
}

// count returns how many numbers of a bucket there were.
func (s *Sketch) count(octave, bucket int) uint64 {
	return uint64(s.counts[octave][bucket]) + s.over[[2]int{octave, bucket}]<<32
}

// Merge adds what another sketch has counted.
func (s *Sketch) Merge(from *Sketch) {
	for o, counts := range from.counts {
		if counts == nil {
			continue
		}
		for b := range counts {
			if n := from.count(o, b); n > 0 {
				s.add(o, b, n)
			}
		}
	}
}

// Each calls f with every number that was counted, as the sketch knows it, and how
// often; the least first.
func (s *Sketch) Each(f func(v float64, times uint64)) {
	for o, counts := range s.counts {
		if counts == nil {
			continue
		}
		for b := range counts {
			if n := s.count(o, b); n > 0 {
				f(value(o, b), n)
			}
		}
	}
}

// Quantile returns the number below which the fraction f, from 0 to 1, of the numbers
// lies; 0 if there is none.
func (s *Sketch) Quantile(f float64) float64 {
	rank, found, below := f*float64(max(s.total, 1)-1), 0.0, uint64(0)
	s.Each(func(v float64, times uint64) {
		if float64(below) <= rank {
			found = v
		}
		below += times
	})
	return found
}

// Buckets returns what was counted, for Of, in pairs: how far a bucket is from the one before, of which the first
// is 0, and how many numbers it has.
func (s *Sketch) Buckets() []uint64 {
	var all []uint64
	last := 0
	for o, counts := range s.counts {
		if counts == nil {
			continue
		}
		for b := range counts {
			if n := s.count(o, b); n > 0 {
				at := o*buckets + b
				all = append(all, uint64(at-last), n)
				last = at
			}
		}
	}
	return all
}

// Of returns the Sketch whose Buckets these are.
func Of(all []uint64) (*Sketch, error) {
	s := new(Sketch)
	at := uint64(0)
	for i := 0; i+1 < len(all); i += 2 {
		if at += all[i]; all[i] >= octaves*buckets || at >= octaves*buckets {
			return nil, errors.New("there is no such bucket")
		}
		s.add(int(at)/buckets, int(at)%buckets, all[i+1])
	}
	return s, nil
}

// Total returns how many numbers were counted.
func (s *Sketch) Total() uint64 { return s.total }
