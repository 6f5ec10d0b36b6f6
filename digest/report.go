package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"slowdigest/digest/plans"
	"slowdigest/digest/releases"
	"slowdigest/digest/tally"
	"slowdigest/parser/fingerprint"
	"slowdigest/parser/tags"
)

// Report states the outcome of one window, for the notifiers to show and
// `--format json` to print. It holds no literal of any statement. All times are
// UTC and all durations are seconds.
type Report struct {
	Version     int      `json:"version"` // of this format; 1
	Rules       int      `json:"rules"`   // fingerprint.Rules of its IDs; 0 is 1
	Window      Window   `json:"window"`
	Inferred    bool     `json:"window_inferred,omitempty"` // a bound of the window is only that of the entries, and none was given
	OrderBy     OrderBy  `json:"order_by,omitempty"`        // what its classes are ranked by, if not by time
	By          By       `json:"by,omitempty"`              // what its classes are if not query classes: each then has a Group
	PerInstance bool     `json:"per_instance,omitempty"`    // a statement is a class of its own on each instance
	Instances   []string `json:"instances,omitempty"`       // the instances, or local files, that were read
	Coverage    Coverage `json:"coverage"`
	Overall     Overall  `json:"overall"`
	Classes     []Class  `json:"classes"` // by rank, as many as the limit let through
	Misc        Misc     `json:"misc"`    // all the other classes together
	// Releases are those of the tags of its calls, with their first calls; nil where calls have none, or so many that
	// these are no releases.
	Releases []releases.Seen `json:"releases,omitempty"`
	// Past states what is remembered of the time before the window. Nil where nothing
	// is: then it is not known what is new.
	Past   *Past   `json:"past,omitempty"`
	Filter *Filter `json:"filter,omitempty"` // what was counted, if not everything
	Detail *Detail `json:"detail,omitempty"` // if it was asked for

	// Kept is set where the report is one that an archive keeps: see Archived.
	Kept  *keptReport `json:"kept,omitempty"`
	whole *Aggregator // that counted it, if Aggregator.Keep is set

	compared compared
}

// Window is the half-open interval [Start, End), in UTC. A zero bound is no bound.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Contains reports whether t lies in the window.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.Start) && (w.End.IsZero() || t.Before(w.End))
}

// maxHours bounds the hours that are looked at one by one, to those of a year: a window that
// nobody bounded ends with the last entry, whose time may be any.
const maxHours = 366 * 24

// Hours returns the hours of the clock that the window consists of, and none if
// it is not made of whole ones, or longer than a year.
func (w Window) Hours() []Window {
	if w.End.Sub(w.Start) > maxHours*time.Hour {
		return nil
	}
	if w.Start.IsZero() || !w.Start.Truncate(time.Hour).Equal(w.Start) || !w.End.Truncate(time.Hour).Equal(w.End) {
		return nil
	}
	var hours []Window
	for at := w.Start; at.Before(w.End); at = at.Add(time.Hour) {
		hours = append(hours, Window{Start: at, End: at.Add(time.Hour)})
	}
	return hours
}

// Coverage states how far the numbers of a report can be trusted.
type Coverage struct {
	Files       int   `json:"files"`        // files chosen for the window
	BytesListed int64 `json:"bytes_listed"` // their sizes as listed
	BytesRead   int64 `json:"bytes_read"`
	// BytesSkipped were not asked for, being older than the window.
	BytesSkipped int64 `json:"bytes_skipped,omitempty"`
	Portions     int   `json:"portions,omitempty"` // answers that the bytes came in
	Retries      int   `json:"retries,omitempty"`  // calls that had to be repeated
	Events       int64 `json:"events"`             // entries read
	InWindow     int64 `json:"in_window"`          // entries whose time lies in the window
	Unreadable   int64 `json:"unreadable"`         // entries that could not be read, or have no time
	Doubtful     int64 `json:"doubtful,omitempty"` // places that leave it open whether there is an entry
	Truncated    int64 `json:"truncated"`          // entries whose statement was cut
	// TruncatedLines were cut by RDS, being longer than what it sends at once.
	TruncatedLines int   `json:"truncated_lines,omitempty"`
	Untimed        int64 `json:"untimed,omitempty"`  // of the unreadable, entries without a timestamp
	Filtered       int64 `json:"filtered,omitempty"` // entries in the window that Report.Filter left out
	// Unanswered counts those of the filtered for which it is unknown whether Filter.Where
	// holds, and Unknown names the fields that they do not tell; see filter.Missing.
	Unanswered int64    `json:"unanswered,omitempty"`
	Unknown    []string `json:"unknown,omitempty"`
	Throttled  int64    `json:"throttled,omitempty"` // statements that log_throttle_queries_not_using_indexes left out
	Folded     int      `json:"folded,omitempty"`    // classes beyond what is kept, which are only counted together
	// Complete is false where anything of the window is known to be missing.
	Complete bool `json:"complete"`
	// Sampled is set where samples alone say that what was skipped is older than the window.
	Sampled bool `json:"sampled,omitempty"`
	// AsListed is set where an instance lists no file for a part of the window, as it does
	// where it logged nothing. The file may be late.
	AsListed bool `json:"as_listed,omitempty"`
	// Awaited is set where all that is missing is of instances that are asleep, or of
	// files that are not listed yet: it is read when it is there.
	Awaited bool `json:"awaited,omitempty"`
	// Without lists the instances of which all is missing that is, and of which that is
	// known: they do not log, or are not there any more.
	Without []string `json:"without,omitempty"`
	// Notes say in whole sentences what is missing, and why, as whoever met it put it.
	Notes []string `json:"notes"`
	// Gaps are the parts of files that are known to be missing, by instance and
	// time.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Gap bounds a part of a slow log that could not be read. Of an hour that has no
// file, no bytes are known.
type Gap struct {
	Instance string `json:"instance,omitempty"`
	File     string `json:"file"`
	From     int64  `json:"from"` // bytes; To is after the last one
	To       int64  `json:"to"`
	// After and Before bound the times of the missing entries. Either is zero
	// where it is not known.
	After  time.Time `json:"after,omitzero"`
	Before time.Time `json:"before,omitzero"`
}

// Add adds what is known of another part of the window.
func (c *Coverage) Add(part Coverage) {
	c.Files += part.Files
	c.BytesListed += part.BytesListed
	c.BytesRead += part.BytesRead
	c.BytesSkipped += part.BytesSkipped
	c.Portions += part.Portions
	c.Retries += part.Retries
	c.TruncatedLines += part.TruncatedLines
	c.Events += part.Events
	c.InWindow += part.InWindow
	c.Unreadable += part.Unreadable
	c.Doubtful += part.Doubtful
	c.Truncated += part.Truncated
	c.Untimed += part.Untimed
	c.Filtered += part.Filtered
	c.Unanswered += part.Unanswered
	for _, name := range part.Unknown {
		if !slices.Contains(c.Unknown, name) {
			c.Unknown = append(c.Unknown, name)
		}
	}
	c.Throttled += part.Throttled
	c.Folded += part.Folded
	c.Complete = c.Complete && part.Complete
	c.Sampled = c.Sampled || part.Sampled
	c.Notes = append(c.Notes, part.Notes...)
	c.Gaps = append(c.Gaps, part.Gaps...)
}

// Metrics state one quantity over the calls of a class. Min,
// Max, Sum, Mean and StdDev are exact; Median and P95 are within 1 %.
type Metrics struct {
	Sum    float64 `json:"sum"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	StdDev float64 `json:"stddev"` // of the population
}

// Totals hold the numbers that a class and the whole report have in common. The
// pointers are nil where no entry of the log carries the quantity.
type Totals struct {
	Calls         int64    `json:"calls"`
	QueryTime     Metrics  `json:"query_time"` // seconds
	LockTime      Metrics  `json:"lock_time"`  // seconds
	RowsSent      Metrics  `json:"rows_sent"`
	RowsExamined  Metrics  `json:"rows_examined"`
	QueryBytes    Metrics  `json:"query_bytes"` // length of the statements, comments included
	RowsAffected  *Metrics `json:"rows_affected,omitempty"`
	BytesSent     *Metrics `json:"bytes_sent,omitempty"`
	TmpTables     *int64   `json:"tmp_tables,omitempty"`
	TmpDiskTables *int64   `json:"tmp_disk_tables,omitempty"`
	FullScans     *int64   `json:"full_scans,omitempty"` // calls that read a whole table
	Errors        *int64   `json:"errors,omitempty"`     // calls that ended in an error

	// Of how many of the calls the log states the number, if not of all: logs of
	// several instances, or from before and after a change of log_slow_extra.
	TmpDiskTablesOf int64 `json:"tmp_disk_tables_of,omitempty"`
	FullScansOf     int64 `json:"full_scans_of,omitempty"`
	ErrorsOf        int64 `json:"errors_of,omitempty"`

	// CallsPerSecond and Concurrency, which is how many calls ran at a time, are means over
	// the window; 0 where nothing has a time.
	CallsPerSecond float64 `json:"calls_per_second,omitempty"`
	Concurrency    float64 `json:"concurrency,omitempty"`
}

// Overall states the numbers of everything in the window.
type Overall struct {
	Classes int `json:"classes"`
	Totals
	// ByInstance states what ran on each instance, the greatest time first, and after them
	// those of which it is worth a word that nothing did. Nil where there are no two.
	ByInstance []InstanceTotal `json:"by_instance,omitempty"`
}

// InstanceTotal states what ran on an instance.
type InstanceTotal struct {
	Instance  string  `json:"instance"`
	Calls     int64   `json:"calls"`
	QueryTime float64 `json:"query_time"` // seconds, all calls together
	Usual     *Usual  `json:"usual,omitempty"`
	Stopped   bool    `json:"stopped,omitempty"` // it ran nothing, and did in the hour before
}

// InstancePart states what a class did on an instance.
type InstancePart struct {
	Instance  string  `json:"instance"`
	QueryTime float64 `json:"query_time"` // seconds, all calls together
	// Share is the part, 0 to 1, of the class's number by which the report is ordered. It is
	// of the query time where that number is 0, or the longest call, which has no parts.
	Share float64 `json:"share"`
}

// TagCount states the calls of a class that have a tag.
type TagCount = tally.Count

// CodeTag is the key under which each call with a tag that names a place in the code has the
// best of these.
const CodeTag = tags.Code

// Release is a release, and since when it is there.
type Release = releases.Mark

// CheckRelease returns the name of a release as it is kept, or an error: 1 to 80 letters, digits and
// _ . : / # @ + - that look like no secret, person or machine.
func CheckRelease(name string) (string, error) {
	kept := tags.Release(name)
	if kept == "" {
		return "", fmt.Errorf("release %q: want 1 to 80 letters, digits and _.:/#@+- that look like no secret, address or long number", name[:min(len(name), 2*tags.MaxValue)])
	}
	return kept, nil
}

// IsNewsTagKey reports whether a chat shows the key beside that of the place: it is a release, or none of those
// that are known, so that somebody asked for it.
func IsNewsTagKey(key string) bool {
	return key == "release" || key != CodeTag && !slices.Contains(tags.Keys, key)
}

// NamesPlace reports whether a key is CodeTag, or one of those that it is made of.
func NamesPlace(key string) bool { return tags.NamesPlace(key) }

// IsTagKey reports whether a tag may have the key.
func IsTagKey(key string) bool { return tags.IsKey(key) }

// CheckTagKeys returns an error if they cannot be Aggregator.TagKeys.
func CheckTagKeys(keys []string) error {
	for _, k := range keys {
		if err := tags.CheckKey(k); err != nil {
			return err
		}
	}
	if len(keys) > tags.MaxKeys {
		return fmt.Errorf("%d keys of tags: want at most %d", len(keys), tags.MaxKeys)
	}
	return nil
}

// Plans state how the server executed the calls of a class, Plan one way to, and PlanRow how it reads a table.
type (
	Plans   = plans.Plans
	Plan    = plans.Plan
	PlanRow = plans.Row

	PlanChange = plans.Change
	PlanRest   = plans.Rest
)

// Table is the name of a table or view, as fingerprint.Tables has it.
type Table = fingerprint.Table

// Owner is somebody who answers for a class.
type Owner struct {
	Name string // IsOwner holds
	// Mention is the ID of the Slack user or user group to mention where the class is news;
	// IsMention holds. Empty is nobody, as it is of a report that was saved.
	Mention string
}

// MarshalText returns the name, which alone is saved.
func (o Owner) MarshalText() ([]byte, error) { return []byte(o.Name), nil }

// UnmarshalText reads a name.
func (o *Owner) UnmarshalText(text []byte) error {
	*o = Owner{Name: string(text)}
	return nil
}

// MaxOwner is the most characters of an owner's name.
const MaxOwner = 40

// IsOwner reports whether an owner may have the name.
func IsOwner(name string) bool {
	return name != "" && len(name) <= MaxOwner && isAlphanumeric(name[0]) && strings.IndexFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || !isAlphanumeric(byte(r)) && !strings.ContainsRune("_.-/", r)
	}) < 0
}

// IsMention reports whether an ID has the form of those of Slack's users and user groups.
func IsMention(id string) bool {
	return len(id) >= 7 && len(id) <= 32 && strings.IndexByte("UWS", id[0]) >= 0 &&
		strings.IndexFunc(id, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) < 0
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// Class states the numbers of all the calls of the statements that share a
// fingerprint, or that share what Report.By names.
type Class struct {
	Rank        int     `json:"rank"` // from 1
	ID          string  `json:"id"`   // fingerprint.ID of the fingerprint, 32 digits; of a Group another that stays the same
	Group       *Group  `json:"group,omitempty"`
	Fingerprint string  `json:"fingerprint"`
	Share       float64 `json:"share"`            // of the overall query time, 0 to 1
	Tables      []Table `json:"tables,omitempty"` // that the fingerprint names
	Totals
	Lists *Lists `json:"lists,omitempty"` // nil where no list had two members
	// VMR is the variance-to-mean ratio of the query time, in seconds.
	VMR       float64          `json:"vmr"`
	Users     map[string]int64 `json:"users"` // calls by name, in this and the following maps
	Hosts     map[string]int64 `json:"hosts"`
	Schemas   map[string]int64 `json:"schemas"`
	Instances map[string]int64 `json:"instances"`
	// Of more than 128 users, hosts or schemas, each that has a hundredth of the calls is named,
	// with those calls that are certainly its own; the others are under OtherNames. Most bounds
	// the calls of any of them then.
	Most MostCalls `json:"most,omitzero"`
	// HostNetwork is the network or domain that all hosts have in common but HostOutside, if that
	// is set: such as 10.11.0.0/16, 10.11.12.0/24, 2001:db8:0:1::/64 or *.eu.example.com, or empty.
	HostNetwork string `json:"host_network,omitempty"`
	HostOutside string `json:"host_outside,omitempty"`
	// ByInstance states what the class did on each instance, the greatest share first. Nil
	// where there are no two.
	ByInstance []InstancePart `json:"by_instance,omitempty"`
	// Tags are what comments of the statements say of the code that they come from, the
	// values of each key with the most time first. Nil where they say nothing.
	Tags []TagCount `json:"tags,omitempty"`
	// Plans are nil where the log tells none.
	Plans     *Plans    `json:"plans,omitempty"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	// Timeline is the query time, in seconds, in each twelfth of the window.
	Timeline []float64 `json:"timeline,omitempty"`
	// Distribution counts the calls by query time, from the bin of the quickest
	// to that of the slowest. A call less than 1 % from a border may be counted
	// in the bin beyond it.
	Distribution []Bin    `json:"distribution,omitempty"`
	Slowest      *Slowest `json:"slowest,omitempty"`
	// Growth is set where that grows all along.
	Growth *Growth `json:"growth,omitempty"`
	Detail *Lines  `json:"detail,omitempty"` // if it was asked for
	// Change states how the class differs from its own past. Nil where it does not
	// or where there is no past.
	Change *Change `json:"change,omitempty"`
	// Detectable is how many times its usual calls a class that did not change must have for that to
	// be seen within a day, as its own past tells. 0 is unknown.
	Detectable float64 `json:"detectable,omitempty"`
	// Told is set where a digest of the last day has said that the class is NEW or BACK.
	Told *Told `json:"told,omitempty"`
	// Unnamed is set where the class leads, and the message that was made of the report neither
	// names nor counts it, or is to name it yet.
	Unnamed bool `json:"-"`
	// Note holds what somebody wrote about the class.
	Note string `json:"note,omitempty"`
	// Owners are those that a file of owners names.
	Owners []Owner `json:"owners,omitempty"`
	// Label is what the class is called in this report, Form in which of the forms, the
	// shortest is 0, and Known the hour since when it is remembered: see redact.TellApart.
	Label string    `json:"-"`
	Form  int       `json:"-"`
	Known time.Time `json:"-"`

	// Kept is what it takes to merge the class with those of other hours: see Archived.
	Kept *keptClass `json:"kept,omitempty"`

	anew bool // it would be WORSE, but for the rules having changed: see regroupedFor
}

// Group is a class that is not one of statements: it has no Fingerprint.
type Group struct {
	Name string `json:"name,omitempty"` // of a user, for example, or of a table as statements write it
	None bool   `json:"none,omitempty"` // the calls of which the log names none
	// Queries are the query classes on which the group spent most time, at most three.
	Queries []GroupQuery `json:"queries,omitempty"`
	By      By           `json:"-"` // as Report.By, of a report that is shown: see redact.Groups
}

// GroupQuery is a query class with what it is of a group, at least.
type GroupQuery struct {
	ID          string  `json:"id"`
	Fingerprint string  `json:"fingerprint"`
	Calls       int64   `json:"calls"`
	QueryTime   float64 `json:"query_time"` // seconds, all calls together
	Label       string  `json:"-"`          // as Class.Label
}

// MostCalls states how many calls any one user, host and schema has at most; 0 where all are
// named.
type MostCalls struct {
	Users   int64 `json:"users,omitempty"`
	Hosts   int64 `json:"hosts,omitempty"`
	Schemas int64 `json:"schemas,omitempty"`
}

// Growth states that the query time of a class grew in each quarter of the window.
type Growth struct {
	From  float64 `json:"from"`  // seconds of query time in a twelfth of the window, as a mean of the first quarter
	To    float64 `json:"to"`    // and of the last one
	Every float64 `json:"every"` // how long a twelfth is, in seconds
}

// Lists state how long the lists of a class were: elements of IN, rows of VALUES,
// arguments, branches of CASE and UNION, members of AND and OR, of which the
// fingerprint shows one. The longest list of each call counts.
type Lists struct {
	Calls    int64   `json:"calls"`     // that had a list, if of one member
	Median   float64 `json:"median"`    // members, within 1 %
	Max      int64   `json:"max"`       // members
	LongTime float64 `json:"long_time"` // query time of the calls with 1,000 members or more, in seconds
}

// ChangeKind names in a word what changed about a class.
type ChangeKind string

// The kinds of a Change. The first three stand first in a digest.
const (
	New    ChangeKind = "NEW"    // not seen for as long as is remembered
	Worse  ChangeKind = "WORSE"  // more time or longer calls than its own past allows
	Back   ChangeKind = "BACK"   // seen before, but not lately
	Better ChangeKind = "BETTER" // less time than its own past led to expect
	Gone   ChangeKind = "GONE"   // not seen any more
	// BackToUsual is only of what a Day tells: not WORSE any more.
	BackToUsual ChangeKind = "BACK TO USUAL"
	// Fixed is of a FixedClass.
	Fixed ChangeKind = "FIXED"
)

// Change states how a class differs from its own past.
type Change struct {
	Kind ChangeKind `json:"kind"`
	// Unseen is for how many seconds before the window a class that is NEW or BACK
	// was not seen, as far as is remembered. LastSeen is the hour in which one that is
	// BACK was seen before.
	Unseen   float64   `json:"unseen,omitempty"`
	LastSeen time.Time `json:"last_seen,omitzero"`
	// First is the hour in which a class was NEW or BACK, if that was before the window and
	// within a day, and it did not lead.
	First time.Time `json:"first,omitzero"`
	// Of is the quantity that changed, of a WORSE or BETTER class: "query_time",
	// the total of an hour, or "p95". Values are its own.
	Of string `json:"of,omitempty"`
	Values
	// MeanOf is of how many hours Now is the mean, of a query_time.
	MeanOf int `json:"mean_of,omitempty"`
	// TimesCalls and TimesEach state the cause of a query_time that is WORSE, at most
	// one of them: the calls, or the time of each, as a multiple of the median.
	TimesCalls float64 `json:"times_calls,omitempty"`
	TimesEach  float64 `json:"times_each,omitempty"`
	// P95 is set where it is WORSE in addition to the query_time.
	P95 *Values `json:"p95,omitempty"`
	// Since is the hour in which a class became WORSE, if that was before the window
	// and within a day.
	Since time.Time `json:"since,omitzero"`
	// Again is set where it is not so since then without a break: the end of it was told. Without
	// Since it has become WORSE again in this window.
	Again bool `json:"again,omitempty"`
	// Common is set where the change is one of those of Past.Incident.
	Common bool `json:"common,omitempty"`

	// Release is the one of which it is known that a class that is NEW or WORSE became so within an hour after it.
	Release *Release `json:"release,omitempty"`

	found finding // of Worse, where it is of this hour and not by the older rule
}

// Told states what a digest has said of a class, New or Back, and of which hour.
type Told struct {
	Kind  ChangeKind `json:"kind"`
	Since time.Time  `json:"since"`
}

// Ended identifies a class that an earlier digest has called WORSE and that was as usual,
// or nearly, in the window.
type Ended struct {
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"`
	// From is the hour since when it was WORSE, or the time since when the incident was of which it is the
	// most, and To the end of the last hour in which it was.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// FixedClass identifies a class that a digest has called NEW or WORSE, and that has since been as it was before
// for a day.
type FixedClass struct {
	ID          string     `json:"id"`
	Fingerprint string     `json:"fingerprint,omitempty"` // empty where the window has no call of it
	Label       string     `json:"label,omitempty"`       // what it was called, or empty where that was not kept
	Was         ChangeKind `json:"was"`                   // New or Worse
	From        time.Time  `json:"from"`                  // the hour in which it was so first
	To          time.Time  `json:"to"`                    // the end of the last hour in which it was so
	// Before and Now are its query time per hour, in seconds: from From to To, and in the day of Hours hours
	// that were read up to the end of the window. Usual is what was usual for such a day, if it was WORSE.
	Before float64 `json:"before"`
	Now    float64 `json:"now"`
	Usual  float64 `json:"usual,omitempty"`
	Hours  int     `json:"hours"`
	// Release is the one within an hour after which it became as it was before, where that is known.
	Release *Release `json:"release,omitempty"`
}

// Values states a quantity in the window and in the past, in seconds.
type Values struct {
	Now     float64 `json:"now,omitempty"`
	Median  float64 `json:"usual,omitempty"`
	Highest float64 `json:"highest,omitempty"`
	// Days is on how many days the past was looked at, around the same hour of day.
	// Where it is 0 the past is Hours hours in which the class was seen, or, where that
	// is 0 too, any hour that is remembered.
	Days  int `json:"days,omitempty"`
	Hours int `json:"hours,omitempty"`
}

// Past states what a report takes from the hours before it.
type Past struct {
	Since    time.Time   `json:"since"`              // start of the first window that is remembered
	Learning bool        `json:"learning,omitempty"` // too little is remembered to know what changed
	Gone     []GoneClass `json:"gone,omitempty"`
	Incident *Incident   `json:"incident,omitempty"` // of one hour of the clock
	// Logged is set where the log holds shorter calls than before.
	Logged *Logged `json:"logged,omitempty"`
	// EndedIncident is set once, where the one that digests told of is over.
	EndedIncident *EndedIncident `json:"ended_incident,omitempty"`
	Ended         []Ended        `json:"ended,omitempty"`    // not WORSE any more
	Fixed         []FixedClass   `json:"fixed,omitempty"`    // NEW or WORSE for days, and not so for a day
	Muted         []MutedClass   `json:"muted,omitempty"`    // left out of the classes
	Missed        []Window       `json:"missed,omitempty"`   // deleted before they could be read
	GivenUp       []Window       `json:"given_up,omitempty"` // tried for as long as RDS keeps any log
	News          []string       `json:"news,omitempty"`     // sentences: what has become of instances
	Repeat        bool           `json:"repeat,omitempty"`   // this digest may have been posted before
	CatchUp       int            `json:"catch_up,omitempty"` // hours in this one report, 0 or 1 where it is only one
	New           int            `json:"new,omitempty"`      // how many classes are NEW, those below the limit included
	Worse         int            `json:"worse,omitempty"`    // and WORSE
	Back          int            `json:"back,omitempty"`     // and BACK
	Better        int            `json:"better,omitempty"`   // and BETTER
	Minor         []Minor        `json:"minor,omitempty"`    // those that do not lead, by kind
	// Leading is the share of the overall query time that all have together that lead, by kind, also those
	// below the limit.
	Leading map[ChangeKind]float64 `json:"leading,omitempty"`
	Usual   *Usual                 `json:"usual,omitempty"`  // of one hour of the clock; nil where too little is known
	Forgot  int                    `json:"forgot,omitempty"` // classes given up so far for want of room; such a one would look NEW
	// Day is set in the message that tells a day: see handler.Daily.
	Day *Day `json:"day,omitempty"`
	// Days is how many days are remembered, from the end of learning until weekly rhythm is
	// known; else 0.
	Days int `json:"days,omitempty"`
	// Regrouped is set in the week after the rules of fingerprints changed.
	Regrouped *Regrouped `json:"regrouped,omitempty"`
}

// Day sums up a day of a channel: 24 hours, or 23 or 25 where the clocks change.
type Day struct {
	Window    Window  `json:"window"`
	Posted    int     `json:"posted"`             // hours that were told in a message
	Silent    int     `json:"silent"`             // that were read, and had no news
	Missed    int     `json:"missed,omitempty"`   // that are lost
	Left      int     `json:"pending,omitempty"`  // that are yet to be read
	QueryTime float64 `json:"query_time"`         // seconds, within 7 %
	Partial   int     `json:"partial,omitempty"`  // hours that were read, but not as a whole, of which the rest will not be
	Asleep    int     `json:"asleep,omitempty"`   // hours in which an instance was paused or stopped from the beginning to the end
	Empty     int     `json:"empty,omitempty"`    // hours that are known to have had no slow query
	Learning  int     `json:"learning,omitempty"` // hours of which too little was known before to tell what changed
	// Told states what was told in these hours, by kind, of classes each of which counts once.
	Told []Minor `json:"told,omitempty"`
	// Incidents are those of the day; their ends are those of the hours that were told.
	Incidents []EndedIncident `json:"incidents,omitempty"`
}

// GoneClass identifies a class that was a part of the load and is no more.
type GoneClass struct {
	ID       string    `json:"id"`
	Label    string    `json:"label,omitempty"` // what it was called, or empty where that was not kept
	LastSeen time.Time `json:"last_seen"`
	// Mean is the query time per hour, in seconds, of the Hours hours in which it was
	// seen, and LongestGap how many hours passed from one of them to the next at most.
	Mean       float64 `json:"mean,omitempty"`
	Hours      int     `json:"hours,omitempty"`
	LongestGap int     `json:"longest_gap,omitempty"`
}

// MutedClass sums up a class that somebody wants to hear no more of for a while.
type MutedClass struct {
	ID          string    `json:"id"`
	Fingerprint string    `json:"fingerprint"`
	Calls       int64     `json:"calls"`
	QueryTime   float64   `json:"query_time"`     // seconds, all calls together
	Until       time.Time `json:"until,omitzero"` // zero is forever
	Reason      string    `json:"reason,omitempty"`
	By          string    `json:"by,omitempty"`
}

// Misc sums up the classes below the limit.
type Misc struct {
	Classes   int   `json:"classes"`
	Calls     int64 `json:"calls"`
	QueryTime struct {
		Sum float64 `json:"sum"`
	} `json:"query_time"`
}

// JoinWindows returns windows in which those that follow on each other are one.
func JoinWindows(windows []Window) []Window {
	var joined []Window
	for _, w := range windows {
		if n := len(joined); n > 0 && joined[n-1].End.Equal(w.Start) {
			joined[n-1].End = w.End
		} else {
			joined = append(joined, w)
		}
	}
	return joined
}
