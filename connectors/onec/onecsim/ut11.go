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
			),
			Navs:  []Nav{{"Parent", SetPartners}, {"ОсновнойМенеджер", SetUsers}},
			Parts: []Part{contactInfo()},
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
		Set{
			Name:   SetContactKinds,
			Fields: with(Field{"Description", String}, Field{"Тип", String}, Field{"PredefinedDataName", String}),
		},
	)
}
