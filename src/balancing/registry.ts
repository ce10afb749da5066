import { z } from 'zod'
import { told } from '../entry.js'
import type { Layout } from '../models/layout.js'
import type { Task } from '../tasks/task.js'
import { isShared, type Balancer, type BalancerEntry } from './balancer.js'
import { alignedMtl } from './aligned-mtl.js'
import { cagrad } from './cagrad.js'
import { decay } from './decay.js'
import { dwa } from './dwa.js'
import { equal } from './equal.js'
import { fixed } from './fixed.js'
import { gradDrop } from './grad-drop.js'
import { gradNorm } from './grad-norm.js'
import { gradVac } from './grad-vac.js'
import { imtl } from './imtl.js'
import { metaBalance } from './meta-balance.js'
import { mgda } from './mgda.js'
import { nashMtl } from './nash-mtl.js'
import { pcgrad } from './pcgrad.js'
import { pmtrec } from './pmtrec.js'
import { rlw } from './rlw.js'
import { uncertainty } from './uncertainty.js'

/** Every kind of balancer. */
export const balancers = [
  equal,
  fixed,
  decay,
  uncertainty,
  dwa,
  gradNorm,
  rlw,
  pcgrad,
  gradVac,
  gradDrop,
  cagrad,
  mgda,
  imtl,
  alignedMtl,
  nashMtl,
  metaBalance,
  pmtrec,
] as const

type Schema = (typeof balancers)[number]['schema']

/** How a client's tasks are balanced, as data. */
export const balancerSchema = z.discriminatedUnion(
  'kind',
  balancers.map(({ schema, sentence, source }) => told(schema, sentence, source)) as unknown as readonly [
    Schema, ...Schema[],
  ],
)

export type BalancerInput = z.input<typeof balancerSchema>
export type BalancerSpec = z.output<typeof balancerSchema>

/** The balancer that a specification names, for a model and the tasks that it is trained by. One needs no balance. */
export const buildBalancer = (spec: BalancerSpec, { segments }: Layout, tasks: readonly Task[]): Balancer => {
  const entry = balancers.find(({ kind }) => kind === spec.kind) as unknown as BalancerEntry
  const problem = { tasks, shared: segments.filter(isShared) }
  const built = entry.build(spec, problem)
  const idle = tasks.length === 1 && spec.kind !== 'fixed' && spec.kind !== 'decay'
  return idle ? equal.build({ kind: 'equal' }, problem) : built
}
