// Opens the page of what changed in Chromium, as a file, and uses it as html.mjs does the
// report: on a phone and at a desk, by mouse, by fingers and by keyboard, in light and dark,
// without scripts and on paper.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { browser, open, out, root, settled } from "./page.mjs";

const path = `${out}diff.html`;
const log = (name) => join(root, "testdata/slowlogs", name);
writeFileSync(path, execFileSync(join(out, "slowdigest"), ["diff", "--format", "html", "--limit", "all", log("mysql-9-7.log"), log("mysql-9-7-extra.log")]));
assert.ok(!/secret|4711|O'Brien/.test(readFileSync(path, "utf8").replaceAll("withheld: may hold a secret", "")), "a literal is on the page");

const rows = (page) => page.$$eval("#ranking tbody tr:not([hidden])", (all) => all.map((r) => ({ name: r.querySelector("th a").textContent, change: Number(r.cells[3].dataset.v) })));

// drawn checks that each bar begins in the middle, goes to the side of its number, and is as long.
async function drawn(page) {
  const bars = await page.$$eval("#ranking tbody tr", (all) => all.map((r) => {
    const [bar, zero] = [r.querySelector(".bar rect"), r.querySelector(".bar line")].map((e) => e.getBoundingClientRect());
    return { change: Number(r.cells[3].dataset.v), left: bar.left - zero.left, right: bar.right - zero.left, color: getComputedStyle(r.querySelector(".bar rect")).fill };
  }));
  const most = Math.max(...bars.map((b) => Math.abs(b.change)));
  const longest = Math.max(...bars.map((b) => b.right - b.left));
  assert.ok(bars.length > 40 && longest > 25, `${bars.length} bars, the longest of ${longest} pixels`);
  for (const b of bars) {
    const want = b.change === 0 ? 0 : longest * Math.max(0.01, Math.abs(b.change) / most);
    assert.ok(Math.abs(b.change > 0 ? b.left : b.right) < 1.5 && Math.abs(b.right - b.left - want) < 1.5, JSON.stringify({ ...b, want }));
  }
  assert.equal(new Set(bars.filter((b) => b.change !== 0).map((b) => b.color)).size, 2, "more and less have one colour");
}

async function fits(page, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `the page is ${wide} pixels wide on a screen of ${width}`);
  const table = await page.$eval("#ranking", (t) => t.scrollWidth - t.parentElement.clientWidth);
  assert.ok(table <= 0, `the table is ${table} pixels too wide on a screen of ${width}`);
  const third = await page.$eval("#ranking tbody tr:nth-child(3)", (row) => row.getBoundingClientRect().bottom);
  assert.ok(third <= 900, `the third class ends ${third} pixels down on a screen of ${width}`);
}

for (const [width, touch] of [[1280, false], [390, true]]) {
  for (const theme of ["light", "dark"]) {
    const page = await open(path, { width, theme, touch });
    await fits(page, width);
    await drawn(page);
    await page.screenshot({ path: `${out}diff-${width}-${theme}.png` });
    const press = (selector) => (touch ? page.tap(selector) : page.click(selector));

    // The most first; by another column; what is searched is found, and in the address.
    const all = await rows(page);
    assert.deepEqual(all.map((r) => Math.abs(r.change)), all.map((r) => Math.abs(r.change)).sort((a, b) => b - a));
    await press("#ranking thead th:nth-child(4) button");
    const sorted = await rows(page);
    assert.deepEqual(sorted.map((r) => r.change), all.map((r) => r.change).sort((a, b) => b - a));
    await page.type("#search", "orders");
    const found = await rows(page);
    assert.ok(found.length > 0 && found.length < all.length, `${found.length} of ${all.length} are found`);
    await settled();
    assert.match(new URL(page.url()).hash, /q=orders/);
    await page.$eval("#search", (e) => { e.value = ""; e.dispatchEvent(new Event("input")); });

    // A class's own numbers, before and after.
    await press("#ranking tbody tr:nth-child(2) a");
    await settled();
    const panel = await page.$("details[open]");
    assert.equal(await panel.$$eval(".bar.sides", (all) => all.filter((e) => e.checkVisibility() && e.getBoundingClientRect().width > 50).length), 4);
    await panel.screenshot({ path: `${out}diff-${width}-${theme}-class.png` });
    await page.close();
  }

  // Without scripts it is all there, nothing that does nothing is shown, and a class opens by keyboard.
  const page = await open(path, { width, scripts: false });
  await fits(page, width);
  await drawn(page);
  assert.deepEqual(await page.$$eval("button, input, select", (all) => all.filter((e) => e.checkVisibility()).map((e) => e.outerHTML)), []);
  await page.focus("#q2 summary");
  await page.keyboard.press("Enter");
  await settled();
  assert.ok(await page.$("#q2[open] .sides"), "without scripts no class opens");
  await page.close();
}

// On paper: white, with the bars, and without what cannot be used.
const page = await open(path, { theme: "dark" });
await page.emulateMediaType("print");
assert.equal(await page.$eval("body", (e) => getComputedStyle(e).backgroundColor), "rgb(255, 255, 255)");
assert.deepEqual(await page.$$eval("button, input, select", (all) => all.filter((e) => e.checkVisibility() && !e.closest("thead")).map((e) => e.outerHTML)), []);
await drawn(page);
await page.pdf({ path: out + "diff.pdf", format: "A4", printBackground: true });
await browser.close();
console.log("diff: ok");
