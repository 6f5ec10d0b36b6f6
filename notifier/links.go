package notifier

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// A Link leads from a digest to where an instance can be looked at. In URL
// {instance}, {region}, {start} and {end} (RFC 3339, UTC), {start_ms} and
// {end_ms} (milliseconds since 1970) are replaced.
type Link struct {
	Label string
	URL   string
}

// AWSLinks leads to the RDS console and to CloudWatch Database Insights, in the
// partition of a region. The latter opens on its overview: the form of its deep links
// is not published.
func AWSLinks(region string) []Link {
	host := "console.aws.amazon.com"
	for prefix, other := range map[string]string{
		"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com", "eusc-": "console.amazonaws-eusc.eu",
	} {
		if strings.HasPrefix(region, prefix) {
			host = other
		}
	}
	console := "https://{region}." + host
	return []Link{
		{"RDS console", console + "/rds/home?region={region}#database:id={instance};is-cluster=false;tab=monitoring"},
		{"Database Insights", console + "/cloudwatch/home?region={region}#database-insights:"},
	}
}

const (
	maxLinks   = 5
	maxLabel   = 40
	maxLinkURL = 500 // bytes
)

var (
	// linkStart is the end of a label and the beginning of its URL.
	linkStart   = regexp.MustCompile(`=\s*\w+://\S+`)
	placeholder = regexp.MustCompile(`\{[^{}]*\}`)
)

// ParseLinks reads links as "Name=https://…", several of them separated by white
// space. "none" is no link at all.
func ParseLinks(s string) ([]Link, error) {
	links := []Link{}
	if strings.TrimSpace(s) == "none" {
		return links, nil
	}
	rest := s
	for strings.TrimSpace(rest) != "" {
		at := linkStart.FindStringIndex(rest)
		if at == nil {
			return nil, fmt.Errorf("link %q: want it as 'Name=https://…'", strings.TrimSpace(rest))
		}
		l := Link{Label: redact.Clean(rest[:at[0]]), URL: strings.TrimSpace(rest[at[0]+1 : at[1]])}
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("link %q: %w", l.Label, err)
		}
		links, rest = append(links, l), rest[at[1]:]
	}
	if len(links) > maxLinks {
		return nil, fmt.Errorf("%d links: at most %d have room in a digest", len(links), maxLinks)
	}
	return links, nil
}

// check says what is wrong with a link, going by an instance of the longest name.
func (l Link) check() error {
	for _, field := range placeholder.FindAllString(l.URL, -1) {
		if !strings.Contains(" {instance} {region} {start} {end} {start_ms} {end_ms} ", " "+field+" ") {
			return fmt.Errorf("there is no %s: want {instance}, {region}, {start}, {end}, {start_ms} or {end_ms}", field)
		}
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(l.URL, "https://"), "/")
	u, err := url.Parse(placeholder.ReplaceAllString(l.URL, strings.Repeat("x", 20)))
	switch {
	case l.Label == "" || utf8.RuneCountInString(l.Label) > maxLabel:
		return fmt.Errorf("want a name of 1 to %d characters", maxLabel)
	case !strings.HasPrefix(l.URL, "https://"):
		return fmt.Errorf("its URL must begin with https://")
	case err != nil || u.Hostname() == "" || l.URL != redact.Clean(l.URL):
		return fmt.Errorf("what follows the name is not a URL")
	case u.User != nil:
		return fmt.Errorf("its URL must not hold a name or a password")
	case strings.Contains(strings.ReplaceAll(host, "{region}", ""), "{"):
		return fmt.Errorf("of the placeholders only {region} may stand in the host")
	case len(u.String()) > maxLinkURL-100:
		return fmt.Errorf("its URL is longer than %d bytes", maxLinkURL-100)
	}
	return nil
}

var regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z0-9]+)+$`)

// Expand fills in a template, and reports whether all of it could be. What it
// fills in is checked and escaped, so that no name leads elsewhere.
func (l Link) Expand(region, instance string, w digest.Window) (string, bool) {
	values := map[string]string{}
	if regionName.MatchString(region) {
		values["{region}"] = region
	}
	// A name with a dot or with what has to be escaped is a file's, or worse.
	if url.QueryEscape(instance) == instance && !strings.Contains(instance, ".") {
		values["{instance}"] = instance
	}
	if !w.Start.IsZero() && !w.End.IsZero() {
		const rfc3339 = "2006-01-02T15:04:05Z"
		values["{start}"], values["{end}"] = w.Start.UTC().Format(rfc3339), w.End.UTC().Format(rfc3339)
		values["{start_ms}"], values["{end_ms}"] = strconv.FormatInt(w.Start.UnixMilli(), 10), strconv.FormatInt(w.End.UnixMilli(), 10)
	}
	ok := true
	out := placeholder.ReplaceAllStringFunc(l.URL, func(field string) string {
		ok = ok && values[field] != ""
		return url.QueryEscape(values[field])
	})
	u, err := url.Parse(out)
	return out, ok && err == nil && u.Host != "" && u.Scheme == "https" && len(out) <= maxLinkURL
}
