package auth

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/pult-cc/pult/internal/errs"
)

// Bounds of what an account may contain, in characters.
const (
	MaxLogin    = 64
	MaxName     = 120
	MinPassword = 8 // NIST SP 800-63B §5.1.1.2
	MaxPassword = 128
)

// rank orders the roles.
var rank = map[Role]int{RoleOperator: 1, RoleSupervisor: 2, RoleAdmin: 3}

// Includes reports whether a person of role r may do what other may.
func (r Role) Includes(other Role) bool { return rank[r] > 0 && rank[r] >= rank[other] }

// All returns the role and every lesser one, the least first.
func (r Role) All() []Role {
	var out []Role
	for _, o := range []Role{RoleOperator, RoleSupervisor, RoleAdmin} {
		if r.Includes(o) {
			out = append(out, o)
		}
	}
	return out
}

// NewUser says what account to create. Password is the plain one.
type NewUser struct {
	ID       string // "" to have one made
	Login    string
	Name     string
	Role     Role
	Queues   []string
	Language string
	Theme    string
	Password string
}

// NormaliseLogin is the form logins are kept and compared in.
func NormaliseLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// ValidateUser checks an account (not its password hash). The error is errs.Invalid and names every wrong field: login, name,
// role, language, theme, device.
func ValidateUser(u User) error {
	f := fields{}
	switch n := utf8.RuneCountInString(u.Login); {
	case n == 0:
		f["login"] = "is required"
	case n > MaxLogin:
		f["login"] = "is longer than 64 characters"
	case u.Login != NormaliseLogin(u.Login):
		f["login"] = "must be lower case, without spaces around it"
	case strings.ContainsFunc(u.Login, notInLogin):
		f["login"] = "may contain letters, digits and . _ - @ + only"
	}
	switch n := utf8.RuneCountInString(u.Name); {
	case strings.TrimSpace(u.Name) == "":
		f["name"] = "is required"
	case n > MaxName:
		f["name"] = "is longer than 120 characters"
	case strings.ContainsFunc(u.Name, unicode.IsControl):
		f["name"] = "contains control characters"
	}
	if rank[u.Role] == 0 {
		f["role"] = "must be OPERATOR, SUPERVISOR or ADMIN"
	}
	if !slices.Contains(Languages, u.Language) {
		f["language"] = "must be ru, en or empty"
	}
	if !slices.Contains(Themes, u.Theme) {
		f["theme"] = "must be light, dark or auto"
	}
	if u.Device != "" && !u.Device.valid() {
		f["device"] = "must be WEB or DESK"
	}
	return f.err("checking account")
}

func (d Device) valid() bool { return d == DeviceWeb || d == DeviceDesk }

// Languages and Themes are the preferences a user may have. An empty language means the browser's, an empty theme is auto.
var (
	Languages = []string{"", "ru", "en"}
	Themes    = []string{"", "auto", "light", "dark"}
)

func notInLogin(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@+", r)
}

func validatePassword(f fields, login, password string) {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		f["password"] = "is not valid text"
	case n < MinPassword:
		f["password"] = "is shorter than 8 characters"
	case n > MaxPassword:
		f["password"] = "is longer than 128 characters"
	case strings.EqualFold(password, login):
		f["password"] = "must differ from the login"
	}
}

type fields map[string]string

func (f fields) err(op string) error {
	if len(f) == 0 {
		return nil
	}
	names := make([]string, 0, len(f))
	for n := range f {
		names = append(names, n)
	}
	slices.Sort(names)
	for i, n := range names {
		names[i] = n + ": " + f[n]
	}
	return &errs.Error{Kind: errs.Invalid, Op: op, Msg: strings.Join(names, "; "), Fields: f}
}

// CreateUser makes an account. The login is brought into its normal form first. Errors: errs.Invalid naming the fields,
// errs.Conflict with field login when the login is in use, and the repository's.
func (s *Service) CreateUser(ctx context.Context, n NewUser) (User, error) {
	const op = "creating account"
	u := User{
		ID: n.ID, Login: NormaliseLogin(n.Login), Name: strings.TrimSpace(n.Name), Role: n.Role,
		Queues: slices.Clone(n.Queues), Language: n.Language, Theme: n.Theme, Device: DeviceWeb,
	}
	if u.ID == "" {
		u.ID = uuid.NewString()
	}
	f := fields{}
	if err := ValidateUser(u); err != nil {
		f = errs.FieldsOf(err)
	}
	validatePassword(f, u.Login, n.Password)
	if err := f.err(op); err != nil {
		return User{}, err
	}
	hash, err := s.hashes.hash(ctx, n.Password)
	if err != nil {
		return User{}, errs.Wrap(op, err)
	}
	u.Password = hash
	if err := s.repo.CreateUser(ctx, u); err != nil {
		return User{}, conflict(op, err)
	}
	return u, nil
}

func conflict(op string, err error) error {
	if errs.Is(err, errs.Conflict) {
		return &errs.Error{Kind: errs.Conflict, Op: op, Msg: "login: is in use", Fields: map[string]string{"login": "is in use"}, Err: err}
	}
	return errs.Wrap(op, err)
}

// UpdateUser changes an account; the password stays as it is. Open sockets of the user are closed so that they come back with
// the new rights; a disabled user's sessions end. Errors as of CreateUser, and errs.NotFound.
func (s *Service) UpdateUser(ctx context.Context, u User) error {
	const op = "changing account"
	if err := ValidateUser(u); err != nil {
		return err
	}
	old, err := s.repo.UserByID(ctx, u.ID)
	if err != nil {
		return errs.Wrap(op, err)
	}
	u.Password = old.Password
	if err := s.repo.UpdateUser(ctx, u); err != nil {
		return conflict(op, err)
	}
	if u.Disabled {
		if err := s.repo.DeleteSessionsOf(ctx, u.ID); err != nil {
			return errs.Wrap(op, err)
		}
	}
	s.forgetUser(u.ID)
	return nil
}

// SetPassword replaces the password and ends every session of the user.
func (s *Service) SetPassword(ctx context.Context, userID, password string) error {
	const op = "setting password"
	u, err := s.repo.UserByID(ctx, userID)
	if err != nil {
		return errs.Wrap(op, err)
	}
	f := fields{}
	if validatePassword(f, u.Login, password); len(f) > 0 {
		return f.err(op)
	}
	if u.Password, err = s.hashes.hash(ctx, password); err != nil {
		return errs.Wrap(op, err)
	}
	if err := s.repo.UpdateUser(ctx, u); err != nil {
		return errs.Wrap(op, err)
	}
	if err := s.repo.DeleteSessionsOf(ctx, userID); err != nil {
		return errs.Wrap(op, err)
	}
	s.forgetUser(userID)
	return nil
}

// SetPreferences changes language and theme; nil leaves as is. It returns the user as changed.
func (s *Service) SetPreferences(ctx context.Context, userID string, language, theme *string) (User, error) {
	const op = "setting preferences"
	u, err := s.repo.UserByID(ctx, userID)
	if err != nil {
		return User{}, errs.Wrap(op, err)
	}
	if language != nil {
		u.Language = *language
	}
	if theme != nil {
		u.Theme = *theme
	}
	f := fields{}
	if !slices.Contains(Languages, u.Language) {
		f["language"] = "must be ru, en or empty"
	}
	if !slices.Contains(Themes, u.Theme) {
		f["theme"] = "must be light, dark or auto"
	}
	if err := f.err(op); err != nil {
		return User{}, err
	}
	if err := s.repo.SetPreferences(ctx, userID, u.Language, u.Theme); err != nil {
		return User{}, errs.Wrap(op, err)
	}
	s.dropCached(userID)
	return u, nil
}

// SetDevice chooses where the user talks. Errors: errs.Invalid, errs.NotFound.
func (s *Service) SetDevice(ctx context.Context, userID string, device Device) error {
	const op = "choosing device"
	if !device.valid() {
		return errs.Field(op, "device", "must be WEB or DESK")
	}
	if err := s.repo.SetDevice(ctx, userID, device); err != nil {
		return errs.Wrap(op, err)
	}
	s.dropCached(userID)
	return nil
}

// Users returns every account, disabled ones too.
func (s *Service) Users(ctx context.Context) ([]User, error) {
	us, err := s.repo.Users(ctx)
	return us, errs.Wrap("listing accounts", err)
}
