declare module "aws4" {
  interface Request {
    method: string
    path: string
    headers: Record<string, string>
    body?: string | Uint8Array
    service: string
    region: string
    signQuery?: boolean
  }
  interface Credentials {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string | undefined
  }
  export function sign(request: Request, credentials: Credentials): Request
}
