// Stands in for the package debug, by which JsSIP logs, and which is larger: warnings and errors go to the console, for whoever looks why
// a phone does not work; the rest, whole SIP messages with the numbers of customers, goes nowhere.
const loud = /:(?:WARN|ERROR)/u
const logger = (name) => {
  // eslint-disable-next-line no-console -- a log is what it is for
  const log = loud.test(name) ? (...args) => console.warn(name, ...args) : () => {}
  return Object.assign(log, { enabled: false })
}
module.exports = Object.assign(logger, { default: logger })
