import type { Micros } from './micros.js'

/** A clock that an actor goes by where it does not have the true time. */
export interface Clock {
  /** What it shows at `at` of true time: an integer, and below 0 where a clock that is behind has not come to 0. */
  read(at: Micros): Micros
  /** True time until it has counted `delay`, from `at` on. It counts on when the clock is set: timers are monotonic. */
  wait(at: Micros, delay: Micros): Micros
}
