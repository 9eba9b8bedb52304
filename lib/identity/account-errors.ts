export class AddressTaken extends Error {
  override readonly name = 'AddressTaken';
}
export class NoAccount extends Error {
  override readonly name = 'NoAccount';
}
/** The named policy does not exist, or too many aliases: said in the message. */
export class InvalidAccount extends Error {
  override readonly name = 'InvalidAccount';
}
