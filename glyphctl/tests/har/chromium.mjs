// Opens a page in a headless Chromium, has its traffic written down as HAR, out of the events of the DevTools protocol, and
// prints what the page came to: {"text": …, "image": its width}.
//
// usage: node chromium.mjs NODE_MODULES CHROMIUM URL OUT.har
import { createRequire } from 'node:module'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const [modules, executablePath, url, out] = process.argv.slice(2)
const { chromium } = createRequire(path.join(path.resolve(modules), 'x.js'))('playwright-core')

const folder = await mkdtemp(path.join(tmpdir(), 'glyph-har-'))
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--proxy-bypass-list=<-loopback>',
]
try {
  const context = await chromium.launchPersistentContext(path.join(folder, 'user'), {
    executablePath, args, headless: true, recordHar: { path: out, mode: 'full', content: 'embed' },
  })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'networkidle' })
  const text = await page.locator('#done').innerText()
  const image = await page.locator('img').first().evaluate((img) => img.naturalWidth)
  await context.close()
  process.stdout.write(JSON.stringify({ text, image }))
} finally {
  await rm(folder, { recursive: true, force: true })
}
