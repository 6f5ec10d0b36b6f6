package slack

import (
	"strings"

	slackgo "github.com/slack-go/slack"

	"slowdigest/digest"
	"slowdigest/notifier/redact"
)

// The action IDs of the buttons below a digest.
const (
	muteAction = "slowdigest_mute" // its value is the class's ID
	showAction = "slowdigest_show" // its value are the instances, with commas
)

// maxValue is how many characters a button may carry.
const maxValue = 2_000

// muteButton is the button below a class; see readAction. A button that nobody
// answers shows people an error, so there is none without Options.Mute.
func muteButton(c *digest.Class) slackgo.Block {
	b := slackgo.NewButtonBlockElement(muteAction, c.ID, plain("Mute for 7 days"))
	b.AccessibilityLabel = "Mute query " + redact.ShortID(c.ID) + " for 7 days"
	return slackgo.NewActionBlock("", b)
}

// showButton is the button at the end of a digest, for what has happened since.
func showButton(instances []string) slackgo.Block {
	value := strings.Join(instances, ",")
	if len(instances) > MaxNames || len(value) > maxValue || len(strings.Fields(value)) > 1 {
		value = "" // all of them
	}
	return slackgo.NewActionBlock("", slackgo.NewButtonBlockElement(showAction, value, plain("Show the last 15 minutes")))
}
