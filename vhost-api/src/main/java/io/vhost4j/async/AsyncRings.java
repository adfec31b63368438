// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.async;

import io.vhost4j.VhostException;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;

/**
 * The part of a device whose rings have DMA channels; mirrors {@code rte_vhost_async.h}. Needs the flag
 * {@link io.vhost4j.DriverFlag#ASYNC_COPY}.
 *
 * <p>Packets that are submitted are the library's until they come back, in the order in which they were submitted, and only then may be
 * changed or freed. Guests get their buffers in that order too, when their bytes are there. Once something was submitted or is being
 * taken, poll the ring until {@link #asyncGetInflight} is 0, also while there is nothing new.
 *
 * <p>Burst calls ({@code submitEnqueueBurst}, {@code pollEnqueueCompleted}, {@code asyncTryDequeueBurst}) follow the rules of
 * {@link io.vhost4j.VhostDevice}'s. The synchronous ones work on a ring with a channel too, but move nothing while copies are in flight.
 *
 * <p>When a ring stops, its memory changes or a translation is taken back, the library waits for the copies in flight, which are
 * published like others; packets remain to be fetched by {@code pollEnqueueCompleted} or {@link #clearQueue}. What is still there when the
 * connection has ended, it frees.
 */
public interface AsyncRings {
    /**
     * Gives a ring a channel, which stays the caller's to close. It lasts until {@link #asyncChannelUnregister} or the end of the
     * connection, and beyond stops of the ring.
     *
     * @throws IllegalStateException if the driver has no {@link io.vhost4j.DriverFlag#ASYNC_COPY}, the ring has a channel already, or another
     *     ring has this one
     * @throws VhostException if the channel does not complete in order and {@link AsyncFeatures#asyncInorder} asks for it, or it cannot
     *     reach the guest's memory or a pool's
     */
    void asyncChannelRegister(int queueId, AsyncFeatures features, DmaChannel channel);

    /** As {@link #asyncChannelRegister}: callbacks run with no lock held, so they may call either. */
    default void asyncChannelRegisterThreadUnsafe(int queueId, AsyncFeatures features, DmaChannel channel) {
        asyncChannelRegister(queueId, features, channel);
    }

    /**
     * Takes the channel away.
     *
     * @return false, and nothing has changed, if packets are in flight: fetch them first, by {@link #clearQueue} for example. True also if
     *     there is no channel
     */
    boolean asyncChannelUnregister(int queueId);

    /** As {@link #asyncChannelUnregister}: callbacks run with no lock held, so they may call either. */
    default boolean asyncChannelUnregisterThreadUnsafe(int queueId) {
        return asyncChannelUnregister(queueId);
    }

    /**
     * Gives packets to the guest, by the channel as far as it is worth it.
     *
     * @param queueId an even ring number
     * @param packets those submitted are the library's until they come back
     * @param completed receives packets that are done with, also of earlier calls, as far as it has room
     * @return how many of the packets, from the first, were submitted; the rest found no room
     */
    int submitEnqueueBurst(int queueId, Packet[] packets, int from, int count, CompletedPackets completed);

    /**
     * Sees what copies have ended and gives the guest its buffers.
     *
     * @param queueId an even ring number
     * @param completed receives packets that are done with, as far as it has room
     * @return how many packets it has received
     */
    int pollEnqueueCompleted(int queueId, CompletedPackets completed);

    /**
     * Takes packets from the guest: starts copies of what the guest has sent, and returns packets whose copies have ended, which may be
     * of earlier calls.
     *
     * @param queueId an odd ring number
     * @param pool where buffers are taken from
     * @param packets receives packets at {@code from} and up; they are the caller's to free
     * @param count the most chains to begin with and packets to return
     * @return how many packets were stored; {@link #asyncGetInflight} says how many are under way
     */
    int asyncTryDequeueBurst(int queueId, PacketPool pool, Packet[] packets, int from, int count);

    /** Packets that were submitted and have not come back, or are being taken; 0 without a channel. */
    int asyncGetInflight(int queueId);

    /** As {@link #asyncGetInflight}, which takes no lock. */
    default int asyncGetInflightThreadUnsafe(int queueId) {
        return asyncGetInflight(queueId);
    }

    /**
     * Waits until all copies have ended, publishes them, and returns packets, as far as there is room: call until it returns 0. For callbacks that
     * announce the end of a ring or a device.
     *
     * @param queueId an even ring number: packets that were submitted; an odd one: packets that were taken, the caller's to use or to free
     * @return how many packets {@code completed} has received
     */
    int clearQueue(int queueId, CompletedPackets completed);

    /** As {@link #clearQueue}: callbacks run with no lock held, so they may call either. */
    default int clearQueueThreadUnsafe(int queueId, CompletedPackets completed) {
        return clearQueue(queueId, completed);
    }
}
