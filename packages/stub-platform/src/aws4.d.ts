declare module "aws4" {
  interface Request {
    method: string
    path: string
    headers: Record<string, string>
    body: Uint8Array
    service: string
    region: string
    extraHeadersToIgnore: Record<string, boolean>
    extraHeadersToInclude: Record<string, boolean>
  }
  interface Credentials {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string | undefined
  }
  export function sign(request: Request, credentials: Credentials): Request
}
