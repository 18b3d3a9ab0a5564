/** Who this server is to AWS, where its operator says so: connectors with a `roleArn` act in roles that it may take on. */
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import { Context, type Effect } from "effect"

/** Nothing: connectors sign with keys of their own only. Asked for each assumption, because the keys may be temporary. */
export const AwsIdentity = Context.Reference<Effect.Effect<SigV4.Credentials> | undefined>(
  "@drawbar/connector-runtime/AwsIdentity",
  { defaultValue: () => undefined },
)
