package digest

import (
	"math"
	"slices"
)

// A statistic is a number of a class in a window of hours. The rule in words is in
// docs/changes.md.
type statistic int

const (
	callRate  statistic = iota // calls
	typical                    // the median of a call's time
	restTime                   // the time of all calls but the longest of each hour: no single call is evidence
	slowest                    // the p95
	allTime                    // which is only stated
	judged    = int(allTime)
	allOfThem = int(allTime) + 1
)

// spans are the windows that are judged, in hours up to the window's end: a large change shows in
// one hour, a small one in many.
var spans = [...]int{1, 2, 3, 6, 12, 24}

const (
	leastEffect = 1.5 // times what is usual
	leastCalls  = 8   // in the window

	// Deviations up to the tailFrom quantile are not looked at; beyond, they are taken to fall
	// exponentially. One as large as now has then the chance of an hour, and that of longer
	// windows, of which there are more that say the same.
	tailFrom   = 0.9
	hourChance = 1e-4
	spanChance = 1e-5

	// The mean of the tail is that of the class's own deviations and, as if it were of so many
	// more, that of deviation and of what calls are by chance. It falls with the window.
	tailPrior = 12
	tailFalls = 0.35

	// likeWindows is how many deviations of hours with a load like that of now are enough to
	// leave out the others, and fewWindows how many allow a judgement at all.
	likeWindows = 70
	fewWindows  = 48

	// lateHours may already be of the change, and are no measure of deviations.
	lateHours = hoursADay

	// A class keeps another hour than it used to, as with daylight saving, if the hour before was not
	// further below that, as a logarithm.
	shiftSlack = 0.4
)

// deviation and chance are what the tail of a statistic is like of which nothing is known: the
// deviation from hour to hour, and the variance of the logarithm for one call.
var (
	deviation = [judged]float64{0.2, 0.1, 0.25, 0.2}
	chance    = [judged]float64{1, 1.5, 2, 4}
)

// sums add up, from the first of the last 14 days' hours on, what a class did. The last hour is
// that of the window.
type sums struct {
	of    [allOfThem][historyHours + 2]float64
	times [allOfThem][historyHours + 2]float64 // by what to divide; of calls and times, hours that were read
	told  int                                  // the index of the hour in which it was told to be above the usual, or -1
	worse int                                  // that of the last such hour, if only of the day before
	level float64                              // by how much it was above, as a logarithm, until its end was told
	from  int                                  // the index of the first hour that a window which is judged may hold

	cached [allOfThem][hoursADay + 1]*windows // by span
	hours  [allOfThem][]*usualHours
}

func newSums(c *comparison, class *Class, p *past) *sums {
	var hours [historyHours + 1]classHour
	first := c.start - historyHours
	for _, seen := range p.hours {
		if i := seen.at - first; i >= 0 && i < historyHours {
			hours[i] = seen
		}
	}
	hours[historyHours] = hourOfClass(c.start, class)
	s := sums{told: -1, worse: -1, from: max(0, int(c.judgedFrom(p)-first))}
	if worse := p.worseBefore(c.start); worse > 0 && !p.forgiven(worse, c.start) {
		s.worse = max(-1, int(worse-first))
		if worse == p.worse && !(p.ended > worse && p.ended < c.start) {
			s.level = float64(p.found.above) * math.Log(levelStep)
		}
		if p.worseLately(c.start) == 0 {
			s.told = s.worse
		}
	}
	for i, h := range hours {
		for what := range s.of {
			s.of[what][i+1], s.times[what][i+1] = s.of[what][i], s.times[what][i]
		}
		if i < historyHours {
			if w := c.hours[i]; w == nil || w.odd || first+hour(i) < p.from || p.apart(first+hour(i), c.start) || w.partial && (!c.partial || h.calls == 0) {
				continue
			}
		}
		calls := h.calls.about(callsUnit)
		add := func(what statistic, v, times float64) {
			s.of[what][i+1] += v
			s.times[what][i+1] += times
		}
		add(callRate, calls, 1)
		rest := h.time // of an earlier release
		if h.rest > 0 {
			rest = h.rest.level()
		}
		add(restTime, rest.about(timeUnit), 1)
		add(allTime, h.time.about(timeUnit), 1)
		if h.typical > 1 {
			add(typical, calls*math.Log(h.typical.level().about(p95Unit)), calls)
		}
		if h.p95 > 0 {
			add(slowest, math.Log(h.p95.about(p95Unit)), 1)
		}
	}
	return &s
}

// window returns the logarithm of a statistic in the span of hours before index end. It is NaN
// where too little is known. A call or a second an hour is as good as none.
func (s *sums) window(what statistic, end, span int) float64 {
	from := end - span
	if from < 0 {
		return math.NaN()
	}
	hours := s.times[allTime][end] - s.times[allTime][from]
	times := s.times[what][end] - s.times[what][from]
	if 3*hours < 2*float64(span) || times == 0 || what == slowest && 2*times < float64(span) {
		return math.NaN()
	}
	return logOf(what, (s.of[what][end]-s.of[what][from])/times, span)
}

// logOf returns the logarithm of the mean of a statistic in the hours of a span.
func logOf(what statistic, mean float64, span int) float64 {
	switch what {
	case callRate:
		return math.Log(1/float64(span) + mean)
	case restTime, allTime:
		return math.Log(minTime + mean)
	}
	return mean // it is one
}

// windows hold a statistic of the windows that end after each hour, and what the
// others let one expect of it.
type windows struct{ values, usual [historyHours + 1]float64 }

func (s *sums) windows(what statistic, span int) *windows {
	if w := s.cached[what][span]; w != nil {
		return w
	}
	w := windows{}
	s.cached[what][span] = &w
	u := s.hourly(what, s.before(span))
	var upTo [historyHours + 2]due
	for i := range w.values {
		w.values[i] = s.window(what, i+1, span)
		upTo[i+1] = upTo[i].plus(s.expect(what, i, u.at(i)))
		switch from := i + 1 - span; {
		case span == 1:
			w.usual[i] = u.at(i)
		case from < 0:
			w.usual[i] = math.NaN()
		default:
			w.usual[i] = upTo[i+1].minus(upTo[from]).log(what, span)
		}
	}
	return &w
}

// before returns the index of the first hour of the span that is judged: it and later ones are no part of what is usual.
func (s *sums) before(span int) int { return historyHours + 1 - span }

// due adds up what is usual of a statistic in hours, and their weights: of those of which it is known, and of others.
type due struct{ sum, known, unknown float64 }

func (e due) plus(o due) due { return due{e.sum + o.sum, e.known + o.known, e.unknown + o.unknown} }

func (e due) minus(o due) due { return due{e.sum - o.sum, e.known - o.known, e.unknown - o.unknown} }

// log returns it for the span of these hours, or NaN where it is not known of one: it may be the one that is busy.
func (e due) log(what statistic, span int) float64 {
	if e.unknown > 0 || !(e.known > 0) {
		return math.NaN()
	}
	return logOf(what, e.sum/e.known, span)
}

// expect returns what is usual of a statistic in the hour with an index, given its logarithm.
func (s *sums) expect(what statistic, i int, usual float64) due {
	weight := s.times[what][i+1] - s.times[what][i]
	if math.IsNaN(usual) || weight == 0 {
		return due{unknown: weight}
	}
	switch what {
	case callRate:
		usual = math.Exp(usual) - 1
	case restTime, allTime:
		usual = math.Exp(usual) - minTime
	}
	return due{usual * weight, weight, 0}
}

// usual returns what to expect of a statistic in the span of hours before index end: of each hour what others like it,
// before the one with index to, let one expect.
func (s *sums) usual(what statistic, end, span int, of func(*usualHours, int) float64, to int) float64 {
	if end < span {
		return math.NaN()
	}
	u := s.hourly(what, to)
	if span == 1 {
		return of(u, end-1)
	}
	var e due
	for i := end - span; i < end; i++ {
		e = e.plus(s.expect(what, i, of(u, i)))
	}
	return e.log(what, span)
}

// hourly returns what is usual of a statistic in an hour, by the hours before the one with index to.
func (s *sums) hourly(what statistic, to int) *usualHours {
	for _, u := range s.hours[what] {
		if u.to == to {
			return u
		}
	}
	u := &usualHours{to: to}
	if len(s.hours[what]) > 0 {
		u.values = s.hours[what][0].values
	} else {
		u.values = new([historyHours + 1]float64)
		for i := range u.values {
			u.values[i] = s.window(what, i+1, 1)
		}
	}
	s.hours[what] = append(s.hours[what], u)
	return u
}

// above returns by how much a statistic is above what is usual, as a logarithm, or less where that is no change.
func (s *sums) above(what statistic, span int) float64 {
	value := s.window(what, historyHours+1, span)
	above := value - s.usual(what, historyHours+1, span, (*usualHours).median, s.before(span))
	if !(above >= math.Log(leastEffect)) { // nearly always
		return above
	}
	above = value - s.usual(what, historyHours+1, span, (*usualHours).at, s.before(span))
	if s.told < 0 || !(above >= math.Log(leastEffect)) {
		return above
	}
	to := s.before(span) // both by what was usual before, as long as that is half of the days
	if 2*s.told >= historyHours {
		to = s.told
	}
	usual := func(i int) float64 { return s.usual(what, i+1, span, (*usualHours).at, to) }
	var since []float64
	for i := s.told + span - 1; i < historyHours; i++ {
		since = append(since, s.window(what, i+1, span)-usual(i))
	}
	return min(above, value-usual(historyHours)-max(s.level, highestLevel(since)))
}

// highestLevel returns the highest of what a fifth of a day's values are above, of which the last
// day's end with the last value.
func highestLevel(values []float64) float64 {
	highest := math.Inf(-1)
	for end := len(values); end > 0; end -= hoursADay {
		day := slices.DeleteFunc(slices.Clone(values[max(0, end-hoursADay):end]), math.IsNaN)
		if slices.Sort(day); len(day) > 0 {
			highest = max(highest, day[4*len(day)/5])
		}
	}
	return highest
}

// expected returns what is usual of the windows that end at this very hour of the day, or of the week if that is less: by that
// a change is stated, while what is beyond chance is above what is usual around it.
func (s *sums) expected(what statistic, span int) float64 {
	u := usualHours{values: &s.windows(what, span).values, to: s.before(span)}
	if week := u.week(historyHours); week < u.median(historyHours) {
		return week
	}
	return u.median(historyHours)
}

// finding is a span of hours in which a class is above what is usual.
type finding struct {
	what  statistic
	span  int
	above level // by how many steps of 7 %, at most
}

// deviates returns the first finding, and false if there is none. lift is by how much all are
// above what is usual, as a logarithm.
func (s *sums) deviates(lift float64) (finding, bool) {
	for _, span := range spans {
		if historyHours+1-span < s.from {
			break
		}
		if s.calls(span) < leastCalls {
			continue
		}
		for what := range statistic(judged) {
			if what == restTime && span == 1 { // of few calls the next longest is one call, too
				continue
			}
			above := s.above(what, span) - lift
			if !(above >= math.Log(leastEffect)) { // nearly always
				continue
			}
			tail := 0.0
			if span > 1 && s.calls(1) >= leastCalls {
				_, tail = s.least(what, 1, 0)
			}
			if least, _ := s.least(what, span, tail); above >= least {
				return finding{what, span, level(min(above/math.Log(levelStep), 255))}, true
			}
		}
	}
	return finding{}, false
}

// over reports whether the class has left the level at which it was told to be above what is usual, by
// as much as it had to be above that: in hours since, of which every statistic is as usual.
func (s *sums) over(f finding) bool {
	tail := 0.0
	for _, span := range spans {
		if historyHours-span < s.worse {
			break
		}
		least, hourTail := s.least(f.what, span, tail)
		if span == 1 {
			tail = hourTail
		}
		if f.what != callRate && s.calls(span) < leastCalls {
			continue
		}
		usual := true
		for what := range statistic(judged) {
			usual = usual && !(s.since(what, span) >= math.Log(leastEffect))
		}
		if usual && s.level-s.since(f.what, span) >= least {
			return true
		}
	}
	return false
}

// since is above compared with what was usual before the class was told: with the least of that, for
// an hour in which a class falls as it does every evening is no end.
func (s *sums) since(what statistic, span int) float64 {
	u := usualHours{values: &s.windows(what, span).values, to: s.worse}
	return u.values[historyHours] - u.least(historyHours)
}

// calls returns those of the span of hours up to the window's end.
func (s *sums) calls(span int) float64 {
	return s.of[callRate][historyHours+1] - s.of[callRate][historyHours+1-span]
}

// least returns what deviation is beyond chance, as a logarithm, and the mean of the tail. It is
// NaN where too little is known. hourTail is the mean of the tail in an hour, as far as it is known.
func (s *sums) least(what statistic, span int, hourTail float64) (least, tail float64) {
	w := s.windows(what, span)
	calls := w
	if what != callRate {
		calls = s.windows(callRate, span)
	}
	load := calls.usual[historyHours]
	from, to := 0, historyHours-lateHours
	switch { // what was told is no chance, and most hours are what is usual
	case 2*s.told >= historyHours:
		to = min(to, s.told)
	case s.told >= 0:
		from = s.told
	}
	var deviations []float64
	for _, like := range [...]float64{math.Log(2), math.Log(4), math.Inf(1)} {
		deviations = deviations[:0]
		for i := from; i < to; i++ {
			if d := w.values[i] - w.usual[i]; !math.IsNaN(d) && math.Abs(calls.usual[i]-load) <= like {
				deviations = append(deviations, d)
			}
		}
		if len(deviations) >= likeWindows {
			break
		}
	}
	if len(deviations) < fewWindows {
		return math.NaN(), 0
	}
	slices.Sort(deviations)
	bulk := max(0, deviations[int(tailFrom*float64(len(deviations)))])
	sum, n := 0.0, 0.0
	for _, d := range deviations {
		if d > bulk+1e-9 { // by more than sums are exact
			sum, n = sum+d-bulk, n+1
		}
	}
	falls := math.Pow(float64(span), -tailFalls)
	wanders := deviation[what] * falls
	prior := max(math.Sqrt(wanders*wanders+chance[what]/(float64(span)*math.Exp(load)))/2, hourTail*falls)
	tail = (sum/float64(span) + tailPrior*prior) / (n/float64(span) + tailPrior) // windows overlap
	p := hourChance
	if span > 1 {
		p = spanChance
	}
	least = bulk + tail*math.Log((1-tailFrom)/p)
	if s.times[allTime][historyHours] < wholeWeek { // the weekend may not be known
		least += math.Log(leastEffect)
	}
	return least, tail
}

// detectable returns how many times its usual calls a class must have for that to be WORSE within a
// day, unless chance helps; 0 is unknown. In a day the least would do.
func (s *sums) detectable() float64 {
	_, hourTail := s.least(callRate, 1, 0)
	least, _ := s.least(callRate, hoursADay, hourTail)
	if math.IsNaN(least) {
		return 0
	}
	w := s.windows(callRate, hoursADay)
	var deviations []float64 // from what is usual around these hours, which is more than what is usual in them
	for i := range historyHours - lateHours {
		if d := w.values[i] - w.usual[i]; !math.IsNaN(d) {
			deviations = append(deviations, d)
		}
	}
	slices.Sort(deviations)
	middle := deviations[len(deviations)/2]
	usual := math.Exp(w.usual[historyHours]+middle)*hoursADay - 1 // a call is as good as none
	if !(usual > 0) {
		return 0
	}
	times := math.Exp(max(least, math.Log(leastEffect)) - middle)
	return max(leastCalls/usual, times+(times-1)/usual)
}
