'use strict';

// The statements that serverless.yml gives to the function's role, and all that
// the function may do beside writing its own log: read the slow logs of the
// configured instances, look up why an instance has none, and read one SSM
// parameter, the Slack token.
//
// A SecureString under the AWS managed key aws/ssm needs nothing more. One
// under a key of your own also needs kms:Decrypt on that key.

const arn = (service, resource) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`,
});

// RDS keeps identifiers in lower case and IAM compares them exactly. A name
// that RDS would refuse is refused here too: a wildcard among the instances
// would open every log of the account.
function instanceNames(list) {
  const names = String(list).split(',').map((name) => name.trim().toLowerCase()).filter(Boolean);
  const wrong = names.find((name) => !/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > 63);
  if (wrong !== undefined) throw new Error(`"${wrong}" is not the name of a DB instance`);
  if (names.length === 0) throw new Error('no DB instance is configured: set the parameter "instances"');
  return names;
}

module.exports.statements = async ({ resolveVariable }) => {
  const instances = instanceNames(await resolveVariable('param:instances'));
  const download = await resolveVariable('param:download');
  const tokenParameter = await resolveVariable('self:custom.slackTokenParameter');

  return [
    {
      Sid: 'ReadSlowLogs',
      Effect: 'Allow',
      Action: [
        'rds:DescribeDBLogFiles',
        ...(download === 'complete' ? [] : ['rds:DownloadDBLogFilePortion']),
        ...(download === 'portions' ? [] : ['rds:DownloadCompleteDBLogFile']),
        // Which parameter group an instance without a slow log has.
        'rds:DescribeDBInstances',
      ],
      Resource: instances.map((name) => arn('rds', `db:${name}`)),
    },
    {
      // Whether that group enables the slow log. Its name is known only then.
      Sid: 'ReadParameters',
      Effect: 'Allow',
      Action: ['rds:DescribeDBParameters'],
      Resource: [arn('rds', 'pg:*')],
    },
    {
      Sid: 'ReadSlackToken',
      Effect: 'Allow',
      Action: ['ssm:GetParameter'],
      Resource: [arn('ssm', `parameter/${tokenParameter.replace(/^\//, '')}`)],
    },
  ];
};
