/** What each operation does, for the reference: a line, and what else a caller has to know. A test holds it to the contracts. */

export interface OperationText {
  /** One line, an imperative. */
  readonly summary: string
  readonly description?: string
}

export const tags: Readonly<Record<string, string>> = {
  cluster: "What clients of OpenSearch ask of any server: who it is, its health, its settings.",
  blueprints: "The documents that come with Drawbar, from which connectors are made.",
  connectors: "How a provider is called: a blueprint and a sealed credential.",
  models: "Models use a connector, are deployed, and are called with _predict.",
  predictions: "Call a model, or see the request that a call would send.",
  modelGroups: "Models that are versions of each other, and who may use them.",
  controllers: "How often each user may call a model.",
  tasks: "What was asked for and how far it is.",
  keys: "The encryption keys of stored credentials. No key is in any response.",
  principals: "Users and API keys: who may call this server.",
  health: "Probes and metrics for operators.",
  stats: "What was counted since the start, and what is deployed.",
  aliases: "Names for models, which can be switched at once.",
  versions: "What records and settings were before, and going back to it.",
  backup: "Copies of all records.",
  usage: "Requests, tokens and costs over time.",
  replicas: "The servers that share a database.",
  reference: "This reference, and the JSON Schema of blueprints.",
}

const search = (noun: string): Readonly<Record<string, OperationText>> => ({
  search: {
    summary: `Search ${noun}`,
    description: "Takes OpenSearch's query language: query, from, size, sort, _source, aggs.",
  },
  searchByGet: { summary: `Search ${noun} by GET`, description: "As POST; the body may stand in `source`." },
})

const history = (prefix: string, noun: string): Readonly<Record<string, OperationText>> => ({
  [`${prefix}List`]: { summary: `List the versions of ${noun}`, description: "Newest first." },
  [`${prefix}Get`]: { summary: `Show a version of ${noun}` },
  [`${prefix}Diff`]: { summary: `Compare two versions of ${noun}`, description: "As JSON pointers with both values." },
  [`${prefix}Rollback`]: { summary: `Go back to a version of ${noun}`, description: "Makes a new version." },
})

const groups: Readonly<Record<string, Readonly<Record<string, OperationText>>>> = {
  cluster: {
    about: { summary: "Show the version", description: "`drawbar=true` adds Drawbar's own version." },
    ping: { summary: "Check that the server responds" },
    health: { summary: "Show the health", description: "`red` while nothing can be written, else `green`." },
    healthOf: { summary: "Show the health, for clients that name an index" },
    nodes: { summary: "List the nodes", description: "There is one: this server." },
    nodesOf: { summary: "Show a node" },
    nodesInfo: { summary: "Show a part of a node" },
    plugins: { summary: "List the plugins", description: "Names ML Commons, whose API is served." },
    openapi: { summary: "Show this API as an OpenAPI document" },
    getSettings: { summary: "Show the cluster settings" },
    putSettings: {
      summary: "Change cluster settings",
      description:
        "`persistent` settings are stored, `transient` ones last until the server stops; `null` takes one back.",
    },
    editTrustedHosts: {
      summary: "Add and remove trusted hosts",
      description:
        "Changes the list as it stands at that moment; entries that others change meanwhile stay as they are.",
    },
  },
  blueprints: {
    list: { summary: "List the included blueprints" },
    get: { summary: "Show a blueprint with an example of its use" },
  },
  connectors: {
    create: {
      summary: "Create a connector",
      description: "Takes a blueprint and its credential. The credential is sealed at once and never shown again.",
    },
    validate: {
      summary: "Validate a connector without creating it",
      description: "Returns every finding with its place. Nothing is stored or sent.",
    },
    get: {
      summary: "Show a connector",
      description: "Without its credential. `drawbar=true` adds the credential's names.",
    },
    update: {
      summary: "Change a connector",
      description:
        "Absent fields stay, `null` removes a parameter or a secret. Its models use the change from their next predict on.",
    },
    delete: { summary: "Delete a connector", description: "409 while models use it." },
    ...search("connectors"),
  },
  models: {
    register: {
      summary: "Register a model",
      description:
        "With `connector_id`, or with a connector of its own as `connector`. `deploy=true` deploys it as well.",
    },
    get: { summary: "Show a model" },
    update: { summary: "Change a model" },
    delete: { summary: "Delete a model", description: "It has to be undeployed first." },
    deploy: { summary: "Deploy a model" },
    undeploy: { summary: "Undeploy a model" },
    undeployAll: { summary: "Undeploy the models that the body names, or all" },
    ...search("models"),
  },
  predictions: {
    predict: {
      summary: "Call a model",
      description:
        "`parameters` fill the connector's template; `text_docs`, `query_text` and `question` are the typed inputs of a pre-process function. " +
        "A provider's failure keeps its status, and `error.remote` has what the provider said.",
    },
    predictAs: { summary: "Call a model with the kind of input in the path" },
    predictStream: {
      summary: "Call a model and receive its answer as server-sent events",
      description: "The last event has `is_last: true`, the finish reason and the token usage.",
    },
    render: {
      summary: "Show the request that a predict would send",
      description: "Secrets are masked and nothing is sent. `stream=true` shows the request of `_predict/stream`.",
    },
    test: {
      summary: "Make one live call with a connector, stage by stage",
      description: "Without an input a sample is sent. The provider may charge for it.",
    },
    renderBlueprint: {
      summary: "Show the request that a blueprint would send",
      description: "The blueprint is not stored.",
    },
  },
  modelGroups: {
    register: { summary: "Create a model group" },
    get: { summary: "Show a model group" },
    update: { summary: "Change a model group" },
    delete: { summary: "Delete a model group", description: "It has to be empty." },
    ...search("model groups"),
  },
  controllers: {
    create: { summary: "Set the limits of a model's users" },
    update: { summary: "Change the limits of a model's users" },
    get: { summary: "Show the limits of a model's users" },
    delete: { summary: "Remove the limits of a model's users" },
  },
  tasks: {
    get: { summary: "Show a task" },
    delete: { summary: "Delete a task" },
    cancel: { summary: "Cancel a task" },
    cancelBatch: { summary: "Cancel a batch task" },
    ...search("tasks"),
  },
  keys: {
    rotate: {
      summary: "Create an encryption key and encrypt all credentials with it",
      description: "Models stay available. Back up the key ring again afterwards.",
    },
    doctor: { summary: "List the encryption keys, and the secrets that none of them opens" },
  },
  principals: {
    whoami: { summary: "Show who the caller is, with their roles and permissions" },
    createUser: { summary: "Create a user, who authenticates with Basic credentials" },
    listUsers: { summary: "List the users" },
    deleteUser: { summary: "Delete a user" },
    createKey: {
      summary: "Create an API key",
      description: "`api_key` is shown in this response and never again. Send it as `Authorization: Bearer …`.",
    },
    listKeys: { summary: "List the API keys", description: "Without the keys themselves." },
    deleteKey: { summary: "Delete an API key", description: "It stops working at once." },
  },
  health: {
    live: { summary: "Check that the process runs" },
    ready: {
      summary: "Check that requests are accepted",
      description: "503 while the server stops, or while nothing can be written.",
    },
    metrics: { summary: "Show the metrics in Prometheus's format" },
  },
  stats: {
    stats: { summary: "Show all statistics" },
    stat: { summary: "Show one statistic" },
    nodeStats: { summary: "Show the statistics of a node" },
    nodeStat: { summary: "Show one statistic of a node" },
    profile: { summary: "Show the deployed models and running tasks" },
    profileModels: { summary: "Show the deployed models" },
    profileModel: { summary: "Show a deployed model" },
    profileTasks: { summary: "Show the running tasks" },
    profileTask: { summary: "Show a running task" },
  },
  usage: { get: { summary: "Show what was used, by model or API key and by time" } },
  replicas: { list: { summary: "List the servers that share the database" } },
  aliases: {
    set: { summary: "Create or switch an alias" },
    get: { summary: "Show an alias" },
    list: { summary: "List the aliases" },
    delete: { summary: "Delete an alias", description: "Its models stay." },
  },
  versions: {
    ...history("connector", "a connector"),
    ...history("model", "a model"),
    ...history("group", "a model group"),
    ...history("settings", "the settings"),
  },
  backup: {
    download: {
      summary: "Download a copy of all records",
      description: "A copy for `drawbar restore`. Credentials in it are sealed; the key ring is not part of it.",
    },
  },
  reference: {
    page: { summary: "Show this reference as a page" },
    blueprintSchema: {
      summary: "Show the JSON Schema of blueprints",
      description: "Name it as `$schema` in a blueprint, so that an editor completes and checks it.",
    },
  },
}

/** The text of an operation by its id, such as `connectors.create`. */
export const find = (operationId: string): OperationText | undefined => {
  const [group = "", name = ""] = operationId.split(".")
  const texts = Object.hasOwn(groups, group) ? groups[group] : undefined
  return texts !== undefined && Object.hasOwn(texts, name) ? texts[name] : undefined
}

/** Parameters of paths and queries, which mean the same wherever they stand. */
export const parameters: Readonly<Record<string, string>> = {
  by: "What to group by",
  key: "The id of an API key",
  model: "The id of a model",
  user: "The name of a user",
  algorithm: "The kind of input: remote, text_embedding, sparse_encoding, text_similarity or question_answering",
  cluster_manager_timeout: "Accepted without effect",
  connector_id: "The id of the connector",
  deploy: "Whether to deploy the model as well",
  drawbar: "Whether to add what Drawbar knows beyond ML Commons' fields",
  expand_wildcards: "Accepted without effect",
  flat_settings: "Whether to write names with dots in place of nested objects",
  format: "The format: json",
  h: "The columns to show, separated by commas",
  from: "The older version",
  id: "The id of the user or the key",
  if_primary_term: "Fail if the record's `_primary_term` is another",
  if_seq_no: "Fail if the record's `_seq_no` is another",
  include_defaults: "Whether to show default values as well",
  index: "Accepted without effect",
  level: "Accepted without effect",
  local: "Accepted without effect",
  master_timeout: "Accepted without effect",
  metric: "The part of the node to show",
  model_group_id: "The id of the model group",
  model_id: "The id of the model",
  name: "The name of the blueprint or alias",
  node_id: "The id of the node",
  return_content: "Accepted without effect",
  s: "The column to sort by",
  stat: "The name of the statistic",
  stream: "Whether to show the request of `_predict/stream`",
  task_id: "The id of the task",
  to: "The newer version",
  timeout: "How long the request may take, such as 30s",
  v: "Whether to show the names of the columns",
  version: "The number of the version",
  view: "`model`, or `node` for a view by node",
  wait_for_active_shards: "Accepted without effect",
  wait_for_events: "Accepted without effect",
  wait_for_no_initializing_shards: "Accepted without effect",
  wait_for_no_relocating_shards: "Accepted without effect",
  wait_for_nodes: "Accepted without effect",
  wait_for_status: "Accepted without effect",
}
