/** The access fields of requests. Access control is off: `public` is how things are, all else would promise a protection that is not there. */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { Result } from "effect"
import { fail, type RegistryError } from "./RegistryError.ts"

export interface AccessFields {
  readonly access_mode?: string | null
  readonly backend_roles?: ReadonlyArray<string> | null
  readonly add_all_backend_roles?: boolean | null
}

export const refuse = (subject: "connector" | "model", fields: AccessFields): Result.Result<void, RegistryError> => {
  const given =
    fields.access_mode != null && fields.access_mode.toLowerCase() !== "public"
      ? "access_mode"
      : fields.add_all_backend_roles != null
        ? "add_all_backend_roles"
        : (fields.backend_roles ?? []).length > 0
          ? "backend_roles"
          : undefined
  return given === undefined
    ? Result.void
    : Result.fail(
        fail(
          invalid(
            `/${given}`,
            `You cannot specify ${subject} access control parameters because the Security plugin or ${subject} access control is disabled on your cluster.`,
          ).reason,
        ),
      )
}
