// Opens pages that slowdigest writes in Chromium, which CHROMIUM names. Anything in the console
// and any request is a failure. Pictures are left in out/.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const here = fileURLToPath(new URL(".", import.meta.url));
export const root = join(here, "../../..");
export const out = here + "out/";
mkdirSync(out, { recursive: true });
execFileSync("go", ["build", "-o", join(out, "slowdigest"), "./cmd/slowdigest"], { cwd: root, stdio: "inherit" });

export const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--force-device-scale-factor=1"],
});

export const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
export const settled = () => new Promise((done) => setTimeout(done, 300));

// open opens a page and returns it when its chart is drawn, and how long that took.
export async function open(path, { width = 1200, theme = "light", touch = false, scripts = true, hash = "" } = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900, hasTouch: touch, isMobile: touch });
  await page.setJavaScriptEnabled(scripts);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  page.on("console", (m) => assert.fail(`console: ${m.text()}`));
  page.on("pageerror", (e) => assert.fail(`error in the page: ${e.stack}`));
  page.on("dialog", (d) => assert.fail(`dialog: ${d.message()}`));
  const url = "file://" + path;
  page.on("request", (r) => assert.equal(r.url().split("#")[0], url, "a request"));
  const start = performance.now();
  await page.goto(url + hash);
  if (scripts) await frames(page);
  page.took = performance.now() - start;
  return page;
}
