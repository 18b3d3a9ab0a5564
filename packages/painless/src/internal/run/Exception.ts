/** `byScript` tells a thrown exception from what the language itself raised. */
export class Exception {
  readonly type: string
  /** As Java words it for `getMessage()`; it may quote the script's data. */
  readonly message: string | null
  readonly byScript: boolean
  /** For those outside of the script; it quotes no data unless the script itself threw it. */
  readonly shown: string
  constructor(type: string, message: string | null, byScript: boolean, shown: string = message ?? "") {
    this.type = type
    this.message = message
    this.byScript = byScript
    this.shown = shown
  }
}
