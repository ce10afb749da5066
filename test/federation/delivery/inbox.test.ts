import { expect, it } from 'vitest'

import type { Context } from '../../../src/actors/actor.js'
import { Inbox } from '../../../src/federation/delivery/inbox.js'
import { newPost } from '../../../src/federation/delivery/post.js'
import { numbered } from '../../../src/federation/delivery/trailer.js'
import { alone } from '../../../src/network/frame-memory.js'
import { plainWire } from '../../../src/network/wire.js'

it('what came early has its turn as soon as its sender says that nothing before it is waited for, be it by sending it again', () => {
  const wire = plainWire(false)
  const [told, acknowledged, handed]: [string[], number[], number[]] = [[], [], []]
  const context = {
    record: (what: { readonly kind: string; readonly fate?: string }) => told.push(what.fate ?? what.kind),
    send: (_: string, { bytes }: { readonly bytes: Uint8Array }) => acknowledged.push((JSON.parse(Buffer.from(bytes.subarray(32)).toString()) as { number: number }).number),
  } as unknown as Context
  const post = newPost()
  const inbox = new Inbox(wire)
  const comes = (id: number, number: number, first: number): void => {
    const bytes = numbered(wire.encodeControl({ kind: 'probe', round: 1 }, {}), { number, first, life: 1 }, alone)
    const envelope = { id, from: 'client-a', to: 'aggregator', kind: 'probe', round: 1, part: '', attempt: 0, again: 0, copy: 0, bytes, sent: 0 } as const
    inbox.arrived(post, envelope, context, ({ message }) => handed.push(message.envelope.id))
  }
  comes(0, 1, 1)
  // Number 2 was taken in by a life of this actor that is over, and its sender did not know that yet.
  comes(1, 3, 2)
  expect([handed, acknowledged]).toEqual([[0], [1]])
  comes(2, 3, 3)
  expect([handed, acknowledged]).toEqual([[0, 1], [1, 3]])
  comes(3, 3, 3)
  expect([handed, acknowledged]).toEqual([[0, 1], [1, 3, 3]])
  expect(told).toEqual(['taken', 'early', 'retransmitted', 'taken', 'retransmitted'])
})
