/**
 * Every difference between this server and the recorded responses of ML Commons 3.8, by name.
 *
 * Recordings.test.ts replays the recordings. It fails for a difference without a row, and for a row, or a case of a
 * row, without a difference. docs/compatibility.md contains the same rows, written by `pnpm golden`.
 */
import type { Difference } from "./Recording.ts"

export interface Row {
  readonly what: string
  /** What ML Commons does. */
  readonly recorded: string
  readonly here: string
  /**
   * The ids of the recorded cases, each of which must show the difference; absent for a kind that any case may show.
   */
  readonly cases?: ReadonlyArray<string>
  /** The location of the difference; any location in its cases if absent. */
  readonly at?: (difference: Difference) => boolean
  /** The part of Drawbar that will remove the difference; a row of this kind is removed with it. */
  readonly pending?: string
}

const ids = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)
const under =
  (...pointers: ReadonlyArray<string>) =>
  ({ at }: Difference) =>
    pointers.some((pointer) => at === pointer || at.startsWith(`${pointer}/`))
const ofError = new Set(["status", "/error/type", "/error/reason"])
const upstream = ({ request }: Difference) => request === "upstream"

/** Kinds that any case may show. */
const kinds: ReadonlyArray<Row> = [
  {
    what: "`error.remote`",
    recorded: "the provider's status and body are in the reason only",
    here: "an error of a provider's response has its status, request id and body (truncated) in `error.remote`; its `root_cause` has the reason without the provider's text",
    at: ({ at, recorded }) => at === "/error/remote" && recorded === undefined,
  },
  {
    what: "`error.reason`",
    recorded: "says what is wrong",
    here: "the same text, followed by where it is and what to do",
    at: ({ at, recorded, here }) =>
      (at === "/error/reason" || at === "/error") &&
      typeof recorded === "string" &&
      typeof here === "string" &&
      here.startsWith(recorded),
  },
  {
    what: "`error.rendering`",
    recorded: "the reason names the first missing parameter",
    here: "an error of rendering has its stage and every faulty parameter in `error.rendering`",
    at: ({ at, recorded }) => at === "/error/rendering" && recorded === undefined,
  },
  {
    what: "`error.caused_by`, `error.line`, `error.col`",
    recorded: "internal exceptions of the server, and places in the body",
    here: "absent; the reason says what is wrong and, for a body that is not JSON, its line and column",
    at: ({ at, here }) => ["/error/caused_by", "/error/line", "/error/col"].includes(at) && here === undefined,
  },
  {
    what: "an error of the caller that fails inside the server",
    recorded: "500 with the exception",
    here: "400 or 404 with `illegal_argument_exception`, `parse_exception` or `status_exception` and a reason that names the field",
    at: ({ at, statuses }) => ofError.has(at) && statuses?.[0] === 500 && statuses[1] >= 400 && statuses[1] < 500,
  },
  {
    what: "a provider's response that the connector cannot use: not JSON, HTML, cut off, a process function that fails",
    recorded: "400 or 500, often `Fail to execute PREDICT in aws connector`",
    here: "502 `status_exception` with the reason and the location",
    at: ({ at, statuses }) => ofError.has(at) && statuses?.[1] === 502 && [400, 500, 302].includes(statuses[0]),
  },
]

const requests: ReadonlyArray<Row> = [
  {
    what: "HEAD of a path that has GET",
    recorded: "405 with `Allow`",
    here: "the status and headers of the GET, without a body",
    cases: ["http.head"],
  },
  {
    what: "the time before the first record of a kind",
    recorded:
      "its index is missing: deletes are 404, other calls 404 or 500, and searches count 0 shards with `max_score` 0",
    here: "as after it",
    cases:
      ids(`fresh.connector.search fresh.connector.delete fresh.model.predict fresh.model.deploy fresh.model.undeploy
      fresh.group.search fresh.group.delete fresh.task.search http.charset http.vnd http.bom http.source-param`),
  },
  {
    what: "an unknown query parameter beside a body whose fields contradict each other",
    recorded: "the body's error is reported first",
    here: "so it is for a body that is missing, not JSON or of wrong types; otherwise the parameter is reported first",
    cases: ids("http.unknown-query-near"),
  },
  {
    what: "a body that is not JSON, or has a name twice",
    recorded:
      "`unexpected_end_of_input_exception` and others, in the words of the parser; text after the object is ignored",
    here: "`json_parse_exception` with line and column; text after the object is rejected",
    cases: ids("http.bad-json http.bad-json-3 http.trailing http.bad-utf8 http.duplicate-key stats.walk"),
    at: under("/error/type", "/error/reason"),
  },
  {
    what: "YAML, CBOR and SMILE (`format`, `Accept`)",
    recorded: "served",
    here: "responses are JSON; another `format` is 406",
    cases: ids("http.format-yaml http.accept-yaml"),
  },
  {
    what: "a field with a wrong JSON type",
    recorded: "converted, emptied, or rejected in the words of a parser",
    here: "rejected with its location, such as `Expected string | null at [/name]`",
    cases: ids(`conn.actions-object conn.parameters-string conn.credential-string conn.cc-float group.name-number
      model.enabled-string tmpl.param-string pre.bad-inputs`),
  },
  {
    what: "settings left by other requests, and counts of other requests",
    recorded: "of 941 cases on one server",
    here: "of the cases that are recorded here",
    cases: ids("settings.get stats.walk"),
    at: under(
      "/persistent",
      "/ml_connector_count",
      "/ml_model_count",
      "/ml_controller_index_status",
      "/nodes/<id>/ml_executing_task_count",
      "/nodes/<id>/algorithms/remote/predict",
      "/nodes/<id>/models/<id>/predict",
    ),
  },
  {
    what: "`predictor` in `_profile`",
    recorded: "a Java object's name and address",
    here: "`drawbar/RemoteModel`",
    cases: ids("stats.walk"),
    at: ({ at }) => at.endsWith("/predictor"),
  },
  {
    what: "`_profile/tasks`",
    recorded: "failed predicts remain in it as running",
    here: "`{}`: predicts are not tasks, and other tasks end with their request",
    cases: ids("stats.walk"),
    at: ({ at, request }) => at === "/nodes" && request.endsWith("/profile/tasks"),
  },
  {
    what: "`remote_inference.enabled: false`",
    recorded: "the reason names a setting that does not exist",
    here: "the reason names `plugins.ml_commons.remote_inference.enabled`",
    cases: ids("settings.remote-off"),
  },
  {
    what: "a connector whose URL is not trusted",
    recorded: "`Connector URL is not matching the trusted connector endpoint regex`",
    here: "the same, with the URL and the command that allows the host",
    cases: ids("settings.untrusted"),
  },
]

const connectors: ReadonlyArray<Row> = [
  {
    what: "connectors that cannot be called: no actions, an unknown method or `connector.*` function, an invalid header name",
    recorded: "stored, fails when it is called",
    here: "rejected on create with the nearest known name",
    cases: ids(`conn.actions-empty conn.method-junk conn.pre-unknown conn.post-unknown conn.bad-action-type
      conn.header-name-space pre.step-size-junk`),
  },
  {
    what: "a `url` without a host, with another scheme, a fragment or a secret, or with an origin set by the caller",
    recorded: "stored; fails or is truncated when it is called",
    here: "rejected on create: a credential is bound to its origin, and is sent in a header",
    cases: ids("conn.without-parameters conn.url-no-host conn.url-ftp conn.url-credential url.fragment"),
  },
  {
    what: "a `request_body` that cannot become JSON: truncated, plain text without a text content type, single quotes, a secret, a cycle",
    recorded: "stored; sent unchanged, or fails when it is called",
    here: "rejected on create with line and column",
    cases: ids("conn.body-not-json conn.body-plain tmpld.single-quotes tmpld.credential-in-body tmplc.cycle"),
  },
  {
    what: "`client_config` outside its ranges, and `skip_ssl_verification` without the operator's permission",
    recorded: "stored",
    here: "rejected on create",
    cases: ids("conn.cc-negative conn.cc-skip-ssl"),
  },
  {
    what: "ports of other protocols, such as 1 and 9",
    recorded: "called",
    here: "rejected on create",
    cases: ids("conn.put-actions up.refused"),
  },
  {
    what: "`client_config.mutual_tls_enabled`",
    recorded: "not known to 3.8",
    here: "returned with its default, as in 3.9",
    cases: ids("conn.cc-policy-upper conn.put-client-config"),
    at: under("/client_config/mutual_tls_enabled"),
  },
  {
    what: "a custom `connector_id`",
    recorded: "3.8 ignores it",
    here: "honoured, as in 3.9; one that begins with `_` is rejected",
    cases: ids("conn.custom-id-bad"),
  },
  {
    what: "`access_mode: public` while access control is off",
    recorded: "refused",
    here: "accepted, and returned as `access`; other modes are rejected",
    cases: ids("conn.access-mode-off"),
  },
  {
    what: "updating a connector of deployed models",
    recorded: "rejected until they are undeployed",
    here: "allowed; applies from the next predict on",
    cases: ids("conn.in-use"),
  },
  {
    what: "a credential that lacks what the connector uses",
    recorded: "`Connector credential is null or empty list`, `Missing credential`",
    here: "the reason names the missing header or credential",
    cases: ids("conn.credential-empty conn.aws-no-keys"),
  },
  {
    what: "several names or descriptions with unsafe characters",
    recorded: "the problems are in no fixed order",
    here: "the problems are in the order of the fields",
    cases: ids("conn.both-bad"),
  },
]

const searches: ReadonlyArray<Row> = [
  {
    what: "`fuzzy` and `script_fields`, and highlighting and `fields`",
    recorded: "served",
    here: "rejected by name; use `match`, `wildcard`, or `_source`",
    cases: ids("search.fuzzy search.script-field"),
  },
  {
    what: "a sort on an unknown field",
    recorded: "400",
    here: "the sort is ignored",
    cases: ids("search.sort-missing-field"),
    pending: "search",
  },
  {
    what: "a search for `credential`",
    recorded: "finds connectors that have one",
    here: "finds nothing: encrypted values are not indexed",
    cases: ids("search.credential-field"),
  },
  {
    what: "`_source: false`",
    recorded: "ignored if fields are excluded",
    here: "honoured",
    cases: ids("search.source-false"),
  },
  {
    what: "`term` on a model's `connector_id`",
    recorded: "finds nothing: the field is analysed text; `connector_id.keyword` finds it",
    here: "both find the model",
    cases: ids("life.search"),
    at: under("/hits/total/value", "/hits/max_score", "/hits/hits"),
  },
  {
    what: "messages of an invalid search",
    recorded: "with positions in the body",
    here: "with the name of the clause and the supported alternatives",
    cases: ids("search.aggs-bad search.query-empty search.term-no-field"),
  },
]

const models: ReadonlyArray<Row> = [
  {
    what: "`_version` of a record",
    recorded: "also counts the cluster's own writes",
    here: "counts the writes of requests",
    cases: ids("conn.in-use group.put group.with-models life.deploy model.inline-ok life.search"),
    at: ({ at }) => at.endsWith("/_version"),
  },
  {
    what: "a model after its undeployment",
    recorded: "still has `deploy_to_all_nodes`",
    here: "has `last_undeployed_time` and an empty `planning_worker_nodes`",
    cases: ids("life.deploy"),
    at: under("/deploy_to_all_nodes", "/last_undeployed_time", "/planning_worker_nodes"),
  },
  {
    what: "a model that was moved to another group",
    recorded: "has its own `model_id` from then on",
    here: "has the fields of any other model",
    cases: ids("life.put-group"),
    at: under("/model_id"),
  },
  {
    what: "messages of a rejected registration: a local function, an embedded connector without a known protocol",
    recorded: "`model format is null`, `Can't find class for type`, `connector protocol is null`",
    here: "the reason says what Drawbar supports, and what is missing",
    cases: ids("model.local model.inline-bad-protocol model.inline-null"),
  },
  {
    what: "`rate_limiter.unit` in lower case",
    recorded: "refused",
    here: "accepted in any case",
    cases: ids("model.limiter-unit-lower"),
  },
  {
    what: "`connector_id` and `connector` together",
    recorded: "the embedded connector is ignored",
    here: "refused",
    cases: ids("model.both"),
  },
  {
    what: "an interface without `input` and `output`",
    recorded: "returned as `{}`",
    here: "not returned",
    cases: ids("model.interface-other model.interface-empty"),
  },
  {
    what: "no `interface` given",
    recorded: "one is preset for some providers, and their predicts are validated against it",
    here: "none is attached",
    cases: ids("iface.preset"),
  },
  {
    what: "the reason of an input or output that violates the interface",
    recorded: "JSON pointers, the whole instance and the whole schema",
    here: "a JSONPath and the violated condition, never the instance",
    cases: ids("iface.integer iface.boolean iface.object iface.additional iface.output iface.typed-input"),
  },
]

const templates: ReadonlyArray<Row> = [
  {
    what: "characters in a JSON string",
    recorded: "characters beyond ASCII and the slash are escaped, in upper-case hexadecimal",
    here: "sent as UTF-8; only what JSON requires is escaped",
    cases: ids(`tmpl.controls tmpl.unicode tmpl.slash tmpl.lone-surrogate tmpl.html tmplu.nested-strings
      tmpld.unicode-template tmplc.charset painlesspre.titan`),
    at: upstream,
  },
  {
    what: "numbers, whitespace and order of members in a caller's JSON",
    recorded: "numbers are converted to double, members to a hash map",
    here: "kept digit by digit and in the caller's order",
    cases: ids("tmplu.float tmplu.precise tmplu.neg-zero tmplu.object-order tmplu.whitespace-kept"),
    at: upstream,
  },
  {
    what: "a caller's `null`",
    recorded: "the text `null`, in preference to the default; `null` in quotes is sent as a word",
    here: "treated as absent: the default applies, or the parameter is missing",
    cases: ids("tmpl.quoted-null tmpld.default-text tmpld.default-null"),
  },
  {
    what: "a string, list or object that looks like JSON, inserted between quotes",
    recorded: "inserted without escapes: `Invalid payload`",
    here: "escaped as text",
    cases: ids("tmpl.quoted-array tmpl.quoted-json-text tmpld.within-text painlesspre.docs-loop"),
  },
  {
    what: "a string in the position of a JSON value",
    recorded: "inserted unchanged, which may send a body that is not JSON",
    here: "parsed as JSON if it is exactly one value, otherwise rejected by name",
    cases: ids("tmplu.text-word tmplu.text-lax-2"),
  },
  {
    what: "a caller's text that contains `${parameters.x}`",
    recorded: "is also filled in",
    here: "is data, never a template",
    cases: ids("tmpl.hole-in-value"),
  },
  {
    what: "a missing parameter",
    recorded: "one at a time, `Invalid payload` for a bare one, another message for a header or a URL",
    here: "all names together, before other errors",
    cases: ids("tmplu.missing head.param url.param"),
  },
  {
    what: "a default that is an object or contains another placeholder (`${parameters.x:-{}}`)",
    recorded: "the default ends at the first brace, so `{}` fails if `x` is given; a nested one is stored and fails",
    here: "an object ends at its matching brace; a nested placeholder is rejected on create",
    cases: ids("tmpld.default-object tmpld.default-nested"),
  },
  {
    what: "`\\${parameters.x}`",
    recorded: "a missing parameter",
    here: "the text `${parameters.x}`",
    cases: ids("tmpld.escape-dollar"),
  },
  {
    what: "`${parameters.x.toString()}`",
    recorded: "filled only for an object inside another parameter, with its quotes escaped twice",
    here: "filled in any position, escaped once",
    cases: ids("tmpld.to-string tmplc.to-string"),
  },
]

const calls: ReadonlyArray<Row> = [
  {
    what: "a parameter in a URL's path or query",
    recorded: "inserted unchanged; a space or `|` fails",
    here: "percent-encoded for its position",
    cases: ids("url.param"),
  },
  {
    what: "`Content-Type` of a DELETE without a body",
    recorded: "`application/json`",
    here: "not sent",
    cases: ids("url.delete"),
  },
  {
    what: "a parameter with a control character in a header",
    recorded: "the header is sent without it",
    here: "refused",
    cases: ids("head.param"),
  },
  {
    what: "a `Host` header that names another host",
    recorded: "sent",
    here: "refused",
    cases: ids("head.host"),
  },
  {
    what: "several documents for a function that accepts one",
    recorded: "the first is sent, the others are dropped",
    here: "one call for each, joined in order; a document that looks like JSON is escaped as text",
    cases: ids(`pre.cohere.multimodal_embedding pre.bedrock.multimodal_embedding pre.bedrock.nova.embedding
      pre.bedrock.nova.text_embedding painlesspre.docs-loop`),
  },
  {
    what: "numbers and booleans among `text_docs`",
    recorded: "converted to text",
    here: "rejected with their location",
    cases: ids("pre.bad-inputs"),
  },
  {
    what: "`return_number`, `return_bytes`, `target_response`, `target_response_positions` with `text_docs`",
    recorded: "ignored",
    here: "honoured",
    cases: ids("pre.flags"),
  },
  {
    what: "an empty embedding, or an embedding list without any",
    recorded: "200 with an empty tensor, or none",
    here: "502 with the location",
    cases: ids("post.default.embedding post.bedrock.embedding"),
  },
  {
    what: "rerank scores that are integers or long numbers",
    recorded: "rejected, or an exception",
    here: "kept digit by digit",
    cases: ids("post.cohere.rerank post.bedrock.rerank"),
  },
  {
    what: "`connector.post_process.mlcommons.passthrough` on anything but an ML Commons response",
    recorded: "an empty or failed response",
    here: "the response itself as `dataAsMap`",
    cases: ids("post.mlcommons.passthrough"),
  },
  {
    what: "a `response_filter` that finds `null`",
    recorded: "the whole response",
    here: "`null`, under `response`",
    cases: ids("filter.null"),
  },
  {
    what: "a `response_filter` that finds nothing",
    recorded: "the whole response, if a member before the last is missing",
    here: "502 with the path",
    cases: ids("filter.miss-deep"),
  },
  {
    what: "functions and operators of Jayway's JSONPath in a filter (`keys()`, `min()`, `concat()`, `in`), and a truncated path",
    recorded: "evaluated, including the truncated one",
    here: "rejected on create: paths follow RFC 9535",
    cases: ids("filter.keys filter.in filter.min filter.concat filter.broken"),
  },
  {
    what: "a `response_filter` of whitespace",
    recorded: "400",
    here: "no filter",
    cases: ids("filter.blank"),
  },
  {
    what: "a response that is one number or one boolean",
    recorded: "`Unsupported response type`",
    here: "`dataAsMap.response`",
    cases: ids("shape.float shape.bool"),
  },
  {
    what: "redirects and other statuses from 300",
    recorded: "returned to the caller; the body of a 300 counts as a response",
    here: "502: redirects are not followed",
    cases: ids("up.300 up.302"),
    at: ({ at }) => at === "status",
  },
  {
    what: "a secret in a provider's response",
    recorded: "shown",
    here: "masked as `***`",
    cases: ids("up.secret-echo"),
    at: under("/error/reason"),
  },
  {
    what: "messages of a connection failure",
    recorded: "in the words of the HTTP client",
    here: "with the origin, the error code and what to check",
    cases: ids("up.unresolvable"),
  },
  {
    what: "a connection that breaks before the response, or an empty response",
    recorded: "retried without `max_retry_times`",
    here: "502; retried only if `client_config` says so",
    cases: ids("retry.reset retry.empty"),
  },
  {
    what: "the names of algorithms that Drawbar does not support, at `_predict`",
    recorded: "`Validation Failed: 1: input data can't be null;`",
    here: "`Wrong function name`",
    cases: ids("predict.paths"),
    at: ({ request }) => request.includes("/kmeans/"),
  },
  {
    what: "batch predictions",
    recorded: "served",
    here: "501",
    cases: ids(`predict.paths batch.walk batchx.openai batchx.status-incomplete batchx.status-upper batchx.status-error
      batchx.cohere batchx.own-actions batchx.submit-text`),
    at: ({ request }) => request.includes("/_batch_predict") || request === "upstream",
    pending: "jobs",
  },
]

const scripts: ReadonlyArray<Row> = [
  {
    what: "a script that does not compile",
    recorded: "stored; fails in each predict",
    here: "rejected on create with line and column",
    cases: ids(`painless.string-split painless.replace-all painless.instanceof painless.sha painless.doc
      painless.undefined-var painless.syntax-error painless.missing-semicolon painless.string-escapes`),
    at: ({ at }) => at === "status",
  },
  {
    what: "a post-process script that returns a map, or JSON other than a tensor",
    recorded: "an exception, or an empty tensor",
    here: "kept as `dataAsMap`; numbers without a type are kept as `data`",
    cases: ids(`painless.map painless.json-object painless.tensor-no-type painless.tensor-bad-type
      painless.json-array-scalars painless.lax-json`),
  },
  {
    what: "a script that Painless rejects (an endless loop, a lambda that writes an outer variable)",
    recorded: "a connector is stored, and its predict fails",
    here: "rejected on create, with line and column",
    cases: ids("painless.infinite painless.each-with"),
  },
  {
    what: "`input_docs_processed_step_size` and an upstream that returns more vectors than documents",
    recorded: "every vector is in the result",
    here: "502 with both numbers: a vector would belong to no document",
    cases: ids("pre.step-size"),
  },
]

export const rows: ReadonlyArray<Row> = [
  ...kinds,
  ...requests,
  ...connectors,
  ...searches,
  ...models,
  ...templates,
  ...calls,
  ...scripts,
]

/** Whether a row names a difference. */
export const explains = ({ cases, at }: Row, difference: Difference): boolean =>
  (cases?.includes(difference.id) ?? true) && (at?.(difference) ?? true)

const cell = (text: string) => text.replaceAll("|", "\\|")

/** The rows in the form of docs/compatibility.md. */
export const markdown = (): string =>
  [
    "| what | ML Commons 3.8 | here |",
    "| --- | --- | --- |",
    ...rows.map(
      ({ what, recorded, here, pending }) =>
        `| ${cell(what)} | ${cell(recorded)} | ${cell(here)}${pending === undefined ? "" : " (for now)"} |`,
    ),
  ].join("\n")
