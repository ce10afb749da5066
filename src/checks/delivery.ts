import type { FlightEvent } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { check, Violation } from './check.js'

/** What goes from one actor to another, in the present life of each. */
interface Channel {
  /** Numbers that the sender waits to hear of. */
  readonly outstanding: Set<number>
  /** Numbers of the sender's present life that were taken in by any of the receiver, and of which the sender has not heard. */
  readonly taken: Set<number>
  /** The last that the receiver's present life has taken in, of what life of the sender. */
  last: number
  life: number
}

type Channels = Map<Name, Map<Name, Channel>>

interface Memory {
  readonly channels: Channels
  /** Which life of an actor it is, from 2. */
  readonly lives: Map<Name, number>
}

const channelOf = (channels: Channels, from: Name, to: Name): Channel => {
  let own = channels.get(from)
  if (own === undefined) channels.set(from, (own = new Map()))
  let channel = own.get(to)
  if (channel === undefined) own.set(to, (channel = { outstanding: new Set(), taken: new Set(), last: 0, life: 1 }))
  return channel
}

const fail = ({ at: time }: FlightEvent, from: Name, to: Name, what: string, envelopes: readonly number[] = []): never => {
  throw new Violation('delivery', `from ${from} to ${to}: ${what}`, { time, actors: [from, to], envelopes })
}

export const delivery = check<Memory>({
  name: 'delivery',
  promise:
    'Where messages are acknowledged, each is taken in once in a life of its sender and after those that were sent before it; what its sender has ' +
    'heard of was taken in; and at the end nothing is left in the outbox of an actor that lives.',
  kinds: ['numbered', 'taken', 'acknowledged', 'gave-up', 'life'],
  applies: ({ acknowledges }) => acknowledges,
  begin: () => ({ channels: new Map(), lives: new Map() }),
  see: (event, _, { channels, lives }) => {
    switch (event.kind) {
      case 'numbered':
        channelOf(channels, event.actor, event.to).outstanding.add(event.number)
        return
      case 'taken': {
        const { from, actor: to, number, envelope, life } = event
        const channel = channelOf(channels, from, to)
        if (life > channel.life) Object.assign(channel, { last: 0, life })
        if (life < channel.life) fail(event, from, to, `message ${number} of life ${life} is taken in after life ${channel.life} began`, [envelope])
        if (number <= channel.last) fail(event, from, to, `message ${number} is taken in after message ${channel.last}`, [envelope])
        channel.last = number
        // What an earlier life had sent is nothing that the present one waits for.
        if (life !== (lives.get(from) ?? 1)) return
        for (const earlier of channel.outstanding) {
          if (earlier >= number || channel.taken.has(earlier)) continue
          fail(event, from, to, `message ${number} is taken in before message ${earlier}`, [envelope])
        }
        channel.taken.add(number)
        return
      }
      case 'acknowledged': {
        const channel = channelOf(channels, event.actor, event.to)
        if (!channel.taken.has(event.number)) {
          fail(event, event.actor, event.to, `message ${event.number} is acknowledged, and was not taken in`)
        }
        channel.outstanding.delete(event.number)
        channel.taken.delete(event.number)
        return
      }
      case 'gave-up':
        channelOf(channels, event.actor, event.to).outstanding.delete(event.number)
        return
      case 'life':
        if (event.what === 'restart') lives.set(event.actor, (lives.get(event.actor) ?? 1) + 1)
        if (event.what !== 'crash') return
        // What it had sent dies with it, unless it kept that; what it took in may come again, also from a life of its sender of which it
        // had heard that it is over.
        channels.delete(event.actor)
        for (const own of channels.values()) {
          const channel = own.get(event.actor)
          if (channel !== undefined) Object.assign(channel, { last: 0, life: 1 })
        }
    }
  },
  end: ({ now: time }, { channels }) => {
    for (const [from, own] of channels) {
      for (const [to, { outstanding }] of own) {
        const [number] = outstanding
        if (number === undefined) continue
        throw new Violation('delivery', `from ${from} to ${to}: message ${number} was neither acknowledged nor given up`, { time, actors: [from, to] })
      }
    }
  },
})
