'use strict';

// Makes of the parameters in serverless.yml what they switch on, by the files beside this one.
// What is off leaves nothing in the template: no resource, no variable, no permission. With
// --param="template=true" all of it stays in, with parameters and conditions of CloudFormation,
// for the template that needs no deploy tool: see template.js.

const { policy, check, refusal } = require('./policy.js');
const { policies, instanceConditions } = require('./statements.js');
const { resolver } = require('./resolve.js');
const dashboard = require('./dashboard.js');

const files = ['functions', 'role', 'state', 'fanout', 'interactive', 'week', 'alarms'];

// The parameters of serverless.yml have the names of the template's without the capital; where the
// code is, the deploy tool knows, and a release is a stage and a name.
const own = (name) => !['CodeBucket', 'CodeKey', 'Release'].includes(name);
const lower = (name) => name[0].toLowerCase() + name.slice(1);

// refuse returns an error about a parameter.
const refuse = (name, value, want) => refusal(`parameter "${name}" is "${value}": want ${want}`);

const oneOf = (values) => `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;

// releaseName distinguishes this deployment from all others of the account and
// region. Neither part has a hyphen, so that no two pairs make the same name.
function releaseName(stage, name) {
  for (const part of [stage, name].filter(Boolean)) {
    if (!/^[a-z][a-z0-9]{0,15}$/.test(part)) {
      throw refusal(`"${part}" is not the name of a stage or release: want at most 16 lower-case letters and digits`);
    }
  }
  return name ? `${stage}-${name}` : stage;
}

// conform refuses what is not among the values that the template's parameter allows. The
// forms of names are left to the command, which says more: see check.
function conform(params, { Parameters }) {
  for (const [key, p] of Object.entries(Parameters).filter(([key]) => own(key))) {
    const [name, value] = [lower(key), params[key]];
    if (p.AllowedValues && !p.AllowedValues.map(String).includes(value)) throw refuse(name, value, oneOf(p.AllowedValues.filter((v) => v !== '')));
    if (p.Type === 'Number' && 'MinValue' in p && !(/^\d+$/.test(value) && p.MinValue <= value && value <= p.MaxValue)) {
      throw refuse(name, value, `a number from ${p.MinValue} to ${p.MaxValue}`);
    }
    if (['AskConcurrency', 'Email', 'Keep'].includes(key) && !RegExp(p.AllowedPattern).test(value)) throw refuse(name, value, p.ConstraintDescription.replace('want ', ''));
  }
  const { State, Interactive } = params;
  if (!/^(own|none|s3:\/\/.*)$/.test(State)) throw refuse('state', State, 'own, none or s3://BUCKET/PREFIX');
  if (Interactive === 'true' && State === 'none') throw refusal('parameter "interactive" is true, which needs a state, and "state" is none');
}

// known refuses a parameter that nothing reads, on the command line or under a stage: it is
// misspelt, and another holds in its place.
async function known(names, resolveVariable) {
  const { argv } = process;
  const given = argv.flatMap((arg, i) => (arg === '--param' ? [argv[i + 1] ?? ''] : arg.startsWith('--param=') ? [arg.slice('--param='.length)] : []));
  const stages = Object.values((await resolveVariable('self:params')) || {}).flatMap((section) => Object.keys(section ?? {}));
  for (const name of [...given.map((p) => p.split('=')[0]), ...stages]) {
    if (![...names, 'name', 'template'].includes(name)) throw refusal(`there is no parameter "${name}": serverless.yml has those that there are`);
  }
}

// read returns the files as one template, with the conditions that follow from names.
async function read(resolveVariable) {
  const all = { ...await resolveVariable('file(iam/deploy/parameters.yml)'), Resources: {}, Outputs: {} };
  for (const file of files) {
    const { Resources, Outputs } = await resolveVariable(`file(iam/deploy/${file}.yml)`);
    Object.assign(all.Resources, Resources);
    Object.assign(all.Outputs, Outputs);
  }
  Object.assign(all.Resources, dashboard.Resources);
  for (const name of Object.keys(all.Parameters)) all.Conditions[`Has${name}`] ??= { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: name }, ''] }] };
  Object.assign(all.Conditions, instanceConditions());
  return all;
}

// statements returns those of the role, which are what its variables ask for.
const statements = (params, variables, on) => policy({
  instance: params.Instances,
  tag: params.Tag,
  download: params.Download,
  'slack-token-parameter': variables.SLACK_TOKEN_PARAMETER,
  'signing-secret-parameter': variables.SLACK_SIGNING_SECRET_PARAMETER ?? '',
  'mcp-token-parameter': variables.SLOWDIGEST_MCP_TOKEN_PARAMETER ?? '',
  state: on('OwnState') ? `s3://\${StateBucket}/${params.Release}` : variables.SLOWDIGEST_STATE ?? '',
  'state-key': params.StateKey,
  'token-key': params.TokenKey,
  'queue-url': on('Fanout') ? '${WorkQueue.QueueName}' : '',
  topic: on('Alarms') ? '${AlarmTopic.TopicName}' : '',
  'topic-key': on('Alarms') ? '${AlarmKey.Arn}' : '',
  function: `slowdigest-${params.Release}`,
  tracing: on('Tracing'),
});

// used returns the conditions that a template refers to, also by others.
function used(conditions, template) {
  const text = JSON.stringify(template);
  const names = Object.keys(conditions).filter((name) => text.includes(`"Condition":"${name}"`) || text.includes(`{"Fn::If":["${name}",`));
  const kept = Object.fromEntries(names.map((name) => [name, conditions[name]]));
  const all = Object.keys(kept).length;
  return all === Object.keys(template.Conditions ?? {}).length ? kept : used(conditions, { ...template, Conditions: kept });
}

// withParameters returns the whole, in which the values are defaults, but for what
// nobody should deploy without thinking of it.
function withParameters({ Metadata, Parameters, Rules, Conditions, Resources, Outputs }, params) {
  for (const [name, p] of Object.entries(Parameters)) {
    if (name in params && name !== 'Channel') p.Default = name === 'Instances' ? '' : p.AllowedValues?.find((v) => String(v) === params[name]) ?? params[name];
  }
  Resources.Role.Properties.Policies = policies();
  return { Parameters, Conditions: used(Conditions, { Resources, Outputs }), Resources, Outputs, Metadata: { ...Metadata, Rules } }; // the deploy tool knows no rules
}

// The function behind the URL; what it has in common with the other is in functions.yml.
const entrance = {
  entrance: { name: 'slowdigest_entrance', description: 'Answers what is asked in Slack or by agents, and rejects the rest', handler: 'bootstrap', disableLogs: true },
};

module.exports = async ({ resolveVariable }) => {
  const all = await read(resolveVariable);
  const keys = Object.keys(all.Parameters).filter(own);
  await known(keys.map(lower), resolveVariable);
  const params = {};
  for (const key of keys) params[key] = String(await resolveVariable(`param:${lower(key)}`));
  params.Release = releaseName(await resolveVariable('sls:stage'), await resolveVariable('param:name'));
  const name = `slowdigest-${params.Release}`;

  if (await resolveVariable("param:template, ''")) return { name, entrance, resources: withParameters(all, params) };

  conform(params, all);
  for (const number of ['Workers', 'Retention']) params[number] = Number(params[number]);
  const { section, holds } = resolver(params, all.Conditions);
  const on = (condition) => holds({ Condition: condition });
  const Resources = section(all.Resources);
  const variables = Resources.DigestLambdaFunction.Properties.Environment.Variables;
  check(variables);
  Resources.Role.Properties.Policies = [{
    PolicyName: 'slowdigest',
    PolicyDocument: { Version: '2012-10-17', Statement: statements(params, variables, on) },
  }];
  // The deploy tool would export it under a name that a second release has too.
  const Outputs = { ServerlessDeploymentBucketName: { Export: { Name: `${name}-deployment-bucket` } }, ...section(all.Outputs) };
  return { name, entrance: on('Url') ? entrance : {}, resources: { Resources, Outputs } };
};
