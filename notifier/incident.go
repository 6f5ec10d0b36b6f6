package notifier

import (
	"fmt"
	"math"
	"slices"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// incidentWord is the word for an incident, by what digest.EndedIncident.Of says of it.
func incidentWord(of string) string {
	switch of {
	case "slower":
		return "SLOWER AT ONCE"
	case "busier":
		return "BUSIER AT ONCE"
	}
	return "INCIDENT"
}

func ofIncident(x *digest.Incident) string {
	switch {
	case x.Slower > 0:
		return "slower"
	case x.Busier > 0:
		return "busier"
	}
	return x.Class
}

// endedIncident is the verdict on an hour before which an incident was over, in the words of its
// beginning, or empty.
func endedIncident(r *digest.Report) string {
	if r.Past == nil || r.Past.EndedIncident == nil {
		return ""
	}
	return incidentWord(r.Past.EndedIncident.Of) + " OVER"
}

// endedText says when it was, and which class was most of it.
func endedText(r *digest.Report, x *digest.EndedIncident) string {
	s := "It was from " + window(digest.Window{Start: x.From, End: x.To})
	if c := classOf(r, x.Of); c != nil {
		s += fmt.Sprintf("; #%d %s was most of it", c.Rank, c.Label)
	} else if incidentWord(x.Of) == "INCIDENT" && x.Of != "" {
		s += "; " + withID(x.Label, x.Of) + " was most of it"
	}
	return s + "."
}

// classOf returns the class of a report that has the ID, or nil.
func classOf(r *digest.Report, id string) *digest.Class {
	for i := range r.Classes {
		if r.Classes[i].ID == id {
			return &r.Classes[i]
		}
	}
	return nil
}

// incidentTitle is the verdict on an hour that is one, in the place of what changed.
func incidentTitle(r *digest.Report) string {
	if r.Past == nil || r.Past.Incident == nil {
		return ""
	}
	x, on := r.Past.Incident, where(r) // of which the numbers are; that of x.Instance is in the text
	if n := x.Slower + x.Busier; n > 0 {
		return fmt.Sprintf("%d of %d classes on %s, %s of query time", n, x.Of, on, Duration(r.Overall.QueryTime.Sum))
	}
	times := "about " + timesOf(x.Times)
	if x.Times > 100 { // of next to nothing
		times = "over 100"
	}
	return fmt.Sprintf("%s of query time on %s, %s times the usual", Duration(r.Overall.QueryTime.Sum), on, times)
}

// timesOf writes how many times what is usual something is, which is known within 7 %.
func timesOf(f float64) string {
	switch {
	case f < 3:
		return Count(math.Round(10*f) / 10)
	case f < 10:
		return Count(math.Round(2*f) / 2)
	}
	return Count(twoDigits(f))
}

func timesBetween(low, high float64) string {
	if a, b := timesOf(low), timesOf(high); a != b {
		return a + " to " + b
	}
	return timesOf(low)
}

// grown says whether there are more calls than usual, or each takes longer, where an incident
// is of no single class, or is empty. Where most is of new classes, that is of the others only.
func grown(r *digest.Report, x *digest.Incident) string {
	u := r.Past.Usual
	if u == nil || u.Calls == nil || !(u.Calls.High > 0) || !(x.Times > 1) {
		return ""
	}
	rest, time := "There were", x.Times
	calls := float64(r.Overall.Calls)
	if x.New != nil && x.New.QueryTime < r.Overall.QueryTime.Sum {
		rest = "Of the others there were"
		calls -= float64(x.New.Calls)
		time *= 1 - x.New.QueryTime/r.Overall.QueryTime.Sum
	}
	if calls /= (u.Calls.Low + u.Calls.High) / 2; !(calls > 0) {
		return ""
	}
	each := time / calls
	const much, same = 1.5, 1.25
	switch {
	case calls >= much && each >= much:
		return fmt.Sprintf(" %s about %s times the usual calls, and each took about %s times as long.", rest, timesOf(calls), timesOf(each))
	case calls >= much && each*same >= 1 && each <= same:
		return fmt.Sprintf(" %s about %s times the usual calls, and each took about as long as usual.", rest, timesOf(calls))
	case calls >= much:
		return fmt.Sprintf(" %s about %s times the usual calls.", rest, timesOf(calls))
	case each >= much && calls*same >= 1 && calls <= same:
		return fmt.Sprintf(" %s about as many calls as usual, and each took about %s times as long.", rest, timesOf(each))
	case each >= much && x.New != nil:
		return fmt.Sprintf(" A call of the others took about %s times as long as usual.", timesOf(each))
	case each >= much:
		return fmt.Sprintf(" A call took about %s times as long as usual.", timesOf(each))
	}
	return ""
}

// incidentText says what is most of an incident, since when, and where to look. titled
// leaves out what incidentTitle says.
func incidentText(r *digest.Report, x *digest.Incident, titled bool) string {
	since := ""
	if !x.Since.IsZero() {
		since = " since " + At(x.Since)
	}
	on := ""
	if x.Instance != "" {
		on = " on " + redact.Clean(x.Instance)
	}
	if x.Joined {
		on += ", which ran nothing the day before"
		if since != "" {
			since = "," + since
		}
	}
	switch {
	case x.Slower > 0:
		took := fmt.Sprintf("%d of %d classes took", x.Slower, x.Of)
		if titled {
			took = "They took"
		}
		return fmt.Sprintf("%s about %s times as long per call%s. No single query explains that; look at the server: CPU, storage, locks, replicas.",
			took, timesBetween(x.Low, x.High), ofWholeHour(x, on))
	case x.Busier > 0:
		have := fmt.Sprintf("%d of %d classes have", x.Busier, x.Of)
		if titled {
			have = "They have"
		}
		look := "No single query explains that; look at what calls them: a campaign, a new release, a client that tries again."
		if x.Joined {
			look = "What it runs comes on top of the others, as after a move or a scale-out."
		}
		return fmt.Sprintf("%s about %s times the calls%s. %s", have, timesBetween(x.Low, x.High), ofWholeHour(x, on), look)
	case x.Class == "" && x.Instance == "":
		none := "No class and no instance"
		if len(r.Instances) < 2 {
			none = "No class"
		}
		if since != "" {
			since = "; it began at " + At(x.Since)
		}
		return none + " is most of it" + since + "." + newLoad(x) + grown(r, x)
	case x.Class == "":
		return fmt.Sprintf("Most of what is above the usual ran%s%s, in several classes.", on, since) + newLoad(x) + grown(r, x)
	}
	what := redact.ShortID(x.Class)
	if i := slices.IndexFunc(r.Classes, func(c digest.Class) bool { return c.ID == x.Class }); i >= 0 {
		c := &r.Classes[i]
		switch what = fmt.Sprintf("#%d %s", c.Rank, c.Label); {
		case has(c, digest.OneCall):
			since += fmt.Sprintf(". One call of %s took %s of its time", Duration(c.QueryTime.Max), Percent(c.QueryTime.Max/c.QueryTime.Sum))
		case c.Leads():
			since += ". " + Evidence(c)
		}
	}
	return fmt.Sprintf("%s is %s of what is above the usual%s%s.", what, Percent(x.Share), on, since)
}

// ofWholeHour says that the times of many classes are those of the whole hour and all instances, where
// the incident is of a part of either, and of which part.
func ofWholeHour(x *digest.Incident, on string) string {
	began := ""
	if !x.Since.IsZero() {
		began = "it began at " + At(x.Since)
	}
	switch {
	case on == "" && began == "":
		return ""
	case on == "":
		return " in the hour as a whole; " + began
	case began != "":
		began = ", and " + began
	}
	return " in the hour as a whole; most of it was" + on + began
}

// newLoad says which part of what is above the usual new classes are, or is empty.
func newLoad(x *digest.Incident) string {
	if x.New == nil {
		return ""
	}
	is := "is"
	if x.New.Classes > 1 {
		is = "together are"
	}
	return fmt.Sprintf(" %s %s %s of what is above the usual.", Plural(int64(x.New.Classes), "new class", "new classes"), is, Percent(x.New.Share))
}
