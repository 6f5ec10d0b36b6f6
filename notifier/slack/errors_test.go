package slack

import (
	"testing"

	"slowdigest/notifier"
)

// Every error that somebody has to fix comes with what to do about it.
func TestConfigurationErrorsHaveHints(t *testing.T) {
	for _, code := range []string{"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
		"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "team_access_not_granted", "org_login_required", "ekm_access_denied",
		"message_not_found", "cant_update_message", "edit_window_closed", "channel_is_archived", "action_prohibited", "no_service", "invalid_token"} {
		if e := classifyCode(code, nil); e.Kind != notifier.Configuration || e.Posted != notifier.NotPosted || e.Hint() == "" {
			t.Errorf("%s: %+v", code, e)
		}
	}
}
