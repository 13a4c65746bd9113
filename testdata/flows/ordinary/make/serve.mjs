// The sites, all on one port, told apart by their host.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { marked } from "marked";
import { apis, graphql, signIns } from "./apis.mjs";
import { base64, hex, many, pick, secret, sha256, uuid } from "./values.mjs";

const modules = new URL("./node_modules/", import.meta.url);
const file = (path) => readFileSync(new URL(path, modules));
const types = { js: "application/javascript; charset=utf-8", css: "text/css; charset=UTF-8", png: "image/png", json: "application/json", map: "application/json" };

const page = (title, body, head = "") => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${head}</head><body>${body}</body></html>`;

const asset = (path, integrity) =>
  path.endsWith(".css") ? `<link rel="stylesheet" href="http://cdn.test/${path}">` : `<script src="http://cdn.test/${path}"${integrity ? ` crossorigin="anonymous"` : ""}></script>`;

const pages = {
  "shop.test/": () =>
    page("Shop", `<h1>Shop</h1><ul id="list"></ul><script>
      const get = (u, o) => fetch(u, o).then(r => r.text());
      (async () => {
        for (let n = 1; n <= 3; n++) await get('/api/products?page=' + n + '&sort=price&order=asc');
        await get('/api/search?q=' + encodeURIComponent('password keeper') + '&author=ada&pageToken=2');
        await get('/i18n/en.json?v=${hex(8)}'); await get('/i18n/de.json'); await get('/i18n/ja.json');
        await get('/api/orders', { headers: { 'X-Request-Id': '${uuid()}', 'If-None-Match': 'W/"${hex(20)}"', traceparent: '00-${hex(32)}-${hex(16)}-01' } });
        await get('/beacon', { method: 'POST', body: JSON.stringify({ event: 'view', session_length: 3, page: '/', uid: '${uuid()}', secretSale: true }) });
        await get('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ operationName: 'P', variables: { first: 10, after: '${base64(12)}' }, query: 'query P($first:Int,$after:String){products(first:$first,after:$after){edges{cursor node{id title}}}}' }) });
        await get('/api/flags'); await get('/api/config'); await get('/api/map');
        document.title = 'done';
      })();
    </script>`, asset("bootstrap/dist/css/bootstrap.min.css") + asset("jquery/dist/jquery.min.js", true)),
  "shop.test/login": () =>
    page("Sign in", `<form id="f" method="post" action="/login"><input type="hidden" name="csrf_token" value="${secret(base64(24))}">
      <label>User <input name="user" value="ada"></label><label>Password <input type="password" name="password" autocomplete="current-password" value="${secret("correct horse " + hex(6))}"></label>
      <input name="remember" value="on"><button>Sign in</button></form>
      <p>Forgot your password? We will send a token. Passwords have at least 12 characters; your secret stays secret.</p>
      <script>setTimeout(() => document.getElementById('f').submit(), 50)</script>`),
  "shop.test/upload": () =>
    page("Upload", `<script>
      (async () => {
        const form = new FormData();
        form.append('title', 'a picture'); form.append('key', 'uploads/${uuid()}'); form.append('tags', 'token, ring');
        form.append('file', new Blob(['name,count\\nlamp,3\\nplate,4\\n'], { type: 'text/csv' }), 'export.csv');
        await fetch('/upload', { method: 'POST', body: form });
        await fetch('/orders', { method: 'POST', body: new URLSearchParams({ item: '60', count: '2', note: 'the password keeper, please', promo_code: 'SPRING26', card_key: 'blue' }) });
        await fetch('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'ada', password: '${secret("p-" + hex(12))}' }) }).then(r => r.json())
          .then(s => fetch('/api/users', { headers: { authorization: 'Bearer ' + s.access_token } }));
        document.title = 'done';
      })();
    </script>`),
  "api.test/": () =>
    page("APIs", `<script>
      (async () => {
        for (const path of ${JSON.stringify(Object.keys(apis))}) await fetch(path + '?limit=30&fields=id,name&key=' + encodeURIComponent(path)).then(r => r.text());
        await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: '{ __schema { types { name fields { name } } } }' }) });
        await fetch('/logs').then(r => r.text()); await fetch('/lock').then(r => r.text()); await fetch('/metrics').then(r => r.text()); await fetch('/feed.xml').then(r => r.text());
        document.title = 'done';
      })();
    </script>`),
  "docs.test/": () => page("Docs", `<a href="/axios">axios</a> <a href="/express-session">express-session</a>`, asset("highlight.js/styles/github.css")),
  "docs.test/map": () =>
    page("Map", `<div id="map" style="height:300px"></div><svg id="chart"></svg><script>
      const map = L.map('map').setView([53.5, 10], 3);
      L.tileLayer('http://cdn.test/tiles/{z}/{x}/{y}.png?v=1', { maxZoom: 4 }).addTo(map); L.marker([53.5, 10]).addTo(map);
      d3.json('http://shop.test/api/map').then(() => { document.title = 'done'; });
    </script>`, asset("leaflet/dist/leaflet.css") + asset("leaflet/dist/leaflet.js") + asset("d3/dist/d3.min.js")),
  "docs.test/react": () =>
    page("App", `<div id="root"></div><script>
      const e = React.createElement; const App = () => e('ul', null, Array.from({ length: 9 }, (_, i) => e('li', { key: i }, 'token ' + i)));
      ReactDOM.createRoot(document.getElementById('root')).render(e(App)); document.title = 'done';
    </script>`, asset("react/umd/react.production.min.js") + asset("react-dom/umd/react-dom.production.min.js") + asset("bootstrap/dist/js/bootstrap.bundle.min.js")),
  "docs.test/swagger": () =>
    page("Swagger UI", `<div id="ui"></div><script>
      SwaggerUIBundle({ url: 'http://api.test/openapi.json', dom_id: '#ui', onComplete: () => { document.title = 'done'; } });
    </script>`, asset("swagger-ui-dist/swagger-ui.css") + asset("swagger-ui-dist/swagger-ui-bundle.js")),
};
for (const name of ["axios", "express-session", "openid-client", "dotenv"]) {
  pages[`docs.test/${name}`] = () => page(name, marked.parse(file(`${name}/README.md`).toString()), "<script>document.title='done'</script>");
}

const texts = {
  "/logs": () => ["text/plain; charset=utf-8", many(200, (i) => `2026-01-01T00:00:${String(i % 60).padStart(2, "0")}.${hex(4).slice(0, 3)}Z ${pick(["INFO", "WARN", "DEBUG"])} [http-${i % 8}] request_id=${uuid()} trace=${hex(32)} method=GET path=/api/items/${i} status=${pick([200, 304, 404])} bytes=${i * 37} msg="${pick(["token bucket refilled", "password policy loaded: 12 characters", "session cache hit", "key rotation done", "auth=none", "secret manager: 4 entries"])}" sha=${sha256(String(i)).slice(0, 12)}`).join("\n")],
  "/lock": () => ["application/json", file(".package-lock.json")],
  "/metrics": () => ["text/plain; version=0.0.4", many(60, (i) => `http_requests_total{handler="/api/${i}",code="200",token_type="none"} ${i * 31}\nauth_tokens_issued_total{kind="k${i}"} ${i}`).join("\n") + "\n"],
  "/feed.xml": () => ["application/atom+xml", `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">${many(20, (i) => `<entry><id>urn:uuid:${uuid()}</id><title>On passwords, part ${i}</title><link href="http://docs.test/p/${hex(12)}"/><summary>A secret: there is no token.</summary></entry>`).join("")}</feed>`],
};

function answer(host, url, method, body) {
  const path = url.pathname;
  if (host === "cdn.test") {
    if (path.startsWith("/tiles/") || path.startsWith("/img/") || path.startsWith("/u/")) return ["image/png", file("leaflet/dist/images/marker-icon.png")];
    return [types[path.split(".").pop()] ?? "application/octet-stream", file(path.slice(1))];
  }
  if (method === "GET" && pages[host + path]) return ["text/html; charset=utf-8", pages[host + path]()];
  if (path === "/graphql") return ["application/json; charset=utf-8", JSON.stringify(graphql(body))];
  if (signIns[path]) return ["application/json", JSON.stringify(signIns[path]())];
  if (apis[path]) return ["application/json; charset=utf-8", JSON.stringify(apis[path](url.searchParams), null, path.startsWith("/i18n") ? 2 : 0)];
  if (texts[path]) return texts[path]();
  return null;
}

export const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const host = request.headers.host.split(":")[0];
    const url = new URL(request.url, `http://${host}`);
    const found = answer(host, url, request.method, Buffer.concat(chunks).toString());
    const headers = {
      "access-control-allow-origin": "*", "access-control-allow-headers": "*", server: "demo", "x-request-id": uuid(), "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: http://*.test; frame-ancestors 'none'", "x-ratelimit-remaining": "58", "server-timing": "db;dur=3.1, auth;dur=0.2",
    };
    if (request.method === "OPTIONS") return response.writeHead(204, { ...headers, "access-control-allow-methods": "*" }).end();
    if (request.method === "POST" && url.pathname === "/login") {
      return response.writeHead(303, { ...headers, location: "/login/done?state=signed-in&lang=en", "set-cookie": [`sid=${secret(hex(32))}; Path=/; HttpOnly; SameSite=Lax`, `lang=${secret("lang-en")}; Path=/; Max-Age=3600`] }).end();
    }
    if (!found) return response.writeHead(request.method === "POST" ? 201 : 404, { ...headers, "content-type": "application/json" }).end(JSON.stringify({ ok: request.method === "POST", error: null, id: uuid() }));
    const [type, content] = found;
    const bytes = Buffer.from(content);
    Object.assign(headers, { "content-type": type, etag: `"${sha256(bytes).slice(0, 32)}"`, "cache-control": "max-age=3600", "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" });
    if (type === "image/png") return response.writeHead(200, headers).end(bytes);
    response.writeHead(200, { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" }).end(gzipSync(bytes));
  });
});
export const visits = ["http://shop.test/", "http://shop.test/login", "http://shop.test/upload", "http://shop.test/", "http://api.test/", "http://docs.test/axios", "http://docs.test/express-session", "http://docs.test/openid-client", "http://docs.test/dotenv", "http://docs.test/map", "http://docs.test/react", "http://docs.test/swagger"];
