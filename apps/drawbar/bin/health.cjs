// Asks the server of this machine whether it serves: exit code 0 or 1, for the health check of a container.
"use strict"

const http = require("node:http")
const https = require("node:https")
const process = require("node:process")

const { DRAWBAR_PORT = "9200", DRAWBAR_TLS_CERT } = process.env
const isTls = DRAWBAR_TLS_CERT !== undefined && DRAWBAR_TLS_CERT !== ""

// Its certificate is for other names than this address, which only this machine has.
const request = (isTls ? https : http).get(
  { host: "127.0.0.1", port: DRAWBAR_PORT, path: "/_health/live", rejectUnauthorized: false, timeout: 4_000 },
  (response) => process.exit(response.statusCode === 200 ? 0 : 1),
)
request.on("timeout", () => request.destroy(new Error("no response within 4 s")))
request.on("error", (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
