'use strict';

// The statements of the functions' role: what `slowdigest iam` prints for a
// CloudFormation template. It runs from the source, so packaging needs Go.

const { spawnSync } = require('child_process');
const path = require('path');

const root = path.join(__dirname, '..', '..');

// environment leaves out the settings and secrets of the shell, which are not those
// of the stage, and the target of a cross-compilation.
function environment() {
  const foreign = /^(SLOWDIGEST_|SLACK_|GOOS$|GOARCH$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

// refusal is an error that is the user's: the deploy tool shows no stack of calls with it.
function refusal(message) {
  return Object.assign(new Error(message), { stack: message });
}

// run returns the standard output of a command of slowdigest that reads the given text.
function run(args, input = '') {
  const command = ['run', './cmd/slowdigest', ...args];
  const { error, status, stdout, stderr } = spawnSync('go', command, { cwd: root, env: environment(), encoding: 'utf8', input });
  if (error) throw refusal(`make the role's policy: run go, which must be installed and in the PATH: ${error.message}`);
  if (status !== 0) {
    const [, message] = /^slowdigest: error: (.*)$/m.exec(stderr) || [];
    throw refusal(message ? `${stdout}${message}` : `make the role's policy: go ${command.join(' ')}:\n${stderr}`);
  }
  return stdout;
}

// policy returns the statements for settings by the names of the command's flags.
function policy(settings) {
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  return JSON.parse(run(['iam', '--cloudformation', ...args])).Statement;
}

// check refuses variables of a function with which it would not work, and says all that is
// wrong with them.
function check(variables) {
  run(['check'], JSON.stringify(variables));
}

module.exports = { policy, check, refusal };
