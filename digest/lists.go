package digest

import "slowdigest/parser"

// longList is how many members make a list that can be what a call takes its time
// for: five times as many as MySQL's optimizer looks up in an index to choose a plan
// (eq_range_index_dive_limit).
const longList = 1000

// Lists state how long the lists of a class were: elements of IN, rows of VALUES,
// arguments, branches of CASE and UNION, members of AND and OR, of which the
// fingerprint shows one. The longest list of each call counts.
type Lists struct {
	Calls    int64   `json:"calls"`     // that had a list, if of one member
	Median   float64 `json:"median"`    // members, within 1 %
	Max      int64   `json:"max"`       // members
	LongTime float64 `json:"long_time"` // query time of the calls with 1,000 members or more, in seconds
}

// lists adds up a Lists.
type lists struct {
	members  quantity
	longTime uint64 // microseconds
}

func (l *lists) add(e *parser.Event, members int) {
	if members == 0 {
		return
	}
	l.members.add(uint64(members), e.Weight)
	if members >= longList {
		l.longTime += microseconds(e.QueryTime) * e.Weight
	}
}

func (l *lists) merge(from *lists) {
	l.members.merge(&from.members)
	l.longTime += from.longTime
}

// report returns nil where no list had two members.
func (l *lists) report() *Lists {
	if l.members.max < 2 {
		return nil
	}
	return &Lists{
		Calls: int64(l.members.calls), Median: l.members.quantile(0.5), Max: int64(l.members.max),
		LongTime: float64(l.longTime) / perSecond,
	}
}
