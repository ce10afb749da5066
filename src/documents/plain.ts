import { isAlias, isMap, isPair, isScalar, isSeq, type Document, type Node } from 'yaml'

/** What keeps a document from being plain data, and the [start, end) offsets of where it stands. */
export interface Offence {
  readonly at: readonly [number, number]
  readonly what: string
}

/** Values that a document may hold once its aliases are written out, and how deep they may lie in each other. */
const [mostValues, mostDepth] = [100_000, 64]

/** Texts, numbers, booleans, nothing, lists and groups; all else that a tag can ask for is no plain data. */
const plainTags = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`))

const placeOf = (node: Node): readonly [number, number] => (node.range ? [node.range[0], node.range[1]] : [0, 1])

/**
 * The first thing in a parsed document that is not plain data: an alias that names nothing, or the value that it stands
 * in; aliases that multiply into more values than anybody writes; a tag such as `!!binary`; a field `__proto__`. Undefined
 * for a document that may be turned into data.
 */
export const offenceIn = (document: Document): Offence | undefined => {
  const anchors = new Map<string, Node>()
  const open = new Set<Node>()
  let values = 0

  const look = (node: unknown, from: Node | undefined): Offence | undefined => {
    if (isPair(node)) {
      if (isScalar(node.key) && node.key.value === '__proto__') {
        return { at: from ? placeOf(from) : placeOf(node.key), what: 'a field cannot be called __proto__' }
      }
      return look(node.key, from) ?? look(node.value, from)
    }
    if (!isAlias(node) && !isMap(node) && !isSeq(node) && !isScalar(node)) return undefined
    // What is wrong behind an alias is shown at the alias.
    const at = placeOf(from ?? node)
    if (++values > mostValues) return { at, what: `more than ${mostValues} values: aliases multiply` }
    if (isAlias(node)) {
      const meant = anchors.get(node.source)
      if (meant === undefined) return { at, what: `the alias *${node.source.slice(0, 60)} stands for nothing: no anchor before it` }
      if (open.has(meant)) return { at, what: `the alias *${node.source.slice(0, 60)} stands within what it stands for` }
      return look(meant, from ?? node)
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (node.tag !== undefined && !plainTags.has(node.tag)) {
      return { at, what: `the tag ${node.tag.slice(0, 60)} is not known: only texts, numbers, lists and groups of fields are` }
    }
    if (isScalar(node)) {
      return typeof node.value === 'object' && node.value !== null ? { at, what: 'this is no text and no number' } : undefined
    }
    if (open.size >= mostDepth) return { at, what: `nested more than ${mostDepth} deep` }
    open.add(node)
    for (const item of node.items) {
      const found = look(item, from)
      if (found !== undefined) return found
    }
    open.delete(node)
    return undefined
  }
  return look(document.contents, undefined)
}
