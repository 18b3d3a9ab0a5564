/** Watches which targets a call is given to. Every callback is called synchronously and must not throw. */
export interface RouteObserver {
  /** A model is about to be called: the one that was asked for, or a target of its routing. */
  readonly modelCalled: (modelId: string) => void
  /** A target is asked; `why` is the policy that chose it, or the class of the failure before. */
  readonly targetAsked: (target: string, why: string) => void
  readonly targetAnswered: () => void
  /** The target that was asked last did not answer; `failure` is the class of its failure. */
  readonly targetFailed: (failure: string) => void
}
