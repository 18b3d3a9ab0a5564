/** A request that the demo rejects, in the form of OpenAI's errors. */
export class DemoFault extends Error {
  readonly status: number
  readonly param: string | null
  constructor(status: number, message: string, param: string | null = null) {
    super(message)
    this.status = status
    this.param = param
  }
}
