// Package files finds out which of the files that a layer created or changed are
// worth a look for what they are or who may use them: setuid programs, what
// everybody may write, keys and caches that were left, programs that no package
// owns. It also counts whose files there are and lists the accounts.
//
// It owns what is noteworthy and how much of it an inventory may hold. It must
// not know how a layer is seen, and judges nothing: whether a fact is a fault
// depends on the layer and the policy.
package files
