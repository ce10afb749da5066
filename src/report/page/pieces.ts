import { html, type Content, type Html } from './html.js'

/** A column of a table: numbers stand to the right. */
export interface Column {
  readonly title: string
  readonly isNumber?: boolean
  /** It holds sentences: on a phone it stays wide enough to be read. */
  readonly isLong?: boolean
}

/** Rows below heads. */
export const table = (columns: readonly (Column | string)[], rows: readonly (readonly Content[])[], caption?: string): Html => {
  const of = columns.map((column) => (typeof column === 'string' ? { title: column } : column))
  const side = (i: number): Content => of[i]?.isNumber === true ? html` class="number"` : of[i]?.isLong === true && html` class="long"`
  return html`<div class="table" tabindex="0" role="region" aria-label="${caption ?? of.map(({ title }) => title).join(', ')}"><table>
${caption !== undefined && html`<caption>${caption}</caption>`}
<thead><tr>${of.map(({ title }, i) => html`<th scope="col"${side(i)}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${side(i)}>${cell}</td>`)}</tr>
`)}</tbody></table></div>`
}

/** Lines as they are: a command, a file. Wider than the page, they can be moved by keys. */
export const lines = (about: string, text: Content): Html => html`<pre tabindex="0" role="region" aria-label="${about}">${text}</pre>`

/** One of several views of the same. */
export interface Tab {
  readonly title: string
  readonly content: Content
}

/** Views of which one is seen, chosen without any script; on paper all are. At most eight. */
export const tabs = (name: string, about: string, all: readonly Tab[]): Content => {
  if (all.length < 2) return all.map(({ content }) => content)
  const id = (i: number): string => `${name}-${i + 1}`
  return html`<div class="tabs" role="group" aria-label="${about}">
${all.map(({ title }, i) => html`<input type="radio" name="${name}" id="${id(i)}"${i === 0 && html` checked`}><label for="${id(i)}">${title}</label>`)}
${all.map(({ title, content }) => html`<div class="panel" role="group" aria-label="${title}">${content}</div>`)}
</div>`
}

/** Numbers that a reader wants first. */
export const tiles = (all: readonly { readonly value: Content; readonly about: Content }[]): Html =>
  html`<ul class="tiles">${all.map(({ value, about }) => html`<li><b>${value}</b><span>${about}</span></li>`)}</ul>`

export const notes = (all: readonly Content[]): Content => all.length > 0 && html`<ul class="notes">${all.map((note) => html`<li>${note}</li>`)}</ul>`

/** A table as a file that the page gives away. */
export interface Download {
  readonly file: string
  readonly csv: string
}

/** One value of a CSV file, by RFC 4180. */
const csvValue = (value: string | number | null): string => {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvOf = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string =>
  [head, ...rows].map((row) => row.map(csvValue).join(',')).join('\n') + '\n'
