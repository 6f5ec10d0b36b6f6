'use strict';

// The CloudWatch dashboard: digests posted, what they are made of, and errors.


const [name, release] = ['slowdigest-${Release}', '${Release}'];

const ours = (metric, stat = 'Sum', more = {}) => ['slowdigest', metric, 'Stage', release, { stat, ...more }];
const lambda = (metric, stat = 'Sum') => ['AWS/Lambda', metric, 'FunctionName', name, { stat }];
const queue = (id, metric, stat) => ['AWS/SQS', metric, 'QueueName', `\${${id}.QueueName}`, { stat, label: id }];

const graphs = [
  ['Digests posted, hours done, hours pending', 3600, [ours('DigestsPosted'), ours('HoursDone'), ours('HoursPending', 'Maximum')]],
  ['Entries and bytes read', 3600, [ours('Events'), ours('BytesRead', 'Sum', { yAxis: 'right' })]],
  ['Complete hours: 1, or 0', 3600, [ours('Complete', 'Minimum')]],
  ['Errors, and runs not started', 300, [lambda('Errors'), lambda('Throttles')]],
  ['Calls of RDS, retried, throttled', 3600, [ours('Calls'), ours('Retries'), ours('Throttles')]],
  ['Duration in ms, of at most 900,000', 300, [lambda('Duration', 'Maximum')]],
];
const ofFanout = [
  ['Messages waiting, and dead letters', 300, [
    queue('WorkQueue', 'ApproximateNumberOfMessagesVisible', 'Maximum'),
    queue('DeadLetterQueue', 'ApproximateNumberOfMessagesVisible', 'Maximum'),
  ]],
  ['Age of the oldest message in seconds', 300, [queue('WorkQueue', 'ApproximateAgeOfOldestMessage', 'Maximum')]],
];

// widgets lays graphs out three in a row, from a height on.
const widgets = (shown, from) => shown.map(([title, period, metrics], i) => ({
  type: 'metric', width: 8, height: 6, x: (i % 3) * 8, y: from + Math.floor(i / 3) * 6,
  properties: { title, metrics, period, region: '${AWS::Region}', view: 'timeSeries', stacked: false },
}));

const errors = {
  type: 'log', width: 24, height: 6, x: 0, y: 12,
  properties: {
    title: 'Last errors', region: '${AWS::Region}', view: 'table',
    query: `SOURCE '/aws/lambda/${name}' | fields @timestamp, Channel, msg, error | filter level = 'ERROR' | sort @timestamp desc | limit 20`,
  },
};

const list = (all) => JSON.stringify(all).slice(1, -1);
const body = `{"widgets":[${list([...widgets(graphs, 0), errors])}\${Queues}]}`;
const queues = { 'Fn::If': ['Fanout', { 'Fn::Sub': `,${list(widgets(ofFanout, 18))}` }, ''] };

module.exports = {
  Resources: {
    Dashboard: {
      Condition: 'Alarms',
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: { 'Fn::Sub': name }, DashboardBody: { 'Fn::Sub': [body, { Queues: queues }] } },
    },
  },
};
