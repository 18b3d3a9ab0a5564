import type { Limits } from "../../ScriptLimits.ts"
import type { World } from "../../World.ts"
import type { CollectionAccess } from "./CollectionAccess.ts"
import { Exception } from "./Exception.ts"
import { Exhausted, Raised } from "./Interruption.ts"

const costOfUnwinding = 100

/** Steps between two clock checks. */
const stepsPerLook = 65_536

/**
 * In characters. Creating a string up to this length costs the same as reading one, so that a loop of `s += x` is
 * cheap.
 */
const longText = 65_536

/** The state and the remaining limits of one run; `Result` is what a script returns. */
export class Execution<Result> {
  readonly limits: Limits
  /** Texts of the data that are already escaped. */
  readonly escaped: ReadonlySet<string>
  line = 0
  depth = 0
  /** The value of the current `return`. */
  result: Result | null = null
  /** Characters of the result so far. */
  answered = 0
  readonly world: World
  /** The texts of `${parameters.name}`, all of which are present. */
  readonly parameters: ReadonlyMap<string, string>
  private steps: number
  private nextLook: number
  private readonly until: number
  private elements: number

  constructor(
    limits: Limits,
    escaped: ReadonlySet<string>,
    world: World,
    parameters: ReadonlyMap<string, string> = new Map(),
  ) {
    this.limits = limits
    this.escaped = escaped
    this.world = world
    this.parameters = parameters
    this.steps = limits.steps
    this.nextLook = Math.max(0, limits.steps - stepsPerLook)
    this.until = world.spent() + limits.time
    this.elements = limits.elements
  }

  /** Steps so far. */
  get worked(): number {
    return this.limits.steps - this.steps
  }

  /** Counts `amount` steps. */
  work(amount: number): void {
    if ((this.steps -= amount) < this.nextLook) this.look()
  }

  /** Fails if a host call that may take `amount` steps in the worst case would exceed the limit; counts nothing yet. */
  afford(amount: number): void {
    if (amount > this.steps) throw new Exhausted("steps")
  }

  /** Checks the clock after a host call that may have taken longer than its steps. */
  glance(): void {
    if (this.world.spent() > this.until) throw new Exhausted("time")
  }

  private look(): void {
    if (this.steps < 0) throw new Exhausted("steps")
    this.glance()
    this.nextLook = Math.max(0, this.steps - stepsPerLook)
  }

  /** Counts reading or copying a text of `length`, which must be within the limit. */
  text(length: number): void {
    if (length > this.limits.text) throw new Exhausted("text")
    this.work(length >> 7)
  }

  /** Like `text`, for a new text that may be retained. */
  made(length: number): void {
    if (length <= longText) return this.text(length)
    if (length > this.limits.text) throw new Exhausted("text")
    this.work(length >> 4)
  }

  /** Enters a call. The caller decrements `depth` on return, and restores it when it catches an exception. */
  enter(): void {
    this.work(1)
    if (++this.depth > this.limits.calls) throw new Exhausted("calls")
  }

  /** Counts `amount` more elements in a collection. */
  hold(amount: number): void {
    if ((this.elements -= amount) < 0) throw new Exhausted("elements")
  }

  /** Like `hold(1)`, for an element whose text is retained. */
  keep(value: unknown): void {
    this.hold(1)
    this.retain(value)
  }

  /** Counts the replacement of a value in a collection. */
  retain(value: unknown): void {
    if (typeof value === "string") this.work(value.length >> 4)
  }

  /** How many more elements collections may hold. */
  get room(): number {
    return this.elements
  }

  /**
   * Throws Java's exception. `javaMessage` is the result of `getMessage()` if it quotes data, which `message` never
   * does.
   */
  fail(kind: string, message: string, heard: string | null = message): never {
    return this.raise(new Exception(kind, heard, false, message))
  }

  /** Rejects a change that a collection does not allow. */
  change({ access }: { readonly access: CollectionAccess }, change: "size" | "item"): void {
    if (access === "read" || (access === "fixed" && change === "size"))
      this.fail(
        "UnsupportedOperationException",
        "this collection cannot be changed: copy it with [new ArrayList(…)]",
        null,
      )
  }

  /** Stack unwinding takes much longer than a step, and a script can catch the exception and continue. */
  raise(exception: Exception): never {
    this.work(costOfUnwinding)
    throw new Raised(exception, this.line)
  }
}
