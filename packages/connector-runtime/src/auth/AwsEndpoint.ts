/**
 * Where AWS's own services are found, by their names and regions.
 * Source: https://docs.aws.amazon.com/general/latest/gr/rande.html
 */
import { Result } from "effect"

/** Fails with a sentence where the region is none: it stands in a host name, and must not make another host of it. */
export const originOf = (service: string, region: string): Result.Result<string, string> =>
  /^[a-z]+(?:-[a-z]+)+-\d{1,2}$/.test(region)
    ? Result.succeed(`https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`)
    : Result.fail(`${region === "" ? "an empty region" : region} is not an AWS region, such as us-east-1`)

/** Whether an origin is one of AWS's. */
export const isAws = (origin: string): boolean => /^https:\/\/[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?$/.test(origin)
