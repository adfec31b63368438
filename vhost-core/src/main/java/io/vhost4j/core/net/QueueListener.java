// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.ring.RingFault;

/** What a queue tells its device; called on the thread of the burst call, with no lock held. */
public interface QueueListener {
    /** The guest was notified. */
    default void guestNotified(int queue) {}

    /** Whether the application takes over the notification, see {@link io.vhost4j.VhostDeviceOps#guestNotify}. */
    default boolean guestNotify(int queue) {
        return false;
    }

    /** Whether {@link #guestNotify} is to be asked at all. */
    default boolean offloadsGuestNotify() {
        return false;
    }

    /**
     * The guest is to be notified by a message; called only where that was wanted. Must not block.
     *
     * @return whether it will be
     */
    default boolean callByMessage(int queue) {
        return false;
    }

    /** The queue's DMA channel did what it must not, and is not used any more. Must not block. */
    default void channelFailed(int queue, String why) {}

    /** The queue stopped because of what the guest wrote. Must not block. */
    void fault(int queue, RingFault fault, long value);
}
