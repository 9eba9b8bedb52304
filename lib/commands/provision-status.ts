/** MS-ASPROV 2.2.2.54.2, of the command; 2 is a syntax error in the request (3.2.5.2, R497). */
export const ProvisionStatus = {
  Success: 1,
  Protocol: 2,
  /** Common statuses. */
  DeviceBlocked: 129,
  NotProvisionable: 139,
  ManagedElsewhere: 145,
  InformationRequired: 165,
} as const;

/** MS-ASPROV 2.2.2.54.1, of one policy. */
export const PolicyStatus = { Success: 1, NoPolicy: 2, UnknownType: 3, Corrupt: 4, WrongKey: 5 } as const;
