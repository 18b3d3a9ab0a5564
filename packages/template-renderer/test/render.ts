/** Helpers for the three templates: plain values in; text, or the tag of the reason, out. */
import { Result } from "effect"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as HeadersTemplate from "../src/HeadersTemplate.ts"
import * as Parameter from "../src/Parameter.ts"
import type { TemplateError } from "../src/TemplateError.ts"
import * as UrlTemplate from "../src/UrlTemplate.ts"

/** What a caller of this package hands in, as the connectors do. */
export const options = {
  url: { fixed: ["region", "service_name"] },
  headers: { fixedPrefix: "x-amz-", credentialMaps: ["secretArn"] },
  body: { skipMissing: "skip_validating_missing_parameters" },
} as const
export const withoutBody = "${parameters.http_body:-}"

export type Values = Readonly<Record<string, unknown>>

export interface Call {
  readonly author?: Parameter.Author
  readonly caller?: Values
  readonly runtime?: Values
  readonly contentType?: string
}

export const supplied = ({ caller, runtime }: Call): Parameter.Supplied => ({
  caller: Parameter.fromRecord(caller ?? {}),
  runtime: Parameter.fromRecord(runtime ?? {}),
})

const outcome = <A>(result: Result.Result<A, TemplateError>): A | string =>
  Result.getOrElse(result, (error) => `${error.reason.fault}: ${error.reason._tag}`)

export const bodyResult = (source: string, call: Call): Result.Result<string, TemplateError> =>
  Result.flatMap(
    BodyTemplate.compile(source, call.author ?? {}, { ...options.body, contentType: call.contentType }),
    (template) => BodyTemplate.render(template, supplied(call)),
  )

export const body = (source: string, call: Call): string => outcome(bodyResult(source, call))

export const url = (source: string, call: Call): string =>
  outcome(
    Result.flatMap(UrlTemplate.compile(source, call.author ?? {}, options.url), (template) =>
      UrlTemplate.render(template, supplied(call)),
    ),
  )

export const header = (name: string, value: string, call: Call): string | undefined => {
  const rendered = Result.flatMap(
    HeadersTemplate.compile({ [name]: value }, call.author ?? {}, ["key", "secretArn"], options.headers),
    (template) => HeadersTemplate.render(template, supplied(call), (credential) => `secret of ${credential}`),
  )
  return Result.isSuccess(rendered) ? rendered.success[name] : outcome(rendered)?.toString()
}
