/** Failures of the HTTP API: a request, and what its message has to name. */
import * as Answer from "@drawbar/stub-platform/Answer"
import type { Expected } from "./Grade.ts"

export interface ServerCase extends Expected {
  readonly name: string
  readonly status: number
  readonly request: (context: Context) => Promise<Response>
}

export interface Context {
  /** Without a slash at the end. */
  readonly url: string
  /** Of a provider that responds by the path of the request. */
  readonly upstream: string
  /** Where nothing listens. */
  readonly closed: string
  /** Of a provider with TLS, whose authority the server does not know. */
  readonly secure: string
  readonly send: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>
  /** Registers a model with a connector to a path of the upstream, or to a URL, and returns its id. */
  readonly model: (to: string, more?: object) => Promise<string>
}

export const secret = "sk-never-in-a-message-12345"

/** `/status/NNN` returns the status and the text `upstream-words`. */
export const upstream: Answer.Handler = ({ target }) => {
  const [, status] = /^\/status\/(\d+)/.exec(target) ?? []
  if (target.startsWith("/html")) return Answer.html(200)
  return status === undefined
    ? Answer.json({ ok: true })
    : Answer.json(
        { error: { message: "upstream-words" } },
        Number(status),
        status === "429" ? { "retry-after": "7" } : {},
      )
}

/** Lets connectors call the upstream. */
export const openSettings = {
  "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://127\\.0\\.0\\.1:\\d+/.*$"],
  "plugins.ml_commons.connector.private_ip_enabled": true,
}

export const blueprint = (url: string, more: object = {}) => ({
  name: "chat of a test",
  version: 1,
  protocol: "http",
  credential: { api_key: secret },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url,
      headers: { Authorization: "Bearer ${credential.api_key}" },
      request_body: '{"prompt": "${parameters.prompt}"}',
    },
  ],
  ...more,
})

const ml = "/_plugins/_ml"
const prompt = { parameters: { prompt: "hi" } }

const predict =
  (path: string, body: unknown = prompt, more?: object) =>
  async ({ model, send }: Context) =>
    send("POST", `${ml}/models/${await model(path, more)}/_predict`, body)

const create =
  (more: object, path = "/v1") =>
  ({ send, upstream }: Context) =>
    send("POST", `${ml}/connectors/_create`, blueprint(`${upstream}${path}`, more))

const [action] = blueprint("").actions
const withAction =
  (more: object) =>
  ({ send, upstream }: Context) =>
    send(
      "POST",
      `${ml}/connectors/_create`,
      blueprint("", { actions: [{ ...action, url: `${upstream}/v1`, ...more }] }),
    )

const settings =
  (persistent: object) =>
  ({ send }: Context) =>
    send("PUT", "/_cluster/settings", { persistent })

const register =
  (body: object) =>
  ({ send }: Context) =>
    send("POST", `${ml}/models/_register`, body)

const ofUpstream = /connector "chat of a test" \(\S+\)/
const aws = {
  protocol: "aws_sigv4",
  credential: { access_key: "AKIDEXAMPLE", secret_key: secret },
  parameters: { region: "us-east-1" },
}

export const cases: ReadonlyArray<ServerCase> = [
  ...[401, 403].map((status) => ({
    name: `an upstream's ${status}`,
    status,
    request: predict(`/status/${status}`),
    thing: /the provider, not Drawbar, (?:rejected|denied access to) the credential api_key/,
    place: ofUpstream,
    command: /drawbar connector update \S+ --credential api_key=env:/,
  })),
  {
    name: "an upstream's 404",
    status: 404,
    request: predict("/status/404"),
    thing: /Status 404 is from http:\/\/127/,
    place: ofUpstream,
    command: /drawbar connector get \S+/,
  },
  {
    name: "an upstream's 429",
    status: 429,
    request: predict("/status/429"),
    thing: /Status 429 is from http:\/\/127/,
    place: ofUpstream,
    command: /Retry in 7 s.*client_config\.max_retry_times/,
  },
  {
    name: "an upstream's 500",
    status: 500,
    request: predict("/status/500"),
    thing: /Status 500 is from http:\/\/127/,
    place: ofUpstream,
    command: /drawbar render \S+/,
  },
  {
    name: "an upstream's 400",
    status: 400,
    request: predict("/status/400"),
    thing: "the provider rejected the request",
    place: ofUpstream,
    command: /drawbar render \S+/,
  },
  {
    name: "an HTML page in place of a model's answer",
    status: 502,
    request: predict("/html"),
    thing: "HTML page",
    place: ofUpstream,
    command: "connector's url",
  },
  {
    name: "a predict without its parameter",
    status: 400,
    request: predict("/v1", { parameters: {} }),
    thing: /not filled in payload: prompt/,
    place: "the action predict",
    command: '{"parameters": {"prompt": …}}',
  },
  {
    name: "a parameter beside `parameters`",
    status: 400,
    request: predict("/v1", { prompt: "hi" }),
    thing: "[prompt]",
    place: 'beside "parameters"',
    command: "move",
  },
  {
    name: "an unknown algorithm in the path",
    status: 400,
    request: async ({ model, send }) => send("POST", `${ml}/_predict/kmeans/${await model("/v1")}`, prompt),
    thing: "Wrong function name",
    place: "the path",
    command: "text_embedding",
  },
  {
    name: "no documents",
    status: 400,
    request: async ({ model, send }) => send("POST", `${ml}/_predict/text_embedding/${await model("/v1")}`, {}),
    thing: "Empty text docs",
    place: "text_docs",
    command: '{"text_docs": ["…"]}',
  },
  {
    name: "a body that is not JSON",
    status: 400,
    request: ({ send }) =>
      send("POST", `${ml}/connectors/_create`, `{\n  "name": "x",\n  "credential": { "a": "${secret}" "b": 1 }\n}`),
    thing: 'expected "," or "}"',
    place: "line 3",
    command: '{ "a": … ^',
  },
  {
    name: "a predict's body that is not JSON",
    status: 400,
    request: predict("/v1", '{"parameters": {"prompt": "hi",}}'),
    thing: "trailing",
    place: "line 1, column 32",
    command: '"parameters": {"prompt": …,^',
  },
  {
    name: "a body of another content type",
    status: 406,
    request: ({ send }) => send("POST", `${ml}/connectors/_create`, "{}", { "content-type": "text/plain" }),
    thing: "[text/plain]",
    place: "Content-Type header",
    command: "Content-Type: application/json",
  },
  {
    name: "a connector without service_name",
    status: 400,
    request: create(aws),
    thing: "Missing service name",
    place: "/parameters/service_name",
    command: "Add service_name",
  },
  ...["", "...", "<API key>", "YOUR_API_KEY", "your key"].map((value) => ({
    name: `the secret ${JSON.stringify(value)}`,
    status: 400,
    request: create({ credential: { api_key: value } }),
    thing: /is empty|is a placeholder/,
    place: "credential api_key",
    command: "--credential api_key=env:VARIABLE",
  })),
  {
    name: "a variable of the caller's shell in a document",
    status: 400,
    request: create({ credential: { api_key: "env:OPENAI_API_KEY" } }),
    thing: "env:OPENAI_API_KEY in a connector names a variable of the server",
    place: "credential api_key",
    command: /drawbar connector create FILE --credential .*DRAWBAR_SECRET_OPENAI_API_KEY/,
  },
  {
    name: "a server's variable that is not set",
    status: 400,
    request: create({ credential: { api_key: "env:DRAWBAR_SECRET_NONE" } }),
    thing: "DRAWBAR_SECRET_NONE is not set",
    place: "credential api_key",
    command: "Start the server with DRAWBAR_SECRET_NONE=…",
  },
  {
    name: "a placeholder without its brace",
    status: 400,
    request: withAction({ request_body: '{"prompt": "${parameters.prompt"}' }),
    thing: "} that is missing",
    place: "request_body, line 1, column 13",
    command: "add the }",
  },
  {
    name: "a placeholder that never ends",
    status: 400,
    request: withAction({ request_body: '{"prompt": "${parameters.prompt"' }),
    thing: "} is missing",
    place: "request_body, line 1, column 13",
    command: "Add it after the name",
  },
  {
    name: "an unknown credential in a header",
    status: 400,
    request: withAction({ headers: { Authorization: "Bearer ${credential.apikey}" } }),
    thing: "${credential.apikey}",
    place: "Header 'Authorization'",
    command: "Add it to credential",
  },
  {
    name: "an unknown protocol",
    status: 400,
    request: create({ protocol: "grpc" }),
    thing: "protocol",
    place: "connector",
    command: "Please use one of [aws_sigv4",
  },
  {
    name: "a connector without actions",
    status: 400,
    request: create({ actions: [] }),
    thing: "No actions",
    place: '"actions"',
    command: "action_type, method, url",
  },
  {
    name: "a connector without a name",
    status: 400,
    request: create({ name: null }),
    thing: "name is null",
    place: "Connector",
    command: 'Add "name"',
  },
  {
    name: "an action without a url",
    status: 400,
    request: withAction({ url: null }),
    thing: "url can't be null",
    place: "/actions/0",
    command: 'Add "url"',
  },
  {
    name: "a retry policy that does not exist",
    status: 400,
    request: create({ client_config: { retry_backoff_policy: "often" } }),
    thing: "retry backoff policy",
    place: "/client_config/retry_backoff_policy",
    command: "[constant",
  },
  {
    name: "a setting with a typo",
    status: 400,
    request: settings({ "plugins.ml_commons.conector.private_ip_enabled": true }),
    thing: "[plugins.ml_commons.conector.private_ip_enabled]",
    place: "persistent setting",
    command: "did you mean [plugins.ml_commons.connector.private_ip_enabled]",
  },
  {
    name: "a setting that is like no other",
    status: 400,
    request: settings({ "plugins.ml_commons.flavour": "sweet" }),
    thing: "[plugins.ml_commons.flavour]",
    place: "persistent setting",
    command: "GET /_cluster/settings?include_defaults=true",
  },
  {
    name: "a setting that is neither true nor false",
    status: 400,
    request: settings({ "plugins.ml_commons.connector.private_ip_enabled": "yes" }),
    thing: "[yes]",
    place: "[plugins.ml_commons.connector.private_ip_enabled]",
    command: "[true] or [false]",
  },
  {
    name: "a regular expression that does not end",
    status: 400,
    request: settings({ "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://(api"] }),
    thing: "^https://(api",
    place: "[plugins.ml_commons.trusted_connector_endpoints_regex]",
    command: "such as ^https://api\\.example\\.com/.*$",
  },
  {
    name: "a model without function_name",
    status: 400,
    request: register({ name: "m", connector_id: "c" }),
    thing: "function_name is missing",
    place: "model",
    command: '"function_name": "remote"',
  },
  {
    name: "a model with an unknown function_name",
    status: 400,
    request: register({ name: "m", function_name: "remot", connector_id: "c" }),
    thing: "Wrong function name",
    place: "/function_name",
    command: '"function_name": "remote"',
  },
  {
    name: "a model without a connector",
    status: 400,
    request: register({ name: "m", function_name: "remote" }),
    thing: "connector",
    place: "connector_id",
    command: "drawbar connector list",
  },
  {
    name: "https at a port that speaks http",
    status: 502,
    request: async (context) => predict(`${context.upstream.replace("http:", "https:")}/v1`)(context),
    thing: "does not speak TLS",
    place: /https:\/\/127\.0\.0\.1:\d+/,
    command: /Write http:\/\/127/,
  },
  {
    name: "a provider that does not listen",
    status: 502,
    request: async (context) => predict(`${context.closed}/v1`)(context),
    thing: "cannot connect",
    place: /http:\/\/127\.0\.0\.1:\d+/,
    command: "check that it is running",
  },
  {
    name: "a certificate of an unknown authority",
    status: 502,
    request: async (context) => predict(`${context.secure}/v1`)(context),
    thing: "does not know the authority of its certificate",
    place: /https:\/\/127\.0\.0\.1:\d+/,
    command: "--ca-file FILE",
  },
  {
    name: "an unknown query parameter",
    status: 400,
    request: ({ send }) => send("GET", `${ml}/connectors/x?prety=true`),
    thing: "[prety]",
    place: `[${ml}/connectors/x]`,
    command: "did you mean [pretty]",
  },
]
