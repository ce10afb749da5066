/** A bug in the protocol: one place of one file, written otherwise, and the check that is meant to catch it. */
export interface Mutant {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly check: string
}

export const mutants: readonly Mutant[] = [
  {
    name: 'fold a duplicate',
    file: 'src/federation/rounds/admission.ts',
    find: "return answered === round ? 'duplicate' : undefined",
    replace: 'return undefined',
    check: 'once',
  },
  {
    name: 'fold a duplicate, without common rounds',
    file: 'src/federation/rounds/admission.ts',
    find: 'if (round <= answered)',
    replace: 'if (round < answered)',
    check: 'once',
  },
  {
    name: 'fold a late update',
    file: 'src/federation/rounds/admission.ts',
    find: "if (round < open || ending !== undefined) return ending?.after ?? 'late'",
    replace: 'if (round < open - 9) return undefined',
    check: 'rounds',
  },
  {
    name: 'fold an update that is too stale',
    file: 'src/federation/rounds/admission.ts',
    find: "return staleness > maxStaleness ? 'late' : undefined",
    replace: 'return undefined',
    check: 'once',
  },
  {
    name: 'fold after the last fold',
    file: 'src/federation/rounds/admission.ts',
    find: "if (over) return 'surplus'",
    replace: '',
    check: 'rounds',
  },
  {
    name: 'fold a round that was aborted',
    file: 'src/federation/owner.ts',
    find: 'if (folds && held.length > 0',
    replace: 'if (held.length > 0',
    check: 'rounds',
  },
  {
    name: 'forget that a round has ended',
    file: 'src/federation/owner.ts',
    find: 'holding.endings[round] = { outcome, reason, after }',
    replace: '',
    check: 'rounds',
  },
  {
    name: 'close a round before its owner has',
    file: 'src/federation/aggregator.ts',
    find: 'counted = close(holding, round, notice, ownership, context)\n',
    replace: '\n',
    check: 'rounds',
  },
  {
    name: 'leave a round out',
    file: 'src/federation/aggregator.ts',
    find: 'else state.round = round + 1',
    replace: 'else state.round = round + 2',
    check: 'rounds',
  },
  {
    name: 'keep what was folded for the next round',
    file: 'src/federation/owner.ts',
    find: 'if (drops) holding.held = []',
    replace: '',
    check: 'fates',
  },
  {
    name: 'lose the fate of a duplicate',
    file: 'src/federation/client.ts',
    find: "return context.record({ kind: 'settle', envelope: id, fate: known ? 'duplicate' : 'fruitless' })",
    replace: 'return',
    check: 'fates',
  },
  {
    name: 'lose the fate of an update that counted',
    file: 'src/federation/owner.ts',
    find: 'for (const { envelope } of held) context.record(',
    replace: 'for (const { envelope } of held.slice(1)) context.record(',
    check: 'fates',
  },
  {
    name: 'lose the fate of a notice',
    file: 'src/federation/expert-network.ts',
    find: "context.record({ kind: 'settle', envelope: envelope.id, fate: 'control' })\n  close(",
    replace: 'close(',
    check: 'fates',
  },
  {
    name: 'lose an envelope',
    file: 'src/network/network.ts',
    find: "this.#options.record.tell(to, { kind: 'drop', envelope: id, from, round, travelled, fault }, event)",
    replace: 'void [to, from, round, travelled, fault, event, id]',
    check: 'conservation',
  },
  {
    name: 'deliver an envelope and keep it',
    file: 'src/network/network.ts',
    find: 'flying.event)\n      this.#release(flying)\n      return true',
    replace: 'flying.event)\n      return true',
    check: 'conservation',
  },
  {
    name: 'make a copy that nobody counts',
    file: 'src/network/network.ts',
    find: 'const flying = this.#take(new Flying(this.#ways, envelope, path, event))\n    const own',
    replace: 'const flying = new Flying(this.#ways, envelope, path, event)\n    const own',
    check: 'conservation',
  },
  {
    name: 'let a dead client go on',
    file: 'src/flight/lives.ts',
    find: 'host.kill(who)',
    replace: '',
    check: 'causality',
  },
  {
    name: 'let time run back',
    file: 'src/time/kernel.ts',
    find: 'this.#now = event.time\n',
    replace: 'this.#now = event.time - (this.#executed % 7)\n',
    check: 'causality',
  },
  {
    name: 'name a cause that is yet to come',
    file: 'src/network/network.ts',
    find: "record.tell(envelope.to, { kind: 'arrive', envelope: envelope.id }, flying.event)",
    replace: "record.tell(envelope.to, { kind: 'arrive', envelope: envelope.id }, flying.event + 100_000)",
    check: 'causality',
  },
  {
    name: 'weigh by rows, and divide by clients',
    file: 'src/federation/strategies/fold.ts',
    find: 'updates[k].examples / total',
    replace: 'updates[k].examples / weights.length',
    check: 'weights',
  },
  {
    name: 'fold a float too few',
    file: 'src/federation/strategies/fold.ts',
    find: 'const length = updates[0].values.length\n',
    replace: 'const length = updates[0].values.length - 1\n',
    check: 'state',
  },
]
