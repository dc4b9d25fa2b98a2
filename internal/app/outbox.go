package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pult-cc/pult/connectors"
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/internal/errs"
	"github.com/pult-cc/pult/internal/interactions"
	"github.com/pult-cc/pult/internal/obs"
	"github.com/pult-cc/pult/internal/outbox"
	"github.com/pult-cc/pult/internal/store"
)

// planner says what the configured customer systems are told of calls.
func (a *App) planner() *outbox.Planner {
	p := &outbox.Planner{Wording: wording(a.language()), NewID: newID, Now: time.Now}
	for _, c := range a.cfg.Connectors {
		if c.LogCalls || c.MissedCallTasks {
			p.Lines = append(p.Lines, outbox.Line{Connector: c.ID, Calls: c.LogCalls, MissedTasks: c.MissedCallTasks})
		}
	}
	return p
}

// wording is the text of tasks in a customer system.
func wording(language string) outbox.Wording {
	title, waited := "Call back: ", "Missed call at %s. Waited for %s."
	if language == "ru" {
		title, waited = "Перезвонить: ", "Пропущенный звонок в %s. Время ожидания: %s."
	}
	return outbox.Wording{
		MissedTitle: func(n customers.Number) string { return title + n.Display },
		MissedText: func(in interactions.Interaction) string {
			return fmt.Sprintf(waited, in.StartedAt.Local().Format("02.01.2006 15:04"), clock(in.Waited))
		},
	}
}

// clock writes a duration as minutes and seconds.
func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// writable tells whether a connector's driver can do what the configuration file asks of it.
func (a *App) writable(id string, d connectors.Driver) error {
	const op = "opening connectors"
	for _, c := range a.cfg.Connectors {
		if c.ID != id {
			continue
		}
		if _, ok := connectors.As[connectors.CallLogger](d); c.LogCalls && !ok {
			return errs.Field(op, "connectors."+c.ID+".log_calls", "a system of kind "+c.Kind+", as it is configured, cannot log calls")
		}
		if _, ok := connectors.As[connectors.TaskCreator](d); c.MissedCallTasks && !ok {
			return errs.Field(op, "connectors."+c.ID+".missed_call_tasks", "a system of kind "+c.Kind+", as it is configured, cannot take tasks")
		}
		if _, ok := connectors.As[connectors.CallShower](d); c.ShowCalls && !ok {
			return errs.Field(op, "connectors."+c.ID+".show_calls", "a system of kind "+c.Kind+", as it is configured, has no card of its own to show")
		}
		if _, ok := connectors.As[connectors.ClickSource](d); c.Clicks && !ok {
			return errs.Field(op, "connectors."+c.ID+".clicks", "a system of kind "+c.Kind+", as it is configured, sends no clicks; is its secret configured?")
		}
	}
	return nil
}

// openOutbox makes what delivers to the customer systems that are written to, and the administrators' desk over it.
func (a *App) openOutbox(context.Context) error {
	var targets []outbox.Target
	var lines []outbox.LineName
	for _, c := range a.cfg.Connectors { // those of the file stay as long as the process
		if sys := a.systems.byID(c.ID); sys != nil && (c.LogCalls || c.MissedCallTasks) {
			targets, lines = append(targets, addressed{sys.c, c.Operators}), append(lines, outbox.LineName{ID: c.ID, Name: sys.spec.Name})
		}
	}
	a.outbox = outbox.NewDesk(a.store.Outbox(), a.number, lines, time.Now)
	d := outbox.NewDeliverer(outbox.Options{
		Repository: a.store.Outbox(), Targets: targets, Directory: &callNames{store: a.store}, Announced: a.announced(), Mask: obs.Mask, NewID: newID, Now: time.Now,
		Log: a.log,
	})
	a.workers = append(a.workers, d.Run, a.forgetPops)
	return nil
}

// addressed is a target that is told who operators are there.
type addressed struct {
	outbox.Target
	ids map[string]string // by login
}

func (t addressed) LogCall(ctx context.Context, call connectors.CallRecord) (connectors.Ref, error) {
	call.Agent = t.agent(call.Agent)
	return t.Target.LogCall(ctx, call)
}

func (t addressed) CreateTask(ctx context.Context, task connectors.Task) (connectors.Ref, error) {
	task.Agent = t.agent(task.Agent)
	return t.Target.CreateTask(ctx, task)
}

func (t addressed) agent(a connectors.Agent) connectors.Agent {
	for login, id := range t.ids {
		if a.Login != "" && strings.EqualFold(login, a.Login) {
			a.ID = id
		}
	}
	return a
}

// namesAge is how long names of queues, people and topics are believed: after an outage thousands of calls are written.
const namesAge = 30 * time.Second

// callNames implements outbox.Directory.
type callNames struct {
	store *store.Store

	mu     sync.Mutex
	read   time.Time
	queues map[string]string
	topics map[string]string
	agents map[string]connectors.Agent
}

// Names implements outbox.Directory.
func (n *callNames) Names(ctx context.Context, queueID, operatorID, topicID string) (outbox.Names, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.read.IsZero() || time.Since(n.read) > namesAge {
		if err := n.load(ctx); err != nil {
			return outbox.Names{}, errs.Wrap("reading names for customer systems", err)
		}
	}
	return outbox.Names{Queue: n.queues[queueID], Topic: n.topics[topicID], Agent: n.agents[operatorID]}, nil
}

func (n *callNames) load(ctx context.Context) error {
	queues, err := n.store.Directory().Queues(ctx)
	if err != nil {
		return err
	}
	topics, err := n.store.Interactions().Topics(ctx)
	if err != nil {
		return err
	}
	users, err := n.store.Auth().Users(ctx)
	if err != nil {
		return err
	}
	n.queues, n.topics, n.agents = map[string]string{}, map[string]string{}, map[string]connectors.Agent{}
	for _, q := range queues {
		n.queues[q.ID] = q.Name
	}
	for _, t := range topics {
		n.topics[t.ID] = t.Name
		if t.Group != "" {
			n.topics[t.ID] = t.Group + " › " + t.Name
		}
	}
	for _, u := range users {
		n.agents[u.ID] = connectors.Agent{Login: u.Login, Name: u.Name}
	}
	n.read = time.Now()
	return nil
}
