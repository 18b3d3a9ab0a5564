/** Adds the credentials of the command: the API key in `DRAWBAR_API_KEY`, if set. */
import process from "node:process"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"

export const onto = (client: HttpClient.HttpClient): HttpClient.HttpClient => {
  const key = process.env["DRAWBAR_API_KEY"]
  return key === undefined || key === "" ? client : HttpClient.mapRequest(client, HttpClientRequest.bearerToken(key))
}
