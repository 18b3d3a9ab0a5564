/** The answers of one stream, each masked for itself: a secret that is cut in two is whole in none of its pieces. */
import type { Choice, StreamFrame, Words } from "./PredictionStream.ts"
import type { Flow, SecretMask } from "../response/SecretMask.ts"
import type { Piece, StreamPiece } from "./StreamPiece.ts"
import { Unframed } from "./UpstreamEvent.ts"
import * as ToolCalls from "./ToolCalls.ts"

export interface Speakers {
  /** The frame of what an event says; none where it says nothing, or only what has to wait. */
  readonly take: (said: StreamPiece) => ReadonlyArray<StreamFrame>
  /** What still waits, as `show` has it. */
  readonly rest: (show?: Show) => ReadonlyArray<StreamFrame>
  /** Whether each answer beside the first has said why it ended. */
  readonly areFinished: () => boolean
}

type Show = (held: string) => string

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-n */
const mostChoices = 128

export const several = (mask: SecretMask): Speakers => {
  const first = speaker(mask)
  const others = new Map<number, Speaker>()
  const other = (index: number): Speaker => {
    const known = others.get(index)
    if (known !== undefined) return known
    if (others.size >= mostChoices) throw new Unframed(`has more than ${mostChoices} choices`)
    const made = speaker(mask)
    others.set(index, made)
    return made
  }
  return {
    take: (said) => {
      const words = first.take(said)
      const choices = (said.others ?? []).flatMap(([index, piece]): ReadonlyArray<Choice> => {
        const taken = other(index).take(piece)
        const { finishReason } = piece
        const choice = finishReason === undefined ? taken : { ...taken, finishReason: mask.apply(finishReason) }
        return isEmpty(choice) && finishReason === undefined ? [] : [{ index, ...choice }]
      })
      if (choices.length > 0) return [{ ...words, isLast: false, choices }]
      return isEmpty(words) ? [] : [{ ...words, isLast: false }]
    },
    rest: (show = (held) => held) => [
      ...first.rest(show).map((words): StreamFrame => Object.assign({ isLast: false }, words)),
      ...[...others].flatMap(([index, one]) =>
        one.rest(show).map((words): StreamFrame => ({ content: "", isLast: false, choices: [{ index, ...words }] })),
      ),
    ],
    areFinished: () => [...others.values()].every((one) => one.isFinished()),
  }
}

interface Speaker {
  readonly take: (piece: Piece) => Words
  readonly rest: (show: Show) => ReadonlyArray<Words>
  readonly isFinished: () => boolean
}

const speaker = (mask: SecretMask): Speaker => {
  const [content, reasoning, refusal] = [mask.flow(), mask.flow(), mask.flow()]
  const tools = ToolCalls.masked(mask)
  let isFinished = false
  return {
    take: (piece) => {
      isFinished ||= piece.finishReason !== undefined
      return wordsOf({
        content: taken(content, piece.content),
        reasoning: taken(reasoning, piece.reasoning),
        refusal: taken(refusal, piece.refusal),
        toolCalls: piece.toolCalls === undefined ? "" : tools.take(piece.toolCalls),
      })
    },
    rest: (show) => {
      const [call = "", ...calls] = tools.rest(show)
      const held = (flow: Flow) => {
        const rest = flow.rest()
        return rest === "" ? "" : show(rest)
      }
      const words = wordsOf({
        content: held(content),
        reasoning: held(reasoning),
        refusal: held(refusal),
        toolCalls: call,
      })
      return isEmpty(words) ? [] : [words, ...calls.map((toolCalls): Words => ({ content: "", toolCalls }))]
    },
    isFinished: () => isFinished,
  }
}

const taken = (flow: Flow, text: string | undefined): string => (text === undefined ? "" : flow.take(text))

const wordsOf = ({ content, reasoning, refusal, toolCalls }: Required<Words>): Words => ({
  content,
  ...(reasoning === "" ? {} : { reasoning }),
  ...(refusal === "" ? {} : { refusal }),
  ...(toolCalls === "" ? {} : { toolCalls }),
})

const isEmpty = ({ content, reasoning, refusal, toolCalls }: Words): boolean =>
  content === "" && reasoning === undefined && refusal === undefined && toolCalls === undefined
