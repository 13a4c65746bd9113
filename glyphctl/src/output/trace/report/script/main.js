// Everything together: what is on the page, and the keys.

document.documentElement.classList.add('scripted')
const data = JSON.parse($('#data').textContent)
const nextTheme = theme()
const table = $('#rows') && summary(data.spreads)
table?.toggle(table.rows[0])
const graph = $('#frames') && flame(data.frames)
const waterfalls = $('#traces') && traces()

const search = filter((matches) => {
  const rows = table?.filter(matches) ?? 0
  const share = graph?.filter(matches)
  waterfalls?.filter(matches)
  for (const one of $$('.node, .edge')) {
    one.classList.toggle('dim', matches !== null && !matches(one.getAttribute('aria-label') ?? one.textContent))
  }
  return matches ? `${counted(rows, 'row')}, ${share} of time` : ''
})

const keys = $('#keys')
$('#help').addEventListener('click', () => keys.showModal())
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return
  const isTyping = event.target.matches('input')
  if (event.key === 'Escape') {
    if (!search.empty()) graph?.leave()
    if (isTyping) event.target.blur()
  } else if (isTyping) {
    return
  } else if (event.key === '/') {
    event.preventDefault()
    search.focus()
  } else if (event.key === 't') nextTheme()
  else if (event.key === '?') keys.showModal()
})

// The section that is read is marked in the bar.
const links = new Map($$('.top nav a').map((link) => [link.hash.slice(1), link]))
const mark = () => {
  const reached = [...links.keys()].filter((id) => document.getElementById(id).getBoundingClientRect().top < innerHeight / 3)
  for (const [id, link] of links) {
    if (id === reached.at(-1)) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}
addEventListener('scroll', mark, { passive: true })
mark()
