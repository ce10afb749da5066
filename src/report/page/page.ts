import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

import { transform } from 'sucrase'

import { formatBytes } from '../format.js'
import { escaped, html, Html, type Content } from './html.js'
import type { Download } from './pieces.js'
import { style } from './style.js'

/** One question that a report answers. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly content: Content
  /** Raw data behind it. */
  readonly downloads?: readonly Download[]
}

/** A page: what it is of, and its answers in their order. */
export interface Page {
  readonly title: string
  readonly lead: Content
  readonly sections: readonly Section[]
  /** The command that writes all raw data, for what is too much for a page. */
  readonly exports: string
}

/** Characters of raw data beyond which a table is not in the page: all of them are to be sent by mail. */
const mostRaw = 300_000

/** A file of `browser/` as one expression: a function that gives what it exports. As source or as built, types are left out. */
const browserCode = (name: string): string => {
  const here = fileURLToPath(import.meta.url)
  const source = readFileSync(new URL(`browser/${name}${here.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), 'utf8')
  const { code } = transform(source.replace(/^\/\/# sourceMappingURL=.*$/m, ''), { transforms: ['typescript', 'imports'] })
  return `((exports) => {${code}\nreturn exports})({})`
}

/** All that a page runs, with ECharts first: one script, whose hash the page's policy names. */
const scriptOf = (): string => {
  const library = readFileSync(createRequire(import.meta.url).resolve('echarts/dist/echarts.min.js'), 'utf8')
  const code = `${library}\n;${browserCode('page')}.start(echarts, ${browserCode('drawing')})`
  // In a string, a comment or an expression alike this closes no element.
  return code.replace(/<\/(script)/gi, String.raw`<\/$1`).replace(/<!--/g, String.raw`<\!--`)
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** A table that the page gives away; of one that is too long, how it is had otherwise. */
const downloadOf = ({ file, csv }: Download, id: string, exports: string): Content =>
  csv.length > mostRaw
    ? html`${file} (${formatBytes(csv.length)}) is too long for a page: <code>${exports}</code> writes it`
    : [
        html`<a data-download="${id}" download="${file}">${file}</a>`,
        new Html(`<script type="application/json" id="${escaped(id)}">${JSON.stringify(csv).replace(/</g, String.raw`\u003c`)}</script>`),
      ]

const downloadsOf = ({ id, downloads = [] }: Section, exports: string): Content =>
  downloads.length > 0 && html`<p class="downloads">Raw data: ${downloads.map((one, i) => [i > 0 && '; ', downloadOf(one, `data-${id}-${i}`, exports)])}<noscript> (given away where JavaScript runs)</noscript></p>`

/**
 * A page as one file: no request leaves it, no script or style runs but its own, nothing of the data is markup. It says all without
 * JavaScript.
 */
export const pageText = ({ title, lead, sections, exports }: Page): string => {
  const script = scriptOf()
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data: blob:; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header><h1>${title}</h1>${lead}</header>
<nav class="contents" aria-label="Contents">${sections.map(({ id, title: name }) => html`<a href="#${id}">${name}</a>`)}</nav>
<main>
${sections.map((section) => html`<section id="${section.id}" aria-labelledby="${section.id}-title">
<h2 id="${section.id}-title">${section.title}</h2>
${section.content}
${downloadsOf(section, exports)}
</section>`)}
</main>
<footer><p>Made by Windtunnel.</p></footer>
<script>${new Html(script)}</script>
</body>
</html>
`
  return page.text
}
