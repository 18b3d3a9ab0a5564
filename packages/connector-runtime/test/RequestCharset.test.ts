/** What a connector's `charset` makes of the bodies that are sent. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import { text } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as CompiledConnector from "../src/call/CompiledConnector.ts"
import * as UpstreamRequest from "../src/call/UpstreamRequest.ts"

const rendered = (charset: string | undefined, given: string | undefined, request_body: string) => {
  const connector: Connector = {
    protocol: "http",
    parameters: charset === undefined ? {} : { charset },
    actions: [
      {
        action_type: "PREDICT",
        method: "POST",
        url: "https://api.example.com/",
        headers: { "content-type": request_body.startsWith("{") ? "application/json" : "text/csv" },
        request_body,
      },
    ],
  }
  return Result.match(
    Result.flatMap(CompiledConnector.compile(connector, []), ({ actions: [action] }) =>
      UpstreamRequest.render(
        action!,
        { caller: new Map(given === undefined ? [] : [["charset", text(given)]]), runtime: new Map() },
        () => "",
      ),
    ),
    { onSuccess: ({ body }) => body, onFailure: ({ reason }) => `${reason._tag}: ${reason.message}` },
  )
}

describe("a body", () => {
  it.each<[string | undefined, string | undefined, string, string]>([
    [undefined, undefined, '{"a":"é😀"}', '{"a":"é😀"}'],
    ["UTF-8", undefined, '{"a":"é😀"}', '{"a":"é😀"}'],
    ["ISO-8859-1", undefined, '{"a":"é😀","b":"\\u00e9"}', '{"a":"\\u00e9\\ud83d\\ude00","b":"\\u00e9"}'],
    ["us-ascii", undefined, "plain,text", "plain,text"],
    [undefined, "windows-1252", '{"a":"é"}', '{"a":"\\u00e9"}'],
    ["ISO-8859-1", undefined, "é", "InvalidInput: The body is not JSON"],
    ["UTF-16", undefined, "{}", 'InvalidConnector: charset "UTF-16" is not supported'],
    ["x-none", undefined, "{}", 'InvalidConnector: charset "x-none" is not supported'],
    [undefined, "utf-32", "{}", 'InvalidInput: charset "utf-32" is not supported'],
  ])("in the charset %s, and %s of the caller: %s", (charset, given, body, expected) => {
    const sent = rendered(charset, given, body)
    expect(sent?.slice(0, expected.length)).toBe(expected)
  })
})
