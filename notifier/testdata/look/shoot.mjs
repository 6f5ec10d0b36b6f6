// Draws the goldens of Slack messages, those of weeks included, in Chromium, at the width of a desktop and of
// a phone, light and dark, into out/. With names, as "full", only these; "html" is
// the HTML report of a morning with two hours and a half of it selected, which
// docs/html.md shows. CHROMIUM names the browser. The first picture of "new", without
// its thread, is also what the README shows.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const goldens = here + "../../slack/testdata/";
const weeks = here + "../../weekly/testdata/";
const root = here + "../../../";
const out = here + "out/";
mkdirSync(out, { recursive: true });

const script = buildSync({
  entryPoints: [here + "page.jsx"], bundle: true, write: false, minify: true, jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
}).outputFiles[0].text.replaceAll("</script", "<\\/script");
const css = readFileSync(here + "node_modules/slack-blocks-to-jsx/dist/style.css", "utf8");

const chromium = (...args) => execFileSync(process.env.CHROMIUM || "chromium",
  ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=2000", ...args],
  { stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 26 }).toString();

function shoot(name, message, width, theme) {
  const file = `${out}${name}-${width}-${theme}`;
  const input = JSON.stringify({ message, theme }).replaceAll("<", "\\u003c");
  writeFileSync(file + ".html", `<!doctype html><html data-theme="${theme}"><meta charset="utf-8"><style>${css}
    body { margin: 0; background: ${theme === "dark" ? "#1a1d21" : "#fff"} }
    #root { box-sizing: border-box; width: ${width}px; padding: 16px }
    #root * { min-width: 0 } #root .overflow-x-auto, #root :has(> table) { overflow-x: auto } #root table { min-width: max-content }</style>
    <div id="root"></div><script type="application/json" id="input">${input}</script><script>${script}</script>`);
  const url = "file://" + file + ".html";
  const height = /data-height="(\d+)"/.exec(chromium(`--window-size=${width},600`, "--dump-dom", url))?.[1];
  if (!height) throw new Error(`${name} was not drawn`);
  chromium(`--window-size=${width},${height}`, `--screenshot=${file}.png`, url);
  return file + ".png";
}

function shootReport(picture) {
  const file = out + "report.html";
  writeFileSync(file, execFileSync("go", ["run", "./cmd/slowdigest", "report", "--format", "html", "--since", "2026-11-23T06:00", "--until", "2026-11-23T11:00",
    "testdata/morning/shop-1.log", "testdata/morning/shop-2.log"], { cwd: root, maxBuffer: 1 << 26 }));
  chromium("--window-size=1280,1210", `--screenshot=${picture}`, `file://${file}#from=2026-11-23T07:45:00Z&to=2026-11-23T10:20:00Z`);
  return picture;
}

const wanted = process.argv.slice(2);
if (wanted.length === 0 || wanted.includes("html")) console.log(shootReport(root + "docs/html.png"));
const files = [
  ...readdirSync(goldens).filter((f) => /^slack-.*\.json$/.test(f)).map((f) => [f.slice("slack-".length, -".json".length), goldens + f]),
  ...readdirSync(weeks).filter((f) => /-slack\.json$/.test(f)).map((f) => ["week-" + f.slice(0, -"-slack.json".length), weeks + f]),
];
for (const [name, file] of files.sort()) {
  const text = readFileSync(file, "utf8");
  if (text === "" || (wanted.length > 0 && !wanted.includes(name))) continue;
  const message = JSON.parse(text);
  for (const width of [760, 380]) {
    for (const theme of ["light", "dark"]) console.log(shoot(name, message, width, theme));
  }
  if (name === "new") copyFileSync(shoot("readme", { ...message, thread: [] }, 760, "light"), here + "../digest.png");
}
