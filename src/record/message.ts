/**
 * The kinds of messages. The place in this list is the kind's number, on the wire and in random draws: append only.
 * `model` and `update` carry parameters, all else is control; `keys`, `shares` and `unmask` are the steps of secure aggregation.
 */
export const messageKinds = [
  'open', 'model', 'update', 'close', 'recover', 'status', 'resend', 'ack', 'probe', 'keys', 'shares', 'unmask',
] as const

export type MessageKind = (typeof messageKinds)[number]

/** Every kind's place in `messageKinds`. */
export const kindNumber = Object.fromEntries(messageKinds.map((kind, number) => [kind, number])) as Readonly<
  Record<MessageKind, number>
>

/** Up is from a client, down to one, inside among servers. */
export type Direction = 'up' | 'down' | 'inside'

/**
 * What is wrong with a frame that is refused; `head`: a number in it that cannot be, such as a fraction of an example;
 * `reference`: it holds changes of a model that its receiver does not have.
 */
export type Refusal = 'short' | 'magic' | 'checksum' | 'kind' | 'layout' | 'head' | 'reference'

/** Every fate there is. */
export const fates = [
  'used', 'late', 'surplus', 'duplicate', 'lost', 'rejected', 'aborted',
  'fruitless', 'retransmitted', 'undone', 'control', 'unresolved', 'refused',
] as const

/** What became of one copy of a message. See docs/ledger.md for each. */
export type Fate = (typeof fates)[number]
