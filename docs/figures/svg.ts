/** Paints the elements of one SVG. */
export interface Brush {
  put(element: string): void
  text(x: number, y: number, what: string, style?: TextStyle): void
  rect(x: number, y: number, w: number, h: number, fill: string, more?: string): void
  line(x1: number, y1: number, x2: number, y2: number, stroke: string, more?: string): void
  /** All that was painted, in that order. */
  elements(): string
}

export interface TextStyle {
  readonly size?: number
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly fill?: string
  readonly bold?: boolean
}

export const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** A number with at most two decimals. */
export const n = (value: number): string => String(Number(value.toFixed(2)))

/** A brush whose text is `ink` unless told otherwise. */
export const brush = (ink: string): Brush => {
  const painted: string[] = []
  const put = (element: string): void => void painted.push(element)
  return {
    put,
    text(x, y, what, { size = 12, anchor = 'start', fill = ink, bold = false } = {}) {
      const look = `font-size="${size}" text-anchor="${anchor}" fill="${fill}"${bold ? ' font-weight="600"' : ''}`
      put(`<text x="${n(x)}" y="${n(y)}" ${look}>${escaped(what)}</text>`)
    },
    rect: (x, y, w, h, fill, more = '') =>
      put(`<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${fill}" ${more}/>`),
    line: (x1, y1, x2, y2, stroke, more = '') =>
      put(`<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${stroke}" ${more}/>`),
    elements: () => painted.join('\n'),
  }
}
