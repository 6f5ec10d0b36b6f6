"use strict";
// The table that sorts, the panels that draw their charts when they are opened,
// and paper.
(() => {
  const table = document.getElementById("ranking");
  if (!table) return;
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];

  for (const th of heads) { // without this script the headings are no buttons
    const button = document.createElement("button");
    button.type = "button";
    button.append(...th.childNodes);
    th.append(button);
    button.addEventListener("click", () => sort(th, opposite(th)));
    if (!th.hasAttribute("aria-sort")) th.setAttribute("aria-sort", "none");
  }

  function opposite(th) {
    switch (th.getAttribute("aria-sort")) {
      case "ascending": return "descending";
      case "descending": return "ascending";
      default: return th.dataset.first;
    }
  }

  function sort(th, direction) {
    const column = heads.indexOf(th);
    const key = (row) => {
      const cell = row.cells[column];
      return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
    };
    const sign = direction === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en")));
    body.append(...rows.map(([, row]) => row));
    for (const other of heads) other.setAttribute("aria-sort", other === th ? direction : "none");
  }

  // What a zoom selects gets a column of its own, and the ranking.
  const selection = table.querySelector("th.selection");
  const cells = [...body.rows].map((row) => row.querySelector("td.selection"));
  const showAll = document.querySelector("[data-zoom=all]");
  document.addEventListener("zoom", ({ detail }) => {
    const first = selection.hidden;
    for (const cell of [selection, ...cells]) cell.hidden = detail === null;
    if (showAll) showAll.disabled = detail === null;
    if (detail) {
      cells.forEach((cell, i) => {
        cell.dataset.v = detail.seconds[i];
        cell.textContent = detail.seconds[i] === 0 ? "-" : duration(detail.seconds[i]);
      });
      if (first || selection.getAttribute("aria-sort") === "descending") sort(selection, "descending");
    } else if (selection.getAttribute("aria-sort") !== "none") {
      sort(heads[0], "ascending");
    }
  });

  const panels = [...document.querySelectorAll("details.panel")];
  panels.forEach((panel, i) => {
    let drawn = false;
    panel.addEventListener("toggle", () => {
      if (!panel.open || drawn || !charts) return;
      drawn = true;
      charts.drawClass(panel, i);
    });
  });

  function openNamed(move) {
    const panel = panels.find((p) => "#" + p.id === location.hash);
    if (!panel) return;
    panel.open = true;
    if (!move) return;
    panel.scrollIntoView();
    panel.querySelector("summary").focus({ preventScroll: true });
  }
  table.addEventListener("click", (e) => {
    if (e.target.closest("a")?.hash === location.hash) openNamed(true); // no hashchange comes of it
  });
  addEventListener("hashchange", () => openNamed(true));
  openNamed(false);

  document.getElementById("open-all").addEventListener("click", () => { for (const p of panels) p.open = true; });
  document.getElementById("close-all").addEventListener("click", () => { for (const p of panels) p.open = false; });

  // Paper is white and narrow. What is open is printed.
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "";
    charts?.redraw(680);
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    charts?.redraw();
  });
})();
