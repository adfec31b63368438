// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

/** Why a ring was stopped: what the driver wrote cannot be right, so nothing after it can be trusted. */
public enum RingFault {
    /** The driver's index is further ahead than the ring is long. */
    AVAIL_OVERRUN("available index is ahead by more entries than the ring has"),
    /** The available ring names a descriptor that does not exist. */
    HEAD_OUT_OF_RANGE("head index is outside the descriptor table"),
    /** A chain goes on longer than the ring. */
    CHAIN_TOO_LONG("descriptor chain is longer than the ring; it may be a loop"),
    /** A descriptor's successor does not exist. */
    NEXT_OUT_OF_RANGE("next index is outside the descriptor table"),
    /** The in-flight buffer does not hold what we wrote in it. */
    INFLIGHT_BROKEN("in-flight buffer is inconsistent"),
    /** The memory file was truncated while in use. */
    MEMORY_GONE("guest memory is not there any more; its file may have been truncated"),
    /** The memory table changed and no longer holds the ring. */
    UNMAPPED("ring is not in the guest's memory any more");

    private final String text;

    RingFault(String text) {
        this.text = text;
    }

    /** What was wrong, for messages. */
    public String text() {
        return text;
    }
}
