/** What the parent and its workers send each other. Both are of one version, because they are one program. */

/** A worker serves. `greeting` is the text for the terminal. */
export interface Ready {
  readonly drawbar: "ready"
  readonly greeting: string
}

/** Asks for the metrics of a process, and answers. */
export interface MetricsWanted {
  readonly drawbar: "metrics-wanted"
  readonly id: number
}
export interface MetricsRead {
  readonly drawbar: "metrics-read"
  readonly id: number
  readonly texts: ReadonlyArray<string>
}

export type Message = Ready | MetricsWanted | MetricsRead

/** Node sends messages of its own on the same channel. */
export const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && typeof Reflect.get(value, "drawbar") === "string"
