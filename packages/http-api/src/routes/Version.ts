/** Drawbar's version, that of every package: what `drawbar --version`, `/openapi.json` and telemetry say. A test holds it to package.json. */
export const version = "0.1.0"
