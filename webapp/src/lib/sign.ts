/** Signs of state, the same everywhere: each has a shape, a word and a colour. */
export type Sign =
  'ready' | 'offered' | 'talking' | 'held' | 'consulting' | 'conference' | 'wrapUp' | 'paused' | 'offline' | 'trouble'
