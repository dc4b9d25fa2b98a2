package graph

// Resolver answers the schema's fields by asking the core. The files *.resolvers.go hold one thin method a field; what takes more than
// a few lines stands beside them.
type Resolver struct {
	core    Core
	topics  *memo[topicSet]
	reasons *memo[reasonSet]
}

func newResolver(c Core) *Resolver {
	return &Resolver{core: c, topics: newMemo[topicSet](c.Now), reasons: newMemo[reasonSet](c.Now)}
}
