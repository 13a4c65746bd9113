// Waits for all that the page has, and writes down what came of it.
const loaded = (image) => image.complete || new Promise((resolve) => image.addEventListener('load', resolve))

async function echoed(url, message) {
  const socket = new WebSocket(url)
  return await new Promise((resolve) => {
    let got
    socket.onopen = () => socket.send(message)
    socket.onmessage = ({ data }) => {
      got = data
      socket.close(1000)
    }
    socket.onclose = ({ code }) => resolve(`${got} ${code} ${socket.extensions.split(";")[0]}`)
  })
}

async function run() {
  const image = document.getElementById('image')
  await loaded(image)
  const colour = getComputedStyle(document.getElementById('told')).color
  const settings = await (await fetch('/settings.json')).json()
  const sent = await (await fetch('/upload', { method: 'POST', body: 'x'.repeat(10_000) })).text()
  const socket = await echoed(settings.echo, 'hello from a page')
  return [`image ${image.naturalWidth}`, colour, sent, `socket ${socket}`]
}

run().catch((e) => [`failed: ${e}`]).then((told) => {
  document.getElementById('told').textContent = told.join('; ')
  return fetch('/done')
})
