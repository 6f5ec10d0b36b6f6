'use strict';

// The policies of a role whose instances and resources are named by parameters: the rules
// of policy.json, with CloudFormation's conditions in the place of its own.

const rules = require('../policy.json');

// How many instances a template can name, for each takes its share of the 51,200 bytes that
// CloudFormation takes; for more there are patterns and tags.
const maxInstances = 15;

const nothing = { Ref: 'AWS::NoValue' };
const when = (condition, part) => (condition ? { 'Fn::If': [condition, part, nothing] } : part);

// The conditions of parameters.yml, by those of policy.json.
const conditions = {
  instance: 'HasInstances',
  tagKey: 'HasTag',
  'download=portions|auto': 'Portions',
  'download=complete|auto': 'Complete',
  bucket: 'HasState',
  queue: 'Fanout',
  topic: 'Alarms',
  interactive: 'Interactive',
  tracing: 'Tracing',
  tokenKey: 'HasTokenKey',
  stateKey: 'KeyOfState',
  topicKey: 'Alarms',
  // There always is a token and a function.
  parameter: '',
  function: '',
};

function condition(rule) {
  if (rule === undefined) return '';
  if (!(rule in conditions)) throw new Error(`policy.json has the condition "${rule}", which parameters.yml does not know`);
  return conditions[rule];
}

// The n-th of the instances, or nothing: a list that is too short is filled up.
const instance = (n) => ({ 'Fn::Select': [n, { 'Fn::Split': [',', { 'Fn::Sub': `\${Instances}${','.repeat(maxInstances)}` }] }] });

// instanceConditions has HasInstance1 on, which say of each instance but the first whether there
// is one; and whether members of a cluster are among them, which have names of their own.
function instanceConditions() {
  const all = {
    Clusters: { 'Fn::Not': [{ 'Fn::Equals': [{ 'Fn::Select': [1, { 'Fn::Split': ['cluster:', { 'Fn::Sub': '${Instances}cluster:' }] }] }, ''] }] },
  };
  for (let n = 1; n < maxInstances; n++) all[`HasInstance${n}`] = { 'Fn::Not': [{ 'Fn::Equals': [instance(n), ''] }] };
  return all;
}

// Names of the parts of an ARN, and what stands for each in a template.
const stack = { partition: 'AWS::Partition', region: 'AWS::Region', account: 'AWS::AccountId', function: 'Release' };
const prefixes = { function: 'slowdigest-' };

// fill replaces the placeholders of a pattern that stand for one thing each.
const fill = (pattern, values = {}) =>
  pattern.replace(/\$\{(\w+)\}/g, (_, name) => values[name] ?? `${prefixes[name] ?? ''}\${${stack[name] ?? name}}`);

const sub = (text, values) => (text.includes('${') ? { 'Fn::Sub': values ? [text, values] : text } : text);
const stage = { Stage: { 'Fn::Select': [0, { 'Fn::Split': ['-', { Ref: 'Release' }] }] } };

// ofState fills in where the state is: in the bucket of the stack, or at s3://BUCKET/PREFIX.
function ofState(pattern) {
  const own = sub(fill(pattern, { bucket: '${StateBucket}', prefix: '${Release}/' }));
  const part = (n) => ({ 'Fn::Select': [n, { 'Fn::Split': ['/', { Ref: 'State' }] }] });
  const values = Object.entries({ Bucket: part(2), Prefix: part(3) }).filter(([name]) => pattern.includes(`\${${name.toLowerCase()}}`));
  return { 'Fn::If': ['OwnState', own, sub(fill(pattern, { bucket: '${Bucket}', prefix: '${Prefix}/' }), Object.fromEntries(values))] };
}

// resources returns the ARNs that a pattern stands for, each of which may depend on a condition.
function resources(pattern) {
  if (pattern.includes('${instance}')) {
    const named = (n, before) => sub(`${before}${fill(pattern, { instance: '${I}' })} ${fill(pattern, { instance: '${I}-old?' })}`, { I: instance(n) });
    const list = [named(0, '')];
    for (let n = 1; n < maxInstances; n++) list.push({ 'Fn::If': [`HasInstance${n}`, named(n, ' '), ''] });
    return { 'Fn::If': ['Clusters', [sub(fill(pattern, { instance: '*' }))], { 'Fn::Split': [' ', { 'Fn::Join': ['', list] }] }] };
  }
  if (pattern.includes('${parameter}')) {
    const secrets = { 'slack-token': '', 'slack-signing-secret': 'Interactive', 'mcp-token': 'Mcp' };
    return Object.entries(secrets).map(([name, on]) => when(on, sub(fill(pattern, { parameter: `slowdigest/\${Stage}/${name}` }), stage)));
  }
  if (/\$\{(bucket|prefix)\}/.test(pattern)) return [ofState(pattern)];
  return [sub(fill(pattern, { queue: '${WorkQueue.QueueName}', topic: '${AlarmTopic.TopicName}', tokenKey: '${TokenKey}', stateKey: '${StateKey}', topicKey: '${AlarmKey.Arn}' }))];
}

const map = (object, f) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, f(value)]));
const conditionOf = (given) => map(given, (keys) => map(keys, (value) => (value.includes('${prefix}') ? ofState(value) : value)));

function statement({ Sid, Action, Resource, Condition }) {
  return {
    Sid,
    Effect: 'Allow',
    Action: Action.map((a) => when(condition(a.When), a.Name)),
    Resource: Resource.length === 1 ? resources(Resource[0]) : Resource.flatMap(resources),
    ...(Condition && { Condition: conditionOf(Condition) }),
  };
}

// policies returns those of the role. The tag's key is a key of JSON, where a template
// can put nothing in; so what reads by a tag is a policy of its own, given as text.
function policies() {
  const document = (statements) => ({ Version: '2012-10-17', Statement: statements });
  const [tagged, others] = [true, false].map((is) => rules.filter((r) => (r.When === 'tagKey') === is));
  return [
    { PolicyName: 'slowdigest', PolicyDocument: document(others.map((r) => when(condition(r.When), statement(r)))) },
    ...tagged.map(byTag),
  ];
}

function byTag({ Sid, When, Action, Resource, Condition }) {
  const actions = (list) => list.map((a) => a.Name);
  const text = (list) => JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid, Effect: 'Allow', Action: actions(list), Resource: Resource.map((r) => fill(r)), Condition }],
  }).replaceAll('${tagKey}', '${Key}').replaceAll('${tagValue}', '${Value}');
  const values = {
    Key: { 'Fn::Select': [0, { 'Fn::Split': ['=', { Ref: 'Tag' }] }] },
    Value: { 'Fn::Select': [1, { 'Fn::Split': ['=', { 'Fn::If': ['TagHasValue', { Ref: 'Tag' }, { 'Fn::Sub': '${Tag}=*' }] }] }] },
  };
  const [portions, complete] = ['portions', 'complete'].map((way) => Action.filter((a) => !a.When || a.When.includes(way)));
  return when(condition(When), {
    PolicyName: 'slowdigest-tagged',
    PolicyDocument: {
      'Fn::If': ['Portions', { 'Fn::If': ['Complete', sub(text(Action), values), sub(text(portions), values)] }, sub(text(complete), values)],
    },
  });
}

module.exports = { policies, instanceConditions };
