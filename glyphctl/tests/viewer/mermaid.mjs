// Draws a graph in Mermaid's language, in a headless Chromium, and prints what is to be read in the picture:
// {"nodes": [each label], "edges": [each label], "paths": how many lines lead from node to node, "elements": what of HTML stands in labels}.
//
// usage: node mermaid.mjs NODE_MODULES CHROMIUM GRAPH.mmd [PICTURE.png]
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

const [modules, executablePath, graph, picture] = process.argv.slice(2)
const { chromium } = createRequire(path.join(path.resolve(modules), 'x.js'))('playwright-core')

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const browser = await chromium.launch({ executablePath, args, headless: true })
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  await page.setContent('<main></main>')
  await page.addScriptTag({ path: path.resolve(modules, 'mermaid/dist/mermaid.min.js') })
  const drawn = await page.evaluate(async (text) => {
    window.mermaid.initialize({ startOnLoad: false })
    const { svg } = await window.mermaid.render('drawn', text)
    const main = document.querySelector('main')
    main.innerHTML = svg
    const lines = (label) => label.innerHTML.replaceAll(/<br\s*\/?>/g, '\n').replaceAll(/<[^>]*>/g, '')
    const plain = (html) => Object.assign(document.createElement('textarea'), { innerHTML: html }).value.trim()
    const labels = (selector) => [...main.querySelectorAll(selector)].map((label) => plain(lines(label)))
    return {
      nodes: labels('.node .nodeLabel'),
      edges: labels('.edgeLabels .edgeLabel .label .edgeLabel'),
      paths: main.querySelectorAll('path.flowchart-link').length,
      elements: [...new Set([...main.querySelectorAll('.label *')].map((element) => element.localName))].sort(),
    }
  }, await readFile(graph, 'utf8'))
  if (picture) await page.locator('main').screenshot({ path: picture })
  process.stdout.write(JSON.stringify(drawn))
} finally {
  await browser.close()
}
