package redact

import (
	"testing"

	"slowdigest/digest"
)

// What the AWS SDK says of an error reaches no chat: a hint before it is enough, else the
// code of the error is told.
func TestNotesWithoutSDK(t *testing.T) {
	const denied = "operation error RDS: DescribeDBLogFiles, https response error StatusCode: 403, RequestID: 1-2, api error AccessDenied: User: arn:aws:sts::123456789012:assumed-role/x (y) is not authorized"
	for note, want := range map[string]string{
		"orders-1/slow.log: no entry (3 times, the first at byte 7).":   "orders-1/slow.log: no entry (3 times, the first at byte 7).",
		"the role must allow x (list logs of orders-1: " + denied + ")": "the role must allow x",
		"2 instances (a, b): list logs: " + denied:                      "2 instances (a, b): list logs: RDS answered AccessDenied.",
		"could not be read: describe parameter group g: operation error RDS: DescribeDBParameters, https response error StatusCode: 404, RequestID: 0-0, DBParameterGroupNotFound: DBParameterGroup g not found.": "could not be read: describe parameter group g: RDS answered DBParameterGroupNotFound.",
		"load state: operation error S3: GetObject, https response error StatusCode: 503, RequestID: A, HostID: b/c=, api error SlowDown: Reduce":                                                                 "load state: S3 answered SlowDown.",
		"list logs: operation error RDS: DescribeDBLogFiles, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post \"https://rds\": dial tcp":        "list logs: RDS did not answer.",
		"list logs: operation error RDS: DescribeDBLogFiles, get credentials: failed":                                                                                                                             "list logs: RDS did not answer.",
	} {
		r := digest.Report{Coverage: digest.Coverage{Notes: []string{note}}}
		if got := Of(&r).Digest().Coverage.Notes; len(got) != 1 || got[0] != want {
			t.Errorf("%s:\n%q, want %q", note, got, want)
		}
	}
}
