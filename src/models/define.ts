import type { Tensor } from '@tensorflow/tfjs'
import type { Task } from '../tasks/task.js'
import type { ModelRun } from './layers.js'
import type { SegmentSpec } from './layout.js'
import type { Features, Model } from './model.js'

/** What a world offers and asks for. */
export interface About {
  readonly features: Features
  readonly tasks: readonly Task[]
}

/** The layers of a model, and how a batch runs through them to one head per task. */
export interface Definition {
  readonly layers: readonly { readonly segments: readonly SegmentSpec[] }[]
  forward(run: ModelRun): Readonly<Record<string, Tensor>>
}

/**
 * A model from layers: `build` says once which layers a world needs and how they connect; their segments, in the order
 * of `layers`, become the parameter layout, and running statistics find their way back by themselves.
 */
export const defineModel = (name: string, build: (about: About) => Definition): Model => ({
  name,
  segments: (features, tasks) => build({ features, tasks }).layers.flatMap((layer) => layer.segments),
  forward(parameters, batch, mode, about) {
    const state: Record<string, Tensor> = {}
    const penalties: Record<string, Tensor> = {}
    return { heads: build(about).forward({ parameters, batch, mode, state, penalties }), state, penalties }
  },
})
