#!/usr/bin/env node
// Plain, old JavaScript, so that an old Node can run it and print what to do.
"use strict"

var wanted = [22, 19]
var found = process.versions.node.split(".").map(Number)

if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  process.stderr.write(
    "drawbar needs Node " +
      wanted.join(".") +
      " or newer; this is Node " +
      process.versions.node +
      " (" +
      process.execPath +
      ").\n" +
      "Install Node 24 LTS from https://nodejs.org/en/download and run the command again.\n",
  )
  process.exit(1)
} else {
  module.exports = require("./start.cjs")
}
