"use strict";
// What a reader has selected, and keeps in the address of the page, so that a
// colleague opens the same: the zoom, the order of the table, what is searched, which
// panels are open and which layers are hidden. And paper.
(() => {
  for (const e of document.querySelectorAll(".script")) e.hidden = false;
  const table = document.getElementById("ranking");
  if (!table) return;
  const heads = [...table.tHead.rows[0].cells];
  const names = heads.map((th) => th.textContent); // as the address has them
  const body = table.tBodies[0];
  const rows = [...body.rows]; // by rank, as the panels
  const panels = [...document.querySelectorAll("details.panel")];

  const state = { sort: 0, down: false, hidden: new Set() };
  const select = () => ({ series: charts.data.classes, others: "Other classes", measure: "time", unit: "calls at a time", hidden: state.hidden });

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
    body.append(...keyed.map(([, row]) => row));
    heads.forEach((th, i) => th.setAttribute("aria-sort", i !== column ? "none" : down ? "descending" : "ascending"));
  }

  // What a zoom selects gets a column of its own, and the ranking.
  const selection = heads.findIndex((th) => th.classList.contains("selection"));
  const showAll = document.querySelector("[data-zoom=all]");
  function rank() {
    const zoomed = charts?.zoomed() ?? false;
    const first = heads[selection].hidden;
    for (const cell of [heads[selection], ...rows.map((row) => row.cells[selection])]) cell.hidden = !zoomed;
    if (showAll) showAll.disabled = !zoomed;
    if (zoomed) {
      const [a, b] = charts.seen();
      rows.forEach((row, i) => {
        const seconds = charts.sumOf(charts.data.classes[i], "time", a, b);
        row.cells[selection].dataset.v = seconds;
        row.cells[selection].textContent = seconds === 0 ? "-" : duration(seconds);
      });
    }
    if (zoomed && (first || (state.sort === selection && state.down))) sort(selection, true);
    if (!zoomed && state.sort === selection) sort(0, false);
  }

  // The panels.
  panels.forEach((panel, i) => {
    let drawn = false;
    panel.addEventListener("toggle", () => {
      remember();
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

  // The address. It is written once a gesture is over: browsers allow it only so often.
  const stamp = (t) => new Date(t * 1000).toISOString().slice(0, 19) + "Z";
  function address() {
    const parts = [];
    const add = (key, value) => parts.push(`${key}=${encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2C", ",")}`);
    if (charts?.zoomed()) {
      add("from", stamp(charts.zoom()[0]));
      add("to", stamp(charts.zoom()[1]));
    }
    if (state.sort !== 0 || state.down) add("sort", (state.down ? "-" : "") + names[state.sort]);
    for (const name of state.hidden) add("hide", name);
    const open = panels.filter((p) => p.open);
    if (open.length > 0) add("open", open.length === panels.length && open.length > 1 ? "all" : open.map((p) => p.id.slice(1)).join());
    return parts.join("&");
  }
  let written = null; // the timer
  function remember() {
    clearTimeout(written);
    written = setTimeout(() => {
      const hash = address();
      if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    }, 150);
  }

  function read(first) {
    const hash = location.hash.slice(1);
    const named = panels.find((p) => p.id === hash);
    if (named) return first ? void (named.open = true) : show(named);
    if (hash !== "" && !hash.includes("=") || hash === address()) return;
    const from = new URLSearchParams(hash);
    state.hidden = new Set(from.getAll("hide"));
    const open = from.get("open") ?? "";
    for (const p of panels) p.open = open === "all" || open.split(",").includes(p.id.slice(1));
    if (charts) {
      const [a, b] = ["from", "to"].map((key) => Date.parse(from.get(key)) / 1000);
      charts.zoomTo(...(a < b ? [a, b] : charts.full));
      charts.redraw();
    }
    rank();
    const by = from.get("sort") ?? names[0];
    const column = names.indexOf(by.replace(/^-/, ""));
    if (column >= 0 && !heads[column].hidden) sort(column, by.startsWith("-"));
  }

  if (charts) {
    charts.drawLoad(select, (name) => {
      if (!state.hidden.delete(name)) state.hidden.add(name);
      charts.redraw();
      remember();
    });
    charts.changed = () => { rank(); remember(); };
  }
  sort(0, false);
  read(true);
  addEventListener("hashchange", () => read(false));
})();
