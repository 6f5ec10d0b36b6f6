"use strict";
// Draws the charts anew that the page came with, once a reader zooms: the load of
// all, stacked, and in each panel that is opened that of its class. They are SVG in
// the parts that the package chart describes. What is shown is the page's to say:
// see page.js, which gives "select" and "changed".

// duration writes seconds as Go's notifier.Duration does.
function duration(s) {
  const digits = (n) => String(Number(n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0)));
  const pair = (n, per, big, small) => `${Math.floor(n / per)}${big}${String(n % per).padStart(2, "0")}${small}`;
  if (s < 0.5e-6) return "0s";
  if (s < 0.9995e-3) return `${(s * 1e6).toFixed(0)}µs`;
  if (s < 0.9995) return `${digits(s * 1e3)}ms`;
  if (s < 59.95) return `${digits(s)}s`;
  if (s < 3599.5) return pair(Math.round(s), 60, "m", "s");
  if (s < 86400 - 30) return pair(Math.round(s / 60), 60, "h", "m");
  return pair(Math.round(s / 3600), 24, "d", "h");
}

// figure writes a number as Go's chart.Figure does.
function figure(v) {
  const plain = (n) => Number(n.toPrecision(3)).toLocaleString("en", { useGrouping: false, maximumFractionDigits: 20 });
  return v >= 1e9 ? plain(v / 1e9) + "G" : v >= 1e6 ? plain(v / 1e6) + "M" : v >= 1e4 ? plain(v / 1e3) + "k" : plain(v);
}

// counted writes a number with its unit, as Go's chart.counted does.
function counted(v, unit) {
  const text = figure(v);
  return `${text} ${text === "1" ? unit.replace(/^(\S+?)s(?= |$)/, "$1") : unit}`;
}

function element(tag, text, parent, attributes = {}) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (parent) parent.append(e);
  return e;
}

function shape(tag, attributes, text) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (text !== undefined) e.textContent = text;
  return e;
}

const charts = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  if (!data) return null;

  const most = 8; // layers of a stack, the others aside: more cannot be told apart
  const steps = data.steps;
  const full = [data.from, data.to];
  const at = (i) => data.start + i * data.step;

  const written = (options) => {
    const format = new Intl.DateTimeFormat("en-CA", { timeZone: data.zone, hourCycle: "h23", ...options });
    return (t) => format.format(new Date(t * 1000));
  };
  const day = written({ year: "numeric", month: "2-digit", day: "2-digit" });
  const clock = written({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const span = (i) => `${day(at(i))} ${clock(at(i))} to ${clock(at(i + 1))} ${data.zone}`;

  let zoom = full;
  const self = {
    data, full,
    changed() {}, // is called when the zoom has changed
    zoom: () => zoom,
    zoomed: () => zoom[0] > full[0] || zoom[1] < full[1],
    seen, zoomTo, sumOf, redraw, drawLoad, drawClass,
  };

  // The steps that are seen: from the first up to, but without, the second.
  function seen() {
    return [
      Math.max(0, Math.round((zoom[0] - data.start) / data.step)),
      Math.min(steps, Math.round((zoom[1] - data.start) / data.step)),
    ];
  }

  // line is the time line of a measure, in which -n stands for n zeros until it is used.
  const lines = new WeakMap();
  function line(series, measure) {
    const packed = series[measure];
    if (!packed) return []; // of nothing there is none
    if (!lines.has(packed)) lines.set(packed, packed.flatMap((v) => (v < 0 ? new Array(-v).fill(0) : v)));
    return lines.get(packed);
  }

  // sumOf is how much of a measure a series has from step a to b.
  function sumOf(series, measure, a, b) {
    const values = line(series, measure);
    let sum = 0;
    for (let i = Math.max(a - series.first, 0), n = Math.min(b - series.first, values.length); i < n; i++) sum += values[i];
    return sum * data.step;
  }
  const valueAt = (series, measure, i) => line(series, measure)[i - series.first] ?? 0;

  const readouts = []; // of these charts
  const drawn = new Set(); // what draws each chart with a time line
  const tables = new Map(); // details to what fills it
  function redraw() {
    for (const draw of drawn) draw();
    for (const [details, fill] of tables) if (details.open) fill();
  }

  function zoomTo(from, to) {
    // Whole steps, at least one.
    const snap = (t, round) => data.start + round((t - data.start) / data.step) * data.step;
    from = snap(from, Math.floor);
    to = Math.max(snap(to, Math.ceil), from + data.step);
    from = Math.min(Math.max(full[0], from), full[1] - data.step);
    to = Math.min(full[1], to);
    show(from, to);
  }

  function show(from, to) {
    if (from === zoom[0] && to === zoom[1]) return;
    zoom = [from, to];
    redraw();
    const said = self.zoomed() ? `${day(from)} ${clock(from)} to ${day(to) === day(from) ? "" : day(to) + " "}${clock(to)} ${data.zone} is selected` : "";
    for (const e of readouts) e.textContent = said;
    self.changed();
  }

  // Acts of the keyboard and of the buttons.
  function act(what, around) {
    const width = zoom[1] - zoom[0];
    const middle = around ?? (zoom[0] + zoom[1]) / 2;
    const half = Math.max(1, Math.round(width / 2 / data.step)) * data.step; // whole steps, so that the width stays
    const back = Math.min(half, zoom[0] - full[0]), on = Math.min(half, full[1] - zoom[1]);
    switch (what) {
      case "in": return zoomTo(middle - width / 4, middle + width / 4);
      case "out": return zoomTo(middle - width, middle + width);
      case "left": return show(zoom[0] - back, zoom[1] - back);
      case "right": return show(zoom[0] + on, zoom[1] + on);
      default: return zoomTo(...full);
    }
  }

  // pick chooses the layers of a stack: the series with the most in what is seen. Those
  // that have the most in all keep their colours, and the others get the colours that are
  // left, so that a short spike of a small class is seen when a reader zooms to it.
  function pick(all, measure) {
    const [a, b] = seen();
    const largest = (from, to) => all.map((s) => [sumOf(s, measure, from, to), s]).filter(([sum]) => sum > 0)
      .sort(([x], [y]) => y - x).slice(0, most).map(([, s]) => s);
    const home = largest(0, steps), here = largest(a, b);
    const free = Array.from({ length: most }, (_, i) => i + 1).filter((c) => !here.includes(home[c - 1]));
    return here.map((s) => ({ name: s.name, series: s, color: "c" + (home.includes(s) ? home.indexOf(s) + 1 : free.shift()) }));
  }

  // draw fills a chart's SVG with what is seen of the layers, each of which has the
  // values of the steps from a on.
  function draw(box, layers, unit) {
    const svg = box.querySelector("svg.plot");
    const [a, b] = seen();
    const sums = [new Float64Array(Math.max(b - a, 0))];
    for (const l of layers) sums.push(sums.at(-1).map((v, i) => v + l.values[i]));
    const largest = Math.max(...sums.at(-1), 0);
    const top = largest > 1e-12 ? largest * 1.05 : 1;
    const shapes = shape("svg", { class: "shapes", viewBox: `${(zoom[0] - at(a)) / data.step} 0 ${(zoom[1] - zoom[0]) / data.step} 1000`, preserveAspectRatio: "none" });
    for (let n = layers.length; n > 0; n--) { // the highest first, each down to zero
      let d = "M0 1000", last = 1000;
      sums[n].forEach((v, i) => {
        const y = Math.round(1000 - 1000 * v / top);
        if (y !== last) d += `H${i}V${y}`;
        last = y;
      });
      shapes.append(shape("path", { class: layers[n - 1].color, d: d + `H${sums[n].length}V1000Z` }));
    }
    svg.replaceChildren(shapes, scale(top, unit), times(box.clientWidth));
  }

  function scale(top, unit) {
    const g = shape("g", { class: "scale" });
    const power = 10 ** Math.floor(Math.log10(top / 4));
    const per = [1, 2, 5, 10].find((n) => n * power >= top / 4 * (1 - 1e-9)) * power;
    for (let n = 1; n * per <= top; n++) {
      const y = 100 - 100 * n * per / top + "%";
      g.append(shape("line", { x2: "100%", y1: y, y2: y }), shape("text", { x: 2, y, dy: 12 }, (n + 1) * per > top ? counted(n * per, unit) : figure(n * per)));
    }
    return g;
  }

  const ticks = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  function times(width) {
    const g = shape("g", { class: "times" });
    const long = zoom[1] - zoom[0];
    const room = Math.max(2, Math.floor(width / (long > 86400 ? 120 : 85)));
    let per = ticks.find((t) => long / t <= room) ?? 604800;
    while (long / per > room) per *= 2;
    const from = zoom[0] + data.offset;
    for (let t = Math.ceil(from / per) * per; t <= from + long; t += per) {
      const x = 100 * (t - from) / long;
      const when = t - data.offset;
      const text = per >= 86400 ? day(when).slice(5) : long > 86400 ? day(when).slice(5) + " " + clock(when).slice(0, 5) : per >= 60 ? clock(when).slice(0, 5) : clock(when);
      g.append(shape("text", { x: x + "%", y: "100%", dy: 16, class: x < 8 ? "start" : x > 92 ? "end" : "" }, text));
    }
    return g;
  }

  // follow paints when a chart comes to be seen, and when it gets wider or narrower.
  function follow(box, paint) {
    let width = 0;
    new ResizeObserver(() => {
      if (box.clientWidth !== width && box.clientWidth > 0) paint();
      width = box.clientWidth;
    }).observe(box);
  }

  // use lets a reader zoom and read a chart: by a mouse, by fingers, by the keyboard.
  function use(box, tell) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-roledescription", "chart");
    if (!box.ariaLabel) box.setAttribute("aria-label", box.querySelector("svg.plot").getAttribute("aria-label"));
    const mark = element("div", undefined, box, { class: "mark", hidden: "" });
    const put = (from, to) => {
      mark.hidden = from === null;
      if (from === null) return;
      // A style of an element that a script sets is no matter of the page's policy.
      mark.style.left = `${100 * Math.max(0, Math.min(from, to))}%`;
      mark.style.width = `${100 * Math.abs(Math.min(1, Math.max(0, to)) - Math.min(1, Math.max(0, from)))}%`;
    };
    const part = (e) => { const r = box.getBoundingClientRect(); return (e.clientX - r.left) / r.width; };
    const when = (x) => zoom[0] + x * (zoom[1] - zoom[0]);

    let step = null; // under the cursor
    const point = (i) => {
      const [a, b] = seen();
      step = Math.min(Math.max(i, a), b - 1);
      const x = (t) => (t - zoom[0]) / (zoom[1] - zoom[0]);
      put(x(at(step)), x(at(step + 1)));
      tell(step);
    };
    const stepAt = (x) => Math.floor((when(x) - data.start) / data.step);

    const downs = new Map(); // the buttons or fingers that are down, by pointer: where they went down, and are
    let held = null; // the times under two fingers
    let tap = { time: -1000, x: 0 };
    box.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || downs.size === 2) return;
      box.setPointerCapture(e.pointerId);
      downs.set(e.pointerId, { from: part(e), x: part(e) });
      if (downs.size === 2) held = [...downs.values()].map((d) => when(d.x));
    });
    box.addEventListener("pointermove", (e) => {
      const down = downs.get(e.pointerId);
      if (!down) return void (e.pointerType === "mouse" && point(stepAt(part(e))));
      down.x = part(e);
      if (downs.size === 2) {
        const [x, y] = [...downs.values()].map((d) => d.x);
        const width = (held[1] - held[0]) / (y - x);
        if (!(width > 0) || !Number.isFinite(width)) return;
        zoomTo(held[0] - x * width, held[0] + (1 - x) * width);
        put(null);
      } else if (!held) {
        put(down.from, down.x);
      }
    });
    const end = (e) => {
      const down = downs.get(e.pointerId);
      if (!down) return;
      downs.delete(e.pointerId);
      if (held) { // the second finger that is lifted selects nothing
        if (downs.size === 0) held = null;
        return;
      }
      put(null);
      if (e.type === "pointercancel") return;
      const still = 6 / box.clientWidth;
      if (Math.abs(down.x - down.from) > still) return zoomTo(when(Math.min(down.from, down.x)), when(Math.max(down.from, down.x)));
      const twice = e.timeStamp - tap.time < 350 && Math.abs(down.x - tap.x) < 5 * still;
      tap = { time: twice ? -1000 : e.timeStamp, x: down.x };
      if (twice) return zoomTo(...full);
      point(stepAt(down.x));
    };
    box.addEventListener("pointerup", end);
    box.addEventListener("pointercancel", end);
    box.addEventListener("pointerleave", (e) => { if (e.pointerType === "mouse" && downs.size === 0) put(null); });
    box.addEventListener("blur", () => { step = null; put(null); });
    box.addEventListener("keydown", (e) => {
      const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[e.key];
      const what = { "+": "in", "=": "in", "-": "out", Escape: "all" }[e.key];
      if (e.ctrlKey || e.metaKey || e.altKey || (move === undefined && what === undefined)) return;
      e.preventDefault();
      if (what) {
        put(null);
        return act(what, step === null ? undefined : at(step + 0.5));
      }
      const [a, b] = seen();
      point(step === null ? (move > 0 ? a : b - 1) : step + move);
    });
  }

  // A heading after "numbers" opens on the data of a chart as a table.
  function numbers(details, table) {
    const fill = () => {
      details.querySelector(".scroll")?.remove();
      const { caption, heads, rows } = table();
      const scroll = element("div", undefined, details, { class: "scroll", tabindex: 0, role: "region", "aria-label": caption });
      const into = element("table", undefined, scroll);
      element("caption", caption, into);
      const head = element("tr", undefined, element("thead", undefined, into));
      for (const h of heads) element("th", h, head, { scope: "col" });
      const body = element("tbody", undefined, into);
      for (const row of rows) {
        const tr = element("tr", undefined, body);
        row.forEach((cell, i) => { if (i) element("td", cell, tr); else element("th", cell, tr, { scope: "row" }); });
      }
    };
    tables.set(details, fill);
    details.addEventListener("toggle", () => { if (details.open) fill(); });
  }

  // rowsOf are the rows of such a table: the time of each step, and the values.
  const rowsOf = (columns) => {
    const [a, b] = seen();
    return Array.from({ length: Math.max(b - a, 0) }, (_, i) => [`${day(at(a + i))} ${clock(at(a + i))}`, ...columns.map((values) => figure(values[i]))]);
  };
  const valuesOf = (series, measure) => {
    const [a, b] = seen();
    return Float64Array.from({ length: Math.max(b - a, 0) }, (_, i) => valueAt(series, measure, a + i));
  };

  // drawLoad draws the load of all. select says what of it: the series that can be layers,
  // the name of the others, the measure with its unit, what the chart is called, and which
  // layers are hidden.
  function drawLoad(select, toggle) {
    const box = document.querySelector("#load .chart");
    const readout = document.getElementById("load-readout");
    const legend = document.querySelector("#load .legend");
    readouts.push(readout);
    let layers = [], entries = "";
    const paint = () => {
      const { series, others, measure, unit, label, hidden } = select();
      box.setAttribute("aria-label", label);
      layers = pick(series, measure).map((l) => ({ ...l, values: valuesOf(l.series, measure) }));
      const rest = valuesOf(data.all, measure);
      for (const l of layers) l.values.forEach((v, i) => { rest[i] = Math.max(0, rest[i] - v); });
      if (Math.max(...rest, 0) > Math.max(...valuesOf(data.all, measure), 0) / 1000) layers.push({ name: others, color: "c-other", values: rest });
      draw(box, layers.filter((l) => !hidden.has(l.name)), unit);
      name(hidden);
    };
    const name = (hidden) => {
      const now = JSON.stringify(layers.map((l) => [l.name, l.color]));
      if (now !== entries) {
        entries = now;
        legend.replaceChildren(...layers.map((l) => {
          const li = element("li");
          const button = element("button", undefined, li, { type: "button" });
          element("span", undefined, button, { class: "swatch " + l.color });
          button.append(l.name);
          button.addEventListener("click", () => toggle(l.name));
          return li;
        }));
      }
      [...legend.querySelectorAll("button")].forEach((b, i) => b.setAttribute("aria-pressed", String(!hidden.has(layers[i].name))));
    };
    drawn.add(paint);
    follow(box, paint);
    use(box, (i) => {
      const { unit, hidden, others } = select();
      const k = i - seen()[0];
      const shown = layers.filter((l) => !hidden.has(l.name));
      const large = shown.filter((l) => l.name !== others && l.values[k] > 0).sort((x, y) => y.values[k] - x.values[k]).slice(0, 3);
      readout.textContent = `${span(i)}: ${counted(shown.reduce((sum, l) => sum + l.values[k], 0), unit)}. ` + large.map((l) => `${l.name}: ${figure(l.values[k])}`).join("; ");
    });
    for (const b of document.querySelectorAll("[data-zoom]")) b.addEventListener("click", () => act(b.dataset.zoom));
    numbers(document.querySelector("#load .numbers"), () => {
      const { measure, unit } = select();
      return { caption: upper(unit), heads: [`From (${data.zone})`, "All", ...layers.map((l) => l.name)], rows: rowsOf([valuesOf(data.all, measure), ...layers.map((l) => l.values)]) };
    });
  }
  const upper = (s) => s[0].toUpperCase() + s.slice(1);

  function extras(box) {
    const readout = element("p", undefined, undefined, { class: "readout", "aria-live": "polite" });
    const details = element("details", undefined, undefined, { class: "numbers" });
    element("summary", "The numbers of this chart", details);
    box.after(readout, details);
    return { readout, details };
  }

  // drawClass draws what belongs to class i into its panel.
  function drawClass(panel, i, select) {
    const series = data.classes[i];
    const box = panel.querySelector(".chart.load");
    const { readout, details } = extras(box);
    readouts.push(readout);
    const paint = () => {
      const { measure, unit, says, whose } = select();
      box.previousElementSibling.textContent = `Of this ${document.getElementById("ranking").dataset.what}${whose}: ${says[0].toLowerCase()}${says.slice(1)}.`;
      if (panel.open) draw(box, [{ color: "c1", values: valuesOf(series, measure) }], unit);
    };
    drawn.add(paint);
    follow(box, paint);
    use(box, (n) => {
      const { measure, unit } = select();
      readout.textContent = `${span(n)}: ${counted(valueAt(series, measure, n), unit)}`;
    });
    numbers(details, () => {
      const { measure, unit } = select();
      return { caption: upper(unit), heads: [`From (${data.zone})`, "This class", "All"], rows: rowsOf([valuesOf(series, measure), valuesOf(data.all, measure)]) };
    });
    if (series.bins.length > 0) readBars(panel.querySelector(".chart.bars"), series.bins);
  }

  // readBars lets a reader read a distribution, which stays as it came.
  function readBars(box, bins) {
    const { readout, details } = extras(box);
    const count = (n) => n.toLocaleString("en");
    const range = (i) => i + 1 < bins.length ? `${duration(bins[i][0])} to ${duration(bins[i + 1][0])}` : `${duration(bins[i][0])} and more`;
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-roledescription", "chart");
    box.setAttribute("aria-label", box.querySelector("svg.plot").getAttribute("aria-label"));
    let bar = -1;
    const point = (i) => {
      bar = Math.min(Math.max(i, 0), bins.length - 1);
      readout.textContent = `${range(bar)}: ${count(bins[bar][1])} ${bins[bar][1] === 1 ? "call" : "calls"}`;
    };
    const under = (e) => { const r = box.getBoundingClientRect(); point(Math.floor(bins.length * (e.clientX - r.left) / r.width)); };
    box.addEventListener("pointermove", under);
    box.addEventListener("pointerdown", under);
    box.addEventListener("keydown", (e) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!move) return;
      e.preventDefault();
      point(bar + move);
    });
    numbers(details, () => ({ caption: "Calls by query time", heads: ["Query time", "Calls"], rows: bins.map((b, i) => [range(i), count(b[1])]) }));
  }

  return self;
})();
