'use strict';

// The CloudWatch dashboard: digests posted, what they are made of, and errors.

module.exports = ({ name, release, on }) => {
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
    ...(on.fanout ? [['Messages waiting, and dead letters', 300, [
      queue('WorkQueue', 'ApproximateNumberOfMessagesVisible', 'Maximum'),
      queue('DeadLetterQueue', 'ApproximateNumberOfMessagesVisible', 'Maximum'),
    ]], ['Age of the oldest message in seconds', 300, [queue('WorkQueue', 'ApproximateAgeOfOldestMessage', 'Maximum')]]] : []),
  ];
  const widgets = graphs.map(([title, period, metrics], i) => ({
    type: 'metric', width: 8, height: 6, x: (i % 3) * 8, y: Math.floor(i / 3) * 6,
    properties: { title, metrics, period, region: '${AWS::Region}', view: 'timeSeries', stacked: false },
  }));
  widgets.push({
    type: 'log', width: 24, height: 6, x: 0, y: Math.ceil(graphs.length / 3) * 6,
    properties: {
      title: 'Last errors', region: '${AWS::Region}', view: 'table',
      query: `SOURCE '/aws/lambda/${name}' | fields @timestamp, Channel, msg, error | filter level = 'ERROR' | sort @timestamp desc | limit 20`,
    },
  });
  return {
    Resources: {
      Dashboard: {
        Type: 'AWS::CloudWatch::Dashboard',
        Properties: { DashboardName: name, DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets }) } },
      },
    },
  };
};
