import { printable } from '../../errors.js'

/** Markup that is known to be safe: what was put into it is escaped, or is markup itself. */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text
  }
}

/** What can stand in a template: text is escaped, nothing leaves no trace. */
export type Content = Html | string | number | undefined | false | readonly Content[]

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A string as text of a page or as the value of a quoted attribute: whatever is in it, it is shown and does nothing. */
export const escaped = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (sign) => entities[sign])

const written = (content: Content): string => {
  if (content === undefined || content === false) return ''
  if (content instanceof Html) return content.text
  if (typeof content === 'object') return content.map(written).join('')
  return escaped(String(content))
}

/** Markup with whatever stands in it escaped: ``html`<td>${name}</td>` ``. */
export const html = (strings: TemplateStringsArray, ...contents: readonly Content[]): Html =>
  new Html(strings.reduce((all, string, i) => all + written(contents[i - 1]) + string))

/** A name from data: in a box of its own direction, so that right-to-left letters turn nothing beside them. */
export const named = (name: string): Html => html`<bdi>${name}</bdi>`

/** Plain data with every text in it as people may see it. */
export const printed = (data: unknown): unknown => {
  if (typeof data === 'string') return printable(data)
  if (Array.isArray(data)) return data.map(printed)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, printed(value)]))
}

/** Plain data inside a page, for its script to read: no sign in it can end the element that it is in. */
export const dataBlock = (data: unknown): Html =>
  new Html(`<script type="application/json">${JSON.stringify(data).replace(/</g, String.raw`\u003c`).replace(/\u2028|\u2029/g, ' ')}</script>`)
