/**
 * Settings from OpenTelemetry's standard variables. Source:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import type { Sampling } from "@drawbar/http-server/telemetry/Tracing"
import { Result } from "effect"

/** The destination of one signal. */
export interface Exporting {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly protocol: "http/json" | "http/protobuf"
  readonly compression: "gzip" | "none"
  readonly timeoutMillis: number
  readonly intervalMillis: number
}

export interface OtlpSettings {
  /** Absent: the signal is not sent. */
  readonly traces: Exporting | undefined
  readonly metrics: Exporting | undefined
  readonly sampling: Sampling
  /** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, unchanged. */
  readonly resource: Readonly<Record<string, string>>
}

type Environment = Readonly<Record<string, string | undefined>>

/** Undefined if no endpoint is set, or everything is disabled. */
export const read = (environment: Environment): Result.Result<OtlpSettings | undefined, string> =>
  Result.gen(function* () {
    if (environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return undefined
    const traces = yield* exporting(environment, "TRACES", "OTEL_BSP_SCHEDULE_DELAY", 5_000)
    const metrics = yield* exporting(environment, "METRICS", "OTEL_METRIC_EXPORT_INTERVAL", 60_000)
    if (traces === undefined && metrics === undefined) return undefined
    const resource = Object.fromEntries(
      ["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"].flatMap((name) =>
        environment[name] ? [[name, environment[name]]] : [],
      ),
    )
    yield* readable(environment["OTEL_RESOURCE_ATTRIBUTES"], "OTEL_RESOURCE_ATTRIBUTES")
    return { traces, metrics, resource, sampling: yield* sampling(environment) }
  })

const exporting = (
  environment: Environment,
  signal: "TRACES" | "METRICS",
  interval: string,
  defaultInterval: number,
): Result.Result<Exporting | undefined, string> =>
  Result.gen(function* () {
    /** The variable of the signal, otherwise the general one. */
    const setting = (name: string) => {
      const [own, shared] = [`OTEL_EXPORTER_OTLP_${signal}_${name}`, `OTEL_EXPORTER_OTLP_${name}`]
      return environment[own]
        ? { name: own, text: environment[own] }
        : { name: shared, text: environment[shared] || undefined }
    }
    const exporter = environment[`OTEL_${signal}_EXPORTER`] || "otlp"
    const { name, text } = setting("ENDPOINT")
    if (text === undefined || exporter === "none") return undefined
    if (exporter !== "otlp") return yield* Result.fail(`OTEL_${signal}_EXPORTER ${exporter} must be otlp or none.`)
    if (!/^https?:\/\//.test(text) || !URL.canParse(text))
      return yield* Result.fail(`${name} ${text} must be a URL such as http://127.0.0.1:4318.`)
    const path = name.includes(signal) ? "" : `/v1/${signal.toLowerCase()}`
    return {
      url: text.replace(/\/$/, "") + path,
      headers: yield* readable(setting("HEADERS").text, setting("HEADERS").name),
      protocol: yield* oneOf(setting("PROTOCOL"), ["http/json", "http/protobuf"] as const),
      compression: yield* oneOf(setting("COMPRESSION"), ["none", "gzip"] as const),
      timeoutMillis: yield* millis(setting("TIMEOUT"), 10_000),
      intervalMillis: yield* millis({ name: interval, text: environment[interval] || undefined }, defaultInterval),
    }
  })

interface Setting {
  readonly name: string
  readonly text: string | undefined
}

/** The first choice is the default. */
const oneOf = <A extends string>(
  { name, text }: Setting,
  choices: readonly [A, ...Array<A>],
): Result.Result<A, string> => {
  const found = text === undefined ? choices[0] : choices.find((choice) => choice === text)
  return found === undefined
    ? Result.fail(`${name} ${text} must be one of ${choices.join(", ")}.`)
    : Result.succeed(found)
}

const millis = ({ name, text }: Setting, fallback: number): Result.Result<number, string> =>
  text === undefined || /^[1-9]\d{0,8}$/.test(text)
    ? Result.succeed(Number(text ?? fallback))
    : Result.fail(`${name} ${text} must be a number of milliseconds.`)

/** `name=value` pairs separated by commas, with percent-encoded values. */
const readable = (text = "", name: string): Result.Result<Readonly<Record<string, string>>, string> =>
  Result.try({
    try: () =>
      Object.fromEntries(
        text.split(",").flatMap((pair) => {
          const [, key, value = ""] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
          return key === undefined ? [] : [[key.toLowerCase(), decodeURIComponent(value)]]
        }),
      ),
    catch: () => `${name} has a % that does not begin a UTF-8 character. Write %25 for a literal %.`,
  })

const samplers: Readonly<Record<string, { readonly byCaller: boolean; readonly ratio?: number }>> = {
  always_on: { byCaller: false, ratio: 1 },
  always_off: { byCaller: false, ratio: 0 },
  traceidratio: { byCaller: false },
  parentbased_always_on: { byCaller: true, ratio: 1 },
  parentbased_always_off: { byCaller: true, ratio: 0 },
  parentbased_traceidratio: { byCaller: true },
}

const sampling = (environment: Environment): Result.Result<Sampling, string> => {
  const argument = environment["OTEL_TRACES_SAMPLER_ARG"] || undefined
  const name =
    environment["OTEL_TRACES_SAMPLER"] ||
    (argument === undefined ? "parentbased_always_on" : "parentbased_traceidratio")
  const sampler = Object.hasOwn(samplers, name) ? samplers[name] : undefined
  if (sampler === undefined)
    return Result.fail(`OTEL_TRACES_SAMPLER ${name} must be one of ${Object.keys(samplers).join(", ")}.`)
  const { byCaller, ratio = Number(argument ?? 1) } = sampler
  return ratio >= 0 && ratio <= 1
    ? Result.succeed({ byCaller, ratio })
    : Result.fail("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.")
}
