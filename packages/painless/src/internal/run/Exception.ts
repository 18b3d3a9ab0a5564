/** `byScript` distinguishes a thrown exception from one raised by the language. */
export class Exception {
  readonly type: string
  /** Java's text for `getMessage()`; it may quote the script's data. */
  readonly message: string | null
  readonly byScript: boolean
  /** The text for callers; it quotes no data unless the script itself threw it. */
  readonly shown: string
  constructor(type: string, message: string | null, byScript: boolean, shown: string = message ?? "") {
    this.type = type
    this.message = message
    this.byScript = byScript
    this.shown = shown
  }
}
