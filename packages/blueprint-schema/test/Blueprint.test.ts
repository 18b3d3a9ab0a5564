import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { decode } from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import { Redacted, Result } from "effect"
import { describe, expect, it } from "vitest"

const action = { action_type: "predict", method: "post", url: "https://api.example.com/v1" }
const valid = { name: "A", version: 1, protocol: "http", actions: [action] }

const read = (document: unknown) =>
  Result.flatMap(decode(Blueprint.Document)(document), (read) => Blueprint.check(read))
const refusal = (document: unknown) => Result.getOrThrow(Result.flip(read(document))).message
const without = (field: string) => Object.fromEntries(Object.entries(valid).filter(([name]) => name !== field))
const withAction = (change: object) => ({ ...valid, actions: [{ ...action, ...change }] })

describe("rejects a blueprint", () => {
  it.each<readonly [string, unknown, string]>([
    ["without a name", without("name"), "Connector name is null"],
    ["without a version", without("version"), "Connector version is null"],
    ["without a protocol", without("protocol"), "Connector protocol is null"],
    ["without actions", without("actions"), "No actions configured for this connector"],
    ["with an empty list of actions", { ...valid, actions: [] }, "No actions configured for this connector"],
    [
      "of an unknown protocol",
      { ...valid, protocol: "HTTP" },
      "Unsupported connector protocol. Please use one of [aws_sigv4, google_cloud, http]",
    ],
    [
      "of a protocol for tools",
      { ...valid, protocol: "mcp_sse" },
      "Protocol mcp_sse connects agents to tools; Drawbar connects applications to models. Please use one of [aws_sigv4, google_cloud, http]",
    ],
    ["without an action type", withAction({ action_type: null }), "action type can't be null"],
    ["without a url", withAction({ url: null }), "url can't be null"],
    ["without a method", withAction({ method: null }), "method can't be null"],
    [
      "of an unknown method",
      withAction({ method: "PATCH" }),
      "unsupported http method. Please use one of [POST, GET, PUT, DELETE]",
    ],
    [
      "with control characters in an action name",
      withAction({ name: "a\u0007" }),
      "Action name must not contain control characters",
    ],
    [
      "with a long action name",
      withAction({ name: "a".repeat(65) }),
      "Action name exceeds maximum length of 64 characters",
    ],
    [
      "with an action type as an action name",
      withAction({ name: "predict" }),
      "name can't be one of action type [PREDICT, EXECUTE, BATCH_PREDICT, CANCEL_BATCH_PREDICT, BATCH_PREDICT_STATUS]",
    ],
    [
      "of an unknown access mode",
      { ...valid, access_mode: "open" },
      "access_mode must be one of [public, private, restricted]",
    ],
    [
      "with an unknown retry policy",
      { ...valid, client_config: { retry_backoff_policy: "x" } },
      "Unsupported retry backoff policy",
    ],
    [
      "for AWS without keys",
      { ...valid, protocol: "aws_sigv4" },
      "Missing credential: access_key and secret_key are required for aws_sigv4",
    ],
    [
      "for AWS without a service",
      { ...valid, protocol: "aws_sigv4", credential: { access_key: "a", secret_key: "b" } },
      "Missing service name",
    ],
    [
      "for AWS without a region",
      { ...valid, protocol: "aws_sigv4", credential: { access_key: "a", secret_key: "b", service_name: "bedrock" } },
      "Missing region",
    ],
    [
      "with unsupported characters in its name",
      { ...valid, name: "<YOUR NAME>" },
      "Validation Failed: 1: Model connector name can only contain letters, numbers, spaces, and basic punctuation (.,!?():@-_'/\");",
    ],
    [
      "with a blank name",
      { ...valid, name: " " },
      "Validation Failed: 1: Model connector name is required and cannot be null or blank;",
    ],
  ])("%s", (_sentence, document, message) => {
    // Clients know the beginning; what to do comes after it.
    expect(refusal(document).slice(0, message.length)).toBe(message)
  })

  it("reports the location of a wrong type without the value", () => {
    const message = refusal({ ...valid, credential: { key: ["sk-planted"] } })
    expect(message).toContain("/credential/key")
    expect(message).not.toContain("sk-planted")
  })
})

it("keeps the digits of a number, and converts a parameter to text", () => {
  const document = Result.getOrThrow(
    Json.parse(
      '{"name":"A","version":1.10,"protocol":"http","parameters":{"t":0.10,"n":9007199254740993,"l":[1.0]},"actions":[{"action_type":"predict","method":"post","url":"u"}]}',
    ),
  )
  const { connector } = Result.getOrThrow(read(document))
  expect(connector.version).toBe("1.10")
  expect({ ...connector.parameters }).toEqual({ t: "0.10", n: "9007199254740993", l: "[1.0]" })
})

it("completes a partial client_config with defaults, and accepts numbers as text", () => {
  const { connector } = Result.getOrThrow(
    read({ ...valid, client_config: { max_connection: "5", retry_backoff_policy: "CONSTANT" } }),
  )
  expect(connector.client_config).toMatchObject({
    max_connection: 5,
    read_timeout: 30,
    retry_backoff_policy: "constant",
  })
})

it("merges parameters and replaces secrets in a change; null removes either", () => {
  const blueprint = Result.getOrThrow(
    read({ ...valid, parameters: { a: "1", b: "2" }, credential: { x: "old", y: "old" } }),
  )
  const change = Result.getOrThrow(
    Result.flatMap(
      decode(Blueprint.Document)({ parameters: { a: null, c: 3 }, credential: { x: "new", y: null } }),
      Blueprint.checkChange,
    ),
  )
  const { connector, credential } = Result.getOrThrow(Blueprint.apply(blueprint, change))
  expect({ ...connector.parameters }).toEqual({ b: "2", c: "3" })
  expect(Object.entries(credential).map(([name, value]) => [name, Redacted.value(value)])).toEqual([["x", "new"]])
})

it.each([
  ["a role", { credential: { roleArn: "arn" } }],
  ["a secret", { credential: { secretArn: "arn" } }],
  ["the server's identity", { parameters: { region: "r", service_name: "s", aws_identity: "server" } }],
])("accepts %s instead of AWS keys", (_, change) => {
  const aws = { ...valid, protocol: "aws_sigv4", parameters: { region: "r", service_name: "s" }, ...change }
  expect(Result.isSuccess(read(aws))).toBe(true)
})

it("rejects a change that removes required AWS keys", () => {
  const aws = {
    ...valid,
    protocol: "aws_sigv4",
    parameters: { region: "r", service_name: "s" },
    credential: { access_key: "a", secret_key: "b" },
  }
  const change = Result.getOrThrow(
    Result.flatMap(decode(Blueprint.Document)({ credential: { secret_key: null } }), Blueprint.checkChange),
  )
  expect(Result.isFailure(Blueprint.apply(Result.getOrThrow(read(aws)), change))).toBe(true)
})

it("treats names of Object.prototype like other names", () => {
  const document = Result.getOrThrow(
    Json.parse(
      '{"name":"A","version":1,"protocol":"http","parameters":{"constructor":"c"},"actions":[{"action_type":"predict","method":"post","url":"u"}]}',
    ),
  )
  expect(Result.getOrThrow(read(document)).connector.parameters["constructor"]).toBe("c")
})
