'use strict';

// Prints what the deployed function has found with itself, as `slowdigest doctor` prints it, and
// fails if something is wrong:
//
//   make --silent invoke EVENT='{"doctor":true}' | node iam/deploy/doctor.js

const text = require('fs').readFileSync(0, 'utf8').trim();
const found = text.startsWith('{') ? JSON.parse(text) : {};
if (!found.checks) { // the function failed, or was not reached, as stands above
  console.error(`error: the function did not look at itself${text && `: ${text}`}`);
  process.exit(1);
}
for (const { verdict, subject, text, fix } of found.checks) {
  console.log(`${verdict.padEnd(8)} ${subject.padEnd(28)} ${text}${fix ? `\n         fix: ${fix}` : ''}`);
}
if (found.wrong > 0) {
  console.error(`error: ${found.wrong} of ${found.checks.length} checks are wrong`);
  process.exitCode = 1;
}
