// Imports a trace with Perfetto's trace processor, as the UI does, and prints the rows of each query:
// [[{column: value, …}, …], …]. What a query is refused for, or the import, ends the script with its text.
//
// The engine is the one of a copy of the UI: a worker that speaks TraceProcessorRpc (protos/perfetto/trace_processor/
// trace_processor.proto) over a message port. Here it runs without a browser: it is given the few things that it asks
// of one.
//
// usage: node trace_processor.mjs UI_FOLDER TRACE SQL...
import { readFileSync } from 'node:fs'
import path from 'node:path'

const [ui, trace, ...queries] = process.argv.slice(2)
const [APPEND, FINALIZE, QUERY] = [1, 2, 3]

// --- protobuf, as little as is needed

function varint(value) {
  const bytes = []
  for (value = BigInt(value); value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128)
  return [...bytes, Number(value)]
}
const number = (field, value) => Buffer.from([...varint(field << 3), ...varint(value)])
const bytes = (field, value) => Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(value.length)]), value])

/** Calls each(field, value) for what stands in a message. */
function read(message, each) {
  let at = 0
  const next = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const take = (length) => message.subarray(at, (at += length))
  while (at < message.length) {
    const tag = Number(next())
    const value = { 0: next, 1: () => take(8), 2: () => take(Number(next())), 5: () => take(4) }[tag & 7]()
    each(tag >> 3, value)
  }
}

// --- the engine

const replies = []
let wake = () => {}
const port = { postMessage: (reply) => (replies.push(Buffer.from(reply)), wake()) }
const self = { location: { href: 'http://localhost/engine_bundle.js' } }
class XMLHttpRequest {
  open(_, url) {
    this.file = path.join(ui, path.basename(url))
  }
  send() {
    this.response = readFileSync(this.file)
  }
}
const quiet = { ...console, log() {}, warn() {} }
const bundle = readFileSync(path.join(ui, 'engine_bundle.js'), 'utf8')
new Function('self', 'WorkerGlobalScope', 'XMLHttpRequest', 'process', 'console', 'location', bundle)(
  self, Object, XMLHttpRequest, undefined, quiet, self.location,
)
// It is ready only when its promises have run.
await new Promise(setImmediate)
self.onmessage({ data: port })

let sequence = 0
/** Sends a request and calls each(field, value) for what each answer has, until isLast says so. */
async function call(method, argument, each) {
  const request = Buffer.concat([number(1, ++sequence), number(2, method), ...argument])
  port.onmessage({ data: new Uint8Array(bytes(1, request)) })
  for (let done = false; !done; ) {
    if (replies.length === 0) await new Promise((resolve) => (wake = resolve))
    read(replies.shift(), (_, answer) =>
      read(answer, (field, value) => {
        if (field === 5) throw new Error(value.toString())
        done = each(field, value) || done
      }),
    )
  }
}

const appended = (field, value) => {
  if (field !== 201) return false
  read(value, (of, error) => {
    if (of === 2 && error.length) throw new Error(`import: ${error}`)
  })
  return true
}
const finalized = (field, value) => {
  if (field !== 212) return false
  read(value, (of, error) => {
    if (of === 1 && error.length) throw new Error(`import: ${error}`)
  })
  return true
}

async function query(sql) {
  const [columns, rows] = [[], []]
  let row = []
  await call(QUERY, [bytes(103, bytes(1, Buffer.from(sql)))], (field, result) => {
    let isLast = false
    if (field !== 203) return isLast
    read(result, (of, value) => {
      if (of === 1) columns.push(value.toString())
      if (of === 2 && value.length) throw new Error(`${sql}: ${value}`)
      if (of !== 3) return
      const cells = { types: [], ints: [], floats: [], strings: [] }
      read(value, (part, cell) => {
        if (part === 1) cells.types.push(...cell)
        if (part === 2) cells.ints.push(...unpack(cell))
        if (part === 3) for (let at = 0; at < cell.length; at += 8) cells.floats.push(cell.readDoubleLE(at))
        if (part === 5) cells.strings.push(...cell.toString().split('\0').slice(0, -1))
        if (part === 6) isLast = cell !== 0n
      })
      for (const type of cells.types) {
        row.push({ 2: () => cells.ints.shift(), 3: () => cells.floats.shift(), 4: () => cells.strings.shift() }[type]?.() ?? null)
        if (row.length === columns.length) {
          rows.push(row)
          row = []
        }
      }
    })
    return isLast
  })
  return rows.map((row) => `{${row.map((cell, at) => `${JSON.stringify(columns[at])}:${json(cell)}`)}}`)
}

function unpack(packed) {
  const values = []
  let [value, shift] = [0n, 0n]
  for (const byte of packed) {
    value |= BigInt(byte & 127) << shift
    shift += 7n
    if (byte < 128) {
      values.push(BigInt.asIntN(64, value))
      ;[value, shift] = [0n, 0n]
    }
  }
  return values
}

// All 64 bits of an integer.
const json = (cell) => (typeof cell === 'bigint' ? cell.toString() : JSON.stringify(cell))

const file = readFileSync(trace)
for (let at = 0; at < file.length; at += 1 << 24) {
  await call(APPEND, [bytes(101, file.subarray(at, at + (1 << 24)))], appended)
}
await call(FINALIZE, [], finalized)
const answers = []
for (const sql of queries) answers.push(`[${(await query(sql)).join(',\n')}]`)
process.stdout.write(`[${answers.join(',\n')}]\n`, () => process.exit())
