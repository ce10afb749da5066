import type { FaultInput } from '../../faults/registry.js'
import { storyText } from '../../lab/story/story.js'
import { faultCode, literal } from './literal.js'
import { plain } from './minimal.js'
import type { OwnDoing } from '../../lab/shrink/own-doings.js'
import type { SizedCase } from '../../lab/shrink/sized-lab.js'
import type { Shortest } from './shorten.js'

/** The lines that fly it again. */
export interface Commands {
  readonly replay: string
  readonly run: string
}

const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

/** The most characters of what a simulation says of what it does by itself. */
const most = 120

/** `schedule: [...]  # the simulation's own: without it, it does not fail so` */
const doingOf = ({ field, value, needed }: OwnDoing): string => {
  const [name, ...inner] = field.split('.')
  const said = value === undefined ? 'a function of the script' : literal(inner.length === 0 ? plain(name, value) : value)
  const short = said.length > most ? `${said.slice(0, most - 3)}...` : said
  return `  ${field}: ${short}  # the simulation’s own: ${needed ? 'without it, it does not fail so' : 'it fails so without it, too'}`
}

/** What it takes to fail so: faults, and what the simulation does by itself. */
const whatItTakes = (faults: number, own: readonly OwnDoing[]): string => {
  const needed = own.filter((one) => one.needed)
  if (needed.length === 0) return faults === 0 ? 'no fault at all' : count(faults, 'fault')
  const words = needed.map(({ field }) => field).join(' and ')
  return faults === 0 ? `no fault beyond the simulation’s own ${words}` : `${count(faults, 'fault')}, and the simulation’s own ${words}`
}

/** The simplest that fails: its faults, what of them may be other, what led there, and the line that flies it again. */
export const taleOf = ({ shrunk, explanation: { free, alone }, faults, own, story }: Shortest, commands?: Commands): readonly string[] => {
  const { case: of, failure, flights, spent } = shrunk
  const freedom = (id: string | undefined): string => {
    const found = free.filter(({ fault }) => fault === id)
    return found.length === 0 ? '' : `  # ${found.map(({ words, part }) => (id === undefined && part !== 'chance' ? `${part}: ${words}` : words)).join(', ')}`
  }
  // Whom the specification is about in it is seen in its script.
  const { faults: _, chance: __, heirs: ___, ...rest } = of as SizedCase
  const lineOf = (fault: FaultInput): string => `  ${faultCode(fault).text}${freedom(fault.id)}`
  const others = Object.entries(rest).map(([field, value]) => `  ${field}: ${literal(field === 'shape' ? value : plain(field, value))}`)
  const whatever = freedom(undefined)
  return [
    `The simplest that fails so${spent ? ', as far as it was looked for' : ''} (${count(flights, 'flight')}): ${whatItTakes(faults.length, own)}`,
    ...(faults as readonly FaultInput[]).map(lineOf), ...own.map(doingOf), ...others,
    ...(whatever === '' ? [] : [whatever]),
    ...(alone.length > 0 ? [`by itself, and not with the rest: ${alone.map(({ part, words }) => `${part} ${words}`).join('; ')}`] : []),
    '',
    ...(story === undefined ? [failure.message] : storyText(story)),
    ...(commands === undefined ? [] : ['', commands.replay, commands.run]),
  ]
}
