/** The table of bounds in docs/operating.md: each limit of a request, and the setting or flag that changes it. */
import * as Lint from "@drawbar/blueprint-lint/Lint"
import * as DocumentText from "@drawbar/blueprint-lint/DocumentText"
import * as InferenceResults from "@drawbar/connector-runtime/call/InferenceResults"
import * as PreProcess from "@drawbar/connector-runtime/processors/PreProcess"
import * as UpstreamResponse from "@drawbar/connector-runtime/response/UpstreamResponse"
import * as Store from "@drawbar/document-store/StoreBounds"
import * as Search from "@drawbar/document-store/search/Search"
import * as SearchAggregation from "@drawbar/document-store/search/SearchAggregation"
import * as SearchQuery from "@drawbar/document-store/search/SearchQuery"
import * as SearchSort from "@drawbar/document-store/search/SearchSort"
import * as Requests from "@drawbar/http-server/http/RequestBounds"
import * as FilterPath from "@drawbar/http-server/http/FilterPath"
import * as Json from "@drawbar/json-text/Json"
import * as ModelInterface from "@drawbar/registry/models/ModelInterface"
import * as Records from "@drawbar/registry/records/RecordLimits"
import * as CallBody from "@drawbar/openai-api/CallBody"
import * as RequestLimits from "@drawbar/http-api/routes/RequestLimits"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import * as Markdown from "./Markdown.ts"

interface Row {
  readonly of: string
  readonly most: number
  readonly unit: string
  /** The setting or the flag that changes it. */
  readonly setting?: string
}

export const rows: ReadonlyArray<Row> = [
  { of: "Body of `_predict`, `_render` and `_test`", most: RequestLimits.predictBody, unit: "bytes" },
  {
    of: "Body of every other request",
    most: RequestLimits.recordBody,
    unit: "bytes",
    setting: "`plugins.ml_commons.max_json_size` raises it",
  },
  { of: "Parameters of a predict", most: RequestLimits.predictParameters, unit: "" },
  { of: "Fields of a body under `/v1`", most: CallBody.maxFields, unit: "" },
  { of: "Name of such a field", most: CallBody.maxFieldName, unit: "characters" },
  { of: "Time of a request that calls no provider", most: Requests.requestMillis / 1_000, unit: "s" },
  { of: "Nesting of a JSON body", most: Json.maxDepth, unit: "levels" },
  { of: "Names in `filter_path`", most: FilterPath.maxNames, unit: "" },
  { of: "Work of `filter_path` on one response", most: FilterPath.maxSteps, unit: "steps" },
  { of: "Response that `filter_path` is applied to", most: Requests.filteredResponse, unit: "characters" },
  { of: "Indentation that `pretty` adds", most: Requests.indentation, unit: "characters" },
  { of: "Document of `_validate`", most: Lint.maxCharacters, unit: "characters" },
  { of: "Parts of a document of `_validate`", most: DocumentText.maxParts, unit: "" },

  { of: "Calls of the provider that one input makes", most: PreProcess.maxCalls, unit: "" },
  { of: "Rendered URL", most: UrlTemplate.maxBytes, unit: "bytes" },
  { of: "Rendered request body", most: BodyTemplate.maxCharacters, unit: "characters" },
  { of: "Response of a provider that is not JSON", most: UpstreamResponse.maxTextCharacters, unit: "characters" },
  { of: "Results of all calls of one input", most: InferenceResults.maxCharacters, unit: "characters" },

  { of: "Record, ciphertexts included", most: Store.recordBytes, unit: "bytes" },
  { of: "Parameters of a connector", most: Records.recordParameters, unit: "" },
  { of: "Credentials of a connector", most: Records.recordCredentials, unit: "" },
  { of: "Actions of a connector", most: Records.recordActions, unit: "" },
  { of: "Name of a connector, model or group", most: Records.nameLength, unit: "characters" },
  { of: "Interface of a model, both schemas together", most: Records.interfaceNodes, unit: "nodes" },
  { of: "Nesting of an interface", most: ModelInterface.maxDepth, unit: "levels" },
  { of: "Time until an API key expires", most: Records.keyDays, unit: "days" },
  { of: "Number in a record", most: Records.largestNumber, unit: "" },

  { of: "Hits that `from` + `size` reach", most: Search.maxWindow, unit: "" },
  { of: "Hits of one search as JSON", most: Store.searchBytes, unit: "bytes" },
  { of: "Clauses of a query times records of the collection, beyond 32 clauses", most: Store.searchTests, unit: "" },
  { of: "Work of one search", most: Store.searchSteps, unit: "steps" },
  { of: "Clauses of a query", most: SearchQuery.maxClauses, unit: "" },
  { of: "Nesting of a query", most: SearchQuery.maxDepth, unit: "levels" },
  { of: "Terms of one `terms` or `ids`", most: SearchQuery.maxTerms, unit: "" },
  { of: "Text of a search", most: SearchQuery.maxText, unit: "characters" },
  { of: "Wildcards and regular expressions in a query", most: Store.searchPatterns, unit: "" },
  { of: "Patterns of `_source`", most: Store.sourcePatterns, unit: "" },
  { of: "One pattern of `_source`", most: Store.patternLength, unit: "characters" },
  { of: "One wildcard or regular expression of a query", most: Store.searchPatternLength, unit: "characters" },
  { of: "Keys of `sort`", most: SearchSort.maxSortKeys, unit: "" },
  { of: "Aggregations of a search", most: SearchAggregation.maxAggregations, unit: "" },
  { of: "Buckets of an aggregation", most: SearchAggregation.maxBuckets, unit: "" },
]

/** What stands before and after the table in the page. */
const marks = { begin: "<!-- bounds: generated by pnpm golden -->", end: "<!-- /bounds -->" } as const

const heads = ["bound", "at most", "setting"]

const cells = rows.map(({ of, most, unit, setting = "" }) => [
  of,
  `${most.toLocaleString("en-US", { maximumFractionDigits: 0 })}${unit === "" ? "" : ` ${unit}`}`,
  setting,
])

/** The page with the table as it is now. */
export const inPage = (page: string): string =>
  Markdown.replaceBetween(page, marks, "bounds", Markdown.table(heads, cells).join("\n"))
