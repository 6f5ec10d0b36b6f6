package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"slowdigest/digest"
	"slowdigest/handler"
	"slowdigest/source"
)

// Config holds the settings. Each field has a flag, an environment variable, or
// both. A command declares the settings that it reads; the others are refused as
// flags, and ignored in its environment.
type Config struct {
	// What is read.
	Instances listValue
	Tag       string // of more instances, as KEY=VALUE
	Download  source.Download
	MaxBytes  int64 // of one instance; 0 is all

	// What is counted, and how it is shown.
	Limit                 digest.Limit
	OrderBy               digest.OrderBy
	MinTime               float64 // seconds
	Daily                 handler.Daily
	PerInstance           bool
	By                    digest.By // of report, run and diff
	Users, Hosts, Schemas nameList
	IDs                   idList
	QueryTags             tagList
	TagKeys               keyList // of tags in comments, in addition to those that are known
	Where                 conditionValue
	Format                string
	Zone                  *time.Location // of the times that are shown; nil is UTC

	// Where it is posted.
	Channel        string
	Token          string     // only from the environment: an argument would show in the process list
	TokenParameter string     // the name of an SSM parameter that holds the Slack token
	SlackAPI       string     // in place of Slack's own, for tests
	Links          linksValue // in chats
	QueueURL       string

	Owners string // a file; empty is the object "owners" next to the state, if there is one

	// What is remembered between two runs.
	State  string // s3://BUCKET/PREFIX or a directory; empty is no memory
	Repeat string // what to do with a digest whose delivery is unconfirmed: post or skip
	Force  bool
	Keep   time.Duration // how long the report of each hour is archived; 0 is not at all

	// Who may ask in Slack. Without a signing secret nobody may, and a digest has
	// no buttons.
	SigningSecret    string // only from the environment
	SigningParameter string // the name of an SSM parameter that holds it
	AskChannels      listValue
	AskUsers         listValue
	AnswerFunction   string // the name of the Lambda function that answers them; empty is the one that they reach

	// The name of an SSM parameter that holds the bearer token of agents. Without one
	// they may not ask over the function's URL.
	AgentsParameter string

	Stage string // of the deployment

	// Of AWS; empty is as the standard way finds them.
	Region, Profile string
}

func (c *Config) declareInstances(f *flags) {
	f.declare(&c.Instances, "instance", "SLOWDIGEST_INSTANCES",
		"`ID` of a DB instance to read, a pattern such as orders-*, or cluster:ID for the members of a cluster; repeat it or use commas")
	f.text(&c.Tag, "tag", "SLOWDIGEST_TAG", "`tag` of further instances to read, such as slowdigest=on")
	c.Download = source.Portions
	f.declare(&parsedValue[source.Download]{&c.Download, parseDownload, string(source.Portions)}, "download", "SLOWDIGEST_DOWNLOAD",
		"`way` to read from RDS: portions of 1 MB, complete (a file in one response, with all its bytes; needs rds:DownloadCompleteDBLogFile), or auto, which tries that and falls back to portions")
	f.choices["download"] = downloads
}

func (c *Config) declareMaxBytes(f *flags) {
	f.declare(&parsedValue[int64]{&c.MaxBytes, parseBytes, ""}, "max-bytes", "SLOWDIGEST_MAX_BYTES",
		"most `bytes` to read of one instance in a run, such as 500MB; the rest is reported as missing")
}

// declareAccount adds where in AWS to look.
func (c *Config) declareAccount(f *flags) {
	f.text(&c.Region, "region", "", "AWS `region`; else $AWS_REGION, or that of the profile")
	f.text(&c.Profile, "profile", "", "`name` of a profile in ~/.aws/config, for its credentials and region")
}

// declareRanking adds the settings of what is counted as what, and how much of
// it is shown.
func (c *Config) declareRanking(f *flags) {
	c.Limit, c.OrderBy = digest.DefaultLimit, digest.OrderBySum
	f.declare(&parsedValue[digest.Limit]{&c.Limit, digest.ParseLimit, "95%:20"}, "limit", "SLOWDIGEST_LIMIT",
		"most classes to show: a `share` of the total, a number, both (95%:20), both with up to 3 outliers among them (95%:20+3, or +0 for none), or all")
	f.declare(&parsedValue[digest.OrderBy]{&c.OrderBy, digest.ParseOrderBy, "sum"}, "order-by", "SLOWDIGEST_ORDER_BY",
		"`number` to rank by: sum, max, count, rows_examined or lock_time")
	f.choices["order-by"] = digest.OrderNames
	c.declareMinTime(f, "SLOWDIGEST_MIN_TIME")
	f.boolean(&c.PerInstance, "per-instance", "SLOWDIGEST_PER_INSTANCE",
		"make a statement a class of its own on each instance, as on a writer and its readers, with an ID that only slowdigest knows; else it is one class over all")
	c.declareTagKeys(f)
}

func (c *Config) declareTagKeys(f *flags) {
	f.declare(&c.TagKeys, "query-tag-key", "SLOWDIGEST_QUERY_TAG_KEYS",
		"`key` of a tag in the comments of statements to show in addition to those that name code, such as team; repeat it or use commas; see docs/tags.md")
}

// declareBy adds what the calls are grouped by.
func (c *Config) declareBy(f *flags) {
	f.declare(&parsedValue[digest.By]{&c.By, digest.ParseBy, "class"}, "by", "",
		"`what` to rank: class (of queries), instance, user, host, schema or table, each with its worst classes; or the values of a tag in comments, as tag:controller")
	f.choices["by"] = append(slices.Clone(digest.GroupNames[:len(digest.GroupNames)-1]), "tag:code", "tag:controller") // in the place of tag:KEY
}

// checkBy refuses what means nothing for the groups.
func (c *Config) checkBy(f *flags, command string) error {
	if c.By == digest.ByInstance && slices.Contains(f.given, "per-instance") {
		return usageError{fmt.Errorf("%s: --by instance ranks the instances as it is", command), "leave out --per-instance, which is for classes, users, hosts, schemas and tables"}
	}
	return nil
}

func (c *Config) declareMinTime(f *flags, env string) {
	f.declare(&parsedValue[float64]{&c.MinTime, digest.ParseMinTime, ""}, "min-time", env,
		"count only calls that took this `time` or longer, such as 500ms or, in seconds, 0.5")
}

// declareFilter adds what narrows a report down to some of the calls.
func (c *Config) declareFilter(f *flags) {
	f.declare(&c.Users, "user", "", "count only calls of this `name`, or of (none); repeat it or use commas")
	f.declare(&c.Hosts, "host", "", "count only calls from this `client`, named as in the log")
	f.declare(&c.Schemas, "schema", "", "count only calls with this default `database`")
	f.declare(&c.QueryTags, "query-tag", "", "count only calls whose comment has this `tag`, such as controller=orders, or controller=(none)")
	f.declare(&c.IDs, "id", "", "count only the class with this query `ID`, of which the first digits do")
	f.declare(&c.Where, "filter", "", "count only calls for which this `condition` holds, such as 'rows_examined > 1e6 and schema == \"shop\"'; docs/filter.md lists the fields")
}

func (c *Config) declareFormat(f *flags) {
	c.Format = "text"
	f.declare(&parsedValue[string]{&c.Format, parseFormat, "text"}, "format", "SLOWDIGEST_FORMAT",
		"`form` of what is printed: "+strings.Join(formats, ", "))
	f.choices["format"] = formats
}

func (c *Config) declareZone(f *flags, env string) {
	f.declare(&parsedValue[*time.Location]{&c.Zone, handler.ParseZone, ""}, "time-zone", env,
		"`zone` of the times that are shown, such as Europe/Berlin; else UTC; Slack shows each reader's own")
}

func (c *Config) declareChannel(f *flags, usage string) {
	f.text(&c.Channel, "channel", "SLOWDIGEST_CHANNEL", usage)
}

func (c *Config) declareToken(f *flags) {
	f.text(&c.TokenParameter, "slack-token-parameter", "SLACK_TOKEN_PARAMETER",
		"`name` of the SSM parameter that holds the Slack token, or a webhook URL, in place of $SLACK_TOKEN")
}

// declareSlack adds what it takes to post.
func (c *Config) declareSlack(f *flags) {
	c.declareToken(f)
	f.variable(&c.Token, "SLACK_TOKEN",
		"Slack bot token, or the URL of an incoming webhook of Slack or GovSlack (one message, no thread) or of a Teams workflow; no flag, for arguments show in the process list")
	f.text(&c.SlackAPI, "slack-api-url", "SLACK_API_URL", "`URL` of another Slack API: GovSlack's is https://slack-gov.com/api/; or one to test with")
}

func (c *Config) declareLinks(f *flags) {
	f.declare(&c.Links, "link", "SLOWDIGEST_LINKS",
		"`link` for a chat, such as 'Name=https://…{instance}…', or none; repeat it; else RDS console and Database Insights")
}

func (c *Config) declareState(f *flags) {
	f.text(&c.State, "state", "SLOWDIGEST_STATE",
		"`location` to remember what was posted, and what is normal: s3://BUCKET/PREFIX, with a prefix for each stage, or a directory; without one nothing is remembered")
}

func (c *Config) declareOwners(f *flags) {
	f.text(&c.Owners, "owners", "SLOWDIGEST_OWNERS",
		"`file` that says who owns which queries, see docs/owners.md; else the object or file named owners next to the state, if there is one")
}

// declareFromState adds what reads the archive in the place of logs.
func (c *Config) declareFromState(f *flags, fromState *bool) {
	f.boolean(fromState, "from-state", "", "read the hours that are archived next to the state, in the place of logs; see docs/archive.md")
	c.declareState(f)
}

func (c *Config) declareRepeat(f *flags) {
	c.Repeat = "post"
	f.declare(&parsedValue[string]{&c.Repeat, parseRepeat, "post"}, "repeat", "SLOWDIGEST_REPEAT",
		"`what` to do with a digest whose delivery is unconfirmed: post it again, marked as a possible repeat, or skip it")
	f.choices["repeat"] = repeats
}

func (c *Config) declareDaily(f *flags) {
	f.declare(&parsedValue[handler.Daily]{&c.Daily, handler.ParseDaily, ""}, "daily", "SLOWDIGEST_DAILY",
		"`time` of day, such as 09:00 (in UTC) or '09:00 Europe/Berlin', at which one message tells the day; hours without news are then not posted")
}

func (c *Config) declareKeep(f *flags) {
	f.declare(&parsedValue[time.Duration]{&c.Keep, parseKeep, ""}, "keep", "SLOWDIGEST_KEEP",
		"`days` for which the full report of each hour is kept next to the state, such as 35; without it none is; see docs/archive.md")
}

// longestKept is ten years, in days.
const longestKept = 3660

// parseKeep reads a number of days, 35 or 35d. 0 keeps nothing.
func parseKeep(s string) (time.Duration, error) {
	days, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
	if err != nil || days < 0 || days > longestKept {
		return 0, fmt.Errorf("days %q: want how many, such as 35, at most %d; 0 is none", s, longestKept)
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

func (c *Config) declareQueue(f *flags) {
	f.text(&c.QueueURL, "queue-url", "SLOWDIGEST_QUEUE_URL",
		"`URL` of the SQS queue that takes one message for each channel, if there is more than one")
}

func (c *Config) declareSigningSecret(f *flags) {
	f.text(&c.SigningParameter, "signing-secret-parameter", "SLACK_SIGNING_SECRET_PARAMETER",
		"`name` of the SSM parameter that holds Slack's signing secret, which lets people ask in Slack, in place of $SLACK_SIGNING_SECRET")
	f.variable(&c.SigningSecret, "SLACK_SIGNING_SECRET", "Slack's signing secret itself")
}

func (c *Config) declareAgents(f *flags) {
	f.text(&c.AgentsParameter, "mcp-token-parameter", "SLOWDIGEST_MCP_TOKEN_PARAMETER",
		"`name` of the SSM parameter that holds the bearer token of agents, which lets them ask over the function's URL")
}

func (c *Config) declareAnswerFunction(f *flags) {
	f.variable(&c.AnswerFunction, "SLOWDIGEST_ANSWER_FUNCTION",
		"name of the function that answers what is asked in Slack, if it is not the one that Slack reaches")
}

func (c *Config) declareStage(f *flags) {
	f.text(&c.Stage, "stage", "SLOWDIGEST_STAGE", "`stage` of the deployment, the dimension of its metrics; its function is slowdigest-STAGE")
}

// declareHandler adds the settings of the handler of events.
func (c *Config) declareHandler(f *flags) {
	c.declareInstances(f)
	c.declareMaxBytes(f)
	c.declareRanking(f)
	c.declareChannel(f, "Slack `channel` to post to, best by its ID; without one the digest is printed, and under Lambda refused")
	c.declareSlack(f)
	c.declareLinks(f)
	c.declareZone(f, "SLOWDIGEST_TIME_ZONE")
	c.declareState(f)
	c.declareOwners(f)
	c.declareRepeat(f)
	c.declareDaily(f)
	c.declareKeep(f)
	c.declareQueue(f)
	c.declareSigningSecret(f)
	c.declareAgents(f)
	f.declare(&c.AskChannels, "ask-channel", "SLOWDIGEST_ASK_CHANNELS", "`ID` of a channel, in addition to that of the digest, in which people may ask")
	f.declare(&c.AskUsers, "ask-user", "SLOWDIGEST_ASK_USERS", "`ID` of a user who may ask; without one everybody in the channels may")
}

// declareLambda adds the settings that the function reads from its environment.
func (c *Config) declareLambda(f *flags) {
	c.declareHandler(f)
	c.declareAnswerFunction(f)
	c.declareStage(f)
}

// declareMemory adds the settings of the state of a channel.
func (c *Config) declareMemory(f *flags) {
	c.declareState(f)
	c.declareChannel(f, "Slack `channel`, as it is configured for the digest")
}

// discovers reports whether RDS is to be asked which instances there are.
func (c *Config) discovers() bool {
	return c.Tag != "" || strings.ContainsAny(c.Instances.String(), "*:")
}

// interactive reports whether people may ask in Slack.
func (c *Config) interactive() bool { return c.SigningSecret != "" || c.SigningParameter != "" }

var downloads = []string{string(source.Portions), string(source.Complete), string(source.Auto)}

func parseDownload(s string) (source.Download, error) {
	if !slices.Contains(downloads, s) {
		return "", fmt.Errorf("download %q: want portions, complete or auto", s)
	}
	return source.Download(s), nil
}

// parseBytes reads a number of bytes, with or without a unit: 500000000, 500MB,
// 1.5 GB, 1 GiB.
func parseBytes(s string) (int64, error) {
	n, err := humanize.ParseBytes(s)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return 0, fmt.Errorf("bytes %q: want a number such as 500MB", s)
	}
	return int64(n), nil
}

var formats = []string{"text", "json", "markdown", "html", "slack"}

func parseFormat(s string) (string, error) {
	if !slices.Contains(formats, s) {
		return "", fmt.Errorf("format %q: want %s", s, strings.Join(formats, ", "))
	}
	return s, nil
}

var repeats = []string{"post", "skip"}

func parseRepeat(s string) (string, error) {
	if !slices.Contains(repeats, s) {
		return "", fmt.Errorf("repeat %q: want post or skip", s)
	}
	return s, nil
}

// zone is that of the configuration, or UTC.
func (c *Config) zone() *time.Location { return cmp.Or(c.Zone, time.UTC) }
