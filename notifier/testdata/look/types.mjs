// Checks the goldens of Slack messages, replies included, against the published
// TypeScript types of the Web API. rich_text_preformatted has a language in
// Slack's documentation but not yet in the types, so it is left out here.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const goldens = here + "../../slack/testdata/";
const out = here + "out/types/";
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const withoutLanguage = (key, value) => (key === "language" ? undefined : value);
let messages = 0;
const check = (name, m) => {
  for (const [i, one] of [m, ...(m.thread ?? [])].entries()) {
    writeFileSync(`${out}${name}-${i}.ts`, 'import type { AnyMessageBlock } from "slack-web-api-client";\n' +
      `export const blocks: AnyMessageBlock[] = ${JSON.stringify(one.blocks ?? [], withoutLanguage, 1)};\n`);
    messages++;
  }
};
for (const file of readdirSync(goldens).filter((f) => /^slack-.*\.json$/.test(f)).sort()) {
  const text = readFileSync(goldens + file, "utf8");
  if (text !== "") check(file.replace(".json", ""), JSON.parse(text));
}
// A message that Slack would reject proves that the check can fail.
writeFileSync(out + "bad.ts", 'import type { AnyMessageBlock } from "slack-web-api-client";\n// @ts-expect-error a header takes no markup\n' +
  'export const bad: AnyMessageBlock = { type: "header", text: { type: "mrkdwn", text: "x" } };\n');
const files = readdirSync(out).filter((f) => f.endsWith(".ts")).map((f) => out + f);
execFileSync(process.execPath, [here + "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "esnext",
  "--module", "nodenext", "--moduleResolution", "nodenext", ...files], { stdio: "inherit" });
console.log(`${messages} messages fit the types`);
