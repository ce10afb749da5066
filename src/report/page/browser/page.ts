/*
 * What a report does where JavaScript runs: charts that answer when they are pointed at, that can be zoomed and whose lines can be
 * taken away. Without it the pictures stand that the server drew. `ECharts` and `drawing` are there when this is called.
 */

interface Drawer {
  setOption(option: unknown, settings?: { readonly notMerge: boolean }): void
  resize(): void
  dispose(): void
}

interface Library {
  init(element: Element, theme: null, settings: { readonly renderer: 'canvas' }): Drawer
}

interface Drawing {
  bound(value: unknown, colours: (name: string) => string): unknown
}

/** A chart of the page: the picture that is there, and what it was drawn from. */
interface Figure {
  readonly picture: HTMLElement
  readonly canvas: HTMLElement
  readonly chart: { readonly option: Record<string, unknown>; readonly zooms: 'x' | 'both' | undefined }
  drawer: Drawer | undefined
}

/** Zoom by wheel with a key held, so that a page scrolls as pages do; and by a slider. */
const zooming = (zooms: 'x' | 'both' | undefined): object =>
  zooms === undefined
    ? {}
    : {
        dataZoom: [
          { type: 'inside', xAxisIndex: 0, zoomOnMouseWheel: 'ctrl', filterMode: 'weakFilter' },
          { type: 'slider', xAxisIndex: 0, height: 18, bottom: 4, filterMode: 'weakFilter', showDetail: false },
          ...(zooms === 'both' ? [{ type: 'inside', yAxisIndex: 0, zoomOnMouseWheel: 'ctrl', filterMode: 'none' }] : []),
        ],
      }

export const start = (library: Library, drawing: Drawing): void => {
  const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

  const draw = (figure: Figure): void => {
    const { chart, canvas, picture } = figure
    picture.hidden = true
    canvas.hidden = false
    figure.drawer ??= library.init(canvas, null, { renderer: 'canvas' })
    const option = drawing.bound(chart.option, colour) as Record<string, unknown>
    const [grid] = [option['grid']].flat() as [Record<string, unknown> | undefined]
    const room = chart.zooms !== undefined && grid !== undefined && { grid: { ...grid, bottom: Number(grid['bottom'] ?? 40) + 22 } }
    figure.drawer.setOption({ ...option, ...room, ...zooming(chart.zooms), animation: false }, { notMerge: true })
  }

  const figures = [...document.querySelectorAll<HTMLElement>('figure.chart')].map((element): Figure => {
    const picture = element.querySelector<HTMLElement>('.picture')!
    const canvas = document.createElement('div')
    canvas.className = 'canvas'
    canvas.style.height = element.dataset['height'] ?? '320px'
    canvas.hidden = true
    canvas.setAttribute('aria-hidden', 'true')
    picture.after(canvas)
    return { picture, canvas, chart: JSON.parse(element.querySelector('script')!.textContent), drawer: undefined }
  })

  // A chart is drawn when somebody comes to it: hundreds at once would hold the page up.
  const eyes = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      const figure = figures.find(({ picture }) => picture.parentElement === target)
      if (isIntersecting && figure !== undefined && figure.drawer === undefined) draw(figure)
    }
  }, { rootMargin: '200px' })
  for (const { picture } of figures) eyes.observe(picture.parentElement!)

  const drawn = (): Figure[] => figures.filter(({ drawer }) => drawer !== undefined)
  addEventListener('resize', () => drawn().forEach(({ drawer }) => drawer!.resize()))
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn().forEach(draw))

  for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-download]')) {
    const text = document.getElementById(link.dataset['download']!)!.textContent
    link.href = URL.createObjectURL(new Blob([JSON.parse(text)], { type: 'text/csv' }))
  }
}
