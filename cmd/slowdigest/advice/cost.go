package advice

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"slowdigest/notifier"
	"slowdigest/source"
)

// Prices are those that AWS lists for us-east-1, in US dollars and without a free tier, as pages
// about them quoted it in May and June 2026.
const (
	gigabyteSecond = 0.0000133334     // of Lambda on arm64, up to 7.5 billion a month
	invocation     = 0.20 / 1e6       // of Lambda
	put            = 0.005 / 1000     // of S3, in the standard class
	get            = 0.0004 / 1000    // of S3, likewise
	Metric         = 0.30             // a month, of CloudWatch
	Alarm          = 0.10             // a month, of CloudWatch
	CompositeAlarm = 0.50             // a month, of CloudWatch
	Key            = 1.00             // a month, of KMS
	Dashboard      = 3.00             // a month, of CloudWatch, which has three for nothing
	exported       = 0.50             // per GB of log that CloudWatch takes in
	gigabytes      = 256.0 / 1024     // of memory, as serverless.yml has it
	hoursOfMonth   = 730              // on average
	runTime        = 15 * time.Minute // Lambda's maximum, and the function's timeout
)

// An hour without anything unread saves the state as it claims it, as it posts and as it is done,
// and reads it as often, and who owns what.
const (
	Puts = 3
	Gets = 5
)

// RDS delivers one log at 0.3 to 0.9 MB/s, as others have measured it.
const (
	slowest = 300_000 // bytes per second
	fastest = 900_000
)

// seconds is how long a run takes for so many bytes at most, which is no longer than it may last.
func seconds(bytes int64) float64 { return min(float64(bytes)/slowest, runTime.Seconds()) }

// reading is what it costs in a month at most to read so many bytes of an instance each hour.
func reading(bytes int64) float64 {
	return seconds(bytes) * gigabytes * gigabyteSecond * hoursOfMonth
}

// Month is what Lambda and S3 cost at most in a month, for so many instances that log so many
// bytes per hour each, in one channel.
func Month(instances int, bytes int64) float64 {
	return float64(instances)*reading(bytes) + hoursOfMonth*(invocation+Puts*put+Gets*get)
}

// Export is what CloudWatch would take in a month for the export of a log of so many bytes per hour.
func Export(bytes int64) float64 { return float64(bytes) / 1e9 * hoursOfMonth * exported }

// Log is how much an instance has logged in whole hours.
type Log struct {
	Hours   int   // 24 at most
	Total   int64 // bytes
	Largest int64 // bytes of an hour
}

// Measure returns what was logged in the last 24 of the hours whose files RDS lists. An hour may
// have no file, where it was quiet.
func Measure(rotated []source.File) (l Log) {
	hour := func(f source.File) time.Time { return f.LastWritten.Add(-time.Nanosecond).Truncate(time.Hour) }
	var newest time.Time
	for _, f := range rotated {
		if hour(f).After(newest) {
			newest = hour(f)
		}
	}
	for _, f := range rotated {
		if back := int(newest.Sub(hour(f))/time.Hour) + 1; back <= 24 {
			l.Hours = max(l.Hours, back)
			l.Total += f.Size
			l.Largest = max(l.Largest, f.Size)
		}
	}
	return l
}

// Cost says what it costs to read such a log each hour, and where that does not go into a run. Of
// an instance a run reads most bytes at most; 0 is all.
func (l Log) Cost(most int64) Judgement {
	j := Judgement{Verdict: "ok", Subject: "cost"}
	if l.Hours == 0 {
		j.Text = "not known: no log of a whole hour is listed"
		return j
	}
	average, largest := l.Total/int64(l.Hours), l.Largest
	j.Text = fmt.Sprintf("%s per hour, %s in the largest of %d: ", megabytes(average), megabytes(largest), l.Hours)
	if most > 0 {
		average, largest = min(average, most), min(largest, most)
	}
	j.Text += fmt.Sprintf("up to %s of the function per hour, %s per month", notifier.Duration(seconds(average)), dollars(reading(average)))
	if left := l.Largest - largest; left > 0 {
		j.Text += fmt.Sprintf("; SLOWDIGEST_MAX_BYTES leaves %s of the largest unread", megabytes(left))
	}
	switch whole := runTime.Seconds(); {
	case float64(largest)/fastest > whole:
		j.Text += "; the largest cannot be read within the 15 minutes of a run"
	case float64(largest)/slowest > whole:
		j.Text += "; the largest may take longer than the 15 minutes of a run"
	default:
		return j
	}
	j.Verdict = "warning"
	return j
}

// CostFix is what to do where an hour does not go into a run.
const CostFix = "raise long_query_time, or set SLOWDIGEST_MAX_BYTES=250MB, which leaves the rest unread and says so"

// Download says what a way to download costs.
func Download(d source.Download) string {
	switch d {
	case source.Complete:
		return "complete: the whole file in one response, also for a question about its last minutes"
	case source.Auto:
		return "auto: the whole file in one response, where that is allowed, also for a question about its last minutes"
	}
	return string(source.Portions)
}

// Queue says what a queue costs.
const Queue = "each channel is an invocation of its own, and SQS bills the messages and that Lambda polls for them"

func dollars(d float64) string {
	if d < 0.005 {
		return "less than $0.01"
	}
	return fmt.Sprintf("$%.2f", d)
}

func megabytes(n int64) string { return humanize.Bytes(uint64(max(0, n))) }
