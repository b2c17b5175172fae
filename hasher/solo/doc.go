// Package solo gets work from a node of one's own and brings blocks back to
// it: getblocktemplate and submitblock over JSON-RPC (BIP 22, 23, 9 and 145).
//
// A template becomes a [work.Job]: the coinbase transaction is built here
// (height, extranonces, payout, witness commitment), the other transactions
// stay as the node chose them. The job's target is the network's, so a share
// of it is a block, and counts as accepted when the node has taken it. There
// are no easier shares in between.
//
// Long polling tells of a new tip at once; a plain poll beside it finds what
// long polling missed, keeps the time in the header young, and notices a node
// that is gone. Whatever the node says is checked, and bounded in size: a
// template that cannot be right is a counted fault, and ends the work.
package solo
