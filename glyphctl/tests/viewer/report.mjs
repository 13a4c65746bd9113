// Opens a report in a headless Chromium, clicks through it, and prints what there is to be seen after each step.
//
// usage: node report.mjs NODE_MODULES CHROMIUM REPORT.html
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, executablePath, report] = process.argv.slice(2)
const { chromium } = createRequire(path.join(path.resolve(modules), 'x.js'))('playwright-core')
const url = pathToFileURL(path.resolve(report)).href

const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update']
const browser = await chromium.launch({ executablePath, args, headless: true })
const seen = { told: [], asked: [] }
const open = async (options) => {
  const page = await (await browser.newContext(options)).newPage()
  page.on('console', (message) => seen.told.push(message.text()))
  page.on('pageerror', (error) => seen.told.push(String(error)))
  page.on('request', (request) => request.url() !== url && seen.asked.push(request.url()))
  page.on('dialog', (dialog) => seen.told.push(`dialog ${dialog.message()}`))
  await page.goto(url)
  return page
}

try {
  const page = await open({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' })
  const names = () => page.locator('#rows tr[data-row]:visible .name').allTextContents()
  const column = async (at) => (await page.locator(`#rows tr[data-row] td:nth-of-type(${at})`).allTextContents()).map(Number)
  const sorted = () => page.locator('#rows [aria-sort="ascending"], #rows [aria-sort="descending"]').evaluateAll((all) => all.map((th) => [th.textContent, th.ariaSort]))
  const focused = () => page.evaluate(() => document.activeElement.innerText ?? document.activeElement.textContent)
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)

  // The summary: sorted by mouse, filtered and opened by keys.
  seen.first = await names()
  seen.sections = await page.locator('.top nav a').allTextContents()
  await page.getByRole('button', { name: 'Count' }).click()
  seen.counts = [await column(1), await sorted()]
  await page.getByRole('button', { name: 'Count' }).click()
  seen.countsAgain = [await column(1), await sorted()]
  await page.getByRole('button', { name: 'Service and span' }).click()
  seen.byName = await names()
  await page.keyboard.press('/')
  await page.keyboard.type('AUTH')
  seen.filtered = [await names(), await page.locator('#filtered').textContent()]
  seen.lit = await page.locator('.frame:not(.dim)').allTextContents()
  await page.keyboard.press('Escape')
  seen.unfiltered = (await names()).length
  await page.locator('#rows tr[data-row]').first().focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  seen.opened = [await page.locator('#rows tr.open .name').textContent(), await page.locator('.durations rect').count()]
  seen.marks = await page.locator('.durations .mark').allTextContents()
  await page.locator('.durations rect').first().hover()
  seen.bar = await page.locator('.durations figcaption').textContent()
  await page.keyboard.press('Enter')
  seen.closed = await page.locator('.durations').count()

  // The flame graph: a part of it in full width, by mouse and by keys.
  const crumbs = () => page.locator('#crumbs button').allTextContents()
  const widths = () => page.locator('.frame').evaluateAll((all) => Object.fromEntries(all.filter((f) => !f.hidden).map((f) => [f.textContent, f.style.width])))
  seen.widths = await widths()
  await page.locator('.frame', { hasText: 'prices.request' }).click()
  seen.zoomed = [await crumbs(), await widths()]
  seen.about = await page.locator('#frame-told').textContent()
  await page.keyboard.press('Escape')
  seen.left = await crumbs()
  await page.locator('.frame').first().focus()
  await page.keyboard.press('ArrowDown')
  const below = await focused()
  await page.keyboard.press('ArrowRight')
  seen.moved = [below, await focused()]
  await page.keyboard.press('ArrowUp')
  seen.above = await focused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  seen.zoomedByKey = await crumbs()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Critical path' }).first().scrollIntoViewIfNeeded()
  await page.locator('[data-cost="critical"]').click()
  seen.critical = await widths()

  // A waterfall, by mouse and by keys.
  await page.locator('.trace[open] .span summary', { hasText: 'stock.request' }).click()
  seen.span = await page.locator('.span[open] .inside').innerText()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  seen.spans = await page.locator('.span[open] > summary .name').allTextContents()
  seen.waited = await page.locator('.trace[open] .span .waited').count()
  seen.command = await page.locator('.trace[open] .facts code').allTextContents()

  // Light and dark, the keys, paper, a telephone.
  seen.backgrounds = [await background()]
  for (let theme = 0; theme < 2; theme++) {
    await page.keyboard.press('t')
    seen.backgrounds.push(await background())
  }
  await page.keyboard.press('?')
  seen.keys = await page.locator('dialog[open] h2').allTextContents()
  await page.keyboard.press('Escape')
  await page.emulateMedia({ media: 'print' })
  seen.print = { background: await background(), bar: await page.locator('.top').isVisible(), rows: (await names()).length }
  await page.emulateMedia({ media: 'screen' })
  await page.setViewportSize({ width: 390, height: 800 })
  seen.narrow = await page.evaluate(() => document.documentElement.scrollWidth)

  // Without scripts.
  const still = await open({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false })
  seen.still = {
    rows: await still.locator('#rows tr[data-row]').count(),
    frames: await still.locator('.frame:visible').count(),
    traces: await still.locator('.trace').count(),
    tools: await still.locator('.needs-script:visible').count(),
  }
  process.stdout.write(JSON.stringify(seen))
} finally {
  await browser.close()
}
