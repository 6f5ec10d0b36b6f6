package notifier

import "slowdigest/digest"

// statement is the fingerprint of a class as people may see it.
func statement(c *digest.Class) string {
	return clean(c.Fingerprint)
}
