package notifier

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"slowdigest/digest"
)

// A Link leads from a digest to where an instance can be looked at. In URL
// {instance}, {region}, {start} and {end} (RFC 3339), {start_ms} and {end_ms}
// (since 1970) are replaced.
type Link struct {
	Label string
	URL   string
}

// AWSLinks leads to the RDS console and to CloudWatch Database Insights. The
// latter opens on its overview: the form of its deep links is not published.
func AWSLinks() []Link {
	const console = "https://{region}.console.aws.amazon.com"
	return []Link{
		{"RDS console", console + "/rds/home?region={region}#database:id={instance};is-cluster=false;tab=monitoring"},
		{"Database Insights", console + "/cloudwatch/home?region={region}#database-insights:"},
	}
}

// instanceName is what RDS allows as an identifier. A file's name gets no link.
var instanceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,62}$`)

// expand fills in a template, and tells whether all of it could be.
func (l Link) expand(region, instance string, w digest.Window) (string, bool) {
	values := map[string]string{"region": region}
	if instanceName.MatchString(instance) {
		values["instance"] = instance
	}
	if !w.Start.IsZero() && !w.End.IsZero() {
		values["start"], values["end"] = w.Start.UTC().Format("2006-01-02T15:04:05Z"), w.End.UTC().Format("2006-01-02T15:04:05Z")
		values["start_ms"], values["end_ms"] = strconv.FormatInt(w.Start.UnixMilli(), 10), strconv.FormatInt(w.End.UnixMilli(), 10)
	}
	out, ok := l.URL, true
	for _, key := range []string{"region", "instance", "start", "end", "start_ms", "end_ms"} {
		if field := "{" + key + "}"; strings.Contains(out, field) {
			ok = ok && values[key] != ""
			out = strings.ReplaceAll(out, field, url.QueryEscape(values[key]))
		}
	}
	u, err := url.Parse(out)
	return out, ok && err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && len(out) <= 500
}
