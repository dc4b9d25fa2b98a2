package onecsim

// The sets of "Управление торговлей 11", as far as a card needs them. Columns of Catalog_Контрагенты and of its contact
// information are those of a real base's $metadata (facts 1.4; note that there is no Code); those of partners and contact persons
// are the ones that public clients of real bases select.

// Names of the sets.
const (
	SetCounterparties = "Catalog_Контрагенты"
	SetPartners       = "Catalog_Партнеры"
	SetContacts       = "Catalog_КонтактныеЛицаПартнеров"
	SetUsers          = "Catalog_Пользователи"
	SetContactKinds   = "Catalog_ВидыКонтактнойИнформации"
	SetCalls          = "Document_ТелефонныйЗвонок"
	SetTasks          = "Task_ЗадачаИсполнителя"
	PartContactInfo   = "КонтактнаяИнформация"
)

func contactInfo() Part {
	return Part{
		Name: PartContactInfo,
		Fields: []Field{
			{"Тип", String},
			{"Вид_Key", GUID},
			{"Представление", String},
			{"ЗначенияПолей", String},
			{"Страна", String},
			{"Регион", String},
			{"Город", String},
			{"АдресЭП", String},
			{"ДоменноеИмяСервера", String},
			{"НомерТелефона", String},
			{"НомерТелефонаБезКодов", String},
			{"ВидДляСписка_Key", GUID},
			{"ДействуетС", DateTime},
			{"Значение", String},
		},
		Navs: []Nav{{"Вид", SetContactKinds}, {"ВидДляСписка", SetContactKinds}},
	}
}

// NewUT11 makes an empty base with the sets of "Управление торговлей 11".
func NewUT11() *Base {
	system := []Field{{"Ref_Key", GUID}, {"DataVersion", String}, {"DeletionMark", Boolean}}
	with := func(fields ...Field) []Field { return append(append([]Field{}, system...), fields...) }
	return NewBase(
		Set{
			Name: SetCounterparties,
			Fields: with(
				Field{"Description", String}, Field{"НаименованиеПолное", String}, Field{"ИНН", String}, Field{"КПП", String},
				Field{"Партнер_Key", GUID}, Field{"ЮрФизЛицо", String}, Field{"КодПоОКПО", String},
				Field{"ДополнительнаяИнформация", String}, Field{"Predefined", Boolean}, Field{"PredefinedDataName", String},
			),
			Navs:  []Nav{{"Партнер", SetPartners}},
			Parts: []Part{contactInfo()},
		},
		Set{
			Name: SetPartners,
			Fields: with(
				Field{"Code", String}, Field{"Parent_Key", GUID}, Field{"Description", String}, Field{"НаименованиеПолное", String},
				Field{"ОсновнойМенеджер_Key", GUID}, Field{"ДатаРегистрации", DateTime}, Field{"ЮрФизЛицо", String},
				Field{"Клиент", Boolean}, Field{"Поставщик", Boolean}, Field{"Predefined", Boolean},
				Field{"Комментарий", String}, Field{"ДополнительнаяИнформация", String}, // client of a real base, writing
			),
			Navs:  []Nav{{"Parent", SetPartners}, {"ОсновнойМенеджер", SetUsers}},
			Parts: []Part{contactInfo()},
			Sizes: map[string]int{"Description": 100}, // ours
		},
		Set{
			Name: SetContacts,
			Fields: with(
				Field{"Owner_Key", GUID}, Field{"Description", String}, Field{"ДолжностьПоВизитке", String},
				Field{"ДатаРегистрацииСвязи", DateTime}, Field{"Комментарий", String},
			),
			Navs:  []Nav{{"Owner", SetPartners}},
			Parts: []Part{contactInfo()},
		},
		Set{
			Name:   SetUsers,
			Fields: with(Field{"Description", String}, Field{"Недействителен", Boolean}),
		},
		// Attributes seen in clients of two real bases (facts 1.6); there is none for duration or recording. The sizes are ours.
		Set{
			Name: SetCalls,
			Fields: with(
				Field{"Number", String}, Field{"Date", DateTime}, Field{"Posted", Boolean}, Field{"Входящий", Boolean}, Field{"Тема", String},
				Field{"Описание", String}, Field{"Комментарий", String}, Field{"Важность", String}, Field{"АбонентКонтакт", String},
				Field{"АбонентКонтакт_Type", String}, Field{"АбонентПредставление", String}, Field{"АбонентКакСвязаться", String},
				Field{"Автор_Key", GUID}, Field{"Ответственный_Key", GUID}, Field{"Рассмотрено", Boolean}, Field{"РассмотретьПосле", DateTime},
			),
			Navs:  []Nav{{"Автор", SetUsers}, {"Ответственный", SetUsers}},
			Sizes: map[string]int{"Тема": 100, "АбонентПредставление": 100, "АбонентКакСвязаться": 50},
		},
		// What a client of a real 1С:ERP writes into a task, and clients of real bases read from it. Lengths are ours.
		Set{
			Name: SetTasks,
			Fields: with(
				Field{"Number", String}, Field{"Date", DateTime}, Field{"Executed", Boolean}, Field{"Description", String}, Field{"Описание", String},
				Field{"Предмет", String}, Field{"Предмет_Type", String}, Field{"ПредметСтрокой", String}, Field{"Исполнитель", String},
				Field{"Исполнитель_Type", String}, Field{"Автор", String}, Field{"Автор_Type", String}, Field{"BusinessProcess", String},
				Field{"BusinessProcess_Type", String}, Field{"RoutePoint", String}, Field{"RoutePoint_Type", String}, Field{"Важность", String},
				Field{"ГруппаИсполнителейЗадач_Key", GUID}, Field{"ДатаНачала", DateTime}, Field{"СрокИсполнения", DateTime},
				Field{"ПринятаКИсполнению", Boolean}, Field{"СостояниеБизнесПроцесса", String}, Field{"РезультатВыполнения", String},
			),
			Sizes: map[string]int{"Description": 150, "ПредметСтрокой": 100},
		},
		// The name of a predefined kind is in one of two fields (client of real bases, creating counterparties: it asks one, then the other).
		Set{
			Name: SetContactKinds,
			Fields: with(
				Field{"Description", String}, Field{"Тип", String}, Field{"PredefinedDataName", String}, Field{"ИмяПредопределенногоВида", String},
			),
		},
	)
}
