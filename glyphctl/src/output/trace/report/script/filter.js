// One filter for all sections: what has the text in its service or name stays.

/** Calls each(matches) whenever the filter changes; matches is null where everything stays. */
function filter(each) {
  const input = $('#filter')
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    const matches = (text) => words.every((word) => text.toLowerCase().includes(word))
    $('#filtered').textContent = each(words.length ? matches : null)
  }
  input.addEventListener('input', apply)
  return {
    focus() {
      input.focus()
      input.select()
    },
    /** Whether there was something to empty. */
    empty() {
      const had = input.value !== ''
      input.value = ''
      if (had) apply()
      return had
    },
  }
}
