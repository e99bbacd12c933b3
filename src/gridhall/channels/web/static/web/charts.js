// Draws the charts of a page from the data beside them; ECharts is fetched only when a chart comes into view.
(() => {
  const source = document.currentScript.dataset.echarts;
  let library;
  const load = () => library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = source; script.onload = () => done(window.echarts); script.onerror = failed;
    document.head.append(script);
  });
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (role) => role === "accent" ? token("--accent") : token(`--c-${role}`);
  const figure = (value, places) => value === null || value === undefined ? "–" : value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 0, maximumFractionDigits: places });
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  function frame(data) {
    const ink = token("--ink-2");
    return {
      animation: !still.matches, animationDuration: 400,
      textStyle: { fontFamily: token("--font-text"), color: ink },
      grid: { left: 8, right: 12, top: data.series.length > 1 && data.kind !== "heat" ? 52 : 28, bottom: 4, containLabel: true },
      tooltip: { trigger: data.kind === "heat" ? "item" : "axis", confine: true, backgroundColor: token("--raised"), borderColor: token("--edge"), textStyle: { color: token("--ink") }, valueFormatter: (value) => `${figure(value, data.places)} ${data.unit}` },
      legend: data.series.length > 1 && data.kind !== "heat" ? { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: ink } } : undefined,
    };
  }
  // Every so-manieth name is written, so that those that are written stand at even distances and do not touch.
  const names = (data, width) => {
    const widest = Math.max(...data.x.map((name) => [...name].reduce((sum, each) => sum + (each > "\u2e7f" ? 12 : 7), 10)));
    const unit = data.every || 1;
    return unit * ([1, 2, 3, 4, 5, 7, 10, 14, 20].find((each) => data.x.length / (unit * each) * widest <= width - 56) || 30);
  };
  const axisX = (data, width) => ({ type: "category", data: data.x, axisTick: { show: false }, axisLine: { lineStyle: { color: token("--edge-strong") } }, axisLabel: { color: token("--ink-2"), hideOverlap: true, interval: names(data, width) - 1 } });
  const axisY = (data) => ({ type: "value", name: data.unit, nameTextStyle: { color: token("--ink-2"), align: "left" }, nameGap: 10, splitLine: { lineStyle: { color: token("--c-grid") } }, axisLabel: { color: token("--ink-2") } });

  function along(data, width) {
    const lines = data.kind === "lines";
    return { ...frame(data), xAxis: axisX(data, width), yAxis: axisY(data), series: data.series.map((each, at) => ({
      name: each.name, type: lines ? "line" : "bar", stack: each.stack || undefined, barMaxWidth: 36, showSymbol: false, step: lines && data.x.length > 60 ? "end" : undefined, connectNulls: false,
      color: colour(each.role), lineStyle: { width: each.role === "muted" ? 1.5 : 2.5 }, areaStyle: lines && each.role === "accent" ? { opacity: .12 } : undefined,
      itemStyle: { borderRadius: lines || each.stack ? 0 : [4, 4, 0, 0] },
      data: each.values.map((value, index) => each.estimated[index] && !lines ? { value, itemStyle: { decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 3], rotation: -Math.PI / 4, color: token("--surface") }, opacity: .85 } } : value),
      markArea: areas(data, each, at, lines),
      markLine: at === 0 && data.marks.length ? { symbol: "none", silent: true, lineStyle: { color: token("--ink-2"), type: "dashed" }, label: { color: token("--ink-2"), position: "insideEndTop", formatter: (mark) => mark.name }, data: data.marks.map(([value, name]) => ({ yAxis: value, name })) } : undefined,
    })) };
  }
  function areas(data, each, at, lines) {
    const shaded = at === 0 ? data.bands.map(([first, last, role, name]) => [{ xAxis: first, name, itemStyle: { color: colour(role), opacity: .13 }, label: { color: token("--ink-2"), fontSize: 12, position: "insideTop" } }, { xAxis: Math.min(last + 1, data.x.length - 1) }]) : [];
    const guessed = lines ? runs(each.estimated).map(([from, to]) => [{ xAxis: from, itemStyle: { color: token("--warn"), opacity: .22 } }, { xAxis: Math.min(to + 1, data.x.length - 1) }]) : [];
    return shaded.length + guessed.length ? { silent: true, data: [...shaded, ...guessed] } : undefined;
  }
  function runs(flags) {
    const found = [];
    flags.forEach((flag, at) => { if (!flag) return; const last = found.at(-1); if (last && last[1] === at - 1) last[1] = at; else found.push([at, at]); });
    return found;
  }
  function heat(data, width) {
    const cells = [];
    let most = 0;
    data.series.forEach((row, y) => row.values.forEach((value, x) => { if (value !== null) { cells.push([x, y, value]); most = Math.max(most, value); } }));
    return { ...frame(data), grid: { left: 8, right: 12, top: 8, bottom: 44, containLabel: true }, xAxis: { ...axisX(data, width), splitArea: { show: false } }, yAxis: { type: "category", data: data.series.map((row) => row.name), inverse: true, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: token("--ink-2") } },
      tooltip: { ...frame(data).tooltip, formatter: (at) => `${data.series[at.value[1]].name} · ${data.x[at.value[0]]}<br><b>${figure(at.value[2], data.places)}</b> ${data.unit}` },
      visualMap: { min: 0, max: most || 1, calculable: false, orient: "horizontal", left: "center", bottom: 0, itemHeight: 120, itemWidth: 12, inRange: { color: [token("--heat-0"), token("--heat-1")] }, textStyle: { color: token("--ink-2") }, text: [`${figure(most, data.places)} ${data.unit}`, "0"] },
      series: [{ type: "heatmap", data: cells, progressive: 0, emphasis: { itemStyle: { borderColor: token("--ink"), borderWidth: 1 } } }] };
  }

  async function draw(element) {
    const data = JSON.parse(document.getElementById(element.dataset.chart).textContent);
    element.style.height = `${element.dataset.height || 260}px`;
    const echarts = await load();
    const drawn = echarts.getInstanceByDom(element) ?? echarts.init(element, null, { renderer: "canvas" });
    drawn.setOption((data.kind === "heat" ? heat : along)(data, element.clientWidth), true);
    const zr = drawn.getZr();
    if (!element.dataset.drawn && (data.links.length || data.rowLinks.length)) {
      // The whole column leads deeper, not only the bar in it: a finger is wider than a bar.
      const place = (event) => {
        const point = [event.offsetX, event.offsetY];
        if (!drawn.containPixel("grid", point)) return "";
        const [x, y] = drawn.convertFromPixel("grid", point).map(Math.round);
        return (data.rowLinks.length ? data.rowLinks[y] : data.links[x]) || "";
      };
      zr.on("click", (event) => { const link = place(event); if (link) location.href = link; });
      zr.on("mousemove", (event) => { if (place(event)) zr.setCursorStyle("pointer"); });
    }
    element.dataset.drawn = "yes";
  }
  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => { if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); } }), { rootMargin: "200px" });
  const find = (root) => root.querySelectorAll("[data-chart]").forEach((element) => { element.style.height = `${element.dataset.height || 260}px`; seen.observe(element); });
  find(document);
  document.addEventListener("htmx:load", (event) => find(event.target));
  document.addEventListener("theme-changed", () => document.querySelectorAll("[data-drawn]").forEach(draw));
  addEventListener("resize", () => document.querySelectorAll("[data-drawn]").forEach((element) => { window.echarts?.getInstanceByDom(element)?.resize(); draw(element); }));
})();
