/** A topic as it is written: Billing › Refund. */
export function topicName(topic: { readonly name: string; readonly group: string }): string {
  return topic.group === '' ? topic.name : `${topic.group} › ${topic.name}`
}
