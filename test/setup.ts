import fc from 'fast-check'

// Properties draw the same cases in every run; FC_SEED=n looks elsewhere.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_261_122) })
