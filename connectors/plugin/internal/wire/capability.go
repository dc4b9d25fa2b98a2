package wire

import (
	"reflect"
	"slices"

	"github.com/pult-cc/pult/connectors"
	pb "github.com/pult-cc/pult/connectors/plugin/pluginpb"
)

// pair is a capability in the protocol and in the port.
type pair struct {
	number pb.Capability
	has    func(connectors.Driver) bool
	port   reflect.Type
}

// capabilities pairs what the protocol calls a capability with the interface that it is in the port.
var capabilities = []pair{
	capability[connectors.Checker](pb.Capability_CAPABILITY_CHECK),
	capability[connectors.Getter](pb.Capability_CAPABILITY_GET),
	capability[connectors.Searcher](pb.Capability_CAPABILITY_SEARCH),
	capability[connectors.Indexer](pb.Capability_CAPABILITY_INDEX),
	capability[connectors.Relater](pb.Capability_CAPABILITY_RELATED),
	capability[connectors.Historian](pb.Capability_CAPABILITY_HISTORY),
	capability[connectors.ContactCreator](pb.Capability_CAPABILITY_CREATE_CONTACT),
	capability[connectors.CallLogger](pb.Capability_CAPABILITY_LOG_CALL),
	capability[connectors.RecordingAttacher](pb.Capability_CAPABILITY_ATTACH_RECORDING),
	capability[connectors.TaskCreator](pb.Capability_CAPABILITY_CREATE_TASK),
	capability[connectors.CallShower](pb.Capability_CAPABILITY_SHOW_CALL),
	capability[connectors.AgentLister](pb.Capability_CAPABILITY_LIST_AGENTS),
	capability[connectors.ClickSource](pb.Capability_CAPABILITY_READ_CLICK),
}

func capability[T any](n pb.Capability) pair {
	return pair{n, func(d connectors.Driver) bool { _, ok := connectors.As[T](d); return ok }, reflect.TypeFor[T]()}
}

// CapabilitiesOf lists what a driver can do.
func CapabilitiesOf(d connectors.Driver) []pb.Capability {
	var out []pb.Capability
	for _, c := range capabilities {
		if c.has(d) {
			out = append(out, c.number)
		}
	}
	return out
}

// All lists every capability of the port.
func All() []pb.Capability {
	var out []pb.Capability
	for _, c := range capabilities {
		out = append(out, c.number)
	}
	return out
}

// CapabilityOf names the capability that an interface of the port is; CAPABILITY_UNSPECIFIED for any other.
func CapabilityOf(port reflect.Type) pb.Capability {
	i := slices.IndexFunc(capabilities, func(c pair) bool { return c.port == port })
	if i < 0 {
		return pb.Capability_CAPABILITY_UNSPECIFIED
	}
	return capabilities[i].number
}
