import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

import { transform } from 'sucrase'

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
}

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

const downloadsOf = (section: Section): Content =>
  section.downloads !== undefined && section.downloads.length > 0 && html`<p class="downloads">Raw data: ${section.downloads.map(({ file, csv }, i) => [
    i > 0 && ', ',
    html`<a hidden data-download="data-${section.id}-${i}" download="${file}" href="#${section.id}">${file}</a>`,
    new Html(`<script type="application/json" id="data-${escaped(section.id)}-${i}">${JSON.stringify(csv).replace(/</g, String.raw`\u003c`)}</script>`),
  ])}</p>`

/**
 * A page as one file: no request leaves it, no script or style runs but its own, nothing of the data is markup. It says all without
 * JavaScript.
 */
export const pageText = ({ title, lead, sections }: Page): string => {
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
${downloadsOf(section)}
</section>`)}
</main>
<footer><p>Made by Windtunnel.</p></footer>
<script>${new Html(script)}</script>
</body>
</html>
`
  return page.text
}
