'use strict';

// Makes the resources, the environment and the role of the parameters in
// serverless.yml. What is off leaves nothing in the template: no resource, no
// variable, no permission.

const { policy } = require('./policy.js');
const dashboard = require('./dashboard.js');

const names = ['instances', 'tag', 'download', 'channel', 'limit', 'name', 'state', 'fanout', 'workers',
  'interactive', 'askChannels', 'askUsers', 'askConcurrency', 'slackApi', 'tracing', 'alarms', 'email', 'boundary', 'schedule', 'retention'];

// Settings that have a default of their own where a parameter is empty.
const optional = {
  minTime: 'SLOWDIGEST_MIN_TIME', orderBy: 'SLOWDIGEST_ORDER_BY', perInstance: 'SLOWDIGEST_PER_INSTANCE', links: 'SLOWDIGEST_LINKS',
  repeat: 'SLOWDIGEST_REPEAT', daily: 'SLOWDIGEST_DAILY', timeZone: 'SLOWDIGEST_TIME_ZONE', maxBytes: 'SLOWDIGEST_MAX_BYTES',
};

function flag(params, name) {
  const text = String(params[name]);
  if (text !== 'true' && text !== 'false') throw new Error(`parameter "${name}" is "${text}": want true or false`);
  return text === 'true';
}

// AWS takes from 2 to 1,000.
function workers(text) {
  if (!/^\d+$/.test(text) || text < 2 || text > 1000) throw new Error(`parameter "workers" is "${text}": want a number from 2 to 1000`);
  return Number(text);
}

// AWS takes 0, too, which is a function that never runs.
function concurrency(text) {
  if (text === 'none') return null;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`parameter "askConcurrency" is "${text}": want a number from 1 on, or none`);
  return Number(text);
}

// releaseName distinguishes this deployment from all others of the account and
// region. Neither part has a hyphen, so that no two pairs make the same name.
function releaseName(stage, name) {
  for (const part of [stage, name].filter(Boolean)) {
    if (!/^[a-z][a-z0-9]{0,15}$/.test(part)) {
      throw new Error(`"${part}" is not the name of a stage or release: want at most 16 lower-case letters and digits`);
    }
  }
  return name ? `${stage}-${name}` : stage;
}

module.exports = async ({ resolveVariable }) => {
  const params = {};
  for (const name of [...names, ...Object.keys(optional)]) params[name] = await resolveVariable(`param:${name}`);
  const stage = await resolveVariable('sls:stage');
  const on = Object.fromEntries(['fanout', 'interactive', 'tracing', 'alarms', 'schedule'].map((name) => [name, flag(params, name)]));

  const release = releaseName(stage, params.name);
  const name = `slowdigest-${release}`;
  const state = { own: `s3://\${StateBucket}/${release}`, none: '' }[params.state] ?? params.state;
  if (state && !state.startsWith('s3://')) throw new Error(`parameter "state" is "${state}": want own, none or s3://BUCKET/PREFIX`);
  if (on.interactive && !state) throw new Error('parameter "interactive" is true, which needs a state, and "state" is none');
  if (on.interactive && String(params.channel).startsWith('#')) {
    throw new Error('parameter "interactive" is true, and Slack sends the IDs of channels: set "channel" to an ID');
  }
  if (params.slackApi && !/^https:\/\/[a-z0-9.-]+\/(.*\/)?$/.test(params.slackApi)) {
    throw new Error(`parameter "slackApi" is "${params.slackApi}": want a URL such as https://slack-gov.com/api/`);
  }
  const token = `/slowdigest/${stage}/slack-token`;
  const secret = on.interactive ? `/slowdigest/${stage}/slack-signing-secret` : '';

  const file = (path) => `\${file(iam/deploy/${path})}`;
  return {
    name,
    release,
    on,
    environment: {
      SLOWDIGEST_INSTANCES: params.instances,
      ...(params.tag && { SLOWDIGEST_TAG: params.tag }),
      SLOWDIGEST_CHANNEL: params.channel,
      SLOWDIGEST_LIMIT: params.limit,
      SLOWDIGEST_DOWNLOAD: params.download,
      ...Object.fromEntries(Object.keys(optional).filter((name) => params[name]).map((name) => [optional[name], String(params[name])])),
      SLOWDIGEST_STAGE: release,
      SLACK_TOKEN_PARAMETER: token,
      ...(params.slackApi && { SLACK_API_URL: params.slackApi }),
      ...(state && { SLOWDIGEST_STATE: params.state === 'own' ? { 'Fn::Sub': state } : state }),
      ...(on.fanout && { SLOWDIGEST_QUEUE_URL: { Ref: 'WorkQueue' } }),
      ...(on.interactive && { SLACK_SIGNING_SECRET_PARAMETER: secret, SLOWDIGEST_ANSWER_FUNCTION: name }),
      ...(on.interactive && params.askChannels && { SLOWDIGEST_ASK_CHANNELS: params.askChannels }),
      ...(on.interactive && params.askUsers && { SLOWDIGEST_ASK_USERS: params.askUsers }),
    },
    statements: policy({
      instance: params.instances,
      tag: params.tag,
      download: params.download,
      'slack-token-parameter': token,
      'signing-secret-parameter': secret,
      state,
      'queue-url': on.fanout ? '${WorkQueue.QueueName}' : '',
      topic: on.alarms ? '${AlarmTopic.TopicName}' : '',
      function: name,
      tracing: on.tracing,
    }),
    workers: workers(String(params.workers)),
    boundary: params.boundary || { Ref: 'AWS::NoValue' },
    destinations: on.alarms ? { onFailure: { type: 'sns', arn: { Ref: 'AlarmTopic' } } } : null,
    // The URL has a function of its own, whose concurrency is bounded.
    entrance: on.interactive ? file('entrance.yml') : {},
    askConcurrency: concurrency(String(params.askConcurrency)),
    // Without a state nothing else keeps two runs from posting at the same time.
    reservedConcurrency: state || on.fanout || on.interactive ? null : 1,
    resources: [
      file('role.yml'),
      params.state === 'own' && file('state.yml'),
      on.fanout && file('fanout.yml'),
      on.interactive && file('interactive.yml'),
      on.alarms && file('alarms.yml'),
      on.alarms && params.email && file('email.yml'),
      on.alarms && on.fanout && file('alarms-fanout.yml'),
      on.alarms && dashboard({ name, release, on }),
    ].filter(Boolean),
  };
};
