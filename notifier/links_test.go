package notifier

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
)

func TestParseLinks(t *testing.T) {
	for in, want := range map[string][]Link{
		"":     {},
		"none": {},
		" Grafana board = https://g.example/d/x?from={start_ms}&to={end_ms}&var-db={instance}\n\tRunbook=https://w.example/a=b,c;d#e ": {
			{"Grafana board", "https://g.example/d/x?from={start_ms}&to={end_ms}&var-db={instance}"}, {"Runbook", "https://w.example/a=b,c;d#e"}},
	} {
		if got, err := ParseLinks(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"Grafana":             "want it as 'Name=https://",
		"=https://g.example/": "want a name",
		strings.Repeat("x", 41) + "=https://g.example":    "want a name",
		"G=http://g.example/":                             "must begin with https://",
		"G=javascript://g.example/%0aalert":               "must begin with https://",
		"G=https://u:p@g.example/":                        "a password",
		"G=https://g.example/{password}":                  "there is no {password}",
		"G=https://{instance}.example/":                   "only {region} may stand in the host",
		"G=https://g.example:{instance}/":                 "not a URL",
		"G=https:///x":                                    "not a URL",
		"G=https://g.example/%zz":                         "not a URL",
		"G=https://g.example/\u202egpj":                   "not a URL",
		"G=https://g.example/" + strings.Repeat("x", 400): "longer than",
		strings.Repeat("G=https://g.example/ ", 6):        "at most 5",
	} {
		if got, err := ParseLinks(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v, want %s", in, got, err, want)
		}
	}
}

func TestLinkExpand(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	w := digest.Window{Start: at, End: at.Add(time.Hour)}
	l := Link{"G", "https://{region}.example/{instance}?a={start}&b={end}&c={start_ms}&d={end_ms}&e={instance}"}
	want := "https://eu-west-1.example/db-1?a=2026-11-23T14%3A00%3A00Z&b=2026-11-23T15%3A00%3A00Z&c=1795442400000&d=1795446000000&e=db-1"
	if got, ok := l.Expand("eu-west-1", "db-1", w); !ok || got != want {
		t.Errorf("%v: %s", ok, got)
	}
	for _, missing := range []struct {
		region, instance string
		w                digest.Window
	}{{"", "db-1", w}, {"eu-west-1", "", w}, {"eu-west-1", "db-1", digest.Window{}}, {"eu-west-1", "slow.log", w}, {"evil.example/", "db-1", w}} {
		if got, ok := l.Expand(missing.region, missing.instance, missing.w); ok {
			t.Errorf("%+v: %s", missing, got)
		}
	}
}

// The console of a region is that of its partition.
func TestAWSLinks(t *testing.T) {
	for region, host := range map[string]string{
		"eu-central-1": "eu-central-1.console.aws.amazon.com", "cn-north-1": "cn-north-1.console.amazonaws.cn",
		"us-gov-west-1": "us-gov-west-1.console.amazonaws-us-gov.com", "eusc-de-east-1": "eusc-de-east-1.console.amazonaws-eusc.eu",
	} {
		for _, l := range AWSLinks(region) {
			got, ok := l.Expand(region, "db-1", digest.Window{})
			if err := l.check(); err != nil || !ok || !strings.HasPrefix(got, "https://"+host+"/") || !strings.Contains(got, "region="+region) {
				t.Errorf("%s: %s, %v", region, got, err)
			}
		}
	}
}

// Whatever a name is, a link leads to the host that its template names.
func FuzzLinkExpand(f *testing.F) {
	f.Add("eu-west-1", "db-1")
	f.Add("evil.example/", "x@evil.example/?a=b#c")
	f.Add("eu-west-1", "{region}&x=<!channel>|")
	l := Link{"G", "https://{region}.g.example/p/{instance}?q={instance}#{instance}"}
	f.Fuzz(func(t *testing.T, region, instance string) {
		got, ok := l.Expand(region, instance, digest.Window{})
		if !ok {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Scheme != "https" || u.User != nil || !strings.HasSuffix(u.Host, ".g.example") || strings.ContainsAny(got, "<>|\" \n") ||
			u.Query().Get("q") != instance || len(u.Query()) != 1 || u.Fragment != instance {
			t.Errorf("%q, %q: %s", region, instance, got)
		}
	})
}
