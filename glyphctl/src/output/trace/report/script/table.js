// The summary: sorted by a click on a heading, a row opened by a click or Enter.

function summary(spreads) {
  const body = $('#rows tbody')
  const rows = $$('tr[data-row]', body)
  let detail = null

  const close = () => {
    detail?.remove()
    detail = null
    $('tr.open', body)?.classList.remove('open')
  }
  const toggle = (row) => {
    const wasOpen = row.classList.contains('open')
    close()
    for (const other of rows) other.setAttribute('aria-expanded', 'false')
    if (wasOpen) return
    row.classList.add('open')
    row.setAttribute('aria-expanded', 'true')
    detail = make('tr', { className: 'detail' }, make('td', { colSpan: row.cells.length }))
    row.after(detail)
    detail.firstChild.append(durations(row, spreads[row.dataset.row]))
  }

  const sort = (heading) => {
    const column = heading.cellIndex
    const isText = $('button', heading).dataset.sort === 'text'
    const descending = heading.ariaSort === 'none' ? !isText : heading.ariaSort === 'ascending'
    for (const other of heading.parentElement.cells) if (other.ariaSort) other.ariaSort = 'none'
    heading.ariaSort = descending ? 'descending' : 'ascending'
    const key = (row) => (isText ? row.cells[column].textContent.trim() : Number(row.cells[column].dataset.v))
    const keys = new Map(rows.map((row) => [row, key(row)]))
    const order = (a, b) => (isText ? keys.get(a).localeCompare(keys.get(b)) : keys.get(a) - keys.get(b))
    close()
    body.append(...rows.sort((a, b) => (descending ? order(b, a) : order(a, b))))
    current(visible()[0])
  }

  const visible = () => rows.filter((row) => !row.hidden)
  // One row is in the order of Tab; the arrow keys lead to the others.
  const current = (row) => {
    for (const other of rows) other.tabIndex = other === row ? 0 : -1
  }

  body.addEventListener('click', (event) => {
    const row = event.target.closest('tr[data-row]')
    if (!row || String(getSelection())) return
    current(row)
    toggle(row)
  })
  body.addEventListener('keydown', (event) => {
    const row = event.target.closest('tr[data-row]')
    if (!row) return
    const all = visible()
    const at = all.indexOf(row)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key]
    if (event.key === 'Enter' || event.key === ' ') toggle(row)
    else if (to === undefined) return
    else if (all[to]) {
      current(all[to])
      all[to].focus()
    }
    event.preventDefault()
  })
  $('#rows thead').addEventListener('click', (event) => {
    const heading = event.target.closest('button')?.parentElement
    if (heading) sort(heading)
  })
  current(rows[0])

  return {
    rows,
    toggle,
    /** How many rows are left. */
    filter(matches) {
      close()
      for (const row of rows) row.hidden = matches !== null && !matches(row.cells[0].textContent)
      const left = visible()
      $('#no-rows').hidden = left.length > 0
      current(left[0])
      return left.length
    },
  }
}
