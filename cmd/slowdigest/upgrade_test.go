package main

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"slowdigest/handler/state"
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

func TestUpgrade(t *testing.T) {
	if *oldBinary != "" {
		writeOldState(t, *oldBinary)
	}
}
