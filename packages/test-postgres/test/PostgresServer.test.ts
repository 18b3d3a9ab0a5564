import { expect, test } from "vitest"
import * as PostgresServer from "../src/PostgresServer.ts"

test("starts a server, keeps its data over a crash, and runs on the same port again", async () => {
  const server = await PostgresServer.start()
  try {
    const database = await server.createDatabase()
    await server.run("CREATE TABLE t AS SELECT 1 AS n", database)
    await server.stop("immediate")
    await expect(server.run("SELECT 1", database)).rejects.toThrow()
    await server.start()
    expect(await server.run("SELECT n FROM t", database)).toEqual([{ n: 1 }])
  } finally {
    await server.close()
  }
})
