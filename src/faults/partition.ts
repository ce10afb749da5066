import { z } from 'zod'

import * as dial from '../dials/all.js'
import type { Name } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { shareDown } from '../shares.js'
import { faultEntry, type Life } from './fault.js'
import { oneWindow, oneWindowRule, Stretch } from './stretch.js'
import { chance, endOf, idField, ordered, orderedRule, windowFields } from './window.js'
import { messagesLost, names } from './words.js'

const groupSchema = z.union([selectorSchema.transform((one) => [one]), z.array(selectorSchema).min(1)])

/** `partition([[scenario('NL')], ['client', 'aggregator', 'expert']], { rounds: [5, 8] })`: groups cut off from each other. */
export const partition = faultEntry({
  kind: 'partition',
  sentence: 'Groups of actors are cut off from each other; what is under way between them is lost, and it heals.',
  source: 'Gilbert and Lynch, SIGACT News 33, 2002: partitions; as Jepsen and turmoil cut and heal them',
  schema: z
    .strictObject({
      kind: z.literal('partition'),
      groups: z.array(groupSchema).min(1).describe('Selectors, or lists of them; one group alone is cut off from everyone else'),
      oneWay: z.enum(['out', 'in']).optional().describe(
        '`out`: only what goes from an earlier group to a later one is lost, `in`: only what comes back; both when absent',
      ),
      travelled: chance.prefault(0).describe('Share of the bytes of what is sent into it that leave the sender'),
      ...windowFields,
      id: idField,
    })
    .refine(oneWindow, oneWindowRule)
    .refine(ordered, orderedRule),
  targets: 'groups',
  dials: { fields: { groups: dial.groups() }, ways: [{ rounds: dial.rounds() }, { stretch: dial.stretch() }] },
  describe: ({ oneWay }, { groups = [] }) => {
    const sides = [...groups.map((group) => names(group)), ...(groups.length === 1 ? ['everyone else'] : [])]
    if (oneWay === undefined) return `${sides.join(' | ')} cut off from each other`
    return `nothing passes ${(oneWay === 'out' ? sides : sides.toReversed()).join(' > ')}`
  },
  effects: {
    'message lost': (n, bytes) => messagesLost(n, bytes, 'lost that were sent into it'),
    'message cut': (n, bytes) => messagesLost(n, bytes, 'lost under way'),
  },
  compile: ({ id, fault, targets: [who], groups = [] }, { strike, live, events }) => {
    const { oneWay, travelled } = fault
    const places = new Map<Name, number>(groups.flatMap((group, place) => group.map((name) => [name, place] as const)))
    const others = groups.length === 1 ? 1 : undefined
    const crosses = (from: Name, to: Name): boolean => {
      const a = places.get(from) ?? others
      const b = places.get(to) ?? others
      if (a === undefined || b === undefined || a === b) return false
      return oneWay === undefined || (oneWay === 'out' ? a < b : a > b)
    }
    const stretch = new Stretch(fault, events)
    const cut = (at: number): Life => ({ kind: 'cut', who, at, fault: id, crosses })
    /** Whether the links are, by what was told of them last. */
    let areCut = false
    const heal = (at: number): Life => ({ kind: 'heal', who, at, fault: id, stopped: () => !areCut })
    const healed = endOf(fault)
    const sentInto = new Set<number>()
    /** Where it begins with an event: what was sent in that instant before it has its turn first. */
    let isCut = stretch.begins
    return {
      lives: stretch.begins ? [cut(fault.from ?? 0), ...(healed === undefined ? [] : [heal(healed)])] : [],
      messages: {
        lost: ({ id: envelope, from, to, sent, bytes }) => {
          if (!crosses(from, to) || !stretch.isOn(sent)) return undefined
          sentInto.add(envelope)
          strike(from, envelope, 'message lost', envelope, shareDown(travelled, bytes.length))
          return travelled
        },
      },
      door: ({ from, to }, now) => (isCut && crosses(from, to) && stretch.isOn(now) ? { drop: id } : 'deliver'),
      reader: {
        see: (event) => {
          if (event.kind === 'link' && event.fault === id) {
            areCut = event.what === 'cut'
            isCut = true
          }
          const edge = stretch.see(event)
          if (edge === 'ends') live(heal(event.at))
          if (edge === 'begins') {
            live(cut(event.at))
            if (stretch.endsAt !== undefined) live(heal(stretch.endsAt))
          }
          if (event.kind !== 'drop' || event.fault !== id || sentInto.has(event.envelope)) return
          strike(event.from, event.envelope, 'message cut', event.envelope, event.travelled)
        },
      },
    }
  },
})
