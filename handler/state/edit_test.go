package state_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slowdigest/digest"
	"slowdigest/handler/state"
)

// faulty is a store in which somebody else is quicker some times, or that fails.
type faulty struct {
	state.Store
	conflicts int
	load, err error
	saves     int
}

func (f *faulty) Load(ctx context.Context, key string) ([]byte, string, error) {
	if f.load != nil {
		return nil, "", f.load
	}
	return f.Store.Load(ctx, key)
}

func (f *faulty) Save(ctx context.Context, key string, data []byte, tag string) (string, error) {
	if f.saves++; f.saves <= f.conflicts {
		return "", state.ErrConflict
	}
	if f.err != nil {
		return "", f.err
	}
	return f.Store.Save(ctx, key, data, tag)
}

func doubt(s *state.State) error { s.Doubt = true; return nil }

func TestEditIsTriedTwentyTimes(t *testing.T) {
	for _, c := range []struct {
		conflicts, saves int
		want             error
	}{{0, 1, nil}, {19, 20, nil}, {20, 20, state.ErrConflict}, {100, 20, state.ErrConflict}} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			f := &faulty{Store: state.FileStore{Dir: dir}, conflicts: c.conflicts}
			began := time.Now()
			if err := state.Edit(t.Context(), f, "c.json", doubt); !errors.Is(err, c.want) || f.saves != c.saves {
				t.Errorf("%d conflicts: %d saves, %v", c.conflicts, f.saves, err)
			}
			if took := time.Since(began); took > 20*190*time.Millisecond || c.conflicts > 0 && took < 100*time.Millisecond {
				t.Errorf("%d conflicts took %v", c.conflicts, took)
			}
		})
	}
}

func TestEditThatEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &faulty{Store: state.FileStore{Dir: t.TempDir()}, conflicts: 100}
	if err := state.Edit(ctx, f, "c.json", doubt); !errors.Is(err, state.ErrConflict) || f.saves > 5 {
		t.Errorf("the time is over: %d saves, %v", f.saves, err)
	}
	broken := errors.New("the store is broken")
	f = &faulty{Store: state.FileStore{Dir: t.TempDir()}, err: broken}
	if err := state.Edit(t.Context(), f, "c.json", doubt); !errors.Is(err, broken) || f.saves != 1 {
		t.Errorf("a save that fails: %d saves, %v", f.saves, err)
	}
	f.load = errors.New("no answer")
	if err := state.Edit(t.Context(), f, "c.json", doubt); !errors.Is(err, f.load) || f.saves != 1 {
		t.Errorf("a load that fails: %v", err)
	}
	f.load = nil
	refused := errors.New("refused")
	if err := state.Edit(t.Context(), f, "c.json", func(*state.State) error { return refused }); !errors.Is(err, refused) || f.saves != 1 {
		t.Errorf("an edit that fails: %d saves, %v", f.saves, err)
	}
}

func TestEditThatChangesNothingSavesNothing(t *testing.T) {
	f := &faulty{Store: state.FileStore{Dir: t.TempDir()}}
	for range 3 {
		if err := state.Edit(t.Context(), f, "c.json", doubt); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := state.Read(t.Context(), f, "c.json"); err != nil || !s.Doubt || s.Version != 1 || f.saves != 1 {
		t.Errorf("%d saves, %+v, %v", f.saves, s, err)
	}
}

func TestReadOfNothing(t *testing.T) {
	if s, err := state.Read(t.Context(), state.FileStore{Dir: t.TempDir()}, "c.json"); err != nil || s.Version != 1 || s.Doubt || len(s.Unreported) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestVersions(t *testing.T) {
	const key, aside = "C1.json", "aside/C1.corrupt-"
	for text, want := range map[string]string{
		`{"version":1}`:               "",
		`{"version":2}`:               "",
		`{"version":3}`:               "",
		`{"version":4,"since":{}}`:    "refused",
		`{"version":0}`:               "it has no version",
		`{"version":-1}`:              "it has no version",
		`{}`:                          "it has no version",
		`{"version":1,"entries":7}`:   "cannot unmarshal",
		`{"version":1,"since":"2026-`: "unexpected end",
	} {
		dir := t.TempDir()
		store := &faulty{Store: state.FileStore{Dir: dir}}
		if _, err := store.Store.Save(t.Context(), key, []byte(text), ""); err != nil {
			t.Fatal(err)
		}
		s, err := state.Read(t.Context(), store, key)
		if want == "refused" {
			var e *state.StoreError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), "it has version 4, and this release reads versions up to 3") || !strings.Contains(e.Hint(), "newer release") || store.saves > 0 {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if want == "" {
			if s.Doubt || store.saves > 0 {
				t.Errorf("%s: %+v", text, s)
			}
			continue
		}
		if !s.Doubt || s.Version != 1 || len(s.Unreported) != 1 || !strings.Contains(s.Unreported[0], want) || !strings.Contains(s.Unreported[0], "kept as "+aside) {
			t.Errorf("%s: %+v", text, s)
		}
		again, err := state.Read(t.Context(), store, key) // kept already
		if kept, _ := os.ReadDir(dir + "/aside"); err != nil || again.Unreported[0] != s.Unreported[0] || len(kept) != 1 {
			t.Errorf("%s: again %+v, %v, kept are %v", text, again, err, kept)
		}
		store.err = errors.New("the store is broken")
		if _, err := state.Read(t.Context(), store, key); !errors.Is(err, store.err) {
			t.Errorf("%s: it cannot be kept: %v", text, err)
		}
	}
}

// What is in a state file is named as it always was.
func TestNamesOfFields(t *testing.T) {
	for _, file := range []string{"testdata/state-1.json", "testdata/state-3.json"} {
		namesOfFields(t, file)
	}
}

func namesOfFields(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s state.State
	var before, after map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(raw, &s), json.Unmarshal(raw, &before)); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(s)
	if err := errors.Join(err, json.Unmarshal(data, &after)); err != nil {
		t.Fatal(err)
	}
	for name, value := range before {
		var a, b any
		if err := errors.Join(json.Unmarshal(value, &a), json.Unmarshal(after[name], &b)); err != nil {
			t.Fatal(err)
		}
		x, _ := json.Marshal(a)
		if y, _ := json.Marshal(b); name != "history" && string(x) != string(y) {
			t.Errorf("%s: %s was %s and is %s", file, name, x, y)
		}
	}
}

// A state refuses releases that do not know of open parts for as long as it has any.
func TestVersionOfOpenParts(t *testing.T) {
	store := state.FileStore{Dir: t.TempDir()}
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	part := state.Parts{{Instance: "a", Start: at, End: at.Add(time.Hour), Cause: "waiting"}}
	for i, step := range []struct {
		open state.Parts
		want int
	}{{nil, 1}, {part, 3}, {part, 3}, {nil, 2}, {part, 3}} {
		err := state.Edit(t.Context(), store, "c.json", func(s *state.State) error { s.Open, s.Doubt = step.open, !s.Doubt; return nil })
		if s, readErr := state.Read(t.Context(), store, "c.json"); err != nil || readErr != nil || s.Version != step.want {
			t.Errorf("step %d: version %d, want %d, %v", i, s.Version, step.want, err)
		}
	}
}

// A state refuses releases that do not know of rules once it holds IDs of rules that
// they have not, and no sooner.
func TestVersionOfRules(t *testing.T) {
	store := state.FileStore{Dir: t.TempDir()}
	at := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		rules, classes int // of the hour that is added
		version        int
		rulesAfter     int
	}{
		{0, 0, 1, 0}, {2, 0, 1, 0}, {0, 1, 1, 1}, {1, 1, 1, 1}, {2, 0, 1, 1}, {2, 1, 2, 2}, {2, 0, 2, 2}, {3, 1, 2, 3}, {1, 1, 2, 1},
	} {
		r := &digest.Report{Rules: step.rules, Window: digest.Window{Start: at, End: at.Add(time.Hour)}, Classes: make([]digest.Class, step.classes)}
		at = at.Add(time.Hour)
		err := state.Edit(t.Context(), store, "c.json", func(s *state.State) error { return s.History.Add(r) })
		if err != nil {
			t.Fatal(err)
		}
		s, err := state.Read(t.Context(), store, "c.json")
		if err != nil || s.Version != step.version || s.History.Rules() != step.rulesAfter {
			t.Errorf("step %d: version %d, rules %d, %v", i, s.Version, s.History.Rules(), err)
		}
	}
}
