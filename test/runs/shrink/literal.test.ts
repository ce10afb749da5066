import { expect, it } from 'vitest'

import { streams } from '../../../src/random/streams.js'
import { drawFault, drawnKinds } from '../../../src/faults/turn.js'
import type { FaultInput } from '../../../src/faults/registry.js'
import { plainFault } from '../../../src/lab/shrink/units.js'
import { faultCode, literal } from '../../../src/runs/shrink/literal.js'
import * as script from '../../../src/simulation/script.js'

const scene = { clients: ['client-1', 'client-2', 'client-3'], experts: ['expert-1', 'expert-2'], rounds: 6, round: 100_000 }

/** What a line of a script gives: with what it imports, and nothing else. */
const run = ({ text, imports }: { text: string; imports: readonly string[] }): unknown => {
  const all = script as unknown as Record<string, unknown>
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  return (new Function(...imports, `return ${text}`) as (...given: unknown[]) => unknown)(...imports.map((name) => all[name]))
}

it.each(drawnKinds)('a fault as a script makes it is that fault: %s', (kind) => {
  for (let i = 0; i < 40; i++) {
    const fault = { ...drawFault(kind, streams('literal')(kind, i), i / 40, scene), id: `f${i}` } as FaultInput
    for (const one of [fault, plainFault(fault)]) {
      const code = faultCode(one)
      expect(code.imports.every((name) => name in script)).toBe(true)
      // One who is named is a word.
      const made = run(code) as { who?: unknown }
      const { who } = one as { who?: { select: string; names?: string[] } }
      const same = who?.select === 'named' && who.names?.length === 1 ? { ...one, who: who.names[0] } : one
      expect(made).toEqual(same)
    }
  }
})

it.each([[0.1 + 0.2, '0.30000000000000004'], ["it's", "'it\\'s'"], ['a\n"b"\\', "'a\\n\"b\"\\\\'"], [[1, ['a']], "[1, ['a']]"], [{ 'not-a-name': 1, b: undefined, c: null }, "{ 'not-a-name': 1, c: null }"], [{}, '{}'], [true, 'true']])(
  'data is what it was: %j', (value, text) => {
    expect(literal(value)).toBe(text)
    expect(run({ text: `(${text})`, imports: [] })).toEqual(JSON.parse(JSON.stringify(value)))
  })
