// undici through its ProxyAgent; the CA is in NODE_EXTRA_CA_CERTS. Prints a line for each exchange.
//
// usage: node undici_client.mjs NODE_MODULES PROXY BASE WEBSOCKET
import { createRequire } from 'node:module'
import path from 'node:path'

const [modules, proxy, base, echo] = process.argv.slice(2)
const { ProxyAgent, WebSocket, fetch, request } = createRequire(path.join(path.resolve(modules), 'x.js'))('undici')

const dispatcher = new ProxyAgent(proxy)
for (const path of ['/a', '/gzip']) {
  const answer = await fetch(base + path, { dispatcher })
  console.log(answer.status, await answer.text())
}
const body = 'x'.repeat(100_000)
const answer = await request(`${base}/upload`, { dispatcher, method: 'POST', body })
console.log(answer.statusCode, await answer.body.text())

if (echo) {
  const socket = new WebSocket(echo, { dispatcher })
  const messages = ['hello', 'many words '.repeat(1_000)]
  const told = await new Promise((resolve) => {
    const got = []
    socket.onopen = () => messages.forEach((message) => socket.send(message))
    socket.onmessage = ({ data }) => {
      got.push(data)
      if (got.length === messages.length) socket.close(1000)
    }
    socket.onclose = ({ code }) => resolve(`${messages.every((m, n) => m === got[n])} ${code} ${socket.extensions.split(";")[0]}`)
  })
  console.log(told)
}
await dispatcher.close()
