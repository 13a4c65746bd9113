// Light, dark, or as the system has it.

function theme() {
  const button = $('#theme')
  const themes = ['auto', 'light', 'dark']
  const names = { auto: 'Auto', light: 'Light', dark: 'Dark' }
  let now = 0
  const next = () => {
    now = (now + 1) % themes.length
    document.documentElement.dataset.theme = themes[now]
    button.textContent = names[themes[now]]
  }
  button.addEventListener('click', next)
  return next
}
