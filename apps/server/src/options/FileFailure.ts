/** Why a file could not be read or written, without its path, which the message around it has. */

export const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  const code = "syscall" in cause && "code" in cause ? cause.code : undefined
  return typeof code === "string" ? (words.get(code) ?? code) : cause.message
}

const words = new Map([
  ["ENOENT", "no such file or folder"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EISDIR", "it is a folder"],
  ["ENOTDIR", "it is not a folder"],
  ["EEXIST", "it is not a folder"],
  ["EROFS", "the disk is mounted read-only"],
  ["ENOSPC", "the disk is full"],
])
