"""Classic mistakes, each behind a switch of the real code, used only to test the tests: every one must be caught."""

from __future__ import annotations

MUTANTS: dict[str, str] = {
    "blind_retry": "no verdict in time: the order is sent again and nobody is told",
    "no_dedupe": "the agent executes a command that it has seen before",
    "send_before_commit": "frames leave before their records are durable",
    "deadline_not_checked": "the agent sends orders whose deadline has passed",
    "unknown_is_rejected": "no verdict is taken for a refusal",
    "handshake_without_ledger": "a hand-shake without the agent's ledger",
    "gone_is_proof": "a resting order that is out of the list and not yet in the history counts as never placed",
    "latch_leaves_resting": "the latch stops what opens and leaves what rests",
    "own_approval": "who fired approves their own fire",
    "approval_outlives_change": "an approval holds under other limits than it was asked under",
    "kill_not_rechecked": "the latch is not looked at again between commit and release",
}
