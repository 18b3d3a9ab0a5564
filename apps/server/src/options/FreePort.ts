/** A port that nobody has, near one that somebody has. */
import { createServer } from "node:net"

/** The first of the 50 ports after `taken` that can be listened on; any other where none of them can. */
export const near = async (host: string, taken: number): Promise<number> => {
  for (let port = taken + 1; port <= Math.min(taken + 50, 65_535); port++) if (await isFree(host, port)) return port
  return 0
}

const isFree = (host: string, port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
