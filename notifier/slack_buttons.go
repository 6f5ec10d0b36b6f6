package notifier

import (
	"strings"

	"github.com/slack-go/slack"

	"slowdigest/digest"
)

// maxValue is how many characters a button may carry.
const maxValue = 2_000

// muteRow is the button below a class, for where somebody listens to it; see
// readButton. A button that nobody answers shows people an error.
func (p *parent) muteRow(c *digest.Class) []slack.Block {
	if !p.opts.Buttons {
		return nil
	}
	b := slack.NewButtonBlockElement(muteButton, c.ID, plain("Mute for 7 days"))
	b.AccessibilityLabel = "Mute query " + shortID(c.ID) + " for 7 days"
	return []slack.Block{slack.NewActionBlock("", b)}
}

// showRow is the button at the end of a digest, for what has happened since.
func (p *parent) showRow() []slack.Block {
	if !p.opts.Buttons {
		return nil
	}
	instances := strings.Join(p.r.Instances, ",")
	if len(instances) > maxValue || len(strings.Fields(instances)) > 1 {
		instances = "" // all of them
	}
	return []slack.Block{slack.NewActionBlock("", slack.NewButtonBlockElement(showButton, instances, plain("Show the last 15 minutes")))}
}
