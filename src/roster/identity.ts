/** JSON with sorted keys and no undefined fields: equal content gives equal text, however it was written down. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
  return `{${fields.join(',')}}`
}

/**
 * What names the random streams of each entry of a list: its `id`, or its content and how many equal ones came before.
 * So adding, removing or moving an entry leaves the draws of all others as they were.
 */
export const identities = (entries: readonly object[]): readonly string[] => {
  const seen = new Map<string, number>()
  return entries.map((entry) => {
    if ('id' in entry && typeof entry.id === 'string') return `id ${entry.id}`
    const content = canonical(entry)
    const ordinal = seen.get(content) ?? 0
    seen.set(content, ordinal + 1)
    return `content ${ordinal} ${content}`
  })
}

/** Eight hex digits of a text (FNV-1a): a short name for people. Never the key of a draw. */
export const shortHash = (text: string): string => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
