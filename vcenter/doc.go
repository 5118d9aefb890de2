// Package vcenter speaks vSphere: it keeps one login to one vCenter, reads distributed switches into the words of package mirror,
// and carries out the changes of a plan. With its simulator it is the only importer of govmomi.
//
// Errors that concern vCenter are or wrap a [mirror.Fault]: they name what was asked for, on which vCenter, and the next step where
// there is one. No error, log line or dump holds the password.
package vcenter
