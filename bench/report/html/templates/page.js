"use strict";
// Names of strangers reach the page as text alone: textContent, never innerHTML.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const drawing = (name, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const data = JSON.parse($("#data")?.textContent || "{}");

  // Theme ------------------------------------------------------------------------------------
  const root = document.documentElement;
  const themeButton = $("#theme");
  const stored = { get: () => { try { return localStorage.getItem("bench-theme"); } catch { return null; } },
                   set: (value) => { try { localStorage.setItem("bench-theme", value); } catch { /* a page from a disk may have no storage */ } } };
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { themeButton.textContent = isDark() ? "Light" : "Dark"; themeButton.setAttribute("aria-label", `Change to the ${isDark() ? "light" : "dark"} theme`); };
  const given = stored.get();
  if (given === "light" || given === "dark") root.dataset.theme = given;
  themeButton.hidden = false;
  nameTheme();
  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    stored.set(root.dataset.theme);
    nameTheme();
  });

  // Tables: sorted by their headers, filtered by name and family -----------------------------------
  const keyOf = (row, column, isText) => {
    const cell = row.cells[column];
    const key = cell.dataset.key ?? (isText ? cell.textContent.trim() : "");
    if (key === "") return null;
    return isText ? key.toLowerCase() : Number.isNaN(Number(key)) ? null : Number(key);
  };
  const sortBy = (table, column, direction) => {
    const header = table.tHead.rows[0].cells[column];
    const isText = header.classList.contains("text");
    const sign = direction === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column, isText), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (isText ? a.localeCompare(b) : a - b);
    });
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    for (const [, row] of rows) { row.classList.remove("apart"); table.tBodies[0].append(row); }
  };
  for (const table of $$("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = element("button", { type: "button" }, ...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const now = header.getAttribute("aria-sort");
        sortBy(table, column, now === "ascending" ? "descending" : "ascending");
      });
    });
  }
  for (const controls of $$(".controls[data-for]")) {
    const table = document.getElementById(controls.dataset.for);
    const search = $("input[type=search]", controls);
    const boxes = $$("input[type=checkbox]", controls);
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const families = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      const rows = [...table.tBodies[0].rows];
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        const fits = !boxes.length || !row.dataset.family || families.has(row.dataset.family);
        row.hidden = !(fits && words.every((word) => text.includes(word)));
      }
      const shown = rows.filter((row) => !row.hidden).length;
      $(".count", controls).textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
    };
    search.addEventListener("input", filter);
    for (const box of boxes) box.addEventListener("change", filter);
  }

  // Charts -------------------------------------------------------------------------------------
  const views = new Map();
  const draw = async (place, spec, datasets) => {
    // A layer without data would have scales without ends.
    const layer = spec.layer.filter((one) => datasets[one.data.name].length > 0);
    const made = { ...spec, layer, config: data.config, datasets };
    views.get(place)?.finalize();
    const options = { actions: false, renderer: "svg", ast: true, tooltip: { theme: "custom" } };
    views.set(place, await window.vegaEmbed(place, made, options));
  };
  const option = (text, value) => element("option", { value }, text);

  const palette = { classical: "c", deep: "d" };
  const used = {};
  const contenders = (data.curves?.contenders ?? []).map(([name, family]) => {
    const at = (used[family] = (used[family] ?? -1) + 1);
    const colour = palette[family] ? `var(--${palette[family]}${at % 6})` : "var(--baseline)";
    return { name, family, colour };
  });
  const shapes = { classical: "M3 0A3 3 0 1 0 -3 0A3 3 0 1 0 3 0", deep: "M0 -4L4 0L0 4L-4 0Z", baseline: "M-3 0H3M0 -3V3", control: "M-3 -3H3V3H-3Z" };
  const swatch = ({ family, colour }) => drawing("svg", { width: 30, height: 12, "aria-hidden": "true" },
    drawing("line", { x1: 1, x2: 29, y1: 6, y2: 6, stroke: colour, "stroke-width": 2, "stroke-dasharray": family === "classical" ? "none" : "6 3" }),
    drawing("path", { d: shapes[family] ?? shapes.classical, transform: "translate(15 6)", fill: colour, stroke: colour }));

  const figure = (value) => {
    if (value === null || value === undefined) return "—";
    const size = Math.abs(value);
    return size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential(2) : value.toLocaleString("en", { maximumSignificantDigits: 4 });
  };
  const sizeOf = (n) => n.toLocaleString("en");

  const setUpCurves = () => {
    const place = $("#curve-chart");
    if (!place) return;
    const choice = $("#curve-dataset"), measure = $("#curve-measure"), legend = $("#curve-legend");
    const hidden = new Map();
    const byTask = new Map();
    data.curves.datasets.forEach((one, at) => {
      if (!byTask.has(one.task)) byTask.set(one.task, element("optgroup", { label: one.task }));
      byTask.get(one.task).append(option(one.name, at));
    });
    choice.append(...byTask.values());

    const offerMeasures = (one) => {
      const wanted = measure.value;
      measure.replaceChildren();
      if (one.lines.some((line) => line.s)) measure.append(option("skill (0 is the baseline, 1 is perfect)", "s"));
      if (one.lines.some((line) => line.v)) measure.append(option(one.metric, "v"));
      if ([...measure.options].some((each) => each.value === wanted)) measure.value = wanted;
    };
    // At first the two best of each family: more bands would lie on one another, and the
    // baseline, whose skill is 0, would press all others together.
    const startHidden = (one) => {
      const seen = {};
      return new Set(one.lines.filter((line) => {
        const { family } = contenders[line.c];
        return family === "baseline" || family === "control" || (seen[family] = (seen[family] ?? 0) + 1) > 2;
      }).map((line) => line.c));
    };
    const show = () => {
      const one = data.curves.datasets[Number(choice.value)];
      const which = measure.value;
      const off = hidden.get(one) ?? startHidden(one);
      hidden.set(one, off);
      const points = [], ahead = [];
      for (const line of one.lines) {
        const bands = line[which];
        if (!bands || off.has(line.c)) continue;
        const { name, family, colour } = contenders[line.c];
        one.sizes.forEach((n, at) => {
          const value = bands[0][at];
          if (value === null) return;
          const low = bands[1]?.[at] ?? value, high = bands[2]?.[at] ?? value;
          points.push({ name, family, colour, n, size: n, figure: value, low, high,
            interval: bands[1]?.[at] == null ? "not enough measured" : `${figure(low)} to ${figure(high)}`,
            seeds: line.k[at], failed: line.f?.[at] ?? 0 });
        });
        // Extrapolated is skill, at most four times beyond the largest size.
        if (which === "s" && line.a) line.a[0].forEach((n, at) => {
          ahead.push({ name, colour, n, figure: line.a[1][at], low: line.a[2][at], high: line.a[3][at] });
        });
      }
      // At a single size contenders would stand on one another: they are drawn side by side.
      const isSingle = one.sizes.length === 1;
      if (isSingle) points.forEach((point, at) => { point.n = point.size * 1.01 ** (at - (points.length - 1) / 2); });
      const bars = isSingle ? points : [];
      const first = Math.log(one.sizes[0]), last = Math.log(one.sizes.at(-1));
      const marks = one.marks.map(([n, low, high, text]) => {
        const isRight = Math.log(n) - first > 0.6 * (last - first);
        const label = text.split(/ (?:at|beyond) /)[0];
        return { n, low, high, text, left: isRight ? label : "", right: isRight ? "" : label };
      });
      const end = Math.max(0, ...ahead.map((point) => point.n));
      const ticks = [...one.sizes, ...[2, 4].map((times) => times * one.sizes.at(-1)).filter((n) => n <= end * 1.001)];
      const spec = structuredClone(data.specs.curves);
      const title = which === "s" ? "skill" : one.metric;
      for (const layer of spec.layer) {
        if (layer.encoding.x.axis) Object.assign(layer.encoding.x.axis, { values: ticks, title: `training ${one.unit}` });
        if (layer.encoding.y?.axis) layer.encoding.y.axis.title = title;
      }
      draw(place, spec, { points, bars, ahead, marks });
      $("#curve-text").textContent = [
        ...[...marks.map((mark) => mark.text), ...(one.said ?? [])].map((text) => `${text[0].toUpperCase()}${text.slice(1)}.`),
        ...one.lines.filter((line) => line.g).map((line) => `${contenders[line.c].name}: the curve is ${line.g.join(" and ")}, and not extrapolated.`),
        ahead.length ? "Dotted: extrapolated, with 90 % intervals." : "",
        one.lines.some((line) => line.s) ? "" : one.baseline ? "No skill: the metric has no ideal value." : "No skill: this dataset has no baseline.",
        one.others ? `${one.others} more contenders are not drawn.` : "",
      ].filter(Boolean).join(" ");
      fillTable(one, which);
    };
    const fillTable = (one, which) => {
      const head = element("tr", {}, element("th", { class: "text", scope: "col" }, "model"),
        ...one.sizes.map((n) => element("th", { scope: "col" }, sizeOf(n))));
      const body = one.lines.filter((line) => line[which]).map((line) => element("tr", {},
        element("th", { class: "text", scope: "row" }, contenders[line.c].name),
        ...one.sizes.map((_, at) => {
          const bands = line[which];
          const cell = element("td", { class: "number" }, figure(bands[0][at]));
          if (bands[1]?.[at] != null) cell.append(element("small", {}, `${figure(bands[1][at])} to ${figure(bands[2][at])}`));
          return cell;
        })));
      const table = element("table", {}, element("caption", { class: "hidden" }, `Learning curves of ${one.name}`),
        element("thead", {}, head), element("tbody", {}, ...body));
      $("#curve-table").replaceChildren(element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Learning curves of ${one.name}` }, table));
    };
    const fillLegend = () => {
      const one = data.curves.datasets[Number(choice.value)];
      const off = hidden.get(one) ?? startHidden(one);
      hidden.set(one, off);
      legend.replaceChildren(...one.lines.map((line) => {
        const box = element("input", { type: "checkbox" });
        box.checked = !off.has(line.c);
        box.addEventListener("change", () => { if (box.checked) off.delete(line.c); else off.add(line.c); show(); });
        return element("label", { class: "chip" }, box, swatch(contenders[line.c]), contenders[line.c].name);
      }));
    };
    const change = () => { offerMeasures(data.curves.datasets[Number(choice.value)]); fillLegend(); show(); };
    choice.addEventListener("change", change);
    measure.addEventListener("change", show);
    change();
  };

  const setUpTradeoff = () => {
    const place = $("#tradeoff-chart");
    if (!place) return;
    const choice = $("#tradeoff-task"), kind = $("#tradeoff-kind");
    const several = new Set(data.tradeoffs.map((one) => one.machine)).size > 1;
    choice.append(...data.tradeoffs.map((one, at) => option(several ? `${one.task} on ${one.machine}` : one.task, at)));
    const show = () => { const { points, front } = data.tradeoffs[Number(choice.value)][kind.value]; draw(place, data.specs.tradeoff, { points, front }); };
    choice.addEventListener("change", show);
    kind.addEventListener("change", show);
    show();
  };

  setUpCurves();
  setUpTradeoff();
  (data.ranks ?? []).forEach(({ points, groups }, at) => draw($(`#ranks-chart-${at}`), data.specs.ranks[at], { points, groups }));
})();
