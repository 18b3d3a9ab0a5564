// Plain JavaScript, so that the oldest Node can run it and print what to do.
import process from "node:process"

const wanted = [22, 19]
const [major, minor] = process.versions.node.split(".").map(Number)
if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  process.stderr.write(
    `Drawbar needs Node ${wanted.join(".")} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      `On Linux with glibc (x64, arm64) \`pnpm install\` installs a suitable Node automatically, unless optional dependencies are disabled.\n` +
      `On other systems install Node 24 LTS from https://nodejs.org/en/download and run the command again.\n`,
  )
  process.exit(1)
}
