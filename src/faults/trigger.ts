import { z } from 'zod'

import type { EventKind } from '../record/flight-recorder.js'
import type { FlightEvent } from '../record/event.js'
import { messageKinds } from '../record/message.js'
import { type Name, roles } from '../roster/participant.js'
import { durationSchema } from '../time/duration.js'
import type { Micros } from '../time/micros.js'

/** What can be waited for, by the words that a specification has for it. */
const kindOf = {
  sent: 'send',
  arrived: 'arrive',
  lost: 'drop',
  opened: 'round-open',
  closed: 'round-close',
  folded: 'fold',
  'began training': 'train',
  trained: 'trained',
  died: 'life',
  returned: 'life',
  recovered: 'recovered',
  'wrote a checkpoint': 'checkpoint',
  struck: 'fault',
} as const satisfies Record<string, EventKind>

type Word = keyof typeof kindOf

const whoField = (what: string) => z.string().min(1).optional().describe(`${what}: a name, or a role word (${roles.join(', ')})`)

const updatesSchema = z.strictObject({
  round: z.int().min(1),
  after: z.int().min(0).describe('How many; 0 is when the round opens'),
  of: z.literal('updates').prefault('updates'),
  part: z.string().min(1).optional().describe('Counts updates of this part; of the trunk when absent'),
})

const eventSchema = z.strictObject({
  event: z.enum(Object.keys(kindOf) as [Word, ...Word[]]),
  actor: whoField('Who did it, or to whom it happened'),
  from: whoField('Sender, of events about messages'),
  to: whoField('Receiver, of events about messages'),
  message: z.enum(messageKinds).optional(),
  part: z.string().min(1).optional(),
  round: z.int().min(1).optional(),
  fault: z.string().min(1).optional().describe('Id of the fault: of `struck`, `died`, `returned` and `lost`'),
  nth: z.int().min(1).prefault(1).describe('The how manieth such event'),
})

/** Where a message went, and what it was, is told when it is sent. */
const isAboutMessages = (kind: EventKind): boolean => kind === 'send' || kind === 'arrive' || kind === 'drop'

/** Events that are the doing of a fault. */
const hasFault: ReadonlySet<EventKind> = new Set(['drop', 'life', 'fault'])

/** The first field that no event of the kind has: such a trigger would not be what it says. */
const idleField = (trigger: z.output<typeof updatesSchema> | z.output<typeof eventSchema>): string | undefined => {
  if (!('event' in trigger)) return undefined
  const kind = kindOf[trigger.event]
  if (!isAboutMessages(kind)) {
    const field = (['from', 'to', 'message'] as const).find((name) => trigger[name] !== undefined)
    if (field !== undefined) return field
  }
  return trigger.fault === undefined || hasFault.has(kind) ? undefined : 'fault'
}

/** An event of the flight that sets a fault off. */
export const triggerSchema = z
  .union([updatesSchema, eventSchema])
  .superRefine((trigger, context) => {
    const field = idleField(trigger)
    if (field === undefined) return
    const whose = field === 'fault' ? '`struck`, `died`, `returned` and `lost`' : '`sent`, `arrived` and `lost`'
    context.addIssue({ code: 'custom', path: [field], message: `only ${whose} have it: leave it out, or wait for one of those` })
  })
  .describe('When this many clients’ updates of a round have come in, or at the nth event of a kind')

export type Trigger = z.output<typeof triggerSchema>

/** When a fault is over: at a virtual time, or at an event. */
export const untilSchema = z.union([durationSchema, triggerSchema], {
  error: 'expected a time, such as "5 min", or an event: { event: returned, actor: expert-1 } or { round: 8, after: 1 }',
})

/** How often a fault comes again. */
export const repeatSchema = z
  .strictObject({
    times: z.int().min(2).max(10_000).describe('How often in all'),
    every: durationSchema.optional().describe('Virtual time between two that were set for a time; absent: at each further such event'),
  })
  .describe('Comes again')

const isA = (name: Name, word: string | undefined): boolean =>
  word === undefined || name === word || name.startsWith(`${word}-`)

/** Whom a message went between; its rounds and its part were told when it was sent. */
interface Sent {
  readonly from: Name
  readonly to: Name
  readonly message: string
  readonly round: number
  readonly part: string
}

/** Tells at which events a trigger goes off; an event is to be shown once. */
export type Watcher = (event: FlightEvent) => boolean

const updates = ({ round, after, part }: z.output<typeof updatesSchema>, parts: readonly string[]): Watcher => {
  const main = parts.includes('trunk') ? 'trunk' : (parts[0] ?? 'trunk')
  /** Clients whose updates have counted so far. */
  const from = new Set<Name>()
  let fired = false
  return (event) => {
    if (fired || (event.kind !== 'round-open' && event.kind !== 'admit') || event.round !== round) return false
    if (event.kind === 'admit' && event.message === 'update' && event.part === (part ?? main)) from.add(event.from)
    fired = from.size >= after
    return fired
  }
}

const roundOf = (event: FlightEvent, sent: Sent | undefined): number | undefined =>
  sent !== undefined ? sent.round : event.kind === 'round-close' ? event.row.round : 'round' in event ? event.round : undefined

const events = (trigger: z.output<typeof eventSchema>, times: number): Watcher => {
  const { event: word, actor, from, to, message, part, round, fault, nth } = trigger
  const kind: EventKind = kindOf[word]
  const about = isAboutMessages(kind)
  /** Messages under way. */
  const sending = new Map<number, Sent>()
  let seen = 0
  const messageOf = (event: FlightEvent): Sent | undefined => {
    if (event.kind === 'send' || event.kind === 'copy') {
      const sent: Sent = { from: event.actor, to: event.to, message: event.message, round: event.round, part: event.part }
      if (kind !== 'send') sending.set(event.envelope, sent)
      return sent
    }
    if (event.kind !== 'arrive' && event.kind !== 'drop') return undefined
    const sent = sending.get(event.envelope)
    sending.delete(event.envelope)
    return sent
  }
  const fits = (event: FlightEvent, sent: Sent | undefined): boolean => {
    if (event.kind !== kind || !isA(event.actor, actor)) return false
    if (event.kind === 'life' && event.what !== (word === 'died' ? 'crash' : 'restart')) return false
    if (fault !== undefined && (!('fault' in event) || event.fault !== fault)) return false
    if (event.kind === 'fault' && event.unit === undefined) return false
    if (round !== undefined && roundOf(event, sent) !== round) return false
    // Of a message that was sent before the fault was there, nothing is known.
    if (about && sent === undefined) return from === undefined && to === undefined && message === undefined && part === undefined && round === undefined
    if (sent === undefined) return part === undefined || ('part' in event && event.part === part)
    return isA(sent.from, from) && isA(sent.to, to) && (message === undefined || sent.message === message) &&
      (part === undefined || sent.part === part)
  }
  return (event) => {
    const sent = about ? messageOf(event) : undefined
    if (!fits(event, sent)) return false
    seen++
    return seen % nth === 0 && seen / nth <= times
  }
}

/** What is named in a trigger and is not there, so that it never goes off: words that complete a sentence; undefined: nothing is. */
export const nobodyIn = (
  trigger: Trigger, { actors, faults, parts }: { readonly actors: readonly Name[]; readonly faults: ReadonlySet<string>; readonly parts: readonly string[] },
): string | undefined => {
  if (trigger.part !== undefined && !parts.includes(trigger.part)) return `part '${trigger.part}', of which there is none`
  if (!('event' in trigger)) return undefined
  const who = [trigger.actor, trigger.from, trigger.to].find((word) => word !== undefined && !actors.some((name) => isA(name, word)))
  if (who !== undefined) return `'${who}', who does not take part`
  return trigger.fault === undefined || faults.has(trigger.fault) ? undefined : `the fault '${trigger.fault}', which there is not`
}

/** The kinds of events that watchers for these have to see. */
export const kindsOf = (...triggers: readonly (Trigger | undefined)[]): EventKind[] =>
  triggers.flatMap((trigger): readonly EventKind[] => {
    if (trigger === undefined) return []
    if (!('event' in trigger)) return ['round-open', 'admit']
    const kind = kindOf[trigger.event]
    return isAboutMessages(kind) ? ['send', 'copy', 'arrive', 'drop'] : [kind]
  })

/** Watches for what sets a fault off, so many times. `parts`: of the model, the trunk first. */
export const watcher = (trigger: Trigger, parts: readonly string[], times = 1): Watcher =>
  'event' in trigger ? events(trigger, times) : updates(trigger, parts)

/** The instants of a fault that is set for one, and comes again. */
export const instants = (at: Micros, repeat: z.output<typeof repeatSchema> | undefined): readonly Micros[] =>
  Array.from({ length: repeat?.every === undefined ? 1 : repeat.times }, (_, i) => at + i * (repeat?.every ?? 0))

export type Repeat = z.output<typeof repeatSchema>

/** The rule of what happens at an instant or at an event, and comes again: `.refine(comesAgain, comesAgainRule)`. */
export const comesAgain = ({ at, repeat }: { readonly at?: Micros; readonly repeat?: Repeat }): boolean =>
  repeat === undefined || (at === undefined) === (repeat.every === undefined)
export const comesAgainRule = {
  error: 'what is set for a time comes again `every` so long, what an event sets off at each further one: give `every` with `at` alone',
  path: ['repeat', 'every'],
}
