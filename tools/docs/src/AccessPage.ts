/** The page of what each role may do, as Markdown. */
import { roles } from "@drawbar/registry/access/Principal"
import * as HttpApi from "effect/http-api/HttpApi"
import { DrawbarApi } from "@drawbar/http-api/routes/DrawbarApi"
import * as Permission from "@drawbar/http-server/access/Permission"

export const markdown = (): string => {
  const lines: Array<string> = []
  HttpApi.reflect(DrawbarApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint: { method, path } }) =>
      lines.push(`- \`${method} ${path}\`: ${Permission.needed({ method, path }) ?? "everybody"}`),
  })
  return [
    "# Who may do what",
    "",
    "Without `--auth on` Drawbar listens on loopback only, and every program of its machine may do everything. With it, each request says who asks: an API",
    "key (`Authorization: Bearer …`, made by `drawbar key create`), Basic credentials (a user, made by `drawbar user create`), or a token of the issuer in",
    "`--jwt`. [operating.md](operating.md) says how they are made, and how records belong to those who made them.",
    "",
    "A role grants kinds of actions:",
    "",
    ...roles.map((role) => `- **${role}**: ${Permission.granted[role].join(", ")}`),
    "",
    "`read` sees records and never a secret, `predict` asks models, `write` makes and changes connectors and models, `operate` changes settings, keys and",
    "users. Each endpoint needs one kind:",
    "",
    ...lines,
    "",
    "This page is generated: `pnpm golden` writes it anew.",
    "",
  ].join("\n")
}
