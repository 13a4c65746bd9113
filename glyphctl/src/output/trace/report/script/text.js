// Figures as the page writes them.

const $ = (selector, within = document) => within.querySelector(selector)
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)]

/** An element with properties, and with what is in it: elements, or text, which stays text. */
function make(tag, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...inside)
  return element
}

/** Nanoseconds in three digits: 1.25ms. */
function duration(ns) {
  if (ns < 1e3) return `${Math.round(ns)}ns`
  for (const [unit, name, most] of [[1e3, 'µs', 1e3], [1e6, 'ms', 1e3], [1e9, 's', 60]]) {
    const value = ns / unit
    const text = value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    if (Number(text) < most) return text + name
  }
  const seconds = Math.round(ns / 1e9)
  const [minutes, hours, days] = [60, 3600, 86400].map((of) => Math.floor(seconds / of))
  const two = (number) => String(number).padStart(2, '0')
  if (hours === 0) return `${minutes}m${two(seconds % 60)}s`
  return days === 0 ? `${hours}h${two(minutes % 60)}m` : `${days}d${two(hours % 24)}h`
}

/** A number with a comma before every three digits. */
const grouped = (number) => number.toLocaleString('en-US')

const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`

/** A share in percent. */
function percent(part, whole) {
  const share = whole ? (100 * part) / whole : 0
  if (share > 0 && share < 0.1) return '< 0.1 %'
  return `${share.toFixed(share < 10 && share > 0 ? 1 : 0)} %`
}
