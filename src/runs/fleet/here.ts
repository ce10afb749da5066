import { LastGround } from '../../lab/ground.js'
import type { StudyPlan } from '../study/study.js'
import type { Commission, Fleet } from './fleet.js'
import { flyOrder } from './fly-order.js'
import { slots } from './slots.js'

/** Flies in this thread, one order after the other: neighbours often differ in their variant, and stand on the same ground. */
export const flyHere = (plan: StudyPlan, commission: Commission): Fleet => {
  const ground = new LastGround()
  const stop = new AbortController()
  const inTurn = slots(1)
  return {
    size: 1,
    fly: (order) => inTurn(() => flyOrder(plan, order, commission, (...about) => ground.open(...about), stop.signal)),
    stop: () => stop.abort(),
    close: () => ground.close(),
  }
}
