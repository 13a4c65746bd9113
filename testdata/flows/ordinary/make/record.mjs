// Visits the sites with a headless Chromium and writes what passed as HAR, a file for each host that was visited, and
// which values in it are secret: node record.mjs FOLDER
import { writeFileSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { server, visits } from "./serve.mjs";
import { secrets } from "./values.mjs";

const folder = process.argv[2] ?? "..";
await new Promise((listens) => server.listen(0, "127.0.0.1", listens));
const port = server.address().port;
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", `--host-resolver-rules=MAP *.test:80 127.0.0.1:${port}`],
});
const version = await browser.version();

const pairs = (headers) => Object.entries(headers).flatMap(([name, value]) => value.split("\n").map((value) => ({ name, value })));
const logs = new Map();
for (const visit of visits) {
  const page = await browser.newPage();
  const cdp = await page.createCDPSession();
  // The hops of each request, in their order; what else is told of them comes in the same order.
  const requests = new Map(), bodies = [];
  const of = (id) => requests.get(id) ?? requests.set(id, { hops: [], sent: [], got: [] }).get(id);
  cdp.on("Network.requestWillBeSent", ({ requestId, request, redirectResponse }) => {
    const { hops } = of(requestId);
    if (redirectResponse) hops.at(-1).response = redirectResponse;
    hops.push({ request });
  });
  cdp.on("Network.requestWillBeSentExtraInfo", (e) => of(e.requestId).sent.push(e.headers));
  cdp.on("Network.responseReceivedExtraInfo", (e) => of(e.requestId).got.push(e.headers));
  cdp.on("Network.responseReceived", (e) => { of(e.requestId).hops.at(-1).response = e.response; });
  cdp.on("Network.loadingFinished", (e) => {
    const hop = of(e.requestId).hops.at(-1);
    bodies.push(cdp.send("Network.getResponseBody", { requestId: e.requestId }).then((body) => { hop.body = body; }, () => {}));
  });
  await cdp.send("Network.enable");
  await page.goto(visit, { waitUntil: "networkidle0", timeout: 60000 });
  if ((await page.content()).includes("document.title")) await page.waitForFunction("document.title === 'done'");
  await page.waitForNetworkIdle();
  await Promise.all(bodies);
  const hops = [...requests.values()].flatMap(({ hops, sent, got }) => hops.map((hop, i) => ({ ...hop, sent: sent[i], got: got[i] })));
  const entries = hops.filter((hop) => hop.response && hop.request.url.startsWith("http")).map(({ request, sent, got, response, body }) => ({
    startedDateTime: "2026-01-01T00:00:00.000Z", time: 1,
    request: {
      method: request.method, url: request.url + (request.urlFragment ?? ""), httpVersion: "HTTP/1.1", headers: pairs(sent ?? request.headers), queryString: [], cookies: [], headersSize: -1, bodySize: -1,
      ...(request.postDataEntries && { postData: { mimeType: request.headers["Content-Type"] ?? "", text: request.postDataEntries.map((e) => Buffer.from(e.bytes ?? "", "base64").toString()).join("") } }),
    },
    response: {
      status: response.status, statusText: response.statusText, httpVersion: "HTTP/1.1", headers: pairs(got ?? response.headers), cookies: [], redirectURL: "", headersSize: -1, bodySize: -1,
      content: { size: body?.body.length ?? 0, mimeType: response.mimeType, text: body?.body ?? "", ...(body?.base64Encoded && { encoding: "base64" }) },
    },
    cache: {}, timings: { send: 0, wait: 1, receive: 0 },
  }));
  const host = new URL(visit).host.split(".")[0];
  logs.set(host, [...(logs.get(host) ?? []), ...entries]);
  await page.close();
}
await browser.close();
server.close();
for (const [host, entries] of logs) {
  writeFileSync(`${folder}/${host}.har`, JSON.stringify({ log: { version: "1.2", creator: { name: "record.mjs", version: "1" }, browser: { name: "Chromium", version }, entries } }));
  console.log(`${host}.har: ${entries.length} exchanges`);
}
writeFileSync(`${folder}/secrets.txt`, [...new Set(secrets)].join("\n") + "\n");
