/** Every rule for a connector document. To add one, add a file and a row. */
import type { Rule } from "./Rule.ts"
import { ambiguousEscape } from "./rules/AmbiguousEscape.ts"
import { arnSegment } from "./rules/ArnSegment.ts"
import { bodyNotJson } from "./rules/BodyNotJson.ts"
import { borrowedCredential } from "./rules/BorrowedCredential.ts"
import { callerParameters } from "./rules/CallerParameters.ts"
import { cutNumber } from "./rules/CutNumber.ts"
import { emptySegment } from "./rules/EmptySegment.ts"
import { invalidField } from "./rules/InvalidField.ts"
import { noEffect } from "./rules/NoEffect.ts"
import { blank } from "./rules/Blank.ts"
import { plainHttp } from "./rules/PlainHttp.ts"
import { plainSecret } from "./rules/PlainSecret.ts"
import { script, unknownFunction } from "./rules/ProcessFunction.ts"
import { signing } from "./rules/Signing.ts"
import { template } from "./rules/Template.ts"
import { unknownField } from "./rules/UnknownField.ts"
import { untrustedHost } from "./rules/UntrustedHost.ts"
import { unusedCredential, unusedParameter } from "./rules/Unused.ts"

export const rules: ReadonlyArray<Rule> = [
  invalidField,
  template,
  bodyNotJson,
  unknownFunction,
  script,
  cutNumber,
  signing,
  untrustedHost,
  unknownField,
  unusedParameter,
  unusedCredential,
  plainSecret,
  blank,
  plainHttp,
  borrowedCredential,
  emptySegment,
  arnSegment,
  ambiguousEscape,
  noEffect,
  callerParameters,
]
