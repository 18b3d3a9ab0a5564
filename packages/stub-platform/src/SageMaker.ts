import * as Answer from "./Answer.ts"
import * as StubEmbedding from "./StubEmbedding.ts"
import * as AwsSignature from "./AwsSignature.ts"
import * as Received from "./Received.ts"

const invocations = /^\/endpoints\/[^/]+\/invocations$/

/** A container defines its own response; this one embeds a list of texts and returns any other JSON unchanged. */
const invoke = (received: Received.Received): Answer.Answer => {
  const body = Received.json(received)
  if (body === undefined) return AwsSignature.error(424, "ModelError", "Received client error (400) from primary")
  return Array.isArray(body)
    ? Answer.json(StubEmbedding.texts(body).map((text) => StubEmbedding.of(text)))
    : Answer.json([{ generated_text: received.text }])
}

/** Responds to `/endpoints/{name}/invocations` like SageMaker's runtime, if the signature is valid. */
export const handler =
  (options: AwsSignature.Options): Answer.Handler =>
  (received) => {
    const refused = AwsSignature.refuse(received, options)
    if (refused !== undefined) return refused
    if (received.method !== "POST" || !invocations.test(Received.path(received))) {
      return AwsSignature.error(404, "UnknownOperationException", "Unknown operation")
    }
    return invoke(received)
  }
