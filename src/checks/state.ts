import { check, Violation } from './check.js'

export const state = check({
  name: 'state',
  promise:
    'What a fold gives back fits its part: common and personal values have its length, personal ones belong to clients ' +
    'there are, and what is sent down beside them has the length that was declared.',
  kinds: ['fold'],
  see: (event, { parts, clients }) => {
    if (event.kind !== 'fold') return
    const { part, round, at: time, actor, after: { values, personal, memory } } = event
    const fail = (what: string): never => {
      throw new Violation('state', `the fold of round ${round} of ${part} gave ${what}`, { time, round, actors: [actor] })
    }
    const { length, extras } = parts.get(part)!
    if (values.length !== length) fail(`${values.length} values for a part of ${length}`)
    for (const [client, own] of personal) {
      if (own.length !== length) fail(`${client} ${own.length} values for a part of ${length}`)
      if (!clients.has(client)) fail(`values to '${client}', who is no client`)
    }
    if (extras.length === 0) return
    for (const [key, given] of Object.entries(memory)) {
      const slash = key.indexOf('/')
      const whose = slash < 0 ? undefined : key.slice(slash + 1)
      const extra = extras.find(({ name }) => name === (slash < 0 ? key : key.slice(0, slash)))
      if (extra === undefined || (whose !== undefined && !clients.has(whose))) continue
      if (given.length !== extra.length) fail(`'${key}' ${given.length} numbers where ${extra.length} travel`)
    }
  },
})
