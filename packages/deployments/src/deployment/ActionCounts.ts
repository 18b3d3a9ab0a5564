/** How often each model was registered, deployed and undeployed since the start. */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"

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

/** Of the models with the newest actions; those that are deleted leave in time. */
const kept = { entries: 10_000, bytes: 5_000_000 }

export const make = (): ActionCounter => {
  const actions = new BoundedMap<ActionCounts>(kept)
  return {
    count: (id, action) => {
      const counted = actions.get(id) ?? { register: 0, deploy: 0, undeploy: 0 }
      actions.set(id, { ...counted, [action]: counted[action] + 1 })
    },
    all: () => new Map(actions),
  }
}
