// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import io.vhost4j.spi.VhostProvider;
import java.time.Duration;
import java.util.Objects;

/**
 * Lets a poll thread sleep while none of its queues has anything to do, so that idle devices cost no processor time.
 *
 * <pre>{@code
 * try (QueueWaiter waiter = QueueWaiter.builder().build()) {
 *     waiter.add(device, 1);                       // for example in newDevice
 *     while (running) {
 *         int moved = device.dequeueBurst(1, pool, packets, 0, 32);
 *         ...
 *         waiter.idle(moved);                      // returns at once while packets come
 *     }
 * }
 * }</pre>
 *
 * <p>A thread that found nothing spins for a while, then gives way to others, then asks the guests to notify and sleeps until one does, a
 * queue's state changes, or {@link #wakeup} is called. While it sleeps it has {@link VhostDevice#enableGuestNotification} on for its queues,
 * so do not use that for them.
 *
 * <p>Usually the guests' transmit queues are added. A receive queue has work while the guest offers buffers, which is nearly always: add
 * it only while packets wait for room in it.
 *
 * <p>{@link #idle} and {@link #await} belong to one thread; the other methods may be called from any.
 */
public interface QueueWaiter extends AutoCloseable {
    /** Settings with the defaults of {@link Builder}. */
    static Builder builder() {
        return new Builder();
    }

    /**
     * Adds a queue. It is forgotten by itself when its connection ends.
     *
     * @param device one of this library's
     * @param queueId a ring that the front-end has named
     * @throws IndexOutOfBoundsException if it has not named that ring
     * @throws IllegalStateException if this waiter is closed
     */
    void add(VhostDevice device, int queueId);

    /** Removes a queue; one that was not added, or is forgotten, is no mistake. */
    void remove(VhostDevice device, int queueId);

    /**
     * Call it once in each round over the queues. Returns at once after a round that moved something.
     *
     * @param moved packets moved in this round
     */
    void idle(int moved);

    /**
     * Sleeps at once, unless a queue has something to do.
     *
     * @param timeout how long at most, rounded up to whole milliseconds
     * @return false if the time was over; true if there may be something to do, or after {@link #wakeup}
     */
    boolean await(Duration timeout);

    /** Has the current or the next sleep end. */
    void wakeup();

    /** Forgets all queues and ends a sleep. */
    @Override
    void close();

    /** Settings of a {@link QueueWaiter}. */
    final class Builder {
        private Duration spin = Duration.ofNanos(50_000);
        private Duration giveWay = Duration.ofNanos(200_000);
        private Duration sleep = Duration.ofSeconds(1);

        Builder() {}

        /** How long {@link QueueWaiter#idle} comes back at once after the last packet; default 50 µs. */
        public Builder spin(Duration value) {
            spin = notNegative("spin", value);
            return this;
        }

        /** For how long after that it gives way to other threads; default 200 µs. */
        public Builder giveWay(Duration value) {
            giveWay = notNegative("giveWay", value);
            return this;
        }

        /** How long one sleep of {@link QueueWaiter#idle} is at most, for a thread that has other duties; default 1 s. */
        public Builder sleep(Duration value) {
            sleep = notNegative("sleep", value);
            return this;
        }

        /** See {@link #spin(Duration)}. */
        public Duration spin() {
            return spin;
        }

        /** See {@link #giveWay(Duration)}. */
        public Duration giveWay() {
            return giveWay;
        }

        /** See {@link #sleep(Duration)}. */
        public Duration sleep() {
            return sleep;
        }

        private static Duration notNegative(String name, Duration value) {
            if (Objects.requireNonNull(value).isNegative()) {
                throw new IllegalArgumentException(name + "=" + value + ": must not be negative");
            }
            return value;
        }

        /** A waiter without queues; the caller closes it. */
        public QueueWaiter build() {
            return VhostProvider.instance().createWaiter(this);
        }
    }
}
