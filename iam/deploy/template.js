'use strict';

// Makes a plain CloudFormation template of the one that the deploy tool has
// compiled, for those who use no such tool: the location of the code becomes a
// parameter, and what the tool needs for itself is removed.
//
//   node iam/deploy/template.js .serverless dist

const fs = require('fs');
const path = require('path');

function plain({ Resources, Outputs }) {
  const resources = {};
  for (const [id, resource] of Object.entries(Resources)) {
    if (!id.startsWith('ServerlessDeploymentBucket')) resources[id] = resource;
  }
  const outputs = { ...Outputs };
  delete outputs.ServerlessDeploymentBucketName;

  const lambda = resources.DigestLambdaFunction;
  for (const { Type, Properties } of Object.values(resources)) { // of one executable
    if (Type === 'AWS::Lambda::Function') Properties.Code = { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { Ref: 'CodeKey' } };
  }
  lambda.DependsOn = ['DigestLogGroup']; // it refers to its role, and so depends on that too
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `${lambda.Properties.FunctionName}: posts the slow queries of the last hour to Slack`,
    Parameters: {
      CodeBucket: { Type: 'String', Description: 'The S3 bucket, in the region of the stack, that slowdigest.zip was copied to' },
      CodeKey: { Type: 'String', Description: 'Its key there. Each release needs a new one, or the function is not updated' },
    },
    Resources: resources,
    ...(Object.keys(outputs).length > 0 && { Outputs: outputs }),
  };
}

const [from, to] = process.argv.slice(2);
const template = plain(JSON.parse(fs.readFileSync(path.join(from, 'cloudformation-template-update-stack.json'), 'utf8')));
const name = template.Resources.DigestLambdaFunction.Properties.FunctionName;
fs.mkdirSync(to, { recursive: true });
fs.writeFileSync(path.join(to, `${name}.template.json`), `${JSON.stringify(template, null, 2)}\n`);
fs.copyFileSync(path.join(from, 'slowdigest.zip'), path.join(to, 'slowdigest.zip'));
