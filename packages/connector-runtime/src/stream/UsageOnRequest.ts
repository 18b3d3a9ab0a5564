/** What asks for the usage of a stream, where a platform is known to send it only on request. Others may refuse what they do not know. */
import type * as Json from "@drawbar/json-text/Json"
import type { UpstreamRequest } from "../call/UpstreamRequest.ts"

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options */
export const openAi = ({ url }: UpstreamRequest): Json.JsonObject =>
  hosts.some((host) => host.test(url)) ? { stream_options: { include_usage: true } } : {}

const hosts: ReadonlyArray<RegExp> = [
  /^https:\/\/(?:[a-z]{2}\.)?api\.openai\.com(?::\d+)?\//,
  // Azure knows it since the version 2024-09-01-preview: https://learn.microsoft.com/azure/ai-foundry/openai/reference-preview
  /^https:\/\/[\w-]+\.(?:openai|services\.ai|cognitiveservices)\.azure\.com(?::\d+)?\/openai\/v1\//,
  /^https:\/\/[\w-]+\.(?:openai|cognitiveservices)\.azure\.com(?::\d+)?\/openai\/[^?#]*\?(?:[^#]*&)?api-version=(?:2024-(?:09|1\d)|202[5-9]|20[3-9]\d)/,
  // https://api-docs.deepseek.com/api/create-chat-completion
  /^https:\/\/api\.deepseek\.com(?::\d+)?\//,
  // https://console.groq.com/docs/api-reference#chat-create
  /^https:\/\/api\.groq\.com(?::\d+)?\//,
  // https://help.aliyun.com/zh/model-studio/use-qwen-by-calling-api
  /^https:\/\/dashscope(?:-[a-z]+)?\.aliyuncs\.com(?::\d+)?\/compatible-mode\//,
]
