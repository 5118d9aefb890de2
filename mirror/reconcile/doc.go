// Package reconcile makes what the store asks for come true on the switches, and keeps it so.
//
// It is level-triggered and keyed by switch. A change of the store, a notification of vCenter or the passing of time only marks a
// switch as worth a look. The look reads everything anew, plans from the whole (mirror.MakePlan), applies all changes in one
// call guarded by the switch's version, and reads back: the success of a task is a hint, the read-back is the fact. After any
// error it reads and plans again; nothing is ever repeated blindly.
//
// Sessions that do not bear this installation's marker are never part of a change.
package reconcile
