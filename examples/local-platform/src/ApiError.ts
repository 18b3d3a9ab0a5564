/** An error in OpenAI's format. Source: https://platform.openai.com/docs/guides/error-codes */
export interface ErrorBody {
  readonly message: string
  readonly type: "invalid_request_error" | "server_error"
  readonly param: string | null
  readonly code: string | null
}

export class ApiError extends Error {
  override readonly name = "ApiError"
  readonly status: number
  readonly body: ErrorBody

  constructor(status: number, body: ErrorBody) {
    super(body.message)
    this.status = status
    this.body = body
  }
}

export const badRequest = (message: string, param: string | null = null): ApiError =>
  new ApiError(400, { message, type: "invalid_request_error", param, code: null })

export const badKey = (message: string): ApiError =>
  new ApiError(401, { message, type: "invalid_request_error", param: null, code: "invalid_api_key" })
