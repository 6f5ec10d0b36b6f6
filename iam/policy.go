// Package iam makes the least-privilege policy of slowdigest's role: those
// statements of policy.json, which names the code that needs each action, that
// the configuration needs. `slowdigest iam` prints it, and serverless.yml
// includes what that prints.
package iam

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed policy.json
var policyJSON []byte

// rule is a statement of policy.json. It is needed if When holds, or is absent,
// and each of its actions likewise. When names a value that must be there, or, as in
// download=portions|auto, one and what it may be. Placeholders such as ${instance}
// stand for values; one of several values makes as many resources.
type rule struct {
	Sid, When string
	Action    []action
	Resource  []string
	Condition map[string]map[string]string
}

// action is an action of IAM. For names the file that calls it and says why, or
// begins with "Lambda itself" or another service if that does.
type action struct{ Name, For, When string }

// Document is a policy document as IAM takes it.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement is a statement of a Document.
type Statement struct {
	Sid, Effect string
	Action      []string
	Resource    Resources
	Condition   map[string]map[string]string `json:",omitempty"` // without placeholders of CloudFormation
}

// Resources are ARNs and patterns of ARNs.
type Resources []string

// MarshalJSON writes an ARN that holds a placeholder of CloudFormation as
// {"Fn::Sub": ARN}, in which a template fills it.
func (r Resources) MarshalJSON() ([]byte, error) {
	all := make([]any, len(r))
	for i, arn := range r {
		all[i] = arn
		if strings.Contains(arn, "${") {
			all[i] = map[string]string{"Fn::Sub": arn}
		}
	}
	return json.Marshal(all)
}

func rules() ([]rule, error) {
	var all []rule
	if err := json.Unmarshal(policyJSON, &all); err != nil {
		return nil, fmt.Errorf("read policy.json: %w", err)
	}
	return all, nil
}

// document makes the policy of the rules that hold, of at most so many characters.
func document(v values, limit int) (*Document, error) {
	all, err := rules()
	if err != nil {
		return nil, err
	}
	d := &Document{Version: "2012-10-17"}
	for _, r := range all {
		if !v.hold(r.When) {
			continue
		}
		s := Statement{Sid: r.Sid, Effect: "Allow"}
		for _, a := range r.Action {
			if v.hold(a.When) {
				s.Action = append(s.Action, a.Name)
			}
		}
		for _, pattern := range r.Resource {
			s.Resource = append(s.Resource, v.expand(pattern)...)
		}
		for operator, keys := range r.Condition {
			s.Condition = map[string]map[string]string{operator: {}}
			for key, value := range keys {
				s.Condition[operator][v.expand(key)[0]] = v.expand(value)[0]
			}
		}
		d.Statement = append(d.Statement, s)
	}
	return d, d.fit(limit)
}
