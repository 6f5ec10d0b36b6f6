// Package notifier tells people about a digest.Report: in a terminal, as JSON,
// in a chat. Each place is one file and one Notifier.
//
// Everything a report names (statements, users, hosts, schemas, instances) is
// hostile input that passed through a database. It reaches a chat only in
// elements that the chat shows as they are, never in a markup language, and
// only after clean has taken out what could disturb a screen.
package notifier

import (
	"context"

	"slowdigest/digest"
)

// Notifier tells people about a report. It does not keep or change r.
type Notifier interface {
	Notify(ctx context.Context, r *digest.Report) error
}

// Quiet reports whether a report holds nothing that anybody needs to be told:
// no class, nothing of the window missing, nor hours that were never read. A
// chat stays silent then.
func Quiet(r *digest.Report) bool {
	return len(r.Classes) == 0 && r.Misc.Calls == 0 && !trouble(r) && (r.Past == nil || len(r.Past.Missed) == 0)
}

// trouble reports whether the numbers of a report cannot be trusted, as opposed
// to being small. Trouble is always told, and looks different.
func trouble(r *digest.Report) bool {
	return !r.Coverage.Complete || r.Coverage.InWindow == 0 && r.Coverage.Unreadable > 0
}

// trust says in a word how far the numbers of a report can be trusted.
func trust(r *digest.Report) string {
	switch {
	case !trouble(r):
		return "Complete"
	case r.Coverage.InWindow == 0:
		return "NO DATA"
	}
	return "PARTIAL"
}
