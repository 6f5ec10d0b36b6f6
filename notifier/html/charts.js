"use strict";
// Draws the charts with uPlot: the load of all classes, stacked, and in each
// panel that is opened the load and the distribution of its class. A zoom in
// one chart is a zoom in all of them, and the page gets the event "zoom".

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

const charts = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  if (!data) return null;

  const layers = 8; // of the stack, the others aside: more cannot be told apart
  const steps = data.load.length;
  const at = (i) => data.start + i * data.step;
  const full = [Math.min(data.window[0], at(0)), Math.max(data.window[1], at(steps))];
  const times = Array.from({ length: steps + 1 }, (_, i) => at(i)); // the last closes the last step
  const loads = data.classes.map((c) => {
    const load = new Array(steps + 1).fill(0);
    c.load.forEach((v, i) => { load[c.first + i] = v; });
    return load;
  });

  const figure = (n) => String(Number(n.toPrecision(3)));
  const written = (options) => {
    const format = new Intl.DateTimeFormat("en-CA", { timeZone: data.zone, hourCycle: "h23", ...options });
    return (t) => format.format(new Date(t * 1000));
  };
  const day = written({ year: "numeric", month: "2-digit", day: "2-digit" });
  const clock = written({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const element = (tag, text, parent) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    if (parent) parent.append(e);
    return e;
  };

  // The steps that are seen: from the first up to, but without, the second.
  let zoom = full;
  const seen = () => [
    Math.max(0, Math.round((zoom[0] - data.start) / data.step)),
    Math.min(steps, Math.round((zoom[1] - data.start) / data.step)),
  ];
  const zoomed = () => zoom[0] > full[0] || zoom[1] < full[1];

  const timed = []; // the charts with a time axis
  const all = [];
  const tables = new Map(); // details to what fills it

  function zoomTo(from, to) {
    // Whole steps, at least one.
    const snap = (t, round) => data.start + round((t - data.start) / data.step) * data.step;
    from = snap(from, Math.floor);
    to = Math.max(snap(to, Math.ceil), from + data.step);
    from = Math.min(Math.max(full[0], from), full[1] - data.step);
    to = Math.min(full[1], to);
    if (from === zoom[0] && to === zoom[1]) return;
    zoom = [from, to];
    for (const u of timed) u.setScale("x", { min: from, max: to });
    for (const [details, fill] of tables) if (details.open) fill();
    const [a, b] = seen();
    const seconds = loads.map((l) => l.slice(a, b).reduce((sum, v) => sum + v, 0) * data.step);
    document.dispatchEvent(new CustomEvent("zoom", { detail: zoomed() ? { from, to, seconds } : null }));
  }

  // A heading after "Numbers" opens on the data of a chart as a table.
  function numbers(details, caption, heads, rows) {
    const fill = () => {
      details.querySelector(".scroll")?.remove();
      const scroll = element("div", undefined, details);
      scroll.className = "scroll";
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "region");
      scroll.setAttribute("aria-label", caption);
      const table = element("table", undefined, scroll);
      element("caption", caption, table);
      const head = element("tr", undefined, element("thead", undefined, table));
      for (const h of heads) element("th", h, head).scope = "col";
      const body = element("tbody", undefined, table);
      for (const row of rows()) {
        const tr = element("tr", undefined, body);
        row.forEach((cell, i) => { element(i ? "td" : "th", cell, tr).scope = "row"; });
      }
    };
    tables.set(details, fill);
    details.addEventListener("toggle", () => { if (details.open) fill(); });
  }

  const axis = (more) => ({
    stroke: () => color("--text"), grid: { stroke: () => color("--line"), width: 1 }, ticks: { stroke: () => color("--line"), width: 1 },
    font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", ...more,
  });

  function draw(box, height, options, values) {
    const size = () => ({ width: Math.max(box.clientWidth, 200), height });
    const u = new uPlot({
      ...size(), padding: [null, 26, null, null], legend: { show: false }, ...options,
      cursor: { points: { show: false }, y: false, ...options.cursor },
    }, values, box);
    all.push(u);
    u.fit = (width) => u.setSize(width ? { width, height } : size());
    new ResizeObserver(() => u.fit()).observe(box);
    return u;
  }

  const timeAxis = () => axis({
    size: 32,
    values: (_, splits, __, ___, incr) => splits.map((t) =>
      incr >= 86400 ? day(t).slice(5) : full[1] - full[0] > 86400 ? day(t).slice(5) + " " + clock(t).slice(0, 5) :
      incr >= 60 ? clock(t).slice(0, 5) : clock(t)),
    space: full[1] - full[0] > 86400 ? 90 : 60,
  });

  // A chart over the time of the report, with a cursor that the keyboard moves too.
  function overTime(box, height, series, values, tell) {
    const u = draw(box, height, {
      tzDate: (t) => uPlot.tzDate(new Date(t * 1000), data.zone),
      scales: {
        x: { time: true, range: () => zoom },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] },
      },
      axes: [timeAxis(), axis({ label: "calls at a time", labelSize: 18, size: 56, space: 24 })],
      series: [{}, ...series],
      // Where the time of the chart's left edge is not at hand, the step is that under the cursor.
      cursor: {
        drag: { x: true, y: false, setScale: false },
        dataIdx: (_, __, ___, t) => Math.min(Math.max(0, Math.floor((t - data.start) / data.step)), steps - 1),
      },
      hooks: {
        setSelect: [(u) => {
          if (u.select.width < 2) return;
          zoomTo(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
        setCursor: [(u) => tell(u.cursor.left >= 0 ? u.cursor.idx : null)],
      },
    }, values);
    u.over.addEventListener("dblclick", () => zoomTo(...full));
    timed.push(u);
    keyboard(box, u);
    return u;
  }

  // Acts of the keyboard and of the buttons.
  function act(what, around) {
    const width = zoom[1] - zoom[0];
    const middle = around ?? (zoom[0] + zoom[1]) / 2;
    switch (what) {
      case "in": return zoomTo(middle - width / 4, middle + width / 4);
      case "out": return zoomTo(middle - width, middle + width);
      case "left": return zoomTo(zoom[0] - Math.min(width / 2, zoom[0] - full[0]), zoom[1] - Math.min(width / 2, zoom[0] - full[0]));
      case "right": return zoomTo(zoom[0] + Math.min(width / 2, full[1] - zoom[1]), zoom[1] + Math.min(width / 2, full[1] - zoom[1]));
      default: return zoomTo(...full);
    }
  }

  function keyboard(box, u) {
    let step = null; // under the cursor
    box.addEventListener("blur", () => { step = null; });
    box.addEventListener("keydown", (e) => {
      const around = step === null ? undefined : at(step + 0.5);
      const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[e.key];
      const what = { "+": "in", "=": "in", "-": "out", Escape: "all" }[e.key];
      if (e.ctrlKey || e.metaKey || e.altKey || (move === undefined && what === undefined)) return;
      e.preventDefault();
      if (what) return act(what, around);
      const [a, b] = seen();
      step = Math.min(Math.max(step === null ? (move > 0 ? a : b - 1) : step + move, a), b - 1);
      u.setCursor({ left: u.valToPos(at(step + 0.5), "x"), top: 10 });
    });
  }

  const span = (i) => `${day(at(i))} ${clock(at(i))} to ${clock(at(i + 1))} ${data.zone}`;
  const stepped = uPlot.paths.stepped({ align: 1 });

  function drawLoad() {
    const box = document.querySelector("#load .chart");
    const readout = document.getElementById("load-readout");
    const stack = loads.slice(0, layers).map((load, i) => ({ name: data.classes[i].name, load, color: `--c${i + 1}` }));
    const others = [...data.load, 0].map((v, i) => Math.max(0, v - stack.reduce((sum, l) => sum + l.load[i], 0)));
    if (Math.max(...others) > Math.max(...data.load) / 1000) stack.push({ name: "Other classes", load: others, color: "--c-other" });

    // The highest layer is drawn first, each down to zero, and the next over it.
    const sums = () => {
      const out = [];
      let below = new Array(steps + 1).fill(0);
      for (const l of stack) {
        if (!l.hidden) below = below.map((v, i) => v + l.load[i]);
        out.unshift(below);
      }
      return [times, ...out];
    };
    const series = stack.toReversed().map((l) => ({
      label: l.name, paths: stepped, width: 0, points: { show: false }, fill: () => color(l.color),
    }));
    const total = (i) => stack.reduce((sum, l) => sum + (l.hidden ? 0 : l.load[i]), 0);
    const u = overTime(box, 320, series, sums(), (i) => {
      if (i === null) return;
      const most = stack.filter((l) => !l.hidden && l.load !== others && l.load[i] > 0).sort((a, b) => b.load[i] - a.load[i]).slice(0, 3);
      readout.textContent = `${span(i)}: ${figure(total(i))} calls at a time. ` + most.map((l) => `${l.name}: ${figure(l.load[i])}`).join("; ");
    });

    const legend = document.querySelector("#load .legend");
    stack.forEach((l, i) => {
      const button = element("button", undefined, element("li", undefined, legend));
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      element("span", undefined, button).className = "swatch " + l.color.slice(2);
      button.append(l.name);
      button.addEventListener("click", () => {
        l.hidden = !l.hidden;
        button.setAttribute("aria-pressed", String(!l.hidden));
        u.setSeries(stack.length - i, { show: !l.hidden });
        u.setData(sums(), false);
        u.setScale("x", { min: zoom[0], max: zoom[1] });
      });
    });
    for (const b of document.querySelectorAll("[data-zoom]")) b.addEventListener("click", () => act(b.dataset.zoom));
    numbers(document.querySelector("#load .numbers"), "Calls at a time, on average", [`From (${data.zone})`, "All", ...stack.map((l) => l.name)], () => {
      const [a, b] = seen();
      return times.slice(a, b).map((t, i) => [`${day(t)} ${clock(t)}`, figure(data.load[a + i]), ...stack.map((l) => figure(l.load[a + i]))]);
    });
  }

  // The parts of a figure in a panel.
  function panelFigure(panel, title, caption) {
    const fig = element("figure", undefined, panel);
    element("h4", title, fig);
    element("figcaption", caption, fig);
    const box = element("div", undefined, fig);
    box.className = "chart";
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-roledescription", "chart");
    box.setAttribute("aria-label", title);
    const readout = element("p", undefined, fig);
    readout.className = "readout";
    readout.setAttribute("aria-live", "polite");
    const details = element("details", undefined, fig);
    details.className = "numbers";
    element("summary", "The numbers of this chart", details);
    return { box, readout, details };
  }

  function drawDistribution(panel, bins) {
    const f = panelFigure(panel, "Distribution", "Calls by query time; the height is logarithmic. A bar begins at the time below it.");
    const calls = (i) => `${bins[i][1].toLocaleString("en")} ${bins[i][1] === 1 ? "call" : "calls"}`;
    const range = (i) => i + 1 < bins.length ? `${duration(bins[i][0])} to ${duration(bins[i + 1][0])}` : `${duration(bins[i][0])} and more`;
    const most = Math.max(...bins.map((b) => b[1]));
    const powers = [0];
    for (let v = 1; v <= most; v *= most > 1e4 ? 100 : 10) powers.push(v);
    let bar = -1;
    const u = draw(f.box, 180, {
      scales: { x: { time: false, range: [-0.5, bins.length - 0.5] }, y: { distr: 4, range: (_, __, max) => [0, Math.max(max, 1) * 1.2] } },
      axes: [
        axis({
          size: 32, splits: () => bins.map((_, i) => i), grid: { show: false },
          values: (u, splits) => splits.map((i) => i % Math.ceil(52 * bins.length / u.over.clientWidth) ? "" : duration(bins[i][0])),
        }),
        axis({ label: "calls", labelSize: 18, size: 64, splits: () => powers, filter: (_, splits) => splits, values: (_, splits) => splits.map((v) => v.toLocaleString("en")) }),
      ],
      series: [{}, {
        paths: uPlot.paths.bars({ size: [0.9, 120] }), points: { show: false },
        width: 0, fill: () => color("--c1"),
      }],
      cursor: { drag: { x: false, y: false } },
      hooks: { setCursor: [(u) => { if (u.cursor.left >= 0 && u.cursor.idx !== null) f.readout.textContent = `${range(u.cursor.idx)}: ${calls(u.cursor.idx)}`; }] },
    }, [bins.map((_, i) => i), bins.map((b) => b[1])]);
    f.box.addEventListener("keydown", (e) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
      if (!move) return;
      e.preventDefault();
      bar = Math.min(Math.max(bar + move, 0), bins.length - 1);
      u.setCursor({ left: u.valToPos(bar, "x"), top: 10 });
    });
    numbers(f.details, "Calls by query time", ["Query time", "Calls"], () => bins.map((b, i) => [range(i), b[1].toLocaleString("en")]));
  }

  // drawClass draws what belongs to class i into its panel.
  function drawClass(panel, i) {
    const f = panelFigure(panel, "Load", "How many calls of this class ran at a time, on average. Drag to zoom.");
    overTime(f.box, 180, [{
      paths: stepped, width: 0, points: { show: false }, fill: () => color("--c1"),
    }], [times, loads[i]], (n) => { if (n !== null) f.readout.textContent = `${span(n)}: ${figure(loads[i][n])} calls at a time`; });
    numbers(f.details, "Calls at a time, on average", [`From (${data.zone})`, "This class", "All"], () => {
      const [a, b] = seen();
      return times.slice(a, b).map((t, n) => [`${day(t)} ${clock(t)}`, figure(loads[i][a + n]), figure(data.load[a + n])]);
    });
    if (data.classes[i].bins.length > 0) drawDistribution(panel, data.classes[i].bins);
  }

  const redraw = (width) => { for (const u of all) { u.fit(width); u.redraw(); } };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  drawLoad();
  return { drawClass, redraw };
})();
