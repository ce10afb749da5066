/** Everything a script needs: constructors of simulations, and `simulate` to fly them from a program. */
export * from './simulation/script.js'
