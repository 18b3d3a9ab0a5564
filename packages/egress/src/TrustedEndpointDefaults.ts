/**
 * The endpoints that are trusted by default: those of the providers whose blueprints are published. A region matches
 * one label: `.*` instead would allow `https://bedrock.evil.example/x.amazonaws.com/`.
 */
const aws = (service: string) => String.raw`^https://${service}\.[a-z0-9-]+\.amazonaws\.com/.*$`

/** Regular expressions of whole URLs, and plain hosts with at most one `*` in their first label. */
export const trustedEndpointDefaults: ReadonlyArray<string> = [
  aws(String.raw`runtime\.sagemaker`),
  aws(String.raw`api\.sagemaker`),
  String.raw`^https://api\.openai\.com/.*$`,
  String.raw`^https://api\.cohere\.ai/.*$`,
  String.raw`^https://api\.deepseek\.com/.*$`,
  String.raw`^https://generativelanguage\.googleapis\.com/.*$`,
  aws("bedrock-runtime(-fips)?"),
  aws("bedrock-agent-runtime"),
  aws("bedrock"),
  aws("sts"),
  aws("textract"),
  aws("comprehend"),
  aws("rekognition(-fips)?"),
  "api.cohere.com",
  "*.openai.azure.com",
  "api.anthropic.com",
  "oauth2.googleapis.com",
  "aiplatform.googleapis.com",
  "*-aiplatform.googleapis.com",
  "api.mistral.ai",
  "api.groq.com",
  "api.voyageai.com",
  "api.jina.ai",
  "api.together.xyz",
  "api.fireworks.ai",
  "api.x.ai",
]
