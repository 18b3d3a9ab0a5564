/** Where ML Commons' API is mounted; OpenSearch's own endpoints and Drawbar's health checks stand beside it. */
export const basePath = "/_plugins/_ml"

/** Where Drawbar's own collections are mounted; its verbs on ML Commons' records stand beside those records. */
export const drawbarPath = "/_plugins/_drawbar"

/** The JSON Schema of blueprints, for editors. */
export const blueprintSchemaPath = `${drawbarPath}/schemas/blueprint.json` as const
