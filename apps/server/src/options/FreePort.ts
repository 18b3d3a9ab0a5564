/** Finds a free port near one that is in use. */
import { createServer } from "node:net"

/** The first free port of the 50 after `taken`; any other free port if all are in use. */
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
