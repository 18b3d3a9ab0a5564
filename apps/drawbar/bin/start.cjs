// Starts the bundle with Node's compile cache, which saves the time to compile it on every start but the first.
"use strict"

const { enableCompileCache } = require("node:module")
const { homedir } = require("node:os")
const { join } = require("node:path")
const process = require("node:process")

/**
 * Only this user writes to their cache folder; Node's default, in the folder for temporary files, is shared. A user
 * without a home, as in a container, has none.
 */
const cacheFolder = () => {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env
  const caches = process.platform === "win32" ? LOCALAPPDATA : XDG_CACHE_HOME
  try {
    return join(caches || join(homedir(), ".cache"), "drawbar")
  } catch {
    return undefined
  }
}

// Node itself follows NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE, and does without where it cannot write.
const folder = process.env.NODE_COMPILE_CACHE ? undefined : cacheFolder()
if (folder !== undefined) enableCompileCache(folder)

import("../dist/main.mjs").catch((error) => {
  process.stderr.write(`drawbar cannot start: ${error.message}\n`)
  process.exitCode = 1
})
