// Answers of JSON APIs, in the style of such that are in use: full of ids, hashes, signatures of things that are public,
// and of words that sound like secrets and are none.
import { base64, base64url, below, day, hex, many, pick, secret, sha256, ulid, uuid } from "./values.mjs";

const words = "blue table lamp chair plate scarf token ring password keeper secret garden key holder cookie jar".split(" ");
const title = () => many(3, () => pick(words)).join(" ");
const user = () => ({
  id: uuid(), login: pick(["ada", "grace", "linus", "margaret"]), node_id: base64(15), email: "ada@example.test",
  avatar_url: `http://cdn.test/u/${below(99999)}?v=4`, gravatar_id: hex(32), has_password: true, two_factor_authentication: false,
  password_changed_at: day(), tokens_used: below(9000), session_count: below(20),
});

export const apis = {
  "/api/products": (query) => ({
    items: many(25, () => ({
      id: uuid(), sku: `SKU-${below(1e6)}`, title: title(), price: { amount: below(9999) / 100, currency: "EUR" },
      etag: `W/"${hex(16)}"`, checksum: sha256(title()), image: `http://cdn.test/img/${hex(40)}.png`, in_stock: below(2) === 1,
      thumbnail: `data:image/png;base64,${base64(180)}`, tags: many(3, () => pick(words)), key: `product/${below(9999)}`,
    })),
    page: Number(query.get("page") ?? 1), next_page_token: base64url(24), next_cursor: base64(20), total: 1234,
  }),
  "/api/commits": () => many(30, () => ({
    sha: hex(40), node_id: base64url(40), commit: {
      author: { name: "Ada", date: day() }, message: `${title()}: rotate tokens, forget passwords`, tree: { sha: hex(40) },
      verification: { verified: true, reason: "valid", signature: `-----BEGIN PGP SIGNATURE-----\n\n${base64(90)}\n-----END PGP SIGNATURE-----`, payload: `tree ${hex(40)}` },
    },
    parents: [{ sha: hex(40), url: `http://api.test/commits/${hex(40)}` }],
  })),
  "/api/users": () => many(20, user),
  "/api/orders": () => many(20, () => ({
    id: ulid(), trace_id: hex(32), span_id: hex(16), idempotency_key: uuid(), customer: uuid(), status: pick(["open", "paid", "sent"]),
    iban: "DE00", code: pick(["A1", "B2"]), auth: { required: true, method: "none" }, signature_required: false, created: day(),
    lines: many(3, () => ({ product: uuid(), count: below(5), digest: `sha256:${hex(64)}` })),
  })),
  "/.well-known/jwks.json": () => ({
    keys: many(3, () => ({ kty: "RSA", use: "sig", alg: "RS256", kid: hex(40), n: base64url(256), e: "AQAB", x5t: base64url(20), x5c: [base64(600)] })),
  }),
  "/.well-known/openid-configuration": () => ({
    issuer: "http://id.test", authorization_endpoint: "http://id.test/authorize", token_endpoint: "http://id.test/token",
    jwks_uri: "http://id.test/.well-known/jwks.json", userinfo_endpoint: "http://id.test/userinfo", revocation_endpoint: "http://id.test/revoke",
    response_types_supported: ["code", "token", "id_token", "code id_token"], token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    grant_types_supported: ["authorization_code", "refresh_token", "password", "client_credentials"], code_challenge_methods_supported: ["S256"],
    id_token_signing_alg_values_supported: ["RS256"], claims_supported: ["sub", "auth_time", "nonce", "at_hash"],
  }),
  "/v1/chat/completions": () => ({
    id: `chatcmpl-${base64url(21)}`, object: "chat.completion", created: 1767225600, model: "demo-1", system_fingerprint: `fp_${hex(10)}`,
    choices: [{ index: 0, message: { role: "assistant", content: "A password should be long. Tokens expire; keep your API key out of the repository: use `export API_KEY=...`." }, finish_reason: "stop", logprobs: null }],
    usage: { prompt_tokens: 56, completion_tokens: 31, total_tokens: 87, completion_tokens_details: { reasoning_tokens: 0 } },
  }),
  "/v1/embeddings": () => ({ data: [{ embedding: many(256, () => (below(2e6) - 1e6) / 1e6), index: 0 }], usage: { prompt_tokens: 8, total_tokens: 8 } }),
  "/api/v1/namespaces/shop/pods": () => ({
    kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "81723", continue: base64url(60) },
    items: many(8, () => ({
      metadata: { name: `web-${hex(10)}-${hex(4)}x`, uid: uuid(), labels: { "pod-template-hash": hex(10) }, annotations: { "checksum/secret": sha256(title()) } },
      spec: {
        containers: [{ name: "web", image: `registry.test/web@sha256:${hex(64)}`, env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }] }],
        volumes: [{ name: "kube-api-access", projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: "token" } }] } }],
        automountServiceAccountToken: true, imagePullSecrets: [{ name: "registry" }],
      },
      status: { phase: "Running", podIP: "10.0.0.7", containerStatuses: [{ containerID: `containerd://${hex(64)}`, restartCount: 0 }] },
    })),
  }),
  "/v2/web/manifests/latest": () => ({
    schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: { digest: `sha256:${hex(64)}`, size: 7023 },
    layers: many(6, () => ({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: `sha256:${hex(64)}`, size: below(1e7) })),
  }),
  "/i18n/en.json": () => ({
    login: { title: "Sign in", password: "Password", forgot_password: "Forgot your password?", password_placeholder: "Enter your password", password_rules: "At least 12 characters", remember: "Keep me signed in" },
    errors: { token_expired: "Your session has expired.", invalid_token: "This link is no longer valid.", wrong_password: "Wrong password.", secret: "Secret questions are no longer asked." },
    settings: { api_key: "API key", api_keys: "API keys", new_token: "New token", access_token: "Access token", client_secret: "Client secret", session: "Session" },
  }),
  "/i18n/de.json": () => ({
    login: { title: "Anmelden", password: "Passwort", forgot_password: "Passwort vergessen?", password_placeholder: "Passwort eingeben", password_rules: "Mindestens 12 Zeichen" },
    errors: { token_expired: "Ihre Sitzung ist abgelaufen.", invalid_token: "Dieser Link gilt nicht mehr.", wrong_password: "Falsches Passwort." },
    settings: { api_key: "API-Schlüssel", access_token: "Zugriffstoken", client_secret: "Clientgeheimnis", session: "Sitzung" },
  }),
  "/i18n/ja.json": () => ({ login: { title: "ログイン", password: "パスワード", forgot_password: "パスワードをお忘れですか？" }, settings: { access_token: "アクセストークン" } }),
  "/openapi.json": () => ({
    openapi: "3.1.0", info: { title: "Pets", version: "1.0.27" },
    paths: {
      "/user/login": { get: { parameters: [{ name: "username", in: "query", schema: { type: "string" } }, { name: "password", in: "query", description: "The password for login in clear text", schema: { type: "string" } }], responses: { 200: { description: "ok", headers: { "X-Rate-Limit": { schema: { type: "integer" } }, "X-Expires-After": { schema: { type: "string", format: "date-time" } } } } } } },
      "/pet": { post: { security: [{ petstore_auth: ["write:pets"] }, { api_key: [] }], responses: { 405: { description: "Invalid input" } } }, get: { parameters: [{ name: "api_key", in: "header", schema: { type: "string" } }], responses: {} } },
    },
    components: {
      schemas: { User: { type: "object", properties: { id: { type: "integer", format: "int64" }, username: { type: "string" }, password: { type: "string", format: "password" }, token: { type: "string", nullable: true }, session: { $ref: "#/components/schemas/Session" } }, required: ["username", "password"] }, Session: { type: "object" } },
      securitySchemes: { petstore_auth: { type: "oauth2", flows: { implicit: { authorizationUrl: "http://id.test/authorize", scopes: { "write:pets": "modify pets" } } } }, api_key: { type: "apiKey", name: "api_key", in: "header" } },
    },
  }),
  "/api/flags": () => ({ flags: { "password-reset-v2": true, "token-refresh": false, auth: null, session: { ttl: 3600 }, secret: false, api_key: "" }, version: hex(8) }),
  "/api/search": (query) => ({ query: query.get("q"), took: 7, hits: many(10, () => ({ _id: base64url(15), _score: below(900) / 100, highlight: [`the <em>${pick(words)}</em> of a ${title()}`] })), scroll_id: base64(90), pit: { id: base64(120) } }),
  "/api/map": () => ({ type: "FeatureCollection", features: many(40, (i) => ({ type: "Feature", id: i, properties: { key: `k${i}`, pin: i, name: title() }, geometry: { type: "Point", coordinates: [below(36000) / 100 - 180, below(18000) / 100 - 90] } })) }),
  "/api/config": () => ({ build: hex(40), release: "2026.11.1", sentry: { dsn: `http://${hex(32)}@errors.test/42` }, cdn: "http://cdn.test", sri: { "app.js": `sha384-${base64(48)}` }, nonce: base64(16), analytics: `G-${hex(10).toUpperCase()}` }),
};

// These hold secrets.
export const signIns = {
  "/api/session": () => ({ access_token: secret(base64url(32)), refresh_token: secret(base64url(32)), token_type: "Bearer", expires_in: 3600, scope: "openid profile", user: user() }),
};

export const graphql = (body) => {
  if (body.includes("__schema")) {
    const type = (name, kind, fields = []) => ({ kind, name, fields: fields.map((f) => ({ name: f, type: { kind: "SCALAR", name: "String" }, args: [] })) });
    return { data: { __schema: { queryType: { name: "Query" }, types: [type("User", "OBJECT", ["id", "login", "password", "token", "apiKey"]), type("Session", "OBJECT", ["accessToken", "expires"]), type("Query", "OBJECT", ["user", "session"])] } } };
  }
  return { data: { products: { edges: many(10, () => ({ cursor: base64(18), node: { id: base64(24), title: title() } })), pageInfo: { endCursor: base64(18), hasNextPage: true } } }, extensions: { persistedQuery: { sha256Hash: hex(64) } } };
};
