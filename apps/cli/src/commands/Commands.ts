/** The commands in the order in which help lists them. Each is loaded where it is needed, with what it imports. */

const loaders = {
  serve: async () => (await import("./serve.ts")).command,
  demo: async () => (await import("./demo.ts")).command,
  blueprint: async () => (await import("./blueprint/blueprint.ts")).command,
  connector: async () => (await import("./connector/connector.ts")).command,
  model: async () => (await import("./model/model.ts")).command,
  alias: async () => (await import("./alias/alias.ts")).command,
  group: async () => (await import("./group/group.ts")).command,
  controller: async () => (await import("./controller/controller.ts")).command,
  task: async () => (await import("./task/task.ts")).command,
  render: async () => (await import("./render.ts")).command,
  lint: async () => (await import("./lint.ts")).command,
  trust: async () => (await import("./trust.ts")).command,
  untrust: async () => (await import("./trust.ts")).untrust,
  settings: async () => (await import("./settings.ts")).command,
  stats: async () => (await import("./stats.ts")).command,
  keyring: async () => (await import("./keyring/keyring.ts")).command,
  db: async () => (await import("./db/db.ts")).command,
  backup: async () => (await import("./backup.ts")).command,
  restore: async () => (await import("./restore.ts")).command,
  user: async () => (await import("./user/user.ts")).command,
  key: async () => (await import("./key/key.ts")).command,
  usage: async () => (await import("./usage.ts")).command,
  login: async () => (await import("./login.ts")).command,
  context: async () => (await import("./context.ts")).command,
  whoami: async () => (await import("./whoami.ts")).command,
  status: async () => (await import("./status.ts")).command,
  version: async () => (await import("./version.ts")).command,
  help: async () => (await import("./help.ts")).command,
}

type Name = keyof typeof loaders

const isName = (word: string | undefined): word is Name => word !== undefined && Object.hasOwn(loaders, word)

/** The command that the first word names; all of them where it names none, as in help and in completion. */
export const load = (word?: string) =>
  Promise.all(isName(word) ? [loaders[word]()] : Object.values(loaders).map((loader) => loader()))
