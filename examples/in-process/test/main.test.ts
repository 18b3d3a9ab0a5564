import { execFile } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const tensor = (data: ReadonlyArray<number>) => ({
  name: "sentence_embedding",
  data_type: "FLOAT32",
  shape: [2],
  data,
})

it("renders, signs and predicts without a server", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@drawbar/source", main])
  const reply = Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/: (.*)/, 2)),
  )
  expect(JSON.parse(reply["rendered"] ?? "")).toEqual({ model: "tiny", prompt: 'Say "hi", then {"stop":true}' })
  expect(reply["signed"]).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260101\/us-east-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
  )
  expect(JSON.parse(reply["predicted"] ?? "")).toEqual({
    inference_results: [{ output: [tensor([2, 4]), tensor([5, 11])], status_code: 200 }],
  })
})
