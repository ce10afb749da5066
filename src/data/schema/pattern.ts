/** Whether a path stands for several files. */
export const isPattern = (path: string): boolean => /[*?]/.test(path)

/** What matches a path: `*` and `?` stand for signs other than `/`, `**` for folders too. */
export const patternOf = (path: string): RegExp => {
  const text = path.replace(/\*\*\/|\*+|\?|[^*?]/g, (sign) => {
    if (sign === '**/') return '(?:[^/]+/)*'
    if (sign === '*') return '[^/]*'
    if (sign.startsWith('*')) return '.*'
    if (sign === '?') return '[^/]'
    return sign.replace(/[\\^$.+()[\]{}|/]/g, '\\$&')
  })
  return new RegExp(`^${text}$`, 'u')
}
