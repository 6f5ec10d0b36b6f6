// Package notifier writes what a digest.Report says, in sentences: for a
// terminal, as JSON, as Markdown and HTML. It also has the sentences that all
// chats share, and what they share in delivering them; each chat is a package of
// its own.
//
// Everything a report names is hostile input: see package redact. It reaches a
// chat only in elements that the chat shows as they are, never in a markup
// language. The one markup is that of times, in the text of a Slack message.
package notifier

import (
	"context"

	"slowdigest/digest"
)

// Notifier shows a report to people. It does not keep or change r.
type Notifier interface {
	Notify(ctx context.Context, r *digest.Report) error
}

// Quiet reports whether a report holds nothing that anybody needs to know: no class, and
// nothing of the window missing but what will be read when it is there, nor hours that were
// never read. A chat stays silent then, but for hours that were read and had no slow query, or
// only muted ones: or nobody would know whether they were read.
func Quiet(r *digest.Report) bool {
	return len(r.Classes) == 0 && r.Misc.Calls == 0 && (!Incomplete(r) || r.Coverage.Awaited) && !empty(r) &&
		(r.Past == nil || len(r.Past.Missed)+len(r.Past.GivenUp) == 0 && r.Past.Day == nil)
}

// empty reports whether hours that are remembered are known to have had no slow query that is
// not muted.
func empty(r *digest.Report) bool {
	return r.Past != nil && r.Coverage.Complete && !r.Coverage.AsListed && (r.Overall.Calls == 0 || len(r.Past.Muted) > 0)
}
