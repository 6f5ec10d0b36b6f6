// Opens the HTML report in Chromium as html.mjs does, and checks that no number on it can be read
// as what it is not, once a reader has chosen a user, host or schema: also with names of 300
// characters, on a phone, with the browser's Back, among thousands of classes, and of a log
// without times.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser, frames, open, out, settled } from "./page.mjs";

const word = (n) => [...String(n)].map((d) => "abcdefghij"[d]).join("");
const start = Date.UTC(2026, 10, 23, 10);

// report writes the report of a log of so many entries within an hour. entry tells of the nth
// its class, the user, host and schema, and how long it took.
function report(name, n, entry, stamped = true) {
  const log = join(tmpdir(), `slowdigest-${name}.log`), page = `${out}${name}.html`;
  writeFileSync(log, Array.from({ length: n }, (_, i) => {
    const { k, user = "app", host = "web", schema = "shop", took = 0.01 } = entry(i);
    const at = new Date(start + Math.floor(3600e3 * i / n)).toISOString().replace("Z", "000Z");
    return (stamped ? `# Time: ${at}\n` : "") + `# User@Host: ${user}[${user}] @ ${host} [10.0.0.1]  Id: ${i}\n` +
      `# Query_time: ${took.toFixed(6)}  Lock_time: 0.000004 Rows_sent: 1  Rows_examined: ${100 * k}\nuse ${schema};\n` +
      `select t.x_${word(k)} from orders_${word(k)} t join customers_${word(k % 40)} c on c.id = t.customer_id where t.shop = ${i} limit 50;\n`;
  }).join(""));
  writeFileSync(page, execFileSync(join(out, "slowdigest"), ["report", "--format", "html", "--limit", "all", log], { maxBuffer: 1 << 28 }));
  rmSync(log);
  return page;
}

const text = (page, selector) => page.$eval(selector, (e) => (e.checkVisibility() ? e.textContent : ""));
const heads = (page) => page.$$eval("#ranking thead th", (all) => all.filter((th) => th.offsetWidth > 0).map((th) => th.textContent));
const order = (page) => page.$$eval("#ranking thead th", (all) => all.filter((th) => th.ariaSort !== "none").map((th) => `${th.textContent} ${th.ariaSort}`));
const rows = (page) => page.$$eval("#ranking tbody tr:not([hidden])", (all) => all.map((r) => r.querySelector("th a").textContent + " " + r.querySelector(".selection").textContent));
const hash = async (page) => {
  await settled();
  return new URL(page.url()).hash;
};

// In each half of the hour one of two users runs a class of its own, and both run a third, of
// which the second has more calls and less time.
const two = report("two-users", 1200, (i) => i < 600
  ? { k: i % 2 ? 1 : 3, user: "ann", took: i % 2 ? 0.5 : 0.3 }
  : { k: i % 2 ? 2 : 3, user: "bob", schema: "stock", took: i % 2 ? 0.2 : 0.1 });
const second = "from=2026-11-23T10:30:00Z&to=2026-11-23T11:00:00Z";
{
  const page = await open(two);
  const whole = await text(page, "#caption");
  assert.equal(whole, "All classes of this report.");
  assert.deepEqual(await page.$$eval("#only option", (all) => all.map((o) => o.textContent)), ["all classes"]);
  assert.deepEqual(await heads(page), ["#", "Query", "Share", "Time", "Calls", "Mean", "P95", "Max", "Examined/sent"]);

  // A zoom alone: one column is of what is selected, and the caption says that the others are not.
  const zoomed = await open(two, { hash: "#" + second });
  assert.match((await rows(zoomed))[0], /orders_c,/);
  assert.match(await text(zoomed, "#caption"), /"Selected" ranks by query time in what is selected; all other columns are of the whole report\.$/);
  assert.match(await text(zoomed, "#zoom-says"), /then ranks what was selected/);

  // A user and a zoom: the calls are of the user, in the whole report, as caption and heading say;
  // what is of all users, too, is not there, but for their calls.
  for (const [only, other, calls] of [["ann", "bob", 300], ["bob", "ann", 300]]) {
    for (const measure of ["", "&measure=rows"]) {
      const page = await open(two, { hash: `#${second}${measure}&by=user&only=${only}` });
      assert.deepEqual(await heads(page), ["#", "Calls of this user", "Query", "Calls of all users"]);
      assert.deepEqual(await order(page), ["Calls of this user descending"]);
      const listed = await rows(page);
      assert.ok(listed.length === 2 && listed.every((r) => r.endsWith(` ${calls}`)), listed.join());
      const caption = await text(page, "#caption");
      for (const says of [`The 2 classes of user "${only}", by its calls in the whole report, not only in what is selected, whatever the chart shows.`,
        "How much time they took of it is not on this page: slowdigest report --user NAME ranks by it.", 'The numbers under "Each class" are of all users.']) assert.ok(caption.includes(says), caption);
      // The call that ended as the selection begins is none of it.
      assert.match(caption, only === "ann" ? /In what is selected this user has: query time 0s, calls [01], / : /In what is selected this user has: query time 1m30s, calls 599, rows examined 150k, /);
      assert.ok(!caption.includes(whole) && !caption.includes(other));
      assert.equal(await text(page, "#zoom-says"), "the table stays that of the whole report");
      // The measure is the chart's, and an order by what is not shown is none.
      await page.select("#measure", "calls");
      assert.deepEqual(await rows(page), listed);
      await page.evaluate(() => { location.hash += "&sort=-Time"; });
      await settled();
      assert.deepEqual(await order(page), ["Calls of this user descending"]);
      await page.evaluate(() => { document.querySelector(".panel:not([hidden])").open = true; });
      await settled();
      assert.match(await text(page, ".panel[open] figure figcaption"), /^Of this class, of all users: /);
      // Back to all.
      await page.select("#only", "");
      await page.select("#measure", "time");
      await page.click("[data-zoom=all]");
      assert.deepEqual(await heads(page), ["#", "Query", "Share", "Time", "Calls", "Mean", "P95", "Max", "Examined/sent"]);
      assert.equal(await text(page, "#caption"), whole);
      await page.close();
    }
  }
  await zoomed.close();

  // Back undoes a zoom, a slice, a measure; not each letter of a search.
  const entries = () => page.evaluate(() => history.length);
  const before = await entries();
  await page.select("#by", "user");
  const by = await hash(page);
  await page.select("#only", "bob");
  const only = await hash(page);
  await page.type("#search", "orders");
  const searched = await hash(page);
  assert.equal(searched, only + "&q=orders");
  assert.equal(await entries(), before + 2, "letters of a search are entries of the history");
  await page.click("[data-zoom=in]");
  const zoomedIn = await hash(page);
  assert.match(zoomedIn, /^#from=2026-11-23T10:1[45]:\d0Z&to=2026-11-23T10:4[45]:\d0Z&by=user&only=bob&q=orders$/);
  await page.select("#measure", "calls");
  assert.equal(await hash(page), zoomedIn.replace("&by", "&measure=calls&by"));
  assert.equal(await entries(), before + 4);
  const back = async (way) => { await page.evaluate((way) => history.go(way), way); await frames(page); return hash(page); };
  assert.equal(await back(-1), zoomedIn);
  assert.equal(await page.$eval("#measure", (e) => e.value), "time");
  assert.equal(await back(-1), searched);
  assert.equal(await page.$eval("[data-zoom=all]", (b) => b.disabled), true, "the zoom is not undone");
  assert.equal(await back(-1), by);
  assert.equal(await page.$eval("#only", (e) => e.value), "");
  assert.equal(await page.$eval("#search", (e) => e.value), "");
  assert.equal(await back(-1), "");
  assert.equal(await page.$eval("#by", (e) => e.value), "class");
  assert.equal(await back(3), zoomedIn);
  assert.deepEqual(await page.$$eval("#by, #only, #search", (all) => all.map((e) => e.value)), ["user", "bob", "orders"]);
  assert.equal(await entries(), before + 4, "what is read from the history is written to it anew");
  await page.close();
}

// To earlier and to later the width stays, also where half of it is no whole number of steps, and
// at the edges.
{
  const page = await open(two, { hash: "#from=2026-11-23T10:20:00Z&to=2026-11-23T10:20:50Z" });
  const zoom = () => page.evaluate(() => charts.zoom().map((t) => t - charts.data.start));
  const [from, to] = await zoom();
  assert.equal(to - from, 50);
  for (const [way, times, edge] of [["left", 3], ["right", 7], ["left", 80, 0], ["right", 160, 1]]) {
    for (let i = 0; i < times; i++) {
      const [a] = await zoom();
      await page.$eval(`[data-zoom=${way}]`, (b) => b.click());
      const [c, d] = await zoom();
      assert.ok(d - c === 50 && (i > 0 || (way === "left" ? c < a : c > a)), `${way} makes of ${a} ${c} to ${d}`);
    }
    if (edge !== undefined) assert.equal((await zoom())[edge], await page.evaluate((edge) => charts.full[edge] - charts.data.start, edge));
  }
  await page.close();
}

// Of one it is "1 call", by Go and by the scripts.
{
  const one = report("one-at-a-time", 3600, () => ({ k: 1, took: 1.1 }));
  for (const scripts of [true, false]) {
    const page = await open(one, { scripts });
    assert.equal(await page.$eval("#load .scale text:last-child", (e) => e.textContent), "1 call at a time");
    await page.close();
  }
}

// Names of 300 characters, and more names than the page has.
const long = (c) => c.repeat(300);
const many = report("many-users", 6000, (i) => i % 10 === 0
  ? { k: 1 + i % 7, user: long("u"), host: long("h"), schema: long("s"), took: 2 }
  : { k: 1 + i % 7, user: `user${i % 300}`, host: `web-${i % 7}`, schema: `shop_${i % 3}` });
for (const width of [390, 1280]) {
  for (const kind of ["user", "host", "schema"]) {
    const page = await open(many, { width, touch: width < 640 });
    await page.select("#by", kind);
    const names = await page.$$eval("#only option", (all) => all.map((o) => o.value));
    assert.ok(names.some((n) => n.length > 200) || names.length > 2, `${kind}: ${names}`);
    for (const name of ["", names.reduce((a, b) => (a.length > b.length ? a : b)), names.at(-1)]) {
      for (const zoomed of [false, true]) {
        await page.select("#only", name);
        if (zoomed) await page.click("[data-zoom=in]");
        await page.focus("#load .chart");
        await page.keyboard.press("ArrowRight"); // and what it reads
        await page.evaluate(() => { document.querySelector("#load .numbers").open = true; });
        await frames(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${kind} ${name.slice(0, 20)}: the page is ${wide} pixels wide on a screen of ${width}`);
        const table = await page.$eval("#ranking", (t) => t.scrollWidth - t.parentElement.clientWidth);
        assert.ok(table <= 0, `${kind} ${name.slice(0, 20)}: the table is ${table} pixels too wide on a screen of ${width}`);
        if (name) assert.deepEqual((await heads(page)).slice(width < 640 ? 0 : 1), [`Calls of this ${kind}`, "Query", `Calls of all ${kind}s`]);
        // Of so many users a class does not know every call: what it knows is the least.
        if (name) {
          const counts = await page.$$eval("#ranking tbody tr:not([hidden]) .selection", (all) => all.map((e) => e.textContent));
          assert.ok(counts.length > 0 && counts.every((n) => n.startsWith("≥ ") === (kind === "user")), `${kind}: ${counts}`);
          assert.equal(/ With ≥ it is the least: /.test(await text(page, "#caption")), kind === "user");
        }
        if (name && kind === "user" && !zoomed) await page.screenshot({ path: `${out}html-slice-${width}.png`, fullPage: true });
      }
      await page.click("[data-zoom=all]");
    }
    // Of users there are more than can be chosen or found.
    const more = kind === "user";
    assert.equal(await text(page, "#only-says"), more ? "Only the 20 users with the most query time can be chosen; for another: slowdigest report --user NAME." : "");
    await page.select("#by", "class");
    assert.equal(await text(page, "#only-says"), "");
    assert.equal(await text(page, "#found-says"), "");
    await page.type("#search", "user299");
    assert.equal((await rows(page)).length, 0);
    assert.match(await text(page, "#found-says"), /20 at most\. For another: slowdigest report --user NAME or --host NAME or --schema NAME\.$/);
    await page.close();
  }
}
assert.equal(await (async () => {
  const page = await open(two);
  await page.type("#search", "orders");
  const said = await text(page, "#found-says");
  await page.close();
  return said;
})(), "", "a page that has every name says that it has not");

// Without a time in the log there is nothing to draw, and it says why.
{
  const page = await open(report("no-times", 20, (i) => ({ k: 1 + i % 3 }), false), { width: 390 });
  assert.match(await text(page, "main section p"), /^No entry that was counted has a time, so there is no chart of the load/);
  assert.equal(await page.$("#load"), null);
  assert.equal((await rows(page)).length, 3);
  await page.type("#search", "orders_b");
  assert.equal((await rows(page)).length, 1);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 390);
  await page.close();
}

// Thousands of classes.
{
  const count = 5000;
  const path = report("thousands", 60_000, (i) => ({ k: i < count ? i : Math.floor(count * (i * 0.618 % 1) ** 3), user: `app_${i % 9}`, schema: `shop_${i % 3}`, took: 0.001 * (1 + i % 170) }));
  const bytes = statSync(path).size;
  let page, best = Infinity;
  for (let i = 0; i < 5; i++) {
    await page?.close();
    page = await open(path);
    best = Math.min(best, page.took);
  }
  console.log(`${count} classes: ${bytes} bytes, drawn ${best.toFixed(0)} ms after the browser was asked to open it`);
  assert.ok(best < 2000, `it takes ${best} ms to open`);
  const seen = () => page.$$eval("#ranking tbody tr", (all) => all.filter((r) => r.checkVisibility()).length);
  assert.equal(await seen(), 200);
  assert.equal(await text(page, "#more"), "Show 4,800 more");

  // The greatest of all come first by any column, and what is searched is found among all.
  const sortBy = (name) => page.$$eval("#ranking thead button", (all, name) => all.find((b) => b.textContent === name).click(), name);
  await sortBy("Max");
  const values = await page.$$eval("#ranking tbody tr", (all) => all.map((r) => [r.checkVisibility(), Number(r.cells[8].dataset.v)]));
  assert.ok(values.slice(0, 200).every(([seen]) => seen) && !values[200][0] && values.every(([, v], i) => i === 0 || v <= values[i - 1][1]));
  const last = await page.$eval("#ranking tbody tr:last-child", (r) => ({ id: r.querySelector("th a").hash, code: r.querySelector("code").textContent, name: r.querySelector("th a").textContent }));
  for (const what of [last.code, `${last.name.match(/orders_\w+/)[0]} t join`]) {
    await page.$eval("#search", (e, what) => { e.value = what; e.dispatchEvent(new Event("input")); }, what);
    assert.equal(await seen(), 1, what);
    assert.equal(await text(page, "#more"), "");
  }
  // It opens, with all that is in it, and as the first do.
  const inside = (id) => page.$eval(id, (p) => [...p.querySelectorAll(":scope *")].map((e) => e.tagName).filter((t) => /^(PRE|FIGURE|DL|FIGCAPTION|H4|CAPTION)$/.test(t)).join());
  await page.click("#ranking tbody tr:not([hidden]) a");
  await page.waitForSelector(`${last.id}[open] figure .readout`);
  assert.match(await text(page, `${last.id} .sql`), new RegExp(`^select t\\.x_.*\\nfrom ${last.name.match(/orders_\w+/)[0]} t\\njoin`));
  await page.$eval("#search", (e) => { e.value = ""; e.dispatchEvent(new Event("input")); });
  await page.evaluate(() => { document.getElementById("q1").open = true; });
  await page.waitForSelector("#q1[open] figure .readout");
  assert.equal((await inside(last.id)).replace(/^UL,/, ""), await inside("#q1"));
  assert.equal(await page.$$eval("noscript", (all) => all.length), count - 201);
  await page.click("#more");
  assert.equal(await seen(), count);
  await page.close();

  // Without scripts all is there.
  page = await open(path, { scripts: false });
  assert.equal(await seen(), count);
  assert.equal(await page.$eval("#q4321", (p) => p.querySelectorAll("dl, .sql, svg.plot").length), 5);
  await page.close();
}
await browser.close();
console.log("slices: ok");
