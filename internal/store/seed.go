package store

import (
	"context"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pult-cc/pult/ent"
	"github.com/pult-cc/pult/ent/setting"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/telephony/queues"
)

// seeded is the setting that says that the defaults were laid down, so that what an administrator has removed does not come back.
const seeded = "seed.defaults"

// text is a name in the languages of a seed. Names are data of the installation, in one language; people rename them.
type text struct{ ru, en string }

func (t text) in(language string) string {
	if language == "ru" {
		return t.ru
	}
	return t.en
}

// Seed lays down what a new installation starts with: two queues, pause reasons, a tree of topics, named in the language ("ru" or
// "en"; anything else is errs.Invalid). It does so once per database; Pult's own pause reasons are put back whenever they are
// missing. Several processes may call it at the same time. at is the time to note.
func (s *Store) Seed(ctx context.Context, language string, at time.Time) error {
	const op = "laying down defaults"
	if language != "ru" && language != "en" {
		return errs.Field(op, "language", `want "ru" or "en"`)
	}
	_, err := s.Setting(ctx, seeded)
	fresh := errs.Is(err, errs.NotFound)
	if err != nil && !fresh {
		return errs.Wrap(op, err)
	}
	reasons, err := s.Directory().PauseReasons(ctx)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if !fresh && hasSystemReasons(reasons) {
		return nil
	}
	return wrap(op, s.inTx(ctx, func(tx *ent.Tx) error {
		if err := seedReasons(ctx, tx, language, fresh); err != nil || !fresh {
			return err
		}
		if err := seedQueues(ctx, tx, language); err != nil {
			return err
		}
		if err := seedTopics(ctx, tx, language); err != nil {
			return err
		}
		return tx.Setting.Create().SetID(seeded).SetValue(language).SetUpdatedAt(utc(at)).
			OnConflictColumns(setting.FieldID).Ignore().
			Exec(ctx)
	}))
}

func hasSystemReasons(reasons []queues.PauseReason) bool {
	have := 0
	for _, r := range reasons {
		if r.System {
			have++
		}
	}
	return have >= len(systemReasons)
}

var systemReasons = []struct {
	key  string
	name text
}{
	{queues.PauseNoAnswer, text{"Не ответил на звонок", "No answer"}},
	{queues.PauseDeclined, text{"Отклонил звонок", "Declined a call"}},
	{queues.PausePhone, text{"Телефон отключился", "Phone lost"}},
}

var pauseReasons = []struct {
	key  string
	name text
}{
	{"lunch", text{"Обед", "Lunch"}},
	{"break", text{"Перерыв", "Break"}},
	{"training", text{"Обучение", "Training"}},
}

func seedReasons(ctx context.Context, tx *ent.Tx, language string, fresh bool) error {
	var rows []*ent.PauseReasonCreate
	add := func(key, name string, system bool) {
		rows = append(rows, tx.PauseReason.Create().SetID(key).SetKey(key).SetName(name).SetSystem(system).SetPosition(len(rows)))
	}
	for _, r := range systemReasons {
		add(r.key, r.name.in(language), true)
	}
	if fresh {
		for _, r := range pauseReasons {
			add(r.key, r.name.in(language), false)
		}
	}
	return tx.PauseReason.CreateBulk(rows...).OnConflict(entsql.DoNothing()).Exec(ctx)
}

func seedQueues(ctx context.Context, tx *ent.Tx, language string) error {
	base := queues.Queue{RingTimeout: 15 * time.Second, WrapUp: 2 * time.Minute, RescueFor: 30 * time.Second}
	support, sales := base, base
	support.ID, support.Key, support.Name, support.Order = "support", "support", text{"Поддержка", "Support"}.in(language), 1
	sales.ID, sales.Key, sales.Name, sales.Order = "sales", "sales", text{"Продажи", "Sales"}.in(language), 2
	return tx.Queue.CreateBulk(createQueue(tx.Queue, support), createQueue(tx.Queue, sales)).
		OnConflict(entsql.DoNothing()).Exec(ctx)
}

type (
	seedTopic struct {
		id   string
		name text
	}
	seedGroup struct {
		name   text
		topics []seedTopic
	}
)

var topicTree = []seedGroup{
	{text{"Оплата", "Billing"}, []seedTopic{
		{"billing-invoice", text{"Счёт и документы", "Invoice"}},
		{"billing-payment", text{"Не проходит оплата", "Payment fails"}},
		{"billing-refund", text{"Возврат", "Refund"}},
	}},
	{text{"Доставка", "Delivery"}, []seedTopic{
		{"delivery-status", text{"Где заказ", "Where is the order"}},
		{"delivery-delay", text{"Задержка", "Delay"}},
		{"delivery-damage", text{"Повреждение или недостача", "Damaged or missing"}},
	}},
	{text{"Товары и услуги", "Products"}, []seedTopic{
		{"product-advice", text{"Консультация", "Advice"}},
		{"product-order", text{"Новый заказ", "New order"}},
		{"product-fault", text{"Неисправность", "Fault"}},
	}},
	{text{"Договор", "Account"}, []seedTopic{
		{"account-access", text{"Доступ", "Access"}},
		{"account-details", text{"Изменение реквизитов", "Change of details"}},
		{"account-complaint", text{"Жалоба", "Complaint"}},
	}},
	{text{"Прочее", "Other"}, []seedTopic{
		{"other-wrong-number", text{"Ошиблись номером", "Wrong number"}},
		{"other-spam", text{"Реклама", "Advertising"}},
		{"other", text{"Другое", "Something else"}},
	}},
}

func seedTopics(ctx context.Context, tx *ent.Tx, language string) error {
	var rows []*ent.TopicCreate
	for _, g := range topicTree {
		for _, t := range g.topics {
			rows = append(rows, tx.Topic.Create().SetID(t.id).SetGroup(g.name.in(language)).SetName(t.name.in(language)).
				SetPosition(len(rows)+1))
		}
	}
	return tx.Topic.CreateBulk(rows...).OnConflict(entsql.DoNothing()).Exec(ctx)
}
