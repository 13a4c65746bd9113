// How the durations of one row are spread, large.

/** A figure for a row of the summary: its buckets from the first on, with percentiles and a scale of their own. */
function durations(row, [first, counts]) {
  const value = (column) => Number(row.cells[column].dataset.v)
  const [count, , p50, p95, p99] = [1, 2, 3, 4, 5].map(value)
  // A little room on both sides, and never less than two powers of two.
  const room = Math.max(2, Math.ceil((2 * data.per_power - counts.length) / 2))
  const [from, buckets] = [first - room, counts.length + 2 * room]
  const nanoseconds = (bucket) => 2 ** (bucket / data.per_power)
  const place = (ns) => (100 * (Math.log2(Math.max(ns, 1)) * data.per_power - from)) / buckets

  const most = Math.max(...counts)
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('aria-hidden', 'true')
  const told = make('span')
  const rest = `${counted(count, 'span')}; point at a bar for its own count`
  told.textContent = rest
  counts.forEach((height, at) => {
    if (height === 0) return
    const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
    const share = Math.max((100 * height) / most, 1)
    const shape = { x: (100 * (at + room)) / buckets, width: 92 / buckets, y: 100 - share, height: share }
    for (const [name, size] of Object.entries(shape)) bar.setAttribute(name, `${size}%`)
    bar.addEventListener('pointerenter', () => {
      const [low, high] = [nanoseconds(first + at), nanoseconds(first + at + 1)].map(duration)
      told.textContent = `${low} to ${high}: ${counted(height, 'span')}, ${percent(height, count)}`
      bar.classList.add('over')
    })
    bar.addEventListener('pointerleave', () => {
      told.textContent = rest
      bar.classList.remove('over')
    })
    svg.append(bar)
  })

  const plot = make('div', { className: 'plot' }, svg)
  for (const ns of ticks(nanoseconds(from), nanoseconds(from + buckets))) {
    const text = duration(ns).replace(/\.0+(?=\D)|(\.\d*?[1-9])0+(?=\D)/, '$1')
    const tick = make('span', { className: 'x' }, text)
    tick.style.left = `${place(ns)}%`
    plot.append(tick)
  }
  // Of percentiles that are close to each other, the texts stand on either side.
  for (const [name, ns, side] of [['p50', p50, 'left'], ['p95', p95, 'left'], ['p99', p99, 'right']]) {
    const mark = make('span', { className: `mark ${side}` }, `${name} ${duration(ns)}`)
    mark.style.left = `${place(ns)}%`
    plot.append(mark)
  }
  return make('figure', { className: 'durations' }, make('figcaption', {}, told), plot)
}

/** Round durations between two: powers of ten, and what is between where there are few. */
function ticks(low, high) {
  const decades = Math.log10(high / low)
  const steps = decades > 2.2 ? [1] : decades > 0.9 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]
  const all = []
  for (let ten = 10 ** Math.floor(Math.log10(Math.max(low, 1))); ten < high; ten *= 10) {
    all.push(...steps.map((step) => step * ten).filter((ns) => ns > low && ns < high))
  }
  return all
}
