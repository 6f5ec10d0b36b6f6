'use strict';

// The statements of the function's role: what `slowdigest iam` prints for a
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

// policy returns the statements for settings by the names of the command's flags.
module.exports.policy = (settings) => {
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const command = ['run', './cmd/slowdigest', 'iam', '--cloudformation', ...args];
  const { error, status, stdout, stderr } = spawnSync('go', command, { cwd: root, env: environment(), encoding: 'utf8' });
  if (error) throw new Error(`make the role's policy: run go, which must be installed and in the PATH: ${error.message}`);
  if (status !== 0) {
    const [, message] = /^slowdigest: error: (.*)$/m.exec(stderr) || [];
    throw new Error(message || `make the role's policy: go ${command.join(' ')}:\n${stderr}`);
  }
  return JSON.parse(stdout).Statement;
};
