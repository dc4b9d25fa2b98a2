package transport

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/pult-cc/pult/internal/errs"
)

// conn is one connection. serve is its reader. Messages are written by who has them, one at a time, as the mailbox says; what the
// reader has to say is written by write, so that a browser that does not read is heard all the same.
type conn struct {
	ws      *websocket.Conn
	exec    graphql.GraphExecutor
	session Session
	limits  SocketLimits
	header  http.Header
	box     *mailbox
	heard   atomic.Int64 // when the last message came, Unix nanoseconds

	opsCtx  context.Context //nolint:containedctx // of all operations
	stop    context.CancelFunc
	closing chan struct{} // closed by close
	waiting chan struct{} // holds one token when write has messages to write
	running sync.WaitGroup

	mu     sync.Mutex
	code   websocket.StatusCode // why it closes
	reason string
	acked  bool
	ops    map[string]*operation
}

// operation is one running query, mutation or subscription.
type operation struct {
	cancel context.CancelFunc
}

func newConn(ctx context.Context, ws *websocket.Conn, exec graphql.GraphExecutor, s Session, l SocketLimits, h http.Header) *conn {
	c := &conn{
		ws: ws, exec: exec, session: s, limits: l, header: h, box: newMailbox(l.Mailbox, l.MailboxBytes),
		closing: make(chan struct{}), waiting: make(chan struct{}, 1), ops: map[string]*operation{},
	}
	c.opsCtx, c.stop = context.WithCancel(s.Context(ctx))
	return c
}

// close ends the operations and makes the writer close the connection with the code; the first call counts. It does not wait.
func (c *conn) close(code websocket.StatusCode, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 {
		return
	}
	c.code, c.reason = code, reason
	close(c.closing)
	c.box.close()
	c.stop()
}

// serve runs the connection until it is gone.
func (c *conn) serve(ctx context.Context) {
	// Reading with a context that ends would cut the connection before the close code is out, so operations have one of their own.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.heard.Store(time.Now().UnixNano())
	init := time.AfterFunc(c.limits.InitTimeout, func() {
		c.mu.Lock()
		acked := c.acked
		c.mu.Unlock()
		if !acked {
			c.close(closeInitTimeout, "Connection initialisation timeout")
		}
	})
	defer init.Stop()

	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write(ctx)
	}()
	c.read(ctx)
	c.close(websocket.StatusNormalClosure, "") // if nobody has yet
	<-written
	c.running.Wait()
}

// read handles messages until the connection is gone.
func (c *conn) read(ctx context.Context) {
	for {
		kind, data, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		c.heard.Store(time.Now().UnixNano())
		select {
		case <-c.closing: // what comes now comes too late
			continue
		default:
		}
		if kind != websocket.MessageText {
			c.close(closeBadMessage, "Invalid message: text expected")
			continue
		}
		c.handle(c.opsCtx, data)
	}
}

func (c *conn) handle(ctx context.Context, data []byte) {
	m, params, problem := parseMessage(data)
	if problem != "" {
		c.close(closeBadMessage, problem)
		return
	}
	switch m.Type {
	case typeInit:
		c.mu.Lock()
		again := c.acked
		c.acked = true
		c.mu.Unlock()
		if again {
			c.close(closeTooManyInits, "Too many initialisation requests")
			return
		}
		c.putLater(frameAck)
	case typePing:
		c.putLater(framePong)
	case typePong: // heard from it: that was the point
	case typeComplete:
		c.mu.Lock()
		if op := c.ops[m.ID]; op != nil {
			delete(c.ops, m.ID)
			op.cancel()
		}
		c.mu.Unlock()
	case typeSubscribe:
		c.subscribe(ctx, m.ID, params)
	}
}

// put adds a message to those that are written; a browser that has stopped reading is let go.
func (c *conn) put(frame []byte) {
	if c.box.put(frame, c.limits.Patience) == errStalled {
		c.stalled()
	}
}

func (c *conn) stalled() { c.close(closeSlow, "The browser does not read") }

// putLater has a message written by write.
func (c *conn) putLater(frame []byte) {
	c.put(frame)
	select {
	case c.waiting <- struct{}{}:
	default:
	}
}

// flush writes what waits, unless somebody is writing, who does it then.
func (c *conn) flush() {
	if !c.box.begin() {
		return
	}
	for frames := c.box.take(); len(frames) > 0; frames = c.box.take() {
		for _, frame := range frames {
			if !c.writeOne(frame) {
				c.drop()
				return
			}
		}
	}
}

func (c *conn) subscribe(ctx context.Context, id string, params *graphql.RawParams) {
	c.mu.Lock()
	if !c.acked {
		c.mu.Unlock()
		c.close(closeUnauthorized, "Unauthorized")
		return
	}
	if c.ops[id] != nil {
		c.mu.Unlock()
		c.close(closeDuplicateID, "Subscriber for this id already exists")
		return
	}
	if len(c.ops) >= c.limits.Operations {
		c.mu.Unlock()
		c.putLater(frameError(id, c.failed(ctx, errs.E(errs.RateLimited, "starting operation", "too many operations at a time on this connection"))))
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	op := &operation{cancel: cancel}
	c.ops[id] = op
	c.running.Add(1)
	c.mu.Unlock()
	params.Headers = c.header
	go func() {
		defer c.running.Done()
		defer cancel()
		c.run(ctx, id, op, params)
	}()
}

func (c *conn) failed(ctx context.Context, err error) *graphql.Response {
	return c.exec.DispatchError(ctx, gqlerror.List{asGraphQL(err)})
}

// recovered makes an error of a panic, with the stack for the log.
func recovered(p any) error {
	return errs.With(errs.Internal, "executing operation", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// send sends a message of the operation unless the client has completed it. last frees the id first, so that the client may use it
// again as soon as it has read the message.
func (c *conn) send(id string, op *operation, frame []byte, last bool) {
	c.mu.Lock()
	present := c.ops[id] == op
	if present && last {
		delete(c.ops, id)
	}
	c.mu.Unlock()
	if present {
		c.put(frame)
		c.flush()
	}
}

// run executes one operation.
func (c *conn) run(ctx context.Context, id string, op *operation, params *graphql.RawParams) {
	defer func() {
		if p := recover(); p != nil {
			c.send(id, op, frameError(id, c.failed(ctx, recovered(p))), true)
		}
	}()
	ctx, why := withFailure(graphql.StartOperationTrace(ctx))
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	oc, list := c.exec.CreateOperationContext(ctx, params)
	if list != nil {
		c.send(id, op, frameError(id, c.exec.DispatchError(graphql.WithOperationContext(ctx, oc), list)), true)
		return
	}
	subscription := oc.Operation.Operation == ast.Subscription
	if !subscription {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.limits.OperationTimeout)
		defer cancel()
	}
	responses, ctx := c.exec.DispatchOperation(ctx, oc)
	for {
		resp := responses(ctx)
		if resp == nil {
			break
		}
		if resp.Data == nil && len(resp.Errors) > 0 { // it never began
			c.send(id, op, frameError(id, resp), true)
			return
		}
		// The data lies in a buffer that the next turn overwrites; frameNext copies it.
		c.send(id, op, frameNext(id, resp), false)
	}
	if err := why.reason(); err != nil {
		c.send(id, op, frameError(id, c.failed(ctx, err)), true)
		return
	}
	if err := ctx.Err(); err != nil && !subscription {
		c.send(id, op, frameError(id, c.failed(ctx, errs.With(errs.Timeout, "executing operation", err))), true)
		return
	}
	c.send(id, op, frameComplete(id), true)
}

// write writes what the reader has to say, asks for signs of life, and closes the connection.
func (c *conn) write(ctx context.Context) {
	ping := time.NewTicker(c.limits.PingEvery)
	defer ping.Stop()
	ended := c.session.Ended
	for {
		select {
		case <-c.closing:
			c.mu.Lock()
			code, reason := c.code, c.reason
			c.mu.Unlock()
			_ = c.ws.Close(code, reason) // it is gone either way
			return
		case <-c.waiting:
			c.flush()
		case <-ping.C:
			if time.Since(time.Unix(0, c.heard.Load())) > c.limits.DeadAfter {
				c.drop()
				return
			}
			c.put(framePing)
			c.flush()
		case <-ended:
			ended = nil
			limit, cancel := context.WithTimeout(ctx, c.limits.WriteTimeout)
			valid := c.session.Valid(limit)
			cancel()
			if valid {
				c.close(closeRestart, "Rights have changed")
			} else {
				c.close(closeForbidden, "Forbidden")
			}
		}
	}
}

// writeOne returns false when the connection no longer works. While it closes nothing is written any more: that is not a failure.
func (c *conn) writeOne(frame []byte) bool {
	// An operation's own context would cut the connection when the operation is completed.
	ctx, cancel := context.WithTimeout(context.Background(), c.limits.WriteTimeout)
	defer cancel()
	select {
	case <-c.closing:
		return true
	default:
	}
	defer time.AfterFunc(c.limits.Patience, c.stalled).Stop()
	if c.ws.Write(ctx, websocket.MessageText, frame) == nil {
		return true
	}
	select {
	case <-c.closing: // in the meantime
		return true
	default:
		return false
	}
}

// drop cuts a connection that no longer works.
func (c *conn) drop() {
	c.close(websocket.StatusGoingAway, "")
	_ = c.ws.CloseNow() // it is gone either way
}
