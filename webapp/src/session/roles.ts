/** Whether somebody with these roles sees the whole floor; the server decides what they may do. */
export function supervisesAs(roles: readonly string[]): boolean {
  return roles.includes('SUPERVISOR') || roles.includes('ADMIN')
}

/** Whether somebody with these roles runs the installation; the server decides what they may do. */
export function administersAs(roles: readonly string[]): boolean {
  return roles.includes('ADMIN')
}
