import { z } from 'zod'
import { shown } from '../../documents/problem.js'
import { columnSchema, listed, nameSchema, oneOrMore, wordSchema } from './text.js'

/** Every class is a logit for every row, and a row of the tower's last layer: 10,000 of them with a batch of 256 are
 * 10 MB a step in each client. */
export const mostClasses = 10_000

const tooMany = {
  params: {
    rule: `is more than ${mostClasses}`,
    advice: 'Each class is an output for every row and every client: group rare ones, or predict a number (kind: regression).',
  },
}

/** How a label follows from a value: one of these. */
export const ruleNames = ['atLeast', 'above', 'atMost', 'below', 'equals', 'in', 'yes'] as const

export const taskSchema = z.strictObject({
  name: nameSchema.describe('what the task is called'),
  kind: z.enum(['binary', 'regression', 'multiclass']).default('binary')
    .describe('the label is 0 or 1; a number (scale it where it is far from 1); or a class from 0 to `classes` - 1'),
  column: columnSchema.optional().describe('the column that holds the label; by default the one of that name'),
  classes: z.union([z.int().min(2).refine((count) => count <= mostClasses, tooMany), z.array(wordSchema).min(2).max(mostClasses)])
    .optional().describe('multiclass: how many, or the words of the column in the order of the classes'),
  weight: columnSchema.optional()
    .describe('the column that says how much a training row counts in this task’s loss; by default the world’s `weight`'),
  from: columnSchema.optional().describe('binary: the column that the label follows from, by one of the rules below'),
  atLeast: z.number().optional().describe('1 for this number and all above it, else 0'),
  above: z.number().optional().describe('1 for all above this number, else 0'),
  atMost: z.number().optional().describe('1 for this number and all below it, else 0'),
  below: z.number().optional().describe('1 for all below this number, else 0'),
  equals: wordSchema.optional().describe('1 for this word or number, else 0'),
  in: z.array(wordSchema).min(1).optional().describe('1 for one of these words or numbers, else 0'),
  yes: oneOrMore(wordSchema).optional().describe('words that are 1; with `no`, any other word is an error'),
  no: oneOrMore(wordSchema).optional().describe('words that are 0'),
})

export type FolderTask = z.output<typeof taskSchema>

/** The column that a task's label is read from. */
export const labelColumn = ({ name, column, from }: Pick<FolderTask, 'name' | 'column' | 'from'>): string => from ?? column ?? name

type Word = z.output<typeof wordSchema>

const asNumber = (text: string): number => (/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : NaN)

/** Whether a text is a word of a schema: `4` is the number 4 however it is written, `'4'` the text alone. */
export const isWord = (text: string, word: Word): boolean =>
  typeof word === 'number' ? asNumber(text) === word
    : typeof word === 'boolean' ? text.toLowerCase() === String(word)
      : text === word

/** A label read from text: NaN where there is none, undefined where the text is none that was expected. */
export interface LabelRule {
  readonly parse: (text: string) => number | undefined
  /** What is expected, for an error. */
  readonly expected: string
}

const compared = (holds: (value: number) => boolean): LabelRule => ({
  parse: (text) => {
    const value = asNumber(text)
    return Number.isNaN(value) ? undefined : Number(holds(value))
  },
  expected: 'a number, or nothing',
})

const said = (words: readonly Word[]): string => {
  const first = words.slice(0, 12).map(shown).join(', ')
  return words.length > 12 ? `${first} and ${words.length - 12} more` : first
}

const ruleOf = (task: FolderTask): LabelRule | undefined => {
  const { atLeast, above, atMost, below } = task
  if (atLeast !== undefined) return compared((value) => value >= atLeast)
  if (above !== undefined) return compared((value) => value > above)
  if (atMost !== undefined) return compared((value) => value <= atMost)
  if (below !== undefined) return compared((value) => value < below)
  const yes = task.equals !== undefined ? [task.equals] : (task.in ?? listed(task.yes))
  const no = listed(task.no)
  const among = (text: string, words: readonly Word[]): boolean => words.some((word) => isWord(text, word))
  if (yes.length > 0) {
    return {
      parse: (text) => (among(text, yes) ? 1 : no.length === 0 || among(text, no) ? 0 : undefined),
      expected: `one of ${said([...yes, ...no])}, or nothing`,
    }
  }
  const { classes } = task
  if (Array.isArray(classes)) {
    return {
      parse: (text) => {
        const found = classes.findIndex((word) => isWord(text, word))
        return found < 0 ? undefined : found
      },
      expected: `one of ${said(classes)}, or nothing`,
    }
  }
  return undefined
}

/** How a task's label follows from the text of its column; undefined where the column holds the label itself. Nothing
 * (also `nan`, which pandas writes) is no label, unless the rule names it. */
export const labelRule = (task: FolderTask): LabelRule | undefined => {
  const rule = ruleOf(task)
  if (rule === undefined) return undefined
  const named = [task.equals ?? [], task.in ?? [], task.yes ?? [], task.no ?? [], task.classes ?? []].flat()
  const nothing = (text: string): boolean => /^(nan)?$/i.test(text) && !named.some((word) => word === text)
  return { ...rule, parse: (text) => (nothing(text) ? NaN : rule.parse(text)) }
}

/** How many classes a multiclass task has. */
export const classCount = ({ classes = 0 }: FolderTask): number => (Array.isArray(classes) ? classes.length : classes)
