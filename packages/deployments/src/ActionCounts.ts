/** How often each model was registered, deployed and undeployed since the start. */

/** How often something was done with a model. */
export interface ActionCounts {
  readonly register: number
  readonly deploy: number
  readonly undeploy: number
}

export interface ActionCounter {
  readonly count: (modelId: string, action: keyof ActionCounts) => void
  readonly all: () => ReadonlyMap<string, ActionCounts>
}

/** How many models' actions are counted: those that were first counted go first, since their ids outlive them. */
const maxModels = 10_000

export const make = (): ActionCounter => {
  const actions = new Map<string, ActionCounts>()
  return {
    count: (id, action) => {
      const counted = actions.get(id) ?? { register: 0, deploy: 0, undeploy: 0 }
      actions.set(id, { ...counted, [action]: counted[action] + 1 })
      const [oldest] = actions.keys()
      if (actions.size > maxModels && oldest !== undefined) actions.delete(oldest)
    },
    all: () => actions,
  }
}
