"use strict";
// What a reader has selected, and the address of the page that keeps it, so that a
// colleague opens the same: the zoom, the measure, by whom it is sliced, what is
// searched, the order of the table, the panels that are open, and the layers that are
// hidden.
(() => {
  for (const e of document.querySelectorAll(".script")) e.hidden = false;
  const table = document.getElementById("ranking");
  if (!table) return;
  const heads = [...table.tHead.rows[0].cells];
  const names = heads.map((th) => th.textContent); // as the address has them
  const body = table.tBodies[0];
  const rows = [...body.rows]; // by rank, as the panels
  const panels = [...document.querySelectorAll("details.panel")];

  // What can be measured: each is there for all, for each class and for each slice.
  const measures = [
    { key: "time", name: "query time", unit: "calls at a time", says: "How many calls ran at a time, on average", format: duration },
    { key: "calls", name: "calls", unit: "calls a second", says: "How many calls ended in a second, on average", format: count },
    { key: "rows", name: "rows examined", unit: "rows a second", says: "How many rows were examined in a second, on average", format: count },
    { key: "lock", name: "lock time", unit: "calls waiting at a time", says: "How many calls waited for locks at a time, on average", format: duration },
  ].filter((m) => m.key === "time" || charts?.data.all[m.key]);
  // What the classes are, which a report that is grouped by user says of itself.
  const what = document.getElementById("ranking").dataset.what;
  const called = (kind) => (kind === "class" ? what : kind);
  const plural = (kind) => (kind === "class" ? "classes" : kind + "s");
  const kinds = ["class", ...["user", "host", "schema", "instance"].filter((k) => k !== what && charts?.data.slices[k])];
  function count(n) { return n < 1e4 ? Math.round(n).toLocaleString("en") : figure(n); }

  const state = { measure: measures[0], by: "class", only: "", q: "", sort: 0, down: false, hidden: new Set() };
  const slices = () => (state.by === "class" ? [] : charts.data.slices[state.by]);
  const partial = () => charts.data.partial[state.by] ?? [];
  const slice = () => slices().find((s) => s.name === state.only); // undefined where none is chosen
  const all = () => `all ${plural(state.by)}`;
  const select = () => ({
    series: state.by === "class" ? charts.data.classes.filter((_, i) => !rows[i].hidden) : slice() ? [slice()] : slices(),
    others: state.by === "class" ? `Other ${plural(what)}` : "All others",
    label: `${state.measure.key === "time" ? "Load" : state.measure.name[0].toUpperCase() + state.measure.name.slice(1)} by ${called(state.by)}`,
    measure: state.measure.key, unit: state.measure.unit, says: state.measure.says, hidden: state.hidden,
    whose: slice() ? `, of ${all()}` : "",
  });

  // The table.
  heads.forEach((th, i) => { // without this script the headings are no buttons
    const button = element("button", undefined, undefined, { type: "button" });
    button.append(...th.childNodes);
    th.append(button);
    button.addEventListener("click", () => {
      const down = state.sort === i ? !state.down : th.dataset.first === "descending";
      sort(i, down);
      remember();
    });
  });

  function sort(column, down) {
    state.sort = column;
    state.down = down;
    const key = (row) => {
      const cell = row.cells[column];
      return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
    };
    const sign = down ? -1 : 1;
    const keyed = rows.map((row) => [key(row), row]);
    keyed.sort(([a], [b]) => sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en")));
    if (keyed.some(([, row], i) => row !== body.rows[i])) body.append(...keyed.map(([, row]) => row));
    heads.forEach((th, i) => th.setAttribute("aria-sort", i !== column ? "none" : down ? "descending" : "ascending"));
    cut();
  }

  // cut shows the first rows of those that are found, and the others once they are asked for.
  const more = document.getElementById("more");
  let most = Number(more.dataset.most);
  function cut() {
    let n = 0;
    for (const row of body.rows) {
      const later = !row.hidden && ++n > most;
      if (row.classList.contains("later") !== later) row.classList.toggle("later", later);
    }
    more.hidden = n <= most;
    more.textContent = `Show ${(n - most).toLocaleString("en")} more`;
  }
  more.addEventListener("click", () => { most = Infinity; cut(); });

  // What is selected gets a column of its own, and the ranking: of the measure in what is
  // zoomed into, or the calls of the one user, host, schema or instance that is chosen. Of that
  // one the page has by class only how many calls there were in the whole report: the columns
  // of what all others ran, too, are not shown next to it.
  const selection = heads.findIndex((th) => th.classList.contains("selection"));
  const showAll = document.querySelector("[data-zoom=all]");
  const calls = names.indexOf("Calls");
  const offered = (column) => column >= 0 && !heads[column].hidden && (!slice() || column === 0 || column === calls || column === selection || heads[column].classList.contains("left"));
  const usual = () => (heads[selection].hidden ? [0, false] : [selection, true]); // the column, and whether its greatest is first
  function rank() {
    if (!charts) return;
    const zoomed = charts.zoomed(), of = slice()?.of;
    table.classList.toggle("sliced", of !== undefined);
    heads[calls].firstChild.textContent = of ? `Calls of ${all()}` : "Calls";
    const shown = zoomed || of !== undefined || state.measure !== measures[0];
    const first = heads[selection].hidden;
    if (first === shown) for (const cell of [heads[selection], ...rows.map((row) => row.cells[selection])]) cell.hidden = !shown;
    showAll.disabled = !zoomed;
    if (shown) {
      heads[selection].firstChild.textContent = of ? `Calls of this ${state.by}` : state.measure === measures[0] ? "Selected" : `Selected ${state.measure.name}`;
      const [a, b] = charts.seen(), least = new Set(of && partial());
      rows.forEach((row, i) => {
        const value = of ? of[i] ?? 0 : charts.sumOf(charts.data.classes[i], state.measure.key, a, b);
        row.cells[selection].dataset.v = value;
        row.cells[selection].textContent = value === 0 ? "-" : (least.has(i) ? "≥ " : "") + (of ? count : state.measure.format)(value);
      });
    }
    if (shown && (first || (state.sort === selection && state.down))) sort(selection, true);
    if (!offered(state.sort)) sort(...usual());
    says();
  }

  // says tells what the numbers of the table are of.
  const caption = document.getElementById("caption"), whole = caption.textContent;
  function says() {
    const zoomed = charts.zoomed(), chosen = slice(), moved = state.measure !== measures[0];
    const [a, b] = charts.seen();
    const left = rows.filter((row) => !row.hidden).length;
    const sums = () => measures.map((m) => `${m.name} ${m.format(charts.sumOf(chosen, m.key, a, b))}`).join(", ");
    caption.textContent = chosen
      ? `The ${left === 1 ? called("class") : `${left} ${plural(what)}`} of ${state.by} "${chosen.name}", by its calls in the whole report` +
        (zoomed ? ", not only in what is selected" : "") + (moved || zoomed ? ", whatever the chart shows. " : ". ") +
        `How much time they took of it is not on this page: ${state.by === "instance" ? "a report of that instance alone" : `slowdigest report --${state.by} NAME`} ranks by it. ` +
        `${zoomed ? "In what is selected" : "In all"} this ${state.by} has: ${sums()}. The numbers under "Each ${what}" are of ${all()}.` +
        (partial().length > 0 ? ` With ≥ it is the least: where a ${what} has very many ${plural(state.by)}, some of its calls are counted under no name, and it may be missing here.` : "")
      : zoomed || moved
        ? `${whole} The column "Selected${moved ? " " + state.measure.name : ""}" ranks by ${state.measure.name} ${zoomed ? "in what is selected" : "in the whole report"}${zoomed ? "; all other columns are of the whole report" : ""}.`
        : whole;
    document.getElementById("zoom-says").textContent = chosen ? "the table stays that of the whole report" : "the table then ranks what was selected";
  }

  // The search is for all its words, anywhere in a class's row or panel.
  const search = document.getElementById("search"), found = document.getElementById("found"), foundSays = document.getElementById("found-says");
  const asked = ["user", "host", "schema"].filter((kind) => kind !== what);
  foundSays.textContent = `The search knows only what is on this page: of each ${what} the ${asked.map(plural).join(" and the ")} with the most calls, 20 at most. ` +
    `For another: slowdigest report ${asked.map((kind) => `--${kind} NAME`).join(" or ")}.`;
  let texts = null;
  function filter() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length > 0) texts ??= rows.map((row, i) => ["th a", "th code"].map((s) => row.querySelector(s).textContent).concat(textOf(panels[i])).join(" ").toLowerCase());
    const of = slice()?.of;
    rows.forEach((row, i) => { row.hidden = panels[i].hidden = !words.every((w) => texts[i].includes(w)) || (of !== undefined && !of[i]); });
    const left = rows.filter((row) => !row.hidden).length;
    cut();
    found.textContent = left === rows.length ? "" : `${left} of ${rows.length} ${plural(what)}`;
    // Who ran little of a class is not named on this page.
    foundSays.hidden = !charts || words.length === 0 || (left > 0 && Object.keys(charts.data.more).length === 0);
  }

  // update follows whatever was chosen.
  function update() {
    search.value = state.q;
    filter();
    if (charts) {
      choices.measure.value = state.measure.key;
      choices.by.value = state.by;
      const names = slices().map((s) => s.name);
      choices.only.replaceChildren(...["", ...names].map((name) => element("option", name || all(), undefined, { value: name })));
      choices.only.value = state.only;
      document.getElementById("only-label").hidden = names.length === 0;
      const onlySays = document.getElementById("only-says");
      onlySays.hidden = !charts.data.more[state.by];
      onlySays.textContent = `Only the ${names.length} ${plural(state.by)} with the most query time can be chosen` + (state.by === "instance" ? "." : `; for another: slowdigest report --${state.by} NAME.`);
      document.getElementById("load-says").textContent = `${state.measure.says}, stacked by ${called(state.by)}.`;
      charts.redraw();
    }
    rank();
    remember();
  }
  search.addEventListener("input", () => { state.q = search.value; update(); });
  const choices = {};
  if (charts) {
    for (const id of ["measure", "by", "only"]) choices[id] = document.getElementById(id);
    for (const m of measures) element("option", m.name, choices.measure, { value: m.key });
    for (const k of kinds) element("option", called(k), choices.by, { value: k });
    choices.measure.addEventListener("change", () => { state.measure = measures.find((m) => m.key === choices.measure.value); update(); remember(true); });
    choices.by.addEventListener("change", () => { state.by = choices.by.value; state.only = ""; state.hidden.clear(); update(); remember(true); });
    choices.only.addEventListener("change", () => { state.only = choices.only.value; state.hidden.clear(); update(); remember(true); });
  }

  // The panels. Those after the first hold markup, of which a browser makes elements only when
  // they are opened. All text in it is escaped, as it is in the page.
  const same = { createHTML: (s) => s };
  const trusted = globalThis.trustedTypes?.createPolicy("panels", same) ?? same;
  function unpack(panel) {
    const packed = panel.querySelector("noscript");
    if (!packed) return;
    const template = element("template");
    template.innerHTML = trusted.createHTML(packed.textContent);
    packed.replaceWith(template.content);
  }
  // textOf is what can be searched in a panel, packed or not.
  function textOf(panel) {
    const packed = panel.querySelector("noscript")?.textContent ?? "";
    const signs = { lt: "<", gt: ">", amp: "&", "#34": '"', "#39": "'" };
    return [...panel.querySelectorAll("summary, .sql, .reasons, dd")].map((e) => e.textContent).concat(
      [...packed.matchAll(/<(pre|ul|dd)\b[^>]*>(.*?)<\/\1>/gs)].map(([, , s]) => s.replace(/<[^>]*>/g, "").replace(/&(lt|gt|amp|#34|#39);/g, (_, sign) => signs[sign])));
  }
  panels.forEach((panel, i) => {
    let drawn = false;
    panel.addEventListener("toggle", () => {
      remember();
      if (panel.open) unpack(panel);
      if (!panel.open || drawn || !charts) return;
      drawn = true;
      charts.drawClass(panel, i, select);
    });
  });

  function show(panel) {
    panel.open = true;
    panel.scrollIntoView();
    panel.querySelector("summary").focus({ preventScroll: true });
  }
  table.addEventListener("click", (e) => {
    const panel = panels.find((p) => "#" + p.id === e.target.closest("a")?.hash);
    if (!panel) return;
    e.preventDefault();
    show(panel);
  });

  document.getElementById("open-all").addEventListener("click", () => { for (const p of panels) p.open = true; });
  document.getElementById("close-all").addEventListener("click", () => { for (const p of panels) p.open = false; });

  // The address. It is written once a gesture is over: browsers allow it only so often. What
  // was zoomed, measured or sliced can be undone by the browser's Back.
  const stamp = (t) => new Date(t * 1000).toISOString().slice(0, 19) + "Z";
  function address() {
    const parts = [];
    const add = (key, value) => parts.push(`${key}=${encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2C", ",")}`);
    if (charts?.zoomed()) {
      add("from", stamp(charts.zoom()[0]));
      add("to", stamp(charts.zoom()[1]));
    }
    if (state.measure !== measures[0]) add("measure", state.measure.key);
    if (state.by !== "class") add("by", state.by);
    if (state.only) add("only", state.only);
    if (state.q) add("q", state.q);
    const [column, down] = usual();
    if (state.sort !== column || state.down !== down) add("sort", (state.down ? "-" : "") + names[state.sort]);
    for (const name of state.hidden) add("hide", name);
    const open = panels.filter((p) => p.open);
    if (open.length > 0) add("open", open.length === panels.length && open.length > 1 ? "all" : open.map((p) => p.id.slice(1)).join());
    return parts.join("&");
  }
  let written = null, undoable = false; // the timer, and whether what waits for it can be undone
  function remember(undo = false) {
    undoable ||= undo;
    clearTimeout(written);
    written = setTimeout(() => {
      const hash = address();
      if (hash !== location.hash.slice(1)) history[undoable ? "pushState" : "replaceState"](null, "", hash ? "#" + hash : location.pathname + location.search);
      undoable = false;
    }, 150);
  }

  function read(first) {
    clearTimeout(written);
    undoable = false;
    const hash = location.hash.slice(1);
    const named = panels.find((p) => p.id === hash);
    if (named) return first ? void (named.open = true) : show(named);
    if (hash !== "" && !hash.includes("=") || hash === address()) return;
    const from = new URLSearchParams(hash);
    state.hidden = new Set(from.getAll("hide"));
    state.measure = measures.find((m) => m.key === from.get("measure")) ?? measures[0];
    state.by = kinds.includes(from.get("by")) ? from.get("by") : "class";
    state.only = slices().some((s) => s.name === from.get("only")) ? from.get("only") : "";
    state.q = from.get("q") ?? "";
    const open = from.get("open") ?? "";
    for (const p of panels) p.open = open === "all" || open.split(",").includes(p.id.slice(1));
    if (charts) {
      const [a, b] = ["from", "to"].map((key) => Date.parse(from.get(key)) / 1000);
      const within = a < b && a < charts.full[1] && b > charts.full[0]; // or it is of another report
      charts.zoomTo(...(within ? [a, b] : charts.full));
    }
    update();
    const by = from.get("sort") ?? "";
    const column = names.indexOf(by.replace(/^-/, ""));
    sort(...(offered(column) ? [column, by.startsWith("-")] : usual()));
    undoable = false; // what was read is in the history
    remember();
  }

  sort(0, false);
  update();
  if (charts) {
    charts.drawLoad(select, (name) => {
      if (!state.hidden.delete(name)) state.hidden.add(name);
      charts.redraw();
      remember();
    });
    charts.changed = () => { filter(); rank(); remember(true); };
  }
  read(true);
  for (const event of ["hashchange", "popstate"]) addEventListener(event, () => read(false));
})();
