# What every description may use. A record that is written carries a mark, by which it is found when it is sent again.
def mark: "[pult:\(.key)]";
def words($language): {
  "ru": {
    "in": "Входящий звонок", "out": "Исходящий звонок", "ANSWERED": "состоялся", "MISSED": "пропущен", "BUSY": "занято", "NO_ANSWER": "нет ответа",
    "FAILED": "не удался", "waited": "Ожидание, с", "talked": "Разговор, с", "queue": "Очередь", "agent": "Оператор", "topic": "Тема", "tags": "Метки",
    "call": "Звонок", "recording": "Запись разговора", "withdrawn": "Записано по ошибке: звонок не этого клиента"
  },
  "en": {
    "in": "Inbound call", "out": "Outbound call", "ANSWERED": "answered", "MISSED": "missed", "BUSY": "busy", "NO_ANSWER": "no answer", "FAILED": "failed",
    "waited": "Waited, s", "talked": "Talked, s", "queue": "Queue", "agent": "Operator", "topic": "Topic", "tags": "Tags", "call": "Call",
    "recording": "Recording", "withdrawn": "Written by mistake: this was not the customer's call"
  }
} | .[$language] // .en;
def call_title($language): words($language) as $w
  | (if .inbound then $w.in else $w.out end) + (if .number then " " + .number else "" end) + ", " + $w[.outcome];
def call_text($language): words($language) as $w | [
    .comment,
    (.topic | values | "\($w.topic): \(.)"),
    (if (.tags | length) > 0 then "\($w.tags): \(.tags | join(", "))" else empty end),
    (.queue | values | "\($w.queue): \(.)"),
    (.agent.name | values | "\($w.agent): \(.)"),
    "\($w.waited): \(.waited)", "\($w.talked): \(.talked)",
    (.url | values | "\($w.call): \(.)"),
    mark
  ] | map(values) | join("\n");
# For whom the call stands or may stand: its customer, and the one it has to leave.
def holders: [.customer, .written.customer] | map(values);
def contact_text: [.comment, mark] | map(values) | join("\n");
def task_text: [.text, .number, mark] | map(values | select(. != "")) | join("\n");
# "2006-01-02T15:04:05Z" with a space and without zone, as many systems want UTC.
def spaced: if . == null then null else sub("T"; " ") | sub("Z$"; "") end;
# Minutes begun.
def minutes: (. + 59) / 60 | floor;
