import { type CodedRole, roleOf, type Routes, within, wordsIn } from './routes.js'

/** What travels in one direction: roles of segments, and `extra` where the strategy sends further tensors. */
export interface Travelling {
  readonly up: ReadonlySet<CodedRole>
  readonly down: ReadonlySet<CodedRole>
}

/**
 * Words of `codec` that code nothing of what travels, in words: nothing has that role, or what is said of a direction comes
 * before them. What `some` entries leave to others is not looked at.
 */
export const idleWords = ({ some = [], ...all }: Routes, travelling: Travelling): string[] =>
  [['codec', all] as const, ...some.map((route, i) => [`codec.some.${i}`, route] as const)].flatMap(([place, route]) =>
    wordsIn(route).flatMap(({ path, word, chain, ways }) => {
      const reached = ways.some((way) => [...travelling[way]].some((role) => within(route, way, role) === chain))
      if (reached) return []
      const roles = word === 'all' ? undefined : roleOf(word)
      const isThere = roles === undefined || ways.some((way) => travelling[way].has(roles))
      const why = isThere ? `what \`${place}\` says of a direction, or of roles, comes before it` : `nothing that travels has the role '${roles}'`
      return [`${place}.${path} codes nothing: ${why}`]
    }))
