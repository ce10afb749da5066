import type { FaultInput } from '../../faults/registry.js'
import { storyText } from '../../lab/story/story.js'
import { faultCode, literal } from './literal.js'
import { plain } from './minimal.js'
import type { Shortest } from './shorten.js'

/** The lines that fly it again. */
export interface Commands {
  readonly replay: string
  readonly run: string
}

const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

/** The simplest that fails: its faults, what of them may be other, what led there, and the line that flies it again. */
export const taleOf = ({ shrunk, explanation: { free, alone }, faults, story }: Shortest, commands?: Commands): readonly string[] => {
  const { case: { faults: _, chance: __, ...rest }, failure, flights, spent } = shrunk
  const freedom = (id: string | undefined): string => {
    const found = free.filter(({ fault }) => fault === id)
    return found.length === 0 ? '' : `  # ${found.map(({ words, part }) => (id === undefined && part !== 'chance' ? `${part}: ${words}` : words)).join(', ')}`
  }
  const of = (fault: FaultInput): string => `  ${faultCode(fault).text}${freedom(fault.id)}`
  const others = Object.entries(rest).map(([field, value]) => `  ${field}: ${literal(field === 'shape' ? value : plain(field, value))}`)
  const whatever = freedom(undefined)
  return [
    `The simplest that fails so${spent ? ', as far as it was looked for' : ''} (${count(flights, 'flight')}): ${faults.length === 0 ? 'no fault at all' : count(faults.length, 'fault')}`,
    ...(faults as readonly FaultInput[]).map(of), ...others,
    ...(whatever === '' ? [] : [whatever]),
    ...(alone.length > 0 ? [`by itself, and not with the rest: ${alone.map(({ part, words }) => `${part} ${words}`).join('; ')}`] : []),
    '',
    ...(story === undefined ? [failure.message] : storyText(story)),
    ...(commands === undefined ? [] : ['', commands.replay, commands.run]),
  ]
}
