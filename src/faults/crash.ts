import { z } from 'zod'

import * as dial from '../dials/all.js'
import type { Name } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { faultEntry, type Life } from './fault.js'
import { comesAgain, comesAgainRule, instants, kindsOf, repeatSchema, triggerSchema, untilSchema, watcher } from './trigger.js'
import { endOf, idField, stopOf } from './window.js'
import { names, repeated, triggered, untilWords } from './words.js'

/** `crash(one(), { at: '20 min', restartAfter: '3 min', keeps: 'checkpoint' })`: an actor that dies. */
export const crash = faultEntry({
  kind: 'crash',
  sentence: 'An actor dies and loses its volatile state; with `restartAfter` it comes back with what it `keeps`.',
  source: 'Cristian, CACM 34, 1991: crash failures, with amnesia or a checkpoint',
  schema: z
    .strictObject({
      kind: z.literal('crash'),
      who: selectorSchema,
      at: durationSchema.optional().describe('Virtual time of death'),
      when: triggerSchema.optional().describe('Dies at an event'),
      repeat: repeatSchema.optional(),
      until: untilSchema.optional().describe('Virtual time, or the event, from which on it does not come again'),
      restartAfter: durationSchema.optional(),
      restartWhen: triggerSchema.optional().describe('Comes back at an event'),
      keeps: z.enum(['nothing', 'checkpoint']).prefault('nothing'),
      id: idField,
    })
    .refine(({ restartAfter, restartWhen }) => restartAfter === undefined || restartWhen === undefined, {
      error: 'give either `restartAfter` or `restartWhen`, or neither',
      path: ['restartWhen'],
    })
    .refine(comesAgain, comesAgainRule),
  either: ['at', 'when'],
  targets: 'anyone',
  kills: true,
  sudden: true,
  dials: {
    fields: { who: dial.anyone(), keeps: dial.word('checkpoint', 'nothing') },
    ways: dial.each(dial.moments, { restartAfter: dial.duration(1) }),
  },
  describe: ({ at = 0, when, repeat, until, restartAfter, restartWhen, keeps }, { targets }) => {
    const then = when === undefined ? ` at ${formatMicros(at)}` : triggered(when)
    const back = restartWhen !== undefined ? `, back${triggered(restartWhen)}`
      : restartAfter === undefined ? ', for good' : `, back after ${formatMicros(restartAfter)}`
    return `${names(targets)} ${targets.length === 1 ? 'crashes' : 'crash'}${then}${repeated(repeat)}${untilWords(until)}${back}, keeping ${keeps === 'nothing' ? 'nothing' : 'a checkpoint'}`
  },
  effects: { died: (n) => (n === 1 ? '1 crash' : `${n} crashes`) },
  compile: ({ id, fault, targets }, { parts, live, strike }) => {
    const { at, when, repeat, restartAfter, restartWhen, keeps } = fault
    const lifeOf = (who: Name, dies: Micros): Life => {
      const back = restartAfter === undefined ? {} : { restartAt: dies + restartAfter }
      return { kind: 'crash', who, at: dies, fault: id, keeps, ...back, ...(stop && { stopped: () => over }) }
    }
    const dies = when && watcher(when, parts, repeat?.times)
    const stop = stopOf(fault)
    const stops = stop && watcher(stop, parts)
    const end = endOf(fault) ?? Infinity
    let over = false
    const returns = restartWhen && watcher(restartWhen, parts, Infinity)
    return {
      lives: at === undefined ? [] : instants(at, repeat).filter((instant) => instant < end).flatMap((instant) => targets.map((who) => lifeOf(who, instant))),
      reader: {
        kinds: ['life', ...kindsOf(when, stop, restartWhen)],
        see: (event) => {
          if (stops?.(event) === true) over = true
          if (event.kind === 'life' && event.what === 'crash' && event.fault === id) {
            strike(event.actor, `${event.actor} ${event.at}`, 'died', `${event.actor} ${event.at}`)
          }
          if (dies?.(event) === true && !over && event.at < end) for (const who of targets) live(lifeOf(who, event.at))
          if (returns?.(event) === true) for (const who of targets) live({ kind: 'restart', who, at: event.at, fault: id })
        },
      },
    }
  },
})
