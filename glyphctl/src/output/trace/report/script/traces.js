// Waterfalls: from span to span with the arrow keys, ids and commands copied.

function traces() {
  const section = $('#traces')
  section.addEventListener('keydown', (event) => {
    const summary = event.target.closest('summary')
    if (!summary || !['ArrowUp', 'ArrowDown'].includes(event.key)) return
    event.preventDefault()
    const all = $$('summary', section).filter((one) => one.offsetParent !== null)
    all[all.indexOf(summary) + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
  })
  section.addEventListener('click', async (event) => {
    const button = event.target.closest('.copy')
    if (!button) return
    button.textContent = (await copy(button.previousElementSibling)) ? 'copied' : 'selected'
    setTimeout(() => (button.textContent = 'copy'), 1500)
  })
  // A link to a trace opens it.
  const open = () => {
    const trace = location.hash.startsWith('#t-') && document.getElementById(location.hash.slice(1))
    if (trace) trace.open = true
  }
  addEventListener('hashchange', open)
  open()

  return {
    filter(matches) {
      for (const span of $$('.span', section)) {
        const what = $('summary .what', span).textContent
        span.classList.toggle('dim', matches !== null && !matches(what))
      }
    },
  }
}

/** Copies an element's text; where the browser does not let it, selects it. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent)
    return true
  } catch {
    getSelection().selectAllChildren(element)
    return false
  }
}
