import type { Behaviour, Context, Message, Received } from '../../actors/actor.js'
import type { ActorLife } from '../life.js'
import type { Arrival } from '../messages.js'
import type { Carriage } from './carriage.js'
import { Inbox } from './inbox.js'
import { Outbox, type Retry } from './outbox.js'
import { PostContext } from './post-context.js'
import { copyPost, newPost, type Post, type Posted, undoneOf } from './post.js'

interface PostKept<Kept> {
  readonly kept: Kept
  readonly post: Post
}

/** Outbox and inbox of one actor, around what it does itself. */
class Postman<State, Kept, M extends Message> implements ActorLife<Posted<State>, PostKept<Kept>, M> {
  readonly #life: ActorLife<State, Kept, M>
  readonly #outbox: Outbox
  readonly #inbox: Inbox

  constructor(life: ActorLife<State, Kept, M>, carriage: Carriage) {
    this.#life = life
    this.#outbox = new Outbox(carriage)
    this.#inbox = new Inbox(carriage.wire)
  }

  begin(): Posted<State> {
    return Object.assign(this.#life.begin() as Posted<State>, { post: newPost() })
  }

  checkpoint(state: Posted<State>): PostKept<Kept> {
    return { kept: this.#life.checkpoint(state), post: copyPost(state.post!) }
  }

  restore({ kept, post }: PostKept<Kept>): Posted<State> {
    return Object.assign(this.#life.restore(kept) as Posted<State>, { post: copyPost(post) })
  }

  wake(whole: boolean): M {
    return this.#life.wake?.(whole) ?? ({ kind: 'wake', whole } as unknown as M)
  }

  recovers(state: Posted<State>): boolean {
    return this.#life.recovers?.(state) === true
  }

  undone(state: Posted<State>, kept: PostKept<Kept> | undefined): readonly number[] {
    return [...(this.#life.undone?.(state, kept?.kept) ?? []), ...undoneOf(state.post!, kept?.post)]
  }

  readonly behaviour: Behaviour<Posted<State>, M> = (state, received, context) => {
    const message = received.message as Message
    switch (message.kind) {
      case 'retry':
        return this.#again(state, message as Retry, context)
      case 'wake':
        this.#outbox.rearm(state.post!, context)
        return this.#life.wake === undefined ? state : this.#handle(state, received, context)
      case 'arrival':
        return this.#arrived(state, message as Arrival, context)
      default:
        return this.#handle(state, received, context)
    }
  }

  #again(state: Posted<State>, retry: Retry, context: Context): Posted<State> {
    const unheard = this.#outbox.again(state.post!, retry, context)
    if (unheard === undefined || this.#life.unheard === undefined) return state
    return this.#handle(state, { from: context.self, message: this.#life.unheard(unheard) }, context)
  }

  #arrived(state: Posted<State>, { envelope }: Arrival, context: Context): Posted<State> {
    if (envelope.kind === 'ack') {
      this.#outbox.acknowledged(state.post!, envelope, context)
      return state
    }
    let after = state
    this.#inbox.arrived(state.post!, envelope, context, (received) => {
      after = this.#handle(after, received as unknown as Received<M>, context)
    })
    return after
  }

  #handle(state: Posted<State>, received: Received<M>, context: Context): Posted<State> {
    const post = new PostContext(context, (to, content) => this.#outbox.post(state.post!, to, content, context))
    return this.#life.behaviour(state, received, post) as Posted<State>
  }
}

/**
 * An actor whose messages are numbered, acknowledged when they are taken in, sent again until they are (at most so often,
 * at waits that grow), and taken in once and in their order. What it has sent and not heard of is a part of its state.
 */
export const reliable = <State, Kept, M extends Message>(
  life: ActorLife<State, Kept, M>, carriage: Carriage,
): ActorLife<Posted<State>, PostKept<Kept>, M> => new Postman(life, carriage)
