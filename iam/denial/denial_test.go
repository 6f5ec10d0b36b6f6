package denial

import "testing"

// What AWS says, and what is to be done.
func TestHint(t *testing.T) {
	const user = "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: "
	const log, on = "rds:DescribeDBLogFiles", " on resource: arn:aws:rds:eu-central-1:123456789012:db:orders-1"
	const what = log + " on arn:aws:rds:eu-central-1:123456789012:db:orders-1"
	for message, want := range map[string]string{
		user + log + on: "the role must allow " + what,
		user + log + on + " because no identity-based policy allows the " + log + " action": "the role must allow " + what,
		user + log: "the role must allow " + log + " on the instance",
		user + log + on + " with an explicit deny in a service control policy":                                                              "the service control policy denies " + what + " explicitly, whatever the role allows: who manages it has to make an exception",
		user + log + on + " with an explicit deny in a service control policy: arn:aws:organizations::1:p/1":                                "the service control policy denies " + what + " explicitly, whatever the role allows: who manages it has to make an exception",
		user + log + on + " with an explicit deny in a permissions boundary":                                                                "the permissions boundary denies " + what + " explicitly, whatever the role allows: who manages it has to make an exception",
		user + log + on + " with an explicit deny in a VPC endpoint policy":                                                                 "the VPC endpoint policy denies " + what + " explicitly, whatever the role allows: who manages it has to make an exception",
		user + log + on + " with an explicit deny in an identity-based policy":                                                              "a policy of the role denies " + what + " explicitly: take that out",
		user + log + on + " because no service control policy allows the " + log + " action":                                                "the role's own policy is not enough: the service control policy must allow " + what + ", too",
		user + log + on + " because no permissions boundary allows the " + log + " action":                                                  "the role's own policy is not enough: the permissions boundary must allow " + what + ", too",
		user + "kms:Decrypt on resource: arn:aws:kms:eu-central-1:1:key/k because no identity-based policy allows the kms:Decrypt action":   "the role must allow kms:Decrypt on arn:aws:kms:eu-central-1:1:key/k",
		user + "kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action": "the role must allow kms:Decrypt on the key",
		user + `s3:GetObject on resource: "arn:aws:s3:::b/c.json" because no identity-based policy allows the s3:GetObject action`:          "the role must allow s3:GetObject on arn:aws:s3:::b/c.json",
		"Access Denied": "", "": "",
	} {
		if got := Hint(message); got != want {
			t.Errorf("%s:\n got %q\nwant %q", message, got, want)
		}
	}
}
