/** What an application adds to the console; its script, which runs before the page is put together, fills this in. */

export const extensions = {
  /** Panels: each has `start()`, called once the mock is known. */
  panels: [],

  /** Return what is to be copied, as pairs of name and value. */
  keys: ({ api }) => [["API", api]],

  /** Return the mock's public credential for a masked header; undefined if it has none. */
  credential: () => undefined,

  /** Return whether the state is about to change by itself. */
  isMoving: () => false,
};
