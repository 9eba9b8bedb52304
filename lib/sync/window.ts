/** MS-ASCMD 2.2.3.199: absent is 100 (R4767), 0 and anything above 512 is 512 (R4768). */
export function windowSize(requested: number | undefined): number {
  if (requested === undefined) return 100;
  return Number.isInteger(requested) && requested > 0 && requested <= 512 ? requested : 512;
}

/** The global WindowSize has no default of its own: without it only the collections' count. */
export function globalWindow(requested: number | undefined): number {
  return requested === undefined ? Number.POSITIVE_INFINITY : windowSize(requested);
}

/** Room of one response, shared by its collections. */
export interface Room {
  items: number;
  bytes: number;
  /** Nothing was put in yet: the first item goes out whatever its size. */
  empty: boolean;
  /** An item that the client asked for is in it, which goes out whatever its size as well. */
  fetched?: boolean;
}

/** Tags, ServerId and length of one Add, Change, Delete or SoftDelete around its data. */
const AROUND = 96;

export function fits(room: Room, bytes: number): boolean {
  return room.items > 0 && room.bytes >= bytes + AROUND;
}

export function take(room: Room, bytes: number): void {
  room.items -= 1;
  room.bytes -= bytes + AROUND;
  room.empty = false;
}

/** An answer to a command: it takes no place of the window. */
export function takeFetched(room: Room, bytes: number): void {
  room.bytes -= bytes + AROUND;
  room.empty = false;
  room.fetched = true;
}
