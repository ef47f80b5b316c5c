(() => {
  const data = JSON.parse(document.getElementById('report-data').textContent);
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const figures = [...document.querySelectorAll('figure[data-chart]')];
  const slider = document.getElementById('smoothing');
  const plots = new Map();
  const longest = Math.max(1, ...data.charts.map(c => c.x.length));
  if (slider) { slider.max = Math.max(1, Math.round(longest / 5)); slider.value = Math.max(1, Math.round(longest / 40)); }

  // Centred moving average; where there is no number there is none.
  function smooth(y, width) {
    const reach = Math.floor(width / 2);
    return y.map((v, i) => {
      if (v == null) return null;
      let sum = 0, count = 0;
      for (let j = Math.max(0, i - reach); j <= Math.min(y.length - 1, i + reach); j++) if (y[j] != null) { sum += y[j]; count++; }
      return sum / count;
    });
  }

  // Four digits at most, so that labels keep their room.
  function label(v) {
    if (v == null) return '–';
    const size = Math.abs(v);
    if (size === 0) return '0';
    if (size >= 1e6 || size < 1e-3) return v.toExponential(size >= 1e6 ? 1 : 0).replace('e+', 'e');
    return String(+v.toPrecision(size >= 1000 ? 5 : 4));
  }
  const percent = v => v == null ? '–' : +(100 * v).toPrecision(3) + ' %';

  // An axis that a constant does not blow up, and that shares do not leave.
  function range(chart, min, max) {
    if (min == null || !isFinite(min)) return [0, 1];
    const size = Math.max(Math.abs(min), Math.abs(max));
    if (max - min <= 1e-6 * size || max === min) { const pad = size === 0 ? 1 : size * 0.5; min -= pad; max += pad; }
    const pad = (max - min) * 0.06;
    let low = min - pad, high = max + pad;
    if (chart.share) { low = Math.max(chart.fromZero ? 0 : low, chart.signed ? -1 : 0); high = Math.min(1.02, high); }
    if (chart.fromZero) low = Math.min(0, min);
    return [low, high];
  }

  function build(figure) {
    const chart = data.charts[figure.dataset.chart];
    const width = slider ? +slider.value : 1;
    const holder = figure.querySelector('.plot');
    plots.get(figure)?.destroy();
    const rows = [chart.x], series = [{ label: chart.xLabel || 'step', value: (u, v) => v == null ? '–' : label(v) }], bands = [], whiskers = [];
    const text = chart.share ? percent : label;
    chart.series.forEach((s, i) => {
      const place = s.color ?? i, color = css('--c' + place % 8), dash = place % 16 < 8 ? undefined : [7, 4];
      const show = (u, v) => text(v);
      if (s.points) {
        rows.push(s.y);
        series.push({ label: s.name, stroke: color, dash, width: s.joined ? 1.5 : 0, spanGaps: true, value: show, points: { show: true, size: 8, fill: color } });
        if (s.low && !s.joined) whiskers.push({ s, color });
        if (s.low) {
          rows.push(s.high, s.low);
          for (const end of ['', '']) series.push({ label: end, show: true, stroke: color + '00', width: 0, spanGaps: true, points: { show: false }, class: 'quiet' });
          if (s.joined) bands.push({ series: [rows.length - 2, rows.length - 1], fill: color + '30' });
        }
        return;
      }
      const smoothed = width > 1 && s.y.length > 20;
      if (smoothed) { rows.push(s.y); series.push({ label: '', stroke: color + '55', width: 1, value: show, points: { show: false }, class: 'quiet' }); }
      rows.push(smoothed ? smooth(s.y, width) : s.y);
      series.push({ label: s.name, stroke: color, dash, width: 2, value: show, spanGaps: !!chart.spanGaps, points: { show: s.y.length <= 12, size: 5 } });
    });
    // Steps, tenths and rows are whole numbers; of k its doublings are read.
    const whole = !chart.log && chart.x.every(x => x === Math.floor(x)) ? { incrs: [1, 2, 5].flatMap(n => [...Array(8).keys()].map(e => n * 10 ** e)).sort((a, b) => a - b) } : {};
    const doublings = chart.log && chart.xLabel === 'k' ? { log: 2 } : {};
    const axis = { stroke: css('--soft'), grid: { stroke: css('--line'), width: 1 }, ticks: { stroke: css('--line'), width: 1 }, font: '12px system-ui, sans-serif' };
    const options = {
      width: Math.max(160, holder.clientWidth), height: figure.classList.contains('main') ? 290 : 180, series, bands,
      cursor: { sync: chart.log ? undefined : { key: chart.xLabel || 'step' } },
      scales: { x: { time: false, ...doublings, distr: chart.log ? 3 : 1, range: chart.log ? undefined : (u, a, b) => a === b || chart.xLabel === 'row' ? [a - 0.5, b + 0.5] : [a, b] }, y: { range: (u, a, b) => range(chart, a, b) } },
      axes: [{ ...axis, ...whole, size: 30, space: 60, values: (u, v) => v.map(t => t == null || (chart.xLabel !== undefined && !chart.log && t !== Math.floor(t)) ? '' : label(t)) }, { ...axis, size: 58, values: (u, v) => v.map(text) }],
    };
    // Intervals of marks that stand alone.
    options.hooks = { draw: [u => whiskers.forEach(({ s, color }) => s.y.forEach((y, i) => {
      if (y == null) return;
      const x = u.valToPos(chart.x[i], 'x', true), low = u.valToPos(s.low[i], 'y', true), high = u.valToPos(s.high[i], 'y', true);
      u.ctx.save();
      u.ctx.strokeStyle = color;
      u.ctx.lineWidth = 2 * devicePixelRatio;
      u.ctx.beginPath();
      for (const end of [low, high]) { u.ctx.moveTo(x - 5, end); u.ctx.lineTo(x + 5, end); }
      u.ctx.moveTo(x, low);
      u.ctx.lineTo(x, high);
      u.ctx.stroke();
      u.ctx.restore();
    }))] };
    const plot = new uPlot(options, rows, holder);
    holder.querySelectorAll('.u-series.quiet').forEach(row => row.style.display = 'none');
    plots.set(figure, plot);
  }

  const buildAll = () => figures.forEach(build);
  buildAll();
  slider?.addEventListener('input', buildAll);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', buildAll);
  const observer = new ResizeObserver(entries => entries.forEach(e => {
    const figure = e.target.closest('figure'), plot = plots.get(figure);
    if (plot && Math.abs(plot.width - e.contentRect.width) > 1) plot.setSize({ width: Math.max(160, e.contentRect.width), height: plot.height });
  }));
  figures.forEach(f => observer.observe(f.querySelector('.plot')));

  // Tables: a click on a heading sorts, buttons copy.
  const number = cell => cell.dataset.v === undefined ? null : +cell.dataset.v;
  document.querySelectorAll('table.data').forEach(table => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, c) => head.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') === 'descending';
      heads.forEach(h => h.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => {
        const x = number(a.cells[c]), y = number(b.cells[c]);
        const order = x !== null && y !== null ? x - y : x !== null ? 1 : y !== null ? -1 : a.cells[c].textContent.localeCompare(b.cells[c].textContent, 'en', { numeric: true });
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows);
    }));
    const lines = () => [table.tHead.rows[0], ...table.tBodies[0].rows].map(r => [...r.cells].map(c => ({ text: c.textContent.trim(), value: number(c) })));
    const quoted = t => /[",\n]/.test(t) ? '"' + t.replaceAll('"', '""') + '"' : t;
    const escaped = t => t.replace(/[\\~^&%$#_{}]/g, c => c === '\\' ? '\\textbackslash{}' : c === '~' ? '\\textasciitilde{}' : c === '^' ? '\\textasciicircum{}' : '\\' + c);
    const forms = {
      CSV: () => lines().map(r => r.map(c => c.value === null ? quoted(c.text === '-' ? '' : c.text) : c.value).join(',')).join('\n') + '\n',
      LaTeX: () => {
        const [head, ...body] = lines().map(r => r.map(c => escaped(c.text)).join(' & ') + ' \\\\');
        return ['\\begin{tabular}{l' + 'r'.repeat(heads.length - 1) + '}', '\\toprule', head, '\\midrule', ...body, '\\bottomrule', '\\end{tabular}', ''].join('\n');
      },
      Markdown: () => {
        const [head, ...body] = lines().map(r => '| ' + r.map(c => c.text.replaceAll('|', '\\|')).join(' | ') + ' |');
        return [head, '| ' + heads.map((h, i) => i ? '---:' : '---').join(' | ') + ' |', ...body, ''].join('\n');
      },
    };
    const bar = document.createElement('div');
    bar.className = 'copy';
    for (const [name, form] of Object.entries(forms)) {
      const button = document.createElement('button');
      button.textContent = 'copy ' + name;
      button.addEventListener('click', async () => {
        const text = form();
        table.dataset.copied = text;
        try { await navigator.clipboard.writeText(text); button.textContent = 'copied'; }
        catch { save(text, (table.dataset.name || 'table') + ({ CSV: '.csv', LaTeX: '.tex', Markdown: '.md' })[name], 'text/plain'); button.textContent = 'saved'; }
        setTimeout(() => button.textContent = 'copy ' + name, 1500);
      });
      bar.append(button);
    }
    table.parentElement.after(bar);
  });

  function save(text, name, type) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  document.getElementById('download')?.addEventListener('click', () => save(document.getElementById('report-data').textContent, document.title.split(' ')[0] + '.json', 'application/json'));
  document.body.dataset.ready = figures.length;
})();
