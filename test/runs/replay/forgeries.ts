import { type Manifest, manifestText } from '../../../src/runs/manifest.js'
import { sealed } from '../../../src/runs/seal.js'

/** One thing in a manifest that was changed, left out, or put beside. */
export interface Forgery {
  readonly path: readonly string[]
  readonly how: 'changed' | 'removed' | 'added'
  /** The text of the forged manifest, which vouches for itself. */
  readonly text: string
}

type Group = Record<string, unknown>

const isGroup = (value: unknown): value is Group => typeof value === 'object' && value !== null

/** Paths of all that is no group, and of groups that are empty. */
const leavesOf = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
  isGroup(value) && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]))
    : [path]

/** Paths of every group, the whole among them. */
const groupsOf = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
  isGroup(value) ? [path, ...Object.entries(value).flatMap(([name, inner]) => groupsOf(inner, [...path, name]))] : []

const at = (root: unknown, path: readonly string[]): unknown => path.reduce<unknown>((group, name) => (group as Group)[name], root)

/** Another value of the same kind, which a run could have written. */
const another = (value: unknown, draw: () => number): unknown => {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return Number.isInteger(value) ? value + 1 + Math.floor(draw() * 3) : value * (1.25 + draw())
  if (value === null) return 'forged'
  if (Array.isArray(value)) return ['forged']
  if (isGroup(value)) return { forged: 1 }
  const text = value as string
  // The digit of a hash or a number, the letter of a word.
  const place = Math.floor(draw() * text.length)
  const sign = text[place] ?? ''
  return `${text.slice(0, place)}${/\d/.test(sign) ? String((Number(sign) + 1) % 10) : sign === 'a' ? 'b' : 'a'}${text.slice(place + 1)}`
}

/** The text of a manifest that vouches for itself. */
export const sealedText = (manifest: Manifest): string => manifestText(manifest.files === undefined ? manifest : sealed(manifest, manifest.files))

/**
 * Every forgery of one field: each leaf changed and removed, and something added to each group. The manifest's own hash
 * is made anew each time. `draw` gives numbers from 0 to 1.
 */
export const forgeriesOf = (manifest: Manifest, draw: () => number): Forgery[] => {
  const { sha256: _, ...own } = manifest
  const forged = (path: readonly string[], how: Forgery['how'], edit: (group: Group, name: string) => void): Forgery => {
    const copy = structuredClone(own) as unknown as Manifest
    edit(at(copy, path.slice(0, -1)) as Group, path.at(-1)!)
    return { path, how, text: sealedText(copy) }
  }
  return [
    ...leavesOf(own).flatMap((path) => [
      forged(path, 'changed', (group, name) => (group[name] = another(group[name], draw))),
      forged(path, 'removed', (group, name) => (Array.isArray(group) ? group.splice(Number(name), 1) : delete group[name])),
    ]),
    ...groupsOf(own).map((path) => forged([...path, 'forged'], 'added', (group, name) => (Array.isArray(group) ? group.push(group[0] ?? 'forged') : (group[name] = 1)))),
  ]
}
