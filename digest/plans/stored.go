package plans

import (
	"errors"

	"slowdigest/digest/tally"
	"slowdigest/parser/explain"
)

// Stored is what it takes, in addition to Plans, to have a Tally again.
type Stored struct {
	Calls  int64        `json:"calls"`
	Total  uint64       `json:"us"`
	Unkept uint64       `json:"unkept,omitempty"`
	Plans  []StoredPlan `json:"plans"`
}

// StoredPlan is of a plan that Plans has under the ID.
type StoredPlan struct {
	ID   string `json:"id"`
	Us   uint64 `json:"us"`
	Over uint64 `json:"over,omitempty"`
	// Calls are for each row those of which rows were estimated, and those of which some were read, and Sums of them what was
	// estimated, read, and the two percentages.
	Calls [][2]int64   `json:"calls"`
	Sums  [][4]float64 `json:"sums"`
}

// Store returns what Restore takes; nil of none.
func (t *Tally) Store() *Stored {
	if t == nil {
		return nil
	}
	out := &Stored{Calls: t.calls, Total: t.plans.Total, Unkept: t.plans.Unkept}
	for _, x := range t.plans.Items {
		p := StoredPlan{ID: x.Key, Us: x.Amount, Over: x.Over}
		for _, s := range x.Value.rows {
			p.Calls, p.Sums = append(p.Calls, [2]int64{s.calls, s.read}), append(p.Sums, [4]float64{s.rows, s.reads, s.filtered, s.readFiltered})
		}
		out.Plans = append(out.Plans, p)
	}
	return out
}

var errNotStored = errors.New("the plans of a class are not what was stored of them")

// Restore returns the Tally whose Store and Report these are.
func Restore(s *Stored, from *Plans) (*Tally, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // of no plans there is none
	}
	heavy := tally.Stored[string, kept]{Total: s.Total, Unkept: s.Unkept}
	for _, p := range s.Plans {
		known := from.Find(p.ID)
		if known == nil || len(p.Calls) != len(known.Rows) || len(p.Sums) != len(known.Rows) || len(known.Rows) > explain.MaxRows || p.Over > p.Us {
			return nil, errNotStored
		}
		k := kept{shape: &explain.Shape{ID: p.ID, More: known.More}, calls: known.Calls}
		k.seen(known.First, known.Last)
		for i, r := range known.Rows {
			k.shape.Rows = append(k.shape.Rows, r.Row)
			n := p.Sums[i]
			k.rows = append(k.rows, sums{p.Calls[i][0], p.Calls[i][1], n[0], n[1], n[2], n[3]})
		}
		heavy.Items = append(heavy.Items, tally.Item[string, kept]{Key: p.ID, Amount: p.Us, Over: p.Over, Value: k})
	}
	return &Tally{calls: s.Calls, plans: heavy.Restore(maxKept)}, nil
}
