package mcptools

import (
	"context"
	"time"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// InstancesArgs are the arguments of instances.
type InstancesArgs struct {
	Cursor string `json:"cursor,omitempty" jsonschema:"next_cursor of the last answer, alone"`
}

// Instances is the answer of instances.
type Instances struct {
	Head
	Local bool       `json:"local" jsonschema:"they are log files, which are read as a whole"`
	All   []Instance `json:"list"`
}

// Instance is a database instance, or a local log.
type Instance struct {
	Name    string `json:"name"`
	Cluster string `json:"cluster,omitempty"`
	Unread  string `json:"not_read,omitempty" jsonschema:"why there is nothing to be read of it"`
	// State is what was found last.
	State string `json:"state,omitempty" jsonschema:"what the state remembers: awake, asleep (paused or stopped), off (writes no slow log) or gone"`
	Since string `json:"state_since,omitempty" jsonschema:"RFC 3339, UTC"`
	Read  string `json:"read_up_to,omitempty" jsonschema:"the end of the last hour that was read for a digest, RFC 3339, UTC"`
}

func askInstances(ctx context.Context, s *Server, a InstancesArgs) (*Instances, digest.Window, error) {
	from, err := readCursor("instances", a.Cursor, &a)
	if err != nil {
		return nil, digest.Window{}, err
	}
	found, err := s.Instances(ctx)
	if err != nil {
		return nil, digest.Window{}, err
	}
	w, _ := s.window(WindowArgs{})
	out := &Instances{Local: s.Local}
	out.Window, out.Coverage.Trust = windowOf(w), "not_read"
	out.Coverage.NotKnown = []string{"What the logs hold: this tool reads none."}
	st, err := s.state(ctx)
	switch {
	case err != nil:
		out.Coverage.NotKnown = append(out.Coverage.NotKnown, "How the instances are: the state cannot be read.")
	case st == nil:
		out.Coverage.NotKnown = append(out.Coverage.NotKnown, "How the instances are: there is no state.")
	}
	var all []Instance
	for _, i := range found {
		x := Instance{Name: redact.SafeName(i.ID), Cluster: redact.SafeName(i.Cluster), Unread: redact.Sentence(i.Unread)}
		out.Instances = append(out.Instances, x.Name)
		if st != nil {
			if seen, ok := st.Instances[i.ID]; ok {
				x.Read, x.State = timeText(seen.Read), "awake"
				for _, found := range []struct {
					state string
					since time.Time
				}{{"off", seen.Off}, {"asleep", seen.Asleep}, {"gone", seen.Gone}} { // the last one says most
					if !found.since.IsZero() {
						x.State, x.Since = found.state, timeText(found.since)
					}
				}
			}
		}
		all = append(all, x)
	}
	out.shorten()
	var next int
	out.All, next = page(out, len(all), from, at(all))
	out.Cursor = newCursor("instances", a, next)
	return out, w, nil
}
