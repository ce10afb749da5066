import { html, named, type Content, type Html } from '../html.js'
import { shortNames } from './looks.js'

/** A cell of a matrix: its number, and what that is beside the calm condition. */
export interface HeatCell {
  readonly value: number
  readonly text: string
  readonly beside?: string
}

export interface Heat {
  /** What its columns are. */
  readonly caption: Content
  /** What it is of, for those who do not see it. */
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly name: string; readonly cells: readonly (HeatCell | undefined)[] }[]
}

/** Steps of shade; the stylesheet has a class for each. */
const shades = 10

/** The shade of a value among all: 0 for the lowest, 9 for the highest. */
export const shadeOf = (value: number, [low, high]: readonly [number, number]): number =>
  high > low ? Math.min(shades - 1, Math.floor((shades * (value - low)) / (high - low))) : 0

/** A matrix as a table: the higher a number, the darker its cell. */
export const heatTable = ({ caption, title, columns, rows }: Heat, range: readonly [number, number]): Html => {
  const short = shortNames(columns, 20)
  return html`<div class="table" tabindex="0" role="region" aria-label="${title}"><table class="heat">
<caption>${caption}</caption>
<thead><tr><th scope="col">variant</th>${columns.map((column) => html`<th scope="col">${named(short.get(column)!)}</th>`)}</tr></thead>
<tbody>${rows.map(({ name, cells }) => html`<tr><th scope="row">${named(name)}</th>${cells.map((cell) => cell === undefined
    ? html`<td>-</td>`
    : html`<td class="s${shadeOf(cell.value, range)}">${cell.text}${cell.beside !== undefined && html`<small>${cell.beside}</small>`}</td>`)}</tr>
`)}</tbody></table></div>`
}
