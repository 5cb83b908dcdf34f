"use strict";
// The page without this script is complete: static plots, tables, commands. It adds sorting,
// copying, and plots that answer.
(() => {
  const all = (selector, place = document) => [...place.querySelectorAll(selector)];
  document.documentElement.classList.add("js");

  // Tables: a button per column; best first, then worst first, then as before.
  const NEXT = { none: "descending", descending: "ascending", ascending: "none" };

  function valueOf(row, column) {
    const cell = row.cells[column];
    const value = cell.dataset.value ?? cell.textContent.trim();
    const number = Number(value);
    return value !== "" && Number.isFinite(number) ? number : value;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b));
  }

  function sortBy(table, column) {
    const heads = all("thead th", table);
    const order = NEXT[heads[column].getAttribute("aria-sort") ?? "none"];
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    if (order !== "none") heads[column].setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const rows = table.rowsAtFirst.map((row, n) => ({ row, n, value: valueOf(row, column) }));
    const isMissing = (value) => value === "" || value === "—";
    if (order !== "none") {
      rows.sort((a, b) => isMissing(a.value) - isMissing(b.value)
        || (isMissing(a.value) ? 0 : sign * compare(a.value, b.value)) || a.n - b.n);
    }
    table.tBodies[0].append(...rows.map(({ row }) => row));
  }

  for (const table of all("table.sortable")) {
    table.rowsAtFirst = [...table.tBodies[0].rows];
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(table, column));
      head.append(button);
    });
  }

  // Commands: copied as text; where a browser forbids that, through a selection.
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  for (const button of all("button[data-copy]")) {
    button.addEventListener("click", async () => {
      await copy(button.dataset.copy);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  // Tooltips: text only, so that nothing from a data file is ever markup.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  function tell(_, event, __, value) {
    tip.hidden = value == null || typeof value !== "object";
    if (tip.hidden) return;
    tip.replaceChildren(...Object.entries(value).flatMap(([name, text]) => {
      const parts = [document.createElement("b"), document.createElement("span")];
      parts[0].textContent = name;
      parts[1].textContent = text;
      return parts;
    }));
    const { clientX: x, clientY: y } = event;
    const left = Math.min(x + 14, innerWidth - tip.offsetWidth - 8);
    const over = y + 16 + tip.offsetHeight > innerHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${Math.max(8, over ? y - tip.offsetHeight - 12 : y + 16)}px`;
  }

  // Plots: drawn when there is room for them, again when the room changes.
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const CONFIG = {
    background: null,
    padding: 3,
    font: FONT,
    view: { stroke: null },
    axis: {
      labelColor: "var(--soft)", titleColor: "var(--ink)", domainColor: "var(--line)",
      gridColor: "var(--line)", gridOpacity: 0.7, ticks: false, labelPadding: 5, titlePadding: 7,
      labelFontSize: 11, titleFontSize: 12, titleFontWeight: "normal", tickCount: 5,
    },
    legend: { labelColor: "var(--ink)", labelFontSize: 11 },
    text: { fontSize: 12 },
  };
  const AXES = 70; // beside each of several plots above one another

  function rowsOf(columns) {
    const names = Object.keys(columns);
    return columns[names[0]].map((_, n) => Object.fromEntries(names.map((k) => [k, columns[k][n]])));
  }

  function sized(spec, width) {
    if (!spec.vconcat) return { ...spec, width, autosize: { type: "fit-x", contains: "padding" } };
    return { ...spec, vconcat: spec.vconcat.map((part) => ({ ...part, width: width - AXES })) };
  }

  const plots = all("figure.plot").map((figure) => {
    const content = JSON.parse(figure.querySelector("script").textContent);
    return {
      figure,
      spec: content.spec,
      rows: rowsOf(content.columns),
      stage: figure.querySelector(".live"),
      about: figure.querySelector(".still svg").getAttribute("aria-label"),
      brushes: JSON.stringify(content.spec).includes('"brush"'),
      width: 0,
    };
  });

  async function draw(plot) {
    const width = Math.floor(plot.figure.clientWidth);
    if (!width || width === plot.width) return;
    plot.width = width;
    plot.view?.finalize();
    const spec = { data: { values: plot.rows }, ...sized(plot.spec, width), config: CONFIG };
    const compiled = vegaLite.compile({ ...spec, description: plot.about }).spec;
    // The rectangle of a selection means nothing aloud; what it selects is said in words.
    compiled.marks.filter(({ name }) => name?.startsWith("brush")).forEach((mark) => { mark.aria = false; });
    plot.view = new vega.View(vega.parse(compiled), {
      renderer: "svg", container: plot.stage, hover: true, tooltip: tell, logLevel: vega.Warn,
    });
    await plot.view.runAsync();
    plot.figure.classList.add("drawn");
    if (plot.brushes) listen(plot);
  }

  // Selection: one set of runs, shown in all panels, in the table of runs and in words.
  const status = document.getElementById("picked");
  const clear = document.getElementById("clear");
  const checks = all("input[data-run]");
  const methods = all("button[data-method]");
  let picked = null;
  let brushed = null;

  function listen(plot) {
    plot.view.signal("picked", picked).run();
    plot.view.addSignalListener("brush", (_, box) => {
      if (Object.keys(box).length) {
        brushed = plot;
        pick(inside(plot.rows, box));
      } else if (brushed === plot) {
        brushed = null;
        pick(null);
      }
    });
    plot.view.addEventListener("click", (_, item) => {
      if (item?.datum?.id && item.mark.marktype === "symbol") pick([item.datum.id]);
    });
  }

  // A run is inside if it is on every axis that the box touches.
  function inside(rows, box) {
    const within = (value, [first, ...rest]) => (typeof first === "number"
      ? value >= Math.min(first, ...rest) && value <= Math.max(first, ...rest)
      : [first, ...rest].includes(value));
    const needed = box.metric?.length ?? 1;
    const times = new Map();
    for (const row of rows) {
      if (Object.entries(box).every(([field, range]) => within(row[field], range))) {
        times.set(row.id, (times.get(row.id) ?? 0) + 1);
      }
    }
    return [...times].filter(([, n]) => n >= needed).map(([id]) => id);
  }

  function pick(ids) {
    picked = ids;
    for (const plot of plots) {
      if (!plot.brushes || !plot.view) continue;
      plot.view.signal("picked", picked);
      if (plot !== brushed) plot.view.data("brush_store", []).signal("brush_x", []).signal("brush_y", []);
      plot.view.run();
    }
    for (const check of checks) {
      check.checked = picked?.includes(check.dataset.run) ?? false;
      check.closest("tr").classList.toggle("picked", check.checked);
    }
    for (const button of methods) {
      const own = checks.filter((check) => check.dataset.row === button.dataset.method);
      const isOn = picked !== null && own.length > 0 && own.every((check) => check.checked);
      button.setAttribute("aria-pressed", String(isOn));
    }
    const names = checks.filter((check) => check.checked).map((check) => check.dataset.run);
    clear.hidden = picked === null;
    status.textContent = picked === null ? ""
      : `${names.length} of ${checks.length} runs selected${names.length ? `: ${names.join(", ")}` : ""}.`;
  }

  function pickChecked() {
    brushed = null;
    const ids = checks.filter((check) => check.checked).map((check) => check.dataset.run);
    for (const mean of new Set(checks.map((check) => check.dataset.mean))) {
      const own = checks.filter((check) => check.dataset.mean === mean);
      if (own.every((check) => check.checked)) ids.push(mean);
    }
    pick(ids.length ? ids : null);
  }

  checks.forEach((check) => check.addEventListener("change", pickChecked));
  for (const button of methods) {
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      checks.filter((check) => check.dataset.row === button.dataset.method)
        .forEach((check) => { check.checked = isOn; });
      pickChecked();
    });
  }
  clear?.addEventListener("click", () => { brushed = null; pick(null); methods[0]?.focus(); });

  const room = new ResizeObserver((entries) => {
    for (const { target } of entries) draw(plots.find(({ figure }) => figure === target));
  });
  plots.forEach(({ figure }) => room.observe(figure));
})();
