package source

import "time"

// maxSteps is how many calls are spent on finding unreadable lines in a file.
const maxSteps = 500

// lines is how many lines to ask for next: half of those among which the
// unreadable one is.
func (w *walk) lines() int {
	if w.suspects == 0 {
		return maxLines
	}
	return max(1, w.suspects/2)
}

// narrowed says that as many lines as were asked for can be read.
func (w *walk) narrowed() {
	if w.suspects > 0 {
		w.suspects -= w.lines()
	}
}

// narrow says that among the lines asked for is one that cannot be read. When it
// is the only one, it is stepped over.
func (w *walk) narrow(err error) (moved bool, _ error) {
	w.cov.Retries++
	if w.steps++; w.steps > maxSteps {
		return false, w.stop("too many lines hold bytes that RDS does not deliver; a complete download would")
	}
	if w.suspects = w.lines(); w.suspects > 1 {
		return true, nil
	}
	return true, w.stepOver(err)
}

// stepOver leaves out the line at hand. Which bytes of it cannot be read is found
// by trying offsets of our own: first ever larger ones until the rest of a line
// can be read, then by halves for the first of those.
func (w *walk) stepOver(cause error) error {
	here, known := parseMarker(w.at)
	if !known {
		here = marker{w.prefix(), 0}
	}
	var rest portion
	bad, good, step := here.offset, w.file.Size, int64(256)
	for {
		try := bad + step
		if good < w.file.Size || try >= good {
			try = bad + (good-bad)/2
		}
		if try == bad {
			break
		}
		p, err := w.fetch(marker{here.prefix, try}.String(), 1)
		w.cov.Retries++
		switch w.steps++; {
		case err == nil:
			good, rest = try, p
		case unreadable(err):
			bad, step = try, 2*step
		default:
			return w.fail(cause)
		}
	}
	next, known := parseMarker(rest.marker)
	if good == w.file.Size || !known || next.offset <= good {
		return w.stop("from there on there are bytes that RDS does not deliver; a complete download would")
	}
	w.skip(here.offset, next.offset, "they hold bytes that RDS does not deliver; a complete download would")
	w.at, w.pos, w.end = next.String(), next.offset, next.offset
	w.suspects = 0
	return nil
}

// prefix is that of the markers of a file of which none is known yet. What it
// says matters little, as RDS goes by the name of a rotated file.
func (w *walk) prefix() string {
	name, _ := parseName(w.file.Name)
	hour := name.rotated(w.file.LastWritten)
	if w.live {
		hour = w.file.LastWritten.Truncate(time.Hour).Add(time.Hour)
	}
	if name.date == "" && !w.live {
		return hour.Format("15")
	}
	return hourPrefix(hour)
}
