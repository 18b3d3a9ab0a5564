import { assert, it } from "@effect/vitest"
import aws4 from "aws4"
import { AwsV4Signer } from "aws4fetch"
import { Result } from "effect"
import * as SigV4 from "../src/SigV4.ts"

const rounds = 2000

/** mulberry32: small, and repeatable on every machine for the same seed. */
const numbers = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

const seed = Number(process.env["DRAWBAR_SEED"] ?? Date.now() % 2 ** 31)

const makeChance = () => {
  const next = numbers(seed)
  const upTo = (limit: number) => Math.floor(next() * limit)
  const oneOf = <A>(options: readonly [A, ...Array<A>]): A => options[upTo(options.length)] ?? options[0]
  const many = <A>(limit: number, make: () => A) => Array.from({ length: upTo(limit + 1) }, make)
  const word = (characters: readonly [string, ...Array<string>]) =>
    oneOf(characters) + many(8, () => oneOf(characters)).join("")
  return { upTo, oneOf, many, word }
}

const segmentCharacters = ["a", "Z", "7", "-", "_", ".x", "~", " ", "%", "é", "ሴ", "😀", "&", "=", "#", "?"] as const
const rawSegments = ["v1:0", "a@b", "%3A", "x!'()*", "a,b;c=d&e$f", "a%2fb", "", ".", ".."] as const
const queryCharacters = ["a", "B", "9", " ", "+", "&", "=", "/", "%", "é", "ሴ", "*", "'", "(", ")", "!", "~"] as const
const valueCharacters = ["a", "Z", "0", " ", "  ", '"', ",", ";", "=", "/", "\t"] as const
const services = ["bedrock", "sagemaker", "comprehend", "execute-api", "s3"] as const

const makeRequest = ({ oneOf, many, word, upTo }: ReturnType<typeof makeChance>) => {
  const service = oneOf(services)
  // The two other signers parse `+`, `%2F` and a repeated parameter of S3 differently.
  const isS3 = service === "s3"
  const segment = () => (!isS3 && upTo(3) === 0 ? oneOf(rawSegments) : encodeURIComponent(word(segmentCharacters)))
  const names = isS3 ? ["p", "q", "r"].slice(upTo(4)) : many(4, () => oneOf(["p", "p", "q-1", "Ünï code", "P"]))
  const search = names.map(
    (name) => `${encodeURIComponent(name)}=${upTo(4) === 0 ? "" : encodeURIComponent(word(queryCharacters))}`,
  )
  const path = [segment, () => "", segment, segment].slice(upTo(4)).map((make) => make())
  const url = new URL(
    `https://${oneOf(["host.example.com", "bedrock-runtime.us-east-1.amazonaws.com:8443"])}/${path.join("/")}`,
  )
  url.search = search.join("&")

  const method = oneOf(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
  const text = many(3, () => word(valueCharacters)).join("\n") + oneOf(["", "ünïcode 😀", "\0\r\n"])
  const body =
    method === "GET" || method === "HEAD" ? "" : oneOf<string | Uint8Array>([text, new TextEncoder().encode(text)])
  const headers = {
    "Content-Type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "User-Agent": "never signed",
    ...Object.fromEntries(many(3, () => [`X-${word(["a", "B", "-", "1"])}`, word(valueCharacters)])),
    ...(upTo(2) === 0 && { "x-amz-content-sha256": "required" }),
  }
  const request = { method, url, headers, body } satisfies SigV4.Request
  const scope = { region: oneOf(["us-east-1", "eu-west-2"]), service } satisfies SigV4.Scope
  const credentials = {
    accessKeyId: `AKID${upTo(9)}`,
    secretAccessKey: word(["s", "/", "+", "K"]),
    ...(upTo(2) === 0 && { sessionToken: word(["t", "/", "+", "="]) }),
  } satisfies SigV4.Credentials
  return { request, scope, credentials, time: upTo(4_000_000_000) * 1000 + upTo(1000) }
}

const target = (url: string) => url.slice(url.indexOf("/", "https://".length))

it(`signs ${rounds} random requests like aws4 and aws4fetch`, async () => {
  const chance = makeChance()
  for (let round = 0; round < rounds; round++) {
    const { request, scope, credentials, time } = makeRequest(chance)
    const signed = Result.getOrThrow(await SigV4.sign(request, credentials, scope, time))
    const { authorization, ...headers } = signed.headers
    const where = `DRAWBAR_SEED=${seed}, round ${round}: ${request.method} ${signed.url}`
    const { method, body } = request

    const byAws4 = aws4.sign({ method, path: target(signed.url), headers, body, ...scope }, credentials)
    assert.strictEqual(authorization, byAws4.headers["Authorization"], where)

    const datetime = headers["x-amz-date"] ?? ""
    const { "user-agent": _, ...others } = headers
    const byAws4fetch = new AwsV4Signer({
      method,
      url: signed.url,
      headers: others,
      body,
      datetime,
      allHeaders: true,
      ...scope,
      ...credentials,
    })
    assert.strictEqual(authorization, await byAws4fetch.authHeader(), where)
  }
})

it(`presigns ${rounds} random URLs like aws4`, async () => {
  const chance = makeChance()
  for (let round = 0; round < rounds; round++) {
    const { request, scope, credentials, time } = makeRequest(chance)
    if (scope.service === "s3") continue
    const { "x-amz-content-sha256": _, ...headers } = request.headers
    const signed = Result.getOrThrow(await SigV4.presign({ ...request, headers }, credentials, scope, time, 60))
    const where = `DRAWBAR_SEED=${seed}, round ${round}: ${request.method} ${signed.url}`
    const url = new URL(signed.url)
    const signature = url.searchParams.get("X-Amz-Signature")
    url.searchParams.delete("X-Amz-Signature")
    const { method, body } = request
    const path = `${url.pathname}${url.search}`
    const byAws4 = aws4.sign(
      { method, path, headers: { ...signed.headers }, body, ...scope, signQuery: true },
      credentials,
    )
    assert.strictEqual(signature, new URLSearchParams(byAws4.path.split("?")[1]).get("X-Amz-Signature"), where)
  }
})
