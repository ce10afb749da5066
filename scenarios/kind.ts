import type { z } from 'zod'
import type { World } from '../src/data/world.js'

/** Where and under which seed a world is loaded. */
export interface Where {
  /** The world's seed. Worlds that are read from files use it only for random splits and samples. */
  readonly seed: string
  /** The folder given with `--data`, if any. Worlds that are made rather than read ignore it. */
  readonly dataDir?: string
  /** What relative paths in a specification are relative to. */
  readonly cwd: string
}

/** A kind of world: what a specification may say about it, and how it is loaded. */
export interface WorldKind<S extends z.ZodType<{ kind: string }> = z.ZodType<{ kind: string }>> {
  /** What it is, in one sentence, for `windtunnel list` and the documentation. */
  readonly sentence: string
  /** Where its design or its data come from. */
  readonly source: string
  /** A strict object with `kind` as its literal; every option has a default unless nothing can be assumed. */
  readonly schema: S
  load(spec: z.output<S>, where: Where): Promise<World>
}

/** Checks that `load` fits `schema`, and forgets neither. */
export const worldKind = <S extends z.ZodType<{ kind: string }>>(kind: WorldKind<S>): WorldKind<S> => kind
