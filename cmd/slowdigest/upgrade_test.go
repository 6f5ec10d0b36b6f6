package main

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
	"slowdigest/notifier"
	"slowdigest/notifier/slacktest"
)

// oldState was written by the last release whose fingerprints had rules of version
// 1, over oldHours of the shop with lists of up to four members. Two of its mutes
// and its note are on queries that are regrouped, and one mute is on one that is not.
//
// `go test ./cmd/slowdigest -run Upgrade -old BINARY` has a binary of that release
// write it anew.
const (
	oldState = "testdata/state-rules-1.json"
	oldHours = 200
)

var oldBinary = flag.String("old", "", "`binary` of the last release with rules of version 1, to write "+oldState)

var oldMarks = []struct{ command, text string }{ // on the class with the text
	{"mute", "stocklevel where ((stocklevel.warehouse_id = ? and stocklevel.sku = ?) or (stocklevel.warehouse_id = ? and stocklevel.sku = ?))"},
	{"mute", "order by field(products.id, ?, ?, ?)"},
	{"note", "position = case when (products.id = ?) then ? when (products.id = ?) then ? else"},
	{"mute", "from wishlists"},
}

var oldStart = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

func upgradedShop() *shop { return newShop(3, 4) }

func writeOldState(t *testing.T, bin string) {
	dir, s := t.TempDir(), upgradedShop()
	ids := make([]string, len(oldMarks))
	for n := range oldHours {
		at := oldStart.Add(time.Duration(n) * time.Hour)
		r := digestHour(t, bin, dir, at, s.hour(at))
		for i, m := range oldMarks {
			for _, c := range r.Classes {
				if strings.Contains(c.Fingerprint, m.text) {
					ids[i] = c.ID
				}
			}
		}
	}
	for i, m := range oldMarks {
		args := []string{m.command, "--state", dir, "--channel", slacktest.Channel, ids[i]}
		if m.command == "note" {
			args = append(args, "see the runbook")
		} else {
			args = append(args, "--for", "0", "--reason", "known")
		}
		if out, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	text, err := os.ReadFile(dir + "/" + state.Key(slacktest.Channel))
	if err == nil {
		err = os.WriteFile(oldState, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestUpgrade has a state that the release before wrote go on under this one. The
// traffic stays as it is for ten hours, which is longer than GONE takes. A week later
// a query is new.
func TestUpgrade(t *testing.T) {
	if *oldBinary != "" {
		writeOldState(t, *oldBinary)
	}
	t.Parallel()
	dir, s := t.TempDir(), upgradedShop()
	file := filepath.Join(dir, state.Key(slacktest.Channel))
	if err := os.WriteFile(file, read(t, oldState), 0o600); err != nil {
		t.Fatal(err)
	}
	var old struct {
		Mutes []digest.Mute
		Notes map[string]string
	}
	unmarshal(t, read(t, oldState), &old)
	if len(old.Mutes) != 3 || len(old.Notes) != 1 {
		t.Fatalf("%+v", old)
	}
	at := oldStart
	for range oldHours {
		s.hour(at)
		at = at.Add(time.Hour)
	}
	upgraded := at
	var lost []string
	for n := range 10 {
		r := digestHour(t, built(t), dir, at, s.hour(at))
		at = at.Add(time.Hour)
		for _, c := range r.Classes {
			if c.Change != nil {
				t.Errorf("hour %d: %s of %.100s", n, notifier.Evidence(&c), c.Fingerprint)
			}
		}
		g := r.Past.Regrouped
		if r.Past.Learning || len(r.Past.Gone) > 0 || len(r.Past.Muted) != 1 || g == nil || !g.Since.Equal(upgraded) {
			t.Fatalf("hour %d: %+v, regrouped %+v", n, r.Past, g)
		}
		if g.Rules != 2 || !g.Until.Equal(upgraded.Add(7*24*time.Hour)) {
			t.Errorf("hour %d: %+v", n, g)
		}
		lost = append(append(lost, g.Mutes...), g.Notes...)
	}
	want := []string{old.Mutes[0].ID, old.Mutes[1].ID, slices.Collect(maps.Keys(old.Notes))[0]}
	if slices.Sort(lost); !slices.Equal(lost, slices.Sorted(slices.Values(want))) {
		t.Errorf("mutes and notes on regrouped queries: %q, want each of %q once", lost, want)
	}
	list := exec.Command(built(t), "mute", "--state", dir, "--channel", slacktest.Channel)
	list.Env = environment(nil)
	out, err := list.Output()
	for i, m := range old.Mutes {
		line := string(out[strings.Index(string(out), m.ID):])
		line, _, _ = strings.Cut(line, "\n")
		if err != nil || strings.Contains(line, "not seen since queries were regrouped") != (i < 2) {
			t.Errorf("mute lists, %v: %s", err, line)
		}
	}

	// What was missed is read with it, for up to a day.
	at = upgraded.Add(8 * 24 * time.Hour)
	log := append(s.hour(at), slowEntry(at.Add(time.Minute), 30, 1, "select a from brand_new")...)
	r := digestHour(t, built(t), dir, at, log)
	var said []string
	for _, c := range r.Classes {
		if c.Change != nil {
			said = append(said, string(c.Change.Kind)+" "+c.Fingerprint)
		}
	}
	if !slices.Equal(said, []string{"NEW select a from brand_new"}) || len(r.Past.Gone) > 0 || r.Past.Regrouped != nil {
		t.Errorf("a week later: %q, %+v", said, r.Past)
	}
	now, err := state.Read(t.Context(), state.FileStore{Dir: dir}, state.Key(slacktest.Channel))
	if err != nil || now.Version != 2 || !reflect.DeepEqual(now.Mutes, old.Mutes) || !maps.Equal(now.Notes, old.Notes) {
		t.Errorf("%+v, %v", now, err)
	}
}
