// The flame graph: by time or by critical path, a part of it in full width, by mouse and by keys.

function flame(frames) {
  const elements = $$('.frame')
  const box = $('#frames')
  const told = $('#frame-told')
  const start = told.textContent
  const below = elements.map(() => [])
  const roots = []
  frames.above.forEach((above, at) => (above < 0 ? roots : below[above]).push(at))
  let cost = 'time'
  let zoomed = -1
  let width = []

  const sum = (positions, of = cost) => positions.reduce((all, at) => all + frames[of][at], 0)
  const whole = { time: sum(roots, 'time'), critical: sum(roots, 'critical') }
  const name = (at) => elements[at].textContent
  const service = (at) => frames.services[frames.service[at]] ?? ''
  const way = (at) => (at < 0 ? [] : [...way(frames.above[at]), at])

  function layOut() {
    const shown = new Map()
    const shownCost = zoomed < 0 ? whole[cost] : frames[cost][zoomed]
    const put = (positions, left) => {
      for (const at of positions) {
        const wide = shownCost ? frames[cost][at] / shownCost : 0
        shown.set(at, [left, wide])
        put(below[at], left)
        left += wide
      }
    }
    for (const at of way(zoomed)) shown.set(at, [0, 1])
    put(zoomed < 0 ? roots : below[zoomed], 0)
    width = elements.map((element, at) => {
      const [left, wide] = shown.get(at) ?? [0, 0]
      element.hidden = wide < 0.0004
      element.style.left = `${100 * left}%`
      element.style.width = `${100 * wide}%`
      element.classList.toggle('beneath', zoomed !== at && way(zoomed).includes(at))
      return element.hidden ? 0 : wide
    })
    const levels = Math.max(...elements.map((element, at) => (width[at] ? element.ariaLevel : 0)))
    box.style.setProperty('--levels', levels)
    crumbs()
  }

  function crumbs() {
    const crumb = (at, text) => make('button', { type: 'button', onclick: () => zoom(at) }, text)
    $('#crumbs').replaceChildren(crumb(-1, 'Everything'), ...way(zoomed).map((at) => crumb(at, name(at))))
  }

  function zoom(at) {
    zoomed = at
    box.classList.add('moving')
    layOut()
    const to = at < 0 ? roots[0] : at
    current(to)
    if (document.activeElement?.closest('#frames')) elements[to].focus()
  }

  /** Says what a frame costs. */
  function tell(at) {
    const figures = [
      `${counted(frames.count[at], 'span')}${frames.errors[at] ? `, ${grouped(frames.errors[at])} failed` : ''}`,
      `self time with all below ${duration(frames.time[at])} (${percent(frames.time[at], whole.time)}), own ${duration(frames.own_time[at])}`,
      `critical path ${duration(frames.critical[at])} (${percent(frames.critical[at], whole.critical)}), own ${duration(frames.own_critical[at])}`,
      `on average ${duration(frames.total[at] / Math.max(frames.count[at], 1))}`,
    ]
    told.replaceChildren(make('strong', {}, name(at)), ` ${service(at)}`, make('br'), figures.join(' · '))
  }
  const current = (at) => elements.forEach((element, other) => (element.tabIndex = other === at ? 0 : -1))

  /** The frame that an arrow key leads to. */
  function beside(at, key) {
    const seen = (positions) => positions.filter((other) => width[other] > 0)
    if (key === 'ArrowUp') return frames.above[at]
    if (key === 'ArrowDown') return seen(below[at]).sort((a, b) => width[b] - width[a])[0]
    const level = elements[at].ariaLevel
    const row = seen(elements.map((_, other) => other).filter((other) => elements[other].ariaLevel === level))
    const left = (other) => Number.parseFloat(elements[other].style.left)
    row.sort((a, b) => left(a) - left(b))
    return row[row.indexOf(at) + (key === 'ArrowRight' ? 1 : -1)]
  }

  box.addEventListener('click', (event) => {
    const at = elements.indexOf(event.target.closest('.frame'))
    if (at >= 0) zoom(at === zoomed ? -1 : at)
  })
  box.addEventListener('keydown', (event) => {
    const at = elements.indexOf(event.target.closest('.frame'))
    if (at < 0 || !event.key.startsWith('Arrow')) return
    event.preventDefault()
    const to = beside(at, event.key)
    if (!elements[to]) return
    current(to)
    elements[to].focus()
  })
  for (const kind of ['pointerover', 'focusin']) {
    box.addEventListener(kind, (event) => {
      const at = elements.indexOf(event.target.closest('.frame'))
      if (at >= 0) tell(at)
    })
  }
  box.addEventListener('pointerleave', () => {
    if (!box.contains(document.activeElement)) told.textContent = start
  })
  for (const button of $$('[data-cost]')) {
    button.addEventListener('click', () => {
      cost = button.dataset.cost
      for (const other of $$('[data-cost]')) other.ariaPressed = String(other === button)
      box.classList.add('moving')
      layOut()
    })
  }
  elements.forEach((element, at) => {
    element.ariaLabel = `${name(at)} ${service(at)}, ${percent(frames.time[at], whole.time)} of the self time`
  })
  layOut()

  return {
    /** Whether there was a part to leave. */
    leave() {
      const was = zoomed >= 0
      if (was) zoom(-1)
      return was
    },
    /** The share of the time that is in frames of that name, or below them. */
    filter(matches) {
      const hits = elements.map((_, at) => matches !== null && matches(`${service(at)} ${name(at)}`))
      elements.forEach((element, at) => element.classList.toggle('dim', matches !== null && !hits[at]))
      const top = hits.flatMap((hit, at) => (hit && !way(frames.above[at]).some((above) => hits[above]) ? [at] : []))
      return percent(sum(top), whole[cost])
    },
  }
}
