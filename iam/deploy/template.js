'use strict';

// Makes a plain CloudFormation template of the one that the deploy tool has
// compiled, for those who use no such tool: the location of the code becomes a
// parameter, and what the tool needs for itself is removed.
//
//   node iam/deploy/template.js .serverless dist/slowdigest.template.json

const fs = require('fs');
const path = require('path');

const code = {
  CodeBucket: { Type: 'String', Description: 'The S3 bucket, in the region of the stack, that slowdigest.zip was copied to' },
  CodeKey: { Type: 'String', Description: 'Its key there. Each release needs a new one, or the function is not updated' },
};

function plain({ Parameters = code, Metadata = {}, Conditions, Resources, Outputs }) {
  const { Rules, ...metadata } = Metadata;
  const resources = {};
  for (const [id, resource] of Object.entries(Resources)) {
    if (!id.startsWith('ServerlessDeploymentBucket')) resources[id] = resource;
  }
  const outputs = { ...Outputs };
  delete outputs.ServerlessDeploymentBucketName;

  for (const { Type, Properties } of Object.values(resources)) { // of one executable
    if (Type === 'AWS::Lambda::Function') Properties.Code = { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { Ref: 'CodeKey' } };
  }
  // Of what they need, only the log is nowhere referred to.
  resources.DigestLambdaFunction.DependsOn = ['DigestLogGroup'];
  delete resources.EntranceLambdaFunction?.DependsOn;
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'slowdigest: posts the slow queries of the last hour to Slack',
    ...(Rules && { Metadata: metadata }),
    Parameters,
    ...(Rules && { Rules, Conditions }),
    Resources: resources,
    ...(Object.keys(outputs).length > 0 && { Outputs: outputs }),
  };
}

// print puts each property on a line: CloudFormation takes 51,200 bytes.
function print(part, indent = '\n', depth = 3) {
  if (depth === 0 || part === null || typeof part !== 'object' || Array.isArray(part)) return JSON.stringify(part);
  const lines = Object.entries(part).map(([key, value]) => `${indent} ${JSON.stringify(key)}: ${print(value, `${indent} `, depth - 1)}`);
  return `{${lines.join(',')}${indent}}`;
}

const [from, to] = process.argv.slice(2);
const template = plain(JSON.parse(fs.readFileSync(path.join(from, 'cloudformation-template-update-stack.json'), 'utf8')));
fs.mkdirSync(path.dirname(to), { recursive: true });
fs.writeFileSync(to, `${print(template)}\n`);
