'use strict';

// The statements that serverless.yml gives to the function's role, and all that
// it may do: those of policy.json that the configuration needs. `slowdigest iam`
// prints the same; a test compares the two.

const fs = require('fs');
const path = require('path');

const rules = JSON.parse(fs.readFileSync(path.join(__dirname, 'policy.json'), 'utf8'));

// Whether a value is there, or as download=portions|auto is one of these.
function holds(values, when) {
  if (!when) return true;
  const [name, allowed] = when.split('=');
  const given = values[name] || [];
  return allowed ? given.some((value) => allowed.split('|').includes(value)) : given.length > 0;
}

// The pattern once for each combination of the values of its placeholders.
function expand(values, pattern) {
  const at = /\$\{(\w+)\}/.exec(pattern);
  if (!at) return [pattern];
  const ends = expand(values, pattern.slice(at.index + at[0].length));
  return (values[at[1]] || []).flatMap((value) => ends.map((end) => pattern.slice(0, at.index) + value + end));
}

const sub = (text) => (text.includes('${') ? { 'Fn::Sub': text } : text);

function statements(values) {
  return rules.filter((rule) => holds(values, rule.When)).map((rule) => ({
    Sid: rule.Sid,
    Effect: 'Allow',
    Action: rule.Action.filter((action) => holds(values, action.When)).map((action) => action.Name),
    Resource: rule.Resource.flatMap((pattern) => expand(values, pattern)).map(sub),
    ...(rule.Condition && {
      Condition: Object.fromEntries(Object.entries(rule.Condition).map(([operator, keys]) => [
        operator,
        Object.fromEntries(Object.entries(keys).map(([key, value]) => [expand(values, key)[0], expand(values, value)[0]])),
      ])),
    }),
  }));
}

// RDS keeps identifiers in lower case and IAM compares them exactly. What AWS
// would refuse is refused here too: a wildcard where none is meant would open
// more than is said.
function instances(values, list) {
  for (let name of list.split(',').map((item) => item.trim().toLowerCase()).filter(Boolean)) {
    if (!/^(?:cluster:)?[a-z*](?:-?[a-z0-9*])*$/.test(name) || name.length > 63 + 'cluster:'.length) {
      throw new Error(`"${name}" is neither the name nor a pattern of DB instances`);
    }
    if (/[*:]/.test(name)) values.discovery = ['true'];
    if (name.startsWith('cluster:')) name = '*'; // its members have names of their own
    values.instance.push(name);
  }
}

function tag(values, text) {
  if (!text) return;
  const [, key, value = '=*'] = /^([^=]*)(=.*)?$/.exec(text) || [];
  if (!key || /[*?$]/.test(text)) throw new Error(`"${text}" is not a tag: want KEY=VALUE or KEY`);
  Object.assign(values, { discovery: ['true'], tagKey: [key], tagValue: [value.slice(1)] });
}

function state(values, place) {
  if (!place.startsWith('s3://')) return;
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|\$\{\w+\})(?:\/([A-Za-z0-9_.\/-]*))?$/.exec(place) || [];
  if (!bucket) throw new Error(`"${place}" is not a place for the state: want s3://BUCKET/PREFIX`);
  const inside = (prefix || '').replace(/^\/+|\/+$/g, '');
  Object.assign(values, { bucket: [bucket], prefix: [inside && `${inside}/`] });
}

function add(values, kind, names) {
  values[kind] = names.filter(Boolean).map((name) => name.replace(/^\//, ''));
  const wrong = values[kind].find((name) => !/^(\$\{[\w.]+\}|[A-Za-z0-9_.\/-]*)$/.test(name));
  if (wrong !== undefined) throw new Error(`"${wrong}" is not the name of a ${kind}`);
}

// policy makes the statements for settings as `slowdigest iam` has them. The
// names of resources may be placeholders of CloudFormation.
function policy(settings) {
  const values = {
    partition: ['${AWS::Partition}'], region: ['${AWS::Region}'], account: ['${AWS::AccountId}'],
    instance: [], download: [settings.download], tracing: settings.tracing ? ['true'] : [],
    interactive: settings.interactive ? ['true'] : [],
  };
  instances(values, settings.instances || '');
  tag(values, settings.tag || '');
  state(values, settings.state || '');
  add(values, 'parameter', settings.parameters || []);
  for (const kind of ['queue', 'topic', 'function']) add(values, kind, [settings[kind]]);
  if (settings.interactive && !settings.function) throw new Error('people may ask in Slack, and no function is named that is to answer');
  if (values.instance.length === 0 && !values.tagKey) throw new Error('no DB instance is configured');
  return statements(values);
}

module.exports.policy = policy;
