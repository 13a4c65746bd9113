// Opens a Chrome trace in speedscope, in a headless Chromium, and prints what the viewer made of it:
// {"profiles": [names, as its list shows them], "exported": its own file}.
//
// usage: node speedscope.mjs NODE_MODULES CHROMIUM TRACE.json
import { createRequire } from 'node:module'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, executablePath, trace] = process.argv.slice(2)
const { chromium } = createRequire(path.join(path.resolve(modules), 'x.js'))('playwright-core')
const index = pathToFileURL(path.resolve(modules, 'speedscope/dist/release/index.html'))

const folder = await mkdtemp(path.join(tmpdir(), 'glyph-viewer-'))
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]
try {
  // speedscope takes no JSON by path, only a script that hands it over.
  const script = path.join(folder, 'profile.js')
  const base64 = (await readFile(trace)).toString('base64')
  await writeFile(script, `speedscope.loadFileFromBase64(${JSON.stringify(path.basename(trace))}, '${base64}')`)

  const context = await chromium.launchPersistentContext(path.join(folder, 'user'), {
    executablePath, args, headless: true, acceptDownloads: true, viewport: { width: 1600, height: 1000 },
  })
  const page = context.pages()[0] ?? (await context.newPage())
  await page.goto(`${index}#localProfilePath=${script.slice(1)}`)
  // The bar at the top has the export only when a profile is there.
  const exporter = page.getByText('Export', { exact: false }).first()
  await exporter.waitFor({ timeout: 60_000 })
  // The list of profiles hides until the mouse is on the title; with a single profile there is none.
  const profiles = await page.locator('tr[title]').evaluateAll((rows) => rows.map((row) => row.title))
  const [download] = await Promise.all([page.waitForEvent('download'), exporter.click()])
  const exported = JSON.parse(await readFile(await download.path(), 'utf8'))
  await context.close()
  process.stdout.write(JSON.stringify({ profiles, exported }))
} finally {
  await rm(folder, { recursive: true, force: true })
}
