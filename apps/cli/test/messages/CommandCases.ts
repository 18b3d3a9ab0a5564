/** Failures of the command: its arguments, and what standard error has to name. */
import type { Expected } from "./Grade.ts"

export interface CommandCase extends Expected {
  readonly name: string
  readonly code: 1 | 2
  /** `CONNECTOR` and `MODEL` stand for ids of the server; `URL` for its address without the scheme. */
  readonly args: ReadonlyArray<string>
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

export const secret = "sk-never-in-a-message-12345"

const broken = `{\n  "name": "x",\n  "credential": { "a": "${secret}" "b": 1 }\n}`

export const cases: ReadonlyArray<CommandCase> = [
  {
    name: "a server that does not respond",
    code: 1,
    args: ["connector", "list", "--url", "http://127.0.0.1:1"],
    thing: "cannot connect",
    place: "http://127.0.0.1:1",
    command: "drawbar serve",
  },
  {
    name: "https sent to a port that speaks http",
    code: 1,
    args: ["connector", "list", "--url", "https://URL"],
    thing: "does not speak TLS",
    place: /https:\/\/127\.0\.0\.1:\d+/,
    command: /--url http:\/\/127/,
  },
  {
    name: "no key for a server that wants one",
    code: 1,
    args: ["connector", "list", "--url", "http://LOCKED"],
    thing: "Authentication required",
    place: "this Drawbar server",
    command: "export DRAWBAR_API_KEY=KEY",
  },
  {
    name: "a key that the server does not know",
    code: 1,
    args: ["connector", "list", "--url", "http://LOCKED"],
    env: { DRAWBAR_API_KEY: secret },
    thing: "Authentication failed",
    place: "this Drawbar server",
    command: "DRAWBAR_API_KEY has a key that this server does not accept: set it",
  },
  {
    name: "an upstream's 401 is not the command's",
    code: 1,
    args: ["model", "predict", "REFUSED", "--param", "prompt=hi"],
    thing: "the provider, not Drawbar, rejected the credential api_key",
    place: /http:\/\/127\.0\.0\.1:\d+/,
    command: "drawbar connector update CONNECTOR_OF_REFUSED --credential api_key=env:",
  },
  {
    name: "a model that does not exist",
    code: 1,
    args: ["model", "predict", "nope", "--param", "prompt=hi"],
    thing: "Failed to find model",
    place: "status 404",
    command: "drawbar model list",
  },
  {
    name: "an update of nothing",
    code: 2,
    args: ["connector", "update", "CONNECTOR"],
    thing: "nothing to update",
    place: "drawbar connector update",
    command: "--credential NAME=env:VARIABLE",
  },
  {
    name: "an update of a secret that nothing uses",
    code: 2,
    args: ["connector", "update", "CONNECTOR", "--credential", "apikey=env:SECRET"],
    env: { SECRET: secret },
    thing: "--credential apikey",
    place: /connector \S{20}/,
    command: "Use one of [api_key]",
  },
  {
    name: "a password's variable that is not set",
    code: 2,
    args: ["user", "create", "ada", "--role", "admin", "--password", "env:NOT_SET"],
    thing: "the variable NOT_SET is not set in this shell",
    place: "--password",
    command: "export NOT_SET=",
  },
  {
    name: "a password on the command line",
    code: 2,
    args: ["user", "create", "ada", "--role", "admin", "--password", secret],
    thing: "stays in the shell's history",
    place: "--password",
    command: "--password env:VARIABLE or --password file:PATH",
  },
  {
    name: "a credential's variable that is not set",
    code: 2,
    args: ["connector", "update", "CONNECTOR", "--credential", "api_key=env:NOT_SET"],
    thing: "the variable NOT_SET is not set in this shell",
    place: "--credential api_key",
    command: "export NOT_SET=",
  },
  {
    name: "a variable that has a placeholder",
    code: 1,
    args: ["connector", "update", "CONNECTOR", "--credential", "api_key=env:KEY"],
    env: { KEY: "YOUR_API_KEY" },
    thing: "is a placeholder that is not filled in",
    place: "credential api_key",
    command: "--credential api_key=env:VARIABLE",
  },
  {
    name: "a blueprint without its secret",
    code: 2,
    args: ["blueprint", "use", "openai-chat"],
    thing: "does not set the credential openAI_key",
    place: "names a variable of the server, which begins with DRAWBAR_SECRET_",
    command: "--credential openAI_key=env:OPENAI_API_KEY",
  },
  {
    name: "a document of broken JSON",
    code: 2,
    args: ["connector", "create", "-"],
    input: broken,
    thing: 'expected "," or "}"',
    place: "standard input:3:",
    command: /Correct it at \^:\n.*·+/,
  },
  {
    name: "a file that does not exist",
    code: 2,
    args: ["connector", "create", "none.json"],
    thing: "no such file or folder",
    place: "none.json",
    command: "cannot read",
  },
]
