package calls

import (
	"github.com/pult-cc/pult/internal/customers"
	"github.com/pult-cc/pult/telephony/health"
	"github.com/pult-cc/pult/telephony/quality"
	"github.com/pult-cc/pult/telephony/queues"
)

// CommandKind is what somebody wants done.
type CommandKind string

// The commands. Each is accepted or refused at once; what it does comes back through the board.
const (
	CmdDial            CommandKind = "DIAL"             // Number, CustomerID?
	CmdAnswer          CommandKind = "ANSWER"           // CallID
	CmdDecline         CommandKind = "DECLINE"          // CallID
	CmdHangUp          CommandKind = "HANG_UP"          // CallID
	CmdHold            CommandKind = "HOLD"             // CallID
	CmdResume          CommandKind = "RESUME"           // CallID
	CmdSetMuted        CommandKind = "SET_MUTED"        // CallID, Muted
	CmdSendDigits      CommandKind = "SEND_DIGITS"      // CallID, Digits
	CmdTake            CommandKind = "TAKE"             // CallID
	CmdTransfer        CommandKind = "TRANSFER"         // CallID, To
	CmdConsult         CommandKind = "CONSULT"          // CallID, To (no queue)
	CmdSwapConsult     CommandKind = "SWAP_CONSULT"     // CallID
	CmdMergeConsult    CommandKind = "MERGE_CONSULT"    // CallID
	CmdCompleteConsult CommandKind = "COMPLETE_CONSULT" // CallID: the guest has the customer, the operator leaves
	CmdCancelConsult   CommandKind = "CANCEL_CONSULT"   // CallID
	CmdMuteParty       CommandKind = "MUTE_PARTY"       // CallID, LegID, Muted
	CmdDropParty       CommandKind = "DROP_PARTY"       // CallID, LegID
	CmdBeat            CommandKind = "BEAT"             // the page of the operator's phone is there
	CmdReportHealth    CommandKind = "REPORT_HEALTH"    // Health: what the page of the operator's phone says of it
	CmdPark            CommandKind = "PARK"             // CallID; CmdTake picks it up
	CmdExtendWrapUp    CommandKind = "EXTEND_WRAP_UP"   // CallID
	CmdFinishWrapUp    CommandKind = "FINISH_WRAP_UP"   // CallID
	CmdSetAvailability CommandKind = "SET_AVAILABILITY" // Availability, PauseReason
	CmdLinkCustomer    CommandKind = "LINK_CUSTOMER"    // CallID, CustomerID
	CmdUnlinkCustomer  CommandKind = "UNLINK_CUSTOMER"  // CallID
	CmdRetryMatch      CommandKind = "RETRY_MATCH"      // CallID
	CmdReportQuality   CommandKind = "REPORT_QUALITY"   // CallID, Quality: what the operator's page measured
	CmdProvisionPhone  CommandKind = "PROVISION_PHONE"  // the sealed credential is in the store
	CmdDropPhone       CommandKind = "DROP_PHONE"       // sign-out: account and contact go
	CmdReloadDirectory CommandKind = "RELOAD_DIRECTORY" // queues, people or reasons were edited
	CmdDemoCall        CommandKind = "DEMO_CALL"        // Number ("" = withheld), Queue
	CmdNotify          CommandKind = "NOTIFY"           // Notice: pass it on to whom it concerns
)

// Command is a wish, as data: it travels to the one process that owns the floor.
type Command struct {
	Kind       CommandKind         `json:"kind"`
	OperatorID string              `json:"operatorId"`           // who wants it
	Supervisor bool                `json:"supervisor,omitempty"` // may act upon calls of others
	CallID     ID                  `json:"callId,omitempty"`
	Number     string              `json:"number,omitempty"` // as typed
	Name       string              `json:"name,omitempty"`   // caller's name, demo only
	Queue      string              `json:"queue,omitempty"`  // queue key
	Digits     string              `json:"digits,omitempty"`
	Muted      bool                `json:"muted,omitempty"`
	Avail      queues.Availability `json:"availability,omitempty"`
	Pause      string              `json:"pause,omitempty"` // pause reason key
	CustomerID customers.ID        `json:"customerId,omitempty"`
	To         *Target             `json:"to,omitempty"`
	LegID      string              `json:"legId,omitempty"`
	Quality    *quality.Report     `json:"quality,omitempty"`
	Health     *health.Report      `json:"health,omitempty"`
	Notice     *Notice             `json:"notice,omitempty"`
}

// Target is whom a call is to go to, or who is to be consulted. Exactly one field is set.
type Target struct {
	OperatorID string `json:"operatorId,omitempty"`
	QueueID    string `json:"queueId,omitempty"`
	Number     string `json:"number,omitempty"` // as typed
}

// Reply is the answer to an accepted command: the state right after it was taken, before the PBX confirmed anything.
type Reply struct {
	Call     *Call     `json:"call,omitempty"`
	Operator *Operator `json:"operator,omitempty"`
}
