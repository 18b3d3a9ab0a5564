/** `drawbar` as a user who started this process types it: messages name commands that work as they are printed. */
export const of = ({ npm_command, npm_lifecycle_event, npm_package_name }: NodeJS.ProcessEnv): string => {
  if (npm_package_name === "drawbar-workspace" && /^(start|drawbar)$/.test(npm_lifecycle_event ?? ""))
    return "npx -y pnpm@12.21.0 --silent drawbar"
  return npm_command === "exec" ? "npx drawbar" : "drawbar"
}
