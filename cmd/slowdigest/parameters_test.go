package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"slowdigest/iam"
)

// stack is what CloudFormation makes of a template for given parameters, as far as this
// needs no resource: conditions and functions are worked out here as its documentation
// says, and not as iam/deploy/resolve.js does it.
type stack struct {
	params     map[string]string
	conditions map[string]any
}

// nothing is the value of what a condition leaves out.
type nothing struct{}

// value works out a part of a template. What refers to resources or to pseudo parameters
// stays; within text it is ${…}.
func (s *stack) value(part any) any {
	switch v := part.(type) {
	case []any:
		var kept []any
		for _, item := range v {
			if item = s.value(item); item != (nothing{}) {
				kept = append(kept, item)
			}
		}
		return kept
	case map[string]any:
		if len(v) == 1 {
			for name, arg := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return s.function(name, arg)
				}
			}
		}
		kept := map[string]any{}
		for key, item := range v {
			if item = s.value(item); item != (nothing{}) {
				kept[key] = item
			}
		}
		return kept
	case float64: // CloudFormation knows no difference
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return part
}

func (s *stack) function(name string, arg any) any {
	args, _ := arg.([]any)
	switch name {
	case "Ref":
		if arg == "AWS::NoValue" {
			return nothing{}
		}
		if given, is := s.params[arg.(string)]; is {
			return given
		}
		return map[string]any{name: arg}
	case "Fn::If":
		if s.holds(map[string]any{"Condition": args[0]}) {
			return s.value(args[1])
		}
		return s.value(args[2])
	case "Fn::Sub":
		return s.fill(arg)
	case "Fn::Join":
		var parts []string
		for _, p := range s.value(args[1]).([]any) {
			parts = append(parts, p.(string))
		}
		return strings.Join(parts, args[0].(string))
	case "Fn::Split":
		var list []any
		for p := range strings.SplitSeq(s.value(args[1]).(string), args[0].(string)) {
			list = append(list, p)
		}
		return list
	case "Fn::Select":
		return s.value(args[1]).([]any)[int(args[0].(float64))]
	case "Fn::GetAtt":
		return map[string]any{name: arg}
	}
	panic("a template has " + name)
}

func (s *stack) fill(arg any) string {
	text, is := arg.(string)
	values := map[string]any{}
	if !is {
		text, values = arg.([]any)[0].(string), s.value(arg.([]any)[1]).(map[string]any)
	}
	return regexp.MustCompile(`\$\{[\w.:]+\}`).ReplaceAllStringFunc(text, func(whole string) string {
		name := whole[2 : len(whole)-1]
		if v, is := values[name]; is {
			return v.(string)
		}
		if v, is := s.params[name]; is {
			return v
		}
		return whole
	})
}

func (s *stack) holds(condition any) bool {
	for name, arg := range condition.(map[string]any) {
		args, _ := arg.([]any)
		all := func(yes bool) bool {
			return !slices.ContainsFunc(args, func(c any) bool { return s.holds(c) != yes })
		}
		switch name {
		case "Condition":
			defined, is := s.conditions[arg.(string)]
			return is && s.holds(defined)
		case "Fn::Equals":
			return s.value(args[0]) == s.value(args[1])
		case "Fn::Not":
			return !s.holds(args[0])
		case "Fn::And":
			return all(true)
		case "Fn::Or":
			return !all(false)
		}
	}
	panic(fmt.Sprint("a condition is ", condition))
}

// parts returns the resources, or the outputs, whose conditions hold.
func (s *stack) parts(section any) map[string]any {
	kept := map[string]any{}
	all, _ := section.(map[string]any)
	for id, part := range all {
		p := maps.Clone(part.(map[string]any))
		condition, conditional := p["Condition"]
		delete(p, "Condition")
		if !conditional || s.holds(map[string]any{"Condition": condition}) {
			kept[id] = s.value(p)
		}
	}
	return kept
}

// deploy returns the stack of a template with parameters, or the reason for which CloudFormation
// does not take them.
func deploy(template map[string]any, given map[string]string) (*stack, error) {
	conditions, _ := template["Conditions"].(map[string]any)
	s := &stack{params: map[string]string{}, conditions: conditions}
	declared := template["Parameters"].(map[string]any)
	for name, p := range declared {
		spec := p.(map[string]any)
		value, set := given[name]
		if !set {
			if spec["Default"] == nil {
				return nil, fmt.Errorf("%s has no value", name)
			}
			value = fmt.Sprint(spec["Default"])
		}
		if err := accept(spec, value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.params[name] = value
	}
	for name := range given {
		if declared[name] == nil {
			return nil, fmt.Errorf("there is no parameter %s", name)
		}
	}
	rules, _ := template["Rules"].(map[string]any)
	for _, r := range rules {
		rule := r.(map[string]any)
		if when := rule["RuleCondition"]; when != nil && !s.holds(when) {
			continue
		}
		for _, a := range rule["Assertions"].([]any) {
			if assertion := a.(map[string]any); !s.holds(assertion["Assert"]) {
				return nil, fmt.Errorf("%v", assertion["AssertDescription"])
			}
		}
	}
	return s, nil
}

func accept(spec map[string]any, value string) error {
	want := fmt.Sprint(spec["ConstraintDescription"])
	if pattern, has := spec["AllowedPattern"].(string); has && !regexp.MustCompile(pattern).MatchString(value) {
		return fmt.Errorf("%q: %s", value, want)
	}
	if allowed, has := spec["AllowedValues"].([]any); has && !slices.ContainsFunc(allowed, func(v any) bool { return fmt.Sprint(v) == value }) {
		return fmt.Errorf("%q is none of %v", value, allowed)
	}
	if longest, has := spec["MaxLength"].(float64); has && len(value) > int(longest) {
		return fmt.Errorf("%d characters", len(value))
	}
	if spec["Type"] == "Number" {
		n, err := strconv.ParseFloat(value, 64)
		if low, has := spec["MinValue"].(float64); err != nil || has && (n < low || n > spec["MaxValue"].(float64)) {
			return fmt.Errorf("the number %q", value)
		}
	}
	return nil
}

// permissions returns what the policies of a role allow, whose number and order mean nothing. Left
// out are ARNs that a pattern beside them covers.
func permissions(t *testing.T, role any) map[string]iam.Statement {
	t.Helper()
	all := map[string]iam.Statement{}
	policies := role.(map[string]any)["Properties"].(map[string]any)["Policies"].([]any)
	for _, p := range policies {
		document := p.(map[string]any)["PolicyDocument"]
		text, is := document.(string)
		if !is {
			raw, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			text = string(raw)
		}
		var d iam.Document
		unmarshal(t, []byte(text), &d)
		for _, s := range d.Statement {
			s.Resource = slices.DeleteFunc(slices.Clone(s.Resource), func(arn string) bool {
				return slices.ContainsFunc(s.Resource, func(other string) bool { return other != arn && matches(other, arn) })
			})
			sort.Strings(s.Resource)
			if all[s.Sid].Sid != "" {
				t.Errorf("%s is twice in the policies", s.Sid)
			}
			all[s.Sid] = s
		}
	}
	return all
}

// parameters returns those of the template for the parameters of serverless.yml.
func parameters(d deployment) map[string]string {
	given := map[string]string{"CodeBucket": "code", "CodeKey": "slowdigest-1.zip", "Release": d.stage}
	for _, p := range d.params {
		name, value, _ := strings.Cut(p, "=")
		if name == "name" {
			given["Release"] += "-" + value
			continue
		}
		given[string(unicode.ToUpper(rune(name[0])))+name[1:]] = value
	}
	return given
}

// configurations are those of docs/deploy.md.
func configurations(t *testing.T) (all []deployment) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]*)` \\|").FindAllStringSubmatch(string(read(t, "../../docs/deploy.md")), -1) {
		all = append(all, deployment{"prod", strings.Fields(m[1])})
	}
	if len(all) < 12 {
		t.Fatalf("docs/deploy.md documents %d configurations", len(all))
	}
	return all
}

// withParameters returns the template that needs no deploy tool.
func withParameters(t *testing.T) map[string]any {
	t.Helper()
	var template map[string]any
	unmarshal(t, []byte(packaged(t, osls, deployment{"prod", []string{"template=true"}}).plain), &template)
	return template
}

// ofDeployTool returns the template that the deploy tool makes of a configuration; the one that
// docs/try.sh has made, if SLOWDIGEST_TRIED names its directory.
func ofDeployTool(t *testing.T, n int, d deployment) []byte {
	t.Helper()
	if tried := os.Getenv("SLOWDIGEST_TRIED"); tried != "" {
		return read(t, filepath.Join(tried, fmt.Sprintf("%d.template.json", n+1)))
	}
	return []byte(packaged(t, osls, d).plain)
}

// TestTemplateWithParameters deploys each documented configuration by the one template and by
// that of the deploy tool: the stacks are the same.
func TestTemplateWithParameters(t *testing.T) {
	t.Parallel()
	template := withParameters(t)
	for n, d := range configurations(t) {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			one, err := deploy(template, parameters(d))
			if err != nil {
				t.Fatal(err)
			}
			var other map[string]any
			unmarshal(t, ofDeployTool(t, n, d), &other)
			plain, err := deploy(other, map[string]string{"CodeBucket": "code", "CodeKey": "slowdigest-1.zip"})
			if err != nil {
				t.Fatal(err)
			}
			// An account whose quota is 10 can reserve nothing.
			small, err := deploy(template, merged(parameters(d), map[string]string{"AskConcurrency": "none"}))
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprint(small.parts(template["Resources"])); strings.Contains(text, "ReservedConcurrentExecutions") {
				t.Errorf("concurrency is reserved: %s", text)
			}
			for _, section := range []string{"Resources", "Outputs"} {
				got, want := one.parts(template[section]), plain.parts(other[section])
				if section == "Resources" {
					if got, want := permissions(t, got["Role"]), permissions(t, want["Role"]); !reflect.DeepEqual(got, want) {
						t.Errorf("the role may %+v\nof the deploy tool %+v", got, want)
					}
					delete(got["Role"].(map[string]any)["Properties"].(map[string]any), "Policies")
					delete(want["Role"].(map[string]any)["Properties"].(map[string]any), "Policies")
				}
				for id := range merged(got, want) {
					if !reflect.DeepEqual(got[id], want[id]) {
						t.Errorf("%s is\n%v\nof the deploy tool\n%v", id, got[id], want[id])
					}
				}
			}
		})
	}
}

// TestTemplateRefuses goes one step beyond what each parameter may be.
func TestTemplateRefuses(t *testing.T) {
	t.Parallel()
	template := withParameters(t)
	least := map[string]string{"CodeBucket": "code", "CodeKey": "slowdigest-1.zip", "Instances": "orders-1", "Channel": "C0123456789"}
	names := func(n int) string { return strings.Repeat("orders-1,", n-1) + "cluster:orders-*" }
	for _, c := range []struct {
		name         string
		good, beyond []string
		err          string
	}{
		{"Release", []string{"a", "prod-next", strings.Repeat("a", 16) + "-" + strings.Repeat("b", 16)}, []string{"", "Prod", "prod-", "1", "a-b-c", strings.Repeat("a", 17), "prod_next"}, "lower-case letters"},
		{"Instances", []string{names(1), names(15), strings.Repeat("a", 63)}, []string{names(16), strings.Repeat("a", 64), "orders-", "orders--1", "Orders", "orders-1, orders-2", "orders-1,", "1a", "${x}", `a"`}, "at most 15 names in lower case"},
		{"Instances", nil, []string{""}, "Set Instances, Tag or both"},
		{"Tag", []string{"slowdigest", "a:b=on off"}, []string{"=on", "a=", "a=b=c", "a=*", `a="`, "a=${b}"}, "want KEY=VALUE or KEY"},
		{"Channel", []string{"C0123456789", "G01234567"}, []string{"C0123456", "#slow-queries", "slow-queries", "U0123456789", ""}, "the ID of a channel"},
		{"Limit", []string{"all", "5", "95%", "99.5%", "100%", "95%:20", "95%:20+3", "95%:20+0"}, []string{"", "most", "95%:", "0", "0%", "101%", "1..5%", "95%:0"}, "Limit"},
		{"State", []string{"own", "none", "s3://kept/prod", "s3://a.b-c/p"}, []string{"s3://a../x", "s3://a./x", "", "s3://kept", "s3://kept/a/b", "s3://kept/*", "/tmp"}, "want own, none or s3://BUCKET/PREFIX"},
		{"Keep", []string{"", "1", "35", "999"}, []string{"0", "1000", "35d", "-1", "x"}, "want a number of days"},
		{"StateKey", []string{"", key}, []string{"alias/mine", "*", key + "*"}, "want the ARN of a KMS key"},
		{"TokenKey", []string{"", key}, []string{"alias/mine"}, "want the ARN of a KMS key"},
		{"Workers", []string{"2", "1000"}, []string{"1", "1001", "many"}, "Workers"},
		{"AskConcurrency", []string{"none", "1"}, []string{"", "0", "10000"}, "want a number from 1 on, or none"},
		{"AskUsers", []string{"", "U0123456789,W0123456789"}, []string{"C0123456789", "U1", "U0123456789, U0123456780"}, "want IDs of users"},
		{"AskChannels", []string{"", "C0123456789,G0123456789"}, []string{"#a", "U0123456789", "C1"}, "want IDs of channels"},
		{"SlackApi", []string{"", "https://slack-gov.com/api/"}, []string{"http://slack-gov.com/api/", "https://slack-gov.com/api"}, "want a URL such as"},
		{"Email", []string{"", "dba@example.com"}, []string{"dba"}, "want an e-mail address"},
		{"Retention", []string{"7"}, []string{"8", ""}, "Retention"},
		{"Daily", []string{"", "09:00", "23:59 Europe/Berlin"}, []string{"9", "09:00Z", "24:00", "09:60", "99:99"}, "Daily"},
		{"MinTime", []string{"", "500ms", "0.5", "2s"}, []string{"soon", "hello", "1d", "-1s"}, "MinTime"},
		{"MaxBytes", []string{"", "500MB", "1.5 GB", "1GiB", "5000"}, []string{"...", "lots", "0MB"}, "MaxBytes"},
		{"TimeZone", []string{"", "Europe/Berlin", "UTC"}, []string{"nowhere at all", "europe"}, "TimeZone"},
		{"Links", []string{"", "none", "A=https://a.example.com/{instance} B=https://b.example.com/"}, []string{"A=http://a.example.com/", "https://a.example.com/"}, "Links"},
		{"Fanout", []string{"true"}, []string{"", "yes"}, "Fanout"},
		{"Boundary", []string{"", "arn:aws:iam::123456789012:policy/boundary"}, []string{"boundary"}, "want the ARN of a policy"},
	} {
		for _, value := range c.good {
			given := merged(least, map[string]string{c.name: value})
			s, err := deploy(template, given)
			if err != nil {
				t.Errorf("%s=%s: %v", c.name, value, err)
				continue
			}
			// What it takes is well by the command's rules, too.
			function := s.parts(template["Resources"])["DigestLambdaFunction"].(map[string]any)["Properties"].(map[string]any)
			raw, err := json.Marshal(function["Environment"].(map[string]any)["Variables"])
			if err != nil {
				t.Fatal(err)
			}
			filled := strings.ReplaceAll(string(raw), "${StateBucket}", "slowdigest-bucket")
			if stdout, stderr, code := call(t, filled, []string{"check"}); code != 0 {
				t.Errorf("%s=%s: check says %s%s of %s", c.name, value, stdout, stderr, raw)
			}
		}
		for _, value := range c.beyond {
			if _, err := deploy(template, merged(least, map[string]string{c.name: value})); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s=%s: error %v, want %q", c.name, value, err, c.err)
			}
		}
	}
	// As many as it takes, the role may read: 15, and as many that a switchover renames.
	most, err := deploy(template, merged(least, map[string]string{"Instances": "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o"}))
	if err != nil {
		t.Fatal(err)
	}
	if read := permissions(t, most.parts(template["Resources"])["Role"])["ReadSlowLogs"].Resource; len(read) != 2*15 {
		t.Errorf("of 15 instances the role may read %q", read)
	}
	for set, want := range map[string]string{
		"Interactive=true": "Interactive needs a state, and State is none", "Daily=09:00": "Daily needs a state, and State is none", "Keep=35": "Keep needs a state, and State is none", "Repeat=skip": "Repeat=skip needs a state, and State is none",
	} {
		name, value, _ := strings.Cut(set, "=")
		if _, err := deploy(template, merged(least, map[string]string{name: value, "State": "none"})); err == nil || err.Error() != want {
			t.Errorf("%s without a state: %v", set, err)
		}
	}
	for name := range least {
		without := maps.Clone(least)
		if delete(without, name); name == "Instances" {
			without["Tag"] = "slowdigest=on"
		}
		if _, err := deploy(template, without); (err == nil) != (name == "Instances") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// TestTemplateFits keeps the template below what CloudFormation takes without a bucket, and
// the longest environment that its parameters can make below what Lambda takes.
func TestTemplateFits(t *testing.T) {
	t.Parallel()
	if n := len(packaged(t, osls, deployment{"prod", []string{"template=true"}}).plain); n > 51_200 {
		t.Errorf("the template has %d bytes, and CloudFormation takes 51,200", n)
	}
	template := withParameters(t)
	var asked []string // in the console
	console := template["Metadata"].(map[string]any)["AWS::CloudFormation::Interface"].(map[string]any)
	for _, group := range console["ParameterGroups"].([]any) {
		for _, name := range group.(map[string]any)["Parameters"].([]any) {
			asked = append(asked, name.(string))
		}
	}
	if declared := slices.Sorted(maps.Keys(template["Parameters"].(map[string]any))); !slices.Equal(slices.Sorted(slices.Values(asked)), declared) {
		t.Errorf("the console asks for %q of %q", asked, declared)
	}
	var longest func(part any) int
	longest = func(part any) int {
		if text, is := part.(string); is {
			return len(text)
		}
		for name, arg := range part.(map[string]any) {
			args, _ := arg.([]any)
			switch name {
			case "Fn::If":
				return max(longest(args[1]), longest(args[2]))
			case "Fn::Sub":
				text, is := arg.(string)
				if !is {
					text = args[0].(string)
				}
				return len(text) + 63 // of a bucket, which is longer than a release
			case "Ref":
				if arg == "AWS::NoValue" {
					return 0
				}
				spec, is := template["Parameters"].(map[string]any)[arg.(string)].(map[string]any)
				if !is {
					return 200 // the URL of a queue
				}
				if n, has := spec["MaxLength"].(float64); has {
					return int(n)
				}
				n := 0
				for _, v := range spec["AllowedValues"].([]any) { // or there is no bound
					n = max(n, len(fmt.Sprint(v)))
				}
				return n
			}
		}
		panic(fmt.Sprint("a variable is ", part))
	}
	for _, function := range []string{"DigestLambdaFunction", "EntranceLambdaFunction"} {
		properties := template["Resources"].(map[string]any)[function].(map[string]any)["Properties"].(map[string]any)
		variables := properties["Environment"].(map[string]any)["Variables"].(map[string]any)
		total := 0
		for name, value := range variables {
			total += len(`"":"",`) + len(name) + longest(value)
		}
		if total > 4096 || len(variables) < 20 {
			t.Errorf("%s can have an environment of %d bytes, and Lambda takes 4,096", function, total)
		}
	}
}
