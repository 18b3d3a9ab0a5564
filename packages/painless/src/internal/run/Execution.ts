import type { Limits } from "../../ScriptLimits.ts"
import type { World } from "../../World.ts"
import type { CollectionAccess } from "./CollectionAccess.ts"
import { Exception } from "./Exception.ts"
import { Exhausted, Raised } from "./Interruption.ts"

const costOfUnwinding = 100

/** Steps between two looks at the clock. */
const stepsPerLook = 65_536

/** In characters: up to here a string that is made costs as one that is read, so that a loop of `s += x` is cheap. */
const longText = 65_536

/** Where one run of a script stands and what it may still use; `Result` is what a script returns. */
export class Execution<Result> {
  readonly limits: Limits
  /** Texts of the data that are escaped already. */
  readonly escaped: ReadonlySet<string>
  line = 0
  depth = 0
  /** What the `return` under way hands back. */
  result: Result | null = null
  /** Characters of the answer so far. */
  answered = 0
  readonly world: World
  /** The texts of `${parameters.name}`, all of which are there. */
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

  /** Stops before a piece of work that is one call of the host and may take `amount` steps at the worst; it is not counted yet. */
  afford(amount: number): void {
    if (amount > this.steps) throw new Exhausted("steps")
  }

  /** Looks at the clock after a call of the host that may have taken far longer than its steps. */
  glance(): void {
    if (this.world.spent() > this.until) throw new Exhausted("time")
  }

  private look(): void {
    if (this.steps < 0) throw new Exhausted("steps")
    this.glance()
    this.nextLook = Math.max(0, this.steps - stepsPerLook)
  }

  /** Reads or copies a text of `length`, which must be one that may exist. */
  text(length: number): void {
    if (length > this.limits.text) throw new Exhausted("text")
    this.work(length >> 7)
  }

  /** As `text`, of a text that is made and may be kept. */
  made(length: number): void {
    if (length <= longText) return this.text(length)
    if (length > this.limits.text) throw new Exhausted("text")
    this.work(length >> 4)
  }

  /** Goes into a call; who comes back takes one off `depth`, and who catches an exception puts it back. */
  enter(): void {
    this.work(1)
    if (++this.depth > this.limits.calls) throw new Exhausted("calls")
  }

  /** Takes `amount` more elements into a collection. */
  hold(amount: number): void {
    if ((this.elements -= amount) < 0) throw new Exhausted("elements")
  }

  /** As `hold(1)`, of an element whose text is kept with it. */
  keep(value: unknown): void {
    this.hold(1)
    this.retain(value)
  }

  /** Puts a value in the place of another of a collection. */
  retain(value: unknown): void {
    if (typeof value === "string") this.work(value.length >> 4)
  }

  /** How many more elements collections may take in. */
  get room(): number {
    return this.elements
  }

  /** Raises what Java would. `heard` is what `getMessage()` returns where that quotes data, which `message` never does. */
  fail(kind: string, message: string, heard: string | null = message): never {
    return this.raise(new Exception(kind, heard, false, message))
  }

  /** Refuses a change that a collection does not take. */
  change({ access }: { readonly access: CollectionAccess }, change: "size" | "item"): void {
    if (access === "read" || (access === "fixed" && change === "size"))
      this.fail(
        "UnsupportedOperationException",
        "this collection cannot be changed: copy it with [new ArrayList(…)]",
        null,
      )
  }

  /** Unwinding takes far longer than a step, and a script can catch and go on. */
  raise(exception: Exception): never {
    this.work(costOfUnwinding)
    throw new Raised(exception, this.line)
  }
}
