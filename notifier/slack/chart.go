package slack

import (
	"fmt"
	"math"
	"time"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier"
)

// chartClasses is how many classes the chart shows. Slack does not stack, and
// beyond three the bars are too thin for a phone.
const chartClasses = 3

// chart draws the query time of the first classes over the window, in Slack's
// own chart. It is nil where the report has no timeline.
func chart(r *digest.Report, classes []*digest.Class, zone *time.Location) slackgo.Block {
	slots := slotLabels(r, zone)
	if slots == nil {
		return nil
	}
	var series []slackgo.DataVisualizationDataSeries
	for _, c := range charted(classes) {
		if len(c.Timeline) != len(slots) {
			break
		}
		points := make([]slackgo.DataVisualizationDataPoint, len(slots))
		for j, s := range c.Timeline {
			if math.IsNaN(s) || math.IsInf(s, 0) {
				return nil
			}
			points[j] = slackgo.NewDataVisualizationDataPoint(slots[j], math.Round(s*1000)/1000)
		}
		name := cutUnits(fmt.Sprintf("#%d %s", c.Rank, c.Label), maxLabel)
		series = append(series, slackgo.NewDataVisualizationDataSeries(name, points...))
	}
	if len(series) == 0 {
		return nil
	}
	axes := slackgo.NewDataVisualizationAxisConfig(slots...).WithXLabel(zone.String()).WithYLabel("seconds")
	return slackgo.NewDataVisualizationBlock("Query time by "+notifier.What(r.By),
		slackgo.NewDataVisualizationBarChart(axes, series...))
}

// charted is the classes of the chart: the one of the highest rank, those that
// changed, and the next.
func charted(classes []*digest.Class) []*digest.Class {
	var out []*digest.Class
	if top := notifier.Top(classes); top != nil {
		out = append(out, top)
		out = append(out, notifier.Without(classes, out)...)
	}
	return out[:min(chartClasses, len(out))]
}

// slotLabels names the slots of the timeline by the time at which they start.
// It is nil where there are none, or where two would have the same name.
func slotLabels(r *digest.Report, zone *time.Location) []string {
	if len(r.Classes) == 0 || r.Window.Start.IsZero() || !r.Window.End.After(r.Window.Start) {
		return nil
	}
	n := len(r.Classes[0].Timeline)
	if n < 2 || n > 20 {
		return nil
	}
	slot := r.Window.End.Sub(r.Window.Start) / time.Duration(n)
	layout := "15:04"
	switch {
	case r.Window.End.Sub(r.Window.Start) > 24*time.Hour:
		layout = "Jan 2 15:04"
	case slot < time.Minute:
		layout = "15:04:05"
	}
	labels, seen := make([]string, n), map[string]bool{}
	for i := range labels {
		labels[i] = r.Window.Start.Add(time.Duration(i) * slot).In(zone).Format(layout)
		if seen[labels[i]] {
			return nil
		}
		seen[labels[i]] = true
	}
	return labels
}
