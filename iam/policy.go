// Package iam makes the policy of slowdigest's role: the statements of
// policy.json, each action with the code that needs it, for exactly what is
// configured. policy.js makes the same of the same file for serverless.yml.
package iam

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed policy.json
var source []byte

// rule is a statement of policy.json. It is needed if When holds, or is absent,
// and each of its actions likewise. When names a value that must be there, or as
// download=portions|auto one and what it may be. Placeholders such as ${instance}
// stand for values; one of several values makes as many resources.
type rule struct {
	Sid, When string
	Action    []action
	Resource  []string
	Condition map[string]map[string]string
}

// action is an action of IAM. For names the file that calls it and says why, or
// begins with "Lambda itself" if that does.
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
	Resource    []string
	Condition   map[string]map[string]string `json:",omitempty"`
}

// values are what the placeholders and conditions of policy.json refer to.
type values map[string][]string

func rules() ([]rule, error) {
	var all []rule
	if err := json.Unmarshal(source, &all); err != nil {
		return nil, fmt.Errorf("read policy.json: %w", err)
	}
	return all, nil
}

// document makes the policy of the rules that hold.
func document(v values) (*Document, error) {
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
	return d, nil
}

func (v values) hold(when string) bool {
	name, allowed, exact := strings.Cut(when, "=")
	if when == "" || !exact {
		return when == "" || len(v[name]) > 0
	}
	return slices.ContainsFunc(v[name], func(s string) bool { return slices.Contains(strings.Split(allowed, "|"), s) })
}

// expand replaces the placeholders of a pattern, and returns it once for each
// combination of their values.
func (v values) expand(pattern string) []string {
	before, rest, found := strings.Cut(pattern, "${")
	if !found {
		return []string{pattern}
	}
	name, rest, _ := strings.Cut(rest, "}")
	var all []string
	for _, value := range v[name] {
		for _, end := range v.expand(rest) {
			all = append(all, before+value+end)
		}
	}
	return all
}
