/** A conditional write between its arrival and its commit. */
type Flight = { conflict: boolean };

/** Who is writing to which key. */
export type Races = {
  /** A write whose condition lost to another one in flight is answered 409, as S3 may do, and not 412. */
  conflicts: boolean;
  readonly begin: (bucket: string, key: string) => { readonly flight: Readonly<Flight>; readonly end: () => void };
  readonly written: (bucket: string, key: string) => void;
  readonly deleted: (bucket: string, key: string) => void;
};

/**
 * Amazon S3 User Guide, “How to prevent object overwrites with conditional writes”: of several at once the first to finish
 * succeeds and the others get 412; 409 comes when an object is deleted while a conditional write to it is under way.
 */
export function createRaces(): Races {
  const flights = new Map<string, Set<Flight>>();
  const nameOf = (bucket: string, key: string) => `${bucket}/${key}`;
  const mark = (bucket: string, key: string) => {
    for (const flight of flights.get(nameOf(bucket, key)) ?? []) flight.conflict = true;
  };
  const races: Races = {
    conflicts: false,
    begin: (bucket, key) => {
      const name = nameOf(bucket, key);
      const flight: Flight = { conflict: false };
      const all = flights.get(name) ?? new Set();
      flights.set(name, all.add(flight));
      const end = () => {
        all.delete(flight);
        if (all.size === 0) flights.delete(name);
      };
      return { flight, end };
    },
    written: (bucket, key) => {
      if (races.conflicts) mark(bucket, key);
    },
    deleted: mark,
  };
  return races;
}
